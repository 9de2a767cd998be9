"""What has been made: browse, open, export, check. What is decided about it: studio/reviews.py."""

from __future__ import annotations

import contextlib
import json
import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from domain.asset import Asset, FileRef
from domain.errors import NotFound
from domain.progress import Progress, Silent
from domain.review import Review, ReviewRecord, Verdict
from library.check import CheckReport, check
from library.library import AssetQuery, Library, Lineage
from studio.export import Selection
from studio.gate import Gate
from studio.labelling import Labeller, Leaving

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})
VERSIONS_MAX = 100
#: Packs of a project that are kept once another is written, and for how long: each can be exported again.
PACKS_KEPT, PACK_DAYS = 20, 7
PACK_NAME = re.compile(r"^[\w.-]{1,120}\.zip$")


class Shelf:
    """Args:
    packs: folder where exported packs wait to be fetched, each project's in a folder of its own.
    thumbnails: folder of small pictures, rebuildable.
    shrink: (picture file, target file) -> None; writes a WebP of at most 480 px.
    export: studio.export.export_pack with what it needs beside the library.
    labelling: marks and signs what leaves.
    """

    def __init__(
        self,
        library: Library,
        *,
        packs: Path,
        thumbnails: Path,
        shrink: Callable[[Path, Path], None],
        export: Callable[[Library, Selection, Path, Progress], Path],
        now: Callable[[], datetime],
        labelling: Labeller,
    ) -> None:
        self._library = library
        self._packs = packs
        self._thumbnails = thumbnails
        self._shrink = shrink
        self._export = export
        self._now = now
        self._labelling = labelling

    def assets(self, query: AssetQuery) -> tuple[Asset, ...]:
        return self._library.assets(query)

    def count(self, query: AssetQuery) -> int:
        return self._library.count(query)

    def asset(self, asset_id: str) -> Asset:
        return self._library.asset(asset_id)

    def lineage(self, asset_id: str) -> Lineage:
        return self._library.lineage(asset_id)

    def versions(self, lineage: Lineage) -> tuple[Asset, ...]:
        """All versions of the same thing, newest first: of its step, or redone from each other; itself among them."""
        asset = lineage.asset
        if asset.plan_id and asset.step_id:
            query = AssetQuery(project_id=asset.project_id, plan_id=asset.plan_id, step_id=asset.step_id, limit=VERSIONS_MAX)
            return self._library.assets(query)
        known = {one.id: one for one in (*lineage.ancestors, *lineage.descendants)}
        found, earlier = [asset], known.get(asset.previous)
        while earlier is not None:
            found.append(earlier)
            earlier = known.get(earlier.previous)
        chain = {one.id for one in found}
        for one in lineage.descendants:
            if one.previous in chain:
                found.append(one)
                chain.add(one.id)
        return tuple(sorted(found, key=lambda one: (one.version, one.created), reverse=True))

    def file(self, asset_id: str, index: int = 0) -> tuple[FileRef, Path]:
        """One file of an asset and where its bytes lie. Raises NotFound, AssetDamaged."""
        asset = self._library.asset(asset_id)
        if not 0 <= index < len(asset.files):
            raise NotFound(
                "{asset} has no file number {index}.", hint="It has {count}.", asset=asset.title, index=index, count=len(asset.files)
            )
        file = asset.files[index]
        return file, self._library.file_path(file.sha256)

    def leaving(self, asset_id: str, index: int = 0) -> Leaving:
        """One file of an asset as it leaves the studio: labelled and signed. Raises NotFound, ContentHeld, AssetDamaged, LabelError."""
        file, _ = self.file(asset_id, index)
        return self._labelling.file(self._library.asset(asset_id), file)

    def given(self, asset_id: str, name: str, media_type: str, data: bytes) -> Leaving:
        """Bytes just made from an asset as they leave. Raises NotFound, LabelError."""
        return self._labelling.given(self._library.asset(asset_id), name, media_type, data)

    def thumbnail(self, asset_id: str) -> Path:
        """A small WebP of a picture or layout. Raises NotFound for anything else."""
        file, path = self.file(asset_id)
        if file.media_type not in PICTURES:
            raise NotFound("{file} is not a picture.", file=file.name)
        small = self._thumbnails / f"{file.sha256}.webp"
        if not small.exists():
            small.parent.mkdir(parents=True, exist_ok=True)
            self._shrink(path, small)
        return small

    def logo(self, project_id: str) -> Path:
        sha256 = self._library.project(project_id).brand.logo
        if not sha256:
            raise NotFound("This project has no logo.", hint="Add one on the Brand page.")
        return self._library.file_path(sha256)

    # Review

    def reviews(self, asset_id: str) -> tuple[Review, ...]:
        return self._library.reviews(asset_id)

    def verdicts(self, asset_ids: Iterable[str]) -> dict[str, Verdict]:
        return self._library.verdicts(asset_ids)

    def review_records(self, asset_ids: Iterable[str]) -> dict[str, ReviewRecord]:
        """How far their review is; those nobody reviewed are absent: they are drafts."""
        return self._library.review_records(asset_ids)

    # Export and check

    def export(self, selection: Selection, *, out: Path | None = None, progress: Progress | None = None) -> Path:
        """Write a pack (ZIP with manifest, credits and recipes). Returns its path. Raises InputError when nothing is selected."""
        if out is not None:
            return self._export(self._library, selection, out, progress or Silent())
        project = self._library.project(selection.project_id)
        stem = re.sub(r"[^\w-]+", "-", project.name).strip("-")[:60] or "pack"
        # Two packs of one second, or of two people, are two files; and a name that was seen once tells nothing of the next.
        out = self._packs / project.id / f"{stem}-{self._now():%Y%m%d-%H%M%S}-{token_hex(4)}.zip"
        out.parent.mkdir(parents=True, exist_ok=True)
        made = self._export(self._library, selection, out, progress or Silent())
        self._tidy(made)
        return made

    def pack(self, project_id: str, name: str) -> Path:
        """A pack of a project that was made before, by file name, if all that is in it may still leave.

        Raises NotFound, also where something in it was deleted since, and ContentHeld."""
        path = self._packs / self._library.project(project_id).id / name
        packed = _packed(path) if PACK_NAME.match(name) and path.is_file() else None
        if packed is None:
            raise NotFound("There is no pack {name}.", hint="Export again.", name=repr(name[:80]))
        try:
            assets = [self._library.asset(asset_id) for asset_id in packed]
        except NotFound as error:
            raise NotFound("{name} holds something that was deleted since.", hint="Export again.", name=name) from error
        Gate(self._library).require(assets)
        return path

    def _tidy(self, made: Path) -> None:
        """Drop the packs of a project that are too many or too old, never the one just made."""
        oldest = self._now().timestamp() - PACK_DAYS * 86_400
        found: list[tuple[float, Path]] = []
        for path in made.parent.iterdir():
            with contextlib.suppress(OSError):  # another export drops it now
                if path != made and PACK_NAME.match(path.name):
                    found.append((path.stat().st_mtime, path))
        for place, (written, path) in enumerate(sorted(found, reverse=True), start=1):
            if place >= PACKS_KEPT or written < oldest:
                with contextlib.suppress(OSError):  # the pack that was asked for is whole all the same
                    path.unlink(missing_ok=True)

    def check(self, progress: Progress | None = None) -> CheckReport:
        """Find missing, extra and altered files by hashing everything."""
        return check(self._library, progress or Silent())


def _packed(path: Path) -> tuple[str, ...] | None:
    """The ids of the assets in a pack of ours, as its manifest names them; None for a file that is no whole pack."""
    try:
        with zipfile.ZipFile(path) as pack:
            return tuple(str(one["id"]) for one in json.loads(pack.read("manifest.json"))["assets"])
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, OSError):
        return None
