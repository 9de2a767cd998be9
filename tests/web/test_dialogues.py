"""A dialogue's routes: read, play, graph, files, check of an edit and of a table. A real library and studio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from agents.writers.game.data import string_table
from domain.asset import Asset
from domain.capability import StepKind
from domain.context import StepContext
from domain.dialogue import DIALOGUE_MEDIA_TYPE
from domain.errors import MaquetteError
from domain.lore import WorldSheet
from domain.recipe import OutputFile, Recipe
from domain.specs import DialogueSpec
from tests.agents.writers.game.scenes import RICH
from tests.studio.bench import Hand, open_bench
from tests.web.test_board import studio_of
from web.api.dialogues import dialogues_router
from web.errors import body_of, status_of


@dataclass
class Page:
    client: TestClient
    asset: str
    other: str
    worldly: str

    def call(self, method: str, path: str = "", body: Any = None, status: int = 200, asset: str = "") -> Any:
        response = self.client.request(method, f"/api/assets/{asset or self.asset}/dialogue{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    bench = open_bench(home, Hand())
    app = FastAPI()

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error), status_code=status_of(error))

    def add(media_type: str, data: bytes, context: StepContext | None = None) -> str:
        parameters = {"context": context.model_dump(mode="json")} if context else {}
        recipe = Recipe(kind=StepKind.DIALOGUE, maker="writer", maker_version=2, parameters=parameters)
        fields = {
            "id": "",
            "project_id": bench.project,
            "title": "The Lamp",
            "files": (),
            "recipe": recipe,
            "created": datetime(2026, 1, 2, tzinfo=UTC),
        }
        return bench.library.add_asset(Asset.model_validate(fields), [OutputFile("dialogue.json", media_type, data)]).id

    app.add_exception_handler(MaquetteError, known)
    app.include_router(dialogues_router(studio_of(bench, home, assets)))
    with TestClient(app) as client:
        rich = RICH.model_dump_json().encode()
        world = StepContext(spec=DialogueSpec(about="A lamp", world=WorldSheet(absent=("gun",))))
        yield Page(client, add(DIALOGUE_MEDIA_TYPE, rich), add("text/plain", b"words"), add(DIALOGUE_MEDIA_TYPE, rich, world))
    bench.library.close()


def test_a_dialogue_is_played_from_the_answers_alone(page: Page) -> None:
    state = page.call("POST", "/play", {})
    assert [offer["text"] for offer in state["choices"]] == ["I can help.", "Not my lamp."]
    assert state["variables"] == {"trust": 0, "has_oil": False, "outcome": "open"}
    end = page.call("POST", "/play", {"taken": ["c_1"]})
    assert (end["ended"], end["variables"]["outcome"]) == (True, "ally")
    with_oil = page.call("POST", "/play", {"variables": {"has_oil": True}})
    assert len(with_oil["choices"]) == 3


def test_values_that_are_set_on_the_way_change_what_may_be_answered_and_nothing_that_was_said(page: Page) -> None:
    document = page.call("GET")["document"]
    document["nodes"][1]["jumps"] = []
    document["nodes"][1]["goto"] = ""
    document["nodes"][1]["choices"] = [
        {"id": "c_9", "text": "Help.", "goto": "n3", "when": [{"variable": "trust", "comparison": ">=", "value": 2}]}
    ]
    given = {"document": document, "taken": ["c_2"]}
    assert page.call("POST", "/play", given)["ended"]
    set_later = page.call("POST", "/play", {**given, "later": {"1": {"trust": 2}}})
    assert [offer["id"] for offer in set_later["choices"]] == ["c_9"]
    assert [said["id"] for said in set_later["lines"]] == ["l_3"]
    after = {**given, "taken": ["c_2", "c_9"], "later": {"1": {"trust": 2}}}
    assert page.call("POST", "/play", after)["variables"] == {"trust": 2, "has_oil": False, "outcome": "ally"}
    assert 'class="node ending here"' in page.call("POST", "/graph", after)["svg"]
    assert page.call("POST", "/play", {**given, "later": {"1": {"trust": "much"}}}, 400)["field"] == "trust"


def test_what_cannot_be_answered_or_set_is_said_at_the_field(page: Page) -> None:
    assert page.call("POST", "/play", {"taken": ["c_3"]}, 400)["field"] == "choice"
    assert page.call("POST", "/play", {"variables": {"gold": 1}}, 400)["field"] == "gold"


def test_the_document_names_its_files_and_each_can_be_taken_away_as_a_download(page: Page) -> None:
    told = page.call("GET")
    assert told["document"]["nodes"][0]["id"] == "n1"
    assert {file["name"]: file["checked"] for file in told["files"]}["dialogue.yarn"] == "syntax-checked"
    ink = page.client.get(f"/api/assets/{page.asset}/dialogue/files/dialogue.ink")
    assert "=== the_lamp_n1 ===" in ink.text
    assert ink.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in ink.headers["content-security-policy"]
    page.call("GET", "/files/dialogue.exe", status=404)


def test_the_graph_marks_where_a_play_stands(page: Page) -> None:
    url = f"/api/assets/{page.asset}/dialogue/graph"
    plain = page.client.get(url)
    assert plain.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in plain.headers["content-security-policy"]
    ElementTree.fromstring(plain.text)
    assert 'class="node here' not in plain.text
    assert 'class="node start here" data-node="n1"' in page.client.get(f"{url}?taken=").text
    walked = page.client.get(f"{url}?taken=c_1&language=zh").text
    assert 'class="node ending here" data-node="n3"' in walked
    assert "walked" in walked
    assert "对话图" in walked


def test_an_edit_that_is_not_saved_is_played_and_drawn(page: Page) -> None:
    document = RICH.model_dump(mode="json")
    document["nodes"][0]["choices"].append({"id": "", "text": "Good night.", "goto": "n4"})
    offers = page.call("POST", "/play", {"document": document})["choices"]
    assert [offer["text"] for offer in offers] == ["I can help.", "Not my lamp.", "Good night."]
    end = page.call("POST", "/play", {"document": document, "taken": [offers[-1]["id"]]})
    assert (end["ended"], [line["text"] for line in end["lines"]]) == (True, ["Go."])
    drawn = page.call("POST", "/graph", {"document": document, "taken": [offers[-1]["id"]]})["svg"]
    assert 'class="node ending here" data-node="n4"' in drawn
    # What is at fault is marked, and nothing was kept
    document["nodes"][3]["lines"][0]["text"] = " "
    assert 'class="node ending fault" data-node="n4"' in page.call("POST", "/graph", {"document": document, "taken": None})["svg"]
    assert len(page.call("POST", "/play", {})["choices"]) == 2


def test_the_graph_counts_one_line_as_one(page: Page) -> None:
    told = page.client.get(f"/api/assets/{page.asset}/dialogue/graph").text
    assert ">2 lines<" in told
    assert ">1 line<" in told
    assert "1 lines" not in told


def test_an_edit_gets_ids_for_new_lines_and_its_faults_at_the_field(page: Page) -> None:
    document = RICH.model_dump(mode="json")
    document["nodes"][2]["lines"].append({"id": "", "speaker": "Keeper", "text": "A new line."})
    fine = page.call("POST", "/check", document)
    assert fine["findings"] == []
    assert fine["document"]["nodes"][2]["lines"][0]["id"] == "l_4"
    assert fine["document"]["nodes"][2]["lines"][1]["id"].startswith("l_")
    document["nodes"][0]["choices"][0]["goto"] = ""
    document["nodes"][3]["goto"] = "n4"
    document["nodes"][1]["jumps"][0]["when"][0]["variable"] = "courage"
    found = {(f["rule"], f["field"]) for f in page.call("POST", "/check", document)["findings"]}
    assert {("choice_leads_nowhere", "n1"), ("no_exit", "n4"), ("undeclared_variable", "n2")} <= found


def test_an_edit_is_held_to_the_world_of_its_step(page: Page) -> None:
    document = RICH.model_dump(mode="json")
    document["nodes"][3]["lines"][0]["text"] = "Go, or meet my gun."
    assert page.call("POST", "/check", document)["findings"] == []
    found = page.call("POST", "/check", document, asset=page.worldly)["findings"]
    assert [(f["rule"], f["field"]) for f in found] == [("not_of_this_world", "l_5")]


def test_a_string_table_with_a_lost_line_is_told(page: Page) -> None:
    table = string_table(RICH)
    assert page.call("POST", "/strings", {"csv": table}) == {"findings": []}
    short = "\r\n".join(row for row in table.split("\r\n") if not row.startswith("l_3"))
    assert [(f["rule"], f["field"]) for f in page.call("POST", "/strings", {"csv": short})["findings"]] == [("missing_line", "l_3")]


def test_an_asset_that_is_no_dialogue_is_not_found(page: Page) -> None:
    for path in ("", "/graph", "/files/dialogue.ink"):
        page.call("GET", path, status=404, asset=page.other)
    page.call("POST", "/play", {}, status=404, asset=page.other)
    page.call("GET", status=404, asset="a_nowhere")
