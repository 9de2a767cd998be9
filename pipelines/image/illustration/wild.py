"""Drawn nature beyond the first landscapes: jungle, snowfield, volcano, clouds. Lake and river are in lakes.py."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import harmonise, mix, shade
from pipelines.image.illustration.land import layer, mountain_range
from pipelines.image.illustration.sky import cloud, paint_sky
from pipelines.image.illustration.stage import Floor, Stage, line_y
from pipelines.image.illustration.svg import Point


def frond(b: Backdrop, x: float, y: float, dx: float, dy: float, wide: float, tone: str) -> None:
    """One long leaf from (x, y) by (dx, dy), with a lighter half."""
    nx, ny = -dy * wide, dx * wide
    ex, ey, mx, my = x + dx, y + dy, x + dx * 0.5, y + dy * 0.5 - abs(dx) * 0.16
    b.path(tone, "M# #Q# # # #Q# # # #Z", x, y, mx + nx, my + ny, ex, ey, mx - nx, my - ny, x, y)
    b.path(shade(tone, light=0.04), "M# #Q# # # #Q# # # #Z", x, y, mx + nx, my + ny, ex, ey, mx, my, x, y)


def jungle(stage: Stage) -> Floor:
    """Trunks and crowns in green haze, lianas, a clearing; great leaves at the sides."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.62, 0.7)
    sun = paint_sky(stage, horizon)
    hue = b.some(-22, 14)
    for i, depth in enumerate((0.88, 0.62, 0.36)):
        leaf = shade(b.tone("#2f7d52", depth), hue=hue)
        line = stage.ridge(f"crowns {i}", b.h * (0.36 - 0.13 * i), b.h * 0.07, steps=9)
        foot = stage.ridge(f"under {i}", horizon * (0.62 - 0.16 * i), b.h * 0.05, steps=10)
        if i == 0:
            b.canvas.under(line, b.down(leaf, mix(leaf, b.light.haze, 0.6)))
        else:
            b.blob(leaf, [(-20, -40), (b.w + 20, -40), *reversed(foot)], 0.95)
        _jungle_trunks(b, horizon, depth, i)
        b.mist(horizon - b.h * 0.06, b.h * 0.12, 0.4 - 0.08 * i)
    if b.odds(0.45):
        _waterfall(b, b.beside(0.35, 0.7, b.side), horizon)
    for _ in range(3):
        x = b.x + b.some(-0.3, 0.3) * b.w
        b.beam(x - b.side * b.w * 0.2, -5, x, horizon + b.h * 0.12, b.w * b.some(0.1, 0.2), b.light.glow, 0.2)
    near = layer(stage, stage.ridge("near", horizon + b.h * 0.03, b.h * 0.02), "#5b8f45", 0.06)
    b.glow(b.x, b.h * 0.86, b.w * 0.45, b.h * 0.12, mix(near, b.light.glow, 0.45), 0.6)
    for _ in range(16):
        x, y = b.some(0, b.w), b.some(horizon + b.h * 0.05, b.h * 0.97)
        b.canvas.add(plants.tuft(b.rng, x, y, b.u * b.some(1.4, 3), shade(near, light=-0.05)))
    _framing_leaves(b, hue)
    return Floor(far=horizon + b.h * 0.1, near=b.h * 0.92, sun=sun, growth=near)


def _jungle_trunks(b: Backdrop, horizon: float, depth: float, i: int) -> None:
    bark = b.tone("#5f4a3a", depth)
    for x in b.spread(7 - 2 * i, 0.4):
        if i and abs(x - b.x) < b.w * 0.2:
            continue
        wide, lean = b.u * (1.6 + 1.7 * i) * b.some(0.8, 1.3), b.some(-5, 5) * b.u
        foot = horizon + b.h * (0.03 + 0.02 * i)
        b.path(
            b.over(bark, shade(bark, light=-0.05)),
            "M# -5L# -5Q# # # #H#Q# # # -5Z",
            x - wide + lean,
            x + wide + lean,
            x + wide * 0.7,
            horizon * 0.6,
            x + wide * 1.5,
            foot,
            x - wide * 1.5,
            x - wide * 0.7,
            horizon * 0.6,
            x - wide + lean,
        )
        if i and b.odds(0.8):
            drop = x + b.some(6, 16) * b.u * b.rng.choice((-1, 1))
            b.line(b.tone("#4a7d45", depth * 0.8), b.u * 0.4, "M# -5Q# # # -5", x, (x + drop) / 2, b.h * b.some(0.3, 0.75), drop)


