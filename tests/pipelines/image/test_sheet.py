"""Sheets of sprites: every picture lies where the atlas says, trimmed and fitted; the same pictures give the same bytes."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from domain.errors import AttachmentError, InputError, LimitError
from pipelines.image.sheet import SheetOrder, Sprite, sheet
from pipelines.media.seams import seams


def sprite(name: str, colour: str, size: tuple[int, int] = (40, 40), box: tuple[int, int, int, int] | None = None) -> Sprite:
    picture = Image.new("RGBA", size)
    picture.paste(colour, box or (0, 0, *size))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return Sprite(name, buffer.getvalue())


def opened(sprites: list[Sprite], **order: Any) -> tuple[Image.Image, dict[str, Any]]:
    page, atlas = sheet(sprites, SheetOrder(**order))
    return Image.open(io.BytesIO(page.data)), json.loads(atlas.data)


def test_every_picture_lies_where_the_atlas_says() -> None:
    colours = {"red": "#ff0000", "green": "#00ff00", "blue": "#0000ff", "white": "#ffffff", "grey": "#808080"}
    page, atlas = opened([sprite(name, colour) for name, colour in colours.items()], cell=32, padding=1)
    assert page.size == (3 * 34, 2 * 34) == (atlas["meta"]["size"]["w"], atlas["meta"]["size"]["h"])
    for name, colour in colours.items():
        frame = atlas["frames"][name]["frame"]
        cut = page.crop((frame["x"], frame["y"], frame["x"] + frame["w"], frame["y"] + frame["h"]))
        assert cut.size == (32, 32)
        assert {pixel for _, pixel in cut.getcolors() or ()} == {(*bytes.fromhex(colour[1:]), 255)}
    assert page.getpixel((0, 0)) == (0, 0, 0, 0), "padding is transparent"


def test_what_is_transparent_around_a_picture_is_left_out_and_told() -> None:
    given = [sprite("gem", "#ff0000", (100, 100), (10, 20, 60, 45))]
    _, atlas = opened(given, cell=50, padding=0)
    gem = atlas["frames"]["gem"]
    assert gem["trimmed"] and gem["frame"] == {"x": 0, "y": 12, "w": 50, "h": 25}
    assert gem["spriteSourceSize"] == {"x": 10, "y": 20, "w": 50, "h": 25} and gem["sourceSize"] == {"w": 100, "h": 100}
    _, whole = opened(given, cell=50, padding=0, trim=False)
    assert not whole["frames"]["gem"]["trimmed"] and whole["frames"]["gem"]["frame"]["w"] == 50


def test_two_pictures_of_one_name_keep_apart_and_names_are_plain() -> None:
    _, atlas = opened(
        [sprite("A <gem>/..", "#ff0000"), sprite("a gem", "#00ff00"), sprite("宝石", "#0000ff"), sprite("!!", "#ffffff")], cell=8
    )
    assert list(atlas["frames"]) == ["a-gem", "a-gem-2", "宝石", "sprite"]


def test_the_same_pictures_give_the_same_bytes() -> None:
    made = [sheet([sprite("a", "#102030"), sprite("b", "#405060", (7, 31))], SheetOrder()) for _ in range(2)]
    assert [file.data for file in made[0]] == [file.data for file in made[1]]


@pytest.mark.parametrize(
    ("count", "order", "field"),
    [(0, {}, "assets"), (1, {"cell": 4}, "cell"), (1, {"padding": -1}, "padding"), (1, {"columns": 999}, "columns")],
)
def test_numbers_that_make_no_sheet_are_named(count: int, order: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as refused:
        sheet([sprite("a", "#102030")] * count, SheetOrder(**order))
    assert refused.value.field == field


def test_a_sheet_too_large_is_refused_before_it_is_drawn() -> None:
    with pytest.raises(LimitError, match="8192"):
        sheet([sprite("a", "#102030")] * 25, SheetOrder(cell=2048))
    with pytest.raises(LimitError, match="256"):
        sheet([sprite("a", "#102030")] * 257, SheetOrder(cell=8))
    with pytest.raises(AttachmentError, match="fox"):
        sheet([Sprite("fox", b"words")], SheetOrder())


# Seams


def test_a_tile_has_no_seam_and_a_scene_has_one() -> None:
    y, x = np.mgrid[0:64, 0:64] * (2 * np.pi / 64)
    tile = (127 + 60 * np.sin(x) + 60 * np.cos(2 * y)).astype(np.uint8)
    found = seams(Image.fromarray(tile))
    assert found.seamless and found.across < 1.3 and found.down < 1.3
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None], 64, axis=0)
    found = seams(Image.fromarray(ramp))
    assert not found.seamless and found.across > 10 and found.down == 0.0


@pytest.mark.parametrize("size", [(1, 1), (64, 1), (64, 64)])
def test_one_colour_has_no_seam(size: tuple[int, int]) -> None:
    assert seams(Image.new("RGB", size, "#336699")).seamless
