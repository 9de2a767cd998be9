"""Pictures enlarged by the small network of Real-ESRGAN: size, sameness, joins, transparency, stopping, refusals."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from domain.capability import StepKind
from domain.errors import AttachmentError, Cancelled, InputError, LimitError
from domain.progress import CancelToken, Progress, Silent
from domain.recipe import InputFile, Output, Recipe, Work
from pipelines.devices import Devices
from pipelines.image.upscale import MODEL, Upscaler
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

pytestmark = pytest.mark.models
Save = Callable[[Image.Image], Path]


@pytest.fixture(scope="module")
def devices() -> Devices:
    return Devices(4_000_000_000)


@pytest.fixture
def upscaler(store: ModelStore, devices: Devices) -> Upscaler:
    return Upscaler(store, devices, threads=1)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(picture: Image.Image) -> Path:
        path = tmp_path / "source.png"
        picture.save(path)
        return path

    return saved


def gradient(width: int, height: int) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)]
    return Image.fromarray(np.stack(planes, -1).astype(np.uint8))


def work(path: Path, **parameters: Any) -> Work:
    recipe = Recipe(
        kind=StepKind.UPSCALE, maker="realesrgan", maker_version=1, parameters={"scale": 4, "style": "fast", "drawn": False, **parameters}
    )
    return Work(recipe, (InputFile("source", path, "image/png"),))


def enlarge(upscaler: Upscaler, path: Path, progress: Progress | None = None, **parameters: Any) -> Output:
    [made] = upscaler.generate([work(path, **parameters)], progress or Silent())
    return made


def pixels(output: Output) -> npt.NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(output.main.data))).astype(np.int16)


@pytest.mark.parametrize("scale", [2, 4])
def test_each_side_grows_by_the_scale_and_the_picture_stays_the_same(upscaler: Upscaler, save: Save, scale: int) -> None:
    source = gradient(96, 64)
    made = enlarge(upscaler, save(source), scale=scale)
    assert (made.facts["width"], made.facts["height"], made.facts["scale"]) == (96 * scale, 64 * scale, scale)
    assert made.main.media_type == "image/png"
    small = np.asarray(Image.open(io.BytesIO(made.main.data)).resize((96, 64), Image.Resampling.BOX)).astype(np.int16)
    assert np.abs(small - np.asarray(source)).mean() < 5


def test_an_edge_is_sharper_than_bicubic_makes_it(upscaler: Upscaler, save: Save) -> None:
    source = Image.new("RGB", (32, 32), "white")
    source.paste("black", (0, 0, 16, 32))
    row = pixels(enlarge(upscaler, save(source)))[64, :, 0]
    plain = np.asarray(source.resize((128, 128), Image.Resampling.BICUBIC)).astype(np.int16)[64, :, 0]
    assert np.abs(np.diff(row)).max() > np.abs(np.diff(plain)).max()


def test_the_same_recipe_gives_the_same_bytes(upscaler: Upscaler, store: ModelStore, save: Save) -> None:
    path = save(gradient(40, 40))
    again = Upscaler(store, Devices(4_000_000_000), threads=1)
    assert enlarge(upscaler, path).main.data == enlarge(again, path).main.data


def test_a_smooth_gradient_has_no_step_where_tiles_join(upscaler: Upscaler, save: Save) -> None:
    made = enlarge(upscaler, save(gradient(150, 140)))
    assert made.facts["tiles"] == 4
    shown = pixels(made)
    assert np.abs(shown[:, 128 * 4] - shown[:, 128 * 4 - 1]).max() <= 4
    assert np.abs(shown[128 * 4] - shown[128 * 4 - 1]).max() <= 4


def test_tiles_join_as_if_there_were_none(upscaler: Upscaler, save: Save, tmp_path: Path) -> None:
    """A picture cut at another place gives the same pixels around the join of the first."""
    rng = np.random.default_rng(3)
    noise = Image.fromarray(rng.integers(0, 255, (24, 200, 3), dtype=np.uint8))
    whole = pixels(enlarge(upscaler, save(noise)))
    part = tmp_path / "part.png"
    noise.crop((80, 0, 200, 24)).save(part)
    inner = pixels(enlarge(upscaler, part))
    near = slice((128 - 10) * 4, (128 + 10) * 4)
    assert np.abs(whole[:, near] - inner[:, near.start - 320 : near.stop - 320]).max() <= 1


def test_transparency_is_kept_and_hidden_colours_make_no_rim(upscaler: Upscaler, save: Save) -> None:
    source = Image.new("RGBA", (40, 40), (0, 255, 0, 0))  # green lies hidden where nothing is seen
    source.paste((220, 30, 30, 255), (10, 10, 30, 30))
    made = pixels(enlarge(upscaler, save(source)))
    assert made.shape == (160, 160, 4)
    assert made[2, 2, 3] == 0 and made[80, 80, 3] == 255
    seen = made[made[..., 3] > 20]
    assert seen[:, 1].max() < 90


def test_a_stop_is_heard_between_two_tiles(upscaler: Upscaler, save: Save) -> None:
    token = CancelToken()

    class Stopping(Silent):
        def __init__(self) -> None:
            super().__init__(token)
            self.notes: list[str] = []

        def report(self, fraction: float, note: str = "") -> None:
            self.notes.append(note)
            if note.endswith("2/3"):
                token.cancel()

    progress = Stopping()
    with pytest.raises(Cancelled):
        enlarge(upscaler, save(gradient(300, 16)), progress)
    assert progress.notes == ["enlarging 1/3", "enlarging 2/3"]


@pytest.mark.parametrize(("side", "scale", "way_out"), [(1100, 4, "scale 2"), (2100, 2, "2048 pixels"), (2100, 4, "2048 pixels")])
def test_what_would_be_too_large_is_refused_before_anything_is_loaded(
    store: ModelStore, save: Save, side: int, scale: int, way_out: str
) -> None:
    devices = Devices(4_000_000_000)
    with pytest.raises(LimitError) as refused:
        enlarge(Upscaler(store, devices), save(Image.new("RGB", (side, 20))), scale=scale)
    assert refused.value.field == "scale" and way_out in refused.value.hint
    assert devices.loaded() == {}


@pytest.mark.parametrize(("field", "value"), [("scale", 3), ("scale", True), ("scale", "4"), ("style", "oil"), ("style", None)])
def test_parameters_that_cannot_be_used_are_named(upscaler: Upscaler, save: Save, field: str, value: object) -> None:
    with pytest.raises(InputError) as refused:
        enlarge(upscaler, save(gradient(8, 8)), **{field: value})
    assert refused.value.field == field


def test_a_source_that_is_missing_or_no_picture_is_refused(upscaler: Upscaler, tmp_path: Path) -> None:
    path = tmp_path / "words.png"
    path.write_text("no picture")
    with pytest.raises(AttachmentError):
        enlarge(upscaler, path)
    with pytest.raises(InputError, match="no picture to enlarge"):
        upscaler.generate([Work(work(path).recipe)], Silent())


def test_a_very_small_picture_is_enlarged_too(upscaler: Upscaler, save: Save) -> None:
    assert pixels(enlarge(upscaler, save(Image.new("RGB", (1, 3), "teal")))).shape == (12, 4, 3)


def test_a_large_source_goes_to_the_fast_network_by_itself(upscaler: Upscaler, save: Save) -> None:
    assert enlarge(upscaler, save(gradient(4096 // 4, 257)), style="auto").facts["network"] == "fast"


def test_without_the_model_the_kind_is_not_offered(upscaler: Upscaler, assets: Path, tmp_path: Path) -> None:
    empty = ModelStore(Catalogue.read(assets / "models.toml"), tmp_path)
    assert Upscaler(empty, Devices(1)).capability() is None
    offered = upscaler.capability()
    assert offered is not None and offered.models == (MODEL,)
