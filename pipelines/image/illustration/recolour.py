"""Painting a drawing in an asked colour or material, path by path, with its shading kept; and lighting it for the scene.

Works in OKLCH. The body of a drawing is found by area, not by the order of its paths: what most people would name its colour by, and
what belongs to it. Knows nothing of places and sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pipelines.image.illustration.art import INK
from pipelines.image.illustration.colour import Lch, delta_e, hex_of, hue_distance, lch, mix, tone_of
from pipelines.image.illustration.light import Light, blend

Repaint = Callable[[str], str]

#: Hues this near to the main one belong to the same body and turn with it (a dragon's yellow-green belly with its green back),
#: unless they are much duller: then they are another material (the cork of a bottle).
BODY_HUES = 80.0
#: Of a living thing everything is skin, fur or feather, unless it covers less than this: then it is a beak, a tongue, an eye.
LIMB = 0.06
#: Neutrals darker than this are outlines, eyes and tyres: they stay.
INK_LIGHT = 0.36
#: The mean of what is recoloured may be this far from the asked colour (CIEDE2000) before shading is given up for it.
NEAR = 7.0
#: Shading is pressed until this share of what is recoloured lies within CIEDE2000 SAME of the asked colour, but never to nothing.
MOSTLY, SAME = 0.95, 9.5
#: Steps of pressing; the last keeps a drawing from becoming a flat stain.
PRESSES = (1.0, 0.8, 0.62, 0.46, 0.34, 0.24)
#: A tone takes on the palette's colour when their hues are this near; else it stays as it is: half way would be in no palette.
PALETTE_HUES = 45.0
#: The asked colour may be seen this far away (CIEDE2000) after the light of the scene.
SEEN = 9.0


@dataclass(frozen=True)
class Achieved:
    """Asked and painted colour of a thing, both "#rrggbb": the mean of the recoloured area before the scene's light and after it."""

    asked: str
    painted: str
    seen: str
    share: float

    @property
    def delta(self) -> float:
        return delta_e(self.asked, self.painted)


def main_colour(areas: Mapping[str, float]) -> str:
    """The colour most people would name it by: the largest area of one hue, unless that is near black and something else comes next."""
    families = sorted(areas, key=lambda c: -sum(a for other, a in areas.items() if _kin(lch(c), lch(other))))
    for colour in families:
        own = lch(colour)
        if not (own.neutral and own.light < INK_LIGHT) and areas[colour] > 0.02:
            return max((c for c in areas if _kin(own, lch(c))), key=lambda c: areas[c])
    return families[0]


def _kin(first: Lch, second: Lch) -> bool:
    """Tones of one thing: the same hue, or both without one and neither ink."""
    if first.neutral or second.neutral:
        return first.neutral and second.neutral and (first.light < INK_LIGHT) == (second.light < INK_LIGHT)
    return hue_distance(first.hue, second.hue) < 26


def body(areas: Mapping[str, float], living: bool) -> frozenset[str]:
    """The colours that turn together with the main one."""
    main = lch(main_colour(areas))
    chosen = set()
    for colour in areas:
        own = lch(colour)
        if main.neutral:
            if own.neutral and own.light >= min(INK_LIGHT, main.light - 0.1):
                chosen.add(colour)
            continue
        far = hue_distance(own.hue, main.hue)
        if own.neutral or far > BODY_HUES or (far > 18 and own.chroma < main.chroma * 0.55):
            continue
        chosen.add(colour)
    if living:
        for colour in areas:
            own = lch(colour)
            wide = sum(a for other, a in areas.items() if _kin(own, lch(other)))
            if colour not in chosen and not own.neutral and wide > LIMB:
                chosen.add(colour)
    return frozenset(chosen)


