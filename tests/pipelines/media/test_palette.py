from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.media.palette import contrast, distance, from_lch, lch, palette_of, worst_contrast

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#336699", "#336699") == 1.0


@given(colours)
def test_lightness_chroma_and_hue_give_the_colour_back(colour: str) -> None:
    assert distance(from_lch(*lch(colour)), colour) < 0.03


@given(st.floats(0.1, 1), st.floats(0, 0.4), st.floats(0, 360))
def test_every_wish_is_a_colour_that_exists(lightness: float, chroma: float, hue: float) -> None:
    made = from_lch(lightness, chroma, hue)
    assert len(made) == 7
    assert abs(lch(made)[0] - lightness) < 0.04


def test_the_main_colours_of_a_picture_are_found_and_a_lively_subject_counts() -> None:
    picture = np.full((100, 100, 3), (200, 200, 205), dtype=np.uint8)
    picture[:, 60:] = (30, 60, 160)
    picture[40:60, 20:40] = (230, 40, 40)
    found = palette_of(picture, 3)
    for wanted in ("#c8c8cd", "#1e3ca0", "#e62828"):
        assert min(distance(wanted, colour) for colour in found) < 0.03, (wanted, found)


def test_one_colour_gives_one_colour() -> None:
    assert palette_of(np.full((8, 8, 3), 128, dtype=np.uint8)) == ("#808080",)


def test_the_worst_pixel_decides() -> None:
    pixels = np.zeros((4, 4, 3), dtype=np.uint8)
    assert worst_contrast("#ffffff", pixels) == pytest.approx(21.0)
    pixels[2, 2] = 255
    assert worst_contrast("#ffffff", pixels) == 1.0
