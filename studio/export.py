"""Export: a project or a selection of its assets as one ZIP that explains itself.

The pack holds the files under readable names, documents also as Markdown, dialogues also in the forms of game engines,
README.md (what it is and what did not pass), CREDITS.md (models and art with their licences) and manifest.json (everything
needed to make it again and to prove it is the same). Files are labelled on their way out (studio/labelling.py), and the manifest is sealed.
The same selection gives the same bytes, but for the time in the manifest.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import BinaryIO, NamedTuple

from agents.writers.game.files import GameFile, game_files, lore_files
from domain.asset import Asset, Labels
from domain.dialogue import DIALOGUE_MEDIA_TYPE
from domain.errors import AssetDamaged, DiskFull, InputError, StorageError
from domain.job import JobState
from domain.lore import LORE_MEDIA_TYPE
from domain.plan import Plan
from domain.progress import Progress
from domain.project import Project
from domain.recipe import ModelRef
from domain.review import ReviewRecord, ReviewState, Verdict
from domain.value import JsonValue, Value
from library.library import AssetQuery, Library
from studio.dialogues import dialogue_of, lore_of
from studio.gate import Gate
from studio.labelling import Labeller, Leaving
from studio.licences import permit
from studio.pack_texts import Absent, Entry, Item, PackSources, credits_text, readme_text
from studio.scores import pack_score_of, told

FORMAT = "maquette-pack"
FORMAT_VERSION = 1
PAGE = 500
SLUG_BYTES = 90
#: The folder of what stands beside files that have no place for a mark.
LABELS = "labels"
_CHUNK = 1 << 20
#: ZIP cannot hold a time before 1980; one fixed time keeps equal packs equal.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
#: Already compressed: deflating them again costs time and gains nothing.
STORED = ("image/png", "image/jpeg", "image/webp", "audio/mpeg", "audio/ogg", "audio/flac", "video/", "application/zip")


class Selection(Value):
    """What to pack. Without asset_ids: of every step of the project's plans (or of `plan_id`) the take that counts.

    That is the newest approved take, else the newest one that was not rejected; steps that were dropped from the plan are
    left out; uploads are packed unless redone or rejected. What is held or refused for its content is left out and named.
    """

    project_id: str
    plan_id: str = ""
    asset_ids: tuple[str, ...] = ()


class Standing(NamedTuple):
    """What people decided of the assets of a pack, by asset id; what nobody reviewed is absent."""

    verdicts: dict[str, Verdict]
    reviews: dict[str, ReviewRecord]


def export_pack(library: Library, selection: Selection, out: Path, progress: Progress, sources: PackSources) -> Path:
    """Write the pack to `out` (a .zip path, replaced when it is there) and return it.

    Nothing is visible at `out` before the pack is whole. Raises NotFound (project or asset), InputError (nothing to
    pack, an asset of another project, `out` is a folder), ContentHeld (a chosen asset waits for a decision or
    was refused), NotAllowed (made with a model whose licence forbids what the project is for), AssetDamaged,
    DiskFull, StorageError, Cancelled.
    """
    # 1. Choose.
    project = library.project(selection.project_id)
    plans = _plans(library, selection)
    chosen, kept_back = _let_out(library, selection, _chosen(library, selection, plans))
    standing = Standing(library.verdicts(asset.id for asset in chosen), library.review_records(asset.id for asset in chosen))
    absent = () if selection.asset_ids else (*_absent(library, plans, (*chosen, *kept_back)), *_held(library, kept_back))
    if not chosen:
        raise InputError(
            "There is nothing to export in {project}.",
            hint="Run the plan first, or choose assets that were not rejected.",
            project=project.name,
        )
    permit(sources.model)(project.use, (ref for asset in chosen for ref in asset.recipe.models))
    # 2. Name every file.
    items, beside = _named(library, chosen, standing, sources)
    # 3. Describe.
    models = _models(chosen, sources)
    texts = [text_entry("README.md", readme_text(project, items, absent, sources)), text_entry("CREDITS.md", credits_text(items, models))]
    manifest = _manifest(project, items, absent, models, sources)
    # 4. Write.
    entries = [*(entry for item in items for entry in item.entries), *beside]
    return write_pack(out, manifest, texts, entries, sources.labelling, progress)


def write_pack(
    out: Path,
    manifest: dict[str, JsonValue],
    texts: list[Entry],
    entries: list[Entry],
    labelling: Labeller,
    progress: Progress,
) -> Path:
    """Write a pack: what explains it, its manifest with its seal, its files. The one place where packs are written and sealed.

    texts: what is not of one asset; the manifest names it under "files". Nothing is visible at `out` before the pack is whole.
    Raises AssetDamaged, DiskFull, InputError (a folder or a device at `out`), LabelError, StorageError, Cancelled.
    """
    manifest = {**manifest, "files": [told_file(entry) for entry in texts]}
    told = text_entry("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2, allow_nan=False) + "\n", "application/json")
    sealed = labelling.seal({"file": told.name, "sha256": told.sha256, "size": told.size})
    seal = text_entry("manifest.seal.json", sealed.decode(), "application/json")
    with _appearing(out) as file:
        _write_zip(file, [*texts, told, seal, *entries], progress)
    return out


def _plans(library: Library, selection: Selection) -> tuple[Plan, ...]:
    """The newest version of each plan concerned, the plan made first first."""
    plans = tuple(reversed(library.plans(selection.project_id)))
    if not selection.plan_id:
        return plans
    library.plan(selection.plan_id)
    found = tuple(plan for plan in plans if plan.id == selection.plan_id)
    if not found:
        raise InputError("This plan belongs to another project.", hint="Choose a plan of the project you export.", field="plan_id")
    return found


def _chosen(library: Library, selection: Selection, plans: tuple[Plan, ...]) -> tuple[Asset, ...]:
    steps = {(plan.id, step.id): (p, s) for p, plan in enumerate(plans) for s, step in enumerate(plan.steps)}
    last = (len(plans), 0)

    def place(asset: Asset) -> tuple[tuple[int, int], datetime, int, str]:
        return steps.get((asset.plan_id, asset.step_id), last), asset.created, asset.take, asset.id

    if selection.asset_ids:
        found = [library.asset(asset_id) for asset_id in dict.fromkeys(selection.asset_ids)]
        strangers = [asset.id for asset in found if asset.project_id != selection.project_id]
        if strangers:
            raise InputError(
                "{assets} belongs to another project.",
                hint="Export the assets of one project at a time.",
                field="asset_ids",
                assets=strangers,
            )
        return tuple(sorted(found, key=place))
    return tuple(sorted(_that_count(library, selection, steps), key=place))


def _let_out(library: Library, selection: Selection, found: tuple[Asset, ...]) -> tuple[tuple[Asset, ...], tuple[Asset, ...]]:
    """What may leave, and what may not. Raises ContentHeld where somebody chose what may not, or nothing else is there."""
    closed = Gate(library).closed(selection.project_id)
    free = tuple(asset for asset in found if closed.case(asset) is None)
    if selection.asset_ids or not free:
        Gate(library).require(found)
    return free, tuple(asset for asset in found if closed.case(asset) is not None)


def _held(library: Library, assets: tuple[Asset, ...]) -> Iterator[Absent]:
    closed = Gate(library).closed(assets[0].project_id) if assets else None
    for asset in assets:
        case = closed.case(asset) if closed is not None else None
        if case is not None:
            reason = f"content {case.state.value}: {', '.join(case.rules)}"
            yield Absent(step=asset.step_id, title=asset.title, reason=reason)


def _that_count(library: Library, selection: Selection, steps: dict[tuple[str, str], tuple[int, int]]) -> Iterator[Asset]:
    everything = _everything(library, AssetQuery(project_id=selection.project_id, plan_id=selection.plan_id, limit=PAGE))
    verdicts = library.verdicts(everything)
    kept = [asset for asset in everything.values() if verdicts.get(asset.id) is not Verdict.REJECT]
    redone = {asset.previous for asset in kept}
    best: dict[tuple[str, str], Asset] = {}
    for asset in sorted(kept, key=lambda asset: (verdicts.get(asset.id) is Verdict.APPROVE, asset.take)):
        if not asset.plan_id:
            if asset.id not in redone:
                yield asset
        elif (asset.plan_id, asset.step_id) in steps:
            best[asset.plan_id, asset.step_id] = asset
    yield from best.values()


def _everything(library: Library, query: AssetQuery) -> dict[str, Asset]:
    found: dict[str, Asset] = {}
    while page := library.assets(query.model_copy(update={"offset": query.offset + len(found)})):
        found.update((asset.id, asset) for asset in page)
    return found


def _absent(library: Library, plans: tuple[Plan, ...], chosen: tuple[Asset, ...]) -> tuple[Absent, ...]:
    packed = {(asset.plan_id, asset.step_id) for asset in chosen}
    absent: list[Absent] = []
    for plan in plans:
        jobs = library.latest_jobs(plan.id)
        for step in plan.steps:
            if (plan.id, step.id) in packed:
                continue
            job = jobs.get(step.id)
            if job is None:
                reason = "not made"
            elif job.state is JobState.DONE:
                reason = "rejected"
            else:
                reason = f"{job.state.value}: {job.error}" if job.error else job.state.value
            absent.append(Absent(step=step.id, title=step.title, reason=reason))
    return tuple(absent)


def _named(library: Library, chosen: tuple[Asset, ...], standing: Standing, sources: PackSources) -> tuple[tuple[Item, ...], list[Entry]]:
    """Every asset with its files as they leave, and what stands beside those that have no place for a mark."""
    width = max(2, len(str(len(chosen))))
    taken = {"readme.md", "credits.md", "manifest.json", "manifest.seal.json"}
    items: list[Item] = []
    beside: list[Entry] = []
    for number, asset in enumerate(chosen, start=1):
        stem = f"{number:0{width}d}-{asset.recipe.kind.value}-{slug(asset.title)}".rstrip("-")
        entries: list[Entry] = []
        for ref in asset.files:
            name = _free(taken, stem, PurePosixPath(ref.name).stem, _extension(ref.name))
            entries.append(leaving_entry(sources.labelling.file(asset, ref, name), beside, original=ref.name))
        for made in _for_engines(library, asset):
            part = PurePosixPath(made.name)
            name = _free(taken, stem, part.stem, _extension(made.name))
            leaving = sources.labelling.given(asset, name, made.media_type, made.text.encode())
            entries.append(leaving_entry(leaving, beside, note=made.note))
        items.append(Item(asset, tuple(entries), standing.verdicts.get(asset.id), standing.reviews.get(asset.id)))
    return tuple(items), beside


def leaving_entry(leaving: Leaving, beside: list[Entry], *, original: str = "", note: str = "") -> Entry:
    """The entry of a file that leaves; what stands beside it is added to `beside`."""
    label = f"{LABELS}/{leaving.name}.label.json" if leaving.sidecar else ""
    if label:
        beside.append(text_entry(label, leaving.sidecar.decode(), "application/json"))
    return Entry(
        name=leaving.name,
        media_type=leaving.media_type,
        sha256=leaving.sha256,
        size=leaving.size,
        path=leaving.path,
        original=original,
        note=note,
        marks=leaving.marks,
        label=label,
    )


def _for_engines(library: Library, asset: Asset) -> tuple[GameFile, ...]:
    """A dialogue in the forms game engines take, barks as a table of strings."""
    if asset.main.media_type == DIALOGUE_MEDIA_TYPE:
        return game_files(dialogue_of(library, asset), asset.title)
    return lore_files(lore_of(library, asset)) if asset.main.media_type == LORE_MEDIA_TYPE else ()


def slug(title: str) -> str:
    """A title as part of a file name: letters and digits of any script, the rest as "-"; at most 90 bytes of UTF-8.

    Nothing in it can leave a folder, hide a file or name a device.
    """
    words = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", title).lower()).strip("-")
    return words.encode()[:SLUG_BYTES].decode(errors="ignore").strip("-")


def _extension(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ".bin"


def _free(taken: set[str], stem: str, second: str, extension: str) -> str:
    """A name nobody has yet, also where upper and lower case are the same."""
    candidates = [stem, f"{stem}-{slug(second) or 'file'}"]
    candidates += [f"{candidates[1]}-{number}" for number in range(2, len(taken) + 3)]
    name = next(f"{candidate}{extension}" for candidate in candidates if f"{candidate}{extension}".casefold() not in taken)
    taken.add(name.casefold())
    return name


def text_entry(name: str, text: str, media_type: str = "text/markdown", note: str = "") -> Entry:
    data = text.encode()
    return Entry(name=name, media_type=media_type, sha256=hashlib.sha256(data).hexdigest(), size=len(data), data=data, note=note)


def _models(chosen: tuple[Asset, ...], sources: PackSources) -> list[dict[str, JsonValue]]:
    refs: dict[tuple[str, str], ModelRef] = {(ref.id, ref.sha256): ref for asset in chosen for ref in asset.recipe.models}
    models: list[dict[str, JsonValue]] = []
    for _, ref in sorted(refs.items()):
        entry = sources.model(ref.id)
        known = entry.model_dump(mode="json", include={"name", "licence", "commercial", "terms", "credit"}) if entry else {}
        models.append({"id": ref.id, "sha256": ref.sha256, "name": ref.id, "licence": "unknown", **known})
    return models


def _manifest(
    project: Project, items: tuple[Item, ...], absent: tuple[Absent, ...], models: list[dict[str, JsonValue]], sources: PackSources
) -> dict[str, JsonValue]:
    made = any(item.asset.labels.ai_generated for item in items)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "created": sources.now().isoformat(),
        "created_by": {"software": "Maquette", "version": sources.version, "person": sources.person},
        "project": {"id": project.id, "name": project.name, "language": project.language},
        "labels": Labels(ai_generated=True).model_dump(mode="json") if made else {"ai_generated": False},
        "assets": [_described(item) for item in items],
        "not_included": [{"step": gone.step, "title": gone.title, "reason": gone.reason} for gone in absent],
        "models": [*models],
        **_scores(items),
    }


def _scores(items: tuple[Item, ...]) -> dict[str, JsonValue]:
    """The score of the whole, and of each text by the id of its asset; nothing where no text was judged."""
    scored = pack_score_of(item.asset for item in items)
    return {} if scored is None else {"score": told(scored)}


def _reviewed(record: ReviewRecord | None) -> dict[str, JsonValue]:
    """How far the review was, by whom and when; frozen: the content hash of what was approved."""
    if record is None:
        return {"state": ReviewState.DRAFT.value}
    return record.model_dump(mode="json", include={"state", "person", "changed", "frozen"})


def _described(item: Item) -> dict[str, JsonValue]:
    asset = item.asset
    document = asset.model_dump(mode="json", exclude={"files", "text", "recipe"})
    return {
        **document,
        "kind": asset.recipe.kind.value,
        "verdict": item.verdict.value if item.verdict else "",
        "review": _reviewed(item.review),
        "files": [told_file(entry) for entry in item.entries],
        "recipe": asset.recipe.model_dump(mode="json"),
        "recipe_sha256": asset.recipe.sha256,
    }


def told_file(entry: Entry) -> JsonValue:
    """A file as the manifest names it."""
    return {
        "name": entry.name,
        "media_type": entry.media_type,
        "size": entry.size,
        "sha256": entry.sha256,
        "original": entry.original,
        **({"marks": entry.marks} if entry.marks else {}),
        **({"label": entry.label} if entry.label else {}),
    }


@contextlib.contextmanager
def _appearing(out: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only when it is whole and on the disk."""
    if out.exists() and not out.is_file():
        # Renaming over a device or a socket would destroy it.
        what = "folder" if out.is_dir() else "device, not a file"
        raise InputError("{out} is a {what}.", hint="Name the ZIP file to write.", field="out", out=out, what=what)
    temporary = out.with_name(f".{out.name}.{token_hex(6)}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(out)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(
                "Could not write {out}: the disk is full.", hint="Free some space, or export to another disk.", out=out.name
            ) from error
        raise StorageError(
            "Could not write {out}: {value}.", hint="Check that the folder is writable.", out=out.name, value=error.strerror or error
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _chunks(entry: Entry) -> Iterable[bytes]:
    if entry.path is None:
        yield entry.data
        return
    with entry.path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _write_zip(file: BinaryIO, entries: list[Entry], progress: Progress) -> None:
    total = sum(entry.size for entry in entries) or 1
    done = 0
    with zipfile.ZipFile(file, "w") as pack:
        for entry in entries:
            progress.check()
            info = zipfile.ZipInfo(entry.name, date_time=ZIP_TIME)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if entry.media_type.startswith(STORED) else zipfile.ZIP_DEFLATED
            info.file_size = entry.size
            digest = hashlib.sha256()
            with pack.open(info, "w", force_zip64=entry.size > zipfile.ZIP64_LIMIT // 2) as target:
                for chunk in _chunks(entry):
                    digest.update(chunk)
                    target.write(chunk)
            if digest.hexdigest() != entry.sha256:
                raise AssetDamaged(
                    "{entry} was altered since it was made.", hint="Run `python app.py check`, then make it again.", entry=entry.name
                )
            done += entry.size
            progress.report(done / total, f"packing {entry.name}")
