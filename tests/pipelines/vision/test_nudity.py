"""Open NSFW, the real one: what our own pictures score, and what it does with pictures that are no squares."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.moderation import GALLERY, tiles
from domain.errors import AttachmentError, ModelMissing
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.vision.nudity import Nudity


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def nudity(store: ModelStore) -> Nudity:
    return Nudity(store, Devices(1_000_000_000), threads=1)


@pytest.mark.models
def test_our_own_pictures_are_far_from_every_threshold(nudity: Nudity) -> None:
    scores = [nudity.score(tile) for number, tile in enumerate(tiles(GALLERY)) if number % 10 == 0]
    assert len(scores) == 20
    assert all(0.0 <= score < 0.4 for score in scores)


@pytest.mark.models
def test_the_same_picture_has_the_same_score(nudity: Nudity) -> None:
    picture = png(noise(300, 300))
    assert nudity.score(picture) == nudity.score(picture)


@pytest.mark.models
def test_a_long_picture_is_looked_at_along_its_side(nudity: Nudity) -> None:
    tile = Image.open(io.BytesIO(next(iter(tiles(GALLERY))))).convert("RGB")
    side = min(tile.size)
    square = tile.crop((0, 0, side, side))
    banner = Image.new("RGB", (side * 5, side), "white")
    banner.paste(square, (side * 4, 0))
    assert nudity.score(png(banner)) >= nudity.score(png(square))


@pytest.mark.models
def test_what_is_transparent_is_white(nudity: Nudity) -> None:
    white = nudity.score(png(Image.new("RGB", (256, 256), "white")))
    assert nudity.score(png(Image.new("RGBA", (256, 256), (200, 20, 20, 0)))) == pytest.approx(white, abs=1e-6)


@pytest.mark.models
def test_what_is_no_picture_is_refused_as_such(nudity: Nudity) -> None:
    with pytest.raises(AttachmentError):
        nudity.score(b"not a picture at all")


def test_without_its_weights_it_is_not_ready_and_gives_no_score(assets: Path, tmp_path: Path) -> None:
    missing = Nudity(ModelStore(Catalogue.read(assets / "models.toml"), tmp_path, offline=True), Devices(1_000_000_000))
    assert not missing.ready()
    with pytest.raises(ModelMissing):
        missing.score(png(Image.new("RGB", (8, 8))))


def test_it_comes_with_the_default_install(assets: Path) -> None:
    assert "opennsfw" in Catalogue.read(assets / "models.toml").default_ids
