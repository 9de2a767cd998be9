"""A picture from words alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import InputError
from domain.picture import PictureTask
from pipelines.image.asking import Item
from pipelines.image.tasks.task import Pixels


class FromText:
    name = PictureTask.TEXT
    strength = 1.0

    def check(self, item: Item) -> None:
        if item.start is not None:
            raise InputError("A picture from words alone takes no picture to start from.", hint='Use the task "image".', field="reference")

    def values(self, items: Sequence[Item]) -> Mapping[str, Any]:
        return {}

    def finished(self, item: Item, pixels: Pixels) -> Pixels:
        return pixels
