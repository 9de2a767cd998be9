"""The pack: complete, readable, reproducible, honest about what did not pass."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.asset import Asset, Labels
from domain.capability import StepKind
from domain.dialogue import DIALOGUE_MEDIA_TYPE
from domain.documents import COPY_MEDIA_TYPE
from domain.errors import AssetDamaged, Cancelled, InputError, NotFound, StorageError
from domain.finding import Finding, Severity
from domain.job import Job, JobState
from domain.lore import LORE_MEDIA_TYPE, Bark, BarkSet, LoreDocument
from domain.model import Model, Task
from domain.people import AuditEntry
from domain.plan import Plan, Step
from domain.progress import CancelToken, Silent
from domain.recipe import Credit, ModelRef, OutputFile, Recipe
from domain.review import Review, ReviewRecord, ReviewState, Verdict, frozen_hash
from domain.score import Score
from domain.specs import CopySpec, PictureSpec
from library.library import Library
from studio.export import Selection, export_pack, slug
from studio.pack_texts import PackSources
from tests.agents.writers.game.scenes import RICH
from tests.studio.labelled import Unlabelled

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CHAT = Model(id="chat-small", name="Chat Small", task=Task.CHAT, licence="Apache-2.0", credit="The Chat authors")
FOX = Credit(title="fox", author="Ann Artist", licence="MIT", source="https://example.org/fox")


def sources(library: Library, home: Path, now: datetime = WHEN) -> PackSources:
    return PackSources(model={CHAT.id: CHAT}.get, labelling=Unlabelled(library, home), version="0.1.0", person="Ann", now=lambda: now)


class Studio:
    """A library with one plan of two steps, and short ways to put results into it."""

    def __init__(self, library: Library, home: Path) -> None:
        self.library = library
        self.home = home
        self.sources = sources(library, home)
        self.project = library.create_project("Cold <b>brew</b>", person="Ann")
        steps = (
            Step(id="copy-1", title="Headlines", spec=CopySpec(about="cold brew")),
            Step(id="picture-1", title="Key visual", spec=PictureSpec(about="a fox")),
        )
        self.plan = library.save_plan(Plan(id="", project_id=self.project.id, brief_id="", title="Launch", steps=steps))

    def add(self, step: str, *files: OutputFile, **changes: object) -> Asset:
        models = (ModelRef(id=CHAT.id, sha256="c" * 64), ModelRef(id="mystery"))
        fields: dict[str, object] = {
            "id": "",
            "project_id": self.project.id,
            "plan_id": self.plan.id,
            "step_id": step,
            "title": step,
            "files": (),
            "recipe": Recipe(kind=StepKind(step.split("-")[0]), maker="m", maker_version=1, prompt="p", seed=7, models=models),
            "created": WHEN,
        }
        return self.library.add_asset(Asset.model_validate({**fields, **changes}), files)

    def picture(self, data: bytes = b"png", **changes: object) -> Asset:
        files = (OutputFile("picture.png", "image/png", data), OutputFile("picture.svg", "image/svg+xml", b"<svg/>"))
        return self.add("picture-1", *files, **{"title": "Key visual", "credits": (FOX,), **changes})

    def copy(self, **changes: object) -> Asset:
        return self.add(
            "copy-1", OutputFile("copy.json", COPY_MEDIA_TYPE, b'{"headline": "Wake up"}'), **{"title": "Headlines 标题", **changes}
        )

    def judge(self, asset: Asset, verdict: Verdict) -> None:
        self.library.add_review(Review(id="", asset_id=asset.id, verdict=verdict, created=WHEN))

    def pack(self, out: Path, **selection: Any) -> zipfile.ZipFile:
        chosen = Selection(project_id=self.project.id, **selection)
        return zipfile.ZipFile(export_pack(self.library, chosen, out, Silent(), self.sources))


@pytest.fixture
def studio(home: Path) -> Iterator[Studio]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        yield Studio(library, home)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "pack.zip"


def manifest_of(pack: zipfile.ZipFile) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(pack.read("manifest.json"))
    return loaded


def test_a_project_becomes_a_pack_in_the_order_of_its_plan(studio: Studio, out: Path) -> None:
    studio.picture()
    studio.copy()
    with studio.pack(out) as pack:
        assert pack.testzip() is None
        assert pack.namelist() == [
            "README.md",
            "CREDITS.md",
            "manifest.json",
            "manifest.seal.json",
            "01-copy-headlines-标题.json",
            "02-picture-key-visual.png",
            "02-picture-key-visual.svg",
        ]
        assert pack.read("02-picture-key-visual.png") == b"png"


def test_the_manifest_holds_what_is_needed_to_make_and_prove_every_file(studio: Studio, out: Path) -> None:
    picture = studio.picture(person="Bob", facts={"width": 64})
    studio.judge(picture, Verdict.APPROVE)
    with studio.pack(out) as pack:
        manifest = manifest_of(pack)
        for asset in manifest["assets"]:
            for file in asset["files"]:
                data = pack.read(file["name"])
                assert (hashlib.sha256(data).hexdigest(), len(data)) == (file["sha256"], file["size"])
    (described,) = manifest["assets"]
    assert Recipe.model_validate(described["recipe"]) == picture.recipe
    assert described["recipe_sha256"] == picture.recipe.sha256
    assert (described["id"], described["verdict"], described["person"], described["facts"]) == (picture.id, "approve", "Bob", {"width": 64})
    assert described["labels"]["ai_generated"] is True
    assert manifest["labels"]["digital_source_type"].endswith("trainedAlgorithmicMedia")
    assert manifest["created_by"] == {"software": "Maquette", "version": "0.1.0", "person": "Ann"}
    assert manifest["created"] == WHEN.isoformat()
    licences = {model["id"]: model["licence"] for model in manifest["models"]}
    assert licences == {"chat-small": "Apache-2.0", "mystery": "unknown"}


def test_the_manifest_says_how_far_the_review_was_and_what_was_frozen(studio: Studio, out: Path) -> None:
    draft, approved = studio.copy(), studio.picture()

    def approve(record: ReviewRecord, asset: Asset) -> tuple[ReviewRecord, None]:
        return record.model_copy(update={"state": ReviewState.APPROVED, "person": "Rev", "frozen": frozen_hash(asset)}), None

    entry = AuditEntry(person="Rev", action="review_moved", subject=approved.id, project_id=studio.project.id, created=WHEN)
    studio.library.change_review(approved.id, 0, approve, lambda before, after: entry)
    with studio.pack(out) as pack:
        told = {asset["id"]: asset["review"] for asset in manifest_of(pack)["assets"]}
    assert told[draft.id] == {"state": "draft"}
    assert (told[approved.id]["state"], told[approved.id]["person"], told[approved.id]["frozen"]) == (
        "approved",
        "Rev",
        frozen_hash(approved),
    )


def test_credits_name_models_and_licensed_art_with_their_licences(studio: Studio, out: Path) -> None:
    studio.picture()
    with studio.pack(out) as pack:
        text = pack.read("CREDITS.md").decode()
    assert "Chat Small (`chat-small`): licence Apache-2.0; The Chat authors" in text
    assert "fox by Ann Artist, MIT, https://example.org/fox, in `01-picture-key-visual.png`" in text


def test_the_readme_says_that_it_is_ai_generated_in_both_languages(studio: Studio, out: Path) -> None:
    studio.picture()
    with studio.pack(out) as pack:
        text = pack.read("README.md").decode()
    assert "AI-generated" in text
    assert "人工智能 (AI) 生成" in text
    assert r"Cold \<b\>brew\</b\>" in text


def test_an_upload_is_not_called_ai_generated(studio: Studio, out: Path) -> None:
    studio.picture(plan_id="", step_id="", labels=Labels(ai_generated=False))
    with studio.pack(out) as pack:
        assert manifest_of(pack)["labels"] == {"ai_generated": False}
        assert "not AI-generated" in pack.read("README.md").decode()
        assert "人工智能" not in pack.read("README.md").decode()


def test_failed_checks_and_failed_steps_are_in_plain_sight(studio: Studio, out: Path) -> None:
    finding = Finding(rule="contrast", severity=Severity.ERROR, message="The text is *hard* to read.")
    studio.picture(findings=(Finding(rule="n", severity=Severity.NOTE, message="A note."), finding))
    studio.library.put_job(
        Job(plan_id=studio.plan.id, step_id="copy-1", state=JobState.FAILED, error="The model is missing.", created=WHEN)
    )
    with studio.pack(out) as pack:
        text = pack.read("README.md").decode()
        manifest = manifest_of(pack)
    assert text.index(r"**error** in Key visual: The text is \*hard\* to read.") < text.index("**note** in Key visual")
    assert "Headlines (copy-1): failed: The model is missing." in text
    assert manifest["not_included"] == [{"step": "copy-1", "title": "Headlines", "reason": "failed: The model is missing."}]
    assert manifest["assets"][0]["findings"][1]["rule"] == "contrast"


def test_the_readme_gives_the_score_of_the_texts_and_none_where_no_text_was_judged(studio: Studio, out: Path) -> None:
    studio.picture()
    with studio.pack(out) as pack:
        assert "Score of the texts" not in pack.read("README.md").decode()
        assert "score" not in manifest_of(pack)
    studio.copy(facts={"check_score": Score(value=72, warnings=4).model_dump(mode="json")})
    with studio.pack(out) as pack:
        text, manifest = pack.read("README.md").decode(), manifest_of(pack)
    assert "Score of the texts by these checks: 72 of 100." in text
    assert "not AI-generated, score 72 of 100)" in text or "AI-generated, score 72 of 100)" in text
    (judged,) = [asset["id"] for asset in manifest["assets"] if asset["kind"] == "copy"]
    assert manifest["score"] == {"value": 72, "items": {judged: 72}}


def test_a_finding_in_the_readme_names_the_field_it_stands_at(studio: Studio, out: Path) -> None:
    studio.copy(findings=(Finding(rule="length", severity=Severity.ERROR, message="Too long.", field="long_headline"),))
    with studio.pack(out) as pack:
        assert ", long headline: Too long." in pack.read("README.md").decode()


def test_the_newest_approved_take_is_packed_else_the_newest_that_was_not_rejected(studio: Studio, out: Path) -> None:
    takes = [studio.picture(str(take).encode(), take=take) for take in range(3)]

    def packed() -> str:
        with studio.pack(out) as pack:
            (described,) = manifest_of(pack)["assets"]
            return str(described["id"])

    assert packed() == takes[2].id
    studio.judge(takes[2], Verdict.REJECT)
    assert packed() == takes[1].id
    studio.judge(takes[0], Verdict.APPROVE)
    assert packed() == takes[0].id


def test_a_step_dropped_from_the_plan_is_left_out_and_a_rejected_one_is_named(studio: Studio, out: Path) -> None:
    studio.copy()
    rejected = studio.picture()
    studio.judge(rejected, Verdict.REJECT)
    studio.library.put_job(Job(plan_id=studio.plan.id, step_id="picture-1", state=JobState.DONE, asset_id=rejected.id, created=WHEN))
    with studio.pack(out) as pack:
        assert manifest_of(pack)["not_included"] == [{"step": "picture-1", "title": "Key visual", "reason": "rejected"}]
    studio.library.save_plan(studio.plan.model_copy(update={"version": 2, "steps": studio.plan.steps[1:]}))
    with pytest.raises(InputError, match="nothing to export"):
        studio.pack(out)


def test_a_selection_packs_exactly_what_was_chosen(studio: Studio, out: Path) -> None:
    first, second = studio.picture(b"1"), studio.picture(b"2", take=1)
    studio.judge(first, Verdict.REJECT)
    with studio.pack(out, asset_ids=(second.id, first.id, second.id)) as pack:
        assert [asset["id"] for asset in manifest_of(pack)["assets"]] == [first.id, second.id]
        assert "rejected" not in pack.read("README.md").decode()
        assert ", reject)" in pack.read("README.md").decode()


def test_a_plan_is_packed_alone(studio: Studio, out: Path) -> None:
    studio.copy()
    other = studio.library.save_plan(studio.plan.model_copy(update={"id": "", "title": "Other"}))
    picture = studio.picture(plan_id=other.id)
    with studio.pack(out, plan_id=other.id) as pack:
        manifest = manifest_of(pack)
    assert [asset["id"] for asset in manifest["assets"]] == [picture.id]
    assert [gone["step"] for gone in manifest["not_included"]] == ["copy-1"]


def test_the_same_selection_gives_the_same_bytes_but_for_the_time(studio: Studio, tmp_path: Path) -> None:
    studio.copy()
    studio.picture()
    with studio.pack(tmp_path / "a.zip"), studio.pack(tmp_path / "b.zip"):
        assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    later = sources(studio.library, studio.home, WHEN.replace(year=2030))
    export_pack(studio.library, Selection(project_id=studio.project.id), tmp_path / "c.zip", Silent(), later)
    with zipfile.ZipFile(tmp_path / "a.zip") as a, zipfile.ZipFile(tmp_path / "c.zip") as c:
        assert [name for name in a.namelist() if a.read(name) != c.read(name)] == ["manifest.json", "manifest.seal.json"]
        assert {**manifest_of(a), "created": ""} == {**manifest_of(c), "created": ""}


HOSTILE = ("../../etc/passwd", "..", "CON", "a" * 200, "咖" * 200, "a/b\\c:d|e?f*g\x00h\n", ".hidden", "🦊", "\u202egnp.exe")


@pytest.mark.parametrize("title", HOSTILE)
def test_no_title_can_leave_the_folder_or_break_a_name(studio: Studio, out: Path, title: str) -> None:
    studio.picture(title=title)
    with studio.pack(out) as pack:
        for name in pack.namelist():
            assert "/" not in name
            assert "\\" not in name
            assert name.isprintable()
            assert len(name.encode()) <= 120
            assert name.startswith(("01-picture", "README", "CREDITS", "manifest"))


def test_titles_of_any_script_stay_readable() -> None:
    assert slug("Cold Brew: 冷萃咖啡!") == "cold-brew-冷萃咖啡"
    assert slug("Ünïcode/…") == "ünïcode"


def test_companions_with_the_same_extension_get_their_own_names(studio: Studio, out: Path) -> None:
    files = [OutputFile(name, "image/png", name.encode()) for name in ("main.png", "mask.png", "MASK.png", "odd.💥")]
    studio.add("picture-1", *files, title="Fox")
    with studio.pack(out) as pack:
        assert pack.namelist()[4:] == ["01-picture-fox.png", "01-picture-fox-mask.png", "01-picture-fox-mask-2.png", "01-picture-fox.bin"]


@pytest.mark.parametrize("damage", ["missing", "altered"])
def test_a_damaged_file_is_never_packed_as_if_it_were_right(studio: Studio, out: Path, damage: str) -> None:
    path = studio.library.file_path(studio.picture().main.sha256)
    path.chmod(0o644)
    path.write_bytes(b"xng") if damage == "altered" else path.unlink()
    with pytest.raises(AssetDamaged):
        studio.pack(out)
    assert list(out.parent.glob("*")) == []


def test_a_stopped_export_leaves_the_earlier_pack_as_it_was(studio: Studio, out: Path) -> None:
    studio.picture()
    studio.pack(out).close()
    before = out.read_bytes()
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        export_pack(studio.library, Selection(project_id=studio.project.id), out, Silent(token), studio.sources)
    assert out.read_bytes() == before
    assert list(out.parent.iterdir()) == [out]


def test_a_full_disk_is_named_and_leaves_nothing(studio: Studio, out: Path, home: Path) -> None:
    studio.picture(b"x" * 200_000)
    out.parent.mkdir()
    code = """
