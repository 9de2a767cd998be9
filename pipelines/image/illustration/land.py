"""Drawn landscapes: meadow, hills, mountains, forest, desert. Each paints its backdrop and returns the floor it leaves."""

from __future__ import annotations

import random

from pipelines.image.illustration import plants
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage, line_y
from pipelines.image.illustration.svg import Point

GREENS = ("#8fbf5a", "#6fb152", "#4f9d55", "#3f8a58")


def layer(stage: Stage, line: list[Point], natural: str, depth: float, soft: bool = True) -> str:
    """One band of land: lighter and hazier toward its foot, so that the next band stands out. Returns its colour."""
    colour = stage.light.tone(natural, depth)
    foot = mix(colour, stage.light.haze, 0.06 + 0.44 * depth) if depth > 0 else shade(colour, light=-0.07)
    stage.canvas.under(line, stage.canvas.linear([(0, colour, 1), (1, foot, 1)]), soft=soft)
    return colour


def _snowy(stage: Stage, colour: str) -> str:
    return mix(colour, "#f3f7fb", 0.78) if stage.scene.weather == "snow" else colour


def meadow(stage: Stage) -> Floor:
    h, rng = stage.height, stage.chance("meadow")
    horizon = h * rng.uniform(0.5, 0.56)
    sun = paint_sky(stage, horizon)
    layer(stage, stage.ridge("far", horizon - h * 0.05, h * 0.035), _snowy(stage, "#7fae8f"), 0.86)
    line = stage.ridge("tree line", horizon + h * 0.0, h * 0.02)
    _tree_row(stage, line, rng, round(14 + 8 * rng.random()), h * 0.075, 0.66)
    layer(stage, line, _snowy(stage, "#86bd62"), 0.5)
    layer(stage, stage.ridge("middle", horizon + h * 0.09, h * 0.022), _snowy(stage, "#86c05a"), 0.24)
    near = layer(stage, stage.ridge("near", horizon + h * 0.2, h * 0.025), _snowy(stage, "#6fb04c"), 0.0)
    petals = tuple(stage.light.tone(c) for c in ("#ffffff", "#ffd84d", "#f28fb0", "#e8624a"))
    if stage.scene.weather != "snow":
        _flowers(stage, horizon + h * 0.24, petals, near)
    front = plants.front_grass(stage, shade(near, light=-0.08), () if stage.scene.weather == "snow" else petals)
    return Floor(far=horizon + h * 0.14, near=h * 0.93, sun=sun, front=front, growth=near)


def _flowers(stage: Stage, top: float, petals: tuple[str, ...], ground: str) -> None:
    rng, unit = stage.chance("flowers"), stage.unit
    spots = sorted((rng.uniform(top, stage.height), rng.uniform(0, stage.width)) for _ in range(46))
    for y, x in spots:
        near = (y - top) / max(stage.height - top, 1)
        if rng.random() < 0.55:
            stage.canvas.add(plants.tuft(rng, x, y, unit * (0.9 + 2.2 * near), shade(ground, light=-0.045)))
        else:
            stage.canvas.add(plants.flower(rng, x, y, unit * (0.8 + 2.0 * near), rng.choice(petals), shade(ground, light=-0.08)))


def _tree_row(stage: Stage, line: list[Point], rng: random.Random, count: int, high: float, depth: float) -> None:
    leaf = stage.light.tone(_snowy(stage, "#5b9b62"), depth)
    trunk = stage.light.tone("#7a5a44", depth)
    kind = rng.choice(("mixed", "pine", "leafy"))
    for _ in range(count):
        x = rng.uniform(-0.02, 1.02) * stage.width
        tall, tone = high * rng.uniform(0.6, 1.25), shade(leaf, light=rng.uniform(-0.03, 0.03))
        y = line_y(line, x) + high * 0.12
        draw = rng.random() if kind == "mixed" else (0.2 if kind == "pine" else 0.9)
        if draw < 0.4:
            stage.canvas.add(plants.pine(x, y, tall, tone, trunk))
        elif draw < 0.55:
            stage.canvas.add(plants.poplar(x, y, tall, tone, trunk))
        else:
            stage.canvas.add(plants.leafy(rng, x, y, tall, tone, trunk))