def _waterfall(b: Backdrop, x: float, foot: float) -> None:
    tone, wide, top = mix(b.tone("#bfe6ee", 0.3), "#ffffff", 0.25), b.u * b.some(4, 8), b.h * b.some(0.24, 0.36)
    rock = b.tone("#6f7a72", 0.5)
    b.path(
        rock,
        "M# #Q# # # #H#Q# # # #Z",
        x - wide * 3.4,
        foot,
        x - wide * 2.2,
        top,
        x - wide,
        top - b.u,
        x + wide,
        x + wide * 2.4,
        top,
        x + wide * 3.2,
        foot,
    )
    b.path(b.down(tone, mix(tone, b.light.haze, 0.3)), "M# #h#L# #H#Z", x - wide * 0.7, top - b.u, wide * 1.4, x + wide, foot, x - wide)
    b.cells(
        "#ffffff",
        [
            (x + wide * b.some(-0.7, 0.6), top + (foot - top) * b.some(0.02, 0.6), b.u * 0.3, (foot - top) * b.some(0.1, 0.35))
            for _ in range(9)
        ],
        0.5,
    )
    b.oval(x, foot + b.u, wide * 2.6, b.u * 2.2, tone, 0.9)


def _framing_leaves(b: Backdrop, hue: float) -> None:
    for side in (-1, 1):
        edge = 0.0 if side < 0 else b.w
        for k in range(b.rng.randint(5, 7)):
            tone = shade(b.tone("#1f6b45"), light=b.some(-0.05, 0.03), hue=hue)
            y = b.h * (0.02 + 0.15 * k + b.some(-0.03, 0.03)) if k < 3 else b.h * (0.62 + 0.1 * (k - 3))
            if k >= 3:
                frond(
                    b,
                    edge - side * b.u * b.some(-2, 3),
                    b.h * b.some(0.96, 1.02),
                    -side * b.u * b.some(6, 20),
                    -b.u * b.some(16, 34),
                    0.2,
                    tone,
                )
            else:
                frond(b, edge + side * b.u * 2, y, -side * b.u * b.some(16, 30), b.u * b.some(2, 12), 0.24, tone)


