"""Lore's routes: read, the checks of an edit, a new version with stable ids, what changed. A real library and studio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.asset import Asset
from domain.capability import StepKind
from domain.lore import LORE_MEDIA_TYPE, Bark, BarkSet, LoreDocument, LoreEntry, WorldSheet
from domain.recipe import OutputFile, Recipe
from tests.studio.bench import Bench, Hand, open_bench
from tests.web.test_board import app_of_ada, studio_of
from web.api.lore import lore_router
from web.api.writing import writing_router

WORLD = LoreDocument(
    language="en",
    form="barks",
    world=WorldSheet(name="Saltmere", names=("Saltmere", "Marrow"), absent=("gun",)),
    barks=(BarkSet(character="Marrow", situation="sees a stranger", barks=(Bark(id="b_1", text="Not from Saltmere."),)),),
    entries=(LoreEntry(id="e1", kind="item", name="Lamp oil", text="Thick and dark."),),
)


@dataclass
class Page:
    client: TestClient
    bench: Bench
    asset: str
    other: str

    def call(self, method: str, path: str, body: Any = None, status: int = 200, asset: str = "") -> Any:
        response = self.client.request(method, f"/api/assets/{asset or self.asset}/{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    bench = open_bench(home, Hand())
    studio = studio_of(bench, home, assets)

    def add(media_type: str, data: bytes) -> str:
        recipe = Recipe(kind=StepKind.LORE, maker="writer", maker_version=1)
        draft = Asset(id="", project_id=bench.project, title="Saltmere", files=(), recipe=recipe, created=datetime(2026, 1, 2, tzinfo=UTC))
        return bench.library.add_asset(draft, [OutputFile("lore.json", media_type, data)]).id

    app = app_of_ada()
    app.include_router(lore_router(studio))
    app.include_router(writing_router(studio))
    with TestClient(app) as client:
        yield Page(client, bench, add(LORE_MEDIA_TYPE, WORLD.model_dump_json().encode()), add("text/plain", b"words"))
    bench.library.close()


def test_a_document_from_before_there_were_characters_is_read(page: Page) -> None:
    document = page.call("GET", "lore")["document"]
    assert (document["cast"], document["entries"][0]["id"]) == ([], "e1")


def test_what_does_not_agree_with_the_world_is_found_at_its_text(page: Page) -> None:
    document = page.call("GET", "lore")["document"]
    document["cast"] = [{"name": "Morrow", "voice": "", "goals": [], "knowledge": ["where the gun is"]}]
    document["entries"][0]["text"] = "Pressed in Saltmeer."
    document["barks"][0]["barks"].append({"id": "", "text": " "})
    told = page.call("POST", "lore/check", document)
    fresh = told["document"]["barks"][0]["barks"][1]["id"]
    assert {(f["rule"], f["field"]) for f in told["findings"]} == {
        ("misspelt_name", "Morrow"),
        ("not_of_this_world", "Morrow"),
        ("misspelt_name", "e1"),
        ("empty_line", fresh),
    }
    assert page.call("GET", "lore")["document"]["entries"][0]["text"] == "Thick and dark."


def test_a_new_version_keeps_ids_and_gives_none_of_a_text_that_is_gone(page: Page) -> None:
    document = page.call("GET", "lore")["document"]
    page.call("POST", "writing/lore", document, status=400)
    document["entries"] = [{"id": "", "kind": "place", "name": "The tower", "text": "Grey stone."}]
    document["barks"][0]["barks"].append({"id": "", "text": "Go home."})
    made = page.call("POST", "writing/lore", document)
    assert (made["version"], made["maker"], made["person"]) == (2, "person", "ada")
    stored = page.call("GET", "lore", asset=made["id"])["document"]
    assert stored["barks"][0]["barks"][0]["id"] == "b_1"
    assert stored["entries"][0]["id"] not in ("", "e1")
    changes = page.call("GET", f"writing/difference?before={page.asset}", asset=made["id"])
    assert {change["name"] for change in changes} == {"The tower", "Lamp oil", "Marrow: sees a stranger"}
    asset = page.bench.library.asset(made["id"])
    assert "Grey stone." in asset.text
    assert [file.name for file in asset.files] == ["lore.json", "lore.md"]


def test_an_asset_that_is_no_lore_is_not_found(page: Page) -> None:
    page.call("GET", "lore", status=404, asset=page.other)
    page.call("POST", "lore/check", WORLD.model_dump(mode="json"), status=404, asset=page.other)
    assert "lore view" in page.call("GET", "writing", status=404)["hint"]