def hills(stage: Stage) -> Floor:
    h, rng = stage.height, stage.chance("hills")
    horizon = h * rng.uniform(0.5, 0.58)
    sun = paint_sky(stage, horizon)
    bands = 5
    for i in range(bands):
        depth = 0.95 - i * 0.2
        level = horizon - h * 0.13 + h * 0.085 * i
        line = stage.ridge(f"hill {i}", level, h * (0.055 - 0.005 * i), steps=6)
        if 1 <= i <= 3:
            _tree_row(stage, line, rng, rng.randint(2, 6), h * (0.03 + 0.028 * i), depth)
        layer(stage, line, _snowy(stage, GREENS[min(i, 3)] if i % 2 else "#8cb86b"), depth)
    near = layer(stage, stage.ridge("near", horizon + h * 0.22, h * 0.03), _snowy(stage, "#68a84e"), 0.0)
    front = plants.front_grass(stage, shade(near, light=-0.08))
    return Floor(far=horizon + h * 0.2, near=h * 0.93, sun=sun, front=front, growth=near)


def mountains(stage: Stage) -> Floor:
    h, rng = stage.height, stage.chance("mountains")
    horizon = h * rng.uniform(0.58, 0.64)
    sun = paint_sky(stage, horizon)
    mountain_range(stage, "far range", horizon + h * 0.02, h * rng.uniform(0.3, 0.36), 0.92, sun)
    mountain_range(stage, "middle range", horizon + h * 0.06, h * rng.uniform(0.2, 0.26), 0.62, sun)
    _mist(stage, horizon - h * 0.01, h * 0.09)
    line = stage.ridge("foothills", horizon + h * 0.03, h * 0.03)
    pine_edge(stage, line, h * 0.075, 0.5, "foothill pines")
    layer(stage, line, _snowy(stage, "#5f9a6e"), 0.46)
    _mist(stage, horizon + h * 0.07, h * 0.06)
    line = stage.ridge("lower", horizon + h * 0.12, h * 0.03)
    pine_edge(stage, line, h * 0.11, 0.22, "lower pines")
    layer(stage, line, _snowy(stage, "#4f8f5c"), 0.2)
    near = layer(stage, stage.ridge("near", horizon + h * 0.2, h * 0.02), _snowy(stage, "#6aa758"), 0.0)
    front = plants.front_grass(stage, shade(near, light=-0.08))
    return Floor(far=horizon + h * 0.19, near=h * 0.93, sun=sun, front=front, growth=near)


def mountain_range(stage: Stage, purpose: str, foot: float, tall: float, depth: float, sun: float) -> None:
    """Peaks with a lit and a shaded face and caps of snow, from the far side to the near side."""
    rng, canvas = stage.chance(purpose), stage.canvas
    lit, dim = stage.light.tone("#8f9bb3", depth), stage.light.tone("#66738f", depth)
    cap, cap_dim = stage.light.tone("#ffffff", depth * 0.75), stage.light.tone("#c9d5e6", depth * 0.8)
    count = max(3, round(stage.width / (tall * 1.5)))
    order = sorted(range(-1, count + 2), key=lambda i: (i * 7919) % 13)
    for i in order:
        x = stage.width * (i + rng.uniform(0.2, 0.8)) / count
        high, half = tall * rng.uniform(0.55, 1.0), tall * rng.uniform(0.75, 1.1)
        peak = (x, foot - high)
        fold = [(x + half * dx, foot - high * dy) for dx, dy in ((0.07, 0.8), (-0.03, 0.6), (0.1, 0.38), (0.02, 0.18), (0.12, 0))]
        mid = x + half * 0.12
        left_fill = lit if sun < 0.5 else dim
        right_fill = dim if sun < 0.5 else lit
        canvas.polygon([peak, *fold, (x - half, foot)], canvas.linear([(0, left_fill, 1), (1, mix(left_fill, stage.light.haze, 0.5), 1)]))
        canvas.polygon(
            [peak, (x + half, foot), (mid, foot), *reversed(fold)],
            canvas.linear([(0, right_fill, 1), (1, mix(right_fill, stage.light.haze, 0.5), 1)]),
        )
        snow = 0.34
        left_edge, right_edge = (x - half * snow, foot - high * (1 - snow)), (x + half * snow, foot - high * (1 - snow))
        notch = foot - high * (1 - snow * 0.62)
        seam = (x + half * 0.07 * (snow / 0.2) * 0.6, foot - high * (1 - snow * 0.95))
        canvas.polygon(
            [peak, seam, (x - half * 0.07, notch), (x - half * 0.16, foot - high * (1 - snow * 1.12)), left_edge],
            cap if sun < 0.5 else cap_dim,
        )
        canvas.polygon(
            [peak, right_edge, (x + half * 0.2, notch), (x + half * 0.13, foot - high * (1 - snow * 1.1)), seam],
            cap_dim if sun < 0.5 else cap,
        )
    canvas.rect(-2, foot - 1, stage.width + 4, stage.height, mix(dim, stage.light.haze, 0.5))


