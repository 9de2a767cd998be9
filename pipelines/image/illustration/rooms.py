"""Drawn rooms people live and work in: living room, office, bedroom, classroom, library."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.image.illustration import parts_room as part
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.stage import Floor, Stage

#: (wall, floor, wood, cloth): colours that go together.
SCHEMES = (
    ("#e9dcc8", "#c9a57c", "#9a6b47", "#d98c6a"),
    ("#cfe0dc", "#d9c3a0", "#b98a5f", "#3f8a83"),
    ("#dcd5e6", "#b99f8a", "#7f5f55", "#8f6fb0"),
    ("#f0d9cf", "#d2a98c", "#a8714f", "#c95f5f"),
    ("#d5dfe8", "#b8b0a8", "#8a7460", "#4f7fae"),
    ("#dfe5cc", "#c4a680", "#8f6a45", "#7f9a4f"),
    ("#3f5f66", "#b58c68", "#c49a6c", "#e0a855"),
    ("#8a4f4a", "#a67f60", "#6a4a38", "#e3c08a"),
)


@dataclass(frozen=True)
class Room:
    """One room begun: foot is where wall and floor meet; the rest are its tones."""

    b: Backdrop
    foot: float
    wall: str
    wood: str
    cloth: str


def room(stage: Stage, walls: tuple[str, ...], floors: tuple[str, ...], pale: bool = False) -> Room:
    """Wall and floor in one scheme of the seed's; foot is where they meet."""
    b = Backdrop(stage, inside=True)
    scheme = b.rng.choice(SCHEMES[:6] if pale else SCHEMES)
    wall, ground, wood, cloth = b.tone(scheme[0]), b.tone(scheme[1]), b.tone(scheme[2]), b.accent((scheme[3],))
    foot = b.h * b.some(0.64, 0.72)
    part.wall(b, foot, wall, b.rng.choice(walls))
    part.floor(b, foot, ground, b.rng.choice(floors))
    return Room(b, foot, wall, wood, cloth)


def lights(r: Room, count: int, size: float, spread: float = 0.3) -> None:
    """Pendants in a row, at a height that tall pictures keep in reach."""
    b, kind = r.b, r.b.rng.randrange(3)
    y = max(r.foot - b.u * b.some(52, 60), b.u * 9)
    for i in range(count):
        x = b.x + (i - (count - 1) / 2) * b.w * spread
        part.pendant(b, x, y, size, r.cloth, kind)


def done(r: Room, shade_: float = 0.4, far: float = 0.09) -> Floor:
    """Light over the room, and the floor left free."""
    b = r.b
    warm = b.lamp if b.lit else b.light.glow
    b.glow(b.x, r.foot - b.h * 0.16, b.w * 0.6, b.h * 0.42, warm, 0.3 if b.light.dark else 0.2)
    b.glow(b.x, r.foot + (b.h - r.foot) * 0.62, b.w * 0.46, (b.h - r.foot) * 0.42, warm, 0.28)
    return Floor(
        far=r.foot + b.h * far,
        near=b.h * 0.94,
        shade=shade_,
        sun=0.5 + 0.25 * b.side,
        veil=mix(r.wall, "#ffffff", 0.1) if b.day else shade(r.wall, light=-0.08),
    )


def hung_window(r: Room, x: float, w: float, view: str, curtain: bool, bars: tuple[int, int] = (2, 2)) -> None:
    b = r.b
    high = min(r.foot * 0.52, w * b.some(1.0, 1.35))
    y = r.foot - b.u * 24 - high if r.foot > b.u * 70 else r.foot * 0.12
    y = max(y, b.u * 6)
    high = min(high, r.foot - y - b.u * 20)
    part.window(b, x - w / 2, y, w, high, mix(r.wall, "#ffffff", 0.65) if not b.light.dark else shade(r.wall, light=0.12), view, bars)
    if curtain:
        part.curtains(b, x - w / 2, y, w, high, r.cloth)


