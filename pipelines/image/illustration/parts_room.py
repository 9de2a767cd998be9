"""Parts of rooms: walls, floors, windows, shelves, lamps, plants, tables. Each is drawn where it is told, on one Backdrop."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.image.illustration.backdrop import Backdrop, Cell
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.svg import Point

BOOKS = ("#b5553f", "#3f6f7f", "#d9a545", "#6a8f5a", "#7a5a86", "#e4d4ba", "#34506b")
WOODS = ("#b98555", "#8f623f", "#c9a177", "#6f4a33", "#a8764d")
GREENS = ("#4f9a5f", "#6aa55a", "#3f8a6a")


def wall(b: Backdrop, foot: float, colour: str, kind: str) -> None:
    """Down to `foot`. kind: plain, panel, stripes, tiles, bricks, boards, halves."""
    b.rect(-2, -2, b.w + 4, foot + 4, b.down(shade(colour, light=0.02), shade(colour, light=-0.025)))
    joint, u = shade(colour, light=-0.045), b.u
    if kind == "panel":
        top = foot - u * 24
        b.rect(0, top, b.w, foot - top, shade(colour, light=-0.05))
        b.rect(0, top - u * 0.9, b.w, u * 1.1, shade(colour, light=0.04))
        wide = u * 16
        b.cells(shade(colour, light=-0.02), [(i * wide + u * 2, top + u * 3, wide - u * 4, u * 17) for i in range(int(b.w / wide) + 2)])
    elif kind == "stripes":
        wide = u * b.some(5, 8)
        b.cells(joint, [(i * wide * 2, 0, wide, foot) for i in range(int(b.w / wide / 2) + 2)], 0.4)
    elif kind in ("tiles", "bricks"):
        courses(b, 0, foot, joint, u * (7 if kind == "tiles" else 9), u * (7 if kind == "tiles" else 4), kind == "bricks", 0.55)
    elif kind == "boards":
        wide = u * b.some(7, 10)
        b.cells(joint, [(i * wide, 0, u * 0.3, foot) for i in range(int(b.w / wide) + 2)], 0.8)
    elif kind == "halves":
        b.rect(0, foot * 0.55, b.w, foot * 0.45 + 2, shade(colour, light=-0.07, hue=12))
        b.rect(0, foot * 0.55, b.w, u * 0.6, shade(colour, light=0.04))
    b.rect(0, foot - u * 1.8, b.w, u * 1.8, shade(colour, light=0.05 if kind != "bricks" else -0.08))


def courses(b: Backdrop, top: float, foot: float, joint: str, wide: float, high: float, offset: bool, opacity: float) -> None:
    """Joints of tiles, or of bricks in bond; bricks show here and there only, as a painter would hint at them."""
    cells: list[Cell] = []
    thick = b.u * 0.28
    rows = min(int((foot - top) / high) + 1, 60)
    for row in range(rows):
        y = top + row * high
        if not offset:
            cells.append((0, y, b.w, thick))
            continue
        for i in range(int(b.w / wide) + 2):
            if b.odds(0.22):
                cells.append((i * wide - (wide / 2 if row % 2 else 0), y, wide * 0.92, high * 0.84))
    if not offset:
        cells += [(i * wide, top, thick, foot - top) for i in range(int(b.w / wide) + 2)]
    b.cells(joint, cells, opacity)


def floor(b: Backdrop, top: float, colour: str, kind: str) -> None:
    """From `top` to the lower edge, in perspective. kind: boards, tiles, checks, plain."""
    b.ground(top, shade(colour, light=-0.02), shade(colour, light=0.03))
    eye = top - b.h * 0.34
    reach = b.full - eye
    joint = shade(colour, light=-0.055)
    rows = [eye + reach / (1 + 0.13 * i) for i in range(30)]
    rows = [y for y in rows if y > top] + [top]
    wide = b.u * 18
    count = int(b.w / wide / 2 * reach / (top - eye)) + 2

    def across(column: float, y: float) -> float:
        return b.x + column * wide * (y - eye) / reach

    if kind == "checks":
        squares: list[Sequence[Point]] = []
        for r in range(len(rows) - 1):
            y0, y1 = rows[r], rows[r + 1]
            squares += [
                [(across(c, y0), y0), (across(c + 1, y0), y0), (across(c + 1, y1), y1), (across(c, y1), y1)]
                for c in range(-count, count)
                if (c + r) % 2 and across(c + 1, y1) > 0 and across(c, y1) < b.w
            ]
        b.shapes(joint, squares, 0.7)
    elif kind in ("tiles", "boards"):
        thick = b.u * 0.24
        b.shapes(
            joint,
            [
                [(across(c, top), top), (across(c, top) + 0.5, top), (across(c, b.full) + thick, b.full), (across(c, b.full), b.full)]
                for c in range(-count, count)
            ],
            0.6,
        )
        if kind == "tiles":
            b.cells(joint, [(0, y, b.w, thick * (0.4 + (y - top) / reach)) for y in rows], 0.6)
        else:
            b.cells(
                joint,
                [(across(c, y), y, wide * (y - eye) / reach, thick) for c in range(-count, count) for y in rows[::3] if b.odds(0.3)],
                0.6,
            )
    b.rect(0, top, b.w, b.u * 2.5, b.down(b.light.shadow, b.light.shadow, (0.22, 0)))


def window(b: Backdrop, x: float, y: float, w: float, h: float, frame: str, view: str = "", bars: tuple[int, int] = (2, 2)) -> None:
    """Framed glass with what is outside: view "city", "trees", "hills", "stars" or "" for sky alone. Nothing leaves the glass."""
    sky, u = b.light.sky, b.u
    b.rect(x - u * 0.9, y - u * 0.9, w + u * 1.8, h + u * 1.8, frame)
    b.rect(x, y, w, h, b.canvas.linear([(0, sky[0], 1), (0.6, sky[1], 1), (1, sky[2], 1)]))
    if view == "city":
        for depth, share in ((0.85, 0.6), (0.6, 0.4)):
            tone, at, cells = b.light.tone("#6f7f9c", depth), x, []
            while at < x + w - u * 0.5:
                wide = min(u * b.some(2.5, 6), x + w - at)
                high = h * share * b.some(0.45, 1.0)
                cells.append((at, y + h - high, wide, high))
                at += wide
            b.cells(tone, cells)
    elif view in ("trees", "hills"):
        for depth, share in ((0.8, 0.42), (0.5, 0.26)):
            high = h * share * b.some(0.7, 1.1)
            left, right = y + h - high * b.some(0.3, 1), y + h - high * b.some(0.3, 1)
            tone = b.light.tone("#6fa873" if view == "hills" else "#4f8f62", depth)
            b.path(tone, "M# #L# #C# # # # # #L# #Z", x, y + h, x, left, x + w * 0.33, left - high * 0.4, x + w * 0.66, right - high * 0.5,
                   x + w, right, x + w, y + h)  # fmt: skip
    elif view == "stars":
        b.rect(x, y, w, h, "#151a3a")
        b.dots("#ffffff", [(x + w * b.some(0.03, 0.97), y + h * b.some(0.03, 0.97), u * b.some(0.08, 0.2)) for _ in range(40)], 0.8)
    b.shapes("#ffffff", [[(x + w * 0.14, y), (x + w * 0.34, y), (x + w * 0.12, y + h), (x, y + h), (x, y + h * 0.6)]], 0.13)
    thick = u * 0.5
    b.cells(frame, [(x + w * i / bars[0] - thick / 2, y, thick, h) for i in range(1, bars[0])])
    b.cells(frame, [(x, y + h * i / bars[1] - thick / 2, w, thick) for i in range(1, bars[1])])
    b.rect(x - u * 1.6, y + h + u * 0.7, w + u * 3.2, u * 0.9, shade(frame, light=-0.05))


def curtains(b: Backdrop, x: float, y: float, w: float, h: float, cloth: str) -> None:
    """A pair drawn aside before the window at x, y, w, h."""
    u, rod = b.u, shade(cloth, light=-0.2)
    wide = min(w * 0.3, u * 9)
    for side in (-1, 1):
        edge = x - u * 2 if side < 0 else x + w + u * 2
        for k in range(3):
            at, fold = edge - side * wide * k / 3, wide / 3
            b.path(
                b.over(shade(cloth, light=0.02), shade(cloth, light=-0.05)),
                "M# #h#V#q# # # 0Z",
                at,
                y - u * 2,
                -side * fold * 1.03,
                y + h + u * 3,
                side * fold / 2,
                u * 1.2,
                side * fold * 1.03,
            )
    b.rect(x - u * 4, y - u * 2.6, w + u * 8, u * 0.7, rod, round_by=u * 0.35)


def bookcase(
    b: Backdrop, x: float, foot: float, w: float, high: float, wood: str, rows: int, full: float = 0.95, hue: Sequence[str] = BOOKS
) -> None:
    """A case of shelves: books standing and leaning in groups of one colour, boxes and gaps between."""
    u, step = b.u, high / rows
    b.rect(x, foot - high, w, high, shade(wood, light=-0.09))
    tones = [b.tone(c, 0.12) for c in hue]
    rows_of: list[list[Cell]] = [[] for _ in tones]
    for row in range(rows):
        at, base = x + u * 0.9, foot - high + step * (row + 1)
        while at < x + w - u * 1.6:
            thick, tall = min(u * b.some(0.8, 1.7), x + w - u * 0.8 - at), step * b.some(0.55, 0.82)
            if b.odds(full):
                rows_of[b.rng.randrange(len(tones))].append((at, base - tall, thick * 0.94, tall))
            at += thick
    for tone, cells in zip(tones, rows_of, strict=True):
        b.cells(tone, cells)
    b.cells(wood, [(x, foot - high + step * i - u * 0.45, w, u * 0.9) for i in range(rows + 1)])
    b.cells(
        wood,
        [(x - u * 0.3, foot - high - u * 0.4, u * 1.2, high + u * 0.4), (x + w - u * 0.9, foot - high - u * 0.4, u * 1.2, high + u * 0.4)],
    )


def shelf(b: Backdrop, x: float, y: float, w: float, wood: str, things: Sequence[str], hues: Sequence[str] = BOOKS) -> None:
    """A board on the wall with some of `things` on it: books, pots, boxes, bottles, bowls."""
    u, at = b.u, x + b.u
    b.rect(x + u * 0.4, y + u * 1.2, w, u * 1.1, b.light.shadow, 0.14)
    while at < x + w - u * 4:
        kind, tone = b.rng.choice(list(things)), b.pick(hues, 0.1)
        if kind == "books":
            for _ in range(b.rng.randint(2, 4)):
                thick, tall = u * b.some(0.9, 1.5), u * b.some(4.5, 7)
                if at + thick < x + w:
                    b.rect(at, y - tall, thick * 0.94, tall, b.pick(hues, 0.1))
                at += thick
        elif kind == "pots":
            plant(b, at + u * 2, y, u * b.some(5, 7))
            at += u * 4
        elif kind == "bottles":
            tall = u * b.some(5, 7.5)
            b.rect(at, y - tall * 0.66, u * 1.8, tall * 0.66, tone, round_by=u * 0.4)
            b.rect(at + u * 0.6, y - tall, u * 0.6, tall * 0.4, tone)
            at += u * 2.3
        elif kind == "bowls":
            b.path(
                tone,
                "M# #h#a# # 0 0 1 # #h#A# # 0 0 1 # #Z",
                at,
                y - u * 2,
                u * 4,
                u * 2,
                u * 2,
                -u * 1.4,
                u * 2,
                -u * 1.2,
                u * 2,
                u * 2,
                at,
                y - u * 2,
            )
            at += u * 4.6
        else:
            wide, tall = u * b.some(3, 5), u * b.some(3, 5)
            b.rect(at, y - tall, wide, tall, tone, round_by=u * 0.3)
            b.rect(at + wide * 0.2, y - tall * 0.66, wide * 0.6, tall * 0.26, shade(tone, light=0.1))
            at += wide + u * 0.4
        at += u * b.some(0.2, 1.6)
    b.rect(x, y, w, u * 1.2, wood, round_by=u * 0.2)


def picture(b: Backdrop, x: float, y: float, w: float, h: float, frame: str) -> None:
    """A framed picture: hills and a sun, or plain shapes, in three tones."""
    first, second, ground = b.accent(("#d98c6a", "#5f8fb0", "#7fa877")), b.pick(("#e0b45f", "#7a6fa0", "#c96f5f")), b.tone("#f3ead9")
    b.rect(x - b.u * 0.3, y + b.u * 0.5, w + b.u * 0.9, h + b.u * 0.6, b.light.shadow, 0.15)
    b.rect(x, y, w, h, frame)
    t = min(w, h) * 0.09
    x, y, w, h = x + t, y + t, w - 2 * t, h - 2 * t
    b.rect(x, y, w, h, ground)
    kind = b.rng.randrange(3)
    if kind == 0:
        b.oval(x + w * b.some(0.3, 0.7), y + h * 0.35, min(w, h) * 0.17, min(w, h) * 0.17, second)
        b.path(
            first,
            "M# #v#Q# # # #T# #V#Z",
            x,
            y + h,
            -h * 0.35,
            x + w * 0.25,
            y + h * 0.4,
            x + w * 0.5,
            y + h * 0.62,
            x + w,
            y + h * 0.5,
            y + h,
        )
    elif kind == 1:
        b.rect(x, y + h * 0.5, w, h * 0.5, first)
        b.oval(x + w / 2, y + h / 2, min(w, h) * 0.26, min(w, h) * 0.26, second)
    else:
        b.arch(first, x + w * 0.5, y + h, w * 0.6, h * 0.75)
        b.arch(second, x + w * 0.5, y + h, w * 0.32, h * 0.5)


def pendant(b: Backdrop, x: float, y: float, size: float, tone: str, kind: int = 0) -> None:
    """A lamp hanging from above, its lower edge at y; lit at dusk."""
    b.rect(x - b.u * 0.13, -2, b.u * 0.26, y - size * 0.5, shade(tone, light=-0.15))
    if b.lit:
        b.glow(x, y, size * 3.2, size * 3, b.lamp, 0.5)
    bulb = b.lamp if b.lit else mix(b.lamp, "#ffffff", 0.6)
    if kind % 3 == 2:
        b.oval(x, y - size * 0.4, size * 0.55, size * 0.55, bulb)
        b.rect(x - size * 0.14, y - size * 1.08, size * 0.28, size * 0.24, tone)
        return
    b.oval(x, y, size * 0.3, size * 0.22, bulb)
    if kind % 3 == 0:
        b.path(tone, "M# #A# # 0 0 1 # #Z", x - size * 0.75, y, size * 0.75, size * 0.75, x + size * 0.75, y)
    else:
        b.poly(tone, (x - size * 0.22, y - size * 0.75), (x + size * 0.22, y - size * 0.75), (x + size * 0.7, y), (x - size * 0.7, y))


def plant(b: Backdrop, x: float, foot: float, size: float, kind: int = -1) -> None:
    """In a pot: round leaves, blades, or a small tree."""
    kind = b.rng.randrange(3) if kind < 0 else kind
    leaf, pot = b.pick(GREENS), b.pick(("#c97b55", "#e8e0d2", "#8a97a8", "#d9b27a"))
    base = foot - size * 0.28
    for i, dx in enumerate((-0.5, 0.5, -0.28, 0.28, 0.0)):
        tone = shade(leaf, light=-0.05 + 0.025 * i)
        tall = size * (0.75 - 0.3 * abs(dx)) * b.some(0.88, 1.1)
        tx, ty = x + dx * size * (0.8 if kind else 0.95), base - tall * (0.72 if kind == 0 else 1.0)
        if kind == 0:
            b.line(shade(leaf, light=-0.1), size * 0.03, "M# #Q# # # #", x, base, x, (base + ty) / 2, tx, ty)
            b.oval(tx, ty, size * 0.17, size * 0.13, tone)
        elif kind == 1:
            b.path(tone, "M# #Q# # # #Q# # # #Z", x - size * 0.07, base, x + dx * size * 0.2 - size * 0.09, base - tall * 0.7, tx, ty,
                   x + dx * size * 0.2 + size * 0.11, base - tall * 0.5, x + size * 0.07, base)  # fmt: skip
        else:
            b.path(
                tone,
                "M# #C# # # # # #C# # # # # #Z",
                x,
                base,
                x + dx * size - size * 0.16,
                base - tall * 0.3,
                tx - size * 0.16,
                ty + size * 0.1,
                tx,
                ty,
                tx + size * 0.18,
                ty + size * 0.16,
                x + dx * size * 0.6 + size * 0.1,
                base - tall * 0.2,
                x,
                base,
            )
    b.poly(pot, (x - size * 0.2, foot - size * 0.3), (x + size * 0.2, foot - size * 0.3), (x + size * 0.15, foot), (x - size * 0.15, foot))
    b.rect(x - size * 0.22, foot - size * 0.33, size * 0.44, size * 0.07, shade(pot, light=0.05))


def table(b: Backdrop, x: float, foot: float, w: float, high: float, wood: str) -> None:
    """Seen from the front: a top, an apron and legs."""
    b.shadow(x + w / 2, foot, w * 0.6, b.u * 1.6, 0.35)
    leg = w * 0.05
    b.cells(shade(wood, light=-0.08), [(x + w * 0.07, foot - high, leg, high), (x + w * 0.93 - leg, foot - high, leg, high)])
    b.rect(x + w * 0.05, foot - high, w * 0.9, high * 0.16, shade(wood, light=-0.05))
    b.rect(x, foot - high - b.u * 0.9, w, b.u * 1.3, shade(wood, light=0.03), round_by=b.u * 0.3)


def chair(b: Backdrop, x: float, foot: float, size: float, tone: str, turn: int) -> None:
    """From the side, its back away from `turn`."""
    seat, leg = foot - size * 0.45, shade(tone, light=-0.07)
    b.shadow(x, foot, size * 0.4, b.u, 0.3)
    b.cells(leg, [(x - size * 0.24, seat, size * 0.06, size * 0.45), (x + size * 0.18, seat, size * 0.06, size * 0.45)])
    b.rect(x - size * 0.28, seat - size * 0.04, size * 0.56, size * 0.09, tone, round_by=size * 0.03)
    b.rect(x - turn * size * 0.24 - size * 0.04, foot - size, size * 0.08, size * 0.58, tone, round_by=size * 0.03)


def rug(b: Backdrop, x: float, y: float, rx: float, ry: float, tone: str, rim: str, round_: bool = True) -> None:
    """Lying on the floor, centred at (x, y)."""
    for share, fill in ((1.0, rim), (0.88, tone), (0.6, shade(tone, light=0.04)), (0.5, tone)):
        if round_:
            b.oval(x, y, rx * share, ry * share, fill)
        else:
            far, near = rx * share * 0.84, rx * share
            b.poly(fill, (x - far, y - ry * share), (x + far, y - ry * share), (x + near, y + ry * share), (x - near, y + ry * share))