def _mist(stage: Stage, y: float, high: float) -> None:
    haze = mix(stage.light.haze, "#ffffff", 0.1 if stage.light.dark else 0.35)
    fade = stage.canvas.linear([(0, haze, 0), (0.5, haze, 0.62), (1, haze, 0)])
    stage.canvas.rect(0, y - high, stage.width, high * 2, fade)


def pine_edge(stage: Stage, line: list[Point], high: float, depth: float, purpose: str) -> None:
    rng = stage.chance(purpose)
    leaf, trunk = stage.light.tone(_snowy(stage, "#3f7a5a"), depth), stage.light.tone("#5f4636", depth)
    count = round(stage.width / (high * 0.5))
    cluster = rng.uniform(0.25, 0.75)
    for i in range(min(count, 90)):
        x = stage.width * (i + rng.uniform(0, 1)) / max(count, 1)
        if rng.random() < 0.3 + 0.6 * min(abs(x / stage.width - cluster) * 1.6, 1.0):
            tall = high * rng.uniform(0.55, 1.15)
            stage.canvas.add(plants.pine(x, line_y(line, x) + tall * 0.1, tall, shade(leaf, light=rng.uniform(-0.02, 0.03)), trunk))


def forest(stage: Stage) -> Floor:
    h, w, rng = stage.height, stage.width, stage.chance("forest")
    horizon = h * rng.uniform(0.6, 0.66)
    sun = paint_sky(stage, horizon)
    kind = rng.choice(("pine", "mixed", "leafy"))
    glow = stage.light.glow if not stage.light.dark else mix(stage.light.glow, stage.light.sky[2], 0.4)
    middle = stage.area.centre[0]
    for i, depth in enumerate((0.9, 0.66, 0.42)):
        _trees(stage, horizon + h * (0.01 + 0.03 * i), h * (0.34 + 0.11 * i), depth, kind, f"trees {i}", middle, 0.1 * i)
        fade = stage.canvas.radial([(0, glow, 0.34), (0.6, glow, 0.1), (1, glow, 0)])
        stage.canvas.ellipse(middle, horizon - h * 0.08, w * 0.45, h * 0.36, fade, 0.8 - 0.22 * i)
        layer(stage, stage.ridge(f"floor {i}", horizon + h * (0.0 + 0.045 * i), h * 0.012), _snowy(stage, "#557f4c"), depth * 0.9)
    near = layer(stage, stage.ridge("near", horizon + h * 0.14, h * 0.014), _snowy(stage, "#4f7a45"), 0.0)
    _clearing(stage, middle, h * 0.86, near)
    _trunks(stage, h * 0.9)
    tuft = shade(near, light=-0.07)
    for _ in range(26):
        x, y = rng.uniform(0, w), rng.uniform(horizon + h * 0.16, h * 0.97)
        stage.canvas.add(plants.tuft(rng, x, y, stage.unit * rng.uniform(1.2, 2.6), tuft))
    front = plants.front_grass(stage, shade(near, light=-0.1))
    return Floor(far=horizon + h * 0.13, near=h * 0.92, sun=sun, front=front, growth=near)


def _clearing(stage: Stage, x: float, y: float, ground: str) -> None:
    """A pool of light on the ground where the subject will stand."""
    pale = mix(ground, stage.light.glow, 0.4)
    fade = stage.canvas.radial([(0, pale, 0.75), (0.55, pale, 0.35), (1, pale, 0)])
    stage.canvas.ellipse(x, y, stage.width * 0.46, stage.height * 0.13, fade)


def _trees(stage: Stage, foot: float, high: float, depth: float, kind: str, purpose: str, middle: float, open_by: float) -> None:
    """A stand of trees at one depth; nearer ones leave the middle open."""
    rng = stage.chance(purpose)
    leaf, trunk = stage.light.tone(_snowy(stage, "#3f7d55"), depth), stage.light.tone("#5d4537", depth)
    count = min(60, max(5, round(stage.width / (high * 0.21))))
    for i in range(-1, count + 1):
        x = stage.width * (i + rng.uniform(0.1, 0.9)) / count
        tall, tone = high * rng.uniform(0.62, 1.08), shade(leaf, light=rng.uniform(-0.025, 0.025))
        draw = rng.random()
        if abs(x - middle) < stage.width * open_by * 1.4:
            continue
        if kind == "pine" or (kind == "mixed" and draw < 0.5):
            stage.canvas.add(plants.pine(x, foot + tall * 0.04, tall, tone, trunk))
        elif draw > 0.86:
            stage.canvas.add(plants.poplar(x, foot + tall * 0.04, tall, tone, trunk))
        else:
            stage.canvas.add(plants.leafy(rng, x, foot + tall * 0.04, tall * 0.92, tone, trunk))


