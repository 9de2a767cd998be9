"""Drawn rooms where things are sold, cooked and served: shop, cafe, kitchen."""

from __future__ import annotations

from pipelines.image.illustration import parts_room as part
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.rooms import SCHEMES, Room, done, hung_window, lights, room
from pipelines.image.illustration.stage import Floor, Stage


def shop(stage: Stage) -> Floor:
    """Shelves of goods along the wall, a counter or clothes on a rail at the sides, lamps above."""
    r = room(stage, ("plain", "boards", "panel", "halves"), ("tiles", "boards", "checks"), True)
    b, u = r.b, r.b.u
    goods = b.rng.choice((("bottles", "boxes"), ("boxes", "bowls"), ("pots", "bottles"), ("books", "boxes"), ("bowls", "bottles", "pots")))
    hues = b.light.palette or b.rng.choice(
        (
            ("#e8857a", "#f2c14e", "#6fa8a0", "#5f7fae"),
            ("#d9b8a0", "#a86f5f", "#6f8f7a", "#f0e2c8"),
            ("#f2a0b8", "#a0c8e8", "#f6dc8a", "#b0a0d8"),
        )
    )
    bays = b.rng.choice((2, 3))
    wide = min(b.w * 0.9 / bays, u * 42)
    rows = b.rng.randint(3, 5)
    top = max(r.foot - u * b.some(56, 62), u * 6)
    for i in range(bays):
        x = b.x + (i - bays / 2) * wide * 1.04
        b.rect(x, top - u * 2, wide, r.foot - top + u, shade(r.wall, light=-0.05), round_by=u * 0.5)
        for row in range(rows):
            part.shelf(b, x + u, top + (r.foot - top) * (row + 1) / rows - u * 2, wide - u * 2, r.wood, goods, hues)
        b.rect(x - u * 0.4, top - u * 3, wide + u * 0.8, u * 2, r.wood, round_by=u * 0.4)
    b.cells(r.cloth, [(0, 0, b.w, max(top - u * 24, 0))], 0.35)
    for side in (-1, 1):
        _shop_side(r, b.x + side * b.w * b.some(0.38, 0.44), r.foot + b.h * b.some(0.05, 0.09), hues)
    lights(r, b.rng.choice((2, 3, 4)), u * b.some(7, 10), 0.27)
    return done(r)


def _shop_side(r: Room, x: float, foot: float, hues: tuple[str, ...]) -> None:
    b, u = r.b, r.b.u
    kind = b.rng.randrange(3)
    if kind == 0:
        w, high = u * 28, u * 15
        b.shadow(x, foot, w * 0.6, u * 1.6, 0.35)
        b.rect(x - w / 2, foot - high, w, high, b.down(shade(r.wood, light=0.02), shade(r.wood, light=-0.06)))
        b.cells(shade(r.wood, light=-0.06), [(x - w / 2 + w * k / 4, foot - high, u * 0.3, high) for k in range(1, 4)])
        b.rect(x - w / 2 - u, foot - high - u * 1.4, w + u * 2, u * 1.8, shade(r.wood, light=0.08), round_by=u * 0.4)
        part.plant(b, x + w * 0.3, foot - high - u * 1.4, u * 8)
    elif kind == 1:
        w, high = u * 26, u * 30
        metal = b.tone("#5f5f68")
        b.shadow(x, foot, w * 0.55, u * 1.4, 0.3)
        b.cells(
            metal, [(x - w / 2, foot - high, u * 0.6, high), (x + w / 2, foot - high, u * 0.6, high), (x - w / 2, foot - high, w, u * 0.6)]
        )
        at = x - w / 2 + u * 1.6
        while at < x + w / 2 - u * 4:
            cw, tall = u * b.some(3.4, 5), high * b.some(0.5, 0.68)
            tone = b.pick(hues, 0.05)
            b.path(
                tone,
                "M# #l# #h#l# #V#H#Z",
                at,
                foot - high + u * 3,
                cw * 0.35,
                -u * 1.6,
                cw * 0.3,
                cw * 0.35,
                u * 1.6,
                foot - high + tall,
                at,
            )
            at += cw * 0.92
    else:
        part.table(b, x - u * 12, foot, u * 24, u * 11, r.wood)
        for k in range(3):
            for j in range(3 - k):
                b.rect(
                    x - u * 7.6 + j * u * 5 + k * u * 2.5,
                    foot - u * 16.4 - k * u * 4.4,
                    u * 4.6,
                    u * 4.4,
                    b.pick(hues, 0.05),
                    round_by=u * 0.4,
                )


