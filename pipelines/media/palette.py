"""Colours: sRGB, OKLab and WCAG contrast, and the main colours of a picture. Pure numbers; knows no files and no layout.

OKLab: Björn Ottosson, "A perceptual color space for image processing" (2020). Contrast: WCAG 2.2, "contrast ratio".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rgb = tuple[int, int, int]

_TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])

#: Two clusters nearer than this in OKLab look like one colour and are merged.
_SAME_COLOUR = 0.055


def parse(colour: str) -> Rgb:
    """ "#rrggbb" -> three integers in 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def written(rgb: Sequence[float] | Floats) -> str:
    """Three numbers in 0..255 -> "#rrggbb"."""
    red, green, blue = (max(0, min(255, round(float(part)))) for part in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


def linear(rgb: Floats) -> Floats:
    """sRGB in 0..1, shape (..., 3) -> linear light."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def to_oklab(rgb: Floats) -> Floats:
    """sRGB in 0..1, shape (..., 3) -> L in 0..1, a and b about -0.4..0.4."""
    return np.asarray(np.cbrt(linear(rgb) @ _TO_LMS.T) @ _TO_LAB.T)


def from_oklab(lab: Floats) -> Floats:
    """OKLab -> sRGB in 0..1, clipped into the gamut."""
    light = np.clip((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T, 0.0, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def lch(colour: str) -> tuple[float, float, float]:
    """ "#rrggbb" -> OKLCH: lightness 0..1, chroma 0..0.37, hue in degrees."""
    lightness, a, b = to_oklab(np.array(parse(colour), dtype=np.float64) / 255)
    return float(lightness), math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def from_lch(lightness: float, chroma: float, hue: float) -> str:
    """OKLCH -> "#rrggbb"; chroma is lowered until the colour exists in sRGB, so that hue and lightness are kept."""
    angle = math.radians(hue)
    while True:
        lab = np.array([lightness, chroma * math.cos(angle), chroma * math.sin(angle)])
        light = (lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T
        if chroma < 1e-3 or (light.min() >= -1e-4 and light.max() <= 1 + 1e-4):
            return written(from_oklab(lab) * 255)
        chroma *= 0.95


def luminance(rgb: Floats) -> Floats:
    """Relative luminance (WCAG) of sRGB in 0..1, shape (..., 3) -> (...)."""
    return np.asarray(linear(rgb) @ _LUMINANCE)


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1..21."""
    first, second = (float(luminance(np.array(parse(c), dtype=np.float64) / 255)) for c in (one, other))
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def worst_contrast(colour: str, pixels: NDArray[np.uint8]) -> float:
    """The lowest contrast of `colour` against any of the pixels, shape (..., 3); 21 when there are none."""
    if pixels.size == 0:
        return 21.0
    behind = luminance(pixels.reshape(-1, 3).astype(np.float64) / 255) + 0.05
    own = float(luminance(np.array(parse(colour), dtype=np.float64) / 255)) + 0.05
    return float(np.minimum(np.maximum(behind, own) / np.minimum(behind, own), 21.0).min())


def distance(one: str, other: str) -> float:
    """How different two colours look: Euclidean distance in OKLab."""
    return float(np.linalg.norm(to_oklab(np.array(parse(one)) / 255.0) - to_oklab(np.array(parse(other)) / 255.0)))


def palette_of(pixels: NDArray[np.uint8], count: int = 5) -> tuple[str, ...]:
    """The main colours of RGB pixels, shape (..., 3), as "#rrggbb", the one covering most first; at most `count`.

    Median cut in OKLab gives the first centres, k-means moves them, near-equal ones are merged. Colourful clusters count
    for more than grey ones, because a small red subject on a grey ground is what people call the colour of the picture.
    Equal pixels give equal colours on every machine: nothing is drawn at random.
    """
    flat = pixels.reshape(-1, 3).astype(np.float64) / 255
    if len(flat) > 16_384:
        flat = flat[:: len(flat) // 16_384]
    lab = to_oklab(flat)
    centres = _k_means(lab, _median_cut(lab, max(8, count + 3)))
    owner = _nearest(lab, centres)
    ranked = []
    for index, centre in enumerate(centres):
        share = float((owner == index).mean())
        if share > 0.004:
            ranked.append((share * (1 + 6 * math.hypot(centre[1], centre[2])), centre))
    ranked.sort(key=lambda pair: -pair[0])
    kept: list[Floats] = []
    for _, centre in ranked:
        if all(np.linalg.norm(centre - other) > _SAME_COLOUR for other in kept):
            kept.append(centre)
    return tuple(written(from_oklab(centre) * 255) for centre in kept[:count])


def _median_cut(lab: Floats, count: int) -> Floats:
    boxes = [lab]
    while len(boxes) < count:
        spreads = [float(np.ptp(box, axis=0).max()) if len(box) > 1 else 0.0 for box in boxes]
        widest = int(np.argmax(spreads))
        if spreads[widest] < 1e-3:
            break
        box = boxes.pop(widest)
        axis = int(np.argmax(np.ptp(box, axis=0)))
        middle = (box[:, axis].min() + box[:, axis].max()) / 2
        boxes += [box[box[:, axis] <= middle], box[box[:, axis] > middle]]
    return np.array([box.mean(axis=0) for box in boxes])


def _k_means(lab: Floats, centres: Floats, rounds: int = 8) -> Floats:
    for _ in range(rounds):
        owner = _nearest(lab, centres)
        centres = np.array([lab[owner == i].mean(axis=0) if (owner == i).any() else centre for i, centre in enumerate(centres)])
    return centres


def _nearest(lab: Floats, centres: Floats) -> NDArray[np.intp]:
    nearest: NDArray[np.intp] = np.argmin(((lab[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2), axis=1)
    return nearest
