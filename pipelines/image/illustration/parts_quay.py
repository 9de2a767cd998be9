"""Stalls, festive things and things by the water. Each stands at (x, foot)."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.image.illustration.backdrop import AROUND, Backdrop
from pipelines.image.illustration.colour import mix, shade


def stall(b: Backdrop, x: float, foot: float, size: float, cloth: str, goods: Sequence[str], depth: float) -> None:
    """Posts, a striped awning and a bench of goods in heaps."""
    wood, pale = b.tone("#9a6b47", depth), b.tone("#f7efe2", depth)
    half = size * 0.5
    b.shadow(x, foot, half * 1.3, size * 0.07, 0.3)
    b.rect(x - half * 0.9, foot - size * 0.9, size * 0.9, size * 0.6, shade(cloth, light=-0.16), 0.75)
    if b.lit:
        b.glow(x, foot - size * 0.6, half, size * 0.4, b.lamp, 0.6)
    b.cells(wood, [(x + s * half * 0.92 - size * 0.02, foot - size * 0.95, size * 0.04, size * 0.95) for s in (-1, 1)])
    for k in range(4):
        cx, tone = x + half * (-0.66 + 0.44 * k), goods[k % len(goods)]
        r = size * 0.05
        heap = [
            (cx + dx * r, foot - size * 0.4 - dy * r, r * 0.95) for dx, dy in ((-1.2, 0), (0, 0), (1.2, 0), (-0.6, 1), (0.6, 1), (0, 1.9))
        ]
        b.dots(mix(tone, b.light.haze, depth * 0.5), heap)
    b.rect(x - half, foot - size * 0.4, size, size * 0.4, b.down(wood, shade(wood, light=-0.07)))
    b.cells(shade(wood, light=-0.05), [(x - half + size * v, foot - size * 0.36, size * 0.015, size * 0.36) for v in (0.25, 0.5, 0.75)])
    b.rect(x - half * 1.06, foot - size * 0.42, size * 1.06, size * 0.06, shade(wood, light=0.06))
    top, low, stripes = foot - size * 1.2, foot - size * 0.92, 8
    for i in range(stripes):
        a, z = -1 + 2 * i / stripes, -1 + 2 * (i + 1) / stripes
        tone = cloth if i % 2 == 0 else pale
        xs = (x + half * 0.94 * a, x + half * 0.94 * z, x + half * 1.18 * z, x + half * 1.18 * a)
        b.path(tone, "M# #H#L# #Q# # # #Z", xs[0], top, xs[1], xs[2], low, (xs[2] + xs[3]) / 2, low + size * 0.13, xs[3], low)


def row_house(b: Backdrop, x: float, foot: float, wide: float, high: float, wall: str, roof: str) -> None:
    b.rect(x - wide / 2, foot - high, wide, high, b.down(wall, shade(wall, light=-0.03)))
    if b.odds(0.5):
        b.poly(roof, (x - wide * 0.54, foot - high + 1), (x, foot - high - wide * 0.4), (x + wide * 0.54, foot - high + 1))
    else:
        b.rect(x - wide * 0.54, foot - high - wide * 0.14, wide * 1.08, wide * 0.16, roof)
    rows = max(1, int(high / (wide * 0.42)))
    cells = [
        (x + wide * dx - wide * 0.07, foot - high + wide * (0.14 + 0.4 * row), wide * 0.14, wide * 0.22)
        for row in range(rows)
        for dx in (-0.26, 0.0, 0.26)
    ]
    b.cells(shade(wall, light=0.06), [(cx - wide * 0.02, cy - wide * 0.02, w + wide * 0.04, h + wide * 0.04) for cx, cy, w, h in cells])
    b.cells(shade(wall, light=-0.16) if not b.light.dark else shade(wall, light=-0.05), cells)
    if b.lit:
        b.cells(b.lamp, [cell for cell in cells if b.odds(0.55)])


def waterfront(b: Backdrop, foot: float, wide: float) -> None:
    """A row of narrow painted houses along the water."""
    walls, x = ("#d98f6a", "#e3c07a", "#8fb0b8", "#c96f5f", "#e8ddc8", "#8fa87a", "#b58fae"), -wide * 0.4
    while x < b.w + wide:
        w = wide * b.some(0.7, 1.1)
        row_house(
            b,
            x + w / 2,
            foot + b.u * 0.4,
            w * 1.02,
            b.u * b.some(17, 27),
            b.pick(walls, 0.4),
            b.pick(("#8a5a48", "#6f6670", "#a5654a"), 0.4),
        )
        x += w


def crane(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    w, s = size * 0.03, b.side
    b.cells(
        tone,
        [
            (x - size * 0.2, foot - size * 0.75, w, size * 0.75),
            (x + size * 0.2, foot - size * 0.75, w, size * 0.75),
            (x - size * 0.26, foot - size * 0.77, size * 0.55, w * 1.6),
            (x - size * 0.2, foot - size * 0.4, size * 0.42, w),
        ],
    )
    b.line(
        tone,
        w,
        "M# #L# #L# #L# #",
        x,
        foot - size * 0.76,
        x - s * size * 0.06,
        foot - size * 1.15,
        x + s * size * 0.75,
        foot - size * 0.95,
        x,
        foot - size * 0.8,
    )
    b.line(tone, w * 0.5, "M# #V#", x + s * size * 0.62, foot - size * 0.97, foot - size * 0.5)
    b.rect(x + s * size * 0.62 - size * 0.08, foot - size * 0.5, size * 0.16, size * 0.1, b.accent(("#d9603f", "#3f7fae", "#e0a03a"), 0.35))


def lighthouse(b: Backdrop, x: float, foot: float, size: float) -> None:
    white, band, rock = b.tone("#f6f1e8", 0.12), b.accent(("#c9403a", "#3f6fae", "#3a4a55"), 0.12), b.tone("#8a8f8f", 0.2)
    b.path(
        rock,
        "M# #Q# # # #Q# # # #Z",
        x - size * 0.42,
        foot,
        x - size * 0.2,
        foot - size * 0.16,
        x,
        foot - size * 0.1,
        x + size * 0.3,
        foot - size * 0.14,
        x + size * 0.42,
        foot,
    )
    top = foot - size * 0.85
    b.poly(
        b.drum(white),
        (x - size * 0.13, foot - size * 0.08),
        (x - size * 0.08, top),
        (x + size * 0.08, top),
        (x + size * 0.13, foot - size * 0.08),
    )
    for low, high in ((0.2, 0.36), (0.54, 0.7)):
        a, c = size * (0.13 - 0.05 * low), size * (0.13 - 0.05 * high)
        b.poly(
            b.drum(band), (x - a, foot - size * low), (x - c, foot - size * high), (x + c, foot - size * high), (x + a, foot - size * low)
        )
    if b.lit:
        b.glow(x, top - size * 0.07, size * 0.6, size * 0.4, b.lamp, 0.7)
        b.poly(
            b.over(b.lamp, b.lamp, (0.5, 0) if b.side < 0 else (0, 0.5)),
            (x, top - size * 0.07),
            (x - b.side * size * 1.6, top - size * 0.28),
            (x - b.side * size * 1.6, top + size * 0.14),
        )
    b.rect(x - size * 0.06, top - size * 0.13, size * 0.12, size * 0.13, b.lamp if b.lit else b.glass)
    b.rect(x - size * 0.1, top - size * 0.02, size * 0.2, size * 0.04, b.tone("#4a4f58", 0.1))
    b.poly(band, (x - size * 0.09, top - size * 0.12), (x, top - size * 0.24), (x + size * 0.09, top - size * 0.12))


def boat(b: Backdrop, x: float, foot: float, size: float, hull: str, kind: int) -> None:
    """kind 0: a sailing boat, 1: a fishing boat, 2: a rowing boat. Its waterline is at foot."""
    white, wood = b.tone("#f6f1e6", 0.08), b.tone("#8a6248", 0.08)
    b.oval(x, foot + size * 0.02, size * 0.6, size * 0.05, b.light.shadow, 0.22)
    if kind == 0:
        b.rect(x - size * 0.015, foot - size * 1.25, size * 0.03, size * 1.1, wood)
        b.path(
            b.over(white, shade(white, light=-0.05)),
            "M# #Q# # # #H#Z",
            x + size * 0.04,
            foot - size * 1.2,
            x + size * 0.5,
            foot - size * 0.7,
            x + size * 0.5,
            foot - size * 0.3,
            x + size * 0.04,
        )
        b.poly(
            shade(white, light=-0.04),
            (x - size * 0.05, foot - size * 1.1),
            (x - size * 0.05, foot - size * 0.3),
            (x - size * 0.42, foot - size * 0.3),
        )
    elif kind == 1:
        b.rect(x - size * 0.3, foot - size * 0.5, size * 0.32, size * 0.36, white)
        b.rect(x - size * 0.34, foot - size * 0.54, size * 0.4, size * 0.06, hull)
        b.cells(
            b.lamp if b.lit else b.glass,
            [
                (x - size * 0.25, foot - size * 0.44, size * 0.09, size * 0.12),
                (x - size * 0.11, foot - size * 0.44, size * 0.09, size * 0.12),
            ],
        )
        b.line(wood, size * 0.025, "M# #V#L# #", x + size * 0.2, foot - size * 0.1, foot - size * 0.95, x + size * 0.5, foot - size * 0.28)
    b.path(
        b.down(hull, shade(hull, light=-0.07)),
        "M# #Q# # # #Q# # # #H#Q# # # #Z",
        x - size * 0.55,
        foot - size * 0.24,
        x,
        foot - size * 0.12,
        x + size * 0.6,
        foot - size * 0.28,
        x + size * 0.5,
        foot,
        x + size * 0.36,
        foot,
        x - size * 0.38,
        x - size * 0.5,
        foot - size * 0.02,
        x - size * 0.55,
        foot - size * 0.24,
    )
    b.line(
        white, size * 0.03, "M# #Q# # # #", x - size * 0.54, foot - size * 0.19, x, foot - size * 0.08, x + size * 0.57, foot - size * 0.22
    )


def ferris_wheel(b: Backdrop, x: float, foot: float, size: float, tones: Sequence[str]) -> None:
    steel, cy = b.tone("#e8e4ea", 0.4), foot - size * 1.05
    b.line(steel, size * 0.035, "M# #L# #L# #", x - size * 0.42, foot, x, cy, x + size * 0.42, foot)
    for r in (0.86, 0.78, 0.3):
        b.canvas.ring(x, cy, size * r, steel, size * 0.02)
    turn = b.rng.randrange(3)
    for i, (dx, dy) in enumerate(AROUND):
        b.line(steel, size * 0.01, "M# #L# #", x, cy, x + dx * size * 0.86, cy + dy * size * 0.86)
        px, py, tone = x + dx * size * 0.86, cy + dy * size * 0.86, mix(tones[(i + turn) % len(tones)], b.light.haze, 0.2)
        b.path(
            tone,
            "M# #A# # 0 0 1 # #V#H#Z",
            px - size * 0.07,
            py + size * 0.05,
            size * 0.07,
            size * 0.06,
            px + size * 0.07,
            py + size * 0.05,
            py + size * 0.12,
            px - size * 0.07,
        )
        if b.lit:
            b.oval(px, py, size * 0.02, size * 0.02, b.lamp)
    b.oval(x, cy, size * 0.06, size * 0.06, mix(tones[0], b.light.haze, 0.2))


def big_top(b: Backdrop, x: float, foot: float, size: float, tones: Sequence[str]) -> None:
    first, pale = mix(tones[0], b.light.haze, 0.2), b.tone("#f7f0e4", 0.25)
    n, half, eave, peak = 8, size * 0.6, foot - size * 0.42, foot - size * 0.95
    for i in range(n):
        a, z, tone = -1 + 2 * i / n, -1 + 2 * (i + 1) / n, first if i % 2 == 0 else pale
        b.poly(
            b.down(tone, shade(tone, light=-0.06)),
            (x + half * 0.9 * a, eave),
            (x + half * 0.9 * z, eave),
            (x + half * z, foot),
            (x + half * a, foot),
        )
        b.path(
            tone,
            "M# #Q# # # #H#Q# # # #Z",
            x,
            peak,
            x + half * a * 0.4,
            eave - size * 0.16,
            x + half * 1.08 * a,
            eave + size * 0.04,
            x + half * 1.08 * z,
            x + half * z * 0.4,
            eave - size * 0.16,
            x,
            peak,
        )
    b.path(shade(first, light=-0.2), "M# #L# #L# #Z", x - size * 0.1, foot, x, eave + size * 0.08, x + size * 0.1, foot)
    b.rect(x - size * 0.008, peak - size * 0.16, size * 0.016, size * 0.18, b.tone("#8a7a6a", 0.2))
    b.poly(mix(tones[1], b.light.haze, 0.2), (x, peak - size * 0.16), (x + size * 0.14, peak - size * 0.11), (x, peak - size * 0.06))


def firework(b: Backdrop, x: float, y: float, size: float, tone: str) -> None:
    b.glow(x, y, size * 1.1, size * 1.1, tone, 0.4)
    for inner, outer, wide in ((0.35, 0.9, 0.03), (0.15, 0.5, 0.02)):
        pattern = "M# #L# #" * len(AROUND)
        values = [
            v
            for dx, dy in AROUND
            for v in (x + dx * size * inner, y + dy * size * inner, x + dx * size * outer, y + dy * size * outer + size * 0.05)
        ]
        b.line(tone, size * wide, pattern, *values, opacity=0.9)
    b.dots(mix(tone, "#ffffff", 0.5), [(x + dx * size, y + dy * size + size * 0.06, size * 0.035) for dx, dy in AROUND])
