"""Painting a drawing in an asked colour, path by path, with its shading kept; and lighting it for the scene."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.image.illustration.art import Drawing
from pipelines.image.illustration.colour import Lch, harmonise, hex_of, hue_distance, lch
from pipelines.image.illustration.light import Light

Repaint = Callable[[str], str]

#: Hues this near to the main one belong to the same body and turn with it (a dragon's yellow-green belly with its green back),
#: unless they are much duller: then they are another material (the cork of a bottle).
BODY_HUES = 80.0
#: Neutrals darker than this are outlines, eyes and tyres: they stay.
INK_LIGHT = 0.36


def main_colour(drawing: Drawing) -> str:
    """The colour most people would name it by: the largest area, unless that is near black and something chromatic comes next."""
    candidates = drawing.colours or ("#888888",)
    first = lch(candidates[0])
    if first.neutral and first.light < INK_LIGHT:
        for other in candidates[1:]:
            if not lch(other).neutral or lch(other).light > 0.5:
                return other
    return candidates[0]


def recolour(drawing: Drawing, target: str) -> Repaint:
    """Turn the drawing's main colour into `target` and everything of its body with it; eyes, outlines and accents stay."""
    main, goal = lch(main_colour(drawing)), lch(target)

    def paint(colour: str) -> str:
        own = lch(colour)
        if main.neutral:
            if not own.neutral or own.light < min(INK_LIGHT, main.light - 0.1):
                return colour
            return hex_of(_moved(own, main, goal, goal.chroma * _carries(own.light)))
        far = hue_distance(own.hue, main.hue)
        if own.neutral or far > BODY_HUES or (far > 18 and own.chroma < main.chroma * 0.55):
            return colour
        ratio = min(own.chroma / max(main.chroma, 0.03), 1.35)
        return hex_of(_moved(own, main, goal, goal.chroma * ratio))

    return paint


def _moved(own: Lch, main: Lch, goal: Lch, chroma: float) -> Lch:
    """Shading kept: as much lighter or darker than the goal as it was than the main colour; a little of its hue turn too."""
    spread = 0.85
    light = min(max(goal.light + (own.light - main.light) * spread, 0.1), 0.97)
    turn = (own.hue - main.hue + 180) % 360 - 180 if not own.neutral and not main.neutral else 0.0
    return Lch(light, chroma, (goal.hue + turn * 0.22) % 360)


def _carries(light: float) -> float:
    return max(0.25, 1 - abs(light - 0.6) * 1.3)


def painter(drawing: Drawing, colour: str | None, light: Light, palette: Sequence[str]) -> Repaint:
    """The whole way of a colour into the picture: asked colour or a hint of the palette, then the light. Answers are remembered."""
    turn = recolour(drawing, colour) if colour else None
    known: dict[str, str] = {}

    def paint(own: str) -> str:
        if own not in known:
            turned = turn(own) if turn else _hinted(own, palette)
            known[own] = light.on_subject(turned)
        return known[own]

    return paint


def _hinted(colour: str, palette: Sequence[str]) -> str:
    """A touch of the palette, so that subject and setting belong together, without changing what the thing is."""
    return colour if lch(colour).neutral else harmonise(colour, palette, 0.1)
