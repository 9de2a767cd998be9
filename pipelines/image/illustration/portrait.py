"""A character's bust drawn from parts, in clean flat shapes with one tone of shade. Drawn by code; no licensed art is in it.

Coordinates of the parts are on a square of 100: the face about (50, 42), shoulders down to 100 and beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from pipelines.image.illustration import garments, headwear
from pipelines.image.illustration.colour import lch, mix, shade
from pipelines.image.illustration.figure import Figure
from pipelines.image.illustration.stage import Box
from pipelines.image.illustration.svg import number as n


@dataclass
class Pen:
    """Collects the parts of one bust, lowest first. tone: what the light of the picture does to a colour."""

    figure: Figure
    tone: Callable[[str], str]
    shapes: list[str] = field(default_factory=list)

    def path(self, data: str, colour: str, opacity: float = 1.0) -> None:
        alpha = f' opacity="{n(opacity)}"' if opacity < 1 else ""
        self.shapes.append(f'<path d="{data}" fill="{self.tone(colour)}"{alpha}/>')

    def line(self, data: str, colour: str, width: float, opacity: float = 1.0) -> None:
        alpha = f' opacity="{n(opacity)}"' if opacity < 1 else ""
        self.shapes.append(
            f'<path d="{data}" fill="none" stroke="{self.tone(colour)}" stroke-width="{n(width)}" stroke-linecap="round" '
            f'stroke-linejoin="round"{alpha}/>'
        )

    def oval(self, cx: float, cy: float, rx: float, ry: float, colour: str, opacity: float = 1.0) -> None:
        alpha = f' opacity="{n(opacity)}"' if opacity < 1 else ""
        place = f'cx="{n(cx)}" cy="{n(cy)}" rx="{n(rx)}" ry="{n(ry)}"'
        self.shapes.append(f'<ellipse {place} fill="{self.tone(colour)}"{alpha}/>')


def bust(figure: Figure, tone: Callable[[str], str]) -> str:
    """Markup of the whole bust on its square of 100."""
    pen = Pen(figure, tone)
    behind(pen)
    torso(pen)
    head(pen)
    return "".join(pen.shapes)


def behind(pen: Pen) -> None:
    """What is behind neck and shoulders."""
    _hair_behind(pen)
    headwear.behind(pen)


def head(pen: Pen, turn: float = 0.0) -> None:
    """Neck upward. turn: how far the face looks to the right, in units; below 0 to the left."""
    _head(pen, turn)
    before = len(pen.shapes)
    _face(pen)
    _beard(pen)
    if turn:
        pen.shapes[before:] = [f'<g transform="translate({n(turn)} 0)">{"".join(pen.shapes[before:])}</g>']
    _hair_before(pen)
    before = len(pen.shapes)
    _eyewear(pen)
    if turn and len(pen.shapes) > before:
        pen.shapes[before:] = [f'<g transform="translate({n(turn)} 0)">{"".join(pen.shapes[before:])}</g>']
    headwear.before(pen)


def _jaw(figure: Figure) -> str:
    if figure.build == "strong":
        return (
            "M33 37C33 24 41 19 50 19C59 19 67 24 67 37C67 47 65.500 54 61 58.500C57.500 62 53.500 64 50 64"
            "C46.500 64 42.500 62 39 58.500C34.500 54 33 47 33 37Z"
        )
    return (
        "M33 37C33 24 41 19 50 19C59 19 67 24 67 37C67 49 62 57 56.500 61"
        "C53.500 63 51.500 63.600 50 63.600C48.500 63.600 46.500 63 43.500 61C38 57 33 49 33 37Z"
    )


def _head(pen: Pen, turn: float) -> None:
    skin = pen.figure.skin
    deep = shade(skin, light=-0.075, chroma=1.08)
    for side in (-1, 1):
        x = 50 + side * 17.2
        if side * turn > 0:
            continue  # turned away
        x += turn * 0.5
        if pen.figure.ears == "pointed":
            pen.path(f"M{n(x - side)} 37L{n(x + side * 11)} 29.500Q{n(x + side * 6)} 45 {n(x - side * 0.500)} 48Z", skin)
            pen.path(f"M{n(x + side)} 39L{n(x + side * 8)} 33Q{n(x + side * 4.500)} 43 {n(x + side * 0.500)} 45Z", deep)
        else:
            pen.oval(x, 42.5, 3.4, 4.8, skin)
            pen.oval(x + side * 0.3, 42.8, 1.7, 2.8, deep)
    pen.path(_jaw(pen.figure), skin)
    # One side of the face lies in soft shade.
    pen.path("M67 37C67 49 62 57 56.500 61C53.500 63 51.500 63.600 50 63.600C58 58 62 46 60 24C64 27 67 31 67 37Z", deep, 0.45)


def torso(pen: Pen) -> None:
    figure = pen.figure
    skin, deep = figure.skin, shade(figure.skin, light=-0.1, chroma=1.05)
    wide = 35 if figure.build == "strong" else 30
    pen.path("M42.500 55H57.500V70C57.500 76 42.500 76 42.500 70Z", skin)
    pen.path("M42.500 58C46 65.500 54 65.500 57.500 58V64C54 70 46 70 42.500 64Z", deep, 0.75)
    shoulders = (
        f"M{n(50 - wide)} 104C{n(50 - wide)} 84 {n(50 - wide + 6)} 77 42 73C44 78 56 78 58 73"
        f"C{n(50 + wide - 6)} 77 {n(50 + wide)} 84 {n(50 + wide)} 104Z"
    )
    cloth = CLOTHS.get(figure.clothes, figure.cloth)
    over = skin if figure.clothes in garments.NO_SLEEVES else cloth
    pen.path(shoulders, over)
    pen.path(
        f"M58 73C{n(50 + wide - 6)} 77 {n(50 + wide)} 84 {n(50 + wide)} 104H{n(50 + wide - 10)}C{n(50 + wide - 9)} 90 64 82 57 76.500Z",
        shade(over, light=-0.07),
        0.9,
    )
    CLOTHES.get(figure.clothes, _tee)(pen, cloth, wide)


def _tee(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    pen.line("M42 73.200C44 79.500 56 79.500 58 73.200", shade(cloth, light=-0.12), 1.8)


def _hoodie(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    pen.path(
        "M36 76C36 70 41 69 42.500 69C43 78 57 78 57.500 69C59 69 64 70 64 76C62 86 54 89 50 89C46 89 38 86 36 76Z",
        shade(cloth, light=0.05),
    )
    pen.path("M42 72.500C44 80 56 80 58 72.500C58 80 55 85 50 85C45 85 42 80 42 72.500Z", shade(cloth, light=-0.15))
    for x in (46, 54):
        pen.line(f"M{x} 85V94", "#f4f1ea", 0.9)


def _shirt(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    pale = shade(cloth, light=0.08)
    pen.path("M42 72L36.500 77L44 86L50 79Z", pale)
    pen.path("M58 72L63.500 77L56 86L50 79Z", shade(pale, light=-0.03))
    pen.line("M50 80V104", shade(cloth, light=-0.12), 0.7)
    for y in (86, 93):
        pen.oval(50, y, 0.8, 0.8, "#fffdf6")


def _sweater(pen: Pen, cloth: str, wide: float) -> None:
    pen.path("M41 70C44 75 56 75 59 70L60.500 76C56 82 44 82 39.500 76Z", shade(cloth, light=0.06))
    for i in range(4):
        y = 86 + i * 4.2
        pen.line(f"M{n(50 - wide + 9)} {n(y)}L50 {n(y + 3)}L{n(50 + wide - 9)} {n(y)}", shade(cloth, light=0.07), 0.9, 0.55)


def _suit(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    pen.path("M42 72L50 96L58 72C56 78 44 78 42 72Z", "#fbfbf8")
    pen.path(
        "M50 79L47.600 82.500L49.200 85L47.500 104H52.500L50.800 85L52.400 82.500Z",
        shade(cloth, light=0.2, hue=150) if lch(cloth).light < 0.6 else "#b33a3a",
    )
    pen.path("M41.500 72L34 77L41 84L38.500 86.500L50 104V97Z", shade(cloth, light=-0.05))
    pen.path("M58.500 72L66 77L59 84L61.500 86.500L50 104V97Z", shade(cloth, light=-0.1))


def _coat(pen: Pen, cloth: str, wide: float) -> None:
    pen.path("M42 72L50 100L58 72C56 78 44 78 42 72Z", pen.figure.cloth)
    pen.path("M41.500 72L35 77L42 85L40 87.500L49 104H46Z", shade(cloth, light=-0.04))
    pen.path("M58.500 72L65 77L58 85L60 87.500L51 104H54Z", shade(cloth, light=-0.08))
    pen.path(f"M{n(50 + wide * 0.44)} 92h8v1.600h-8z", "#7fa6bd")


def _apron(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    pale = mix(cloth, "#fff8ec", 0.85)
    _shirt(pen, cloth, 30)
    pen.path("M41 88H59L62 104H38Z", pale)
    pen.line("M41.500 88L40 75M58.500 88L60 75", pale, 1.7)


def _armour(pen: Pen, cloth: str, wide: float) -> None:
    dark, pale = shade(cloth, light=-0.12), shade(cloth, light=0.12)
    pen.path("M40 71C43 78 57 78 60 71L62 78C56 85 44 85 38 78Z", dark)
    for side in (-1, 1):
        x = 50 + side * (wide - 7)
        pen.oval(x, 87, 10, 8.5, pale if side < 0 else cloth)
        pen.line(f"M{n(x - 9)} 90C{n(x - 5)} 95 {n(x + 5)} 95 {n(x + 9)} 90", dark, 1)
        pen.oval(x, 85, 1.1, 1.1, pen.figure.cloth)
    pen.path("M38 84C44 90 56 90 62 84V104H38Z", pale)
    pen.path("M50 88V104H62V84C59 87 54.500 88.400 50 88.400Z", cloth)
    pen.path("M48.800 89H51.200V104H48.800Z", pen.figure.cloth)


def _robe(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    trim = "#e7b94a" if lch(cloth).hue < 40 or lch(cloth).hue > 110 else "#f4efe2"
    pen.path("M41 71L30 78L46 104H54L70 78L59 71L50 90Z", shade(cloth, light=0.06))
    pen.line("M41.500 72L50 91L58.500 72", trim, 1.9)
    pen.line("M50 91V104", trim, 1.9)
    pen.path("M50 86.500L52.600 90L50 93.500L47.400 90Z", "#6fd0e0")


def _gown(pen: Pen, cloth: str, wide: float) -> None:
    fur = "#fbf6ea"
    pen.path(
        f"M40.500 70C36 73 30 76 {n(50 - wide + 5)} 80C34 90 44 92 50 92C56 92 66 90 {n(50 + wide - 5)} 80"
        f"C70 76 64 73 59.500 70C57 80 43 80 40.500 70Z",
        fur,
    )
    for x, y in ((31, 82), (38, 85), (45, 88), (55, 88), (62, 85), (69, 82)):
        pen.path(f"M{x} {y}l.700 2.400l-.700 .800l-.700 -.800z", "#3a3236")
    pen.path("M50 85L53 89L50 93L47 89Z", "#e7b94a")
    del cloth


def _wrap(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    trim = mix(cloth, "#fff6e6", 0.75)
    pen.path("M42 71C40 74 38 75 36 76L52 104H66C60 92 52 84 42 71Z", shade(cloth, light=0.04))
    pen.line("M58 71C57 79 50 88 40 98", trim, 3.6)
    pen.line("M42 71C43 79 50 89 58 104", trim, 3.6)
    pen.line("M42 71C43 79 50 89 58 104", shade(cloth, light=-0.14), 0.8)


def _tunic(pen: Pen, cloth: str, wide: float) -> None:
    del wide
    leather = "#7a4f30"
    pen.path("M43 73L50 88L57 73C55 78 45 78 43 73Z", mix(cloth, "#f2e6cf", 0.75))
    for y in (79, 83):
        pen.line(f"M47 {y}L53 {y + 2}M53 {y}L47 {y + 2}", leather, 0.8)
    pen.line("M26 84L62 104", leather, 4.2)
    pen.oval(43, 93.6, 2.2, 2.2, "#d8a840")


def _spacesuit(pen: Pen, cloth: str, wide: float) -> None:
    pen.path("M37 72C42 79 58 79 63 72L65 79C58 87 42 87 35 79Z", shade(cloth, light=-0.16))
    pen.path("M40 92H60V104H40Z", shade(cloth, light=-0.1))
    for x, tone in ((44, "#e0533d"), (50, "#f2c14e"), (56, "#3f8fd6")):
        pen.oval(x, 97, 1.6, 1.6, tone)
    pen.line(f"M{n(50 - wide + 4)} 92C{n(50 - wide + 8)} 88 {n(50 - wide + 12)} 88 36 92", pen.figure.cloth, 2.2)


#: Clothes that have a colour of their own.
CLOTHS = {"coat": "#f4f6f8", "spacesuit": "#eef1f5", "armour": "#aab4be", "skirt": garments.BLOUSE}
CLOTHES: dict[str, Callable[[Pen, str, float], None]] = {
    "tee": _tee, "hoodie": _hoodie, "shirt": _shirt, "sweater": _sweater, "suit": _suit, "coat": _coat, "apron": _apron, "armour": _armour,
    "robe": _robe, "gown": _gown, "wrap": _wrap, "tunic": _tunic, "spacesuit": _spacesuit, **garments.UPPER,
}  # fmt: skip


def _face(pen: Pen) -> None:
    figure = pen.figure
    deep = shade(figure.skin, light=-0.2, chroma=1.3)
    brow = shade(figure.hair, light=-0.06) if lch(figure.hair).light < 0.8 else "#9a948c"
    angry, sad = figure.mood == "angry", figure.mood == "sad"
    for side in (-1, 1):
        x = 50 + side * 7.6
        pen.oval(x, 43, 3.7, 3.5, "#fdfdfb")
        pen.oval(x, 43.3, 2.7, 2.9, figure.eyes)
        pen.oval(x, 43.4, 1.5, 1.7, "#1d1a20")
        pen.oval(x - 0.9, 42.1, 0.85, 0.85, "#ffffff")
        pen.line(
            f"M{n(x - 4)} 42.200C{n(x - 2.2)} 38.700 {n(x + 2.2)} 38.700 {n(x + 4)} 42.200",
            "#2a2026",
            1.25 if figure.build == "soft" else 0.9,
        )
        if figure.build == "soft":
            pen.line(f"M{n(x + side * 3.8)} 41.800L{n(x + side * 5.2)} 40.400", "#2a2026", 0.9)
        inner, outer = (37.2, 34.6) if angry else (34.6, 36.8) if sad else (36, 35.4)
        pen.line(f"M{n(x - side * 3.6)} {n(inner)}Q{n(x + side)} {n(min(inner, outer) - 1.2)} {n(x + side * 4.4)} {n(outer)}", brow, 1.5)
        pen.oval(50 + side * 11, 50.5, 3.2, 2, mix(figure.skin, "#e8506a", 0.5), 0.4)
    pen.line("M49.400 44.500C49 47.500 48.300 49 49.600 49.500C50.300 49.800 51 49.700 51.600 49.300", deep, 0.95)
    lips = mix(figure.skin, "#b8324a", 0.62 if figure.build == "soft" else 0.4)
    match figure.mood:
        case "grin":
            pen.path("M43.500 53C46 54 54 54 56.500 53C56 58.500 53 60.200 50 60.200C47 60.200 44 58.500 43.500 53Z", "#7a2233")
            pen.path("M44.300 53.300C47 54.200 53 54.200 55.700 53.300L55.200 55C52 56 48 56 44.800 55Z", "#fffdf8")
        case "open":
            pen.oval(50, 56, 2.8, 3.4, "#7a2233")
        case "sad":
            pen.line("M45.500 57C48 54.600 52 54.600 54.500 57", lips, 1.3)
        case "angry":
            pen.line("M45 56.500C48 54.800 52 54.800 55 56", lips, 1.4)
        case "calm":
            pen.line("M45.600 55.400C48.500 56.200 51.500 56.200 54.400 55.200", lips, 1.3)
        case _:
            pen.line("M44.500 54C47 57.600 53 57.600 55.500 54", lips, 1.4)


def _beard(pen: Pen) -> None:
    hair = pen.figure.hair
    if pen.figure.beard == "full":
        pen.path(
            "M33.500 44C35 49 38 50.500 41 50.800C44 51 47 49.500 50 51C53 49.500 56 51 59 50.800"
            "C62 50.500 65 49 66.500 44C68 58 62 76 50 78C38 76 32 58 33.500 44Z",
            hair,
        )
        pen.path(
            "M50 51C53 49.500 56 51 59 50.800C62 50.500 65 49 66.500 44C68 58 62 76 50 78C56 70 56 60 50 51Z", shade(hair, light=-0.06), 0.8
        )
        pen.path("M45 55C47.500 57.800 52.500 57.800 55 55C53 54.400 47 54.400 45 55Z", "#a84a52")
    elif pen.figure.beard == "moustache":
        pen.path(
            "M50 51.500C47 50.500 43 52 41.500 55C45 55.500 48 54.500 50 53.500C52 54.500 55 55.500 58.500 55C57 52 53 50.500 50 51.500Z",
            hair,
        )


def _hair_behind(pen: Pen) -> None:
    hair, style = shade(pen.figure.hair, light=-0.07), pen.figure.style
    match style:
        case "long":
            pen.path(
                "M29.500 38C26 15 41 11 50 11C59 11 74 15 70.500 38C71 54 76 66 75 84C68 90 60 86 58 78H42"
                "C40 86 32 90 25 84C24 66 29 54 29.500 38Z",
                hair,
            )
        case "bob":
            pen.path(
                "M29.500 38C26 15 41 11 50 11C59 11 74 15 70.500 38C71.500 48 73 56 71 64C66 68 60 66 58 62H42"
                "C40 66 34 68 29 64C27 56 28.500 48 29.500 38Z",
                hair,
            )
        case "curly":
            for i in range(15):
                angle = math.pi * (0.86 + 1.28 * i / 14)
                pen.oval(50 + 19.5 * math.cos(angle), 36 + 20 * math.sin(angle), 7.6, 7.6, hair)
            for x, y in ((30, 48), (29, 56), (70, 48), (71, 56)):
                pen.oval(x, y, 6.4, 6.4, hair)
        case "bun":
            pen.oval(50, 11, 8.6, 8, hair)
        case "ponytail":
            pen.path("M63 20C78 18 84 34 79 50C77 58 73 62 70 64C73 54 72 40 62 30Z", hair)
        case "braids":
            for side in (-1, 1):
                for i in range(5):
                    pen.oval(50 + side * (20 + 0.6 * i), 52 + i * 7, 4.6 - 0.35 * i, 4.8, shade(pen.figure.hair, light=-0.03 * (i % 2)))
                pen.oval(50 + side * 22.8, 85, 2.6, 1.8, pen.figure.cloth)


CAP = "M31.300 41C28.500 21 40 13.500 50.500 13.500C63 13.500 71.500 22 68.700 41C68 37 66.500 33.500 64.500 31"


def _hair_before(pen: Pen) -> None:
    hair, style = pen.figure.hair, pen.figure.style
    gloss = shade(hair, light=0.09)
    match style:
        case "bald":
            pen.line("M41 24C44 21.500 48 20.800 51 21", shade(pen.figure.skin, light=0.06), 1.6, 0.8)
            return
        case "mohawk":
            pen.path("M43 27C42 12 44 3 50 2C56 3 58 12 57 27C53 23 47 23 43 27Z", hair)
            return
        case "spiky":
            pen.path(
                "M31 41L27 30L33 29L29 18L38 20L39 9L47 15L53 5L57 14L66 9L65 19L73 19L68 28L73 32L68.500 41"
                "C68 36 66 32 63 30L58 32L55 28L50 32L46 28L41 32L37 29.500C34 32 32 36 31 41Z",
                hair,
            )
        case "short" | "bun":
            pen.path(f"{CAP}C58 33.500 47 31 41 26C40 29.500 36 31.500 34 33C32.500 35.500 31.800 38 31.300 41Z", hair)
        case "curly":
            for x, y, r in ((35, 28, 6), (41, 22.5, 6.4), (49, 20.5, 6.6), (57, 22, 6.4), (64, 27.5, 6), (46, 25, 4.5), (54, 25, 4.5)):
                pen.oval(x, y, r, r * 0.92, hair)
        case _:
            pen.path(f"{CAP}C58 31 53 26 50.500 21.500C47 27.500 41 31.500 35.500 32.500C33 35 32 38 31.300 41Z", hair)
            if style in ("long", "bob", "braids"):
                for side in (-1, 1):
                    x = 50 + side * 18
                    low = 60 if style == "long" else 52
                    pen.path(
                        f"M{n(x - side * 1.5)} 30C{n(x + side * 2)} 38 {n(x + side * 1.5)} 48 {n(x + side * 1.2)} {low}"
                        f"C{n(x - side * 2.4)} 50 {n(x - side * 2.6)} 40 {n(x - side * 1.5)} 30Z",
                        hair,
                    )
    pen.line("M38 20.500C41.500 17.800 45 16.800 49 16.600", gloss, 1.7, 0.75)


def _eyewear(pen: Pen) -> None:
    kind = pen.figure.eyewear
    if kind == "round":
        for x in (42.4, 57.6):
            pen.line(f"M{n(x - 5.6)} 43.200a5.600 5.600 0 1 0 11.200 0a5.600 5.600 0 1 0 -11.200 0", "#3a3238", 1.15)
        pen.line(
            "M48 42.500C49.300 41.700 50.700 41.700 52 42.500M36.800 42.500L33.500 41.500M63.200 42.500L66.500 41.500", "#3a3238", 1.15
        )
    elif kind == "dark":
        pen.path(
            "M35.500 39.500H48.500C49 46 45.500 48.500 42 48.500C38 48.500 35.500 46 35.500 39.500Z"
            "M51.500 39.500H64.500C64.500 46 62 48.500 58 48.500C54.500 48.500 51 46 51.500 39.500Z",
            "#22222c",
        )
        pen.line("M48 40.500H52M35.500 40.500L33 40M64.500 40.500L67 40", "#22222c", 1.4)
        pen.line("M38 41.500L41 44.500M54 41.500L57 44.500", "#8f94a8", 1, 0.8)
    elif kind == "patch":
        pen.line("M33.500 33L66.500 40", "#2a2026", 1.3)
        pen.path("M52.500 38.500H63.500C63.500 45 61 48.500 58 48.500C55 48.500 52.500 45 52.500 38.500Z", "#2a2026")


def bust_box(area: Box, share: float) -> Box:
    """Where the square of a bust stands: in the middle, on the lower edge, as high as a share of the area."""
    side = min(area.width * 1.05, area.height * share)
    return Box(area.centre[0] - side / 2, area.bottom - side, side, side)


def on_stage(markup: str, box: Box) -> str:
    return f'<g transform="translate({n(box.x)} {n(box.y)})scale({box.width / 100:.5g})">{markup}</g>'
