"""The buildings, trees and stones of East Asian gardens and temples. Each stands at (x, foot)."""

from __future__ import annotations

from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade


def eaves(b: Backdrop, x: float, y: float, half: float, rise: float, tile: str) -> None:
    """One roof with upturned corners, its eaves at y and its ridge `rise` above."""
    lift, ridge = half * 0.16, half * 0.5
    b.path(
        b.down(shade(tile, light=0.03), shade(tile, light=-0.05)),
        "M# #Q# # # #H#Q# # # #Q# # # #Q# # # #Z",
        x - half * 1.2,
        y - lift,
        x - half * 0.72,
        y - rise * 0.2,
        x - ridge,
        y - rise,
        x + ridge,
        x + half * 0.72,
        y - rise * 0.2,
        x + half * 1.2,
        y - lift,
        x + half * 0.9,
        y + lift * 0.35,
        x,
        y + lift * 0.1,
        x - half * 0.9,
        y + lift * 0.35,
        x - half * 1.2,
        y - lift,
    )
    b.cells(shade(tile, light=-0.07), [(x + ridge * v, y - rise * 0.9, half * 0.02, rise * 0.82) for v in (-0.8, -0.4, 0.0, 0.4, 0.8)], 0.7)
    b.rect(x - ridge * 1.06, y - rise - half * 0.05, ridge * 2.12, half * 0.08, shade(tile, light=-0.05), round_by=half * 0.03)
    b.dots(
        shade(tile, light=-0.05),
        [(x - ridge * 1.06, y - rise - half * 0.05, half * 0.06), (x + ridge * 1.06, y - rise - half * 0.05, half * 0.06)],
    )


def hall(b: Backdrop, x: float, foot: float, size: float, red: str, tile: str, floors: int) -> None:
    """A hall of `floors` storeys: red posts, lattice screens, upturned roofs, lanterns at the door."""
    y, half = foot, size * 0.8
    b.shadow(x, foot, half * 1.2, size * 0.06, 0.3)
    screen = b.lamp if b.lit else mix(red, "#e8c9a0", 0.5)
    for storey in range(floors):
        high = size * (0.5 if storey == 0 else 0.34)
        b.rect(x - half, y - high, half * 2, high, shade(red, light=-0.12))
        bays = 5 if half > size * 0.6 else 3
        step = half * 2 / bays
        b.cells(screen, [(x - half + step * (i + 0.18), y - high * 0.78, step * 0.64, high * 0.6) for i in range(bays)])
        bar = step * 0.05
        b.cells(
            shade(red, light=-0.06),
            [(x - half + step * (i + v) - bar / 2, y - high * 0.78, bar, high * 0.6) for i in range(bays) for v in (0.34, 0.5, 0.66)]
            + [(x - half, y - high * v, half * 2, bar) for v in (0.42, 0.6)],
        )
        b.cells(
            red,
            [(x - half + step * i - step * 0.08, y - high, step * 0.16, high) for i in range(bays + 1)]
            + [(x - half * 1.02, y - high, half * 2.04, high * 0.16)],
        )
        if storey == 0:
            b.rect(x - half * 1.05, y - size * 0.04, half * 2.1, size * 0.05, b.tone("#cfc7b8", 0.15))
        y -= high
        eaves(b, x, y + size * 0.02, half * 1.08, size * (0.3 if storey == floors - 1 else 0.16), tile)
        y -= size * (0.1 if storey < floors - 1 else 0)
        half *= 0.72


def pagoda(b: Backdrop, x: float, foot: float, size: float, red: str, tile: str, floors: int) -> None:
    y, half = foot, size * 0.42
    for storey in range(floors):
        high = size * (0.4 - 0.035 * storey)
        b.rect(x - half, y - high, half * 2, high, b.drum(red))
        b.cells(
            b.lamp if b.lit else shade(red, light=-0.16),
            [(x + half * v - half * 0.12, y - high * 0.66, half * 0.24, high * 0.5) for v in (-0.55, 0.0, 0.55)],
        )
        y -= high * 0.92
        eaves(b, x, y, half * 1.22, size * (0.12 if storey < floors - 1 else 0.26), tile)
        y -= size * 0.06
        half *= 0.85
    b.rect(x - size * 0.012, y - size * 0.5, size * 0.024, size * 0.36, b.tone("#d9a23f", 0.2))
    b.dots(b.tone("#d9a23f", 0.2), [(x, y - size * (0.24 + 0.09 * k), size * (0.045 - 0.01 * k)) for k in range(3)])


