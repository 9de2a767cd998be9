"""A picture enlarged tile by tile by a tiny model: what is drawn anew, what stays, and that no tile shows its edge."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from domain.errors import Cancelled, InputError
from domain.model import Task
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.enlarging import Tile, blended, layout
from pipelines.image.families import Families
from tests.pipelines.image.test_diffusion import pixels, work
from tests.pipelines.image.tiny_adapters import save_control, store_with
from tests.pipelines.image.tiny_models import FAMILIES, save_sd15

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

#: The tiny model is at its best with 32 pixels: a picture of 80x48 is three by two of its tiles.
SMALL = Families([family.model_copy(update={"sizes": ((32, 32),)}) for family in FAMILIES.all], FAMILIES.schedulers)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Diffusion:
    root = tmp_path_factory.mktemp("sd15")
    model = save_sd15(root / "model", root / "scratch")
    folders = {"tiny": model, "tile": save_control(model, root / "tile")}
    store = store_with(folders, root / "cache", {"tile": Task.CONTROLNET})
    return Diffusion(store, Devices(2_000_000_000), "tiny", "cpu", families=SMALL, dtype="float32")


@pytest.fixture
def half_plain(tmp_path: Path) -> InputFile:
    """40x24: noise on the left, one colour on the right."""
    values = np.full((24, 40, 3), 120, np.uint8)
    values[:, :20] = np.random.default_rng(1).integers(0, 255, (24, 20, 3), np.uint8)
    Image.fromarray(values).save(tmp_path / "start.png")
    return InputFile("reference", tmp_path / "start.png", "image/png")


def made(maker: Diffusion, start: InputFile, **more: JsonValue) -> Output:
    asked: dict[str, JsonValue] = {"task": "upscale", "width": 80, "height": 48, "strength": 0.5} | more
    return maker.generate([work(5, [start], **asked)], Silent())[0]


def test_a_picture_is_drawn_anew_in_tiles_where_there_is_something_and_stays_where_it_is_plain(
    maker: Diffusion, half_plain: InputFile
) -> None:
    result = made(maker, half_plain)
    assert (result.facts["task"], result.facts["width"], result.facts["height"], result.facts["tiles"]) == ("upscale", 80, 48, 6)
    large = np.asarray(Image.open(half_plain.path).resize((80, 48), Image.Resampling.LANCZOS), np.float64)
    seen = pixels(result)
    assert np.array_equal(seen[:, 60:], large[:, 60:])
    assert np.abs(seen[:, :30] - large[:, :30]).mean() > 2
    assert result.main.data == made(maker, half_plain).main.data
    assert result.main.data != maker.generate([work(6, [half_plain], task="upscale", width=80, height=48)], Silent())[0].main.data


def test_a_controlnet_holds_each_tile_to_itself(maker: Diffusion, half_plain: InputFile) -> None:
    held = made(maker, half_plain, controls=[{"model": "tile", "hint": "tile"}])
    assert held.main.data != made(maker, half_plain).main.data


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"width": 400}, "width"), ({"height": 20}, "height"), ({"seamless": True}, "seamless"), ({"expand": {"left": 8}}, "expand"),
        ({"controls": [{"model": "tile", "prepared": True}]}, "controls"),
    ],
)  # fmt: skip
def test_what_an_enlarged_picture_cannot_be_is_refused_at_its_field(
    maker: Diffusion, half_plain: InputFile, asked: dict[str, JsonValue], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        made(maker, half_plain, **asked)
    assert caught.value.field == field
    assert caught.value.hint


def test_nothing_to_enlarge_is_said_at_the_reference(maker: Diffusion) -> None:
    with pytest.raises(InputError) as caught:
        maker.generate([work(task="upscale")], Silent())
    assert caught.value.field == "reference"


def test_a_stop_is_heard_between_tiles(maker: Diffusion, half_plain: InputFile) -> None:
    token = CancelToken()

    class Stops(Silent):
        def report(self, fraction: float, note: str = "") -> None:
            if note.startswith("decoding"):
                token.cancel()

    with pytest.raises(Cancelled):
        maker.generate([work(5, [half_plain], task="upscale", width=80, height=48)], Stops(token))


@pytest.mark.parametrize("size", [(32, 32), (33, 32), (80, 48), (1000, 700)])
def test_tiles_cover_every_pixel_and_share_a_quarter_with_the_next(size: tuple[int, int]) -> None:
    tiles = list(layout(size, (32, 32)))
    covered = np.zeros((size[1], size[0]), int)
    for tile in tiles:
        left, top, right, bottom = tile.box
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        covered[top:bottom, left:right] += 1
    assert covered.min() >= 1
    lefts = sorted({tile.left for tile in tiles})
    assert all(later - earlier <= 24 for earlier, later in pairwise(lefts))


def test_tiles_of_one_picture_put_together_are_that_picture_and_unlike_ones_run_into_one_another() -> None:
    rng = np.random.default_rng(2)
    picture = Image.fromarray(rng.integers(0, 255, (48, 80, 3), np.uint8))
    tiles = list(layout(picture.size, (32, 32)))
    assert blended(picture.size, [(tile, picture.crop(tile.box)) for tile in tiles]).tobytes() == picture.tobytes()
    two = [(Tile(0, 0, (32, 8)), Image.new("RGB", (32, 8), (0, 0, 0))), (Tile(16, 0, (32, 8)), Image.new("RGB", (32, 8), (200, 200, 200)))]
    row = np.asarray(blended((48, 8), two))[4, :, 0].astype(int)
    assert row[0] == 0
    assert row[-1] == 200
    assert np.abs(np.diff(row)).max() < 60, "no step between them"
