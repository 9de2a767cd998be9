"""A person from head to foot: the bust of portrait.py on a body that stands, walks, runs, sits or lifts a hand.

Drawn by code in flat shapes; no licensed art is in it. Coordinates continue the square of 100 of portrait.py downward: the waist is
about y 142, the soles at 212. Knows nothing of scenes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipelines.image.illustration.art import Drawing
from pipelines.image.illustration.colour import lch, shade
from pipelines.image.illustration.figure import Figure
from pipelines.image.illustration.garments import BARE_LEGS, NO_SLEEVES, SHORT_SLEEVES, SITTING, WIDE_SLEEVES, lap, sleeves
from pipelines.image.illustration.garments import LOWER as GARMENTS
from pipelines.image.illustration.portrait import CLOTHS, Pen, behind, head, torso
from pipelines.image.illustration.svg import number as n

#: The square the house set draws on, and how much of the figure's own units one of its units is.
GRID = 32.0
UNIT = 7.0
#: y of the top of what is worn or grown on the head; without any of it the hair ends at TOP.
TOPS = {"pointed": -11.0, "toque": -7.0, "helmet": -6.0, "horns": 1.0, "crown": 1.0, "tricorn": 3.0, "cap": 6.0, "straw": 5.0, "hood": 4.0}
HAIR_TOPS = {"spiky": 4.0, "mohawk": 1.0, "curly": 7.0, "bun": 2.0}
TOP = 11.0
#: Clothes that reach the ground: who rides has them hitched up.
LONG = ("robe", "gown", "wrap", "hanfu", "kimono", "evening", "qipao")
STEEL, BOOT, DARK = "#aab4be", "#5a3f2e", "#2f3440"
#: A child's body against its head, and the height from which it is scaled: about a third of a child is head, a quarter of the grown.
SMALL, NECK = 0.62, 70.0
#: Who rides looks where the animal goes: drawings look left.
RIDING = -5.5
#: What covers hands and feet, by the clothes it belongs to.
GLOVES = {"armour": "#7d8792", "spacesuit": "#dfe3e8"}


@dataclass(frozen=True)
class Limbs:
    """Where arms and legs go: points of shoulder, elbow and hand, of hip, knee and ankle, left and right of who looks at it.

    low: y of the soles. reach: how far the body reaches left and right of the middle.
    """

    arms: tuple[str, str]
    hands: tuple[tuple[float, float], tuple[float, float]]
    legs: tuple[str, ...]
    feet: tuple[tuple[float, float], ...]
    low: float
    reach: tuple[float, float]


def limbs_of(pose: str, wide: float) -> Limbs:
    """wide: half the width of the shoulders. An unknown pose stands."""
    left, right = 50 - wide + 6.5, 50 + wide - 6.5
    down = (f"M{n(left)} 92L{n(left - 2)} 112L{n(left - 3)} 134", f"M{n(right)} 92L{n(right + 2)} 112L{n(right + 3)} 134")
    hands = ((left - 3.2, 138.0), (right + 3.2, 138.0))
    still = ("M41 144V200", "M59 144V200")
    feet = ((40.0, 206.0), (60.0, 206.0))
    lifted = f"M{n(right)} 92L{n(right + 3)} 111L{n(right + 14)} 90"
    match pose:
        case "run":
            arms = (f"M{n(left)} 92L{n(left - 9)} 113L{n(left + 9)} 121", f"M{n(right)} 92L{n(right + 10)} 108L{n(right + 17)} 90")
            legs = ("M42 142L34 168L14 172", "M58 142L74 162L68 196")
            return Limbs(arms, ((left + 12, 121), (right + 18, 87)), legs, ((9, 174), (71, 204)), 209, (56, wide + 20))
        case "walk":
            arms = (f"M{n(left)} 92L{n(left - 6)} 112L{n(left - 2)} 132", f"M{n(right)} 92L{n(right + 6)} 112L{n(right + 12)} 130")
            legs = ("M43 144L36 172L28 199", "M57 144L66 170L70 200")
            return Limbs(arms, ((left - 1, 136), (right + 14, 133)), legs, ((26, 205), (73, 206)), 211, (46, 50))
        case "sit":
            arms = (f"M{n(left)} 92L{n(left - 3)} 112L{n(left + 8)} 132", f"M{n(right)} 92L{n(right + 3)} 112L{n(right - 8)} 132")
            legs = ("M41 142L37 150V182", "M59 142L63 150V182")
            return Limbs(arms, ((left + 11, 135), (right - 11, 135)), legs, ((35, 188), (65, 188)), 193, (42, 42))
        case "ride":
            # One leg down the flank, both hands at the reins; the other leg is behind the animal.
            arms = (f"M{n(left)} 92L{n(left - 9)} 112L{n(left - 15)} 127", f"M{n(right)} 92L{n(right - 6)} 116L{n(right - 30)} 129")
            return Limbs(arms, ((left - 17, 129), (right - 33, 130)), ("M50 144L35 166L40 192",), ((36, 198),), 203, (46, wide + 4))
        case "lotus":
            arms = (f"M{n(left)} 92L{n(left - 8)} 118L{n(left - 5)} 146", f"M{n(right)} 92L{n(right + 8)} 118L{n(right + 5)} 146")
            legs = ("M41 146L22 160L56 169", "M59 146L78 160L44 169")
            return Limbs(arms, ((left - 4, 151), (right + 4, 151)), legs, ((62, 171), (38, 171)), 178, (42, 42))
        case "lift":
            return Limbs((down[0], lifted), (hands[0], (right + 16, 86.0)), still, feet, 211, (wide + 8, wide + 18))
        case "cheer":
            mirrored = f"M{n(left)} 92L{n(left - 3)} 111L{n(left - 14)} 90"
            return Limbs((mirrored, lifted), ((left - 16, 86.0), (right + 16, 86.0)), still, feet, 211, (wide + 18, wide + 18))
    return Limbs(down, hands, still, feet, 211, (wide + 8, wide + 8))


def whole(figure: Figure, pose: str = "stand", held: str = "") -> Drawing:
    """A drawing of the figure, as the house set would have it: its markup is in the drawing itself. The same figure gives the same one.

    held: "bow", "sword", "staff" or "" for an empty hand.
    """
    wide = 35.0 if figure.build == "strong" and not figure.young else 30.0
    limbs = limbs_of(pose, wide)
    if held in HELD:
        limbs = replace(limbs, reach=(limbs.reach[0], max(limbs.reach[1], limbs.hands[1][0] - 50 + 16)))
    body = "".join(_markup(figure, limbs, wide, held, RIDING if pose == "ride" else 0.0))
    if figure.young:
        limbs = _shrunk(limbs)
    top = min(TOPS.get(figure.head, TOP), HAIR_TOPS.get(figure.style, TOP) if figure.head in ("none", "") else TOP)
    left, right = 50 - limbs.reach[0], 50 + limbs.reach[1]
    high, across = limbs.low - top, right - left
    scale = GRID / max(high, across) * 0.98
    x, y = (GRID - across * scale) / 2, GRID - high * scale
    markup = f'<g transform="translate({x - left * scale:.4g} {y - top * scale:.4g})scale({scale:.5g})">{body}</g>'
    box = (x / GRID, y / GRID, (x + across * scale) / GRID, 1.0)
    feet = sorted((x + (foot[0] - left) * scale) / GRID for foot in limbs.feet)
    icon = f"figure-{hashlib.sha256(markup.encode()).hexdigest()[:16]}"
    hand = ((limbs.hands[1][0] - left) / across, (limbs.hands[1][1] - top) / high)
    colours = (figure.cloth, figure.skin, figure.hair)
    return Drawing("house", icon, box, (feet[0] - 0.04, feet[-1] + 0.04), 0.4, colours, markup=markup, hand=hand)


def _shrunk(limbs: Limbs) -> Limbs:
    """Where everything is once a child's body has been scaled; the head reaches as far as it did."""

    def moved(point: tuple[float, float]) -> tuple[float, float]:
        return 50 + (point[0] - 50) * SMALL, NECK + (point[1] - NECK) * SMALL

    reach = (max(limbs.reach[0] * SMALL, 23.0), max(limbs.reach[1] * SMALL, 23.0))
    first, second = limbs.hands
    feet = tuple(moved(foot) for foot in limbs.feet)
    return replace(limbs, hands=(moved(first), moved(second)), feet=feet, low=NECK + (limbs.low - NECK) * SMALL, reach=reach)


