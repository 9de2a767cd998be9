"""The picture tools over HTTP: presets found by words, a prompt written for a step. A real library, plans and desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from domain.asset import Asset
from domain.brand import BrandKit, CharacterSheet
from domain.capability import StepKind
from domain.plan import Step
from domain.recipe import Credit, OutputFile, Recipe
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


# The picture page


def test_pictures_are_planned_without_a_chat_each_with_a_seed(page: Page) -> None:
    options = page.call("GET", f"projects/{page.bench.project}/pictures/options?language=zh")
    assert options["maker"] == "hand-picture" and options["sizes"][0]["name"] == "方图" and "preset" in options["axes"]
    size = {"width": 512, "height": 768}
    made = page.call("POST", f"projects/{page.bench.project}/pictures", {"values": {"about": "a fox", "seed": 9, **size}, "count": 3})
    plan = page.bench.plans.get(made["plan"])
    specs = [step.spec for step in plan.steps if isinstance(step.spec, PictureSpec)]
    assert [spec.seed for spec in specs] == [9, 10, 11] and {(spec.width, spec.height) for spec in specs} == {(512, 768)}
    assert not page.bench.plans.approved(plan.id)
    prompt = page.call("POST", f"projects/{page.bench.project}/pictures", {"values": {"prompt": "fox, bokeh"}})
    [step] = page.bench.plans.get(prompt["plan"]).steps
    assert isinstance(step.spec, PictureSpec) and (step.spec.about, step.spec.prompt, step.spec.seed) == ("fox, bokeh", "fox, bokeh", -1)


def test_a_prompt_is_written_before_there_is_a_plan(page: Page) -> None:
    path = f"projects/{page.bench.project}/pictures/prompt"
    made = page.call("POST", path, {"values": {"about": "a fox by a lake", "preset": "chinese-ink"}})
    assert made["prompt"].startswith("a fox by a lake, ") and "ink wash" in made["prompt"]
    assert page.call("POST", path, {"values": {}}, status=400)["field"] == "about"
    assert page.bench.plans.all(page.bench.project) == ()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"values": {}}, 400, "brief"),
        ({"values": {"about": "a bomb"}}, 422, "about"),
        ({"values": {"about": "a fox", "width": 9}}, 400, "picture-1.width"),
        ({"values": {"about": "a fox"}, "count": 0}, 400, "count"),
        ({"values": {"about": "a fox"}, "count": 10_000}, 400, "count"),
        ({"values": {"about": "a fox", "size": 3}}, 400, "picture-1.size"),
    ],
)
def test_a_picture_that_cannot_be_planned_is_refused_at_its_field(page: Page, body: dict[str, Any], status: int, field: str) -> None:
    told = page.call("POST", f"projects/{page.bench.project}/pictures", body, status=status)
    assert told["message"] and told["field"] == field
    assert page.bench.plans.all(page.bench.project) == ()


def test_a_picture_becomes_the_reference_of_another(page: Page) -> None:
    plan = page.plan()
    made = page.call("POST", f"plans/{plan}/steps/picture-1/reference", {"values": {"style": "bold"}})["step"]
    step = page.bench.plans.get(plan).step(made)
    assert [(given.role, given.step) for given in step.inputs] == [("reference", "picture-1")]
    assert isinstance(step.spec, PictureSpec) and step.spec.style == "bold"
    assert page.call("POST", f"plans/{plan}/steps/copy-1/reference", {}, status=400)["field"] == "reference"


# Many pictures


def test_a_grid_stands_in_the_plan_and_is_made_with_it(page: Page) -> None:
    plan = page.plan(seed=11)
    axes = {"x": {"field": "preset", "values": ["watercolour", "flat-vector"]}, "y": {"field": "steps", "values": [10, 20]}}
    cells = page.call("POST", f"plans/{plan}/steps/picture-1/grid", axes)["cells"]
    assert [(cell["x"], cell["y"]) for cell in cells] == [
        ("watercolour", 10),
        ("flat-vector", 10),
        ("watercolour", 20),
        ("flat-vector", 20),
    ]
    page.bench.plans.approve(plan)
    page.bench.wait(plan)
    made = [page.bench.plans.result(plan, cell["step"]) for cell in cells]
    assert [asset.recipe.seed for asset in made if asset] == [11] * 4
    one = page.bench.plans.result(plan, "copy-1")
    assert one is not None and one.recipe.seed != 11


def test_a_grid_that_does_not_fit_changes_nothing(page: Page) -> None:
    plan = page.plan()
    for axes in ({"x": {"field": "about", "values": ["x"]}}, {"x": {"field": "style", "values": ["bold", "a bomb"]}}):
        response = page.client.post(f"/api/plans/{plan}/steps/picture-1/grid", json=axes)
        assert response.status_code in (400, 422) and response.json()["message"]
    page.call("POST", f"plans/{plan}/steps/picture-1/grid", {"x": {"field": "seed", "values": []}}, status=422)
    assert len(page.bench.plans.get(plan).steps) == 2


def test_a_table_becomes_a_plan_that_names_its_bad_rows(page: Page) -> None:
    table = "about,width\na red fox,512\na bomb,512\na cat,3\n"
    path = f"/api/projects/{page.bench.project}/pictures/table?name=wishes.csv"
    told = page.client.post(path, content=table.encode()).json()
    assert told["steps"] == 1 and [row["row"] for row in told["bad"]] == [3, 4]
    plan = page.bench.plans.get(told["plans"][0])
    assert [step.title for step in plan.steps] == ["a red fox"]
    assert len(plan.notes) == 2 and "row 3" in plan.notes[0]
    refused = page.client.post(path, content=b"about\na bomb\n")
    assert refused.status_code == 400 and "row 2" in refused.json()["message"]
    assert page.client.post("/api/projects/none/pictures/table", content=table.encode()).status_code == 404


def test_a_long_table_becomes_several_plans(page: Page) -> None:
    rows = "about\n" + "".join(f"fox {n}\n" for n in range(130))
    told = page.client.post(f"/api/projects/{page.bench.project}/pictures/table", content=rows.encode()).json()
    assert [len(page.bench.plans.get(plan).steps) for plan in told["plans"]] == [60, 60, 10]


def picture_asset(page: Page, title: str, project: str = "") -> str:
    draft = Asset(
        id="",
        project_id=project or page.bench.project,
        title=title,
        files=(),
        recipe=Recipe(kind=StepKind.PICTURE, maker="diffusion/x", maker_version=1, prompt=title),
        credits=(Credit(title=title, licence="MIT", source="art"),),
        created=datetime(2026, 1, 2, tzinfo=UTC),
    )
    return page.bench.library.add_asset(draft, [OutputFile("picture.png", "image/png", png())]).id


def test_pictures_become_a_sheet_with_an_atlas_in_the_library(page: Page) -> None:
    ids = [picture_asset(page, "Red gem"), picture_asset(page, "Blue gem")]
    made = page.studio.library.asset(page.call("POST", "pictures/sheet", {"assets": ids, "cell": 32, "title": "Gems"})["asset"])
    assert [file.name for file in made.files] == ["sheet.png", "atlas.json"] and (made.title, made.person) == ("Gems", "ada")
    assert set(made.parents) >= set(ids) and {credit.title for credit in made.credits} == {"Red gem", "Blue gem"}
    atlas = json.loads(page.studio.library.file_path(made.files[1].sha256).read_text())
    assert list(atlas["frames"]) == ["red-gem", "blue-gem"]
    assert page.call("GET", f"assets/{made.id}/metadata")["tool"] == "maquette"
    assert page.call("GET", f"assets/{made.id}/seams")["seamless"] in (True, False)


def test_a_sheet_of_two_projects_or_of_no_pictures_is_refused(page: Page) -> None:
    mine = picture_asset(page, "Red gem")
    other = picture_asset(page, "Blue gem", page.bench.another_project())
    assert "several projects" in page.call("POST", "pictures/sheet", {"assets": [mine, other]}, status=400)["message"]
    page.call("POST", "pictures/sheet", {"assets": []}, status=422)
    page.call("POST", "pictures/sheet", {"assets": ["none"]}, status=404)
