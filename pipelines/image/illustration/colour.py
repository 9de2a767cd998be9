"""Colour as people see it: OKLab and OKLCh, written out by hand, and what the illustrator does with them.

A colour is "#rrggbb" at the edges and an `Lch` inside: lightness 0..1, chroma 0..~0.37, hue in degrees.
Source: Bjoern Ottosson, "A perceptual color space for image processing", 2020 (public domain).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NEUTRAL_CHROMA = 0.035


@dataclass(frozen=True)
class Lch:
    """OKLCh: light 0..1, chroma 0..~0.37, hue 0..360."""

    light: float
    chroma: float
    hue: float

    @property
    def lab(self) -> tuple[float, float, float]:
        angle = math.radians(self.hue)
        return self.light, self.chroma * math.cos(angle), self.chroma * math.sin(angle)

    @property
    def neutral(self) -> bool:
        return self.chroma < NEUTRAL_CHROMA


def _to_linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _to_gamma(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def _linear_to_lab(r: float, g: float, b: float) -> tuple[float, float, float]:
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    medium = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _lab_to_linear(light: float, a: float, b: float) -> tuple[float, float, float]:
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def lch(colour: str) -> Lch:
    """Of "#rrggbb"."""
    r, g, b = (_to_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    light, x, y = _linear_to_lab(r, g, b)
    return Lch(light, math.hypot(x, y), math.degrees(math.atan2(y, x)) % 360)


def hex_of(value: Lch) -> str:
    """ "#rrggbb". Colours outside sRGB lose chroma until they fit, so hue and lightness hold."""
    light = min(max(value.light, 0.0), 1.0)
    chroma = value.chroma
    for _ in range(24):
        linear = _lab_to_linear(*Lch(light, chroma, value.hue).lab)
        if all(-0.0005 <= c <= 1.0005 for c in linear):
            break
        chroma *= 0.9
    else:
        linear = _lab_to_linear(light, 0.0, 0.0)
    return "#" + "".join(f"{round(_to_gamma(min(max(c, 0.0), 1.0)) * 255):02x}" for c in linear)


def mix(first: str, second: str, amount: float) -> str:
    """From `first` (amount 0) to `second` (amount 1), along a straight line in OKLab."""
    a, b = lch(first).lab, lch(second).lab
    light, x, y = (p + (q - p) * amount for p, q in zip(a, b, strict=True))
    return hex_of(Lch(light, math.hypot(x, y), math.degrees(math.atan2(y, x)) % 360))


def shade(colour: str, light: float = 0.0, chroma: float = 1.0, hue: float = 0.0) -> str:
    """Lightness moved by `light` (-1..1), chroma multiplied, hue turned by degrees."""
    value = lch(colour)
    return hex_of(Lch(value.light + light, value.chroma * chroma, (value.hue + hue) % 360))


def with_light(colour: str, light: float) -> str:
    value = lch(colour)
    return hex_of(Lch(light, value.chroma, value.hue))


def hue_distance(first: float, second: float) -> float:
    """0..180 degrees."""
    return abs((first - second + 180) % 360 - 180)


def distance(first: str, second: str) -> float:
    """Euclidean in OKLab; about 0.02 is just noticeable."""
    return math.dist(lch(first).lab, lch(second).lab)


def harmonise(colour: str, palette: Sequence[str], strength: float) -> str:
    """Pull a colour to the nearest hue of the palette; its lightness stays, so depth and shading stay.

    strength 0 leaves it, 1 gives it the palette's hue and chroma outright.
    """
    if not palette or strength <= 0:
        return colour
    own = lch(colour)
    chosen = min((lch(p) for p in palette), key=lambda p: _pull(own, p))
    target = Lch(own.light * (1 - 0.25 * strength) + chosen.light * 0.25 * strength, max(chosen.chroma, 0.012), chosen.hue)
    # A very light or very dark tone cannot carry full chroma without glaring.
    carried = 1 - abs(2 * target.light - 1) ** 2
    return mix(colour, hex_of(Lch(target.light, target.chroma * (0.45 + 0.55 * carried), target.hue)), strength)


def nearest_of(colour: str, palette: Sequence[str]) -> str:
    """The palette's colour that a tone goes with: by hue, then by lightness."""
    own = lch(colour)
    return min(palette, key=lambda p: _pull(own, lch(p)))


def tone_of(colour: str, light: float) -> str:
    """The tint or shade of a colour at a lightness (0..1 in OKLab): mixed with white or with black until it is there."""
    own = lch(colour).light
    if light >= own:
        return mix(colour, "#ffffff", min((light - own) / max(1 - own, 1e-6), 1.0))
    return mix(colour, "#000000", min((own - light) / max(own, 1e-6), 1.0))


def _pull(own: Lch, candidate: Lch) -> float:
    turn = hue_distance(own.hue, candidate.hue) / 180 if not own.neutral and not candidate.neutral else 0.4
    return turn + 0.6 * abs(own.light - candidate.light)


def darkest(colours: Iterable[str]) -> str:
    return min(colours, key=lambda c: lch(c).light)


def lightest(colours: Iterable[str]) -> str:
    return max(colours, key=lambda c: lch(c).light)


def most_vivid(colours: Iterable[str]) -> str:
    return max(colours, key=lambda c: lch(c).chroma)


def _cielab(colour: str) -> tuple[float, float, float]:
    """CIELAB (D65) of "#rrggbb"."""
    r, g, b = (_to_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (math.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def delta_e(first: str, second: str) -> float:
    """CIEDE2000 of two "#rrggbb"; about 1 is just noticeable, under 10 is "the same colour in another light"."""
    return ciede2000(_cielab(first), _cielab(second))


def ciede2000(first: tuple[float, float, float], second: tuple[float, float, float]) -> float:
    """Of two CIELAB values. Source: Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", 2005."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    stretch = 0.5 * (1 - math.sqrt(mean7 / (mean7 + 25.0**7)))
    a1, a2 = a1 * (1 + stretch), a2 * (1 + stretch)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 if a or b else 0.0 for a, b in ((a1, b1), (a2, b2)))
    turn, hue = 0.0, h1 + h2
    if c1 * c2:
        turn = h2 - h1 if abs(h2 - h1) <= 180 else h2 - h1 - math.copysign(360, h2 - h1)
        hue = (h1 + h2) / 2 if abs(h1 - h2) <= 180 else (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    t = (
        1
        - 0.17 * math.cos(math.radians(hue - 30))
        + 0.24 * math.cos(math.radians(2 * hue))
        + 0.32 * math.cos(math.radians(3 * hue + 6))
        - 0.20 * math.cos(math.radians(4 * hue - 63))
    )
    sl = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turned = -math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2)))) * 2 * math.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    dl, dc, dh = (l2 - l1) / sl, (c2 - c1) / sc, dh / sh
    return math.sqrt(dl * dl + dc * dc + dh * dh + turned * dc * dh)
