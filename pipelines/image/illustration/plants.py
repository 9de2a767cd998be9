"""Trees, bushes, grass, flowers: drawn shapes with a light and a dark side, standing at a point."""

from __future__ import annotations

import random

from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.stage import Stage
from pipelines.image.illustration.svg import number as n


def pine(x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A conifer, foot at (x, y)."""
    dark, w = shade(leaf, light=-0.055), high * 0.36
    parts = [
        f'<rect x="{n(x - high * 0.025)}" y="{n(y - high * 0.14)}" width="{n(high * 0.05)}" height="{n(high * 0.14)}" fill="{trunk}"/>'
    ]
    for step, (top, foot, wide) in enumerate(((0.45, 0.1, 1.0), (0.72, 0.34, 0.78), (1.0, 0.58, 0.54))):
        half, yt, yf = w * wide / 2, y - high * top, y - high * foot
        lean = high * 0.03 * (1 + 0.3 * step)
        parts.append(f'<path fill="{leaf}" d="M{n(x)} {n(yt)}L{n(x + half)} {n(yf)}Q{n(x)} {n(yf + lean)} {n(x - half)} {n(yf)}Z"/>')
        parts.append(
            f'<path fill="{dark}" d="M{n(x)} {n(yt)}L{n(x + half)} {n(yf)}Q{n(x + half * 0.4)} {n(yf + lean)} {n(x + half * 0.12)} {n(yf + lean * 0.5)}Z"/>'
        )
    return "".join(parts)


def leafy(rng: random.Random, x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A round-headed tree, foot at (x, y)."""
    dark, pale = shade(leaf, light=-0.06), shade(leaf, light=0.05)
    bole = high * 0.035
    fork = f"M{n(x)} {n(y - high * 0.3)}L{n(x + high * 0.12)} {n(y - high * 0.5)}M{n(x)} {n(y - high * 0.36)}L{n(x - high * 0.1)} {n(y - high * 0.52)}"
    parts = [
        f'<path d="M{n(x - bole)} {n(y)}Q{n(x - bole * 0.4)} {n(y - high * 0.3)} {n(x - bole * 0.5)} {n(y - high * 0.55)}H{n(x + bole * 0.5)}'
        f'Q{n(x + bole * 0.4)} {n(y - high * 0.3)} {n(x + bole)} {n(y)}Z" fill="{trunk}"/>',
        f'<path d="{fork}" stroke="{trunk}" stroke-width="{n(bole * 0.8)}" stroke-linecap="round" fill="none"/>',
    ]
    tilt = rng.uniform(-0.03, 0.03)
    for dx, dy, r, fill in (
        (0.1, 0.56, 0.2, dark), (-0.13, 0.58, 0.19, leaf), (0.03 + tilt, 0.76, 0.22, leaf), (0.14, 0.66, 0.14, dark), (-0.07 + tilt, 0.82, 0.12, pale),
    ):  # fmt: skip
        parts.append(f'<circle cx="{n(x + dx * high)}" cy="{n(y - dy * high)}" r="{n(r * high)}" fill="{fill}"/>')
    return "".join(parts)


def poplar(x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A slim tree, foot at (x, y)."""
    dark, half = shade(leaf, light=-0.05), high * 0.13
    return (
        f'<rect x="{n(x - high * 0.015)}" y="{n(y - high * 0.2)}" width="{n(high * 0.03)}" height="{n(high * 0.2)}" fill="{trunk}"/>'
        f'<ellipse cx="{n(x)}" cy="{n(y - high * 0.55)}" rx="{n(half)}" ry="{n(high * 0.43)}" fill="{leaf}"/>'
        f'<path d="M{n(x)} {n(y - high * 0.98)}A{n(half)} {n(high * 0.43)} 0 0 1 {n(x)} {n(y - high * 0.12)}Q{n(x + half * 0.5)} {n(y - high * 0.55)} {n(x)} {n(y - high * 0.98)}Z" fill="{dark}"/>'
    )


def palm(rng: random.Random, x: float, y: float, high: float, leaf: str, trunk: str) -> str:
    """A palm leaning to one side, foot at (x, y)."""
    lean = high * rng.choice((-1, 1)) * rng.uniform(0.12, 0.24)
    hx, hy, wide = x + lean, y - high * 0.8, high * 0.03
    parts = [
        f'<path d="M{n(x - wide)} {n(y)}Q{n(x + lean * 0.2)} {n(y - high * 0.45)} {n(hx - wide * 0.5)} {n(hy)}h{n(wide)}Q{n(x + lean * 0.3 + wide)} {n(y - high * 0.45)} {n(x + wide)} {n(y)}Z" fill="{trunk}"/>'
    ]
    for i, (dx, dy) in enumerate(((-0.42, 0.1), (0.42, 0.1), (-0.36, -0.12), (0.36, -0.12), (-0.16, -0.22), (0.2, -0.22))):
        fill = leaf if i % 2 else shade(leaf, light=-0.05)
        ex, ey, cx, cy = hx + dx * high, hy + dy * high, hx + dx * 0.45 * high, hy + (dy - 0.16) * high
        parts.append(
            f'<path d="M{n(hx)} {n(hy)}Q{n(cx)} {n(cy)} {n(ex)} {n(ey)}Q{n(cx)} {n(cy + 0.1 * high)} {n(hx)} {n(hy)}Z" fill="{fill}"/>'
        )
    return "".join(parts)


def bush(rng: random.Random, x: float, y: float, size: float, leaf: str) -> str:
    dark = shade(leaf, light=-0.05)
    parts = []
    for dx, r, fill in ((-0.32, 0.26, dark), (0.3, 0.28, dark), (0.0, 0.36, leaf), (0.16, 0.22, leaf)):
        r *= rng.uniform(0.9, 1.1)
        parts.append(
            f'<path d="M{n(x + dx * size - r * size)} {n(y)}a{n(r * size)} {n(r * size)} 0 0 1 {n(2 * r * size)} 0Z" fill="{fill}"/>'
        )
    return "".join(parts)


def tuft(rng: random.Random, x: float, y: float, size: float, colour: str) -> str:
    """A few blades of grass."""
    blades = []
    for i in range(5):
        dx = (i - 2) * 0.16 * size
        tip = dx * 2.2 + rng.uniform(-0.1, 0.1) * size
        high = size * rng.uniform(0.6, 1.0) * (1 - 0.12 * abs(i - 2))
        blades.append(
            f"M{n(x + dx - size * 0.06)} {n(y)}Q{n(x + dx)} {n(y - high * 0.6)} {n(x + tip)} {n(y - high)}Q{n(x + dx + size * 0.06)} {n(y - high * 0.4)} {n(x + dx + size * 0.08)} {n(y)}Z"
        )
    return f'<path d="{"".join(blades)}" fill="{colour}"/>'


def flower(rng: random.Random, x: float, y: float, size: float, petal: str, stem: str) -> str:
    lean, top = rng.uniform(-0.2, 0.2) * size, y - size * rng.uniform(0.8, 1.2)
    petals = "".join(
        f'<circle cx="{n(x + lean + dx * size * 0.19)}" cy="{n(top + dy * size * 0.19)}" r="{n(size * 0.16)}"/>'
        for dx, dy in ((0, -1), (0.95, -0.3), (0.6, 0.8), (-0.6, 0.8), (-0.95, -0.3))
    )
    return (
        f'<path d="M{n(x)} {n(y)}Q{n(x)} {n((y + top) / 2)} {n(x + lean)} {n(top)}" stroke="{stem}" stroke-width="{n(size * 0.09)}" fill="none"/>'
        f'<g fill="{petal}">{petals}</g><circle cx="{n(x + lean)}" cy="{n(top)}" r="{n(size * 0.13)}" fill="{mix(petal, "#ffd84d", 0.75)}"/>'
    )


def front_grass(stage: Stage, colour: str, flowers: tuple[str, ...] = ()) -> list[str]:
    """A soft fringe along the bottom edge, over the feet of nothing: it stays in the lowest twentieth."""
    rng, unit = stage.chance("front grass"), stage.unit
    parts = []
    count = max(6, round(stage.width / (unit * 4.6)))
    for i in range(count):
        x = stage.width * (i + rng.uniform(0.1, 0.9)) / count
        tone = shade(colour, light=rng.uniform(-0.05, 0.02))
        parts.append(tuft(rng, x, stage.height + unit * 0.5, unit * rng.uniform(3.0, 6.2), tone))
        if flowers and rng.random() < 0.4:
            parts.append(flower(rng, x, stage.height, unit * rng.uniform(3.4, 5.4), rng.choice(flowers), tone))
    return parts
