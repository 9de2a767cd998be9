"""The shape of every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from domain.picture import PictureTask
from pipelines.image.asking import Item

#: One picture: height x width x 3, values 0..1.
Pixels = NDArray[np.float32]


class Task(Protocol):
    """One way to make a picture. It loads nothing and knows no family.

    strength: how far a start is left when nobody says.
    """

    @property
    def name(self) -> PictureTask: ...

    @property
    def strength(self) -> float: ...

    def check(self, item: Item) -> None:
        """Raises InputError at the role for a picture that is missing or does not fit."""

    def values(self, items: Sequence[Item]) -> Mapping[str, Any]:
        """Arguments of the pipeline's call beyond words, size, steps and seeds. Those it does not take are left out."""

    def finished(self, item: Item, pixels: Pixels) -> Pixels:
        """The picture as it is given out."""