import resource, signal, sys
from pathlib import Path
from domain.errors import DiskFull
from domain.progress import Silent
from library.library import Library
from studio.export import Selection, export_pack
from studio.pack_texts import PackSources
from tests.studio.labelled import Unlabelled
home, project, out = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        export_pack(library, Selection(project_id=project), out, Silent(), PackSources(lambda name: None, Unlabelled(library, home)))
    except DiskFull as error:
        print(error.code)
"""
    arguments = [sys.executable, "-c", code, str(home), studio.project.id, str(out)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "disk_full"
    assert list(out.parent.glob("*")) == []


def test_nothing_but_a_file_is_ever_replaced(studio: Studio, tmp_path: Path) -> None:
    studio.picture()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="not a file"):
        studio.pack(pipe)
    assert pipe.is_fifo()


def test_what_cannot_be_packed_is_said(studio: Studio, out: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to export"):
        studio.pack(out)
    picture = studio.picture()
    other = studio.library.create_project("Other")
    with pytest.raises(InputError, match="another project"):
        export_pack(studio.library, Selection(project_id=other.id, asset_ids=(picture.id,)), out, Silent(), studio.sources)
    with pytest.raises(InputError, match="another project"):
        export_pack(studio.library, Selection(project_id=other.id, plan_id=studio.plan.id), out, Silent(), studio.sources)
    with pytest.raises(NotFound):
        studio.pack(out, asset_ids=("nope",))
    with pytest.raises(InputError, match="is a folder"):
        studio.pack(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        studio.pack(tmp_path / "file" / "pack.zip")


def test_progress_ends_at_one(studio: Studio, out: Path) -> None:
    class Watch:
        seen: list[float] = []

        def report(self, fraction: float, note: str = "") -> None:
            self.seen.append(fraction)

        def check(self) -> None: ...

    studio.picture(b"x" * 1000)
    watch = Watch()
    export_pack(studio.library, Selection(project_id=studio.project.id), out, watch, studio.sources)
    assert watch.seen == sorted(watch.seen)
    assert watch.seen[-1] == 1.0


def test_a_dialogue_is_packed_in_the_forms_of_game_engines_and_the_readme_says_how_each_is_checked(studio: Studio, out: Path) -> None:
    data = RICH.model_dump_json().encode()
    file = OutputFile("dialogue.json", DIALOGUE_MEDIA_TYPE, data)
    studio.add("dialogue-1", file, title="The Lamp", plan_id="")
    with studio.pack(out) as pack:
        assert pack.namelist()[4:] == [
            "01-dialogue-the-lamp.json",
            "01-dialogue-the-lamp.ink",
            "01-dialogue-the-lamp.yarn",
            "01-dialogue-the-lamp.twee",
            "01-dialogue-the-lamp.rpy",
            "01-dialogue-the-lamp-dialogue-game.json",
            "01-dialogue-the-lamp.csv",
        ]
        readme = pack.read("README.md").decode()
        assert "`01-dialogue-the-lamp.ink` (Ink, compiled)" in readme
        assert "`01-dialogue-the-lamp.yarn` (Yarn Spinner 2, syntax-checked)" in readme
        assert "=== the_lamp_n1 ===" in pack.read("01-dialogue-the-lamp.ink").decode()
        assert manifest_of(pack)["assets"][0]["files"][1]["original"] == ""


def test_a_dialogue_that_cannot_be_read_stops_the_pack_and_names_it(studio: Studio, out: Path) -> None:
    studio.add("dialogue-1", OutputFile("dialogue.json", DIALOGUE_MEDIA_TYPE, b'{"nodes": 3}'), title="The Lamp", plan_id="")
    with pytest.raises(AssetDamaged, match="The Lamp"):
        studio.pack(out)
    assert not out.exists()


def test_barks_are_packed_as_a_table_of_strings_too(studio: Studio, out: Path) -> None:
    barks = (BarkSet(character="Gull", situation="is hurt", barks=(Bark(id="b_1", text="Ow, my wing!"),)),)
    data = LoreDocument(language="en", form="barks", barks=barks).model_dump_json().encode()
    studio.add("lore-1", OutputFile("lore.json", LORE_MEDIA_TYPE, data), title="Barks", plan_id="")
    with studio.pack(out) as pack:
        assert pack.namelist()[4:] == ["01-lore-barks.json", "01-lore-barks.csv"]
        assert 'b_1,bark,Gull,"Ow, my wing!",is hurt,,en' in pack.read("01-lore-barks.csv").decode()


def test_copy_names_its_channel_and_the_length_of_every_text(studio: Studio, out: Path) -> None:
    fields = [
        {"set": "A", "field": "headline", "counting": "width", "limit": 30, "hard": True, "counts": [22, 31]},
        {"set": "A", "field": "body", "counting": "characters", "limit": 400, "hard": False, "counts": [120]},
    ]
    studio.copy(facts={"channel": "google_search_ads", "fields": fields})
    pack = studio.pack(out)
    readme = pack.read("README.md").decode()
    assert "for google\\_search\\_ads" in readme
    assert "A headline: 22, 31 (limit 30, width)" in readme
    assert "A body: 120 (no hard limit, written to 400, characters)" in readme
    assert manifest_of(pack)["assets"][0]["facts"]["channel"] == "google_search_ads"