def _plain(colour: str) -> str:
    return colour


def _markup(figure: Figure, limbs: Limbs, wide: float, held: str, turn: float) -> list[str]:
    """Lowest first: what hangs behind, legs, the lower body, shoulders and head over its edge, what is held, arms and hands."""
    cloth = CLOTHS.get(figure.clothes, figure.cloth)
    low, back, body, face, arms = (Pen(figure, _plain) for _ in range(5))
    if figure.back == "cape":
        _cape(low, wide)
    _legs(low, limbs, cloth)
    lower = _belted if figure.head == "mask" else LOWER.get(figure.clothes, _trunk)
    if turn and figure.clothes in LONG:
        lower = _hitched
    lower(low, figure.cloth if figure.clothes == "skirt" else cloth, wide, limbs)
    behind(back)
    torso(body)
    head(face, turn)
    if held in HELD:
        HELD[held](arms, *limbs.hands[1])
    _arms(arms, limbs, cloth)
    if not figure.young:
        return [*low.shapes, *back.shapes, *body.shapes, *face.shapes, *arms.shapes]
    small = f'<g transform="translate({n(50 - 50 * SMALL)} {n(NECK - NECK * SMALL)})scale({SMALL})">'
    inside = "".join((*low.shapes, *body.shapes))
    return [*back.shapes, f"{small}{inside}</g>", *face.shapes, f"{small}{''.join(arms.shapes)}</g>"]


