"""Things people built under the sky: houses, towers, stalls, pagodas, garden buildings, boats. Each stands at (x, foot)."""

from __future__ import annotations

from pipelines.image.illustration.backdrop import Backdrop, Cell
from pipelines.image.illustration.colour import mix, shade

CITY_WALLS = ("#6c7f9c", "#7d8aa6", "#8d84a4", "#5f7891", "#9a8c9c")


def _panes(b: Backdrop, cells: list[Cell], wall: str, share: float = 0.55) -> None:
    """Windows: some lit once it is dark."""
    lit: list[Cell] = []
    dark: list[Cell] = []
    for cell in cells:
        (lit if b.lit and b.odds(share) else dark).append(cell)
    b.cells(mix(wall, b.light.sky[0], 0.45) if not b.light.dark else shade(wall, light=-0.06), dark)
    b.cells(b.lamp, lit, 0.95)


def skyline(b: Backdrop, foot: float, tall: float, depth: float, purpose_step: float = 9.0) -> None:
    """A row of towers with windows, all of one haze."""
    x, step = -b.u * 4, b.u * purpose_step
    panes: list[Cell] = []
    while x < b.w + step:
        wide, high = step * b.some(0.6, 1.3), tall * b.rng.choice((0.4, 0.55, 0.7, 0.85, 1.0)) * b.some(0.9, 1.1)
        wall = b.tone(b.rng.choice(CITY_WALLS), depth)
        b.rect(x, foot - high, wide, high + b.u, b.down(wall, mix(wall, b.light.haze, 0.4)))
        b.rect(x + wide * 0.7, foot - high, wide * 0.3, high + b.u, shade(wall, light=-0.03), 0.6)
        draw = b.rng.random()
        if draw < 0.25:
            b.poly(wall, (x, foot - high + 1), (x + wide / 2, foot - high - wide * 0.5), (x + wide, foot - high + 1))
        elif draw < 0.45:
            b.cells(
                wall,
                [
                    (x + wide * 0.3, foot - high - b.u * 1.6, wide * 0.4, b.u * 2),
                    (x + wide * 0.48, foot - high - b.u * 5, b.u * 0.4, b.u * 4),
                ],
            )
        cell = b.u * 2.2
        panes += [(x + wide * 0.12 + i * cell, foot - high + b.u * 1.6 + j * cell * 1.3, cell * 0.5, cell * 0.7)
                  for i in range(max(int(wide * 0.8 / cell), 1)) for j in range(min(int(high / cell / 1.4), 16))]  # fmt: skip
        x += wide + step * b.some(0.0, 0.25)
    _panes(b, panes, b.tone(CITY_WALLS[0], depth), 0.4)


def cottage(b: Backdrop, x: float, foot: float, size: float, wall: str, roof: str) -> None:
    """A small house: gable or side to the front, a door, windows, a chimney; lit at dusk."""
    front, tall = b.odds(0.5), size * b.some(0.52, 0.66)
    half, rise = size * (0.42 if front else 0.58), size * b.some(0.45, 0.6)
    b.shadow(x, foot, half * 1.4, size * 0.08, 0.3)
    b.rect(x + half * 0.4, foot - tall - rise * 0.9, size * 0.12, rise * 0.8, shade(roof, light=-0.06))
    b.rect(x - half, foot - tall, half * 2, tall, b.over(wall, shade(wall, light=-0.06)))
    if front:
        b.poly(wall, (x - half, foot - tall + 1), (x, foot - tall - rise), (x + half, foot - tall + 1))
        b.poly(
            shade(roof, light=0.02),
            (x - half * 1.22, foot - tall + size * 0.09),
            (x, foot - tall - rise - size * 0.1),
            (x, foot - tall - rise + size * 0.06),
            (x - half * 1.05, foot - tall + size * 0.12),
        )
        b.poly(
            shade(roof, light=-0.05),
            (x + half * 1.22, foot - tall + size * 0.09),
            (x, foot - tall - rise - size * 0.1),
            (x, foot - tall - rise + size * 0.06),
            (x + half * 1.05, foot - tall + size * 0.12),
        )
        _panes(b, [(x - size * 0.07, foot - tall - rise * 0.4, size * 0.14, size * 0.16)], wall)
    else:
        b.poly(
            b.down(shade(roof, light=0.03), shade(roof, light=-0.04)),
            (x - half * 1.14, foot - tall + size * 0.05),
            (x - half * 0.8, foot - tall - rise),
            (x + half * 0.8, foot - tall - rise),
            (x + half * 1.14, foot - tall + size * 0.05),
        )
    frame, door = shade(wall, light=0.06), b.pick(("#7a4f3a", "#3f6f6a", "#8f3f3a", "#4a5f8a"))
    dx = b.side * half * 0.4
    b.arch(frame, x + dx, foot, size * 0.26, size * 0.4)
    b.arch(door, x + dx, foot, size * 0.21, size * 0.37)
    wx = x - dx * (1.1 if front else 1.5)
    b.rect(wx - size * 0.15, foot - tall * 0.74, size * 0.3, size * 0.27, frame)
    _panes(
        b,
        [(wx - size * 0.12, foot - tall * 0.7, size * 0.11, size * 0.2), (wx + size * 0.01, foot - tall * 0.7, size * 0.11, size * 0.2)],
        wall,
        0.9,
    )
    b.rect(wx - size * 0.17, foot - tall * 0.74 + size * 0.27, size * 0.34, size * 0.05, b.tone("#5f9f55"))


