from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import resvg_py
from PIL import Image

from domain.scene import Scene, Setting
from pipelines.image.illustration.light import light_of
from pipelines.image.illustration.settings import OUTDOORS, SETTINGS, VEILS
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import ATTRIBUTES, ELEMENTS, Canvas

SIZES = ((1024, 1024), (1200, 628), (1080, 1920))
TIMES = ("day", "dawn", "sunset", "night")
BRAND = ("#0f4c5c", "#e36414", "#fb8b24", "#f7ede2")
#: Most shapes and gradients a backdrop may have, so that it stays quick to draw and light to open.
MOST_ELEMENTS = 2500
#: The canvas names its layers for drawing programs.
LAYER_NAMES = "{http://www.inkscape.org/namespaces/inkscape}"
#: Least mean difference between two of twenty pictures, in steps of 0..255, over all pixels at 64 x 64.
LEAST_DIFFERENCE = 3.0


def backdrop(setting: Setting, seed: int, size: tuple[int, int] = (1024, 1024), **scene: Any) -> tuple[str, Floor]:
    made = Scene(setting=setting, **scene)
    stage = Stage(Canvas(*size), light_of(made), made, seed)
    floor = SETTINGS[setting](stage)
    for markup in floor.front:
        stage.canvas.add(markup)
    return stage.canvas.svg(setting.value), floor


def pixels(svg: str, side: int = 64) -> npt.NDArray[np.float32]:
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True))
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.float32)


def test_every_setting_has_a_drawing_and_the_lists_name_settings() -> None:
    assert set(SETTINGS) == set(Setting)
    assert set(VEILS) <= set(Setting)
    assert set(Setting) > OUTDOORS


@pytest.mark.parametrize("setting", list(Setting))
def test_a_backdrop_is_plain_svg_of_a_bounded_number_of_shapes(setting: Setting) -> None:
    for index, size in enumerate(SIZES):
        for seed in (1, 2):
            svg, _ = backdrop(setting, seed + 10 * index, size, time=TIMES[(index + seed) % 4])
            elements = list(ET.fromstring(svg).iter())
            names = {e.tag.rsplit("}", 1)[-1] for e in elements}
            assert names <= ELEMENTS | {"svg", "title"}
            assert {a for e in elements[1:] for a in e.attrib if not a.startswith(LAYER_NAMES)} <= ATTRIBUTES
            assert "nan" not in svg and "inf" not in svg
            assert 1 < len(elements) < MOST_ELEMENTS


@pytest.mark.parametrize("setting", list(Setting))
@pytest.mark.parametrize("margin", ["none", "left", "bottom"])
def test_the_floor_lies_in_the_picture(setting: Setting, margin: str) -> None:
    for size in SIZES:
        for seed in range(3):
            _, floor = backdrop(setting, seed, size, margin=margin)
            assert 0 < floor.far < floor.near <= size[1]
            assert floor.footing in ("ground", "water", "none")
            assert 0 <= floor.sun <= 1 and 0 <= floor.shade < 1
            if floor.water is not None:
                assert 0 < floor.water[0] < floor.water[1] <= floor.far
            if floor.spot is not None:
                assert floor.spot - floor.spot_width / 2 >= 0
                assert floor.spot + floor.spot_width / 2 <= size[0]


@pytest.mark.parametrize("setting", list(Setting))
def test_the_same_seed_gives_the_same_bytes(setting: Setting) -> None:
    for time in ("day", "night"):
        assert backdrop(setting, 5, time=time)[0] == backdrop(setting, 5, time=time)[0]


@pytest.mark.parametrize("setting", list(Setting))
def test_twenty_seeds_give_twenty_pictures(setting: Setting) -> None:
    drawn = np.stack([pixels(backdrop(setting, seed, (512, 512))[0]) for seed in range(1, 21)])
    apart = [float(np.abs(drawn[i] - drawn[j]).mean()) for i in range(20) for j in range(i)]
    assert min(apart) > (2.0 if setting is Setting.PLAIN else LEAST_DIFFERENCE)


@pytest.mark.parametrize("setting", list(Setting))
def test_time_of_day_and_palette_change_the_light(setting: Setting) -> None:
    day, night = (pixels(backdrop(setting, 4, (512, 512), time=time)[0]) for time in ("day", "night"))
    brand = pixels(backdrop(setting, 4, (512, 512), palette=BRAND)[0])
    assert night.mean() < day.mean() or setting is Setting.SPACE
    assert float(np.abs(brand - day).mean()) > 2.0