def snowfield(stage: Stage) -> Floor:
    """Snow in soft folds, dark firs with white on them, a cabin or a frozen pond; northern lights on clear nights."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.48, 0.56)
    sun = paint_sky(stage, horizon)
    if b.light.dark and b.odds(0.6):
        _aurora(b, horizon)
    if b.odds(0.6):
        mountain_range(stage, "snow range", horizon + b.h * 0.02, b.h * b.some(0.18, 0.3), 0.8, sun)
    snow = b.tone("#f2f6fb")
    shadow = mix(snow, b.tone("#8fb0d9"), 0.4)
    for i in range(4):
        line = stage.ridge(f"drift {i}", horizon + b.h * (-0.02 + 0.075 * i), b.h * 0.03, steps=5)
        if i in (1, 2):
            _firs(b, line, i)
        tone = mix(snow, b.light.haze, max(0.5 - 0.2 * i, 0))
        b.canvas.under(line, b.canvas.linear([(0, shade(tone, light=0.03), 1), (0.35, mix(tone, shadow, 0.65), 1), (1, tone, 1)]))
    if b.odds(0.55):
        _cabin(b, b.beside(0.5, 0.78, b.side), horizon + b.h * 0.2, b.u * b.some(13, 18), snow)
    elif b.odds(0.7):
        b.oval(b.beside(0.1, 0.5), horizon + b.h * 0.27, b.w * 0.3, b.h * 0.035, mix(b.tone("#a9d3ea"), "#ffffff", 0.2))
    near = stage.ridge("near snow", horizon + b.h * 0.28, b.h * 0.02, steps=5)
    b.canvas.under(near, b.down(shade(snow, light=0.02), mix(snow, shadow, 0.5)))
    for _ in range(7):
        b.oval(b.some(0, b.w), b.h * b.some(0.82, 0.98), b.u * b.some(4, 10), b.u * b.some(0.4, 0.9), shadow, 0.45)
    return Floor(far=horizon + b.h * 0.29, near=b.h * 0.93, shade=0.3, sun=sun)


def _aurora(b: Backdrop, horizon: float) -> None:
    for k, tone in enumerate(("#5ff0b0", "#6fc8ff", "#b58aff")):
        y, x = horizon * b.some(0.12, 0.4), -b.w * 0.1
        strips = []
        while x < b.w * 1.1:
            wide, rise = b.u * b.some(3, 8), horizon * b.some(0.2, 0.42)
            strips.append((x, y + b.some(-4, 4) * b.u, wide, rise))
            x += wide * 0.9
            y += b.some(-1.6, 1.6) * b.u
        fade = b.canvas.linear([(0, tone, 0), (0.6, tone, 0.26 - 0.05 * k), (1, tone, 0)])
        for strip in strips:
            b.rect(*strip, fade)


def _firs(b: Backdrop, line: Sequence[Point], i: int) -> None:
    depth = 0.7 - 0.3 * i
    leaf, trunk, snow = b.tone("#3f6f68", depth), b.tone("#5f4636", depth), mix(b.tone("#ffffff", depth * 0.5), "#ffffff", 0.1)
    for x in b.spread(b.rng.randint(8, 14), 0.5):
        if i == 2 and abs(x - b.x) < b.w * 0.22:
            continue
        high = b.h * (0.06 + 0.055 * i) * b.some(0.6, 1.2)
        y = line_y(list(line), x) + high * 0.1
        b.canvas.add(plants.pine(x, y, high, leaf, trunk))
        for top, drop, wide in ((1.0, 0.16, 0.15), (0.68, 0.14, 0.2), (0.4, 0.13, 0.24)):
            w = high * wide * 0.6
            b.path(
                snow,
                "M# #L# #Q# # # #Q# # # #Z",
                x,
                y - high * top,
                x + w,
                y - high * (top - drop),
                x + w * 0.5,
                y - high * (top - drop * 1.3),
                x,
                y - high * (top - drop * 0.9),
                x - w * 0.5,
                y - high * (top - drop * 1.3),
                x - w,
                y - high * (top - drop),
            )


def _cabin(b: Backdrop, x: float, foot: float, size: float, snow: str) -> None:
    wood = b.tone("#8a5f42", 0.12)
    b.rect(x - size * 0.5, foot - size * 0.5, size, size * 0.5, b.over(wood, shade(wood, light=-0.06)))
    b.cells(shade(wood, light=-0.05), [(x - size * 0.5, foot - size * s, size, size * 0.018) for s in (0.1, 0.2, 0.3, 0.4)])
    b.rect(x + size * 0.22, foot - size * 1.05, size * 0.13, size * 0.4, shade(wood, light=-0.08))
    b.poly(shade(wood, light=-0.1), (x - size * 0.62, foot - size * 0.46), (x, foot - size), (x + size * 0.62, foot - size * 0.46))
    b.path(
        snow,
        "M# #L# #L# #L# #Q# # # #Z",
        x - size * 0.68,
        foot - size * 0.44,
        x,
        foot - size * 1.06,
        x + size * 0.68,
        foot - size * 0.44,
        x + size * 0.6,
        foot - size * 0.42,
        x,
        foot - size * 1.16 + size * 0.36,
        x - size * 0.6,
        foot - size * 0.42,
    )
    glow = b.lamp if b.lit else b.glass
    b.cells(glow, [(x - size * 0.34, foot - size * 0.36, size * 0.2, size * 0.17)])
    b.rect(x + size * 0.08, foot - size * 0.36, size * 0.18, size * 0.36, shade(wood, light=-0.12))
    if b.lit:
        b.glow(x - size * 0.24, foot - size * 0.28, size * 0.6, size * 0.5, b.lamp, 0.5)


def volcano(stage: Stage) -> Floor:
    """A cone with lava running down, smoke and sparks, cracked dark ground."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.58, 0.64)
    sun = paint_sky(stage, horizon, disc=False)
    b.rect(0, 0, b.w, horizon, b.canvas.linear([(0, "#3a2030", 0.5), (0.6, "#a8432f", 0.4), (1, "#f58a4a", 0.5)]))
    rock, hot = b.tone("#5a4650", 0.25), harmonise("#ff7a2a", b.light.palette, b.light.pull * 0.4)
    x, top, half = b.beside(0.02, 0.4), horizon * b.some(0.3, 0.46), b.w * b.some(0.42, 0.6)
    mouth = half * b.some(0.1, 0.16)
    if b.odds(0.6):
        _cone(
            b, x + b.side * half * 1.05, horizon * 0.66, horizon + b.h * 0.03, half * 0.6, mouth * 0.5, mix(rock, b.light.haze, 0.4), hot, 0
        )
    for k in range(7):
        r = mouth * (0.7 + 0.36 * k)
        b.oval(x + b.side * mouth * 0.28 * k * k * 0.4 + b.some(-0.5, 0.5) * mouth, top - mouth * (0.4 + 0.75 * k), r, r * 0.86,
               mix("#5a4450", "#d9755a" if k < 2 else b.light.sky[1], 0.3 + 0.06 * k), 0.8 - 0.07 * k)  # fmt: skip
    b.glow(x, top, half * 0.7, horizon * 0.4, hot, 0.7)
    sparks = [(x + b.some(-1, 1) * half * 0.36, top - b.rng.random() ** 1.6 * horizon * 0.32, b.u * b.some(0.15, 0.45)) for _ in range(30)]
    b.dots(mix(hot, "#ffe08a", 0.5), sparks)
    _cone(b, x, top, horizon + b.h * 0.04, half, mouth, rock, hot, b.rng.randint(2, 4))
    b.mist(horizon + b.h * 0.01, b.h * 0.05, 0.5)
    ground = b.tone("#4a3d45")
    for i in range(2):
        line = stage.ridge(f"ash {i}", horizon + b.h * (0.03 + 0.07 * i), b.h * 0.02, steps=7)
        b.canvas.under(line, b.down(shade(ground, light=0.05 - 0.03 * i), shade(ground, light=-0.05)))
    _cracks(b, horizon + b.h * 0.12, hot)
    for _ in range(9):
        rx, ry = b.some(0, b.w), horizon + b.h * b.some(0.06, 0.34)
        if abs(rx - b.x) > b.w * 0.22:
            stone.rock(b, rx, ry, b.u * b.some(2, 6), shade(ground, light=b.some(-0.03, 0.04)))
    return Floor(far=horizon + b.h * 0.14, near=b.h * 0.92, shade=0.5, sun=sun)