def _trunks(stage: Stage, foot: float) -> None:
    """Great near trunks at the sides that frame the picture; none where text will stand."""
    rng, canvas = stage.chance("trunks"), stage.canvas
    bark = stage.light.tone("#3d3029")
    dark = shade(bark, light=-0.045)
    sides = [s for s in ("left", "right") if s != stage.scene.margin]
    for side in sides:
        wide = stage.width * rng.uniform(0.055, 0.085)
        x = -wide * 0.25 if side == "left" else stage.width + wide * 0.25
        out = 1 if side == "left" else -1
        canvas.polygon(
            [(x - wide * 0.55, -5), (x + wide * 0.5, -5), (x + wide * 0.46, foot * 0.86), (x + wide * 0.95, foot), (x - wide * 0.95, foot)],
            bark,
        )
        inner = x + out * wide * 0.12
        canvas.polygon(
            [
                (inner, -5),
                (inner + out * wide * 0.38, -5),
                (inner + out * wide * 0.36, foot * 0.86),
                (inner + out * wide * 0.8, foot),
                (inner, foot),
            ],
            dark,
            0.8,
        )
        leaf = stage.light.tone("#2f5d43")
        for _ in range(5):
            cx, cy = x + out * rng.uniform(0, 2.4) * wide, rng.uniform(-0.02, 0.1) * stage.height
            canvas.ellipse(cx, cy, wide * rng.uniform(0.8, 1.3), wide * rng.uniform(0.6, 0.95), shade(leaf, light=rng.uniform(-0.03, 0.02)))
        canvas.add(plants.bush(rng, x + out * wide * 0.8, foot + stage.height * 0.02, wide * 1.9, leaf))


def desert(stage: Stage) -> Floor:
    h, w, rng = stage.height, stage.width, stage.chance("desert")
    horizon = h * rng.uniform(0.52, 0.58)
    sun = paint_sky(stage, horizon)
    rock = stage.light.tone("#c07a56", 0.75)
    for _ in range(rng.randint(1, 3)):
        x, wide, tall = rng.uniform(0, 1) * w, w * rng.uniform(0.1, 0.22), h * rng.uniform(0.06, 0.13)
        stage.canvas.polygon(
            [
                (x - wide, horizon + h * 0.03),
                (x - wide * 0.72, horizon - tall),
                (x + wide * 0.6, horizon - tall * 0.96),
                (x + wide, horizon + h * 0.03),
            ],
            stage.canvas.linear([(0, rock, 1), (1, mix(rock, stage.light.haze, 0.5), 1)]),
        )
    for i, depth in enumerate((0.8, 0.5, 0.25, 0.0)):
        _dune(stage, f"dune {i}", horizon + h * (0.01 + 0.075 * i), h * (0.035 + 0.012 * i), depth)
    for _ in range(rng.randint(1, 3)):
        x, y = _off_centre(stage, rng), horizon + h * rng.uniform(0.12, 0.2)
        _cactus(stage, x, y, h * rng.uniform(0.07, 0.13))
    return Floor(far=horizon + h * 0.2, near=h * 0.92, sun=sun)


def _off_centre(stage: Stage, rng: random.Random) -> float:
    """An x away from where the main subject will be."""
    area = stage.area
    return area.x + area.width * rng.choice((rng.uniform(0.02, 0.16), rng.uniform(0.84, 0.98)))


def _dune(stage: Stage, purpose: str, level: float, rise: float, depth: float) -> None:
    sand = stage.light.tone("#e9bd7c", depth)
    line = stage.ridge(purpose, level, rise, steps=5)
    stage.canvas.under(
        line, stage.canvas.linear([(0, shade(sand, light=0.02), 1), (1, mix(sand, stage.light.tone("#d39a5c", depth), 0.7), 1)])
    )


def _cactus(stage: Stage, x: float, y: float, high: float) -> None:
    green = stage.light.tone("#4f9a62", 0.1)
    wide = high * 0.2
    stage.canvas.stroke(f"M{x:.1f} {y:.1f}V{y - high:.1f}", green, wide)
    stage.canvas.stroke(f"M{x:.1f} {y - high * 0.4:.1f}h{-high * 0.3:.1f}v{-high * 0.28:.1f}", green, wide * 0.7)
    stage.canvas.stroke(f"M{x:.1f} {y - high * 0.28:.1f}h{high * 0.3:.1f}v{-high * 0.34:.1f}", green, wide * 0.7)
    stage.canvas.stroke(f"M{x + wide * 0.2:.1f} {y:.1f}V{y - high * 0.95:.1f}", shade(green, light=-0.06), wide * 0.3)
