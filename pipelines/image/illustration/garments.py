"""Clothes that change the outline of a figure: dress, skirt, overcoat, uniform, kimono, hanfu, qipao, evening gown.

UPPER draws what lies on the bust of portrait.py, LOWER what hangs below it (people.py); on the same coordinates. Knows nothing of scenes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipelines.image.illustration.colour import lch, mix, shade
from pipelines.image.illustration.svg import number as n

if TYPE_CHECKING:
    from pipelines.image.illustration.people import Limbs
    from pipelines.image.illustration.portrait import Pen

#: Arms are bare from the short sleeve, or from the shoulder, down.
SHORT_SLEEVES = frozenset({"tee", "dress", "qipao"})
NO_SLEEVES = frozenset({"evening"})
#: Legs are bare between hem and shoe.
BARE_LEGS = frozenset({"dress", "skirt", "qipao"})
#: Sleeves that hang from the arm, by how far.
WIDE_SLEEVES = {"hanfu": 24.0, "kimono": 19.0}
#: Soles higher than this belong to somebody who sits: cloth lies over the lap.
SITTING = 200.0


def lap(pen: Pen, cloth: str, wide: float, low: float, hem: float) -> None:
    """Cloth of somebody who sits: over the thighs, then down to `low`; hem: half its width there."""
    half, knee = wide - 9, wide + 5
    pen.path(
        f"M{n(50 - half)} 98L{n(50 - half)} 136C{n(50 - knee)} 140 {n(50 - knee - 3)} 158 {n(50 - knee + 3)} 164L{n(50 - hem)} {n(low)}"
        f"Q50 {n(low + 6)} {n(50 + hem)} {n(low)}L{n(50 + knee - 3)} 164C{n(50 + knee + 3)} 158 {n(50 + knee)} 140 {n(50 + half)} 136"
        f"L{n(50 + half)} 98Z",
        cloth,
    )
    pen.path(f"M{n(50 - knee + 3)} 150C{n(50 - 14)} 142 {n(50 + 14)} 142 {n(50 + knee - 3)} 150C{n(50 + 16)} 168 {n(50 - 16)} 168 "
             f"{n(50 - knee + 3)} 150Z", shade(cloth, light=0.05))  # fmt: skip
    pen.line(
        f"M50 156V{n(low + 2)}M{n(50 - 17)} 162L{n(50 - 15)} {n(low)}M{n(50 + 17)} 162L{n(50 + 15)} {n(low)}", shade(cloth, light=-0.1), 1.3
    )


def _skirt_of(pen: Pen, cloth: str, top: float, low: float, waist: float, hem: float, folds: int) -> None:
    """A skirt from the waist to the hem, with folds and one side in shade."""
    pen.path(
        f"M{n(50 - waist)} {n(top)}C{n(50 - waist - 3)} {n(top + 18)} {n(50 - hem)} {n(low - 22)} {n(50 - hem)} {n(low)}"
        f"Q50 {n(low + 7)} {n(50 + hem)} {n(low)}C{n(50 + hem)} {n(low - 22)} {n(50 + waist + 3)} {n(top + 18)} {n(50 + waist)} {n(top)}Z",
        cloth,
    )
    deep = shade(cloth, light=-0.07)
    pen.path(
        f"M58 {n(top)}L{n(50 + hem * 0.45)} {n(low + 5)}Q{n(50 + hem * 0.8)} {n(low + 4)} {n(50 + hem)} {n(low)}"
        f"C{n(50 + hem)} {n(low - 22)} {n(50 + waist + 3)} {n(top + 18)} {n(50 + waist)} {n(top)}Z",
        deep, 0.85,
    )  # fmt: skip
    for k in range(folds):
        share = (k + 1) / (folds + 1) * 2 - 1
        pen.line(
            f"M{n(50 + waist * share * 0.7)} {n(top + 8)}L{n(50 + hem * share * 0.9)} {n(low + 2)}", shade(cloth, light=-0.1), 1.2, 0.7
        )


def _bodice(pen: Pen, cloth: str, wide: float, low: float) -> None:
    """Close at the waist."""
    half, waist = wide - 9, wide - 13
    pen.path(f"M{n(50 - half)} 96C{n(50 - half)} 112 {n(50 - waist)} 120 {n(50 - waist)} {n(low)}H{n(50 + waist)}"
             f"C{n(50 + waist)} 120 {n(50 + half)} 112 {n(50 + half)} 96Z", cloth)  # fmt: skip


def _dress(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _bodice(pen, cloth, wide, 134)
    if limbs.low < SITTING:
        lap(pen, cloth, wide, min(172.0, limbs.low - 4), wide - 4)
    else:
        _skirt_of(pen, cloth, 130, 178, wide - 13, wide + 7, 4)
    _belt(pen, cloth, wide - 12.5)


def _belt(pen: Pen, cloth: str, half: float) -> None:
    tone = shade(cloth, light=-0.16 if lch(cloth).light > 0.35 else 0.14)
    pen.path(f"M{n(50 - half)} 129Q50 133 {n(50 + half)} 129V134Q50 138 {n(50 - half)} 134Z", tone)


def _evening(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _bodice(pen, cloth, wide, 134)
    if limbs.low < SITTING:
        lap(pen, cloth, wide, limbs.low - 3, wide + 2)
    else:
        _skirt_of(pen, cloth, 130, limbs.low - 5, wide - 13, wide + 14, 5)
    _belt(pen, cloth, wide - 12.5)


def _skirt(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _bodice(pen, BLOUSE, wide, 136)
    if limbs.low < SITTING:
        lap(pen, cloth, wide, min(168.0, limbs.low - 4), wide - 6)
        pen.path(f"M{n(50 - wide + 9)} 98H{n(50 + wide - 9)}V131Q50 135 {n(50 - wide + 9)} 131Z", BLOUSE)
    else:
        _skirt_of(pen, cloth, 131, 170, wide - 12.5, wide + 2, 5)
    _belt(pen, cloth, wide - 12)


def _overcoat(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    half, low = wide - 9, min(182.0, limbs.low - 12)
    left, right = 50 - half - 6, 50 + half + 6
    pen.path(f"M{n(50 - half)} 96L{n(left)} {n(low)}Q50 {n(low + 5)} {n(right)} {n(low)}L{n(50 + half)} 96Z", cloth)
    pen.path(f"M56 96L60 {n(low + 3)}Q{n(50 + half)} {n(low + 2)} {n(right)} {n(low)}L{n(50 + half)} 96Z", shade(cloth, light=-0.07), 0.9)
    pen.line(f"M52 100L53 {n(low + 3)}", shade(cloth, light=-0.17), 1.4)
    for y in (112, 128, 146):
        pen.oval(47, y, 1.7, 1.7, shade(cloth, light=-0.2))
    for side in (-1, 1):
        pen.line(f"M{n(50 + side * (half - 3))} 148L{n(50 + side * (half - 13))} 151", shade(cloth, light=-0.16), 2)
    pen.path(f"M{n(50 - half)} 132Q50 137 {n(50 + half)} 132V138Q50 143 {n(50 - half)} 138Z", shade(cloth, light=-0.12))


def _uniform(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    del limbs
    half = wide - 9
    pen.path(f"M{n(50 - half)} 98L{n(50 - half - 1)} 152Q50 157 {n(50 + half + 1)} 152L{n(50 + half)} 98Z", cloth)
    pen.path(f"M58 98L59 155Q{n(50 + half - 3)} 154 {n(50 + half + 1)} 152L{n(50 + half)} 98Z", shade(cloth, light=-0.07), 0.9)
    pen.path(f"M{n(50 - half)} 130H{n(50 + half)}V136.500H{n(50 - half)}Z", "#2b2a30")
    pen.path("M46 129.500H54V137H46Z", "#d8b24a")
    for side in (-1, 1):
        pen.path(f"M{n(50 + side * 6)} 141H{n(50 + side * 16)}V149H{n(50 + side * 6)}Z", shade(cloth, light=-0.11))


def _qipao(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    _bodice(pen, cloth, wide, 134)
    trim = TRIM if lch(cloth).light < 0.8 else shade(cloth, light=-0.2)
    if limbs.low < SITTING:
        lap(pen, cloth, wide, limbs.low - 10, wide - 8)
        return
    low, waist, hip = limbs.low - 22, wide - 13, wide - 9
    pen.path(f"M{n(50 - waist)} 130C{n(50 - hip - 2)} 146 {n(50 - hip)} 168 {n(50 - hip + 3)} {n(low)}H{n(50 + hip - 3)}"
             f"C{n(50 + hip)} 168 {n(50 + hip + 2)} 146 {n(50 + waist)} 130Z", cloth)  # fmt: skip
    pen.path(
        f"M58 130L59 {n(low)}H{n(50 + hip - 3)}C{n(50 + hip)} 168 {n(50 + hip + 2)} 146 {n(50 + waist)} 130Z",
        shade(cloth, light=-0.07),
        0.9,
    )
    pen.line(f"M{n(50 + hip - 2)} {n(low)}L{n(50 + hip - 0.5)} 164", trim, 1.6)
    pen.line(f"M{n(50 - hip + 3)} {n(low)}H{n(50 + hip - 3)}", trim, 2)


def _kimono(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    low, half, hem = limbs.low - 8, wide - 9, wide - 3
    if limbs.low < SITTING:
        lap(pen, cloth, wide, limbs.low - 4, wide - 4)
    else:
        pen.path(
            f"M{n(50 - half)} 96L{n(50 - half - 1)} 140L{n(50 - hem)} {n(low)}H{n(50 + hem)}L{n(50 + half + 1)} 140L{n(50 + half)} 96Z",
            cloth,
        )
        pen.path(f"M60 140L{n(50 + hem * 0.3)} {n(low)}H{n(50 + hem)}L{n(50 + half + 1)} 140Z", shade(cloth, light=-0.07), 0.9)
        pen.line(f"M56 144C54 170 48 190 {n(50 - hem * 0.25)} {n(low)}", mix(cloth, "#fff6e6", 0.7), 2.6)
        _blossoms(pen, cloth, ((36, 168), (41, 190), (64, 176), (31, 196), (68, 198)))
    obi = shade(cloth, light=-0.3, hue=150) if lch(cloth).light > 0.5 else "#e2b64f"
    pen.path(f"M{n(50 - half - 1)} 120Q50 124 {n(50 + half + 1)} 120V141Q50 145 {n(50 - half - 1)} 141Z", obi)
    pen.line(f"M{n(50 - half - 1)} 131Q50 135 {n(50 + half + 1)} 131", mix(obi, "#fff6e6", 0.65), 2.4)


def _hanfu(pen: Pen, cloth: str, wide: float, limbs: Limbs) -> None:
    """A crossed jacket over a high skirt to the ground, with a long sash."""
    low, half = limbs.low - 5, wide - 9
    skirt = mix(cloth, "#fffaf0", 0.55) if lch(cloth).light < 0.7 else shade(cloth, light=-0.16, chroma=1.1)
    pen.path(f"M{n(50 - half)} 96H{n(50 + half)}V122H{n(50 - half)}Z", cloth)
    if limbs.low < SITTING:
        lap(pen, skirt, wide, limbs.low - 3, wide + 2)
        pen.path(f"M{n(50 - half)} 96H{n(50 + half)}V118H{n(50 - half)}Z", cloth)
    else:
        _skirt_of(pen, skirt, 112, low, half - 1, wide + 8, 6)
    pen.path(f"M{n(50 - half)} 111Q50 115 {n(50 + half)} 111V119Q50 123 {n(50 - half)} 119Z", shade(cloth, light=-0.13))
    sash = shade(cloth, light=-0.08)
    pen.path(f"M47 118L44 {n(min(166.0, low))}L50 {n(min(171.0, low + 2))}L51 118Z", sash)
    pen.path(f"M51 118L54 {n(min(158.0, low))}L59 {n(min(155.0, low))}L54 118Z", shade(sash, light=-0.05))


def _blossoms(pen: Pen, cloth: str, spots: tuple[tuple[float, float], ...]) -> None:
    pale = mix(cloth, "#fff2f4", 0.72)
    for x, y in spots:
        for dx, dy in ((0, -2.2), (2.1, -0.6), (1.3, 1.9), (-1.3, 1.9), (-2.1, -0.6)):
            pen.oval(x + dx, y + dy, 1.6, 1.6, pale)
        pen.oval(x, y, 1.1, 1.1, "#f2c04f")


BLOUSE, TRIM = "#f3f0ea", "#e7b94a"


def _dress_top(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    pen.path("M41.500 70.500C41 82 59 82 58.500 70.500C57 74 43 74 41.500 70.500Z", pen.figure.skin)
    pen.line("M41 72C42 83.500 58 83.500 59 72", shade(cloth, light=-0.13), 1.7)


def _evening_top(pen: Pen, cloth: str, wide: float) -> None:
    """Shoulders bare, the cloth begins at the chest."""
    pen.path(
        f"M{n(50 - wide + 8)} 105C{n(50 - wide + 9)} 96 38 91 50 97C62 91 {n(50 + wide - 9)} 96 {n(50 + wide - 8)} 105Z",
        cloth,
    )
    pen.line(f"M{n(50 - wide + 10)} 100C38 91 46 93 50 97C54 93 62 91 {n(50 + wide - 10)} 100", shade(cloth, light=0.08), 2.2)


def _blouse(pen: Pen, cloth: str, wide: float) -> None:
    del cloth, wide
    pale = shade(BLOUSE, light=0.03)
    pen.path("M42 72L37 77L44 85L50 79Z", pale)
    pen.path("M58 72L63 77L56 85L50 79Z", shade(pale, light=-0.04))
    pen.line("M50 80V104", shade(BLOUSE, light=-0.12), 0.8)


def _overcoat_top(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    pen.path("M42 72L50 98L58 72C56 78 44 78 42 72Z", mix("#f3ede2", cloth, 0.12))
    pen.path("M41.500 71L32 77L40 88L37 91L50 106V98Z", shade(cloth, light=0.05))
    pen.path("M58.500 71L68 77L60 88L63 91L50 106V98Z", shade(cloth, light=-0.04))


def _uniform_top(pen: Pen, cloth: str, wide: float) -> None:
    pale = shade(cloth, light=0.09)
    pen.path("M42 71L36 77L44 86L50 79Z", pale)
    pen.path("M58 71L64 77L56 86L50 79Z", shade(pale, light=-0.04))
    pen.line("M50 80V104", shade(cloth, light=-0.15), 1)
    for y in (87, 96):
        pen.oval(50, y, 1.3, 1.3, "#e3c25f")
    for side in (-1, 1):
        x = 50 + side * (wide - 9)
        pen.path(f"M{n(x - 7)} 81L{n(x + 7)} {n(81 + 3)}V87L{n(x - 7)} 85Z", "#d8b24a", 0.95)
    pen.path("M57 92H66V99L61.500 101.500L57 99Z", shade(cloth, light=-0.1))


def _qipao_top(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    trim = TRIM if lch(cloth).light < 0.8 else shade(cloth, light=-0.2)
    pen.path("M42 66H58V74C56 78 44 78 42 74Z", shade(cloth, light=0.03))
    pen.line("M42 67Q50 71 58 67M50 76C58 80 66 86 69 98", trim, 1.6)
    for x, y in ((55, 79.5), (63, 86)):
        pen.oval(x, y, 1.5, 1.5, trim)


def _crossed(pen: Pen, cloth: str, wide: float) -> None:
    """Collar bands that cross, left over right as seen by who wears it."""
    del wide
    inner, band = "#fbf7ee", shade(cloth, light=-0.16) if lch(cloth).light > 0.4 else mix(cloth, "#fff6e6", 0.7)
    pen.path("M43 70L50 84L57 70C55 76 45 76 43 70Z", inner)
    pen.line("M58.500 71C57 80 48 94 39 104", inner, 5.4)
    pen.line("M41.500 71C43 80 52 94 61 104", inner, 5.4)
    pen.line("M57.500 72C56 81 47 95 38 105", band, 3.2)
    pen.line("M42.500 72C44 81 53 95 62 105", band, 3.2)


def sleeves(pen: Pen, cloth: str, elbow: str, hand: tuple[float, float], deep: float, side: int) -> None:
    """The hanging part of a wide sleeve, from the elbow to the wrist. deep: how far it hangs."""
    ex, ey = (float(v) for v in elbow.split())
    x, y = hand
    back = -5 if side == 0 else 5
    pen.path(
        f"M{n(ex)} {n(ey - 7)}L{n(x)} {n(y - 9)}L{n(x + back * 0.4)} {n(y - 1)}Q{n((x + ex) / 2 + back)} {n(max(y, ey) + deep)}"
        f" {n(ex + back * 1.5)} {n(ey + deep * 0.7)}Z",
        shade(cloth, light=-0.05 - 0.04 * side),
    )


UPPER: dict[str, Callable[[Pen, str, float], None]] = {
    "dress": _dress_top, "evening": _evening_top, "skirt": _blouse, "overcoat": _overcoat_top, "uniform": _uniform_top,
    "qipao": _qipao_top, "kimono": _crossed, "hanfu": _crossed,
}  # fmt: skip
LOWER: dict[str, Callable[[Pen, str, float, Limbs], None]] = {
    "dress": _dress, "evening": _evening, "skirt": _skirt, "overcoat": _overcoat, "uniform": _uniform, "qipao": _qipao, "kimono": _kimono,
    "hanfu": _hanfu,
}  # fmt: skip