def interior(stage: Stage) -> Floor:
    """A living room seen over a table that everything stands on: a window, and shelves, pictures or books beside it."""
    r = room(stage, ("plain", "panel", "stripes", "halves", "bricks", "boards"), ("plain",))
    b, u, s = r.b, r.b.u, r.b.side
    wide = min(b.w * b.some(0.3, 0.46), u * b.some(34, 48))
    hung_window(
        r,
        b.x - s * b.w * b.some(0.1, 0.28),
        wide,
        b.rng.choice(("trees", "hills", "city", "")),
        b.odds(0.6),
        (b.rng.randint(1, 3), b.rng.randint(1, 2)),
    )
    x, kind = b.x + s * b.w * b.some(0.26, 0.34), b.rng.randrange(4)
    if kind == 0:
        for k in range(2):
            part.shelf(b, x - u * 17, r.foot - u * (20 + 15 * k), u * 34, r.wood, ("books", "pots", "books", "boxes"))
    elif kind == 1:
        for k in range(b.rng.randint(2, 3)):
            part.picture(
                b, x - u * 19 + k * u * 15, max(r.foot - u * b.some(44, 50), u * 4), u * b.some(11, 14), u * b.some(11, 18), r.wood
            )
    elif kind == 2:
        part.bookcase(b, x - u * 15, r.foot + u, u * 30, min(u * 52, r.foot * 0.86), r.wood, 4)
    else:
        part.plant(b, x, r.foot + u * 2, u * b.some(30, 40))
    if b.odds(0.6):
        part.plant(b, b.x - s * b.w * b.some(0.4, 0.46), r.foot + u * 2, u * b.some(18, 28))
    lights(r, b.rng.choice((1, 1, 2, 3)), u * b.some(7, 11))
    top, wood = r.foot + u * 1.5, shade(r.wood, light=0.06)
    b.ground(top, shade(wood, light=0.06), shade(wood, light=-0.04))
    b.rect(0, top, b.w, u * 0.5, shade(wood, light=0.12))
    b.rect(0, top - u * 1.6, b.w, u * 1.6, b.down(b.light.shadow, b.light.shadow, (0, 0.2)))
    for _ in range(14):
        gx, gy, long = b.some(-0.1, 1) * b.w, top + (b.h - top) * b.rng.random(), b.w * b.some(0.1, 0.34)
        b.line(shade(wood, light=-0.05), u * 0.2, "M# #q# # # 0", gx, gy, long / 2, u * b.some(-0.7, 0.7), long, opacity=0.4)
    return done(r, 0.5, 0.07)


def office(stage: Stage) -> Floor:
    """Large windows on a city, desks with screens, plants, a board or shelves."""
    r = room(stage, ("plain", "halves", "boards"), ("tiles", "boards", "plain"), True)
    b, u, s = r.b, r.b.u, r.b.side
    kind = b.rng.randrange(3)
    if kind == 0:
        top = max(r.foot - u * 62, u * 4)
        part.window(b, b.w * 0.04, top, b.w * 0.92, r.foot - top - u * 8, b.tone("#e9ecef"), "city", (b.rng.choice((4, 5, 6)), 1))
    else:
        hung_window(r, b.x - s * b.w * 0.24, min(b.w * 0.42, u * 46), "city", False, (b.rng.choice((1, 2, 3)), 1))
        x = b.x + s * b.w * 0.26
        if kind == 1:
            b.rect(x - u * 20, r.foot - u * 50, u * 40, u * 26, b.tone("#d2d6da"), round_by=u)
            b.rect(x - u * 19, r.foot - u * 49, u * 38, u * 24, b.tone("#fbfbf8"), round_by=u * 0.5)
            _chart(r, x - u * 16, r.foot - u * 29)
        else:
            for k in range(2):
                part.shelf(b, x - u * 18, r.foot - u * (30 + 15 * k), u * 36, r.wood, ("books", "boxes", "pots"))
    for side in (-1, 1):
        x, foot = b.x + side * b.w * b.some(0.34, 0.42), r.foot + b.h * b.some(0.03, 0.09)
        _desk(r, x, foot, u * b.some(26, 32), side)
    if b.odds(0.7):
        part.plant(b, b.beside(0.9, 0.97), r.foot + b.h * 0.02, u * b.some(20, 30))
    if b.odds(0.6):
        lights(r, b.rng.choice((2, 3)), u * b.some(8, 11))
    return done(r)