def recolour(areas: Mapping[str, float], target: str, living: bool = False) -> Repaint:
    """Turn the body of a drawing into `target`: its mean in the asked colour, every tone as much lighter or darker as it was."""
    turning, goal = body(areas, living), lch(target)
    main = lch(main_colour(areas))
    body_first = sorted(turning)  # sums must not depend on the order of a set
    mean = sum(areas[c] * lch(c).light for c in body_first) / max(sum(areas[c] for c in body_first), 1e-6)
    least, most = (min((lch(c).light for c in turning), default=mean), max((lch(c).light for c in turning), default=mean))
    # Near black and near white there is little room for shade: it is pressed into what there is, not cut off.
    up = min(0.85, max(0.985 - goal.light, 0.02) / max(most - mean, 0.02))
    down = min(0.85, max(goal.light - 0.09, 0.02) / max(mean - least, 0.02))

    def paint(keep: float, colour: str) -> str:
        own = lch(colour)
        spread = (up if own.light > mean else down) * keep
        light = goal.light + (own.light - mean) * spread
        turn = 0.0 if own.neutral or main.neutral else (own.hue - main.hue + 180) % 360 - 180
        ratio = 1.0 if main.neutral else min(own.chroma / max(main.chroma, 0.03), 1.25)
        kept = 0.2 * keep if abs(turn) < BODY_HUES else 0.0
        strength = 1 + (max(ratio, 0.55) - 1) * keep
        return hex_of(Lch(light, goal.chroma * strength, (goal.hue + min(max(turn * kept, -12), 12)) % 360))

    return _pressed(areas, turning, paint, target)


def _pressed(areas: Mapping[str, float], turning: frozenset[str], paint: Callable[[float, str], str], target: str) -> Repaint:
    """With as much shading as leaves the thing the asked colour: a colour at the edge of what a screen can show has no room for more."""
    for keep in PRESSES:
        made = _centred(areas, turning, partial(paint, keep), target)
        if delta_e(_mean(areas, turning, made), target) <= NEAR and _within(areas, turning, made, target) >= MOSTLY:
            break
    return made


def _within(areas: Mapping[str, float], turning: frozenset[str], paint: Repaint, target: str) -> float:
    """Of the recoloured area, the share that is seen as the asked colour."""
    every = [(areas[c], delta_e(paint(c), target)) for c in sorted(turning)]
    total = sum(area for area, _ in every)
    return sum(area for area, far in every if far <= SAME) / total if total > 0 else 1.0


def _centred(areas: Mapping[str, float], turning: frozenset[str], paint: Repaint, target: str) -> Repaint:
    """Moved as a whole so that the mean of what was recoloured is the asked colour: gamut and shading pull it away."""
    goal = lch(target)
    shift = (0.0, 1.0)
    for _ in range(3):
        made = lch(_mean(areas, turning, lambda c, s=shift: _shifted(paint(c), s)))  # type: ignore[misc]
        if delta_e(hex_of(made), target) < 2.0 or not turning:
            break
        shift = (shift[0] + goal.light - made.light, shift[1] * min(max(goal.chroma / max(made.chroma, 0.004), 0.6), 1.6))
    return lambda colour: _shifted(paint(colour), shift) if colour in turning else colour


def _shifted(colour: str, by: tuple[float, float]) -> str:
    value = lch(colour)
    return hex_of(Lch(min(max(value.light + by[0], 0.04), 0.99), value.chroma * by[1], value.hue))


def _mean(areas: Mapping[str, float], turning: frozenset[str], paint: Repaint) -> str:
    """Mean over the recoloured area, in OKLab."""
    if sum(areas[c] for c in sorted(turning)) <= 0:
        return paint(main_colour(areas))
    done, weight = "", 0.0
    for colour in sorted(turning):
        share = areas[colour]
        if share > 0:
            done = mix(done, paint(colour), share / (weight + share)) if done else paint(colour)
            weight += share
    return done


