"""Lake and river: still and running water between banks, drawn by code."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.land import layer, mountain_range, pine_edge
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import Point

#: Words for what needs open water on a river.
AFLOAT = ("boat", "ship", "canoe", "raft", "sail", "kayak", "ferry")


def _water_plane(b: Backdrop, top: float, foot: float, sun: float, far: str = "#8fcbd9", near: str = "#3f93b5") -> str:
    """Still water with bands of light. Returns its near colour."""
    tone = b.tone(near, 0.05)
    b.rect(-2, top, b.w + 4, foot - top + 2, b.down(mix(b.tone(far, 0.4), b.light.sky[2], 0.45), tone))
    bands = []
    for _ in range(22):
        t = b.rng.random()
        bands.append((b.some(-0.1, 1) * b.w, top + (foot - top) * t, b.u * b.some(5, 22) * (0.4 + t), b.u * (0.14 + 0.2 * t)))
    b.cells("#ffffff", bands, 0.3)
    b.glow(sun * b.w, top + (foot - top) * 0.3, b.u * 12, (foot - top) * 0.6, b.light.glow, 0.5)
    return tone


def lake(stage: Stage) -> Floor:
    """Still water mirroring the far shore; reeds, a jetty or a boat, and a near bank to stand on."""
    b = Backdrop(stage)
    shore = b.h * b.some(0.44, 0.52)
    sun = paint_sky(stage, shore)
    kind = b.rng.randrange(3)
    high = b.h * b.some(0.16, 0.26)
    if kind == 0:
        mountain_range(stage, "lake range", shore, high, 0.75, sun)
    for i in range(2):
        line = stage.ridge(f"far shore {i}", shore - b.h * (0.09 - 0.06 * i), b.h * 0.035)
        layer(stage, line, "#6f9f7d" if i else "#7fa6a0", 0.85 - 0.3 * i)
        if i:
            pine_edge(stage, line, b.h * b.some(0.05, 0.09), 0.5, "lake pines")
    water_foot = b.h * b.some(0.7, 0.78)
    tone = _water_plane(b, shore, b.full, sun)
    mirror = mix(b.tone("#4f8573", 0.45), tone, 0.35)
    line = stage.ridge("far shore 1", shore + b.h * 0.05, -b.h * 0.035)
    b.blob(mirror, [(-30, shore - 2), *[(x, max(y, shore)) for x, y in line], (b.w + 30, shore - 2)], 0.5)
    b.rect(0, shore - b.u * 0.4, b.w, b.u * 0.9, mix(tone, "#ffffff", 0.6), 0.6)
    _lake_things(b, shore, water_foot)
    near = layer(stage, stage.ridge("bank", water_foot + b.h * 0.05, b.h * 0.02, steps=5), "#7dab58", 0.0)
    for x in b.spread(b.rng.randint(7, 12), 0.5):
        if abs(x - b.x) > b.w * 0.2:
            _reeds(b, x, water_foot + b.h * b.some(0.05, 0.09), b.u * b.some(8, 15))
    front = plants.front_grass(stage, shade(near, light=-0.08))
    water = (shore + (water_foot - shore) * 0.3, water_foot)
    return Floor(far=water_foot + b.h * 0.08, near=b.h * 0.93, sun=sun, front=front, growth=near, water=water)


def _reeds(b: Backdrop, x: float, foot: float, size: float) -> None:
    leaf, head = b.tone("#5a8a4a"), b.tone("#7a5233")
    for _ in range(4):
        dx, tall = b.some(-0.35, 0.35) * size, size * b.some(0.6, 1.0)
        b.line(leaf, size * 0.05, "M# #Q# # # #", x + dx * 0.4, foot, x + dx * 0.5, foot - tall * 0.6, x + dx, foot - tall)
        if b.odds(0.5):
            b.rect(x + dx - size * 0.045, foot - tall - size * 0.08, size * 0.09, size * 0.26, head, round_by=size * 0.045)


def _lake_things(b: Backdrop, shore: float, foot: float) -> None:
    draw, wood = b.rng.random(), b.tone("#8a6546")
    x = b.beside(0.4, 0.8, b.side)
    if draw < 0.4:
        far, near, y = b.u * 4.5, b.u * 9, shore + (foot - shore) * 0.58
        top = x - b.side * b.u * 4
        b.poly(
            b.down(shade(wood, light=0.04), wood),
            (top - far, y),
            (top + far, y),
            (x + near, foot + b.h * 0.08),
            (x - near, foot + b.h * 0.08),
        )
        for t in (0.08, 0.4, 0.85):
            px, py, half = top + (x - top) * t, y + (foot + b.h * 0.08 - y) * t, far + (near - far) * t
            b.cells(
                shade(wood, light=-0.08),
                [(px - half - b.u * 0.7, py - b.u * 2.4, b.u * 1.1, b.u * 5), (px + half - b.u * 0.4, py - b.u * 2.4, b.u * 1.1, b.u * 5)],
            )
    elif draw < 0.7:
        y, size = shore + (foot - shore) * b.some(0.4, 0.6), b.u * b.some(7, 10)
        b.oval(x, y + size * 0.2, size * 1.2, size * 0.14, b.light.shadow, 0.2)
        b.path(
            b.accent(("#b5553f", "#3f6f8f", "#d9a545")),
            "M# #h#Q# # # #h#Q# # # #Z",
            x - size,
            y - size * 0.2,
            size * 2,
            x + size * 0.8,
            y + size * 0.22,
            x + size * 0.55,
            y + size * 0.22,
            -size * 1.1,
            x - size * 0.85,
            y + size * 0.2,
            x - size,
            y - size * 0.2,
        )
    pads = [(b.x + b.some(-0.5, 0.5) * b.w, shore + (foot - shore) * b.some(0.6, 0.95)) for _ in range(b.rng.randint(4, 10))]
    for px, py in pads:
        b.oval(px, py, b.u * 1.9, b.u * 0.5, b.tone("#6aa860"))
        if b.odds(0.4):
            b.oval(px, py - b.u * 0.5, b.u * 0.6, b.u * 0.5, b.tone("#f3b8c8"))


def river(stage: Stage) -> Floor:
    """A river winding from the hills to a near corner; trees, stones, now and then a bridge."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.46, 0.54)
    sun = paint_sky(stage, horizon)
    if b.odds(0.5):
        mountain_range(stage, "river range", horizon + b.h * 0.02, b.h * b.some(0.14, 0.22), 0.85, sun)
    layer(stage, stage.ridge("far", horizon - b.h * 0.03, b.h * 0.04), "#86b08a", 0.8)
    line = stage.ridge("wood", horizon + b.h * 0.01, b.h * 0.02)
    pine_edge(stage, line, b.h * b.some(0.05, 0.09), 0.55, "river pines")
    layer(stage, line, "#82b565", 0.45)
    if any(word in subject.what for subject in (*stage.scene.subjects, *stage.scene.props) for word in AFLOAT):
        return _reach(b, horizon + b.h * 0.06, sun)
    near = b.tone("#76ac50")
    b.ground(horizon + b.h * 0.07, mix(near, b.light.haze, 0.3), shade(near, light=-0.03))
    _winding(b, horizon + b.h * 0.06)
    leaf, trunk = b.tone("#4f9455", 0.1), b.tone("#6b4d3a", 0.1)
    for side in (-1, 1):
        for k in range(b.rng.randint(1, 3)):
            y = horizon + b.h * (0.1 + 0.05 * k)
            x = b.x + side * b.w * b.some(0.34, 0.52)
            b.shadow(x, y, b.u * 7, b.u * 1.2, 0.25)
            b.canvas.add(plants.leafy(b.rng, x, y, b.h * (0.2 + 0.05 * k), shade(leaf, light=b.some(-0.04, 0.03)), trunk))
    front = plants.front_grass(stage, shade(near, light=-0.09))
    return Floor(far=horizon + b.h * 0.25, near=b.h * 0.93, sun=sun, front=front, growth=near)


