"""The colours of one layout: from a palette to ground, ink and accent that can be read (WCAG 2.2 AA, 4.5 to 1)."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.media.palette import contrast, distance, from_lch, lch

READABLE = 4.5
_BUTTON = 3.0


@dataclass(frozen=True)
class Scheme:
    """All colours as #rrggbb. surface: the plain ground, alt: a shade of it, ink: words on it, soft: body text on it.

    accent and on_accent: the button and its label. dark and light: scrim colours that ink of the other kind is read on.
    """

    name: str
    surface: str
    alt: str
    ink: str
    soft: str
    accent: str
    on_accent: str
    dark: str
    light: str


#: What the plain ground may be: the brand's main colour, nearly white or nearly black.
GROUNDS = ("brand", "light", "dark")


def scheme_of(palette: tuple[str, ...], name: str) -> Scheme:
    """Arrange a palette (first its main colour) around one of GROUNDS."""
    main = palette[0]
    lightness, chroma, hue = lch(main)
    if chroma < 0.02 and len(palette) > 1:
        _, _, hue = lch(max(palette, key=lambda colour: lch(colour)[1]))
    dark, light = from_lch(0.22, min(0.06, chroma), hue), from_lch(0.975, min(0.012, chroma), hue)
    if name == "light":
        surface, alt = from_lch(0.97, min(0.018, chroma * 0.3), hue), from_lch(0.92, min(0.045, chroma * 0.5), hue)
    elif name == "dark":
        surface, alt = from_lch(0.25, min(0.065, chroma), hue), from_lch(0.33, min(0.09, chroma), hue)
    else:
        surface = _legible(lightness, chroma, hue, light, dark)
        step = 0.06 if lch(surface)[0] < 0.6 else -0.06
        alt = from_lch(lch(surface)[0] + step, chroma, hue)
    ink = max((light, dark), key=lambda colour: contrast(colour, surface))
    accent = _accent(palette, surface, hue, (light, dark))
    on_accent = max((light, dark), key=lambda colour: contrast(colour, accent))
    return Scheme(name, surface, alt, ink, _softer(ink, surface, hue), accent, on_accent, dark, light)


def _legible(lightness: float, chroma: float, hue: float, light: str, dark: str) -> str:
    """The main colour, moved in lightness only as far as either light or dark words are read well on it."""
    for step in range(40):
        for moved in (lightness - step * 0.01, lightness + step * 0.01):
            colour = from_lch(min(0.97, max(0.12, moved)), chroma, hue)
            if max(contrast(light, colour), contrast(dark, colour)) >= 5.2:
                return colour
    return dark


def _accent(palette: tuple[str, ...], surface: str, hue: float, labels: tuple[str, str]) -> str:
    """The palette's colour that stands out most, moved in lightness only as far as needed: the button is seen on the ground,
    and a light or dark label is read on it."""
    liveliest = max(palette, key=lambda colour: distance(colour, surface) + 1.6 * lch(colour)[1])
    lightness, chroma, own = lch(liveliest)
    if distance(liveliest, surface) < 0.12:
        lightness, chroma, own = (0.35 if lch(surface)[0] > 0.6 else 0.88), max(chroma, 0.05), hue
    for step in range(96):
        for moved in (lightness - step * 0.01, lightness + step * 0.01):
            accent = from_lch(min(0.98, max(0.05, moved)), chroma, own)
            seen, read = contrast(accent, surface), max(contrast(label, accent) for label in labels)
            if seen >= _BUTTON and read >= READABLE + 0.3:
                return accent
    return max(labels, key=lambda label: contrast(label, surface))


def _softer(ink: str, surface: str, hue: float) -> str:
    """A quieter ink for body text, still read at 7 to 1 where the headline is, and never under 4.5."""
    ground = lch(surface)[0]
    for share in (0.2, 0.14, 0.08):
        mixed = from_lch(lch(ink)[0] + (ground - lch(ink)[0]) * share, 0.02, hue)
        if contrast(mixed, surface) >= 6.5:
            return mixed
    return ink