def barn(b: Backdrop, x: float, foot: float, size: float, natural: str, silo: bool) -> None:
    wall, white = b.tone(natural, 0.15), b.tone("#f6efe2", 0.1)
    roof, half = b.tone("#6f6a70", 0.15), size * 0.5
    b.shadow(x, foot, size * 0.8, size * 0.08, 0.3)
    if silo:
        sx, tone = x + b.side * size * 0.72, b.tone("#c9cdd2", 0.15)
        b.rect(sx - size * 0.15, foot - size * 0.95, size * 0.3, size * 0.95, b.drum(tone))
        b.path(
            b.drum(roof),
            "M# #A# # 0 0 1 # #Z",
            sx - size * 0.16,
            foot - size * 0.94,
            size * 0.16,
            size * 0.16,
            sx + size * 0.16,
            foot - size * 0.94,
        )
    b.poly(
        b.over(wall, shade(wall, light=-0.05)),
        (x - half, foot),
        (x - half, foot - size * 0.5),
        (x - half * 0.66, foot - size * 0.8),
        (x, foot - size * 0.95),
        (x + half * 0.66, foot - size * 0.8),
        (x + half, foot - size * 0.5),
        (x + half, foot),
    )
    for side in (-1, 1):
        b.line(
            roof,
            size * 0.06,
            "M# #L# #L# #",
            x,
            foot - size * 0.96,
            x + side * half * 0.68,
            foot - size * 0.81,
            x + side * half * 1.06,
            foot - size * 0.48,
        )
    t = size * 0.03
    b.rect(x - size * 0.2, foot - size * 0.42, size * 0.4, size * 0.42, white)
    b.rect(x - size * 0.17, foot - size * 0.39, size * 0.34, size * 0.39, shade(wall, light=-0.05))
    b.line(
        white,
        t,
        "M# #L# #M# #L# #M# #V#",
        x - size * 0.17,
        foot,
        x,
        foot - size * 0.39,
        x + size * 0.17,
        foot,
        x,
        foot - size * 0.39,
        x,
        foot,
        foot - size * 0.39,
    )
    b.rect(x - size * 0.08, foot - size * 0.72, size * 0.16, size * 0.16, white)
    _panes(b, [(x - size * 0.055, foot - size * 0.695, size * 0.11, size * 0.11)], wall, 0.9)


def windmill(b: Backdrop, x: float, foot: float, size: float) -> None:
    wall, cap = b.tone("#efe6d4", 0.2), b.pick(("#8f5a42", "#5f6a7a", "#a5503f"), 0.2)
    b.poly(
        b.drum(wall),
        (x - size * 0.2, foot),
        (x - size * 0.12, foot - size * 0.62),
        (x + size * 0.12, foot - size * 0.62),
        (x + size * 0.2, foot),
    )
    b.path(cap, "M# #Q# # # #Z", x - size * 0.16, foot - size * 0.6, x, foot - size * 0.92, x + size * 0.16, foot - size * 0.6)
    _panes(b, [(x - size * 0.035, foot - size * 0.45, size * 0.07, size * 0.09)], wall, 0.9)
    b.arch(b.tone("#7a5a44", 0.15), x, foot, size * 0.13, size * 0.2)
    hub, turn = foot - size * 0.66, b.rng.randrange(4)
    dirs = (
        ((0.28, -0.5), (0.5, 0.28), (-0.28, 0.5), (-0.5, -0.28)),
        ((0.41, -0.41), (0.41, 0.41), (-0.41, 0.41), (-0.41, -0.41)),
        ((0.1, -0.57), (0.57, 0.1), (-0.1, 0.57), (-0.57, -0.1)),
        ((0.5, -0.28), (0.28, 0.5), (-0.5, 0.28), (-0.28, -0.5)),
    )[turn]
    for dx, dy in dirs:
        ex, ey, nx, ny = x + dx * size * 0.86, hub + dy * size * 0.86, -dy * size * 0.13, dx * size * 0.13
        sx, sy = x + dx * size * 0.2, hub + dy * size * 0.2
        b.poly(b.tone("#f7f0e0", 0.1), (sx, sy), (ex, ey), (ex + nx, ey + ny), (sx + nx, sy + ny), opacity=0.92)
        b.line(b.tone("#7a5a44", 0.15), size * 0.02, "M# #L# #", x, hub, ex, ey)
    b.oval(x, hub, size * 0.035, size * 0.035, b.tone("#6a4f3f"))