def _cape(pen: Pen, wide: float) -> None:
    tone = "#7d1f34" if lch(pen.figure.cloth).light < 0.45 else shade(pen.figure.cloth, light=-0.2)
    left, right = 50 - wide, 50 + wide
    pen.path(
        f"M38 72C{n(left - 4)} 92 {n(left - 12)} 150 {n(left - 9)} 198Q50 206 {n(right + 9)} 198"
        f"C{n(right + 12)} 150 {n(right + 4)} 92 62 72Z",
        tone,
    )


def _trousers(figure: Figure, cloth: str) -> str:
    if figure.clothes in ("armour", "spacesuit"):
        return shade(cloth, light=-0.06)
    if figure.clothes in ("suit", "uniform") or figure.head == "mask":
        return shade(cloth, light=-0.03)
    if figure.clothes == "tunic":
        return "#6b5138"
    return "#36425c" if lch(cloth).light > 0.42 else "#8c7b62"


def _legs(pen: Pen, limbs: Limbs, cloth: str) -> None:
    figure = pen.figure
    trousers = _trousers(figure, cloth)
    boots = figure.clothes in ("armour", "tunic")
    bare = figure.clothes in BARE_LEGS
    for side, (leg, (x, y)) in enumerate(zip(limbs.legs, limbs.feet, strict=True)):
        tone = shade(figure.skin if bare else trousers, light=-0.045 * side)
        pen.line(leg, tone, 11.5 if bare else 16)
        shoe = GLOVES.get(figure.clothes, BOOT if boots else DARK)
        toe = -3.0 if side == 0 else 3.0
        pen.path(
            f"M{n(x + toe - 10)} {n(y + 5)}C{n(x + toe - 11)} {n(y - 4)} {n(x + toe - 5)} {n(y - 7)} {n(x + toe)} {n(y - 7)}"
            f"C{n(x + toe + 5)} {n(y - 7)} {n(x + toe + 11)} {n(y - 4)} {n(x + toe + 10)} {n(y + 5)}Z",
            shoe,
        )