def of_material_in(areas: Mapping[str, float], ramp: Sequence[str], target: str) -> Repaint:
    """A material in an asked colour: everything turns, with the material's glints where they leave it that colour."""
    plain, goal, middle = of_material(areas, ramp), lch(target), lch(ramp[len(ramp) // 2])

    def paint(keep: float, colour: str) -> str:
        tone = lch(plain(colour))
        ratio = min(tone.chroma / max(middle.chroma, 0.03), 1.25) if not middle.neutral else 1.0
        return hex_of(Lch(goal.light + (tone.light - middle.light) * keep, goal.chroma * (1 + (max(ratio, 0.5) - 1) * keep), goal.hue))

    return _pressed(areas, frozenset(areas), paint, target)


def of_material(areas: Mapping[str, float], ramp: Sequence[str]) -> Repaint:
    """Everything in the tones of a material, dark to light as it was: lighter and darker about the middle of the ramp."""
    total = sum(areas.values()) or 1.0
    mean = sum(lch(c).light * a for c, a in areas.items()) / total
    # The middle of the ramp is what the material is known by: the mean tone of the drawing falls there.
    return lambda colour: blend(ramp, 0.5 + (lch(colour).light - mean) * 1.45)


@dataclass(frozen=True)
class Paint:
    """How a drawing is painted here. achieved is None where no colour was asked."""

    of: Repaint
    achieved: Achieved | None = None


def painter(
    areas: Mapping[str, float], colour: str | None, light: Light, palette: Sequence[str], living: bool = False,
    ramp: Sequence[str] = (), haze: float = 0.0,
) -> Paint:  # fmt: skip
    """The whole way of a colour into the picture: asked colour, material or a hint of the palette, the light, and the air between.

    haze: 0 near .. 1 far.
    """
    turn = _turn(areas, colour, living, ramp)
    turning = frozenset(areas) if ramp else (body(areas, living) if colour else frozenset())
    veil = haze * light.haze_amount * 0.6
    strength = 1.0
    goal = colour or (ramp[len(ramp) // 2] if ramp else None)
    known: dict[str, str] = {}

    def lit(own: str) -> str:
        return mix(mix(own, light.on_subject(own), strength), light.haze, veil * strength)

    def paint(own: str) -> str:
        if own not in known:
            known[own] = lit(turn(own) if turn else _hinted(own, palette))
        return known[own]

    if not turn or not goal:
        return Paint(paint)
    # An asked colour must still be seen as that colour at night and far away: the light holds back until it is.
    painted, held = _mean(areas, turning, turn), _within(areas, turning, turn, goal)

    def drowned() -> bool:
        mean = delta_e(goal, lit(painted)) > max(SEEN, delta_e(goal, painted) + 0.5)
        return mean or _within(areas, turning, lambda c: lit(turn(c)), goal) < min(held, MOSTLY) - 0.02

    while strength > 0.05 and colour and drowned():
        strength -= 0.1
    share = sum(areas.get(c, 0.0) for c in sorted(turning))
    return Paint(paint, Achieved(goal, painted, lit(painted), round(share, 3)))


def _turn(areas: Mapping[str, float], colour: str | None, living: bool, ramp: Sequence[str]) -> Repaint | None:
    if ramp:
        return of_material_in(areas, ramp, colour) if colour else of_material(areas, ramp)
    return recolour(areas, colour, living) if colour else None


def _hinted(colour: str, palette: Sequence[str]) -> str:
    """In the palette's own hue where one lies near, so that subject and setting belong together without changing what it is."""
    own = lch(colour)
    if not palette:
        return colour
    if colour == INK:
        # A silhouette has no colour of its own: it takes the palette's.
        return tone_of(palette[0], min(max(lch(palette[0]).light, 0.3), 0.62))
    if own.neutral:
        return colour
    paint = min(palette, key=lambda p: hue_distance(own.hue, lch(p).hue) + (400 if lch(p).neutral else 0))
    near = lch(paint)
    if near.neutral or hue_distance(own.hue, near.hue) > PALETTE_HUES:
        return colour
    if 70 < near.hue < 125 and own.light < near.light - 0.04:
        return colour  # yellow mixed with black is olive: gold, skin and straw would look ill in it
    return tone_of(paint, own.light)