def gate(b: Backdrop, x: float, foot: float, size: float, red: str, tile: str) -> None:
    """A ceremonial gate of three bays over a flight of steps, a path between its posts."""
    grey = b.tone("#cfc7b8", 0.1)
    for k in range(5):
        half = size * (0.34 + 0.05 * k)
        b.rect(x - half, foot - size * (0.14 - 0.035 * k), half * 2, size * 0.036, shade(grey, light=0.05 - 0.02 * k))
    base = foot - size * 0.12
    posts = (-0.82, -0.36, 0.36, 0.82)
    b.cells(
        red,
        [
            (
                x + size * p - size * 0.035,
                base - size * (0.92 if abs(p) < 0.5 else 0.66),
                size * 0.07,
                size * (0.92 if abs(p) < 0.5 else 0.66),
            )
            for p in posts
        ],
    )
    b.cells(shade(grey, light=-0.04), [(x + size * p - size * 0.06, base - size * 0.1, size * 0.12, size * 0.14) for p in posts])
    gold = b.tone("#d9ab4a", 0.1)
    for cx, half, y, beam in ((-0.59, 0.25, 0.66, 0.1), (0.59, 0.25, 0.66, 0.1), (0.0, 0.4, 0.92, 0.14)):
        b.rect(x + size * (cx - half), base - size * y, size * half * 2, size * beam, shade(red, light=-0.04))
        b.cells(
            gold,
            [
                (
                    x + size * (cx - half * 0.9) + size * half * 0.45 * k,
                    base - size * (y - beam * 0.3),
                    size * half * 0.3,
                    size * beam * 0.36,
                )
                for k in range(4)
            ],
            0.85,
        )
        eaves(b, x + size * cx, base - size * y + size * 0.02, size * half * 1.08, size * 0.18, tile)


def garden_wall(b: Backdrop, foot: float, high: float, plaster: str, tile: str, x: float, moon: bool) -> None:
    """A white wall capped with tiles, with a moon gate at x, or lattice windows."""
    b.rect(-2, foot - high, b.w + 4, high + 2, b.down(plaster, shade(plaster, light=-0.05)))
    b.rect(-2, foot - high * 0.08, b.w + 4, high * 0.1, b.tone("#8f9490", 0.15))
    b.rect(-2, foot - high - b.u * 3, b.w + 4, b.u * 3.4, tile)
    b.cells(
        shade(tile, light=0.05), [(i * b.u * 2.6, foot - high - b.u * 3, b.u * 1.1, b.u * 3.4) for i in range(int(b.w / b.u / 2.6) + 1)]
    )
    b.rect(-2, foot - high - b.u * 3.8, b.w + 4, b.u * 1.2, shade(tile, light=-0.05))
    b.rect(-2, foot - high + b.u * 0.4, b.w + 4, b.u * 1.4, b.light.shadow, 0.14)
    r = high * 0.44
    if moon:
        cy = foot - r * 0.98
        b.oval(x, cy, r * 1.12, r * 1.12, b.tone("#8f9490", 0.1))
        b.oval(x, cy, r, r, b.down(b.light.sky[2], b.tone("#a9c79a", 0.55)))
        b.path(
            b.tone("#86ad82", 0.5),
            "M# #Q# # # #T# #A# # 0 0 1 # #Z",
            x - r * 0.94,
            cy + r * 0.3,
            x - r * 0.4,
            cy - r * 0.2,
            x,
            cy + r * 0.16,
            x + r * 0.94,
            cy + r * 0.3,
            r,
            r,
            x - r * 0.94,
            cy + r * 0.3,
        )
        b.rect(x - r * 0.62, cy + r * 0.76, r * 1.24, r * 0.24, b.tone("#d6cdbb", 0.2))
    for side in (-1, 1):
        for k in (1, 2):
            wx, s, cy = x + side * (r * 2.4 + (k - 1) * high * 1.25), high * 0.2, foot - high * 0.52
            if abs(wx - b.x) < high * 0.5 and not moon:
                continue
            frame, hole = b.tone("#7a8584", 0.1), b.tone("#8fae8a", 0.55)
            if k == 1:
                b.rect(wx - s, cy - s, s * 2, s * 2, frame)
                b.rect(wx - s * 0.86, cy - s * 0.86, s * 1.72, s * 1.72, hole)
            else:
                b.oval(wx, cy, s, s, frame)
                b.oval(wx, cy, s * 0.86, s * 0.86, hole)
            t = s * 0.12
            b.cells(
                frame,
                [(wx - s * 0.85, cy + s * v - t / 2, s * 1.7, t) for v in (-0.36, 0.36)]
                + [(wx + s * v - t / 2, cy - s * 0.85, t, s * 1.7) for v in (-0.36, 0.36)],
            )


