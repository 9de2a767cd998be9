"""A picture changed by an instruction in words ("make it winter"), with a model that was trained for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageOps

from domain.picture import PictureTask
from pipelines.image.asking import Item
from pipelines.image.tasks.image import start_of
from pipelines.image.tasks.task import Pixels


class Edit:
    name = PictureTask.EDIT
    strength = 1.0

    def check(self, item: Item) -> None:
        start_of(item)

    def values(self, items: Sequence[Item]) -> Mapping[str, Any]:
        """One picture at a time: several would be several references of one."""
        return {"image": ImageOps.fit(start_of(items[0]), items[0].size, Image.Resampling.LANCZOS)}

    def finished(self, item: Item, pixels: Pixels) -> Pixels:
        return pixels