def church(b: Backdrop, x: float, foot: float, size: float, wall_: str, roof_: str, depth: float = 0.35) -> None:
    wall, roof = b.tone(wall_, depth), b.tone(roof_, depth)
    s = b.side
    b.rect(min(x, x + s * size * 0.6), foot - size * 0.42, size * 0.6, size * 0.44, shade(wall, light=-0.03))
    b.poly(
        roof,
        (x, foot - size * 0.4),
        (x + s * size * 0.08, foot - size * 0.7),
        (x + s * size * 0.54, foot - size * 0.7),
        (x + s * size * 0.66, foot - size * 0.4),
    )
    b.rect(x - size * 0.15, foot - size * 0.86, size * 0.3, size * 0.88, b.over(wall, shade(wall, light=-0.06)))
    b.poly(shade(roof, light=-0.02), (x - size * 0.19, foot - size * 0.84), (x, foot - size * 1.4), (x + size * 0.19, foot - size * 0.84))
    glass = b.lamp if b.lit else shade(wall, light=-0.16)
    for wx, wy in ((x, foot - size * 0.55), (x + s * size * 0.28, foot - size * 0.1), (x + s * size * 0.46, foot - size * 0.1)):
        b.arch(glass, wx, wy, size * 0.09, size * 0.2)
    b.arch(shade(wall, light=-0.2), x, foot, size * 0.14, size * 0.24)


def keep(b: Backdrop, x: float, foot: float, size: float, wall: str, roof: str, broken: bool = False) -> None:
    """A small castle: a hall between towers, battlements, flags."""
    for dx, wide, high in ((0.0, 0.62, 0.55), (-0.42, 0.24, 0.85), (0.42, 0.24, 0.75), (0.12, 0.2, 1.1)):
        left, top = x + (dx - wide / 2) * size, foot - high * size
        b.rect(left, top, wide * size, high * size + b.u, b.over(shade(wall, light=0.02), shade(wall, light=-0.06)))
        tooth = wide * size / 7
        b.cells(wall, [(left + tooth * (2 * i), top - tooth, tooth, tooth * 1.1) for i in range(4) if not (broken and b.odds(0.4))])
        if high > 0.6 and not (broken and b.odds(0.6)):
            b.poly(
                roof,
                (left - size * 0.03, top + 1),
                (left + wide * size / 2, top - size * 0.36),
                (left + wide * size + size * 0.03, top + 1),
            )
        _panes(b, [(left + wide * size * 0.42, top + size * 0.16, size * 0.045, size * 0.09)], wall, 0.8)
    b.arch(shade(wall, light=-0.18), x, foot, size * 0.2, size * 0.3)


def siege_tower(b: Backdrop, x: float, foot: float, size: float, wood: str) -> None:
    b.poly(wood, (x - size * 0.3, foot), (x - size * 0.22, foot - size), (x + size * 0.22, foot - size), (x + size * 0.3, foot))
    b.cells(shade(wood, light=-0.07), [(x - size * 0.29, foot - size * s, size * 0.58, size * 0.05) for s in (0.25, 0.5, 0.75)])
    b.cells(wood, [(x - size * 0.25 + i * size * 0.17, foot - size * 1.1, size * 0.1, size * 0.12) for i in range(3)])
    b.dots(shade(wood, light=-0.1), [(x - size * 0.24, foot, size * 0.1), (x + size * 0.24, foot, size * 0.1)])


