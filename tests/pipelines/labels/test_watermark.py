"""The invisible mark: it is read after what happens to pictures, is not seen, and is not found where there is none."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from pipelines.labels.codewords import SYMBOLS, decoded, encoded, likeliest
from pipelines.labels.watermark import SIDE_MIN, Watermark
from tests.pipelines.labels.scenes import flat, grown

KEY = b"k" * 32
ID = 123_456_789
MARK = Watermark(KEY)


@pytest.mark.parametrize("number", [0, 1, ID, 2**32 - 1])
def test_wrong_symbols_are_mended_where_the_right_ones_are_likely_and_noticed_where_they_are_not(number: int) -> None:
    right = encoded(number)
    assert len(right) == SYMBOLS
    assert decoded(right) == number
    scores = np.random.Generator(np.random.PCG64(number)).uniform(0, 1, (SYMBOLS, 256))
    for place, symbol in enumerate(right):
        scores[place, symbol] = 2.0
        scores[place, (symbol + 1 + place) % 256] = 2.5 if place % 2 else 1.5  # half of them are wrong at first sight
    assert decoded([int(one) for one in scores.argmax(axis=1)]) is None
    assert likeliest(scores) == number
    scores[3, right[3]] = 0.0
    assert likeliest(scores) is None


def test_symbols_of_chance_are_hardly_ever_an_id() -> None:
    chance = np.random.Generator(np.random.PCG64(7))
    assert sum(likeliest(chance.uniform(0, 1, (SYMBOLS, 256))) is not None for _ in range(100)) == 0


@functools.cache
def marked(name: str) -> Image.Image:
    return MARK.on(PICTURES[name](), ID)


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "flat": functools.partial(flat, 3, (768, 768)),
    "texture": functools.partial(grown, 4, (768, 512)),
}


def saved(picture: Image.Image, form: str, **options: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return Image.open(io.BytesIO(out.getvalue()))


def part(picture: Image.Image, left: float) -> Image.Image:
    wide, high = (round(side * (1 - left)) for side in picture.size)
    return picture.crop((37, 21, 37 + min(wide, picture.width - 37), 21 + min(high, picture.height - 21)))


ATTACKS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "nothing": lambda one: one,
    "PNG": lambda one: saved(one, "PNG"),
    "JPEG 90": lambda one: saved(one, "JPEG", quality=90),
    "JPEG 75": lambda one: saved(one, "JPEG", quality=75),
    "JPEG 50": lambda one: saved(one, "JPEG", quality=50),
    "WebP 80": lambda one: saved(one, "WEBP", quality=80),
    "half": lambda one: one.resize((one.width // 2, one.height // 2), Image.Resampling.LANCZOS),
    "double": lambda one: one.resize((one.width * 2, one.height * 2), Image.Resampling.BICUBIC),
    "without a tenth": lambda one: part(one, 0.1),
    "without a quarter": lambda one: part(one, 0.25),
    "darker": lambda one: ImageEnhance.Brightness(one).enhance(0.75),
    "blurred": lambda one: one.filter(ImageFilter.GaussianBlur(1)),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", PICTURES)
def test_the_mark_is_read_after(name: str, attack: str) -> None:
    found = MARK.found(ATTACKS[attack](marked(name)))
    assert found is not None
    assert found.number == ID


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_weak_and_the_same_each_time(name: str) -> None:
    plain = np.asarray(PICTURES[name]()).astype(float)
    added = np.asarray(marked(name)) - plain
    assert 10 * np.log10(255**2 / np.mean(added**2)) > 41
    assert np.abs(added.mean()) < 0.2
    assert np.array_equal(np.asarray(marked(name)), np.asarray(Watermark(KEY).on(PICTURES[name](), ID)))


def test_what_is_not_marked_and_what_another_studio_marked_is_not_found() -> None:
    other = Watermark(b"o" * 32)
    for seed in range(4):
        for picture in (flat(seed, (400, 300)), grown(seed, (300, 400))):
            assert MARK.found(picture) is None
            assert MARK.found(other.on(picture, ID)) is None


def test_what_is_transparent_stays_and_small_ones_are_never_read() -> None:
    picture = Image.new("RGBA", (400, 400), (10, 20, 30, 0))
    picture.paste(flat(1, (400, 300)), (0, 0))
    picture.putalpha(Image.fromarray((np.arange(400)[:, None] < 300).repeat(400, 1).astype(np.uint8) * 255))
    made = np.asarray(MARK.on(picture, ID))
    assert (made[300:] == np.asarray(picture)[300:]).all()
    assert not (made[:300] == np.asarray(picture)[:300]).all()
    assert MARK.found(Image.new("RGB", (40, 40))) is None
    assert SIDE_MIN == 256


def test_a_picture_of_few_colours_becomes_one_of_many() -> None:
    made = MARK.on(flat(2, (512, 512)).quantize(16), ID)
    assert made.mode == "RGB"
    found = MARK.found(made)
    assert found is not None
    assert found.number == ID
