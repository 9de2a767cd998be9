"""Every picture family of the data makes a picture from a tiny random configuration, loaded through the real store."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import diffusers
import numpy as np
import pytest
from PIL import Image

from domain.errors import InputError, ModelUnusable
from domain.progress import Silent
from domain.recipe import InputFile
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Families
from tests.pipelines.image.test_diffusion import psnr, store_of, work
from tests.pipelines.image.tiny_families import FAMILY_SAVERS
from tests.pipelines.image.tiny_models import FAMILIES

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

#: In the data, but not made here: our own family, which tests/training/test_sketch.py trains and makes a picture with.
NOT_MADE = {"sketch"}
#: Looks at a megapixel of the picture it changes, however small that is: one picture is enough of it.
LOOKS_CLOSELY = {"qwen-image-edit"}

Make = Callable[[str], Diffusion]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    made: dict[str, Diffusion] = {}

    def of(family: str) -> Diffusion:
        if family not in made:
            root = tmp_path_factory.mktemp(family)
            folder = FAMILY_SAVERS[family](root / "model", root / "scratch")
            store = store_of(folder, root / "cache")
            made[family] = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
        return made[family]

    return of


def given(tmp_path: Path) -> dict[str, InputFile]:
    """A picture and a mask whose right half is white."""
    ramp = np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[None, :, None], (32, 1, 3))
    half = np.zeros((32, 32), dtype=np.uint8)
    half[:, 16:] = 255
    Image.fromarray(ramp).save(tmp_path / "picture.png")
    Image.fromarray(half).save(tmp_path / "mask.png")
    return {
        "reference": InputFile("reference", tmp_path / "picture.png", "image/png"),
        "mask": InputFile("mask", tmp_path / "mask.png", "image/png"),
    }


def test_all_families_of_the_data_are_made_here() -> None:
    assert {family.id for family in FAMILIES.all} == set(FAMILY_SAVERS) | NOT_MADE


@pytest.mark.parametrize("family", FAMILIES.all, ids=lambda family: family.id)
def test_every_class_a_family_names_is_in_the_installed_diffusers(family: object) -> None:
    from pipelines.image.families import Family

    assert isinstance(family, Family)
    names = {family.class_name, *family.pipelines.values(), *([family.controlnet] if family.controlnet else [])}
    assert not [name for name in names if not hasattr(diffusers, name)]
    assert not family.scheduler or hasattr(diffusers, str(family.scheduler["class"]))


@pytest.mark.parametrize("family", list(FAMILY_SAVERS))
def test_each_family_is_recognised_and_makes_one_picture(make: Make, family: str, tmp_path: Path) -> None:
    maker, files = make(family), given(tmp_path)
    opened = maker.opened()
    assert opened.family.id == family
    tasks = opened.family.pipelines
    asked: dict[str, JsonValue] = {} if "text" in tasks else {"task": "edit" if "edit" in tasks else "inpaint"}
    inputs = [] if "text" in tasks else [files["reference"], *([files["mask"]] if "inpaint" in tasks else [])]
    made = maker.generate([work(5, inputs, **asked)], Silent())[0]
    picture = Image.open(io.BytesIO(made.main.data))
    assert picture.size == (32, 32)
    assert (made.facts["family"], made.facts["steps"]) == (family, 2)
    if family in LOOKS_CLOSELY:
        return
    again, other = maker.generate([work(5, inputs, **asked)], Silent())[0], maker.generate([work(6, inputs, **asked)], Silent())[0]
    assert made.main.data == again.main.data
    assert made.main.data != other.main.data


@pytest.mark.parametrize("family", [name for name in FAMILY_SAVERS if "text" in FAMILIES.get(name).pipelines])
def test_a_seed_gives_its_picture_alone_and_in_a_batch(make: Make, family: str) -> None:
    """The measure of batching: at least 40 dB at float32, with prompts of different lengths beside it."""
    beside = [work(7), work(8, prompt="a blue whale in a very wide and quiet sea"), work(9, prompt="an owl", negative="rain")]
    batch = make(family).generate(beside, Silent())
    for number, one in enumerate(beside):
        assert psnr(make(family).generate([one], Silent())[0], batch[number]) >= 40


def test_steps_guidance_and_scheduler_are_the_familys_own(make: Make) -> None:
    turbo, dev = make("sdxl-turbo").opened().family, make("flux1-dev").opened().family
    assert (turbo.steps, turbo.guidance, turbo.scheduler["class"]) == (4, 0.0, "EulerAncestralDiscreteScheduler")
    assert (dev.steps, dev.guidance, dev.commercial) == (28, 3.5, "no")
    assert turbo.fits == "sdxl"


def test_a_task_a_family_has_not_is_refused_before_anything_is_loaded(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="edit") as caught:
        make("sdxl").generate([work(1, [given(tmp_path)["reference"]], task="edit")], Silent())
    assert "inpaint" in caught.value.hint


def test_a_family_whose_data_are_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "families.toml"
    path.write_text('[[family]]\nid = "mine"\nname = "Mine"\nclass = "MinePipeline"\nsteps = 9000\n')
    with pytest.raises(InputError, match="mine"):
        Families.read(path)
