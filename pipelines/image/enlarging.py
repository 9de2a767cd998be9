"""A picture enlarged by a diffusion model: drawn again over its enlarged pixels, in tiles that overlap and run into one another.

Each tile is a picture from a picture at a size the model is best at, with a seed of its own. It knows nothing of how one is made.
"""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from domain.errors import InputError
from domain.picture import PictureTask
from domain.recipe import InputFile, Output, OutputFile, Work
from domain.value import JsonValue
from pipelines.image import asking
from pipelines.image.asking import Parameters
from pipelines.image.loading import Opened
from pipelines.media.picture import decode, encode

#: How far a tile is left when nobody says: enough for new detail, too little for new things. One step at least.
_STRENGTH = 0.35
#: Of a tile's side, what it shares with the next.
_SHARED = 4
#: Largest enlargement of a side: beyond it a tile shows too little of a thing to know what it is.
_MOST = 4.0
#: Spread of the values of a tile with nothing in it, of 0..255: a model has nothing to add to a plain sky.
_PLAIN = 3.0
#: Between the seeds of two tiles: any odd number that no person counts by.
_STRIDE = 7919


@dataclass(frozen=True)
class Tile:
    left: int
    top: int
    side: tuple[int, int]

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.left + self.side[0], self.top + self.side[1]


def wanted(work: Work) -> bool:
    return work.recipe.parameters.get("task") == PictureTask.UPSCALE.value


def enlarged(work: Work, opened: Opened, draw: Callable[[Sequence[Work]], list[Output]]) -> Output:
    """The picture of one work. draw: makes pictures from pictures.

    facts: as those of any picture, and tiles. Raises InputError for no picture, or an enlargement of more than 4 or less than 1 times.
    """
    asked = asking.parameters({"prompt": work.recipe.prompt or "-", **work.recipe.parameters})
    steps = asked.steps or opened.family.steps
    asked = asked.model_copy(update={"strength": asked.strength or max(_STRENGTH, 1 / steps if steps else 0.0)})
    _refuse_others(work, asked)
    start = _start(work, asked)
    size = asked.width, asked.height
    large = start.resize(size, Image.Resampling.LANCZOS)
    tiles = list(layout(size, side_of(opened, size)))
    busy = [tile for tile in tiles if float(np.asarray(large.crop(tile.box), np.float32).std(axis=(0, 1)).max()) > _PLAIN]
    with tempfile.TemporaryDirectory() as folder:
        parts = draw([_part(work, asked, tile, large, tiles.index(tile), Path(folder)) for tile in busy or tiles[:1]])
    drawn = {tile: decode(part.main.data).convert("RGB") for tile, part in zip(busy, parts, strict=False)}
    picture = blended(size, [(tile, drawn.get(tile) or large.crop(tile.box)) for tile in tiles])
    seconds = round(sum(part.trace.seconds for part in parts), 3)
    facts: dict[str, JsonValue] = {
        **parts[0].facts, "width": size[0], "height": size[1], "task": PictureTask.UPSCALE.value, "seed": work.recipe.seed,
        "tiles": len(tiles),
    }  # fmt: skip
    trace = parts[0].trace.model_copy(update={"seconds": seconds})
    return Output((OutputFile("picture.png", "image/png", encode(picture)),), trace, facts=facts)


