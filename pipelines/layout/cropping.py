"""Where the subject of a picture is, and the crop that keeps it: a small saliency map, no model.

What differs from the picture's border and what has edges is taken for the subject; the middle counts a little more.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.media.palette import to_oklab

_SIDE = 96
#: A subject differs from its surroundings in colour more often than in lightness, which shadows change too.
_COLOUR_FIRST = np.array([0.6, 1.3, 1.3])


#: How much of the largest possible crop is taken, and how many source pixels a pixel shown must at least have.
_ZOOMS = (1.0, 0.85, 0.7)
_ENOUGH = 0.75


@dataclass(frozen=True)
class Box:
    """left, top, width, height in pixels of whatever it lies in."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def inset(self, by: float) -> Box:
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


def saliency(picture: Image.Image) -> NDArray[np.float64]:
    """How much each spot of the picture is its subject: shape (rows, columns), longest side 96, sum 1."""
    scale = _SIDE / max(picture.size)
    size = (max(2, round(picture.width * scale)), max(2, round(picture.height * scale)))
    lab = to_oklab(np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX), dtype=np.float64) / 255)
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    nearest = np.full(lab.shape[:2], np.inf)
    for sample in border[:: max(1, len(border) // 72)]:
        nearest = np.minimum(nearest, np.linalg.norm((lab - sample) * _COLOUR_FIRST, axis=2))
    edges = np.hypot(np.gradient(lab[..., 0], axis=0), np.gradient(lab[..., 0], axis=1))
    rows, columns = (np.linspace(-1, 1, n) for n in lab.shape[:2])
    middle = np.exp(-(rows[:, None] ** 2 + columns[None, :] ** 2) / 1.2)
    weight = (nearest + 0.6 * edges) ** 1.5 * (0.4 + middle) + 1e-6 * middle
    # what is no more striking than the average is background: it must not outweigh a small subject by its sheer area
    striking = np.maximum(weight - 1.1 * weight.mean(), 0.0) + 1e-9
    return np.asarray(striking / striking.sum())


def crop(size: tuple[int, int], weight: NDArray[np.float64], target: Box, quiet: Box | None = None) -> Box:
    """The part of a picture of `size` that fills `target`, keeping the subject in it and out of `quiet`.

    weight: saliency. quiet: the area under the words, in the coordinates of `target`'s canvas. The result has the aspect
    ratio of `target`; it is smaller than the picture allows only where that brings a small subject closer.
    """
    width, height = size
    scale = min(width / target.width, height / target.height)
    open_part = target if quiet is None else _open(target, quiet)
    best, best_score = Box(0.0, 0.0, target.width * scale, target.height * scale), -np.inf
    for zoom in _ZOOMS:
        wide, high = target.width * scale * zoom, target.height * scale * zoom
        if zoom < 1 and wide < target.width * _ENOUGH:
            continue
        for x, y in itertools.product(_places(width - wide), _places(height - high)):
            box = Box(x, y, wide, high)
            seen = _within(box, target, open_part)
            off = abs(x + wide / 2 - width / 2) / width + abs(y + high / 2 - height / 2) / height
            score = _mass(weight, size, seen) - 0.25 * _off_centre(weight, size, seen) - 0.04 * off + 0.3 * (1 - zoom)
            if score > best_score:
                best, best_score = box, score
    return best


def _places(free: float) -> tuple[float, ...]:
    """Where a crop may start along an axis with `free` pixels to spare."""
    return tuple(free * step / 16 for step in range(17)) if free >= 1 else (max(0.0, free / 2),)


def _open(target: Box, quiet: Box) -> Box:
    """The largest side of `target` that `quiet` leaves free; all of it when they do not meet."""
    sides = (
        Box(target.x, target.y, target.width, quiet.y - target.y),
        Box(target.x, quiet.bottom, target.width, target.bottom - quiet.bottom),
        Box(target.x, target.y, quiet.x - target.x, target.height),
        Box(quiet.right, target.y, target.right - quiet.right, target.height),
    )
    largest = max(sides, key=lambda box: max(0.0, box.width) * max(0.0, box.height))
    return largest if largest.width > 0 and largest.height > 0 else target


def unseen(size: tuple[int, int], weight: NDArray[np.float64], box: Box, target: Box, quiet: Box | None) -> float:
    """The share of the subject that is cut away or lies under `quiet` when `box` fills `target`, 0..1."""
    open_part = target if quiet is None else _open(target, quiet)
    return 1.0 - _mass(weight, size, _within(box, target, open_part))


def _within(box: Box, target: Box, area: Box) -> Box:
    """An area of the canvas in the coordinates of the picture, when `box` of it fills `target`."""
    scale = box.width / target.width
    return Box(box.x + (area.x - target.x) * scale, box.y + (area.y - target.y) * scale, area.width * scale, area.height * scale)


def _part(weight: NDArray[np.float64], size: tuple[int, int], box: Box) -> NDArray[np.float64]:
    rows, columns = weight.shape
    left, right = (round(np.clip(x / size[0], 0, 1) * columns) for x in (box.x, box.right))
    top, bottom = (round(np.clip(y / size[1], 0, 1) * rows) for y in (box.y, box.bottom))
    return weight[top:bottom, left:right]


def _mass(weight: NDArray[np.float64], size: tuple[int, int], box: Box) -> float:
    return float(_part(weight, size, box).sum())


def _off_centre(weight: NDArray[np.float64], size: tuple[int, int], box: Box) -> float:
    """How far the subject's centre lies from the middle of the crop, 0 (middle) to about 1 (edge)."""
    part = _part(weight, size, box)
    total = float(part.sum())
    if total <= 0:
        return 1.0
    rows, columns = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in part.shape)
    return float(np.hypot((part.sum(axis=1) @ rows) / total, (part.sum(axis=0) @ columns) / total))
