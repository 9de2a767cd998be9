"""A picture changed inside a mask. White in the mask is made anew; what is black keeps the very pixels of the picture it starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from domain.errors import InputError
from domain.picture import PictureTask
from pipelines.image.asking import Item
from pipelines.image.tasks.image import start_of
from pipelines.image.tasks.task import Pixels


class Inpaint:
    name = PictureTask.INPAINT
    strength = 1.0

    def check(self, item: Item) -> None:
        start = start_of(item)
        if item.mask is None:
            raise InputError("Inpainting needs a mask: white where the picture may change.", hint="Paint one.", field="mask")
        check_mask(item.mask, start)

    def values(self, items: Sequence[Item]) -> Mapping[str, Any]:
        pairs = [_fitted(item) for item in items]
        return {"image": [start for start, _ in pairs], "mask_image": [mask for _, mask in pairs]}

    def finished(self, item: Item, pixels: Pixels) -> Pixels:
        start, mask = _fitted(item)
        return kept(start, mask, pixels)


def check_mask(mask: Image.Image, start: Image.Image) -> None:
    """Raises InputError for a mask of another size than its picture, and for one in which nothing is white."""
    if mask.size != start.size:
        given, wanted = ("x".join(str(side) for side in picture.size) for picture in (mask, start))
        raise InputError(
            "The mask is {text}, but its picture is {wanted}.",
            hint="Paint the mask on this picture.",
            field="mask",
            text=given,
            wanted=wanted,
        )
    if mask.getextrema()[1] == 0:
        raise InputError("The mask is all black: nothing may change.", hint="Paint where the picture may change.", field="mask")


def kept(start: Image.Image, mask: Image.Image, pixels: Pixels) -> Pixels:
    """The new pixels where the mask is white, the old ones where it is black, between them where it is grey. All of one size."""
    share = np.asarray(mask, dtype=np.float32)[..., None] / 255
    before = np.asarray(start, dtype=np.float32) / 255
    return np.asarray(pixels * share + before * (1 - share), dtype=np.float32)


def _fitted(item: Item) -> tuple[Image.Image, Image.Image]:
    """Picture and mask in the size that is made, cut alike."""
    assert item.mask is not None
    start = ImageOps.fit(start_of(item), item.size, Image.Resampling.LANCZOS)
    return start, ImageOps.fit(item.mask, item.size, Image.Resampling.BILINEAR)
