"""A picture from a picture (img2img): variations, and a reference that steers colours and composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageOps

from domain.errors import InputError
from domain.picture import PictureTask
from pipelines.image.asking import Item
from pipelines.image.tasks.task import Pixels


class FromImage:
    name = PictureTask.IMAGE
    strength = 0.65

    def check(self, item: Item) -> None:
        start_of(item)

    def values(self, items: Sequence[Item]) -> Mapping[str, Any]:
        return {"image": [ImageOps.fit(start_of(item), item.size, Image.Resampling.LANCZOS) for item in items]}

    def finished(self, item: Item, pixels: Pixels) -> Pixels:
        return pixels


def start_of(item: Item) -> Image.Image:
    """Raises InputError where there is none."""
    if item.start is None:
        raise InputError(
            "The task {value} starts from a picture, and none is given.",
            hint="Give one in role reference.",
            field="reference",
            value=repr(item.task.value),
        )
    return item.start