def _chart(r: Room, x: float, foot: float) -> None:
    b, u = r.b, r.b.u
    tones = [b.accent(("#4f8fc0", "#e0895a", "#6fae7a")) for _ in range(3)]
    for k in range(5):
        tall = u * (3 + 2.2 * k * b.some(0.7, 1.1))
        b.rect(x + k * u * 3, foot - tall, u * 2, tall, tones[k % 3])
    b.canvas.ring(x + u * 25, foot - u * 9, u * 4.4, tones[0], u * 2.2)
    b.line(tones[1], u * 2.2, "M# #A# # 0 0 1 # #", x + u * 25, foot - u * 13.4, u * 4.4, u * 4.4, x + u * 29.4, foot - u * 9)


def _desk(r: Room, x: float, foot: float, w: float, side: int) -> None:
    b, u = r.b, r.b.u
    high, dark = u * 14, b.tone("#3a4250")
    part.table(b, x - w / 2, foot, w, high, r.wood)
    b.rect(x + side * w * 0.3 - w * 0.14, foot - high, w * 0.28, high * 0.8, shade(r.wood, light=-0.04))
    b.cells(shade(r.wood, light=-0.12), [(x + side * w * 0.3 - u, foot - high * v, u * 2, u * 0.4) for v in (0.75, 0.5)])
    top = foot - high - u * 0.9
    b.cells(dark, [(x - u * 0.6, top - u * 4, u * 1.2, u * 4), (x - u * 3, top - u * 0.6, u * 6, u * 0.7)])
    b.rect(x - u * 8, top - u * 14, u * 16, u * 10.5, dark, round_by=u * 0.6)
    screen = mix(r.cloth, "#e8f2f8", 0.65)
    b.rect(x - u * 7.4, top - u * 13.4, u * 14.8, u * 9.2, b.down(screen, shade(screen, light=-0.06)))
    b.cells(r.cloth, [(x - u * 6.4, top - u * (12 - 1.8 * k), u * b.some(4, 11), u * 0.7) for k in range(4)], 0.6)
    if b.odds(0.6):
        part.plant(b, x - side * w * 0.36, top, u * 6)
    b.rect(x - side * w * 0.1 - u * 2.4, foot - u * 20, u * 9 * 0.9, u * 10, r.cloth, round_by=u * 1.6)
    b.cells(dark, [(x - side * w * 0.1 + u * 1.2, foot - u * 10, u, u * 9)])
    b.rect(x - side * w * 0.1 - u * 3.4, foot - u * 10.6, u * 10, u * 2, shade(r.cloth, light=-0.06), round_by=u)