def cafe(stage: Stage) -> Floor:
    """A counter with a machine and a board above, or a window seat; lamps, plants, small tables."""
    r = room(stage, ("bricks", "tiles", "boards", "halves", "panel"), ("boards", "checks", "tiles"))
    b, u, s = r.b, r.b.u, r.b.side
    if b.odds(0.6):
        hung_window(r, b.x - s * b.w * b.some(0.2, 0.3), min(b.w * 0.36, u * 44), b.rng.choice(("city", "trees")), b.odds(0.4), (3, 2))
        _cafe_board(r, b.x + s * b.w * 0.24, max(r.foot - u * 38, u * 24))
    else:
        for x in (-0.3, 0.3):
            hung_window(r, b.x + x * b.w, min(b.w * 0.32, u * 34), "city", False, (2, 3))
    w = min(b.w * 0.5, u * 58)
    cx, high = b.x + s * (b.w * 0.5 - w * 0.42), u * 19
    if b.odds(0.75):
        b.rect(cx - w / 2, r.foot + u * 3 - high, w, high, b.down(shade(r.cloth, light=0.0), shade(r.cloth, light=-0.07)))
        b.cells(shade(r.cloth, light=-0.05), [(cx - w / 2 + w * k / 9, r.foot + u * 3 - high, u * 0.4, high) for k in range(1, 9)])
        b.rect(cx - w / 2 - u, r.foot + u * 3 - high - u * 1.6, w + u * 2, u * 2, r.wood, round_by=u * 0.5)
        _coffee_machine(r, cx - w * 0.16, r.foot + u * 1.4 - high)
        for k in range(4):
            b.path(
                b.tone("#f6f0e6"),
                "M# #h#l# #h#Z",
                cx + w * 0.12 + k * u * 3,
                r.foot + u * 1.4 - high - u * 2,
                u * 2.2,
                -u * 0.3,
                u * 2,
                -u * 1.6,
            )
        part.plant(b, cx + w * 0.42, r.foot + u * 1.4 - high, u * 9)
    for side in (-1, 1):
        if side == s and b.odds(0.7):
            continue
        x, foot = b.x + side * b.w * b.some(0.36, 0.43), r.foot + b.h * b.some(0.06, 0.1)
        part.chair(b, x - side * u * 13, foot, u * 17, r.wood, side)
        part.table(b, x - u * 9, foot, u * 18, u * 11, r.wood)
        part.chair(b, x + side * u * 13, foot, u * 17, r.wood, -side)
    if b.odds(0.6):
        part.plant(b, b.x - s * b.w * 0.46, r.foot + b.h * 0.03, u * b.some(18, 26))
    lights(r, b.rng.choice((2, 3, 3)), u * b.some(6, 9), b.some(0.2, 0.3))
    return done(r)


def _cafe_board(r: Room, x: float, y: float) -> None:
    """A blackboard with chalk strokes for lines, and shelves of cups beneath."""
    b, u = r.b, r.b.u
    w, h = u * b.some(28, 36), u * 20
    b.rect(x - w / 2 - u, y - h - u, w + u * 2, h + u * 2, r.wood)
    b.rect(x - w / 2, y - h, w, h, b.tone("#33413f"))
    chalk = []
    for column in (0, 1):
        chalk += [(x - w * 0.42 + column * w * 0.46, y - h * (0.82 - 0.17 * k), w * b.some(0.18, 0.36), u * 0.5) for k in range(4)]
    b.cells("#e9efe6", chalk, 0.6)
    part.shelf(b, x - w / 2, y + u * 10, w, r.wood, ("bowls", "bottles", "pots"))


def _coffee_machine(r: Room, x: float, foot: float) -> None:
    b, u = r.b, r.b.u
    metal, dark = b.tone("#c8ccd2"), b.tone("#4a4f58")
    b.rect(x - u * 7, foot - u * 4, u * 14, u * 4, dark, round_by=u * 0.6)
    b.rect(x - u * 7, foot - u * 11, u * 14, u * 5, b.drum(metal), round_by=u)
    b.cells(
        dark,
        [
            (x - u * 6.4, foot - u * 7, u * 1.2, u * 4),
            (x + u * 5.2, foot - u * 7, u * 1.2, u * 4),
            (x - u * 3.4, foot - u * 6.2, u * 1.6, u * 1.6),
            (x + u * 1.8, foot - u * 6.2, u * 1.6, u * 1.6),
        ],
    )
    b.dots(r.cloth, [(x - u * 4, foot - u * 8.6, u * 0.7), (x, foot - u * 8.6, u * 0.7), (x + u * 4, foot - u * 8.6, u * 0.7)])