def _reach(b: Backdrop, top: float, sun: float) -> Floor:
    """A broad reach for boats, from bank to bank of the picture, and the near bank to stand on."""
    foot = b.h * b.some(0.76, 0.82)
    bank = b.tone("#82b565", 0.3)
    b.rect(-2, top - b.h * 0.03, b.w + 4, b.h * 0.06, bank)
    _water_plane(b, top, b.full, sun)
    for _ in range(7):
        x, y = b.some(0, b.w), b.some(top + b.h * 0.03, foot)
        b.line("#ffffff", b.u * 0.3, "M# #q# # # 0", x, y, b.u * 4, -b.u * 0.7, b.u * 9, opacity=0.35)
    near = layer(b.stage, b.stage.ridge("bank", foot + b.h * 0.04, b.h * 0.018, steps=5), "#76ac50", 0.0)
    for x in b.spread(5):
        if b.odds(0.6):
            _reeds(b, x, foot + b.h * b.some(0.05, 0.08), b.u * b.some(8, 14))
    front = plants.front_grass(b.stage, shade(near, light=-0.09))
    water = (top + (foot - top) * 0.4, foot)
    return Floor(far=foot + b.h * 0.07, near=b.h * 0.94, sun=sun, front=front, growth=near, water=water)


def _winding(b: Backdrop, top: float) -> None:
    """An S of water growing from a thread at the horizon to a broad reach at one side."""
    s, reach = b.side, b.full - top
    middle = [
        (b.x + s * b.w * dx, top + reach * t)
        for dx, t in ((-0.08, 0), (b.some(0.05, 0.16), 0.1), (b.some(-0.24, -0.1), 0.24), (0.2, 0.44), (0.46, 0.72), (0.5, 1.05))
    ]
    half = [b.u * v for v in (0.8, 2.4, 4.2, 9, 17, 30)]
    bank = b.tone("#c9b98a")
    water = b.down(mix(b.tone("#8fd0e0", 0.3), b.light.sky[2], 0.4), b.tone("#3f9bc0"))
    for grow, fill in ((1.22, bank), (1.0, water)):
        left = [(x - w * grow, y) for (x, y), w in zip(middle, half, strict=True)]
        right = [(x + w * grow, y) for (x, y), w in zip(middle, half, strict=True)]
        data = _curve(left) + "L" + _curve(list(reversed(right)))[1:] + "Z"
        b.canvas.path(data, fill)
    for t in (0.34, 0.5, 0.62, 0.75, 0.9):
        x, y = b.x + s * b.w * b.some(0.1, 0.45), top + reach * t
        b.line("#ffffff", b.u * 0.3, "M# #q# # # 0", x, y, b.u * 3, -b.u * 0.6, b.u * 6, opacity=0.35)
    if b.odds(0.4):
        y, x, w = top + reach * 0.16, b.x - s * b.w * 0.05, b.u * 13
        wood = b.tone("#96694a", 0.15)
        b.path(wood, "M# #Q# # # #v#Q# # # #Z", x - w, y, x, y - b.u * 7, x + w, y, b.u * 1.6, x, y - b.u * 4, x - w, y + b.u * 1.6)
        b.line(shade(wood, light=-0.06), b.u * 0.5, "M# #Q# # # #", x - w, y - b.u * 3, x, y - b.u * 10, x + w, y - b.u * 3)
        b.cells(
            shade(wood, light=-0.06),
            [(x + w * v, y - b.u * (6.4 - 3.2 * abs(v)), b.u * 0.5, b.u * 3.2) for v in (-0.95, -0.6, -0.2, 0.2, 0.6, 0.93)],
        )
    for _ in range(5):
        stone.rock(b, b.x + s * b.w * b.some(0.16, 0.5), top + reach * b.some(0.4, 0.8), b.u * b.some(1.2, 3), b.tone("#9a9a96"))


def _curve(points: Sequence[Point]) -> str:
    """Path data through all points, each pair joined by an upright S."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        m = (y0 + y1) / 2
        parts.append(f"C{x0:.1f} {m:.1f} {x1:.1f} {m:.1f} {x1:.1f} {y1:.1f}")
    return "".join(parts)
