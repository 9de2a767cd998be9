"""The writing routes: counts and findings of an edit, a repair, a new version, what changed. A real library and studio."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from domain.asset import Asset
from domain.capability import StepKind
from domain.context import StepContext
from domain.counting import CountingRule
from domain.dialogue import DIALOGUE_MEDIA_TYPE
from domain.documents import ARTICLE_MEDIA_TYPE, COPY_MEDIA_TYPE, ArticleDocument, CopyDocument, CopyLine, CopySet, CopySlot
from domain.recipe import OutputFile, Recipe
from domain.specs import CopyField, CopySpec
from studio.difference import word_diff
from studio.export import Selection
from studio.studio import Studio
from tests.agents.writers.game.scenes import RICH
from tests.studio.bench import Bench, Hand, open_bench, step
from tests.web.test_board import app_of_ada, studio_of
from web.api.writing import writing_router

ABOUT = "Cold brew coffee from North Pier, sold in Leeds for £3.20."


def copy_document() -> CopyDocument:
    def slots(*headlines: str) -> tuple[CopySlot, ...]:
        return (
            CopySlot(name="headline", max_chars=30, hard_limit=30, lines=tuple(CopyLine(text=text) for text in headlines)),
            CopySlot(name="description", max_chars=90, hard_limit=90, lines=(CopyLine(text="Cold brew from Leeds for £3.20."),)),
        )

    second = CopySet(label="B", angle="price", slots=slots("Coffee for £3.20"))
    first = slots("Cold brew from Leeds", "Slow coffee, fast mornings")
    return CopyDocument(language="en", channel="google_search_ads", angle="place", slots=first, variants=(second,))


CONTEXT = StepContext(
    spec=CopySpec(
        about=ABOUT,
        channel="google_search_ads",
        fields=(CopyField(name="headline", max_chars=30, count=2), CopyField(name="description", max_chars=90)),
    ),
    title="Search ad",
    material=ABOUT,
)


@dataclass
class Page:
    client: TestClient
    bench: Bench
    studio: Studio

    def add(self, kind: StepKind, media_type: str, data: bytes, context: StepContext | None = None) -> str:
        parameters = {"context": context.model_dump(mode="json")} if context else {}
        fields = {
            "id": "",
            "project_id": self.bench.project,
            "title": "Search ad",
            "files": (),
            "recipe": Recipe(kind=kind, maker="writer", maker_version=2, prompt=ABOUT, parameters=parameters),
            "created": datetime(2026, 1, 2, tzinfo=UTC),
        }
        return self.bench.library.add_asset(Asset.model_validate(fields), [OutputFile(f"{kind.value}.json", media_type, data)]).id

    def copy(self) -> str:
        return self.add(StepKind.COPY, COPY_MEDIA_TYPE, copy_document().model_dump_json().encode(), CONTEXT)

    def call(self, method: str, asset: str, path: str = "", body: Any = None, status: int = 200) -> Any:
        response = self.client.request(method, f"/api/assets/{asset}/writing{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    bench = open_bench(home, Hand())
    bench.runner.start()
    app = app_of_ada()
    studio = studio_of(bench, home, assets)
    app.include_router(writing_router(studio))
    with TestClient(app) as client:
        yield Page(client, bench, studio)
    bench.runner.stop()
    bench.library.close()


def test_the_sheet_has_every_text_with_its_count_and_limit(page: Page) -> None:
    sheet = page.call("GET", page.copy())
    rows = [(f["key"], f["set"], f["name"], f["count"], f["limit"], f["hard"]) for f in sheet["fields"]]
    assert rows[0] == ("A.0.0", "A", "headline", 20, 30, True)
    assert [row[0] for row in rows] == ["A.0.0", "A.0.1", "A.1.0", "B.0.0", "B.1.0"]
    assert sheet["angles"] == {"A": "place", "B": "price"}
    assert [f["findings"] for f in sheet["fields"] if any(g["severity"] == "error" for g in f["findings"])] == []


def test_an_edit_over_the_limit_is_found_at_its_field_with_its_span_and_nothing_is_kept(page: Page) -> None:
    asset = page.copy()
    long = "Cold brew from Leeds for all of the town"
    sheet = page.call("POST", asset, "/check", {"texts": {"A.0.0": long}})
    field = sheet["fields"][0]
    fault = next(f for f in field["findings"] if f["rule"] == "length")
    assert (field["count"], fault["span"], fault["severity"]) == (40, [30, 40], "error")
    assert page.call("GET", asset)["fields"][0]["text"] == "Cold brew from Leeds"


def test_a_number_the_brief_has_not_is_found_in_an_edit(page: Page) -> None:
    sheet = page.call("POST", page.copy(), "/check", {"texts": {"A.1.0": "Cold brew from Leeds for £2.10."}})
    assert "invented_number" in {f["rule"] for f in sheet["fields"][2]["findings"]}


def test_the_score_is_the_one_that_is_stored_with_the_new_version(page: Page) -> None:
    asset, texts = page.copy(), {"A.1.0": "Cold brew from Leeds for £2.10 and"}
    shown = page.call("POST", asset, "/check", {"texts": texts})["score"]
    made = page.bench.library.asset(page.call("POST", asset, "", {"texts": texts})["id"])
    assert made.facts["check_score"] == shown
    assert shown["value"] < 100


def test_a_repair_gives_the_text_with_the_repair_in_place(page: Page) -> None:
    finding = {"rule": "unfinished", "severity": "error", "message": "", "span": [10, 11], "repair": "."}
    assert page.call("POST", "any", "/repair", {"text": "Order now,,", "finding": finding}) == {"text": "Order now,."}
    assert page.call("POST", "any", "/repair", {"text": "Order", "finding": finding}, 400)["field"] == ""


def test_a_saved_edit_is_a_child_that_says_a_person_made_it_and_the_old_one_stays(page: Page) -> None:
    asset = page.copy()
    saved = page.call("POST", asset, "", {"texts": {"A.0.0": "Cold brew, from Leeds"}})
    new, old = page.bench.library.asset(saved["id"]), page.bench.library.asset(asset)
    assert (new.version, new.previous, new.parents, new.person) == (2, asset, (asset,), "ada")
    assert (new.recipe.maker, new.recipe.inputs[0].role) == ("person", "edited")
    assert (old.version, "Cold brew, from Leeds" in new.text) == (1, True)
    third = page.call("POST", asset, "", {"texts": {"A.0.1": "Slow coffee"}})
    assert third["version"] == 3
    assert [one["version"] for one in page.call("GET", asset, "/versions")] == [3, 2, 1]


def test_an_edited_version_goes_into_a_pack_with_its_recipe(page: Page, tmp_path: Path) -> None:
    saved = page.call("POST", page.copy(), "", {"texts": {"A.0.0": "Cold brew, from Leeds"}})
    selection = Selection(project_id=page.bench.project, asset_ids=(saved["id"],))
    with zipfile.ZipFile(page.studio.shelf.export(selection, out=tmp_path / "pack.zip")) as pack:
        texts = {name: pack.read(name).decode("utf-8", "replace") for name in pack.namelist()}
    assert any("Cold brew, from Leeds" in text for name, text in texts.items() if name.endswith(".md"))
    assert any('"person"' in text for name, text in texts.items() if name.endswith(".json"))


def test_what_changed_between_versions_is_told_word_by_word(page: Page) -> None:
    asset = page.copy()
    new = page.call("POST", asset, "", {"texts": {"A.0.0": "Cold brew made in Leeds"}})["id"]
    changes = page.call("GET", new, f"/difference?before={asset}")
    assert [change["name"] for change in changes] == ["A headline 1"]
    pieces = [(piece["kind"], piece["text"]) for piece in changes[0]["pieces"]]
    assert pieces == [("same", "Cold brew "), ("old", "from"), ("new", "made in"), ("same", " Leeds")]
    page.call("GET", new, f"/difference?before={page.copy()}", status=404)


def test_an_alternative_that_is_added_by_hand_is_counted_checked_and_saved_like_the_others(page: Page) -> None:
    asset = page.copy()
    lines = {"A.0": ["Cold brew from Leeds", "Slow coffee, fast mornings", "Coffee from Leeds for £2.10 and"]}
    sheet = page.call("POST", asset, "/check", {"lines": lines})
    added = next(field for field in sheet["fields"] if field["key"] == "A.0.2")
    assert (added["count"], added["limit"], added["number"]) == (31, 30, 3)
    assert {"length", "invented_number"} <= {finding["rule"] for finding in added["findings"]}
    assert {
        f["rule"] for f in page.call("POST", asset, "/check", {"lines": {"A.0": [*lines["A.0"][:2], ""]}})["fields"][2]["findings"]
    } == {"empty"}
    lines["A.0"][2] = "Leeds drinks it cold"
    made = page.call("POST", asset, "", {"lines": lines})
    assert made["version"] == 2
    stored = page.call("GET", made["id"])["fields"]
    assert [field["text"] for field in stored if field["key"].startswith("A.0.")] == lines["A.0"]
    changes = page.call("GET", made["id"], f"/difference?before={asset}")
    assert [(change["name"], [piece["kind"] for piece in change["pieces"]]) for change in changes] == [("A headline 3", ["new"])]


def test_an_alternative_that_is_taken_out_is_told_as_that_and_the_last_one_stays(page: Page) -> None:
    asset = page.copy()
    made = page.call("POST", asset, "", {"lines": {"A.0": ["Slow coffee, fast mornings"]}})
    changes = page.call("GET", made["id"], f"/difference?before={asset}")
    assert [(c["name"], [(p["kind"], p["text"]) for p in c["pieces"]]) for c in changes] == [
        ("A headline 1", [("old", "Cold brew from Leeds")])
    ]
    refused = page.call("POST", asset, "/check", {"lines": {"A.0": []}}, 400)
    assert (refused["field"], refused["code"]) == ("A.0", "bad_input")
    assert page.call("POST", asset, "/check", {"lines": {"A.9": ["x"]}}, 400)["field"] == "lines"
    assert page.call("POST", asset, "/check", {"lines": {"A.0": ["x"] * 41}}, 413)["field"] == "A.0"
    assert page.call("POST", asset, "/check", {"lines": {"A.0": ["x" * 20_001]}}, 413)["field"] == "A.0.0"
    article = ArticleDocument(language="en", form="blog", paragraphs=("It is sold in Leeds.",))
    written = page.add(StepKind.ARTICLE, ARTICLE_MEDIA_TYPE, article.model_dump_json().encode())
    page.call("POST", written, "/check", {"lines": {"A.0": ["x"]}}, 400)


def test_how_many_lines_a_channel_takes_is_said_of_the_field(page: Page) -> None:
    sheet = page.call("GET", page.copy())
    assert {slot["key"]: (slot["least"], slot["most"]) for slot in sheet["slots"]}["A.0"] == (3, 15)
    few = {f["field"]: f["severity"] for f in sheet["findings"] if f["rule"] == "line_count"}
    assert few == {"headline": "warning", "description": "warning"}
    many = page.call("POST", page.copy(), "/check", {"lines": {"A.0": [f"Coffee {'abcdefghijklmnopq'[n]}" for n in range(16)]}})
    assert "error" in [f["severity"] for f in many["findings"] if f["rule"] == "line_count" and f["field"] == "headline"]


def test_nothing_is_saved_when_nothing_was_changed_or_a_field_is_not_known(page: Page) -> None:
    asset = page.copy()
    page.call("POST", asset, "", {"texts": {}}, 400)
    assert page.call("POST", asset, "/check", {"texts": {"Z.9.9": "x"}}, 400)["field"] == "texts"
    assert page.call("POST", asset, "/check", {"texts": {"A.0.0": "x" * 20_001}}, 413)["field"] == "A.0.0"


def test_an_article_has_a_field_for_each_block_and_findings_at_the_block(page: Page) -> None:
    document = ArticleDocument(language="en", form="blog", headline="Cold brew", paragraphs=("## Why", "It is sold in Leeds for £3.20."))
    asset = page.add(StepKind.ARTICLE, ARTICLE_MEDIA_TYPE, document.model_dump_json().encode())
    sheet = page.call("POST", asset, "/check", {"texts": {"paragraph 2": "It is sold in Leeds and"}})
    assert [(f["key"], f["counting"]) for f in sheet["fields"]][2] == ("paragraph 2", CountingRule.WORDS.value)
    assert "unfinished" in {f["rule"] for f in sheet["fields"][2]["findings"]}


def test_a_dialogue_is_saved_with_its_line_ids_and_its_graph_findings(page: Page) -> None:
    asset = page.add(StepKind.DIALOGUE, DIALOGUE_MEDIA_TYPE, RICH.model_dump_json().encode())
    edited = RICH.model_dump(mode="json")
    page.call("POST", asset, "/dialogue", edited, 400)
    edited["nodes"][0]["lines"][0]["text"] = "The lamp is dark."
    edited["nodes"][0]["choices"][0]["goto"] = "n9"
    made = page.bench.library.asset(page.call("POST", asset, "/dialogue", edited)["id"])
    assert made.version == 2
    assert "missing_node" in {finding.rule for finding in made.findings}
    changes = page.call("GET", made.id, f"/difference?before={asset}")
    assert [(piece["kind"], piece["text"]) for piece in changes[0]["pieces"]][1:3] == [("old", "out"), ("new", "dark")]
    page.call("GET", asset, status=404)


def test_the_step_of_a_plan_stands_at_the_edited_version_and_a_redo_comes_after_it(page: Page) -> None:
    bench = page.bench
    plan = bench.plan(step("copy-1"))
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    made = bench.library.latest_assets(plan.id)["copy-1"]
    # What the test's maker wrote is no copy: the same step with a real one, in a take nothing else claims.
    recipe = made.recipe.model_copy(update={"parameters": {"context": CONTEXT.model_dump(mode="json")}})
    written = made.model_copy(update={"id": "", "files": (), "take": 90, "recipe": recipe})
    asset = bench.library.add_asset(written, [OutputFile("copy.json", COPY_MEDIA_TYPE, copy_document().model_dump_json().encode())])
    saved = page.call("POST", asset.id, "", {"texts": {"A.0.0": "Cold brew, from Leeds"}})
    assert bench.library.latest_assets(plan.id)["copy-1"].id == saved["id"]
    assert bench.library.latest_jobs(plan.id)["copy-1"].asset_id == saved["id"]
    bench.plans.redo(plan.id, "copy-1")
    bench.wait(plan.id)
    latest = bench.library.latest_assets(plan.id)["copy-1"]
    assert (latest.id != saved["id"], latest.recipe.maker) == (True, made.recipe.maker)


def test_word_diff_adds_up_to_both_texts() -> None:
    for before, after in (("灯灭了。", "灯又灭了！"), ("", "new"), ("it's a  test", "it is a test"), ("same", "same")):
        pieces = word_diff(before, after)
        assert "".join(p.text for p in pieces if p.kind != "new") == before
        assert "".join(p.text for p in pieces if p.kind != "old") == after


def test_channels_and_frameworks_are_offered_from_the_data_in_the_language_of_the_page(page: Page) -> None:
    def options(language: str) -> Any:
        response = page.client.get(f"/api/writing/options?language={language}")
        assert response.status_code == 200, response.text
        return response.json()

    english, chinese = options("en"), options("zh-CN")
    assert len(english["channels"]) >= 25
    ads = next(one for one in english["channels"] if one["id"] == "google_search_ads")
    assert (ads["name"], ads["group"], ads["fields"][0]) == (
        "Google responsive search ads",
        "ads",
        {"name": "headline", "max_chars": 30, "count": 5},
    )
    assert {one["id"] for one in english["frameworks"]} >= {"aida", "pas", "fab"}
    assert next(one for one in chinese["channels"] if one["id"] == "google_search_ads")["name"] == "Google 自适应搜索广告"


def test_an_edited_article_is_printed_anew(page: Page) -> None:
    article = ArticleDocument(language="en", form="blog", headline="The shop opens", paragraphs=("It opens on 4 May.",))
    asset = page.add(StepKind.ARTICLE, ARTICLE_MEDIA_TYPE, article.model_dump_json().encode())
    made = page.bench.library.asset(page.call("POST", asset, "", {"texts": {"paragraph 1": "It opens on 5 May."}})["id"])
    assert [file.name for file in made.files] == ["article.json", "article.md", "article.docx", "article.pdf"]
    pdf = b"".join(page.bench.library.file_chunks(made.files[3].sha256))
    assert "It opens on 5 May." in pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


def test_what_changed_between_two_dialogues_names_ways_rules_and_variables_too(page: Page) -> None:
    asset = page.add(StepKind.DIALOGUE, DIALOGUE_MEDIA_TYPE, RICH.model_dump_json().encode())
    document = RICH.model_dump(mode="json")
    document["nodes"][0]["choices"][0]["goto"] = "n3"
    document["nodes"][0]["lines"][1]["when"] = []
    document["variables"][0]["start"] = 5
    made = page.call("POST", asset, "/dialogue", document)
    changes = page.call("GET", made["id"], f"/difference?before={asset}")
    told = {
        change["name"]: [(piece["kind"], piece["text"].strip()) for piece in change["pieces"] if piece["kind"] != "same"]
        for change in changes
    }
    assert set(told) == {"trust", "n1 Keeper", "n1 ▸"}
    assert ("new", "n3") in told["n1 ▸"]
