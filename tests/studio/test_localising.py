"""Scripts and translations as stored assets: their files, the pack, and the memory that the next translation is handed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
from docx import Document

from domain.asset import Asset
from domain.documents import (
    SCRIPT_MEDIA_TYPE,
    TRANSLATION_MEDIA_TYPE,
    ScriptDocument,
    ScriptLine,
    ScriptPart,
    TranslatedLine,
    TranslationDocument,
)
from domain.plan import Plan, Step
from domain.progress import Silent
from domain.recipe import OutputFile, Recipe
from domain.review import Review, Verdict
from domain.specs import ScriptSpec, TranslationSpec
from library.library import Library
from pipelines.layout.banner import CJK_FONT
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from studio.export import Selection, export_pack
from studio.pack_texts import PackSources
from studio.printing import Printing
from studio.remembering import remembered
from studio.takes import Takes
from tests.studio.labelled import Unlabelled

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STEP = Step(id="translation-1", title="Table", spec=TranslationSpec(language="zh", text="x"))
SCRIPT = Step(id="script-1", title="Film", spec=ScriptSpec(about="a ferry", form="film"))


class Desk:
    """A library with a plan of one script and one translation."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.project = library.create_project("Game", person="Ann")
        self.plan = library.save_plan(Plan(id="", project_id=self.project.id, brief_id="", title="Game", steps=(SCRIPT, STEP)))
        self.takes = 0

    def add(self, step: Step, *files: OutputFile) -> Asset:
        self.takes += 1
        recipe = Recipe(kind=step.kind, maker="writer", maker_version=1, prompt="p", seed=7)
        draft = Asset(
            id="",
            project_id=self.project.id,
            plan_id=self.plan.id,
            step_id=step.id,
            take=self.takes,
            title=step.title,
            files=(),
            recipe=recipe,
            created=WHEN,
        )
        return self.library.add_asset(draft, files)

    def translate(self, language: str = "zh", **pairs: str) -> Asset:
        states = {target: "failed" if target == source else "translated" for source, target in pairs.items()}
        lines = [
            TranslatedLine.model_validate({"id": source, "source": source, "target": target, "state": states[target]})
            for source, target in pairs.items()
        ]
        document = TranslationDocument(
            language=language, source_language="en", lines=tuple(lines), result="{}", result_type="application/json"
        )
        data = document.model_dump_json().encode()
        return self.add(STEP, OutputFile(name="translation.json", media_type=TRANSLATION_MEDIA_TYPE, data=data))

    def judge(self, asset: Asset, verdict: Verdict) -> None:
        self.library.add_review(Review(id="", asset_id=asset.id, verdict=verdict, created=WHEN))

    def memory(self, step: Step = STEP) -> list[tuple[str, str, bool]]:
        found = remembered(self.library, Takes(self.library), self.project.id, step)
        return [(pair.source, pair.target, pair.approved) for pair in found]


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        yield Desk(library)


def film(language: str = "en") -> ScriptDocument:
    words = (
        ("EXT. PIER - DAWN", "Fog lies on the water.", "Late again.")
        if language == "en"
        else ("EXT. 渡口 - 清晨", "雾还没有散。", "又晚了。")
    )
    part = ScriptPart(seconds=60, heading=words[0], picture=words[1], lines=(ScriptLine(speaker="MARA", text=words[2]),))
    return ScriptDocument(language=language, form="film", title="Ferry", seconds=60, parts=(part,))


def test_the_memory_is_what_earlier_translations_say_newest_first(desk: Desk) -> None:
    approved = desk.translate(Start="开始", Quit="退出")
    desk.judge(approved, Verdict.APPROVE)
    desk.translate(Start="启动", Lost="Lost")
    assert desk.memory() == [("Start", "启动", False), ("Start", "开始", True), ("Quit", "退出", True)]


def test_other_languages_rejected_results_and_other_steps_are_no_memory(desk: Desk) -> None:
    desk.translate("fr", Start="Commencer")
    desk.judge(desk.translate(Start="始"), Verdict.REJECT)
    assert desk.memory() == []
    desk.translate(Start="开始")
    assert desk.memory(SCRIPT) == []


def test_a_film_is_printed_as_fountain_word_and_pdf(assets: Path, tmp_path: Path) -> None:
    bare = ModelStore(Catalogue.read(assets / "models.toml"), tmp_path)
    files, remarks = Printing(assets / "fonts", bare).script(film())
    assert [file.name for file in files] == ["script.fountain", "script.docx", "script.pdf"]
    assert not remarks
    assert "Fog lies on the water." in Document(io.BytesIO(files[1].data)).paragraphs[3].text
    assert "Fog lies on the water." in pypdfium2.PdfDocument(files[2].data)[0].get_textpage().get_text_range()


def test_without_the_chinese_font_there_is_no_pdf_and_a_finding_says_so(assets: Path, tmp_path: Path) -> None:
    bare = ModelStore(Catalogue.read(assets / "models.toml"), tmp_path)
    files, remarks = Printing(assets / "fonts", bare).script(film("zh"))
    assert [file.name for file in files] == ["script.fountain", "script.docx"]
    assert [remark.rule for remark in remarks] == ["no_pdf"]
    assert CJK_FONT in remarks[0].message


@pytest.mark.models
def test_with_it_chinese_is_printed(assets: Path, store: ModelStore) -> None:
    files, remarks = Printing(assets / "fonts", store).script(film("zh"))
    assert not remarks
    assert "雾还没有散。" in pypdfium2.PdfDocument(files[-1].data)[0].get_textpage().get_text_range()


def test_the_pack_holds_every_form_of_a_script_and_the_translated_table(desk: Desk, assets: Path, tmp_path: Path) -> None:
    printing = Printing(assets / "fonts", ModelStore(Catalogue.read(assets / "models.toml"), tmp_path))
    script = OutputFile(name="script.json", media_type=SCRIPT_MEDIA_TYPE, data=film().model_dump_json().encode())
    desk.add(SCRIPT, script, *printing.script(film())[0])
    table = TranslationDocument(language="zh", source_language="en", result="key,zh\na,开始\n", result_type="text/csv")
    main = OutputFile(name="translation.json", media_type=TRANSLATION_MEDIA_TYPE, data=table.model_dump_json().encode())
    desk.add(STEP, main, *printing.translation(table)[0])
    sources = PackSources(model=lambda _: None, labelling=Unlabelled(desk.library, tmp_path), now=lambda: WHEN)
    pack = zipfile.ZipFile(export_pack(desk.library, Selection(project_id=desk.project.id), tmp_path / "pack.zip", Silent(), sources))
    names = {Path(name).suffix for name in pack.namelist() if name.startswith("01-script")}
    assert names == {".json", ".fountain", ".docx", ".pdf"}
    assert pack.read("02-translation-table.csv").decode() == table.result
