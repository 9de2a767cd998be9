"""Pictures cut out by U²-Net: the subject is found, its edge is where it is, transparency is kept, what cannot be cut out is refused."""

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
from domain.errors import AttachmentError, Cancelled, InputError, InvalidOutput, LimitError
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output, Recipe, Work
from pipelines.devices import Devices
from pipelines.image.cutout import Cutter
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

pytestmark = pytest.mark.models
Save = Callable[[Image.Image], Path]


@pytest.fixture(scope="module")
def cutter(store: ModelStore) -> Cutter:
    return Cutter(store, Devices(2_000_000_000), threads=1)


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(picture: Image.Image) -> Path:
        path = tmp_path / "source.png"
        picture.save(path)
        return path

    return saved


def ball(width: int = 640, height: int = 480) -> tuple[Image.Image, npt.NDArray[np.bool_]]:
    """A shaded red ball before a pale wall, and where it is."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(x - width * 0.5, y - height * 0.52) / (height * 0.34)
    wall = np.stack([205 - y / 8, 212 - y / 10, 230 - y / 14], -1)
    light = np.clip(1.1 - np.hypot(x - width * 0.42, y - height * 0.4) / (height * 0.8), 0.15, 1.0)[..., None]
    inside = np.clip((1.0 - distance) * 120, 0.0, 1.0)[..., None]
    mixed = wall * (1 - inside) + light * np.array([215, 60, 40]) * inside
    return Image.fromarray(mixed.clip(0, 255).astype(np.uint8)), distance < 1.0


def work(path: Path, **parameters: Any) -> Work:
    recipe = Recipe(kind=StepKind.CUTOUT, maker="u2net", maker_version=1, parameters={"edge": "soft", "background": "", **parameters})
    return Work(recipe, (InputFile("source", path, "image/png"),))


def cut(cutter: Cutter, path: Path, **parameters: Any) -> Output:
    [made] = cutter.generate([work(path, **parameters)], Silent())
    return made


def opened(output: Output) -> Image.Image:
    return Image.open(io.BytesIO(output.main.data))


def test_the_subject_is_left_and_its_edge_is_where_it_is(cutter: Cutter, save: Save) -> None:
    picture, truth = ball()
    made = cut(cutter, save(picture))
    result = opened(made)
    assert (result.mode, result.size) == ("RGBA", picture.size)
    found = np.asarray(result.getchannel("A")) > 127
    assert (found & truth).sum() / (found | truth).sum() > 0.97
    kept = made.facts["kept"]
    assert isinstance(kept, float) and abs(kept - truth.mean()) < 0.02


def test_no_rim_of_the_old_background_is_left(cutter: Cutter, save: Save) -> None:
    picture, _ = ball()
    values = np.asarray(opened(cut(cutter, save(picture)))).astype(np.int16)
    rim = values[(values[..., 3] > 20) & (values[..., 3] < 200)]
    assert len(rim) > 50
    assert (rim[:, 0] > rim[:, 2]).mean() > 0.95, "half-seen pixels are red, not the blue-grey of the wall"


def test_the_same_recipe_gives_the_same_bytes(cutter: Cutter, save: Save) -> None:
    path = save(ball()[0])
    assert cut(cutter, path).main.data == cut(cutter, path).main.data


def test_a_hard_edge_is_one_or_the_other_and_a_background_fills_the_rest(cutter: Cutter, save: Save) -> None:
    path = save(ball()[0])
    assert set(np.unique(np.asarray(opened(cut(cutter, path, edge="hard")).getchannel("A")))) == {0, 255}
    filled = opened(cut(cutter, path, background="#00ff00"))
    assert filled.mode == "RGB" and filled.getpixel((2, 2)) == (0, 255, 0)


def test_what_was_transparent_stays_so(cutter: Cutter, save: Save) -> None:
    picture, truth = ball()
    half = Image.fromarray((np.mgrid[0:480, 0:640][1] < 320).astype(np.uint8) * 255)
    picture.putalpha(half)
    alpha = np.asarray(opened(cut(cutter, save(picture))).getchannel("A"))
    assert alpha[:, 330:].max() == 0 and alpha[:, :310][truth[:, :310]].mean() > 230


def test_a_picture_of_nothing_is_a_typed_error(cutter: Cutter, save: Save) -> None:
    with pytest.raises(InvalidOutput, match="stands out"):
        cut(cutter, save(Image.new("RGB", (200, 200), "#808080")))


@pytest.mark.parametrize(
    ("parameters", "field"), [({"edge": "fuzzy"}, "edge"), ({"background": "green"}, "background"), ({"background": 3}, "background")]
)
def test_parameters_it_cannot_use_are_named(cutter: Cutter, save: Save, parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        cut(cutter, save(ball(64, 48)[0]), **parameters)
    assert refused.value.field == field


def test_sources_that_are_none_are_refused_before_anything_is_loaded(assets: Path, tmp_path: Path, save: Save) -> None:
    empty = Cutter(ModelStore(Catalogue.read(assets / "models.toml"), tmp_path / "nothing", offline=True), Devices(1_000_000))
    assert empty.capability() is None
    with pytest.raises(LimitError, match="4096"):
        cut(empty, save(Image.new("RGB", (4200, 10))))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(AttachmentError):
        cut(empty, broken)
    with pytest.raises(InputError, match="no picture to cut out"):
        empty.generate([Work(work(broken).recipe)], Silent())


def test_a_cancel_is_heard(cutter: Cutter, save: Save) -> None:
    token = CancelToken()
    token.cancel()

    class Stopped(Silent):
        def check(self) -> None:
            token.check()

    with pytest.raises(Cancelled):
        cutter.generate([work(save(ball(64, 48)[0]))], Stopped())
