"""CIEDE2000 against its authors' numbers, and recolouring without any art."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.scene import Scene
from pipelines.image.illustration.art import INK
from pipelines.image.illustration.colour import ciede2000, delta_e, hue_distance, lch, tone_of
from pipelines.image.illustration.light import light_of
from pipelines.image.illustration.recolour import body, main_colour, of_material, painter, recolour

#: Sharma, Wu, Dalal 2005, table 1: pairs chosen to find mistakes in hue and rotation terms.
SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, -0.001, 2.49), (50.0, 0.0011, -2.49), 4.7461),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (50.0, 3.2592, 0.335), 1.0),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
]
DRAGON = {"#44911b": 0.5, "#86d72f": 0.2, "#ffce31": 0.15, "#f8312f": 0.1, "#1c1c1c": 0.05}


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_the_colour_difference_is_the_published_one(
    first: tuple[float, float, float], second: tuple[float, float, float], expected: float
) -> None:
    assert ciede2000(first, second) == pytest.approx(expected, abs=1e-4)
    assert ciede2000(second, first) == pytest.approx(expected, abs=1e-4)


@settings(deadline=None)
@given(st.integers(0, 0xFFFFFF))
def test_a_colour_differs_from_itself_by_nothing(value: int) -> None:
    assert delta_e(f"#{value:06x}", f"#{value:06x}") == 0


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 0xFFFFFF), st.sampled_from(["day", "night", "sunset", "dawn"]), st.sampled_from(["clear", "fog", "storm"]))
def test_any_asked_colour_is_reached_before_and_after_the_light(value: int, time: str, weather: str) -> None:
    asked = f"#{value:06x}"
    light = light_of(Scene.model_validate({"time": time, "weather": weather}))
    achieved = painter(DRAGON, asked, light, (), living=True).achieved
    assert achieved is not None
    assert achieved.delta < 10
    assert delta_e(asked, achieved.seen) < 10


def test_shading_is_kept_in_order() -> None:
    paint = recolour(DRAGON, "#8448c4")
    assert lch(paint("#44911b")).light < lch(paint("#86d72f")).light
    assert paint("#1c1c1c") == "#1c1c1c"


def test_of_a_living_thing_everything_but_small_accents_turns() -> None:
    assert "#f8312f" in body(DRAGON, living=True)
    assert "#f8312f" not in body(DRAGON, living=False)
    assert main_colour(DRAGON) == "#44911b"


def test_a_material_spreads_its_tones_by_lightness() -> None:
    ramp = ("#101010", "#606060", "#a0a0a0", "#e0e0e0")
    paint = of_material(DRAGON, ramp)
    lights = [lch(paint(c)).light for c in sorted(DRAGON, key=lambda c: lch(c).light)]
    assert lights == sorted(lights) and lights[0] < 0.3


def test_a_material_in_an_asked_colour_is_that_colour_and_still_shaded() -> None:
    gold = ("#7a4a08", "#b97a12", "#e3a92c", "#f6d468", "#fff4c2")
    got = painter(DRAGON, "#2f6fdb", light_of(Scene()), (), ramp=gold)
    assert got.achieved and got.achieved.asked == "#2f6fdb" and delta_e(got.achieved.seen, "#2f6fdb") < 7
    assert len({got.of(c) for c in DRAGON}) > 1


def test_shading_leaves_most_of_the_area_the_asked_colour_even_at_night() -> None:
    for time in ("day", "sunset", "night"):
        paint = painter(DRAGON, "#3fa45b", light_of(Scene.model_validate({"time": time})), (), living=True, haze=0.5).of
        turning = sorted(body(DRAGON, living=True))
        near = sum(DRAGON[c] for c in turning if delta_e(paint(c), "#3fa45b") <= 10)
        assert near > 0.9 * sum(DRAGON[c] for c in turning), time


def test_a_tone_keeps_to_the_palette_at_every_depth_and_hour() -> None:
    palette = ("#2f6fdb", "#f2aa4c")
    for time in ("day", "night"):
        light = light_of(Scene.model_validate({"time": time, "palette": palette}))
        for natural in ("#4f9d3a", "#c9a26e", "#8d939b"):
            for depth in (0.0, 0.5, 1.0):
                tone = light.tone(natural, depth)
                assert min(delta_e(tone, tone_of(p, lch(tone).light)) for p in palette) < 3


def test_a_silhouette_takes_the_palette_and_other_greys_stay() -> None:
    paint = painter({}, None, light_of(Scene()), ("#cf3aa3",)).of
    assert hue_distance(lch(paint(INK)).hue, lch("#cf3aa3").hue) < 15
    assert lch(paint("#808080")).chroma < 0.03