def pond(b: Backdrop, x: float, y: float, rx: float, ry: float) -> None:
    water = mix(b.tone("#7fb5b0", 0.1), b.light.sky[2], 0.3)
    b.oval(x, y, rx * 1.04, ry * 1.16, b.tone("#b9b3a6"))
    b.oval(x, y, rx, ry, b.down(mix(water, "#ffffff", 0.15), water))
    for _ in range(9):
        px, py, r = x + b.some(-0.75, 0.75) * rx, y + b.some(-0.5, 0.6) * ry, b.u * b.some(1.2, 2.2)
        b.oval(px, py, r, r * 0.3, b.tone("#6fa86a"))
        if b.odds(0.45):
            pink = b.accent(("#f2a0b8", "#f6c8d4"))
            b.shapes(
                pink,
                [[(px - r * 0.5, py - r * 0.1), (px + dx * r * 0.5, py - r * 0.8), (px + r * 0.5, py - r * 0.1)] for dx in (-0.9, 0, 0.9)],
            )


def arched_bridge(b: Backdrop, x: float, foot: float, size: float, red: str) -> None:
    b.path(
        shade(red, light=-0.04),
        "M# #Q# # # #L# #Q# # # #Z",
        x - size,
        foot,
        x,
        foot - size * 0.72,
        x + size,
        foot,
        x + size * 0.8,
        foot,
        x,
        foot - size * 0.42,
        x - size * 0.8,
        foot,
    )
    b.line(red, size * 0.05, "M# #Q# # # #", x - size, foot - size * 0.2, x, foot - size * 0.95, x + size, foot - size * 0.2)
    b.cells(
        red,
        [
            (x + size * v - size * 0.025, foot - size * (0.5 - 0.34 * v * v) - size * 0.06, size * 0.05, size * 0.22)
            for v in (-0.95, -0.7, -0.42, -0.14, 0.14, 0.42, 0.7, 0.95)
        ],
    )


def bamboo(b: Backdrop, x: float, foot: float, high: float, side: int) -> None:
    for k in range(6):
        bx, tall, w = x + side * b.u * b.some(-3, 12), high * b.some(0.7, 1.1), b.u * b.some(0.9, 1.4)
        cane = shade(b.tone("#7faf5a"), light=b.some(-0.07, 0.03))
        b.rect(bx, foot - tall, w, tall, b.over(shade(cane, light=0.04), shade(cane, light=-0.05)))
        b.cells(shade(cane, light=-0.1), [(bx - w * 0.08, foot - tall * (i + 0.5) / 7, w * 1.16, w * 0.2) for i in range(7)])
        leaf, shapes = b.tone("#5a9a4f"), []
        for _ in range(5):
            y, turn, long = foot - tall * b.some(0.45, 1.0), b.rng.choice((-1, 1)), b.u * b.some(4, 7)
            shapes.append(
                [
                    (bx + w / 2, y),
                    (bx + w / 2 + turn * long * 0.4, y - long * 0.02),
                    (bx + w / 2 + turn * long, y + long * 0.42),
                    (bx + w / 2 + turn * long * 0.36, y + long * 0.22),
                ]
            )
        b.shapes(shade(leaf, light=b.some(-0.05, 0.03)), shapes)
        del k


