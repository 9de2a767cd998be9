"""What a picture can come from besides words: pictures, masks, borders, instructions. On tiny models of three families."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from xml.sax.saxutils import unescape

import numpy as np
import pytest
import torch
from PIL import Image

from domain.errors import AttachmentError, Cancelled, InputError, ModelUnusable
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output, Recipe, Work
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.seamless import wrapped
from pipelines.media.carried import carrying
from pipelines.media.metadata import read_metadata
from tests.pipelines.image.test_diffusion import pixels, psnr, store_of, work
from tests.pipelines.image.tiny_families import save_klein, save_sd15_edit, save_sd15_inpaint
from tests.pipelines.image.tiny_models import FAMILIES, save_flux, save_sd15, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

SAVERS = {
    "sd15": save_sd15, "sdxl": save_sdxl, "flux": save_flux, "sd15-edit": save_sd15_edit,
    "sd15-inpaint": save_sd15_inpaint, "klein": save_klein,
}  # fmt: skip
Makers = dict[str, Diffusion]
Files = dict[str, InputFile]
THREE = ("sd15", "sdxl", "flux")


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Diffusion]:
    made = {}
    for name, save in SAVERS.items():
        root = tmp_path_factory.mktemp(name)
        store = store_of(save(root / "model", root / "scratch"), root / "cache")
        made[name] = Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=FAMILIES, dtype="float32")
    return made


@pytest.fixture
def files(tmp_path: Path) -> dict[str, InputFile]:
    """A ramp of 48x48, a mask of the same size whose right half is white, one of another size, one that is all black."""
    ramp = np.tile(np.linspace(0, 255, 48, dtype=np.uint8)[None, :, None], (48, 1, 3))
    half = np.zeros((48, 48), dtype=np.uint8)
    half[:, 24:] = 255
    pictures = {"reference": ramp, "mask": half, "small": half[:32, :32], "black": half * 0}
    found = {}
    for name, values in pictures.items():
        Image.fromarray(values).save(tmp_path / f"{name}.png")
        found[name] = InputFile("reference" if name == "reference" else "mask", tmp_path / f"{name}.png", "image/png")
    return found


def one(maker: Diffusion, inputs: Sequence[InputFile], seed: int = 4, **asked: JsonValue) -> Output:
    return maker.generate([work(seed, inputs, **({"width": 48, "height": 48} | asked))], Silent())[0]


@pytest.mark.parametrize("family", THREE)
def test_inpainting_changes_what_is_white_and_keeps_the_rest_to_the_pixel(makers: Makers, files: Files, family: str) -> None:
    before = np.asarray(Image.open(files["reference"].path), dtype=np.float64)
    made = one(makers[family], [files["reference"], files["mask"]])
    assert made.facts["task"] == "inpaint"
    assert np.array_equal(pixels(made)[:, :24], before[:, :24])
    assert np.abs(pixels(made)[:, 24:] - before[:, 24:]).mean() > 5


@pytest.mark.parametrize("family", THREE)
def test_outpainting_goes_on_beyond_the_edges_of_a_picture_that_stays(makers: Makers, files: Files, family: str) -> None:
    made = makers[family].generate([work(4, [files["reference"]], width=80, height=64, expand={"left": 32, "bottom": 16})], Silent())[0]
    assert made.facts["task"] == "outpaint"
    seen, before = pixels(made), np.asarray(Image.open(files["reference"].path), dtype=np.float64)
    assert seen.shape == (64, 80, 3)
    assert np.array_equal(seen[:40, 40:], before[:40, 8:]), "only a seam along the new borders may differ"


def test_a_mask_is_made_anew_inside_a_picture_that_goes_on(makers: Makers, files: Files) -> None:
    asked: dict[str, JsonValue] = {"width": 64, "height": 48, "task": "outpaint", "expand": {"left": 16}}
    made = makers["sd15"].generate([work(4, [files["reference"], files["mask"]], **asked)], Silent())[0]
    seen, before = pixels(made), np.asarray(Image.open(files["reference"].path), dtype=np.float64)
    assert made.facts["task"] == "outpaint"
    assert np.array_equal(seen[:, 16 + 8 : 16 + 24], before[:, 8:24]), "black keeps its pixels, but for the seam at the new border"
    assert np.abs(seen[:, 16 + 24 :] - before[:, 24:]).mean() > 5


@pytest.mark.parametrize("family", THREE)
@pytest.mark.parametrize("task", ["text", "image", "inpaint", "outpaint"])
def test_a_task_gives_the_same_bytes_again_and_the_same_picture_in_a_batch(makers: Makers, files: Files, family: str, task: str) -> None:
    wanted = given(files, task)
    works = [Work(wanted.recipe.model_copy(update={"seed": seed}), wanted.inputs) for seed in (4, 5, 6)]
    maker = makers[family]
    batch = maker.generate(works, Silent())
    alone = maker.generate([works[1]], Silent())[0]
    assert batch[1].trace.batch == 3
    assert psnr(alone, batch[1]) >= 40
    assert alone.main.data == maker.generate([works[1]], Silent())[0].main.data


@pytest.mark.parametrize("family", ["sd15-edit", "klein"])
def test_an_instruction_changes_a_picture(makers: Makers, files: Files, family: str) -> None:
    asked: dict[str, JsonValue] = {"task": "edit", "width": 64, "height": 64}
    first, second = (one(makers[family], [files["reference"]], prompt=words, **asked) for words in ("make it winter", "make it night"))
    assert first.facts["task"] == "edit"
    assert Image.open(io.BytesIO(first.main.data)).size == (64, 64)
    assert first.main.data != second.main.data


def test_a_model_made_for_inpainting_does_it_with_its_own_class(makers: Makers, files: Files) -> None:
    made = one(makers["sd15-inpaint"], [files["reference"], files["mask"]])
    assert (made.facts["family"], made.facts["task"]) == ("sd15-inpaint", "inpaint")


@pytest.mark.parametrize(
    ("inputs", "asked", "field"),
    [
        (["reference", "small"], {}, "mask"),
        (["reference", "black"], {}, "mask"),
        (["reference"], {"task": "inpaint"}, "mask"),
        (["mask"], {}, "reference"),
        ([], {"task": "image"}, "reference"),
        ([], {"expand": {"left": 8}}, "reference"),
        (["reference"], {"expand": {"left": 44}}, "expand"),
        (["reference"], {"task": "text"}, "reference"),
        ([], {"task": "dance"}, "task"),
        ([], {"strength": 1.5}, "strength"),
        (["reference"], {"strength": 0.2, "steps": 4}, "strength"),
        ([], {"controls": [{"model": "x"}]}, "controls"),
        ([], {"likeness": {"model": "x"}}, "likeness"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    makers: Makers, files: Files, inputs: list[str], asked: dict[str, JsonValue], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        one(makers["sd15"], [files[name] for name in inputs], **asked)
    assert caught.value.field == field


def test_a_mask_of_another_size_is_told_both_sizes(makers: Makers, files: Files) -> None:
    with pytest.raises(InputError, match=r"32x32.*48x48"):
        one(makers["sd15"], [files["reference"], files["small"]])


@pytest.mark.parametrize("role", ["reference", "mask"])
def test_a_drawing_is_no_photograph(makers: Makers, files: Files, tmp_path: Path, role: str) -> None:
    path = tmp_path / "drawing.png"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    inputs = {name: files[name] for name in ("reference", "mask")} | {role: InputFile(role, path, "image/png")}
    with pytest.raises(AttachmentError) as caught:
        one(makers["sd15"], list(inputs.values()))
    assert caught.value.field == role


class Watcher(Silent):
    """Stops when a note is seen, and keeps what is said."""

    def __init__(self, at: str) -> None:
        self.token, self.at = CancelToken(), at
        self.notes: list[str] = []
        super().__init__(self.token)

    def report(self, fraction: float, note: str = "") -> None:
        self.notes.append(note)
        if note == self.at:
            self.token.cancel()


@pytest.mark.parametrize("family", THREE)
@pytest.mark.parametrize("task", ["text", "image", "inpaint", "outpaint"])
def test_a_stop_is_heard_within_one_step_and_at_the_decode_and_the_next_picture_is_whole(
    makers: Makers, files: Files, family: str, task: str
) -> None:
    wanted = given(files, task, steps=4, strength=1.0)
    for at, never in (("denoising 2/4", "denoising 3/4"), ("denoising 4/4", "decoding")):
        watcher = Watcher(at)
        with pytest.raises(Cancelled):
            makers[family].generate([wanted], watcher)
        assert at in watcher.notes
        assert never not in watcher.notes
    assert makers[family].generate([wanted], Silent())[0].facts["steps"] == 4


@pytest.mark.parametrize("family", THREE)
@pytest.mark.parametrize("task", ["text", "image", "inpaint", "outpaint"])
def test_a_picture_carries_what_made_it_and_is_made_again_from_it(makers: Makers, files: Files, family: str, task: str) -> None:
    wanted = given(files, task)
    maker = makers[family]
    recipe = wanted.recipe.model_copy(update={"models": maker.models(wanted.recipe.parameters), "prompt": "a red fox"})
    made = maker.generate([wanted], Silent())[0]
    file = carrying(made, recipe, "").main
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(file.data))), np.asarray(Image.open(io.BytesIO(made.main.data))))
    read = read_metadata(file.data)
    assert (read.tool, read.prompt) == ("maquette", "a red fox")
    assert {field.name: field.text for field in read.settings}["Seed"] == "4"
    packet = next(field.text for field in read.raw if "mq:Recipe" in field.text)
    told = Recipe.model_validate_json(unescape(packet.split("<mq:Recipe", 1)[1].split(">", 1)[1].split("</mq:Recipe>", 1)[0]))
    assert told.parameters == wanted.recipe.parameters
    again = maker.generate([Work(told, wanted.inputs)], Silent())[0]
    assert again.main.data == made.main.data


def given(files: Files, task: str, **more: JsonValue) -> Work:
    inputs = {"text": [], "image": ["reference"], "inpaint": ["reference", "mask"], "outpaint": ["reference"]}[task]
    asked: dict[str, JsonValue] = {"width": 64, "height": 64, "task": task} | ({"expand": {"right": 32}} if task == "outpaint" else {})
    return work(4, [files[name] for name in inputs], **asked, **more)


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_a_seamless_tile_goes_on_at_its_other_side_and_leaves_the_model_as_it_was(makers: Makers, family: str) -> None:
    """The model of a tile knows no edges: everything moved round by some latents gives the same picture moved round."""
    maker = makers[family]
    before = maker.generate([work(5)], Silent())[0].main.data
    tile = pixels(maker.generate([work(5, seamless=True)], Silent())[0])
    edge = np.abs(tile[:, 0] - tile[:, -1]).mean() / max(np.abs(np.diff(tile, axis=1)).mean(), 1)
    plain = pixels(maker.generate([work(5)], Silent())[0])
    assert not np.array_equal(tile, plain)
    assert edge < 2
    assert maker.generate([work(5)], Silent())[0].main.data == before


def test_the_layers_of_a_tile_see_the_other_side() -> None:
    """A convolution moved round is the convolution of what was moved round; with an edge it is not."""
    torch.manual_seed(0)
    part = torch.nn.Conv2d(1, 1, 3, padding=1)
    pipe = SimpleNamespace(unet=torch.nn.Sequential(part), vae=torch.nn.Sequential())
    seen = torch.randn(1, 1, 8, 8)

    def moves() -> bool:
        return torch.allclose(part(seen.roll(3, dims=3)), part(seen).roll(3, dims=3), atol=1e-6)

    assert not moves()
    with wrapped(pipe, True):
        assert moves()
    assert not moves()


def test_a_transformer_makes_no_tiles(makers: Makers) -> None:
    with pytest.raises(ModelUnusable) as caught:
        makers["flux"].generate([work(seamless=True)], Silent())
    assert caught.value.field == "seamless"