def _cone(b: Backdrop, x: float, top: float, foot: float, half: float, mouth: float, rock: str, hot: str, streams: int) -> None:
    sides = (x - half, foot, x - half * 0.4, top + (foot - top) * 0.55, x - mouth, top)
    b.path(
        b.down(rock, mix(rock, b.light.haze, 0.25)),
        "M# #Q# # # #L# #Q# # # #Z",
        *sides,
        x + mouth,
        top,
        x + half * 0.4,
        top + (foot - top) * 0.55,
        x + half,
        foot,
    )
    b.path(
        shade(rock, light=-0.06),
        "M# #L# #Q# # # #L# #Q# # # #Z",
        x + mouth * 0.2,
        top + b.u,
        x + mouth,
        top,
        x + half * 0.4,
        top + (foot - top) * 0.55,
        x + half,
        foot,
        x + half * 0.25,
        foot,
        x + mouth * 0.9,
        top + (foot - top) * 0.5,
        x + mouth * 0.2,
        top + b.u,
        opacity=0.7,
    )
    if not streams:
        return
    b.oval(x, top, mouth, mouth * 0.24, hot)
    b.oval(x, top, mouth * 0.6, mouth * 0.13, "#ffe08a")
    for k in range(streams):
        t = (k + 0.5) / streams * 2 - 1
        ex, ey = x + t * half * b.some(0.3, 0.5), top + (foot - top) * b.some(0.5, 0.95)
        w = mouth * b.some(0.16, 0.26)
        for share, tone in ((1.0, hot), (0.45, "#ffd070")):
            b.path(
                tone,
                "M# #C# # # # # #C# # # # # #Z",
                x + t * mouth * 0.8 - w * share,
                top,
                x + t * half * 0.1,
                top + (ey - top) * 0.5,
                ex - w * 2 * share,
                ey * 0.8 + top * 0.2,
                ex,
                ey,
                ex + w * share,
                ey * 0.8 + top * 0.2,
                x + t * half * 0.16 + w * share,
                top + (ey - top) * 0.4,
                x + t * mouth * 0.8 + w * share,
                top,
            )