def bedroom(stage: Stage) -> Floor:
    """A bed at one side with its table and lamp, a window, pictures, a rug."""
    r = room(stage, ("plain", "stripes", "panel", "halves"), ("boards", "plain"), True)
    b, u, s = r.b, r.b.u, r.b.side
    hung_window(r, b.x - s * b.w * b.some(0.14, 0.28), min(b.w * 0.34, u * 36), b.rng.choice(("trees", "city", "hills")), True)
    bx, wide = b.x + s * b.w * b.some(0.3, 0.36), min(b.w * 0.5, u * 50)
    foot = r.foot + b.h * 0.035
    for k in range(b.rng.randint(1, 3)):
        part.picture(b, bx - u * 12 + k * u * 14 - u * 4, max(r.foot - u * b.some(56, 60), u * 4), u * 11, u * b.some(9, 14), r.wood)
    _bed(r, bx, foot, wide)
    nx = bx - s * (wide * 0.5 + u * 8)
    b.shadow(nx, foot, u * 8, u * 1.2, 0.3)
    b.rect(nx - u * 6, foot - u * 12, u * 12, u * 12, b.down(r.wood, shade(r.wood, light=-0.06)), round_by=u * 0.5)
    b.cells(shade(r.wood, light=-0.09), [(nx - u * 5, foot - u * 7, u * 10, u * 0.4)])
    if b.lit:
        b.glow(nx, foot - u * 20, u * 20, u * 20, b.lamp, 0.55)
    b.cells(b.tone("#c9a55f"), [(nx - u * 0.5, foot - u * 18, u, u * 6)])
    b.poly(
        b.lamp if b.lit else b.tone("#f3e6c8"),
        (nx - u * 2.4, foot - u * 24),
        (nx + u * 2.4, foot - u * 24),
        (nx + u * 4.4, foot - u * 17),
        (nx - u * 4.4, foot - u * 17),
    )
    if b.odds(0.6):
        part.plant(b, b.x - s * b.w * 0.45, r.foot + b.h * 0.03, u * b.some(18, 26))
    elif b.odds(0.6):
        part.bookcase(b, b.x - s * b.w * 0.47 - u * 8, r.foot + u * 2, u * 18, u * 40, r.wood, 4)
    part.rug(
        b,
        b.x,
        r.foot + (b.h - r.foot) * 0.62,
        min(b.w * 0.36, u * 44),
        (b.h - r.foot) * 0.24,
        mix(r.cloth, r.wall, 0.55),
        mix(r.cloth, r.wall, 0.25),
        b.odds(0.6),
    )
    if b.odds(0.5):
        lights(r, 1, u * b.some(9, 12))
    return done(r)


def _bed(r: Room, x: float, foot: float, w: float) -> None:
    b, u = r.b, r.b.u
    sheet, high = b.tone("#f6f1e8"), u * 13
    b.shadow(x, foot, w * 0.6, u * 2, 0.35)
    head = foot - high - u * 15
    if b.odds(0.5):
        b.rect(x - w / 2, head, w, u * 28, shade(r.wood, light=0.02), round_by=u * 2)
    else:
        b.arch(shade(r.cloth, light=-0.06), x, foot, w, high + u * 17, rise=0.3)
    b.rect(x - w / 2 - u * 0.5, foot - high * 0.5, w + u, high * 0.5, shade(r.wood, light=-0.04))
    b.rect(x - w * 0.49, foot - high, w * 0.98, high * 0.66, sheet, round_by=u * 1.6)
    for side in (-1, 1):
        b.rect(x + side * w * 0.23 - w * 0.18, foot - high - u * 6, w * 0.36, u * 8, shade(sheet, light=0.02), round_by=u * 2.4)
        b.rect(x + side * w * 0.2 - w * 0.11, foot - high - u * 4, w * 0.22, u * 6, shade(r.cloth, light=0.06), round_by=u * 1.8)
    b.rect(x - w * 0.5, foot - high * 0.86, w, high * 0.6, b.down(r.cloth, shade(r.cloth, light=-0.07)), round_by=u * 1.4)
    b.rect(x - w * 0.5, foot - high * 0.86, w, u * 2, shade(r.cloth, light=0.09), round_by=u)


