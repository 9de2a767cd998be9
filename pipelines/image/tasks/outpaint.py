"""A picture that goes on beyond its edges: new borders are made, the old picture keeps its pixels but where a mask of it is white."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from domain.errors import InputError
from domain.picture import PictureTask
from pipelines.image.asking import Item
from pipelines.image.tasks.image import start_of
from pipelines.image.tasks.inpaint import check_mask, kept
from pipelines.image.tasks.task import Pixels

#: Pixels over which old and new meet, at most; an eighth of the old picture's shorter side at most.
_SEAM = 8
_LEAST = 8


class Outpaint:
    name = PictureTask.OUTPAINT
    strength = 1.0

    def check(self, item: Item) -> None:
        start = start_of(item)
        if item.mask is not None:
            check_mask(item.mask, start)
        if not item.parameters.expand.any:
            raise InputError("Outpainting needs borders to add.", hint="Say how many pixels on which side.", field="expand")
        width, height = _inner(item)
        if min(width, height) < _LEAST:
            raise InputError(
                "The new borders leave {width}x{height} pixels of {size}x{size2} for the old picture.",
                hint="Make the picture larger or the borders smaller.",
                field="expand",
                width=width,
                height=height,
                size=item.size[0],
                size2=item.size[1],
            )

    def values(self, items: Sequence[Item]) -> Mapping[str, Any]:
        return {"image": [_canvas(item) for item in items], "mask_image": [_mask(item, 0) for item in items]}

    def finished(self, item: Item, pixels: Pixels) -> Pixels:
        return kept(_canvas(item), _mask(item, min(_SEAM, min(_inner(item)) // 8)), pixels)


def _inner(item: Item) -> tuple[int, int]:
    more = item.parameters.expand
    return item.size[0] - more.left - more.right, item.size[1] - more.top - more.bottom


def _canvas(item: Item) -> Image.Image:
    """The old picture in its place, its outermost pixels drawn out over the borders: a model goes on from what it sees there."""
    more, inner = item.parameters.expand, _inner(item)
    old = np.asarray(ImageOps.fit(start_of(item), inner, Image.Resampling.LANCZOS))
    return Image.fromarray(np.pad(old, ((more.top, more.bottom), (more.left, more.right), (0, 0)), mode="edge"))


def _mask(item: Item, seam: int) -> Image.Image:
    """White on the borders and where a person painted, black on the rest of the old picture less a soft seam."""
    more, (width, height) = item.parameters.expand, _inner(item)
    mask = Image.new("L", item.size, 255)
    place = (more.left, more.top)
    mask.paste(0, (*place, more.left + width, more.top + height))
    if seam:
        soft = mask.filter(ImageFilter.MaxFilter(2 * (seam // 2) + 1)).filter(ImageFilter.GaussianBlur(seam / 4))
        mask = Image.fromarray(np.maximum(np.asarray(soft), np.asarray(mask)))
    if item.mask is not None:
        painted = Image.new("L", item.size, 0)
        painted.paste(ImageOps.fit(item.mask, (width, height), Image.Resampling.BILINEAR), place)
        mask = ImageChops.lighter(mask, painted)
    return mask
