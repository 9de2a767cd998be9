"""A character of a project stays alike: by a reference picture where the model takes one, else in words, and the picture says which.

Tiny models of the real classes, loaded through the real store; real library, plans and preparation.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from agents.writers.calls import Desk
from domain.asset import Asset
from domain.brand import BrandKit, CharacterSheet
from domain.capability import StepKind
from domain.context import StepContext
from domain.errors import InputError, LimitError
from domain.model import Task
from domain.picture import AttachedPicture, Likeness, PictureTask, Shortcut
from domain.plan import Step
from domain.recipe import OutputFile, Recipe
from domain.specs import PictureSpec
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.text.chats import Chats
from studio.likeness import in_words, keeping
from studio.makers import Maker
from studio.media_makers import Preparations
from studio.picture_models import PictureModels, made_by
from studio.projects import CHARACTERS_MAX, Projects
from tests.pipelines.image.tiny_adapters import save_likeness, store_with
from tests.pipelines.image.tiny_families import FAMILY_SAVERS
from tests.pipelines.image.tiny_models import FAMILIES
from tests.studio.bench import Bench, Hand, now, open_bench

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

LOOK = "a girl with silver hair"


class NoChats:
    def available(self) -> bool:
        return False


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two checkpoints, and an IP-Adapter of the first one's family."""
    root = tmp_path_factory.mktemp("models")
    found = {name: FAMILY_SAVERS[name](root / name, root / f"{name}-scratch") for name in ("sd15", "flux2-klein")}
    return {**found, "like": save_likeness(found["sd15"], root / "like")}


@dataclass
class Stand:
    bench: Bench
    models: PictureModels
    projects: Projects

    def picture(self, colour: tuple[int, int, int] = (200, 30, 60), project: str = "") -> Asset:
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
        recipe = Recipe(kind=StepKind.PICTURE, maker="import", maker_version=1)
        draft = Asset(id="", project_id=project or self.bench.project, title="Mira", files=(), recipe=recipe, created=now())
        return self.bench.library.add_asset(draft, [OutputFile("picture.png", "image/png", buffer.getvalue())])

    def made(self, about: str, **more: Any) -> Asset:
        spec = PictureSpec(about=about, width=64, height=64, steps=2, seed=5, **more)
        plan = self.bench.plan(Step(id="picture-1", title="A", spec=spec))
        self.bench.plans.approve(plan.id)
        jobs = self.bench.wait(plan.id)
        made = self.bench.plans.result(plan.id, "picture-1")
        assert made is not None, jobs["picture-1"].error
        return made

    def pixels(self, asset: Asset) -> np.ndarray:
        return np.asarray(Image.open(self.bench.library.file_path(asset.main.sha256)).convert("RGB"), dtype=np.float64)


Stands = Callable[..., Stand]


def opened(folders: dict[str, Path], cache: Path, checkpoint: str, *adapters: str) -> tuple[Diffusion, PictureModels]:
    wanted = {name: folders[name] for name in (checkpoint, *adapters)}
    store = store_with(wanted, cache, dict.fromkeys(adapters, Task.IP_ADAPTER))
    pipeline = Diffusion(store, Devices(4_000_000_000), checkpoint, "cpu", families=FAMILIES, dtype="float32")
    return pipeline, PictureModels(store, FAMILIES, lambda model_id: pipeline.opened(), lambda model: True, lambda: checkpoint)


@pytest.fixture
def stand(folders: dict[str, Path], home: Path, assets: Path) -> Iterator[Stands]:
    """A studio whose pictures are made by this checkpoint, with these adapters."""
    benches: list[Bench] = []

    def stands(checkpoint: str, *adapters: str) -> Stand:
        pipeline, models = opened(folders, home / "models", checkpoint, *adapters)
        prepare = Preparations(cast(Chats, NoChats()), Desk(assets), lambda: (), keeping(models)).prompt
        maker = Maker(
            kind=StepKind.PICTURE, name=f"diffusion/{checkpoint}", version=pipeline.version, lane="hand", prepare=prepare,
            models=pipeline.models, capability=pipeline.capability, make=pipeline.generate,
        )  # fmt: skip
        bench = open_bench(home, Hand(), real=(maker,))
        bench.runner.start()
        benches.append(bench)
        return Stand(bench, models, Projects(bench.library))

    yield stands
    for bench in benches:
        bench.runner.stop()
        bench.library.close()


def test_a_character_is_kept_alike_by_an_ip_adapter_and_the_picture_says_so(stand: Stands) -> None:
    studio = stand("sd15", "like")
    face = studio.picture()
    assert studio.models.all()[0].likeness == "like"
    studio.projects.set_character(studio.bench.project, "Mira", LOOK, face.id)
    made = studio.made("Mira by a lake")
    assert [(one.role, one.asset_id) for one in made.recipe.inputs] == [("likeness", face.id)]
    assert made.recipe.parameters["likeness"] == {"model": "like", "weight": 0.6} and made.recipe.prompt.startswith(LOOK)
    assert [one.id for one in made.recipe.models] == ["sd15", "like"]
    assert any("through like" in str(one.said) for one in made.findings)
    # by the panel of the picture, too
    told = made_by(made, studio.models.model, studio.bench.library.asset)
    assert [(one.name, one.by, one.asset, one.title) for one in told.characters] == [("Mira", "adapter", face.id, "Mira")]
    # The picture itself is another one than from the same words alone, and the same once more; another face gives another picture.
    plain = studio.made(f"{LOOK} by a lake")
    assert plain.recipe.prompt == made.recipe.prompt and plain.recipe.inputs == () and "characters" not in plain.recipe.parameters
    assert np.abs(studio.pixels(made) - studio.pixels(plain)).mean() > 1
    assert studio.made("Mira by a lake").main.sha256 == made.main.sha256
    studio.projects.set_character(studio.bench.project, "mira", "", studio.picture((20, 200, 90)).id)
    assert studio.made("Mira by a lake").main.sha256 != made.main.sha256