def _trunk(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    """Shirt, sweater, hoodie, suit: down to the hips, with a belt line."""
    del limbs
    half = wide - 9
    pen.path(f"M{n(50 - half)} 98L{n(50 - half + 1)} 148Q50 153 {n(50 + half - 1)} 148L{n(50 + half)} 98Z", cloth)
    pen.path(f"M58 98L59 151Q{n(50 + half - 3)} 150 {n(50 + half - 1)} 148L{n(50 + half)} 98Z", shade(cloth, light=-0.07), 0.9)
    pen.line(f"M{n(50 - half + 3)} 147Q50 151 {n(50 + half - 3)} 147", shade(cloth, light=-0.13), 1.8)
    if pen.figure.clothes == "suit":
        pen.line("M50 104V149", shade(cloth, light=-0.16), 1.2)


def _flared(pen: Pen, cloth: str, wide: float, limbs: Limbs, low: float, flare: float) -> None:
    """A coat or tunic that ends above the knees."""
    half = wide - 9
    end = min(low, limbs.low - 16)
    left, right = 50 - half - flare, 50 + half + flare
    pen.path(f"M{n(50 - half)} 98L{n(left)} {n(end)}Q50 {n(end + 5)} {n(right)} {n(end)}L{n(50 + half)} 98Z", cloth)
    deep = shade(cloth, light=-0.07)
    pen.path(f"M58 98L61 {n(end + 3)}Q{n(50 + half)} {n(end + 2)} {n(right)} {n(end)}L{n(50 + half)} 98Z", deep, 0.9)


def _hitched(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _flared(pen, cloth, wide, limbs, 160, 4)
    pen.path(f"M{n(50 - wide + 8)} 131H{n(50 + wide - 8)}V138H{n(50 - wide + 8)}Z", shade(cloth, light=-0.16))


def _long_coat(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _flared(pen, cloth, wide, limbs, 172, 3)
    pen.line(f"M50 104V{n(min(172.0, limbs.low - 16) + 2)}", shade(cloth, light=-0.16), 1.2)


def _belted(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _flared(pen, cloth, wide, limbs, 164, 5)
    pen.path(f"M{n(50 - wide + 8)} 134H{n(50 + wide - 8)}V140H{n(50 - wide + 8)}Z", "#7a4f30")
    pen.path("M46.500 133H53.500V141H46.500Z", "#d8a840")


def _plates(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _flared(pen, cloth, wide, limbs, 156, 2)
    for i in range(3):
        y = 112 + i * 12
        pen.line(f"M{n(50 - wide + 10)} {y}Q50 {y + 5} {n(50 + wide - 10)} {y}", shade(cloth, light=-0.13), 1.4)
    pen.path(f"M{n(50 - wide + 9)} 138H{n(50 + wide - 9)}V144H{n(50 - wide + 9)}Z", BOOT)
    pen.path("M44 144H56L53 172L50 176L47 172Z", pen.figure.cloth)


def _apron_skirt(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _trunk(pen, cloth, wide, limbs)
    pen.path(f"M38 100H62L{n(50 + wide - 11)} 172Q50 177 {n(50 - wide + 11)} 172Z", "#f1ece0")
    pen.line("M41 132H59", shade("#f1ece0", light=-0.12), 1.2)


def _skirts(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    """A robe or gown to the ground."""
    low = limbs.low - 6
    if limbs.low < SITTING:
        lap(pen, cloth, wide, limbs.low - 3, wide + 1)
        return
    half = wide - 9
    left, right, waist = 50 - wide - 6, 50 + wide + 6, (50 - half, 50 + half)
    side = f"C{n(right - 3)} 170 {n(waist[1] + 2)} 130 {n(waist[1])} 96Z"
    pen.path(
        f"M{n(waist[0])} 96C{n(waist[0] - 2)} 130 {n(left + 3)} 170 {n(left)} {n(low)}Q50 {n(low + 7)} {n(right)} {n(low)}{side}", cloth
    )
    deep = shade(cloth, light=-0.07)
    pen.path(f"M58 98C60 140 64 176 66 {n(low + 4)}Q{n(50 + wide)} {n(low + 3)} {n(right)} {n(low)}{side}", deep, 0.9)
    trim = "#e7b94a" if lch(cloth).hue < 40 or lch(cloth).hue > 110 else "#f4efe2"
    pen.line(f"M{n(left + 1)} {n(low - 2)}Q50 {n(low + 5)} {n(right - 1)} {n(low - 2)}", trim, 3.2)
    pen.line(f"M50 104V{n(low + 2)}", trim, 1.9)
    belt = f"M{n(waist[0] - 1)} 132Q50 138 {n(waist[1] + 1)} 132L{n(waist[1] + 1.5)} 139Q50 145 {n(waist[0] - 1.5)} 139Z"
    pen.path(belt, shade(cloth, light=-0.16))


LOWER: dict[str, Callable[[Pen, str, float, Limbs], None]] = {
    "coat": _long_coat, "tunic": _belted, "armour": _plates, "apron": _apron_skirt, "robe": _skirts, "gown": _skirts, "wrap": _skirts,
    **GARMENTS,
}  # fmt: skip


def _bow(pen: Pen, x: float, y: float) -> None:
    pen.line(f"M{n(x - 4)} {n(y - 46)}L{n(x - 4)} {n(y + 46)}", "#e9e2d0", 0.9)
    pen.line(f"M{n(x - 4)} {n(y - 46)}C{n(x + 14)} {n(y - 26)} {n(x + 14)} {n(y + 26)} {n(x - 4)} {n(y + 46)}", "#8a5a33", 3.2)


def _sword(pen: Pen, x: float, y: float) -> None:
    pen.path(
        f"M{n(x - 3)} {n(y - 10)}L{n(x - 1.5)} {n(y - 66)}L{n(x)} {n(y - 71)}L{n(x + 1.5)} {n(y - 66)}L{n(x + 3)} {n(y - 10)}Z", "#dbe2e8"
    )
    pen.path(f"M{n(x)} {n(y - 71)}L{n(x + 1.5)} {n(y - 66)}L{n(x + 3)} {n(y - 10)}H{n(x)}Z", "#aab6c0")
    pen.line(f"M{n(x - 8)} {n(y - 9)}H{n(x + 8)}", "#d8a840", 3)
    pen.line(f"M{n(x)} {n(y - 8)}V{n(y + 9)}", "#6d4534", 3)


def _staff(pen: Pen, x: float, y: float) -> None:
    pen.line(f"M{n(x + 1)} {n(y - 62)}L{n(x - 1)} 209", "#7a5230", 3.4)
    pen.oval(x + 1, y - 66, 6, 6.5, "#57b8e8")
    pen.oval(x - 1, y - 68, 2, 2.2, "#d5f0fb")


HELD: dict[str, Callable[[Pen, float, float], None]] = {"bow": _bow, "sword": _sword, "staff": _staff}


def _arms(pen: Pen, limbs: Limbs, cloth: str) -> None:
    figure = pen.figure
    short, none, deep = figure.clothes in SHORT_SLEEVES, figure.clothes in NO_SLEEVES, WIDE_SLEEVES.get(figure.clothes, 0.0)
    for side in (0, 1):
        tone = shade(cloth, light=-0.03 - 0.05 * side)
        start, elbow, hand = limbs.arms[side].split("L")
        if deep:
            sleeves(pen, cloth, elbow, limbs.hands[side], deep, side)
        if none:
            pen.line(limbs.arms[side], shade(figure.skin, light=-0.02 - 0.03 * side), 10.5)
        elif short:
            pen.line(f"M{elbow}L{hand}", figure.skin, 10.5)
            pen.line(f"{start}L{elbow}", tone, 13.5)
        else:
            pen.line(limbs.arms[side], tone, 13.5)
        x, y = limbs.hands[side]
        pen.oval(x, y, 6.2, 6.6, GLOVES.get(figure.clothes, figure.skin))