def classroom(stage: Stage) -> Floor:
    """A board on the wall, windows or posters beside it, desks at the sides, a clock."""
    r = room(stage, ("plain", "halves", "panel"), ("boards", "tiles"), True)
    b, u, s = r.b, r.b.u, r.b.side
    w, h = min(b.w * b.some(0.46, 0.56), u * 66), u * b.some(28, 32)
    x, y = b.x + s * b.w * b.some(0.0, 0.12), max(r.foot - u * b.some(58, 62), u * 4)
    board = b.pick(("#2f5f4f", "#33474f", "#f4f6f6", "#2f4f6f"))
    b.rect(x - w / 2 - u * 1.2, y - u * 1.2, w + u * 2.4, h + u * 2.4, r.wood)
    b.rect(x - w / 2, y, w, h, b.down(board, shade(board, light=0.02)))
    b.rect(x - w / 2, y + h + u, w, u * 1.2, shade(r.wood, light=0.06))
    _chalk(r, x, y, w, h, shade(board, light=-0.5) if board > "#9" else "#eef3ea")
    side_x = x - s * (w / 2 + u * 18)
    if b.odds(0.6) and u * 12 < side_x < b.w - u * 12:
        part.window(b, side_x - u * 12, y, u * 24, u * 32, mix(r.wall, "#ffffff", 0.6), b.rng.choice(("trees", "hills")), (2, 2))
    else:
        for k in range(2):
            part.picture(b, side_x - u * 8, y + k * u * 18, u * 16, u * 14, b.tone("#f6efe0"))
    cx = x + s * (w / 2 + u * 9)
    b.oval(cx, y + u * 4, u * 4.6, u * 4.6, r.cloth)
    b.oval(cx, y + u * 4, u * 3.9, u * 3.9, b.tone("#fbf8f0"))
    b.line(b.tone("#3a3f48"), u * 0.4, "M# #V#M# #l# #", cx, y + u * 4, y + u * 1.6, cx, y + u * 4, u * 1.6, u * 1.2)
    if b.odds(0.5):
        part.bookcase(b, cx - u * 9 + s * u * 4, r.foot + u, u * 22, u * 24, r.wood, 2)
    rows = b.rng.randint(1, 2)
    for row in range(rows):
        for side in (-1, 1):
            foot, size = r.foot + b.h * (0.06 + 0.1 * row), u * (17 + 6 * row)
            tx = b.x + side * b.w * (0.3 + 0.1 * row)
            part.chair(b, tx + side * size * 0.55, foot, size * 1.05, r.cloth, -side)
            part.table(b, tx - size * 0.6, foot, size * 1.2, size * 0.6, r.wood)
            b.rect(tx - size * 0.2, foot - size * 0.74, size * 0.36, size * 0.1, b.pick(part.BOOKS))
    if b.odds(0.5):
        lights(r, 2, u * 8, 0.4)
    return done(r)


def _chalk(r: Room, x: float, y: float, w: float, h: float, chalk: str) -> None:
    """Drawings on the board: shapes, waves, a graph; never letters."""
    b, u = r.b, r.b.u
    kind = b.rng.randrange(3)
    left, foot = x - w * 0.42, y + h * 0.8
    b.line(chalk, u * 0.4, "M# #V#H#", left, y + h * 0.2, foot, left + w * 0.24, opacity=0.75)
    b.line(chalk, u * 0.4, "M# #Q# # # #", left + u, foot - u, left + w * 0.14, foot - u * 3, left + w * 0.22, y + h * 0.28, opacity=0.75)
    if kind == 0:
        b.line(chalk, u * 0.4, "M# #L# #H#Z", x + w * 0.3, y + h * 0.2, x + w * 0.4, foot, x + w * 0.2, opacity=0.75)
        b.canvas.ring(x + w * 0.06, y + h * 0.5, h * 0.22, chalk, u * 0.4, 0.75)
    elif kind == 1:
        b.line(chalk, u * 0.4, "M# #q# # # 0t# 0t# 0", x, y + h * 0.4, u * 3, -u * 6, u * 6, u * 6, u * 6, opacity=0.75)
        b.cells(chalk, [(x + w * b.some(0.02, 0.1), y + h * v, w * b.some(0.2, 0.3), u * 0.4) for v in (0.62, 0.74)], 0.7)
    else:
        b.canvas.ring(x + w * 0.24, y + h * 0.5, h * 0.26, chalk, u * 0.4, 0.75)
        b.line(chalk, u * 0.4, "M# #a# # 0 0 0 # 0", x + w * 0.24 - h * 0.26, y + h * 0.5, h * 0.26, h * 0.1, h * 0.52, opacity=0.75)
        b.dots(chalk, [(x + w * 0.24 + h * 0.36, y + h * 0.3, u * 0.8), (x - w * 0.04, y + h * 0.4, u * 0.6)], 0.8)