def side_of(opened: Opened, size: tuple[int, int]) -> tuple[int, int]:
    """A tile's sides: the family's best square, or what there is of a smaller picture, on the model's grid."""
    best = min(opened.family.sizes or ((512, 512),), key=lambda one: (one[0] != one[1], one[0]))
    width, height = (max(1, min(most, there) // opened.multiple) * opened.multiple for most, there in zip(best, size, strict=True))
    if width > size[0] or height > size[1]:
        raise InputError(
            "This model draws tiles of at least {multiple} pixels.",
            hint="Ask for a larger picture.",
            field="width",
            multiple=opened.multiple,
        )
    return width, height


def layout(size: tuple[int, int], side: tuple[int, int]) -> Iterator[Tile]:
    """Tiles that cover the picture, evenly laid; neighbours share at least a quarter of a side."""
    across, down = (_starts(whole, part) for whole, part in zip(size, side, strict=True))
    for top in down:
        for left in across:
            yield Tile(left, top, side)


def _starts(whole: int, part: int) -> list[int]:
    count = 1 if whole <= part else math.ceil((whole - part) / (part - part // _SHARED)) + 1
    return [round(number * (whole - part) / max(1, count - 1)) for number in range(count)]


def blended(size: tuple[int, int], parts: Sequence[tuple[Tile, Image.Image]]) -> Image.Image:
    """Each pixel the mean of the tiles that have it, weighted by how far it is from their edges."""
    total, weights = np.zeros((size[1], size[0], 3), np.float64), np.zeros((size[1], size[0], 1), np.float64)
    for tile, picture in parts:
        share = (_ramp(tile.side[1])[:, None] * _ramp(tile.side[0])[None, :])[..., None]
        left, top, right, bottom = tile.box
        total[top:bottom, left:right] += np.asarray(picture, np.float64) * share
        weights[top:bottom, left:right] += share
    return Image.fromarray((total / weights).round().astype(np.uint8))


def _ramp(side: int) -> NDArray[np.float64]:
    shared = max(1, side // _SHARED)
    place = np.arange(side)
    return np.minimum(1.0, (np.minimum(place, side - 1 - place) + 1) / (shared + 1))


def _refuse_others(work: Work, asked: Parameters) -> None:
    """What would be of the whole picture cannot be of its tiles."""
    for field, given in (("expand", asked.expand.any), ("seamless", asked.seamless), ("mask", bool(work.all("mask")))):
        if given:
            raise InputError("A picture that is enlarged takes no {name}.", hint="Enlarge it afterwards.", field=field, name=field)
    if any(control.prepared for control in asked.controls):
        raise InputError("A picture that is enlarged is held by hints of its tiles, not by a map.", hint="Use tile.", field="controls")


def _start(work: Work, asked: Parameters) -> Image.Image:
    given = [decode(file.path.read_bytes(), "reference") for file in work.all("reference")]
    if not given:
        raise InputError("There is no picture to enlarge.", hint="Give one in role reference.", field="reference")
    start = given[0].convert("RGB")
    times = [asked.width / start.width, asked.height / start.height]
    if max(times) > _MOST or min(times) < 1:
        raise InputError(
            "{width}x{height} cannot be enlarged to {width2}x{height2}: a side grows one to four times.",
            hint="Use {width}x{height} to {width3}x{height3}.",
            field="width" if not 1 <= times[0] <= _MOST else "height",
            width=start.width,
            height=start.height,
            width2=asked.width,
            height2=asked.height,
            width3=start.width * 4,
            height3=start.height * 4,
        )
    return start


def _part(work: Work, asked: Parameters, tile: Tile, large: Image.Image, number: int, folder: Path) -> Work:
    """The work of one tile."""
    path = folder / f"{number}.png"
    buffer = io.BytesIO()
    large.crop(tile.box).save(buffer, "PNG", compress_level=1)
    path.write_bytes(buffer.getvalue())
    values = {
        **work.recipe.parameters, "task": PictureTask.IMAGE.value, "width": tile.side[0], "height": tile.side[1],
        "strength": asked.strength,
    }  # fmt: skip
    seed = (work.recipe.seed + number * _STRIDE) % 2**31
    # each ControlNet is held to the tile itself
    own = [InputFile(role, path, "image/png") for role in ("reference", *("control" for _ in asked.controls))]
    recipe = work.recipe.model_copy(update={"parameters": values, "seed": seed})
    return replace(work, recipe=recipe, inputs=(*own, *work.all("likeness")))
