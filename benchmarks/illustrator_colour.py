"""Colour differences as pictures are judged by them: CIELAB and CIEDE2000 over whole arrays, and the name of a colour.

Apart from the illustrator's own colour code, which is what is measured. Source: Sharma, Wu, Dalal, "The CIEDE2000 Color-Difference
Formula: Implementation Notes, Supplementary Test Data, and Mathematical Observations", 2005.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_WHITE = np.array([0.95047, 1.0, 1.08883])
_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
#: Names that people use for the same thing seen in another light.
KIN: dict[str, frozenset[str]] = {
    "gold": frozenset({"yellow", "orange"}),
    "yellow": frozenset({"gold"}),
    "silver": frozenset({"grey", "white"}),
    "grey": frozenset({"silver"}),
    "white": frozenset({"silver"}),
}
#: This near to the asked colour is right whatever the nearest name.
NEAR = 15.0


def linear(rgb: npt.NDArray[Any]) -> Floats:
    """sRGB bytes (..., 3) as linear light 0..1."""
    value = np.asarray(rgb, dtype=np.float64) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: npt.NDArray[Any]) -> Floats:
    """sRGB bytes (..., 3) as CIELAB under D65."""
    xyz = linear(rgb) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def lab_of(colour: str) -> Floats:
    """Of "#rrggbb"."""
    return lab(np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]))


def delta_e(first: Floats, second: Floats, shading: bool = True) -> Floats:
    """CIEDE2000 of CIELAB arrays (..., 3) that broadcast. shading False: lightness does not count, only hue and chroma."""
    l1, a1, b1 = first[..., 0], first[..., 1], first[..., 2]
    l2, a2, b2 = second[..., 0], second[..., 1], second[..., 2]
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean7 / (mean7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    turn = (h2 - h1 + 180) % 360 - 180
    turn = np.where((turn == -180) & (h2 > h1), 180.0, turn)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(np.where(grey, 0.0, turn) / 2))
    apart = np.abs(h1 - h2) > 180
    mean_h = np.where(grey, h1 + h2, np.where(apart, (h1 + h2 + np.where(h1 + h2 < 360, 360, -360)) / 2, (h1 + h2) / 2))
    return _weighed((l1, c1), (l2, c2), dh, mean_h, shading)


def _weighed(first: tuple[Floats, Floats], second: tuple[Floats, Floats], dh: Floats, mean_h: Floats, shading: bool) -> Floats:
    light, chroma = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2
    waves = ((0.17, 1, 30), (-0.24, 2, 0), (-0.32, 3, -6), (0.20, 4, 63))
    t = 1 - sum(weight * np.cos(np.radians(times * mean_h - shift)) for weight, times, shift in waves)
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    spread = 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    turned = -np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2)))) * spread
    dl = (second[0] - first[0]) / s_l if shading else np.zeros_like(light)
    dc, dh = (second[1] - first[1]) / s_c, dh / s_h
    result: Floats = np.sqrt(np.maximum(dl**2 + dc**2 + dh**2 + turned * dc * dh, 0.0))
    return result


def name_of(colour: Floats, table: Mapping[str, str]) -> str:
    """The nearest name of a CIELAB colour."""
    return min(table, key=lambda name: float(delta_e(colour, lab_of(table[name]))))


def is_called(colour: Floats, asked: str, table: Mapping[str, str]) -> bool:
    """A person would call this CIELAB colour by the asked name: nearest of all names, a kin of it, or near by distance."""
    nearest = name_of(colour, table)
    return nearest == asked or nearest in KIN.get(asked, ()) or float(delta_e(colour, lab_of(table[asked]))) <= NEAR


def opposite(name: str, table: Mapping[str, str]) -> str:
    """ "#rrggbb" of the name furthest from this one."""
    own = lab_of(table[name])
    return max(table.values(), key=lambda value: float(delta_e(own, lab_of(value))))


def contrast(background: npt.NDArray[Any]) -> tuple[str, Floats]:
    """WCAG contrast ratio of text on every pixel (..., 3), for the better of white and near black (by the worst twentieth)."""
    light = linear(background) @ _TO_XYZ[1]
    ink = float(linear(np.array([17, 17, 17])) @ _TO_XYZ[1])
    ratios = {"white": 1.05 / (light + 0.05), "black": (np.maximum(light, ink) + 0.05) / (np.minimum(light, ink) + 0.05)}
    best = max(ratios, key=lambda name: float(np.percentile(ratios[name], 5)))
    return best, ratios[best]