def library(stage: Stage) -> Floor:
    """Tall bookcases, an arched window or a gallery, a ladder, lamps and a rug."""
    b = Backdrop(stage, inside=True)
    wood = b.pick(("#7a5238", "#8f623f", "#5f4433", "#a87c52", "#6f5a4a"))
    wall, ground = b.pick(("#d9c6a5", "#5f4a45", "#3f5550", "#cbb79a")), b.pick(("#a87c55", "#8a6a50", "#6f5345"))
    r = Room(b, b.h * b.some(0.66, 0.72), wall, wood, b.accent(("#8f3f3a", "#3f6f5f", "#3f5580", "#b58a3f")))
    part.wall(b, r.foot, wall, "plain")
    part.floor(b, r.foot, ground, b.rng.choice(("boards", "checks", "boards")))
    u, s = b.u, b.side
    hues = b.rng.choice(
        (part.BOOKS, ("#8f3f3a", "#6f4f3a", "#b58a4f", "#3f4f4a", "#d9c8a0"), ("#4f6f8f", "#8fa8b8", "#d9c8a8", "#a86f5a", "#5f7a6a"))
    )
    high = max(r.foot - u * b.some(2, 14), u * 40)
    high = min(high, u * 92)
    rows = max(4, round(high / (u * 11)))
    gap = b.rng.choice((0.0, 0.0, u * 30, u * 40))
    gx = b.x + s * b.w * b.some(0.0, 0.1)
    wide = u * b.some(22, 30)
    if gap:
        glass = mix(b.glass, b.lamp, 0.35) if b.lit else mix(b.glass, b.light.glow, 0.3)
        b.arch(shade(wood, light=-0.04), gx, r.foot - u * 10, gap * 0.86, high * 0.82)
        b.arch(b.down(glass, mix(glass, "#ffffff", 0.3)), gx, r.foot - u * 12, gap * 0.74, high * 0.76)
        b.cells(
            shade(wood, light=-0.04),
            [(gx - u * 0.4, r.foot - high * 0.95, u * 0.8, high * 0.84)]
            + [(gx - gap * 0.37, r.foot - u * 12 - high * v, gap * 0.74, u * 0.7) for v in (0.2, 0.4)],
        )
    for side in (-1, 1):
        x = gx + side * gap / 2
        while -wide < x < b.w + wide:
            part.bookcase(b, x if side > 0 else x - wide, r.foot + u, wide, high, wood, rows, 0.93, hues)
            x += side * wide * 1.02
    if b.odds(0.5):
        lx = b.beside(0.5, 0.8)
        b.line(
            shade(wood, light=0.1),
            u * 0.9,
            "M# #L# #M# #L# #",
            lx,
            r.foot + u * 4,
            lx + s * u * 8,
            r.foot - high * 0.8,
            lx + u * 6,
            r.foot + u * 4,
            lx + u * 6 + s * u * 8,
            r.foot - high * 0.8,
        )
        b.cells(
            shade(wood, light=0.1),
            [(lx + s * u * 8 * t, r.foot + u * 4 - (high * 0.8 + u * 4) * t, u * 6, u * 0.7) for t in (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)],
        )
    b.glow(b.x, r.foot - u * 20, u * 50, u * 50, b.lamp, 0.28)
    part.rug(
        b,
        b.x,
        r.foot + (b.h - r.foot) * 0.62,
        min(b.w * 0.38, u * 46),
        (b.h - r.foot) * 0.25,
        r.cloth,
        shade(r.cloth, light=-0.09),
        b.odds(0.5),
    )
    if b.odds(0.5):
        part.table(b, b.beside(0.66, 0.8) - u * 10, r.foot + b.h * 0.06, u * 20, u * 12, wood)
    lights(r, b.rng.choice((1, 2, 3)), u * b.some(6, 9))
    return done(r)
