"""Trees, bushes, grass, flowers: drawn shapes with a light and a dark side, standing at a point."""

from __future__ import annotations

import random

from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.stage import Stage
from pipelines.image.illustration.svg import number as n
from pipelines.image.illustration.svg import trace


def pine(x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A conifer, foot at (x, y)."""
    dark, w = shade(leaf, light=-0.055), high * 0.36
    parts = [_rect(x - high * 0.025, y - high * 0.14, high * 0.05, high * 0.14, trunk)]
    for step, (top, foot, wide) in enumerate(((0.45, 0.1, 1.0), (0.72, 0.34, 0.78), (1.0, 0.58, 0.54))):
        half, yt, yf = w * wide / 2, y - high * top, y - high * foot
        lean = high * 0.03 * (1 + 0.3 * step)
        parts.append(_path(trace("M# #L# #Q# # # #Z", x, yt, x + half, yf, x, yf + lean, x - half, yf), leaf))
        shadow = (x, yt, x + half, yf, x + half * 0.4, yf + lean, x + half * 0.12, yf + lean * 0.5)
        parts.append(_path(trace("M# #L# #Q# # # #Z", *shadow), dark))
    return "".join(parts)


def leafy(rng: random.Random, x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A round-headed tree, foot at (x, y)."""
    dark, pale = shade(leaf, light=-0.06), shade(leaf, light=0.05)
    bole = high * 0.035
    stem = (x - bole, y, x - bole * 0.4, y - high * 0.3, x - bole * 0.5, y - high * 0.55, x + bole * 0.5)
    fork = (x, y - high * 0.3, x + high * 0.12, y - high * 0.5, x, y - high * 0.36, x - high * 0.1, y - high * 0.52)
    parts = [
        _path(trace("M# #Q# # # #H#Q# # # #Z", *stem, x + bole * 0.4, y - high * 0.3, x + bole, y), trunk),
        f'<path d="{trace("M# #L# #M# #L# #", *fork)}" fill="none" stroke="{trunk}" stroke-width="{n(bole * 0.8)}"/>',
    ]
    tilt = rng.uniform(-0.03, 0.03)
    for dx, dy, r, fill in (
        (0.1, 0.56, 0.2, dark),
        (-0.13, 0.58, 0.19, leaf),
        (0.03 + tilt, 0.76, 0.22, leaf),
        (0.14, 0.66, 0.14, dark),
        (-0.07 + tilt, 0.82, 0.12, pale),
    ):
        parts.append(f'<circle cx="{n(x + dx * high)}" cy="{n(y - dy * high)}" r="{n(r * high)}" fill="{fill}"/>')
    return "".join(parts)


def poplar(x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A slim tree, foot at (x, y)."""
    half, tall = high * 0.13, high * 0.43
    top, foot = y - high * 0.98, y - high * 0.12
    shadow = trace("M# #A# # 0 0 1 # #Q# # # #Z", x, top, half, tall, x, foot, x + half * 0.5, y - high * 0.55, x, top)
    crown = f'<ellipse cx="{n(x)}" cy="{n(y - high * 0.55)}" rx="{n(half)}" ry="{n(tall)}" fill="{leaf}"/>'
    return _rect(x - high * 0.015, y - high * 0.2, high * 0.03, high * 0.2, trunk) + crown + _path(shadow, shade(leaf, light=-0.05))


def palm(rng: random.Random, x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A palm leaning to one side, foot at (x, y)."""
    lean = high * rng.choice((-1, 1)) * rng.uniform(0.12, 0.24)
    hx, hy, wide = x + lean, y - high * 0.8, high * 0.03
    up = (x - wide, y, x + lean * 0.2, y - high * 0.45, hx - wide * 0.5, hy)
    down = (wide, x + lean * 0.3 + wide, y - high * 0.45, x + wide, y)
    parts = [_path(trace("M# #Q# # # #h#Q# # # #Z", *up, *down), trunk)]
    for i, (dx, dy) in enumerate(((-0.42, 0.1), (0.42, 0.1), (-0.36, -0.12), (0.36, -0.12), (-0.16, -0.22), (0.2, -0.22))):
        fill = leaf if i % 2 else shade(leaf, light=-0.05)
        ex, ey, cx, cy = hx + dx * high, hy + dy * high, hx + dx * 0.45 * high, hy + (dy - 0.16) * high
        parts.append(_path(trace("M# #Q# # # #Q# # # #Z", hx, hy, cx, cy, ex, ey, cx, cy + 0.1 * high, hx, hy), fill))
    return "".join(parts)


def bush(rng: random.Random, x: float, y: float, size: float, leaf: str) -> str:
    dark = shade(leaf, light=-0.05)
    parts = []
    for dx, r, fill in ((-0.32, 0.26, dark), (0.3, 0.28, dark), (0.0, 0.36, leaf), (0.16, 0.22, leaf)):
        r *= rng.uniform(0.9, 1.1)
        parts.append(_path(trace("M# #a# # 0 0 1 # 0Z", x + (dx - r) * size, y, r * size, r * size, 2 * r * size), fill))
    return "".join(parts)


def tuft(rng: random.Random, x: float, y: float, size: float, colour: str) -> str:
    """A few blades of grass."""
    blades = []
    for i in range(5):
        dx = (i - 2) * 0.16 * size
        tip = dx * 2.2 + rng.uniform(-0.1, 0.1) * size
        high = size * rng.uniform(0.6, 1.0) * (1 - 0.12 * abs(i - 2))
        bx = x + dx
        up, down = (bx - size * 0.06, y, bx, y - high * 0.6, x + tip, y - high), (bx + size * 0.06, y - high * 0.4, bx + size * 0.08, y)
        blades.append(trace("M# #Q# # # #Q# # # #Z", *up, *down))
    return _path("".join(blades), colour)


def flower(rng: random.Random, x: float, y: float, size: float, petal: str, stem: str) -> str:
    lean, top = rng.uniform(-0.2, 0.2) * size, y - size * rng.uniform(0.8, 1.2)
    petals = "".join(
        f'<circle cx="{n(x + lean + dx * size * 0.19)}" cy="{n(top + dy * size * 0.19)}" r="{n(size * 0.16)}"/>'
        for dx, dy in ((0, -1), (0.95, -0.3), (0.6, 0.8), (-0.6, 0.8), (-0.95, -0.3))
    )
    stalk = trace("M# #Q# # # #", x, y, x, (y + top) / 2, x + lean, top)
    heart = f'<circle cx="{n(x + lean)}" cy="{n(top)}" r="{n(size * 0.13)}" fill="{mix(petal, "#ffd84d", 0.75)}"/>'
    return f'<path d="{stalk}" stroke="{stem}" stroke-width="{n(size * 0.09)}" fill="none"/><g fill="{petal}">{petals}</g>{heart}'


def _path(data: str, fill: str) -> str:
    return f'<path fill="{fill}" d="{data}"/>'


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" fill="{fill}"/>'


def front_grass(stage: Stage, colour: str, flowers: tuple[str, ...] = ()) -> list[str]:
    """A soft fringe along the bottom edge, in its lowest twentieth; none where text will stand."""
    rng, unit, free = stage.chance("front grass"), stage.unit, stage.free
    parts = []
    count = max(6, round(stage.width / (unit * 4.6)))
    for i in range(count):
        x = stage.width * (i + rng.uniform(0.1, 0.9)) / count
        if free is not None and free.x <= x <= free.right and free.bottom >= stage.canvas.height:
            continue
        tone = shade(colour, light=rng.uniform(-0.05, 0.02))
        parts.append(tuft(rng, x, stage.canvas.height + unit * 0.5, unit * rng.uniform(3.0, 6.2), tone))
        if flowers and rng.random() < 0.4:
            parts.append(flower(rng, x, stage.canvas.height, unit * rng.uniform(3.4, 5.4), rng.choice(flowers), tone))
    return parts
