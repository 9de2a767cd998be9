"""Painting over HTTP: pictures taken in from files, masks, takes as new versions, what a page is told of models and of how it was made.

A real library, plans and checkpoint headers; the maker gives back what it was handed.
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from safetensors.numpy import save_file

from domain.capability import Capability, StepKind
from domain.context import StepContext
from domain.people import Person, Quota
from domain.picture import AttachedPicture
from domain.plan import Step
from domain.progress import Progress, Silent
from domain.recipe import ModelRef, Output, OutputFile, Trace, Work
from domain.specs import PictureSpec
from domain.take import Prepared
from pipelines.image.families import Families
from pipelines.image.loading import open_checkpoint
from pipelines.image.recognising import recognise
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from studio.makers import Maker
from studio.picture_models import PictureModels
from studio.studio import Studio
from tests.studio.bench import Bench, Hand, open_bench
from tests.web.test_board import app_of_ada, studio_of
from web.api.board import board_router
from web.api.painting import painting_router
from web.api.pictures import pictures_router


def small_checkpoint(folder: Path) -> Path:
    """What an SD1.5 folder says of itself, with one number for weights: enough to be told what it is."""
    parts = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}
    index = {"_class_name": "StableDiffusionPipeline", **{name: ["diffusers", kind] for name, kind in parts.items()}}
    for name in parts:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text(json.dumps({"block_out_channels": [1, 1, 1, 1]}))
        save_file({"weight": np.zeros(1, dtype=np.float32)}, folder / name / "diffusion_pytorch_model.safetensors")
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def picture_maker() -> Maker:
    """Gives a grey picture of the size it is asked for."""

    def prepare(context: StepContext, progress: Progress) -> Prepared:
        assert isinstance(context.spec, PictureSpec)
        return Prepared(prompt=context.spec.about, parameters={"width": context.spec.width, "height": context.spec.height})

    def make(works: Sequence[Work], progress: Progress) -> list[Output]:
        made = []
        for work in works:
            size = (int(str(work.recipe.parameters["width"])), int(str(work.recipe.parameters["height"])))
            facts = {"width": size[0], "height": size[1], "task": "inpaint"}
            made.append(Output((OutputFile("picture.png", "image/png", png(size)),), Trace(device="cpu"), facts=facts))
        return made

    return Maker(
        kind=StepKind.PICTURE,
        name="easel",
        version=1,
        lane="hand",
        prepare=prepare,
        models=lambda parameters: (ModelRef(id="little", sha256="1" * 64),),
        capability=lambda: Capability(kind=StepKind.PICTURE, maker="easel"),
        make=make,
    )


def png(size: tuple[int, int], value: int = 120) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (value, value, 40)).save(buffer, "PNG")
    return buffer.getvalue()


def mask(size: tuple[int, int], white: int = 10) -> bytes:
    """Its left `white` columns are white."""
    values = np.zeros((size[1], size[0]), dtype=np.uint8)
    values[:, :white] = 255
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Page:
    client: TestClient
    bench: Bench
    studio: Studio
    project: str

    def call(self, method: str, path: str, body: Any = None, status: int = 200, data: bytes | None = None) -> Any:
        response = self.client.request(method, f"/api/{path}", **({"content": data} if data is not None else {"json": body}))
        assert response.status_code == status, response.text
        return response.json()

    def taken_in(self, size: tuple[int, int] = (96, 64)) -> str:
        path = f"projects/{self.project}/pictures/import?name=room.png"
        return str(self.call("POST", path, data=png(size))["id"])

    def spec(self, started: dict[str, Any]) -> PictureSpec:
        spec = self.bench.plans.get(started["plan"]).step(started["step"]).spec
        assert isinstance(spec, PictureSpec)
        return spec


@contextmanager
def page_of(home: Path, assets: Path, *, here: bool) -> Iterator[Page]:
    bench = open_bench(home, Hand(), real=(picture_maker(),))
    bench.runner.start()
    families = Families.read(assets / "pictures" / "families.toml")
    shipped = Catalogue.read(assets / "models.toml")
    own = recognise(small_checkpoint(home / "little"), families)
    store = ModelStore(Catalogue([*shipped.models, own]), home / "models", offline=True)
    if here:
        store.pull("little", Silent())
    models = PictureModels(
        store,
        families,
        lambda model_id: open_checkpoint(store.folder(model_id), families, store.catalogue.get(model_id).family),
        lambda model: not model.card,
        lambda: "",
    )
    studio = studio_of(bench, home, assets)
    studio = dataclasses.replace(studio, pictures=dataclasses.replace(studio.pictures, models=models))
    app = app_of_ada()
    for router in (board_router(studio), pictures_router(studio), painting_router(studio)):
        app.include_router(router)
    with TestClient(app) as client:
        yield Page(client, bench, studio, bench.project)
    bench.runner.stop()
    bench.library.close()


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    """A studio with one checkpoint of SD1.5. Of its own for every test: one process has one durable engine, and `bare` opens another."""
    with page_of(home, assets, here=True) as found:
        yield found


@pytest.fixture
def bare(home: Path, assets: Path) -> Iterator[Page]:
    """A studio whose picture models are all still to be fetched."""
    with page_of(home, assets, here=False) as found:
        yield found


# What a page is told


def test_a_page_is_told_what_each_model_can_do_and_which_one_makes_a_task(page: Page) -> None:
    options = page.call("GET", f"projects/{page.project}/pictures/options")
    models = {model["id"]: model for model in options["models"]}
    assert models["little"]["ready"] and models["little"]["tasks"] == ["text", "image", "inpaint", "outpaint", "upscale"]
    assert models["little"]["multiple"] == 8 and "euler_a" in models["little"]["samplers"] and models["little"]["negative"]
    assert not models["sdxl-turbo"]["negative"] and models["flux-1-schnell"]["samplers"] == []
    assert options["able"] == {
        "text": "little",
        "image": "little",
        "inpaint": "little",
        "outpaint": "little",
        "edit": "",
        "upscale": "little",
    }


def test_without_a_model_every_one_that_would_is_named(bare: Page) -> None:
    options = bare.call("GET", f"projects/{bare.project}/pictures/options")
    assert set(options["able"].values()) == {""}
    assert "inpaint" in next(model for model in options["models"] if model["id"] == "sd15")["tasks"]
    picture = bare.taken_in()
    made = bare.call("POST", f"assets/{picture}/mask", data=mask((96, 64)))["asset"]
    told = bare.call("POST", f"assets/{picture}/paint", {"mask": made, "values": {"about": "a hat"}}, status=400)
    assert told["field"] == "task" and "Stable Diffusion 1.5" in told["hint"] and "Settings" in told["hint"]
    assert bare.bench.plans.all(bare.project) == ()


# Pictures from files, and masks


def test_a_file_becomes_a_picture_of_the_library_that_is_not_said_to_be_ai(page: Page) -> None:
    kept = page.bench.library.asset(page.taken_in())
    assert (kept.title, kept.main.media_type, kept.recipe.maker, kept.person) == ("room", "image/png", "import", "ada")
    assert not kept.labels.ai_generated
    assert page.bench.library.file_path(kept.main.sha256).read_bytes() == png((96, 64))


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", png((9, 9))[:45]])
def test_what_is_no_picture_is_not_taken_in(page: Page, data: bytes) -> None:
    page.call("POST", f"projects/{page.project}/pictures/import?name=x.png", data=data, status=415)


def test_who_keeps_as_much_as_they_may_takes_in_nothing_more(page: Page) -> None:
    page.bench.library.add_person(Person(name="ada", created=datetime.now(UTC), quota=Quota(disk_bytes=1)), "x")
    picture = page.taken_in()
    told = page.call("POST", f"projects/{page.project}/pictures/import?name=more.png", data=png((16, 16)), status=413)
    assert (told["field"], "ada may keep" in told["message"]) == ("quota", True)
    page.call("POST", f"assets/{picture}/mask", data=mask((96, 64)), status=413)


def test_a_mask_is_kept_with_its_picture_and_a_later_one_is_its_next_version(page: Page) -> None:
    picture = page.taken_in()
    first, second = (page.call("POST", f"assets/{picture}/mask", data=mask((96, 64), white))["asset"] for white in (10, 20))
    kept = page.bench.library.asset(second)
    assert picture in kept.parents and kept.previous == first and kept.version == 2
    assert kept.facts["white"] == round(20 / 96, 4)
    assert np.asarray(Image.open(page.bench.library.file_path(kept.main.sha256))).max() == 255


@pytest.mark.parametrize("data", [mask((32, 32)), mask((96, 64), 0)])
def test_a_mask_that_does_not_fit_its_picture_is_refused_at_the_mask(page: Page, data: bytes) -> None:
    assert page.call("POST", f"assets/{page.taken_in()}/mask", data=data, status=400)["field"] == "mask"


# Takes


def test_painting_on_a_picture_of_no_plan_makes_a_plan_and_then_versions_of_its_step(page: Page) -> None:
    picture = page.taken_in()
    made = page.call("POST", f"assets/{picture}/mask", data=mask((96, 64)))["asset"]
    body = {"mask": made, "values": {"about": "a straw hat", "steps": 4, "scheduler": "euler_a", "width": 9}}
    started = page.call("POST", f"assets/{picture}/paint", body)
    assert (started["task"], started["model"], started["resized"]) == ("inpaint", "little", False)
    assert (started["width"], started["height"]) == (96, 64)
    spec = page.spec(started)
    assert (spec.about, spec.steps, spec.scheduler, spec.width) == ("a straw hat", 4, "euler_a", 96)
    assert [(one.role, one.asset) for one in spec.attached] == [("reference", picture), ("mask", made)]
    page.bench.wait(started["plan"])
    first = page.bench.plans.result(started["plan"], started["step"])
    assert first is not None and set(first.parents) == {picture, made}
    # Once more on what came out: the same step, its next version
    again = page.call("POST", f"assets/{first.id}/mask", data=mask((96, 64)))["asset"]
    later = page.call("POST", f"assets/{first.id}/paint", {"mask": again, "values": {"about": "a red ribbon"}})
    assert (later["plan"], later["step"]) == (started["plan"], started["step"])
    page.bench.wait(later["plan"])
    second = page.bench.plans.result(later["plan"], later["step"])
    assert second is not None and (second.version, second.previous) == (2, first.id) and page.spec(later).steps == 0
    facts = page.call("GET", f"assets/{second.id}/made")
    assert [(one["role"], one["asset"]) for one in facts["inputs"]] == [("reference", first.id), ("mask", again)]
    assert facts["models"][0]["id"] == "little" and facts["models"][0]["licence"] and facts["settings"]["task"] == "inpaint"


def test_borders_grow_to_the_grid_and_the_picture_keeps_its_size(page: Page) -> None:
    started = page.call("POST", f"assets/{page.taken_in((93, 64))}/paint", {"expand": {"left": 16}, "values": {"about": "a wall"}})
    spec = page.spec(started)
    assert started["task"] == "outpaint" and (spec.width, spec.height) == (112, 64)
    assert (spec.expand.left, spec.expand.right, spec.expand.top, spec.expand.bottom) == (16, 3, 0, 0)


def test_a_picture_off_the_grid_is_made_to_the_size_below_and_that_is_said(page: Page) -> None:
    picture = page.taken_in((93, 70))
    made = page.call("POST", f"assets/{picture}/mask", data=mask((93, 70)))["asset"]
    started = page.call("POST", f"assets/{picture}/paint", {"mask": made, "values": {"about": "a hat"}})
    assert (started["width"], started["height"], started["resized"]) == (88, 64, True)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"values": {"about": "a hat"}}, 400, "mask"),
        ({"expand": {"left": 64}}, 400, "about"),
        ({"expand": {"left": 2000}, "values": {"about": "a hat"}}, 413, "expand"),
        ({"expand": {"left": 64}, "values": {"about": "a hat", "steps": 10_000}}, 400, "picture-1.steps"),
        ({"expand": {"left": 64}, "values": {"about": "a bomb"}}, 422, "about"),
        ({"task": "edit", "values": {"about": "a hat"}}, 400, "task"),
        ({"mask": "none", "values": {"about": "a hat"}}, 404, "asset_id"),
    ],
)
def test_what_cannot_be_painted_is_refused_at_its_field_and_nothing_is_made(page: Page, body: Any, status: int, field: str) -> None:
    assert page.call("POST", f"assets/{page.taken_in()}/paint", body, status=status)["field"] == field
    assert page.bench.plans.all(page.project) == ()


def test_the_mask_of_another_picture_is_refused(page: Page) -> None:
    made = page.call("POST", f"assets/{page.taken_in()}/mask", data=mask((96, 64)))["asset"]
    other = page.taken_in((64, 64))
    told = page.call("POST", f"assets/{other}/paint", {"mask": made, "values": {"about": "a hat"}}, status=400)
    assert told["field"] == "mask"


# From a picture


def test_new_pictures_start_from_one_of_the_library_or_of_the_plan(page: Page) -> None:
    values = {"about": "a lamp", "task": "image", "strength": 0.4, "attached": [{"role": "reference", "asset": page.taken_in()}]}
    path = f"projects/{page.project}/pictures"
    plan = page.call("POST", path, {"values": values})["plan"]
    step = page.bench.plans.get(plan).steps[0]
    assert isinstance(step.spec, PictureSpec) and step.spec.strength == 0.4
    made = page.call("POST", f"plans/{plan}/steps/{step.id}/reference", {"values": {"strength": 0.2}, "count": 3})["steps"]
    later = [page.bench.plans.get(plan).step(one) for one in made]
    assert [(given.role, given.step) for one in later for given in one.inputs] == [("reference", step.id)] * 3
    assert all(isinstance(one.spec, PictureSpec) and not one.spec.attached and one.spec.strength == 0.2 for one in later)
    assert len({one.title for one in later}) == 3
    page.call("POST", f"plans/{plan}/steps/{step.id}/reference", {"count": 13}, status=400)


def test_a_picture_to_start_from_that_is_not_there_is_refused_at_its_field(page: Page) -> None:
    values = {"about": "a lamp", "attached": [{"role": "reference", "asset": "none"}]}
    told = page.call("POST", f"projects/{page.project}/pictures", {"values": values}, status=400)
    assert told["field"] == "attached[0].asset"


def test_what_the_illustrator_cannot_do_goes_to_a_model_that_can(page: Page) -> None:
    models = page.studio.pictures.models
    assert models is not None
    words = Step(id="picture-1", title="A", spec=PictureSpec(about="a fox"))
    attached = (AttachedPicture(role="mask", asset="m"),)
    inside = Step(id="picture-2", title="B", spec=PictureSpec(about="a fox", attached=attached))
    assert (models.maker(words), models.maker(inside)) == ("illustrator", "diffusion/little")