def plum(b: Backdrop, x: float, foot: float, high: float, turn: int, bloom: str) -> None:
    """A gnarled tree in blossom, leaning to `turn`."""
    bark, w = b.tone("#5a4038"), high * 0.05
    ends = []
    b.path(
        bark,
        "M# #C# # # # # #L# #C# # # # # #Z",
        x - w,
        foot,
        x - w * 0.4,
        foot - high * 0.3,
        x - turn * w * 2,
        foot - high * 0.4,
        x + turn * w * 1.5,
        foot - high * 0.6,
        x + turn * w * 1.5 + w * 0.8,
        foot - high * 0.57,
        x - turn * w + w,
        foot - high * 0.4,
        x + w,
        foot - high * 0.3,
        x + w,
        foot,
    )
    for y0, dx, dy in ((0.4, 0.42, 0.22), (0.5, -0.26, 0.3), (0.57, 0.34, 0.34), (0.58, 0.06, 0.42), (0.46, 0.5, 0.1)):
        bx, by = x + turn * w * 0.6 * y0 * 2, foot - high * y0
        ex, ey = bx + turn * dx * high, by - dy * high
        b.line(bark, w * 0.4, "M# #Q# # # #", bx, by, bx + turn * dx * high * 0.3, by - dy * high * 0.1, ex, ey)
        ends += [
            (bx + (ex - bx) * t + b.some(-0.04, 0.04) * high, by + (ey - by) * t + b.some(-0.05, 0.04) * high)
            for t in (0.4, 0.6, 0.75, 0.85, 0.95, 1.0, 1.05)
        ]
    b.dots(shade(bloom, light=-0.05), [(px, py, high * b.some(0.025, 0.045)) for px, py in ends], 0.9)
    b.dots(bloom, [(px + b.some(-0.03, 0.03) * high, py + b.some(-0.03, 0.03) * high, high * b.some(0.016, 0.034)) for px, py in ends])
    b.dots(b.tone("#fff0b8"), [(px, py, high * 0.006) for px, py in ends])


def willow(b: Backdrop, x: float, foot: float, high: float, turn: int) -> None:
    bark, leaf = b.tone("#6b5442"), b.tone("#8fb86a")
    w = high * 0.05
    b.path(
        bark,
        "M# #Q# # # #H#Q# # # #Z",
        x - w,
        foot,
        x - turn * w,
        foot - high * 0.5,
        x + turn * w,
        foot - high * 0.86,
        x + turn * w + w,
        x + w,
        foot - high * 0.5,
        x + w * 1.2,
        foot,
    )
    b.dots(
        shade(leaf, light=-0.06),
        [(x + turn * high * dx, foot - high * dy, high * r) for dx, dy, r in ((0.0, 0.9, 0.14), (0.14, 0.86, 0.12), (-0.12, 0.84, 0.11))],
    )
    for k in range(16):
        sx, sy = x + turn * high * b.some(-0.22, 0.28), foot - high * b.some(0.82, 0.98)
        drop = high * b.some(0.35, 0.68)
        b.line(
            shade(leaf, light=b.some(-0.06, 0.05)),
            high * 0.014,
            "M# #Q# # # #",
            sx,
            sy,
            sx + turn * high * 0.07,
            sy + drop * 0.3,
            sx + turn * high * b.some(0.02, 0.09),
            sy + drop,
        )
        del k


