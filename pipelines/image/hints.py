"""Hints for ControlNets, made of a picture: edges, a scribble, a blurred tile; depth by a model (depth.py). A pose is given.

Canny after J. Canny, "A Computational Approach to Edge Detection" (1986), with the thresholds the published ControlNets were trained on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from domain.errors import InputError
from domain.picture import Control
from pipelines.image.depth import MODEL as DEPTH_MODEL

#: Of the gradient of 0..255 values by a Sobel filter.
_WEAK, _STRONG = 100.0, 200.0
_BLUR = 1.4
#: Pixels on the longer side per pixel of a scribble's stroke.
_STROKE = 170
#: A tile hint is the picture at an eighth of its size.
_TILE = 8


def hint_of(
    control: Control, picture: Image.Image, size: tuple[int, int], depth: Callable[[Image.Image], Image.Image] | None = None
) -> Image.Image:
    """RGB in the size that is made. depth: makes a depth map, None while there is no model for it.

    Raises InputError for a hint that needs a model and is not prepared, and what `depth` raises.
    """
    if control.prepared:
        return ImageOps.fit(picture, size, Image.Resampling.BILINEAR)
    make = depth if control.hint == "depth" else _MAKERS.get(control.hint)
    if make is None:
        way = "Run: python app.py models pull {model}. Or give the depth map itself, marked as prepared."
        hint = way if control.hint == "depth" else "Give the {hint} map itself and mark it as prepared."
        raise InputError(
            "A {hint} map is not made here from a picture.", hint=hint, field="controls", given={"hint": control.hint, "model": DEPTH_MODEL}
        )
    return make(ImageOps.fit(picture, size, Image.Resampling.LANCZOS))


def canny(picture: Image.Image) -> Image.Image:
    """White edges one pixel wide on black."""
    return Image.fromarray(np.where(_edges(picture), 255, 0).astype(np.uint8)).convert("RGB")


def scribble(picture: Image.Image) -> Image.Image:
    """Edges as broad strokes."""
    width = 2 * max(1, max(picture.size) // _STROKE) + 1
    return canny(picture).filter(ImageFilter.MaxFilter(width))


def tile(picture: Image.Image) -> Image.Image:
    """Colours without detail."""
    small = picture.resize((max(1, picture.width // _TILE), max(1, picture.height // _TILE)), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.BICUBIC)


_MAKERS: dict[str, Callable[[Image.Image], Image.Image]] = {"canny": canny, "scribble": scribble, "tile": tile}


def _edges(picture: Image.Image) -> NDArray[np.bool_]:
    from scipy import ndimage

    grey = ndimage.gaussian_filter(np.asarray(picture.convert("L"), dtype=np.float32), _BLUR)
    across, down = ndimage.sobel(grey, axis=1), ndimage.sobel(grey, axis=0)
    strength = np.hypot(across, down)
    thin = np.where(_is_ridge(strength, across, down), strength, 0)
    strong, labels = thin >= _STRONG, ndimage.label(thin >= _WEAK, structure=np.ones((3, 3)))[0]
    kept: NDArray[np.bool_] = np.isin(labels, np.unique(labels[strong])) & (labels > 0)
    return kept


def _is_ridge(strength: NDArray[np.float32], across: NDArray[np.float32], down: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where the gradient is at least as strong as its two neighbours along it."""
    sector = (np.round(np.arctan2(down, across) / (np.pi / 4)) % 4).astype(np.int8)
    padded = np.pad(strength, 1)
    ridge = np.zeros(strength.shape, dtype=np.bool_)
    height, width = strength.shape
    for number, (dy, dx) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead = padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        behind = padded[1 - dy : 1 - dy + height, 1 - dx : 1 - dx + width]
        ridge |= (sector == number) & (strength >= ahead) & (strength >= behind)
    return ridge
