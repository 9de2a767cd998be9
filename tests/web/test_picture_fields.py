"""Fields of a picture over HTTP: shortcuts and tiles where the model's family has them, and what is then made of the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.capability import StepKind
from domain.errors import InputError
from domain.picture import Finish
from domain.specs import CutoutSpec, PictureSpec, UpscaleSpec
from studio.finishing import Finishes, require_finish
from tests.web.test_painting import Page, page_of


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    with page_of(home, assets, here=True) as found:
        yield found


def made(page: Page, values: dict[str, Any], status: int = 200, **more: Any) -> Any:
    """From a picture, so that the checkpoint that is here makes it."""
    start = [{"role": "reference", "asset": page.taken_in()}]
    body = {"values": {"about": "a lamp", "task": "image", "attached": start, **values}, **more}
    return page.call("POST", f"projects/{page.project}/pictures", body, status=status)


def test_a_page_is_told_which_shortcuts_and_tiles_each_family_has(page: Page) -> None:
    options = page.call("GET", f"projects/{page.project}/pictures/options?language=zh")
    models = {model["id"]: model for model in options["models"]}
    assert models["little"]["shortcuts"]["text"] == ["step_cache", "guidance_interval"]
    assert models["little"]["shortcuts"]["inpaint"] == ["step_cache"] and models["little"]["seamless"] == ["text", "image"]
    # guided by a number in one call, and a transformer: nothing to end early, no edges to join
    assert models["flux-1-schnell"]["shortcuts"]["text"] == ["step_cache"] and models["flux-1-schnell"]["seamless"] == []
    assert models["z-image-turbo"]["shortcuts"]["text"] == []
    # a turbo model is not guided at all
    assert models["sdxl-turbo"]["shortcuts"]["text"] == ["step_cache"]
    assert set(options["shortcuts"]) == {"step_cache", "guidance_interval"}


def test_shortcuts_and_tiles_stand_in_the_picture_and_are_off_unless_asked_for(page: Page) -> None:
    plan = made(page, {"shortcuts": ["step_cache"], "seamless": True})["plan"]
    spec = page.bench.plans.get(plan).steps[0].spec
    assert isinstance(spec, PictureSpec) and spec.seamless and [one.value for one in spec.shortcuts] == ["step_cache"]
    plain = page.bench.plans.get(made(page, {})["plan"]).steps[0].spec
    assert isinstance(plain, PictureSpec) and not plain.seamless and plain.shortcuts == ()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"task": "inpaint", "shortcuts": ["guidance_interval"]}, "shortcuts"),
        ({"task": "inpaint", "seamless": True}, "seamless"),
        ({"shortcuts": ["magic"]}, "picture-1.shortcuts.0"),
        # from words the illustrator draws here
        ({"task": None, "attached": [], "seamless": True}, "seamless"),
        ({"task": None, "attached": [], "shortcuts": ["step_cache"]}, "shortcuts"),
    ],
)
def test_what_the_model_has_not_is_refused_at_its_field(page: Page, values: dict[str, Any], field: str) -> None:
    told = made(page, values, status=400)
    assert told["field"] == field and told["hint"]
    assert page.bench.plans.all(page.project) == ()


def test_pictures_are_enlarged_and_then_cut_out_by_steps_of_their_own(page: Page) -> None:
    size = {"width": 512, "height": 768}
    plan = page.bench.plans.get(made(page, size, count=2, finish={"enlarge": "network", "scale": 4, "transparent": True})["plan"])
    assert [step.kind for step in plan.steps] == [StepKind.PICTURE] * 2 + [StepKind.UPSCALE, StepKind.CUTOUT] * 2
    larger, cut = plan.steps[4:]
    assert isinstance(larger.spec, UpscaleSpec) and larger.spec.scale == 4 and isinstance(cut.spec, CutoutSpec)
    assert [one.step for one in larger.inputs] == ["picture-2"] and [one.step for one in cut.inputs] == [larger.id]
    page.bench.plans.approve(plan.id)
    assert {job.state.value for job in page.bench.wait(plan.id).values()} == {"done"}


def test_a_picture_that_is_there_is_drawn_again_larger(page: Page) -> None:
    plan = made(page, {"width": 512, "height": 512, "seamless": True, "strength": 0.9})["plan"]
    options = page.call("GET", f"projects/{page.project}/pictures/options")
    assert options["finishes"] == {"network": True, "model": "little", "transparent": True}
    [added] = page.call("POST", f"plans/{plan}/steps/picture-1/finish", {"enlarge": "model", "scale": 2})["steps"]
    step = page.bench.plans.get(plan).step(added)
    assert isinstance(step.spec, PictureSpec) and [(one.role, one.step) for one in step.inputs] == [("reference", "picture-1")]
    assert (step.spec.task, step.spec.width, step.spec.strength, step.spec.seamless) == ("upscale", 1024, 0.0, False)
    [cut] = page.call("POST", f"plans/{plan}/steps/{added}/finish", {"transparent": True})["steps"]
    told = page.call("POST", f"plans/{plan}/steps/{cut}/finish", {"transparent": True}, status=400)
    assert told["field"] == "transparent"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "enlarge"),
        ({"enlarge": "model", "scale": 4}, "enlarge"),
        ({"enlarge": "magic"}, "enlarge"),
        ({"enlarge": "network", "scale": 3}, "scale"),
    ],
)
def test_a_finish_that_cannot_be_is_refused_at_its_field(page: Page, body: dict[str, Any], field: str) -> None:
    plan = made(page, {"width": 2048, "height": 1024})["plan"]
    response = page.client.post(f"/api/plans/{plan}/steps/picture-1/finish", json=body)
    assert response.status_code in (400, 422) and field in response.text
    assert len(page.bench.plans.get(plan).steps) == 1


def test_more_steps_than_a_plan_holds_are_refused_at_the_count(page: Page) -> None:
    told = made(page, {}, status=400, count=31, finish={"enlarge": "network"})
    assert told["field"] == "count" and "30" in told["hint"]


@pytest.mark.parametrize(
    ("finish", "field"),
    [(Finish(enlarge="network"), "enlarge"), (Finish(enlarge="model"), "enlarge"), (Finish(transparent=True), "transparent")],
)
def test_without_a_model_for_it_nothing_is_promised(finish: Finish, field: str) -> None:
    with pytest.raises(InputError, match="Settings") as told:
        require_finish(finish, Finishes())
    assert told.value.field == field