def war_flag(b: Backdrop, x: float, foot: float, high: float, tone: str, turn: int) -> None:
    """On a pole stuck in the ground, torn at its end and blowing to `turn`."""
    wood = b.tone("#5a4334")
    lean = b.some(-0.06, 0.06) * high
    b.line(wood, high * 0.03, "M# #L# #", x, foot, x + lean, foot - high)
    reach, t, f = high * 0.42 * turn, foot - high * 0.97, high * 0.36
    x += lean
    b.path(
        b.down(tone, shade(tone, light=-0.06)),
        "M# #C# # # # # #L# #L# #L# #C# # # # # #Z",
        x,
        t,
        x + reach * 0.35,
        t - f * 0.25,
        x + reach * 0.6,
        t + f * 0.25,
        x + reach,
        t,
        x + reach * 0.82,
        t + f * 0.4,
        x + reach * 1.02,
        t + f * 0.62,
        x + reach * 0.84,
        t + f,
        x + reach * 0.6,
        t + f * 1.2,
        x + reach * 0.3,
        t + f * 0.75,
        x,
        t + f,
    )


def ruin(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    """A piece of wall with a broken edge and an arch in it."""
    b.shadow(x, foot, size * 0.8, size * 0.1, 0.35)
    left, right = x - size * 0.6, x + size * 0.6
    b.poly(
        b.over(shade(tone, light=0.02), shade(tone, light=-0.06)),
        (left, foot),
        (left, foot - size * b.some(0.5, 0.9)),
        (left + size * 0.2, foot - size * b.some(0.6, 1.0)),
        (left + size * 0.28, foot - size * 0.7),
        (x, foot - size * b.some(0.75, 1.1)),
        (x + size * 0.15, foot - size * 0.62),
        (x + size * 0.4, foot - size * b.some(0.4, 0.75)),
        (right, foot - size * 0.25),
        (right, foot),
    )
    b.arch(shade(tone, light=-0.14), x - size * 0.2, foot, size * 0.3, size * 0.48)
    b.cells(
        shade(tone, light=-0.05),
        [(left + size * b.some(0.05, 0.95), foot - size * b.some(0.06, 0.5), size * 0.13, size * 0.06) for _ in range(7)],
        0.7,
    )


def gravestone(b: Backdrop, x: float, foot: float, size: float, depth: float) -> None:
    tone, kind = shade(b.tone("#8f969c", depth), light=b.some(-0.04, 0.03)), b.rng.randrange(3)
    b.shadow(x, foot, size * 0.6, size * 0.1, 0.3)
    if kind == 2:
        b.cells(
            tone,
            [(x - size * 0.08, foot - size * 1.1, size * 0.16, size * 1.1), (x - size * 0.3, foot - size * 0.85, size * 0.6, size * 0.15)],
        )
    else:
        b.arch(shade(tone, light=-0.07), x + size * 0.07, foot, size * 0.62, size * 0.95, rise=1.0 if kind else 0.4)
        b.arch(tone, x, foot, size * 0.62, size * 0.95, rise=1.0 if kind else 0.4)
        b.cells(shade(tone, light=-0.09), [(x - size * 0.16, foot - size * s, size * 0.32, size * 0.05) for s in (0.6, 0.46)])
    b.rect(x - size * 0.4, foot - size * 0.12, size * 0.8, size * 0.14, shade(tone, light=-0.04), round_by=size * 0.04)


def bare_tree(b: Backdrop, x: float, foot: float, high: float, turn: int) -> None:
    """Without leaves, its branches clawing to `turn`."""
    bark = b.tone("#3a333a", 0.05)
    w = high * 0.05
    b.path(
        bark,
        "M# #Q# # # #L# #Q# # # #Z",
        x - w * 1.5,
        foot,
        x - w * 0.4,
        foot - high * 0.3,
        x + turn * w,
        foot - high * 0.62,
        x + turn * w + w * 0.7,
        foot - high * 0.6,
        x + w * 0.8,
        foot - high * 0.3,
        x + w * 1.5,
        foot,
    )
    for y0, dx, dy, k in (
        (0.36, 0.34, 0.3, 0.5),
        (0.46, -0.26, 0.26, 0.42),
        (0.56, 0.22, 0.38, 0.36),
        (0.58, -0.08, 0.4, 0.4),
        (0.28, -0.2, 0.16, 0.3),
    ):
        bx, by = x + turn * w * y0, foot - high * y0
        ex, ey = bx + turn * dx * high, by - dy * high * b.some(0.8, 1.1)
        b.line(bark, w * k, "M# #Q# # # #", bx, by, bx + turn * dx * high * 0.35, by - dy * high * 0.2, ex, ey)
        b.line(
            bark,
            w * k * 0.6,
            "M# #l# #M# #l# #",
            (bx + ex) / 2 + turn * dx * high * 0.05,
            (by + ey) / 2 + dy * high * 0.06,
            turn * dx * high * 0.4,
            -dy * high * 0.1,
            (bx + 2 * ex) / 3,
            (by + 2 * ey) / 3 + dy * high * 0.03,
            -turn * dx * high * 0.1,
            -dy * high * 0.42,
        )
