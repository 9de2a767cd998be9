"""Decides what the words of a layout stand on, and their colours, by measuring the pixels that are really behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import skia
from numpy.typing import NDArray

from pipelines.layout.colours import READABLE, Scheme, scheme_of
from pipelines.layout.cropping import Box
from pipelines.layout.fitting import Fitted
from pipelines.layout.painting import Backdrop, Inks, Scrim, paint_backdrop, pixels, raster
from pipelines.media.palette import contrast, luminance, worst_contrast, written

#: Below this contrast with its ground a logo gets a plate.
_LOGO = 2.2


@dataclass(frozen=True)
class Ground:
    """What the words will stand on, and in which colours."""

    backdrop: Backdrop
    inks: Inks
    contrast: dict[str, float]


def grounded(backdrop: Backdrop, fitted: Fitted, mark: skia.Image | None) -> Ground:
    """Words on a plain ground; shapes behind them go when they make a word hard to read."""
    ground = _with_inks(backdrop, fitted, mark)
    if min(ground.contrast.values()) < READABLE:
        ground = _with_inks(replace(backdrop, shapes=None), fitted, mark)
    return ground


def grounded_on_picture(backdrop: Backdrop, fitted: Fitted, palette: tuple[str, ...], mark: skia.Image | None) -> Ground:
    """Light or dark words, whichever the picture asks for, and the thinnest scrim on which they can be read."""
    bare = pixels(raster(backdrop.width, backdrop.height, lambda canvas: paint_backdrop(canvas, backdrop)))
    words, shown = _around(fitted), None if backdrop.shown is None else backdrop.shown.target
    alphas: tuple[float, ...] = (0.0, 0.35, 0.5, 0.6, 0.7, 0.8, 0.88, 0.95)
    box = judged = words
    if shown is not None and (shown.width < backdrop.width - 1 or shown.height < backdrop.height - 1):
        box, alphas, judged = _beyond(shown, words, backdrop), (1.0,), shown
    bright = float(luminance(_cut(bare, judged).reshape(-1, 3).astype(np.float64) / 255).mean()) > 0.6
    scheme = scheme_of(palette, "light" if bright else "dark")
    veil = scheme.light if bright else scheme.dark

    def veiled(alpha: float) -> Ground:
        scrim = Scrim(veil, alpha, box, max(backdrop.width, backdrop.height) * 0.24)
        return _with_inks(replace(backdrop, scheme=replace(scheme, soft=scheme.ink), scrim=scrim), fitted, mark)

    ground = veiled(alphas[0])
    for alpha in alphas[1:]:
        if min(ground.contrast.values()) >= READABLE + 0.3:
            break
        ground = veiled(alpha)
    return ground


def _beyond(shown: Box, words: Box, backdrop: Backdrop) -> Box:
    """Where the veil is solid when the picture leaves part of the canvas free: there, and a little over its edge."""
    width, height = float(backdrop.width), float(backdrop.height)
    if shown.height < height - 1:
        top = min(words.y, shown.bottom - 0.04 * height)
        return Box(0.0, top, width, height - top)
    if shown.x > 1:
        return Box(0.0, 0.0, max(words.right, shown.x + 0.03 * width), height)
    left = min(words.x, shown.right - 0.03 * width)
    return Box(left, 0.0, width - left, height)


def _with_inks(backdrop: Backdrop, fitted: Fitted, mark: skia.Image | None) -> Ground:
    """Colours for the words on a backdrop, and the worst contrast of each field against the pixels really behind it."""
    scheme = backdrop.scheme
    behind = pixels(raster(backdrop.width, backdrop.height, lambda canvas: paint_backdrop(canvas, backdrop)))
    plate = _plate(scheme, mark, _cut(behind, fitted.mark)) if fitted.mark is not None and mark is not None else ""
    inks = Inks(scheme.ink, scheme.soft, scheme.ink, scheme.on_accent, scheme.accent, scheme.accent, plate)
    colours = {"headline": inks.headline, "body": inks.body, "brand": inks.brand}
    measured: dict[str, float] = {}
    for line in fitted.lines:
        if line.field == "cta":
            measured["cta"] = contrast(inks.cta, inks.button)
        else:
            ratio = worst_contrast(colours[line.field], _cut(behind, line.box))
            measured[line.field] = min(ratio, measured.get(line.field, 21.0))
    return Ground(backdrop, inks, measured)


def _plate(scheme: Scheme, mark: skia.Image, behind: NDArray[np.uint8]) -> str:
    """The colour of a plate under a logo that would sink into what is behind it, "" when it is seen well as it is."""
    values = np.asarray(mark.toarray(colorType=skia.kRGBA_8888_ColorType))
    solid = values[values[..., 3] > 128][:, :3]
    own = written(solid.mean(axis=0)) if len(solid) else scheme.ink
    if contrast(own, written(behind.reshape(-1, 3).mean(axis=0))) >= _LOGO:
        return ""
    return max((scheme.light, scheme.dark), key=lambda plate: contrast(own, plate))


def _cut(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    left, top = max(0, int(box.x) - 1), max(0, int(box.y) - 1)
    return image[top : int(box.bottom) + 2, left : int(box.right) + 2]


def _around(fitted: Fitted) -> Box:
    boxes = [line.box for line in fitted.lines] + [box for box in (fitted.button, fitted.mark) if box is not None]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)