def test_a_model_that_takes_pictures_beside_words_gets_the_reference(stand: Stands) -> None:
    studio = stand("flux2-klein")
    face = studio.picture()
    studio.projects.set_character(studio.bench.project, "Mira", LOOK, face.id)
    made = studio.made("Mira by a lake")
    assert [(one.role, one.asset_id) for one in made.recipe.inputs] == [("reference", face.id)]
    assert made.recipe.parameters["task"] == "edit" and "reference picture" in made.recipe.prompt and LOOK in made.recipe.prompt.lower()
    assert any("beside words" in str(one.said) for one in made.findings)


def test_without_an_adapter_that_fits_words_alone_keep_a_character_alike_and_that_is_said(stand: Stands) -> None:
    studio = stand("sd15")
    studio.projects.set_character(studio.bench.project, "Mira", LOOK, studio.picture().id)
    made = studio.made("Mira by a lake")
    assert made.recipe.inputs == () and "likeness" not in made.recipe.parameters and made.recipe.prompt.startswith(LOOK)
    assert any("no IP-Adapter" in str(one.said) for one in made.findings)
    assert [one.by for one in made_by(made, studio.models.model, studio.bench.library.asset).characters] == ["words"]


def test_an_adapter_of_another_width_is_not_taken(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "wide"
    for path in folders["like"].rglob("*"):
        if path.is_file():
            to = folder / path.relative_to(folders["like"])
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())
    tensors = load_file(folder / "ip-adapter.safetensors")
    save_file({name: value.repeat(*([1] * (value.dim() - 1)), 2) for name, value in tensors.items()}, folder / "ip-adapter.safetensors")
    _, models = opened({**folders, "wide": folder}, tmp_path / "cache", "sd15", "wide")
    assert [one.likeness for one in models.all()] == [""]


@pytest.fixture(scope="module")
def models(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> PictureModels:
    return opened(folders, tmp_path_factory.mktemp("cache"), "sd15", "like")[1]


def context(maker: str = "diffusion/sd15", **spec: Any) -> StepContext:
    sheets = tuple(CharacterSheet(name=name, look=LOOK, picture=f"of-{name}") for name in ("Mira", "Bo"))
    brand = BrandKit(characters=(*sheets, CharacterSheet(name="Al", look="a man")))
    return StepContext(spec=PictureSpec(**{"about": "Mira and Bo by a lake", **spec}), brand=brand, maker=maker)


@pytest.mark.parametrize(
    ("spec", "ways"),
    [
        ({}, ["adapter", "words"]),
        ({"about": "Bo waits for Mira"}, ["adapter", "words"]),
        ({"task": PictureTask.INPAINT}, ["adapter", "words"]),
        ({"about": "a lake", "prompt": "Mira, bokeh"}, ["adapter"]),
        ({"shortcuts": (Shortcut.GUIDANCE_INTERVAL,)}, ["words", "words"]),
        ({"likeness": Likeness(model="own")}, ["words", "words"]),
        ({"attached": (AttachedPicture(role="likeness", asset="x"),)}, ["words", "words"]),
        ({"task": PictureTask.UPSCALE}, ["words", "words"]),
        ({"about": "Al by a lake"}, []),
    ],
)
def test_one_character_has_the_reference_where_the_picture_leaves_room_for_it(
    models: PictureModels, spec: dict[str, Any], ways: list[str]
) -> None:
    kept = keeping(models)(context(**spec))
    characters = cast(list[dict[str, str]], kept.parameters.get("characters", []))
    assert [one["by"] for one in characters] == ways and len(kept.notes) == len(ways)
    assert ("likeness" in kept.parameters) == ("adapter" in ways)
    if spec.get("about", "").startswith("Bo"):
        assert characters[0]["name"] == "Bo"


def test_the_illustrator_draws_a_character_from_words_and_says_so() -> None:
    kept = in_words(context("illustrator", about="Mira by a lake"))
    assert "likeness" not in kept.parameters and [str(one) for one in kept.notes] == [
        "Mira is kept alike by words alone: the illustrator takes no reference picture."
    ]


def test_a_characters_sheet_is_kept_and_changed_by_name(stand: Stands) -> None:
    studio = stand("sd15")
    project, face = studio.bench.project, studio.picture()
    keep = partial(studio.projects.set_character, project)
    assert keep("  Mira  Vale ", LOOK, face.id) == CharacterSheet(name="Mira Vale", look=LOOK, picture=face.id)
    assert keep("mira vale", "", face.id).look == LOOK
    again = studio.projects.import_brand(project, studio.projects.brand_toml(project))
    assert again.brand.characters == (CharacterSheet(name="Mira Vale", look=LOOK, picture=face.id),)
    other = studio.picture(project=studio.bench.another_project())
    for name, look, picture, field in ((" ", LOOK, face.id, "name"), ("Bo", " ", face.id, "look"), ("Bo", LOOK, other.id, "picture")):
        with pytest.raises(InputError) as told:
            keep(name, look, picture)
        assert told.value.field == field
    for number in range(CHARACTERS_MAX - 1):
        keep(f"One {number}", LOOK, face.id)
    with pytest.raises(LimitError):
        keep("One more", LOOK, face.id)