def kitchen(stage: Stage) -> Floor:
    """Cupboards, a hood over the stove, a window over the sink, seen over a worktop everything stands on."""
    b = Backdrop(stage, inside=True)
    scheme = b.rng.choice(SCHEMES[:6])
    wall, wood, front = b.tone(scheme[0]), b.tone(scheme[2]), b.accent((scheme[3], "#8fb0a8", "#e8e2d6", "#6f86a0", "#c9d3b8"))
    top = b.h * b.some(0.7, 0.75)
    r = Room(b, top, wall, wood, front)
    part.wall(b, top, mix(wall, "#ffffff", 0.2), b.rng.choice(("tiles", "tiles", "plain", "bricks")))
    u, s, u_top = b.u, b.side, max(top - b.u * 62, b.u * 2)
    x = b.x - s * b.w * b.some(0.0, 0.14)
    wide = min(b.w * 0.34, u * 36)
    _window_at(r, x - wide / 2, top - u * 46, wide, u * 26)
    counter = top - u * 10
    for side in (-1, 1):
        start, end = (0.0, x - wide / 2 - u * 5) if side < 0 else (x + wide / 2 + u * 5, b.w)
        if end - start < u * 10:
            continue
        open_ = b.odds(0.4)
        if side == s and end - start > u * 24:
            _hood(r, (start + end) / 2, u_top, counter)
        elif open_:
            for k in range(2):
                part.shelf(b, start + u, top - u * (34 + 13 * k), end - start - u * 2, wood, ("bowls", "bottles", "pots", "boxes"))
        else:
            _cupboards(r, start, u_top, end - start, u * 24)
        if b.odds(0.6):
            part.plant(b, b.some(start, end), counter, u * 8)
    b.rect(0, counter, b.w, u * 1.6, mix(wood, "#ffffff", 0.25))
    _cupboards(r, 0, counter + u * 1.6, b.w, top - counter)
    stone_top = b.pick(("#efe8dc", "#b98a5f", "#d9d5d0", "#8a6a50"))
    b.ground(top, shade(stone_top, light=0.03), shade(stone_top, light=-0.05))
    b.rect(0, top, b.w, u * 0.7, shade(stone_top, light=0.08))
    b.rect(0, top - u * 2, b.w, u * 2, b.down(b.light.shadow, b.light.shadow, (0, 0.2)))
    lights(r, b.rng.choice((2, 3)), u * b.some(6, 9), 0.3)
    return done(r, 0.45, 0.05)


def _window_at(r: Room, x: float, y: float, w: float, h: float) -> None:
    part.window(r.b, x, max(y, r.b.u * 3), w, h, mix(r.wall, "#ffffff", 0.6), r.b.rng.choice(("trees", "hills", "city")), (2, 1))


def _cupboards(r: Room, x: float, y: float, w: float, high: float) -> None:
    b, u = r.b, r.b.u
    count = max(1, round(w / (u * 13)))
    step = w / count
    b.rect(x, y, w, high, r.cloth)
    b.cells(shade(r.cloth, light=0.045), [(x + step * i + u * 0.8, y + u * 0.9, step - u * 1.6, high - u * 1.8) for i in range(count)])
    b.cells(
        shade(r.cloth, light=0.02),
        [(x + step * i + u * 2, y + u * 2.2, step - u * 4, high - u * 4.4) for i in range(count) if high > u * 12],
    )
    b.cells(b.tone("#c9a55f"), [(x + step * (i + (0.82 if i % 2 == 0 else 0.12)), y + high * 0.42, u * 0.6, u * 2.4) for i in range(count)])


def _hood(r: Room, x: float, top: float, counter: float) -> None:
    b, u = r.b, r.b.u
    metal, dark = b.tone("#c3c9cf"), b.tone("#3f444c")
    b.rect(x - u * 4, -2, u * 8, counter - u * 30, b.drum(metal))
    b.poly(
        b.drum(metal),
        (x - u * 4, counter - u * 33),
        (x + u * 4, counter - u * 33),
        (x + u * 12, counter - u * 23),
        (x - u * 12, counter - u * 23),
    )
    b.rect(x - u * 12, counter - u * 23, u * 24, u * 2, shade(metal, light=-0.06))
    b.rect(x - u * 10, counter - u * 1.2, u * 20, u * 1.6, dark, round_by=u * 0.5)
    b.rect(x - u * 7, counter - u * 6.6, u * 8, u * 5.6, r.cloth, round_by=u)
    b.cells(
        dark,
        [
            (x - u * 7.6, counter - u * 7.2, u * 9.2, u * 0.9),
            (x - u * 4, counter - u * 8.4, u * 2, u * 1.2),
            (x + u, counter - u * 5.6, u * 3.6, u),
        ],
    )