def scholar_rock(b: Backdrop, x: float, foot: float, size: float) -> None:
    """A tall eroded stone with holes in it."""
    tone = b.tone("#a5aaa8")
    b.shadow(x, foot, size * 0.5, size * 0.08, 0.3)
    outline = [
        (-0.4, 0),
        (-0.44, 0.3),
        (-0.26, 0.42),
        (-0.36, 0.66),
        (-0.16, 0.98),
        (0.02, 0.86),
        (0.22, 1.04),
        (0.34, 0.72),
        (0.26, 0.5),
        (0.44, 0.34),
        (0.4, 0),
    ]
    line = [(x + dx * size * b.some(0.86, 1.12), foot - dy * size * b.some(0.95, 1.05)) for dx, dy in outline]
    b.blob(b.over(shade(tone, light=0.05), shade(tone, light=-0.07)), line)
    b.rect(x - size * 0.44, foot - size * 0.06, size * 0.88, size * 0.07, shade(tone, light=-0.08), round_by=size * 0.03)
    for dx, dy, r in ((-0.12, 0.6, 0.08), (0.16, 0.4, 0.1), (0.1, 0.76, 0.055), (-0.18, 0.26, 0.07)):
        b.oval(x + dx * size, foot - dy * size, r * size, r * size * 1.25, shade(tone, light=-0.17))


def stone_lantern(b: Backdrop, x: float, foot: float, size: float) -> None:
    grey = b.tone("#a8a8a2")
    b.shadow(x, foot, size * 0.4, size * 0.07, 0.3)
    b.cells(
        shade(grey, light=-0.03),
        [(x - size * 0.24, foot - size * 0.12, size * 0.48, size * 0.12), (x - size * 0.18, foot - size * 0.62, size * 0.36, size * 0.08)],
    )
    b.rect(x - size * 0.09, foot - size * 0.6, size * 0.18, size * 0.5, b.drum(grey))
    if b.lit:
        b.glow(x, foot - size * 0.75, size * 0.8, size * 0.8, b.lamp, 0.6)
    b.rect(x - size * 0.14, foot - size * 0.86, size * 0.28, size * 0.25, b.drum(grey))
    b.rect(x - size * 0.08, foot - size * 0.82, size * 0.16, size * 0.17, b.lamp if b.lit else shade(grey, light=-0.2))
    b.path(
        b.drum(grey),
        "M# #Q# # # #Q# # # #Z",
        x - size * 0.32,
        foot - size * 0.86,
        x - size * 0.06,
        foot - size * 0.92,
        x,
        foot - size * 1.1,
        x + size * 0.06,
        foot - size * 0.92,
        x + size * 0.32,
        foot - size * 0.86,
    )


def incense(b: Backdrop, x: float, foot: float, size: float) -> None:
    """A bronze burner on three feet, smoke rising."""
    bronze = b.tone("#7a6a4a")
    b.shadow(x, foot, size * 0.5, size * 0.08, 0.3)
    b.shapes(
        shade(bronze, light=-0.07),
        [
            [(x + size * v - size * 0.05, foot - size * 0.3), (x + size * v + size * 0.05, foot - size * 0.3), (x + size * v * 1.2, foot)]
            for v in (-0.26, 0.0, 0.26)
        ],
    )
    b.path(
        b.drum(bronze),
        "M# #Q# # # #Q# # # #Z",
        x - size * 0.4,
        foot - size * 0.66,
        x - size * 0.42,
        foot - size * 0.22,
        x,
        foot - size * 0.2,
        x + size * 0.42,
        foot - size * 0.22,
        x + size * 0.4,
        foot - size * 0.66,
    )
    b.rect(x - size * 0.46, foot - size * 0.7, size * 0.92, size * 0.1, shade(bronze, light=0.05), round_by=size * 0.03)
    b.cells(b.tone("#b5453a"), [(x + size * v, foot - size * 0.98, size * 0.02, size * 0.3) for v in (-0.16, -0.05, 0.06, 0.16)])
    b.line(
        b.light.haze,
        size * 0.07,
        "M# #c# # # # # #s# # # #",
        x,
        foot - size,
        -size * 0.2,
        -size * 0.2,
        size * 0.2,
        -size * 0.4,
        0,
        -size * 0.6,
        -size * 0.2,
        -size * 0.4,
        size * 0.1,
        -size * 0.7,
        opacity=0.35,
    )
