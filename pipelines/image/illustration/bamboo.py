"""A forest of bamboo: tall jointed canes in green haze, narrow leaves, a path between them."""

from __future__ import annotations

from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.land import layer
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import Point

CANES = ("#7faf5a", "#8fb85f", "#6fa55c")


def forest(stage: Stage) -> Floor:
    """Canes at three depths, the nearest at the sides; a trodden path, mist, shafts of light."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.58, 0.66)
    sun = paint_sky(stage, horizon)
    hue, natural = b.some(-14, 10), b.rng.choice(CANES)
    haze = mix(b.tone("#9fcf9a", 0.5), b.light.haze, 0.45)
    b.rect(-2, -2, b.w + 4, horizon + b.h * 0.1, b.down(haze, mix(haze, b.light.glow, 0.35)), 0.82)
    for i, depth in enumerate((0.86, 0.58, 0.3)):
        foot = horizon + b.h * (0.02 + 0.03 * i)
        _stand(b, shade(b.tone(natural, depth), hue=hue), foot, i)
        b.mist(foot - b.h * 0.05, b.h * 0.13, 0.46 - 0.1 * i)
        if i < 2:
            layer(stage, stage.ridge(f"floor {i}", foot, b.h * 0.012), "#6f9a52", depth * 0.9)
    for _ in range(3):
        x = b.x + b.some(-0.34, 0.3) * b.w
        b.beam(x - b.side * b.w * 0.2, -5, x, horizon + b.h * 0.14, b.w * b.some(0.08, 0.16), b.light.glow, 0.22)
    near = layer(stage, stage.ridge("near", horizon + b.h * 0.07, b.h * 0.014), "#6d9648", 0.05)
    _path(b, horizon + b.h * 0.07, near)
    for _ in range(18):
        x, y = b.some(0, b.w), b.some(horizon + b.h * 0.1, b.h * 0.97)
        b.canvas.add(plants.tuft(b.rng, x, y, b.u * b.some(1.2, 2.6), shade(near, light=-0.06)))
    _fallen(b, horizon)
    _sides(b, shade(b.tone(natural), hue=hue), horizon)
    return Floor(far=horizon + b.h * 0.11, near=b.h * 0.92, sun=sun, growth=near)


def _stand(b: Backdrop, cane: str, foot: float, i: int) -> None:
    """Thin canes close together at one depth; nearer ones leave the middle open."""
    count = max(9, round(b.w / (b.u * (5.2 + 2.6 * i))))
    leaf = shade(cane, light=-0.05)
    for x in b.spread(count, 0.42):
        if i and abs(x - b.x) < b.w * 0.1 * i:
            continue
        _cane(b, x, foot + b.h * b.some(0.0, 0.03), b.u * (0.7 + 0.42 * i) * b.some(0.75, 1.2), shade(cane, light=b.some(-0.03, 0.03)))
        if b.odds(0.7):
            _leaves(b, x, b.some(-0.02, 0.42) * b.h, b.u * (3.4 + 1.3 * i), leaf, 4)


def _cane(b: Backdrop, x: float, foot: float, wide: float, cane: str) -> None:
    """From the ground past the upper edge, a little leaning, with its joints."""
    lean = b.some(-2.5, 2.5) * b.u
    b.poly(
        b.over(shade(cane, light=0.045), shade(cane, light=-0.06)),
        (x - wide / 2 + lean, -6), (x + wide / 2 + lean, -6), (x + wide / 2, foot), (x - wide / 2, foot),
    )  # fmt: skip
    joints: list[tuple[float, float, float, float]] = []
    y, step = foot - b.u * b.some(1, 6), b.u * b.some(8, 11)
    while y > 0:
        at = x + lean * (1 - y / foot)
        joints.append((at - wide * 0.6, y, wide * 1.2, max(wide * 0.16, b.u * 0.16)))
        y -= step
    b.cells(shade(cane, light=-0.12), joints)


def _leaves(b: Backdrop, x: float, y: float, long: float, leaf: str, count: int) -> None:
    """A spray of narrow leaves that hang to one side."""
    turn = b.rng.choice((-1, 1))
    shapes: list[list[Point]] = []
    for k in range(count):
        dx, dy = turn * long * b.some(0.5, 1.0), long * b.some(-0.1, 0.75)
        ox, oy = x + turn * long * 0.16 * k, y + long * 0.12 * k
        shapes.append(
            [(ox, oy), (ox + dx * 0.4 - dy * 0.1, oy + dy * 0.4 - abs(dx) * 0.1), (ox + dx, oy + dy), (ox + dx * 0.4, oy + dy * 0.5)]
        )
    b.shapes(shade(leaf, light=b.some(-0.04, 0.04)), shapes, 0.95)


def _path(b: Backdrop, top: float, near: str) -> None:
    """Trodden earth from the lower edge into the canes."""
    earth = mix(b.tone("#c9b68a"), near, 0.3)
    bend = b.side * b.w * b.some(0.05, 0.12)
    b.path(
        b.down(mix(earth, near, 0.55), earth), "M# #C# # # # # #H#C# # # # # #Z",
        b.x + bend - b.u * 3, top, b.x + bend - b.u * 8, top + b.h * 0.1, b.x - b.w * 0.12, b.h * 0.84, b.x - b.w * 0.2, b.full + 2,
        b.x + b.w * 0.2, b.x + b.w * 0.12, b.h * 0.84, b.x + bend + b.u * 8, top + b.h * 0.1, b.x + bend + b.u * 3, top,
    )  # fmt: skip
    b.glow(b.x, b.h * 0.86, b.w * 0.4, b.h * 0.1, mix(near, b.light.glow, 0.5), 0.5)


def _fallen(b: Backdrop, horizon: float) -> None:
    """Pale leaves on the ground, a stone or young shoots by the path."""
    spots = [(b.some(0, b.w), b.some(horizon + b.h * 0.14, b.h * 0.98)) for _ in range(22)]
    b.shapes(
        b.tone("#d9cf8f"),
        [[(x, y), (x + b.u * 1.1, y - b.u * 0.24), (x + b.u * 2, y), (x + b.u * 1.1, y + b.u * 0.2)] for x, y in spots],
        0.7,
    )
    for _ in range(b.rng.randint(1, 4)):
        x, y, size = b.beside(0.5, 0.9), b.some(horizon + b.h * 0.14, b.h * 0.84), b.u * b.some(2.4, 4.6)
        if b.odds(0.5):
            tone = b.tone("#9c8a5f")
            b.path(
                tone,
                "M# #Q# # # #Q# # # #Z",
                x - size * 0.3,
                y,
                x - size * 0.22,
                y - size,
                x,
                y - size * 1.5,
                x + size * 0.24,
                y - size,
                x + size * 0.3,
                y,
            )
            b.cells(shade(tone, light=-0.08), [(x - size * 0.24, y - size * v, size * 0.48, size * 0.06) for v in (0.35, 0.72)])
        else:
            b.path(
                b.tone("#8d938c"),
                "M# #Q# # # #Q# # # #Z",
                x - size,
                y,
                x - size * 0.8,
                y - size * 0.9,
                x,
                y - size * 0.9,
                x + size,
                y - size * 0.8,
                x + size * 1.1,
                y,
            )


def _sides(b: Backdrop, cane: str, horizon: float) -> None:
    """Thick canes before everything at the left and right edge."""
    for side in (-1, 1):
        for k in range(b.rng.randint(2, 3)):
            x = (0.0 if side < 0 else b.w) - side * b.u * (1.5 + 5.4 * k + b.some(-1.2, 1.2))
            _cane(b, x, b.h * (0.99 - 0.05 * k), b.u * b.some(2.3, 3.2), shade(cane, light=b.some(-0.06, 0.0)))
            for _ in range(2):
                _leaves(b, x, b.some(0.02, 0.5) * b.h, b.u * b.some(7, 10), shade(cane, light=-0.09), 5)
    del horizon