def _cracks(b: Backdrop, top: float, hot: str) -> None:
    for side in (-1, 1):
        for _ in range(b.rng.randint(1, 3)):
            x, y = b.x + side * b.w * b.some(0.24, 0.5), b.some(top, b.h * 0.92)
            pattern, values, step = "M# #", [x, y], b.u * b.some(4, 8)
            for _ in range(4):
                x, y = x + side * step * b.some(0.4, 1.2), y + step * b.some(-0.1, 0.55)
                pattern, values = pattern + "L# #", [*values, x, y]
            b.line(hot, b.u * 1.1, pattern, *values, opacity=0.9)
            b.line("#ffd98a", b.u * 0.4, pattern, *values)


def clouds(stage: Stage) -> Floor:
    """Above the weather: banks of cloud to stand on, now and then islands in the air or a rainbow."""
    b = Backdrop(stage)
    sun = paint_sky(stage, b.h * b.some(0.78, 0.95))
    white = mix(b.tone("#ffffff"), b.light.sky[2], 0.1)
    if b.odds(0.3) and b.day:
        x, r = b.x + b.side * b.w * 0.1, b.u * b.some(46, 58)
        for k, tone in enumerate(("#f28a8a", "#f7b97a", "#f7e08a", "#93d6a0", "#86c0ee", "#b79ae0")):
            b.canvas.ring(x, b.h * 0.78, r - k * b.u * 1.6, tone, b.u * 1.7, 0.42)
    for i in range(3):
        tone = mix(white, b.light.sky[1], 0.5 - 0.18 * i)
        _bank(b, b.h * (0.46 + 0.11 * i), b.u * (7 + 3.5 * i), tone, shade(tone, light=-0.04), i)
        if i < 2 and b.odds(0.5):
            _island(b, b.beside(0.45, 0.8, b.side if i else -b.side), b.h * b.some(0.22, 0.46), b.u * b.some(9, 15))
    lobes = ((0.13, 0.2, 0.14), (0.14, 0.21), (0.12, 0.18, 0.2, 0.12))
    for _ in range(b.rng.randint(2, 4)):
        cloud(b.canvas, b.some(0, b.w), b.h * b.some(0.1, 0.4), b.u * b.some(16, 36), white, 0.8, b.rng.choice(lobes))
    _bank(b, b.h * 0.79, b.u * 12, white, mix(white, b.light.sky[1], 0.35), 9)
    return Floor(far=b.h * 0.84, near=b.h * 0.93, shade=0.2, sun=sun, front=[])


def _bank(b: Backdrop, top: float, size: float, tone: str, low: str, purpose: int) -> None:
    """A sea of puffs with a lit upper side, down to the lower edge."""
    puffs, x = [], -size
    while x < b.w + size:
        r = size * b.some(0.5, 1.1)
        calm = 0.45 if purpose == 9 and abs(x - b.x) < b.w * 0.24 else 1.0
        puffs.append((x, top + size * 0.5 - r * 0.25 * calm + (1 - calm) * size * 0.2, r * (0.7 + 0.3 * calm)))
        x += r * b.some(0.7, 1.0)
    fill = b.canvas.linear([(0, tone, 1), (1, mix(tone, low, 0.8), 1)])
    b.dots(mix(tone, low, 0.5), [(px + r * 0.12, y + r * 0.14, r) for px, y, r in puffs])
    b.dots(tone, puffs)
    b.rect(-2, top + size * 0.6, b.w + 4, b.full - top, fill)


def _island(b: Backdrop, x: float, y: float, size: float) -> None:
    rock, grass = b.tone("#a08a80", 0.35), b.tone("#86bf62", 0.3)
    b.path(
        b.down(rock, shade(rock, light=-0.08)),
        "M# #H#Q# # # #L# #L# #Q# # # #Z",
        x - size,
        y,
        x + size,
        x + size * 0.6,
        y + size * 0.5,
        x + size * 0.25,
        y + size * 0.8,
        x,
        y + size * 1.25,
        x - size * 0.3,
        y + size * 0.7,
        x - size * 0.7,
        y + size * 0.5,
        x - size,
        y,
    )
    b.path(
        grass, "M# #Q# # # #Q# # # #Z", x - size * 1.05, y, x, y - size * 0.36, x + size * 1.05, y, x, y + size * 0.34, x - size * 1.05, y
    )
    leaf, trunk = b.tone("#4f9a5f", 0.3), b.tone("#7a5a44", 0.3)
    for dx in (-0.5, 0.1, 0.55):
        if b.odds(0.7):
            b.canvas.add(plants.leafy(b.rng, x + dx * size, y, size * b.some(0.7, 1.1), leaf, trunk))
