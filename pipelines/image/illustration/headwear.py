"""What a character wears on the head: crowns, hats, hoods, horns. On the square of 100 of portrait.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pipelines.image.illustration.colour import lch, shade

if TYPE_CHECKING:
    from pipelines.image.illustration.portrait import Pen

GOLD, GOLD_DEEP, GOLD_PALE = "#edbb45", "#c68f22", "#fbe08a"


def behind(pen: Pen) -> None:
    """The part that is behind the head."""
    cloth = pen.figure.cloth
    if pen.figure.head == "hood":
        pen.path("M50 6C30 6 23 24 25 44C26 58 30 70 38 76H62C70 70 74 58 75 44C77 24 70 6 50 6Z", shade(cloth, light=-0.16))
    elif pen.figure.head == "horns":
        for side in (-1, 1):
            x = 50 + side * 12
            pen.path(
                f"M{x - side * 3} 24C{x + side * 4} 14 {x + side * 12} 14 {x + side * 13} 2"
                f"C{x + side * 20} 14 {x + side * 14} 27 {x + side * 3} 30Z",
                "#4b3a3f",
            )


def before(pen: Pen) -> None:
    """The part that is before the hair."""
    draw = _WORN.get(pen.figure.head)
    if draw:
        draw(pen)


def _crown(pen: Pen) -> None:
    pen.path("M33 24L30.500 6L40 14L50 2L60 14L69.500 6L67 24C60 20.500 40 20.500 33 24Z", GOLD)
    pen.path("M50 2L60 14L69.500 6L67 24C62 21.600 56 21 50 21Z", GOLD_DEEP, 0.55)
    pen.path("M32.800 21C40 17.600 60 17.600 67.200 21L66.900 25C60 21.600 40 21.600 33.100 25Z", GOLD_PALE)
    for x, y, tone in (
        (30.5, 6, "#d9344f"),
        (50, 2.4, "#3f8fd6"),
        (69.5, 6, "#d9344f"),
        (50, 15, "#d9344f"),
        (41, 17, "#3fae6a"),
        (59, 17, "#3fae6a"),
    ):
        pen.oval(x, y, 1.8, 1.8, tone)


def _tiara(pen: Pen) -> None:
    pen.line("M33.500 27C38 21.500 44 19.500 50 19.500C56 19.500 62 21.500 66.500 27", GOLD, 1.9)
    pen.path("M43 20.500L46.500 13.500L50 9L53.500 13.500L57 20.500C52 18.800 48 18.800 43 20.500Z", GOLD)
    pen.path("M50 12L52 15.500L50 19L48 15.500Z", "#e65a8a")


def _pointed(pen: Pen) -> None:
    cloth = pen.figure.cloth
    pen.path("M33 23C36 8 44 -6 60 -10C57 -4 61 8 67 23C58 17 42 17 33 23Z", cloth)
    pen.path("M60 -10C57 -4 61 8 67 23C62 19.800 57 18.800 52 18.600C54 6 56 -4 60 -10Z", shade(cloth, light=-0.08))
    pen.path("M20 27C30 17 70 17 80 27C74 31 62 27.500 50 27.500C38 27.500 26 31 20 27Z", shade(cloth, light=-0.05))
    pen.path("M32.600 24.500C40 19.500 60 19.500 67.400 24.500L66.500 20C58 15.500 42 15.500 33.500 20Z", GOLD)


def _toque(pen: Pen) -> None:
    white, grey = "#fbfbf8", "#dfe3e6"
    for x, y, r in ((37, 8, 8.5), (50, 4, 10), (63, 8, 8.5)):
        pen.oval(x, y, r, r, white)
    pen.path("M33.500 24V9H66.500V24C60 20.500 40 20.500 33.500 24Z", white)
    pen.path("M57 20.600V12M43 20.600V12M50 20.200V12", white)
    pen.line("M43 19.500V12M50 19V11M57 19.500V12", grey, 1)
    pen.path("M33.300 25V19C40 15.600 60 15.600 66.700 19V25C60 21 40 21 33.300 25Z", grey)


def _cap(pen: Pen) -> None:
    cloth = pen.figure.cloth
    pen.path("M31.500 27C30 14 39 8 50 8C61 8 70 14 68.500 27C60 22.500 40 22.500 31.500 27Z", cloth)
    pen.path("M50 8C61 8 70 14 68.500 27C64 24.600 58 23.600 53 23.500C56 18 55 12 50 8Z", shade(cloth, light=-0.07))
    pen.path("M38 25C46 20 64 20 80 29C72 31 62 28.500 52 28C46 27.700 41 27.300 38 25Z", shade(cloth, light=-0.12))
    pen.oval(50, 8.3, 1.8, 1.2, shade(cloth, light=0.1))


def _helmet(pen: Pen) -> None:
    steel, dark = "#b9c3cc", "#808b96"
    pen.path(
        "M29.500 46C26.500 18 38 9 50 9C62 9 73.500 18 70.500 46L65 50C66.500 40 66 34 64 30"
        "C56 26.500 44 26.500 36 30C34 34 33.500 40 35 50Z",
        steel,
    )
    pen.path("M50 9C62 9 73.500 18 70.500 46L65 50C66.500 40 66 34 64 30C59.500 28 55 27.400 50 27.300Z", dark, 0.55)
    pen.path("M48.600 9H51.400V44L50 47L48.600 44Z", "#dfe6ec")
    pen.path("M50 9C44 3 46 -4 58 -5C66 -5 72 0 76 7C68 4 60 5 53 10Z", pen.figure.cloth)
    for x in (33, 67):
        pen.oval(x, 40, 1.1, 1.1, "#5d6770")


def _hood(pen: Pen) -> None:
    cloth = pen.figure.cloth
    pen.path(
        "M50 5C30 5 23 24 25 46C26 58 30 70 39 77C35 66 32.500 54 33 42C33.500 29 40 21.500 50 21.500"
        "C60 21.500 66.500 29 67 42C67.500 54 65 66 61 77C70 70 74 58 75 46C77 24 70 5 50 5Z",
        cloth,
    )
    pen.path("M50 5C70 5 77 24 75 46C74 58 70 70 61 77C65 66 67.500 54 67 42C66.500 29 60 21.500 50 21.500Z", shade(cloth, light=-0.07))


def _tricorn(pen: Pen) -> None:
    felt = "#2f2a33" if lch(pen.figure.cloth).light > 0.35 else "#5a3b2a"
    pen.path("M34 22C36 8 42 4 50 4C58 4 64 8 66 22Z", felt)
    pen.path("M22 18C30 20 36 12 50 12C64 12 70 20 78 18C76 28 64 28.500 50 25.500C36 28.500 24 28 22 18Z", shade(felt, light=0.05))
    pen.line("M22.500 18.500C30 20.600 36 12.600 50 12.600C64 12.600 70 20.600 77.500 18.500", GOLD, 1.2)
    pen.oval(50, 18.3, 2.9, 2.6, "#f4f1ea")
    for x in (49, 51):
        pen.oval(x, 18.2, 0.7, 0.8, felt)


def _headphones(pen: Pen) -> None:
    pen.line("M31.500 41C29 22 39 11.500 50 11.500C61 11.500 71 22 68.500 41", "#2d3038", 3)
    for side in (-1, 1):
        x = 50 + side * 18.6
        pen.oval(x, 43, 4.4, 6.6, pen.figure.cloth)
        pen.oval(x - side * 2, 43, 2.4, 5.6, "#2d3038")


def _band(pen: Pen) -> None:
    pen.path("M32 31.500C38 27 62 27 68 31.500L67.600 27C62 22.500 38 22.500 32.400 27Z", pen.figure.cloth)


def _flower(pen: Pen) -> None:
    for dx, dy in ((0, -3.4), (3.2, -1), (2, 2.8), (-2, 2.8), (-3.2, -1)):
        pen.oval(66 + dx, 25 + dy, 2.7, 2.7, "#f48fb0")
    pen.oval(66, 25, 2.1, 2.1, "#f7cf52")


def _beret(pen: Pen) -> None:
    cloth = pen.figure.cloth
    pen.path("M30 24C25 12 40 5 55 7C70 8 78 18 70 25C58 20 40 20 30 24Z", cloth)
    pen.path("M55 7C70 8 78 18 70 25C66 23 62 22 57.500 21.500C63 17 62 11 55 7Z", shade(cloth, light=-0.07))
    pen.line("M52 7.500L53.500 3.800", cloth, 1.4)


def _straw(pen: Pen) -> None:
    pen.path("M34 22C35 9 42 6 50 6C58 6 65 9 66 22Z", "#e2bd6b")
    pen.path("M18 25C28 17 72 17 82 25C74 31 62 27.500 50 27.500C38 27.500 26 31 18 25Z", "#edcf86")
    pen.path("M33.800 21.500C42 18.500 58 18.500 66.200 21.500L66 17.500C58 15 42 15 34 17.500Z", pen.figure.cloth)


def _bubble(pen: Pen) -> None:
    pen.oval(50, 40, 29, 31, "#bfe2f2", 0.15)
    pen.line("M21 40a29 31 0 1 0 58 0a29 31 0 1 0 -58 0", "#eef4f8", 2)
    pen.line("M28 28C31 20 36 16 42 14", "#ffffff", 2.4, 0.85)


def _mask(pen: Pen) -> None:
    cloth = pen.figure.cloth
    pen.path(
        "M29 42C25 17 38 9 50 9C62 9 75 17 71 42C69 39 68 38 66.500 37.400C56 34.600 44 34.600 33.500 37.400C32 38 31 39 29 42Z", cloth
    )
    pen.path("M32.600 48.600C44 51.600 56 51.600 67.400 48.600C68.400 58 62 70 50 71C38 70 31.600 58 32.600 48.600Z", cloth)
    pen.path("M50 9C62 9 75 17 71 42C69 39 68 38 66.500 37.400C61 36 56 35.400 51 35.300C58 26 57 16 50 9Z", shade(cloth, light=-0.05))
    pen.line("M32.500 33.500C44 30 56 30 67.500 33.500", shade(cloth, light=0.1), 1.6)


_WORN: dict[str, Callable[[Pen], None]] = {
    "crown": _crown, "tiara": _tiara, "pointed": _pointed, "toque": _toque, "cap": _cap, "helmet": _helmet, "hood": _hood,
    "tricorn": _tricorn, "headphones": _headphones, "band": _band, "flower": _flower, "beret": _beret, "straw": _straw, "bubble": _bubble,
    "mask": _mask,
}  # fmt: skip
