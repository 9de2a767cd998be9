"""Parts of stone, wood and cloth: columns, torches, banners, rocks, crates, fences, lanterns, bunting."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.svg import Point

FLAME = ("#ff7a2f", "#ffb13d", "#fff0a8")


def column(b: Backdrop, x: float, foot: float, wide: float, high: float, tone: str, flutes: bool = True) -> None:
    """With a base and a capital, centred at x."""
    b.rect(x - wide / 2, foot - high, wide, high, b.drum(tone))
    if flutes:
        b.cells(
            shade(tone, light=-0.06),
            [(x + wide * s - wide * 0.025, foot - high * 0.9, wide * 0.05, high * 0.8) for s in (-0.25, 0, 0.25)],
            0.6,
        )
    for y, grow, tall in (
        (foot - high, 1.45, 0.3),
        (foot - high + wide * 0.3, 1.2, 0.16),
        (foot - wide * 0.42, 1.2, 0.16),
        (foot - wide * 0.26, 1.45, 0.28),
    ):
        b.rect(x - wide * grow / 2, y, wide * grow, wide * tall, shade(tone, light=0.03 if tall > 0.2 else -0.02), round_by=wide * 0.05)


def flame(b: Backdrop, x: float, y: float, size: float) -> None:
    """Rising from (x, y)."""
    for share, tone in zip((1.0, 0.68, 0.36), FLAME, strict=True):
        s, lean = size * share, size * b.some(-0.08, 0.08)
        b.path(
            tone,
            "M# #C# # # # # #C# # # # # #Z",
            x + lean,
            y - s * 1.5,
            x + s * 0.15,
            y - s * 0.9,
            x + s * 0.62,
            y - s * 0.7,
            x + s * 0.34,
            y,
            x - s * 0.05,
            y + s * 0.14,
            x - s * 0.75,
            y - s * 0.25,
            x + lean,
            y - s * 1.5,
        )


def torch(b: Backdrop, x: float, y: float, size: float) -> None:
    """On a wall; its light falls around it."""
    b.glow(x, y - size * 0.6, size * 6, size * 6, "#ffb45a", 0.5)
    b.poly(
        b.tone("#5a4030"), (x - size * 0.28, y), (x + size * 0.28, y), (x + size * 0.1, y + size * 1.7), (x - size * 0.1, y + size * 1.7)
    )
    b.rect(x - size * 0.4, y - size * 0.1, size * 0.8, size * 0.35, b.tone("#4a4a55"), round_by=size * 0.08)
    flame(b, x, y, size * 0.7)


def banner(b: Backdrop, x: float, y: float, wide: float, high: float, tone: str, trim: str, kind: int) -> None:
    """Hanging from a rod at y, centred at x. kind 0: forked, 1: pointed, 2: straight."""
    left, right, foot = x - wide / 2, x + wide / 2, y + high
    tail: Sequence[Point] = (
        ((right, foot), (x, foot - wide * 0.35), (left, foot)),
        ((right, foot - wide * 0.4), (x, foot), (left, foot - wide * 0.4)),
        ((right, foot), (left, foot)),
    )[kind % 3]
    b.poly(b.down(shade(tone, light=0.02), shade(tone, light=-0.05)), (left, y), (right, y), *tail)
    b.cells(
        trim,
        [(left + wide * 0.1, y + wide * 0.1, wide * 0.06, high * 0.66), (right - wide * 0.16, y + wide * 0.1, wide * 0.06, high * 0.66)],
        0.8,
    )
    cy, r = y + high * 0.36, wide * 0.2
    if kind % 2:
        b.poly(trim, (x, cy - r * 1.3), (x + r, cy), (x, cy + r * 1.3), (x - r, cy))
    else:
        b.oval(x, cy, r, r, trim)
        b.oval(x, cy, r * 0.55, r * 0.55, tone)
    b.rect(left - wide * 0.1, y - wide * 0.07, wide * 1.2, wide * 0.1, b.tone("#8a6a3f"), round_by=wide * 0.04)


def rock(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    """A boulder with a lit and a dim face."""
    lean, tall = b.some(-0.15, 0.15) * size, size * b.some(0.6, 0.95)
    top = (x + lean, foot - tall)
    left, right = (x - size * 0.62, foot - tall * b.some(0.3, 0.55)), (x + size * 0.6, foot - tall * b.some(0.35, 0.6))
    mid = (x + size * b.some(-0.05, 0.2), foot - tall * 0.45)
    shoulder = (x - size * 0.3 + lean, foot - tall * 0.92)
    bright, dim = (shade(tone, light=0.05), shade(tone, light=-0.06))[:: -b.side]
    b.poly(tone, (x - size * 0.72, foot), left, shoulder, top, right, (x + size * 0.75, foot))
    b.poly(bright, (x - size * 0.72, foot), left, shoulder, top, mid, (x + size * 0.05, foot))
    b.poly(dim, top, right, (x + size * 0.75, foot), (x + size * 0.05, foot), mid)


def crate(b: Backdrop, x: float, foot: float, size: float, wood: str) -> None:
    """Boards and braces, its left lower corner at x."""
    b.shadow(x + size / 2, foot, size * 0.65, size * 0.1, 0.3)
    b.rect(x, foot - size, size, size, shade(wood, light=-0.06))
    t = size * 0.12
    b.cells(wood, [(x, foot - size, size, t), (x, foot - t, size, t), (x, foot - size, t, size), (x + size - t, foot - size, t, size)])
    b.poly(
        shade(wood, light=-0.01),
        (x + t, foot - t * 1.6),
        (x + t * 1.6, foot - t),
        (x + size - t, foot - size + t * 1.6),
        (x + size - t * 1.6, foot - size + t),
    )


def barrel(b: Backdrop, x: float, foot: float, high: float, wood: str) -> None:
    """Standing, centred at x."""
    half = high * 0.34
    b.shadow(x, foot, half * 1.4, half * 0.25, 0.3)
    b.path(
        b.drum(wood),
        "M# #Q# # # #H#Q# # # #Z",
        x - half * 0.84,
        foot - high,
        x - half * 1.25,
        foot - high / 2,
        x - half * 0.84,
        foot,
        x + half * 0.84,
        x + half * 1.25,
        foot - high / 2,
        x + half * 0.84,
        foot - high,
    )
    b.cells(
        b.tone("#4f4a4a"),
        [(x - half * g, foot - high * s, half * 2 * g, high * 0.06) for s, g in ((0.84, 0.93), (0.62, 1.03), (0.36, 1.03), (0.14, 0.93))],
    )


def fence(b: Backdrop, foot: float, high: float, tone: str, pickets: bool, low: float = 0.0, top: float = 1.0) -> None:
    """From share `low` to share `top` of the width."""
    x0, x1 = b.w * low, b.w * top
    step = high * (0.42 if pickets else 1.7)
    count = int((x1 - x0) / step) + 1
    b.cells(shade(tone, light=-0.04), [(x0, foot - high * s, x1 - x0, high * 0.11) for s in (0.78, 0.4)])
    if pickets:
        w = step * 0.62
        b.shapes(tone, [[(x0 + i * step, foot), (x0 + i * step, foot - high * 0.9), (x0 + i * step + w / 2, foot - high * 1.05),
                         (x0 + i * step + w, foot - high * 0.9), (x0 + i * step + w, foot)] for i in range(count)])  # fmt: skip
    else:
        b.cells(tone, [(x0 + i * step, foot - high, high * 0.17, high) for i in range(count)])


def lantern(b: Backdrop, x: float, y: float, size: float, tone: str, tall: bool = False) -> None:
    """A paper lantern hanging with its middle at (x, y)."""
    rx, ry = size * (0.36 if tall else 0.5), size * (0.52 if tall else 0.42)
    b.glow(x, y, size * 1.7, size * 1.7, mix(tone, b.lamp, 0.6), 0.5 if b.light.dark else 0.2)
    b.rect(x - size * 0.02, y - ry - size * 0.3, size * 0.04, size * 0.3, b.tone("#5a4030"))
    b.oval(x, y, rx, ry, tone)
    b.oval(x, y, rx * 0.62, ry, shade(tone, light=0.06))
    b.oval(x, y, rx * 0.26, ry, mix(tone, b.lamp, 0.4))
    gold = b.tone("#e0b04f")
    b.cells(gold, [(x - rx * 0.5, y - ry - size * 0.05, rx, size * 0.1), (x - rx * 0.5, y + ry - size * 0.05, rx, size * 0.1)])
    b.cells(gold, [(x - size * 0.02, y + ry, size * 0.04, size * 0.3)])


def garland(b: Backdrop, x0: float, y0: float, x1: float, y1: float, sag: float, kind: str, tones: Sequence[str], size: float) -> None:
    """A cord between two points with "flags", "bulbs" or "lanterns" on it."""
    mx, my = (x0 + x1) / 2, (y0 + y1) / 2 + sag * 2
    b.line(b.tone("#5d5560"), b.u * 0.22, "M# #Q# # # #", x0, y0, mx, my, x1, y1, opacity=0.8)
    count = max(3, int(abs(x1 - x0) / (size * (2.6 if kind == "lanterns" else 1.5))))
    for i in range(count):
        t = (i + 0.5) / count
        x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * mx + t * t * x1
        y = (1 - t) ** 2 * y0 + 2 * t * (1 - t) * my + t * t * y1
        tone = tones[i % len(tones)]
        if kind == "flags":
            b.poly(tone, (x - size * 0.5, y), (x + size * 0.5, y), (x, y + size * 1.1))
        elif kind == "bulbs":
            if b.lit:
                b.glow(x, y + size * 0.3, size * 1.6, size * 1.6, b.lamp, 0.5)
            b.oval(x, y + size * 0.3, size * 0.26, size * 0.3, b.lamp if b.lit else mix(b.lamp, "#ffffff", 0.5))
        else:
            lantern(b, x, y + size * 0.9, size, tone, tall=False)


def lamp_post(b: Backdrop, x: float, foot: float, high: float, tone: str, arms: int = 1) -> None:
    """A street lamp, lit at dusk."""
    w = high * 0.024
    b.rect(x - w / 2, foot - high, w, high, tone)
    b.rect(x - w * 1.5, foot - w * 3, w * 3, w * 3, tone, round_by=w * 0.5)
    for side in (-1, 1) if arms == 2 else (0,):
        lx, ly = x + side * high * 0.13, foot - high + (high * 0.03 if side else 0)
        if side:
            b.line(tone, w * 0.7, "M# #Q# # # #", x, foot - high * 0.9, lx, foot - high * 0.9, lx, ly)
        if b.lit:
            b.glow(lx, ly, high * 0.3, high * 0.3, b.lamp, 0.6)
        r = high * 0.045
        b.oval(lx, ly, r, r, b.lamp if b.lit else b.tone("#f5f0e0"))
        b.path(tone, "M# #A# # 0 0 1 # #Z", lx - r * 1.25, ly - r * 0.3, r * 1.25, r * 1.1, lx + r * 1.25, ly - r * 0.3)


def stones(b: Backdrop, top: float, foot: float, tone: str, count: int) -> None:
    """Paving hinted at: flat ovals, larger nearer."""
    for _ in range(count):
        t = b.rng.random()
        y = top + (foot - top) * t**1.2
        wide = b.u * (1.2 + 3.4 * t)
        b.oval(b.some(0, b.w), y, wide, wide * 0.22, shade(tone, light=b.some(-0.05, 0.03)), 0.7)
