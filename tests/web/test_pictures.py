"""The picture tools over HTTP: presets found by words, a prompt written for a step. A real library, plans and desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.brand import BrandKit, CharacterSheet
from domain.plan import Step
from domain.specs import PictureSpec
from studio.studio import Studio
from tests.pipelines.media.test_metadata import png
from tests.studio.bench import Bench, Hand, open_bench, step
from tests.web.test_board import app_of_ada, studio_of
from web.api.board import board_router
from web.api.pictures import pictures_router


@dataclass
class Page:
    client: TestClient
    bench: Bench
    studio: Studio

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.request(method, f"/api/{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()

    def plan(self, **spec: Any) -> str:
        spec = {"about": "a red fox by a lake", **spec}
        picture = Step(id="picture-1", title="A fox", spec=PictureSpec(**spec))
        return self.bench.plan(picture, step("copy-1")).id


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    bench = open_bench(home, Hand())
    bench.runner.start()
    studio, app = studio_of(bench, home, assets), app_of_ada()
    for router in (board_router(studio), pictures_router(studio)):
        app.include_router(router)
    with TestClient(app) as client:
        yield Page(client, bench, studio)
    bench.runner.stop()
    bench.library.close()


def test_presets_are_listed_and_found_in_both_languages(page: Page) -> None:
    assert len(page.call("GET", "presets")) >= 40
    found = page.call("GET", "presets?q=%E6%B0%B4%E5%A2%A8&language=zh")
    assert found[0]["id"] == "chinese-ink" and found[0]["name"] == "水墨" and not found[0]["drawn"]
    assert page.call("GET", "presets?q=nothing-like-it") == []
    page.call("GET", f"presets?q={'x' * 81}", status=422)


def test_a_prompt_is_written_for_the_form_as_it_stands_and_not_kept(page: Page) -> None:
    plan = page.plan()
    made = page.call("POST", f"plans/{plan}/steps/picture-1/prompt", {"values": {"preset": "watercolour", "about": "a green boat"}})
    assert made["prompt"].startswith("a green boat, ") and "watercolour" in made["prompt"] and made["maker"] == "hand-picture"
    spec = page.bench.plans.get(plan).step("picture-1").spec
    assert isinstance(spec, PictureSpec) and (spec.prompt, spec.preset, spec.about) == ("", "", "a red fox by a lake")


def test_a_prompt_of_ones_own_is_kept_and_written_anew_when_asked(page: Page) -> None:
    plan = page.plan()
    page.call("PATCH", f"plans/{plan}/steps/picture-1", {"values": {"prompt": "fox, bokeh"}})
    spec = page.bench.plans.get(plan).step("picture-1").spec
    assert isinstance(spec, PictureSpec) and spec.prompt == "fox, bokeh"
    made = page.call("POST", f"plans/{plan}/steps/picture-1/prompt", {})
    assert made["prompt"].startswith("a red fox by a lake, ")


def test_characters_of_the_project_stand_in_the_prompt(page: Page) -> None:
    sheet = CharacterSheet(name="Mira", look="a girl with silver hair")
    page.studio.projects.save_brand(page.bench.project, BrandKit(characters=(sheet,)))
    made = page.call("POST", f"plans/{page.plan(about='Mira by a lake')}/steps/picture-1/prompt", {})
    assert made["prompt"].startswith("a girl with silver hair by a lake")
    again = page.studio.projects.import_brand(page.bench.project, page.studio.projects.brand_toml(page.bench.project))
    assert again.brand.characters == (sheet,)


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("picture-1", {"values": {"preset": "watercolor"}}, 400, "preset"),
        ("picture-1", {"values": {"width": 3}}, 400, "picture-1.width"),
        ("copy-1", {}, 400, ""),
        ("picture-9", {}, 404, ""),
    ],
)
def test_what_cannot_be_written_is_refused_at_its_field(page: Page, path: str, body: dict[str, Any], status: int, field: str) -> None:
    told = page.call("POST", f"plans/{page.plan()}/steps/{path}/prompt", body, status=status)
    assert told["message"] and told.get("field", "") == field


# Metadata


def test_what_a_foreign_picture_says_is_shown_and_not_kept(page: Page) -> None:
    before = page.call("GET", f"projects/{page.bench.project}/board")
    text = "a red fox\nNegative prompt: lowres\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 16x16"
    response = page.client.post("/api/metadata?name=fox.png", content=png(parameters=text))
    found = response.json()
    assert (found["tool"], found["prompt"], found["negative"]) == ("a1111", "a red fox", "lowres")
    assert {"name": "Seed", "text": "5"} in found["settings"]
    assert page.call("GET", f"projects/{page.bench.project}/board") == before


@pytest.mark.parametrize("data", [b"", b"words", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_refused_by_name(page: Page, data: bytes) -> None:
    response = page.client.post("/api/metadata?name=fox.png", content=data)
    assert response.status_code == 415 and "fox.png" in response.json()["message"]


def test_a_picture_too_large_is_refused_while_it_comes(page: Page) -> None:
    assert page.client.post("/api/metadata?name=big.png", content=b"0" * (26 * 1024 * 1024)).status_code == 413


def test_an_attached_picture_keeps_what_it_says(page: Page) -> None:
    kept = page.studio.attachments.add("fox.png", png(parameters="a red fox\nSteps: 20, Seed: 5"))
    assert kept.metadata is not None and kept.metadata.prompt == "a red fox" and kept.text == ""
    assert page.studio.attachments.add("plain.png", png()).metadata is None


def test_only_pictures_of_the_library_have_metadata(page: Page) -> None:
    plan = page.plan()
    page.bench.plans.approve(plan)
    page.bench.wait(plan)
    words = page.bench.plans.result(plan, "copy-1")
    assert words is not None and "no picture" in page.call("GET", f"assets/{words.id}/metadata", status=400)["message"]
    page.call("GET", "assets/nothing/metadata", status=404)
