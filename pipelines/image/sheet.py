"""Puts pictures on one sheet, in equal cells, with an atlas that says where each lies: sprites and icons for game engines.

The atlas has the form of TexturePacker's "JSON (Hash)", which Phaser, PixiJS, Cocos and plugins of Godot and Unity read. Knows pixels and
names; nothing of where a picture came from.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from domain.errors import InputError, LimitError
from domain.recipe import OutputFile
from domain.value import JsonValue
from pipelines.media.picture import decode, encode

VERSION = 1
MOST_PIXELS = 8192
PICTURES_MAX = 256


@dataclass(frozen=True)
class Sprite:
    """name: what the engine calls it; made unique and plain here. data: PNG, JPEG or WebP."""

    name: str
    data: bytes


@dataclass(frozen=True)
class SheetOrder:
    """cell: side in pixels of the square each picture is fitted into. columns 0: as square as it goes. padding: pixels around each cell.

    trim: leave out what is transparent around a picture before fitting it.
    """

    cell: int = 256
    columns: int = 0
    padding: int = 2
    trim: bool = True


def sheet(sprites: Sequence[Sprite], order: SheetOrder) -> tuple[OutputFile, OutputFile]:
    """sheet.png and atlas.json. The same pictures and order give the same bytes.

    Raises InputError for no picture and numbers out of range, LimitError for a sheet over 8192 pixels a side or more than 256 pictures,
    AttachmentError for what is no picture.
    """
    columns, rows = _size(len(sprites), order)
    step = order.cell + 2 * order.padding
    width, height = columns * step, rows * step
    page = Image.new("RGBA", (width, height))
    frames: dict[str, JsonValue] = {}
    for number, sprite in enumerate(sprites):
        picture, source, seen = _fitted(sprite, order)
        x = number % columns * step + order.padding + (order.cell - picture.width) // 2
        y = number // columns * step + order.padding + (order.cell - picture.height) // 2
        page.paste(picture, (x, y))
        scale = picture.width / (seen[2] - seen[0])
        left, top, wide, high = (round(side * scale) for side in (*seen[:2], *source))
        frames[_name(sprite.name, frames)] = {
            "frame": {"x": x, "y": y, "w": picture.width, "h": picture.height},
            "rotated": False,
            "trimmed": seen != (0, 0, *source),
            "spriteSourceSize": {"x": left, "y": top, "w": picture.width, "h": picture.height},
            "sourceSize": {"w": wide, "h": high},
        }
    meta: dict[str, JsonValue] = {
        "app": "Maquette", "version": "1.0", "image": "sheet.png", "format": "RGBA8888", "size": {"w": width, "h": height}, "scale": "1",
    }  # fmt: skip
    atlas = json.dumps({"frames": frames, "meta": meta}, ensure_ascii=False, indent=1) + "\n"
    return OutputFile("sheet.png", "image/png", encode(page)), OutputFile("atlas.json", "application/json", atlas.encode())


def _size(count: int, order: SheetOrder) -> tuple[int, int]:
    if not count:
        raise InputError("There is no picture for the sheet.", hint="Choose some that are made.", field="assets")
    if count > PICTURES_MAX:
        raise LimitError(
            "{count} pictures are chosen; {most} are the most on one sheet.",
            hint="Make two.",
            field="assets",
            count=count,
            most=PICTURES_MAX,
        )
    for name, value, least, most in (("cell", order.cell, 8, 2048), ("columns", order.columns, 0, 256), ("padding", order.padding, 0, 64)):
        if not least <= value <= most:
            raise InputError(
                "{name} is {value}.", hint="Use {least} to {most}.", field=name, name=name, value=value, least=least, most=most
            )
    columns = min(order.columns, count) or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    longest = max(columns, rows) * (order.cell + 2 * order.padding)
    if longest > MOST_PIXELS:
        told = "{columns} x {rows} cells of {cell} pixels make a sheet of {longest} pixels; {most} are the most."
        given = {"columns": columns, "rows": rows, "cell": order.cell, "longest": longest, "most": MOST_PIXELS}
        raise LimitError(told, hint="Use smaller cells.", field="cell", given=given)
    return columns, rows


Box = tuple[int, int, int, int]


def _fitted(sprite: Sprite, order: SheetOrder) -> tuple[Image.Image, tuple[int, int], Box]:
    """The picture as it lies in its cell, the size it had, and which part of it that is (left, top, right, bottom)."""
    whole = decode(sprite.data, sprite.name).convert("RGBA")
    seen: Box = whole.getchannel("A").getbbox() or (0, 0, *whole.size) if order.trim else (0, 0, *whole.size)
    part = whole.crop(seen)
    scale = order.cell / max(part.size)
    size = (max(1, round(part.width * scale)), max(1, round(part.height * scale)))
    # Small art is enlarged by whole pixels, so that pixel art stays pixel art.
    how = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
    return part.resize(size, how), whole.size, seen


def _name(name: str, taken: dict[str, JsonValue]) -> str:
    """Letters and digits of any script, the rest as "-"; with a number where another has it."""
    plain = re.sub(r"[\W_]+", "-", name.casefold()).strip("-")[:60] or "sprite"
    return next(found for number in range(1, len(taken) + 2) if (found := plain if number == 1 else f"{plain}-{number}") not in taken)
