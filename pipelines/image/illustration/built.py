"""Drawn places people built: city skyline, street of shops."""

from __future__ import annotations

import random

from pipelines.image.illustration import plants
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import number as n

FACADES = ("#c98b6b", "#d9b08c", "#8ea3b8", "#b7a1c4", "#7f9f9a", "#d98f7e", "#a8b98f", "#e0c39a")
LAMPLIGHT = "#ffd98a"


def city(stage: Stage) -> Floor:
    h, rng = stage.height, stage.chance("city")
    horizon = h * rng.uniform(0.62, 0.68)
    sun = paint_sky(stage, horizon)
    for i, (depth, tall) in enumerate(((0.92, 0.42), (0.68, 0.34), (0.4, 0.24))):
        _skyline(stage, f"skyline {i}", horizon + h * 0.012 * i, h * tall, depth)
    _trees_along(stage, horizon + h * 0.035)
    pavement = stage.light.tone("#b9b3b0", 0.12)
    _plaza(stage, horizon + h * 0.03, pavement)
    _railing(stage, horizon + h * 0.045)
    _lamps(stage, horizon + h * 0.075)
    return Floor(far=horizon + h * 0.12, near=h * 0.92, sun=sun)


def _skyline(stage: Stage, purpose: str, foot: float, tall: float, depth: float) -> None:
    rng, canvas, light = stage.chance(purpose), stage.canvas, stage.light
    x, step = -stage.unit * 6, stage.unit * (9 + 5 * (1 - depth))
    while x < stage.width + step:
        wide = step * rng.uniform(0.7, 1.35)
        high = tall * rng.choice((0.45, 0.6, 0.75, 0.9, 1.0)) * rng.uniform(0.9, 1.1)
        wall = light.tone(rng.choice(("#6c7f9c", "#7d8aa6", "#8d84a4", "#5f7891", "#9a8c9c")), depth)
        top = foot - high
        canvas.rect(x, top, wide, high + stage.unit * 3, canvas.linear([(0, wall, 1), (1, mix(wall, light.haze, 0.35), 1)]))
        canvas.rect(x + wide * 0.72, top, wide * 0.28, high + stage.unit * 3, shade(wall, light=-0.03), 0.6)
        _roof(stage, rng, x, top, wide, wall)
        _windows(stage, rng, x, top, wide, high, wall, depth)
        x += wide + step * rng.uniform(-0.05, 0.22)


def _roof(stage: Stage, rng: random.Random, x: float, top: float, wide: float, wall: str) -> None:
    draw, unit = rng.random(), stage.unit
    if draw < 0.2:
        stage.canvas.rect(x + wide * 0.25, top - unit * 1.6, wide * 0.5, unit * 1.8, wall)
        stage.canvas.rect(x + wide * 0.48, top - unit * 5, wide * 0.05, unit * 4, wall)
    elif draw < 0.36:
        stage.canvas.polygon([(x, top + 1), (x + wide, top + 1), (x + wide * 0.5, top - wide * 0.45)], wall)
    elif draw < 0.52:
        stage.canvas.path(f"M{n(x)} {n(top + 1)}a{n(wide / 2)} {n(wide * 0.3)} 0 0 1 {n(wide)} 0Z", wall)
    elif draw < 0.7:
        stage.canvas.rect(x + wide * 0.12, top - unit * 1.0, wide * 0.3, unit * 1.1, shade(wall, light=-0.02))


def _windows(stage: Stage, rng: random.Random, x: float, top: float, wide: float, high: float, wall: str, depth: float) -> None:
    """A grid of panes, in one path for the lit ones and one for the others."""
    light = stage.light
    lit_share = 0.52 if light.dark else (0.3 if light.warm else 0.0)
    columns = max(2, round(wide / (stage.unit * 2.3)))
    cell = wide / (columns + 0.6)
    rows = max(2, int(high * 0.9 / (cell * 1.25)))
    pane_w, pane_h = cell * 0.5, cell * 0.62
    lit: list[str] = []
    other: list[str] = []
    for row in range(min(rows, 30)):
        for column in range(columns):
            px, py = x + cell * (0.55 + column), top + cell * (0.6 + row * 1.25)
            (lit if rng.random() < lit_share else other).append(f"M{n(px)} {n(py)}h{n(pane_w)}v{n(pane_h)}h{n(-pane_w)}Z")
    pane = mix(wall, light.sky[0], 0.4) if not light.dark else shade(wall, light=-0.035)
    if other:
        stage.canvas.path("".join(other), pane, 0.55)
    if lit:
        stage.canvas.path("".join(lit), mix(LAMPLIGHT, light.haze, depth * 0.5), 0.95)


def _plaza(stage: Stage, top: float, pavement: str) -> None:
    canvas, rows = stage.canvas, 6
    canvas.rect(
        0,
        top,
        stage.width,
        stage.canvas.height - top + 2,
        canvas.linear([(0, mix(pavement, stage.light.haze, 0.35), 1), (1, shade(pavement, light=-0.05), 1)]),
    )
    joint = shade(pavement, light=-0.05)
    reach = stage.height - top
    for i in range(1, rows):
        y = top + reach * (i / rows) ** 1.7
        canvas.rect(0, y, stage.width, stage.unit * 0.14 * (0.6 + i * 0.25), joint, 0.55)
    middle = stage.area.centre[0]
    for i in range(-9, 10):
        far, near = middle + i * stage.width * 0.055, middle + i * stage.width * 0.26
        canvas.polygon([(far, top), (far + 1, top), (near + stage.unit * 0.3, stage.height), (near, stage.height)], joint, 0.4)


def _trees_along(stage: Stage, foot: float) -> None:
    rng = stage.chance("city trees")
    leaf, trunk = stage.light.tone("#5c9a63", 0.3), stage.light.tone("#6b5141", 0.3)
    for i in range(rng.randint(4, 8)):
        x = stage.width * (i + rng.uniform(0.1, 0.9)) / 7
        stage.canvas.add(
            plants.leafy(
                rng, x, foot + stage.unit, stage.height * rng.uniform(0.09, 0.14), shade(leaf, light=rng.uniform(-0.02, 0.02)), trunk
            )
        )


def _railing(stage: Stage, foot: float) -> None:
    bar, unit = stage.light.tone("#4a5563", 0.15), stage.unit
    high = unit * 4.2
    stage.canvas.rect(0, foot - high, stage.width, unit * 0.5, bar, round_by=unit * 0.2)
    stage.canvas.rect(0, foot - unit * 0.7, stage.width, unit * 0.35, bar)
    step = unit * 1.9
    posts = "".join(
        f"M{n(i * step)} {n(foot - high)}h{n(unit * 0.22)}v{n(high)}h{n(-unit * 0.22)}Z" for i in range(int(stage.width / step) + 1)
    )
    stage.canvas.path(posts, bar, 0.9)


def _lamps(stage: Stage, foot: float) -> None:
    rng, unit, area = stage.chance("lamps"), stage.unit, stage.area
    pole = stage.light.tone("#39424e")
    high = min(stage.height * 0.33, unit * 34)
    for share in (rng.uniform(0.03, 0.1), rng.uniform(0.9, 0.97)):
        x = area.x + area.width * share
        stage.canvas.rect(x - unit * 0.3, foot - high, unit * 0.6, high, pole)
        stage.canvas.rect(x - unit * 0.8, foot - unit * 1.2, unit * 1.6, unit * 1.4, pole, round_by=unit * 0.2)
        glow = LAMPLIGHT if stage.light.dark or stage.light.warm else "#f4f1e6"
        if stage.light.dark or stage.light.warm:
            stage.canvas.ellipse(
                x, foot - high, unit * 9, unit * 9, stage.canvas.radial([(0, LAMPLIGHT, 0.55), (0.4, LAMPLIGHT, 0.16), (1, LAMPLIGHT, 0)])
            )
        head, chin = foot - high - unit * 1.2, foot - high + unit * 1.4
        stage.canvas.polygon([(x - unit * 1.2, head), (x + unit * 1.2, head), (x + unit * 0.8, chin), (x - unit * 0.8, chin)], glow)
        stage.canvas.polygon(
            [(x - unit * 1.5, foot - high - unit * 1.1), (x + unit * 1.5, foot - high - unit * 1.1), (x, foot - high - unit * 2.4)], pole
        )


def street(stage: Stage) -> Floor:
    h, w, rng = stage.height, stage.width, stage.chance("street")
    kerb = h * rng.uniform(0.66, 0.7)
    sun = paint_sky(stage, kerb)
    _skyline(stage, "back skyline", kerb, h * 0.5, 0.85)
    x = -w * rng.uniform(0.0, 0.06)
    while x < w:
        wide = stage.unit * rng.uniform(26, 38)
        _shop(stage, rng, x, kerb, wide, h * rng.uniform(0.4, 0.54))
        x += wide
    pavement = stage.light.tone("#cfc8c0")
    stage.canvas.rect(
        0,
        kerb,
        w,
        stage.canvas.height - kerb + 2,
        stage.canvas.linear([(0, shade(pavement, light=-0.06), 1), (0.25, pavement, 1), (1, shade(pavement, light=-0.03), 1)]),
    )
    joint = shade(pavement, light=-0.07)
    for i in range(14):
        px = w * (i - 1) / 12
        stage.canvas.polygon(
            [(px, kerb), (px + 1, kerb), (px + (px - w / 2) * 0.45 + stage.unit * 0.2, h), (px + (px - w / 2) * 0.45, h)], joint, 0.5
        )
    for t in (0.18, 0.46, 0.86):
        stage.canvas.rect(0, kerb + (h - kerb) * t, w, stage.unit * (0.12 + 0.15 * t), joint, 0.5)
    return Floor(far=kerb + h * 0.08, near=h * 0.93, sun=sun)


def _shop(stage: Stage, rng: random.Random, x: float, foot: float, wide: float, high: float) -> None:
    """One house with a shop at street level: windows above, an awning, a display and a door."""
    canvas, light, unit = stage.canvas, stage.light, stage.unit
    wall = light.tone(rng.choice(FACADES), 0.12)
    top = foot - high
    canvas.rect(x, top, wide + 1, high, canvas.linear([(0, wall, 1), (1, shade(wall, light=-0.03), 1)]))
    canvas.rect(x, top - unit * 0.6, wide + 1, unit * 1.8, shade(wall, light=-0.07))
    canvas.rect(x - unit * 0.3, top - unit * 1.2, wide + unit * 0.6, unit * 0.9, shade(wall, light=0.05))
    glass = mix(light.sky[1], "#ffffff", 0.25) if not light.dark else shade(wall, light=-0.12)
    columns, shop_high = rng.choice((2, 3)), min(high * 0.46, unit * 19)
    rows = max(1, int((high - shop_high - unit * 3) / (unit * 9.5)))
    for row in range(rows):
        for column in range(columns):
            wx = x + wide * (column + 0.5) / columns - unit * 2
            wy = top + unit * 3 + row * unit * 9.5
            lit = rng.random() < (0.5 if light.dark else 0.22 if light.warm else 0.0)
            canvas.rect(wx - unit * 0.4, wy - unit * 0.4, unit * 4.8, unit * 6.6, shade(wall, light=0.07))
            canvas.rect(wx, wy, unit * 4, unit * 5.8, LAMPLIGHT if lit else glass)
            canvas.rect(wx + unit * 1.85, wy, unit * 0.3, unit * 5.8, shade(wall, light=0.07))
            canvas.rect(wx - unit * 0.7, wy + unit * 6.0, unit * 5.4, unit * 0.6, shade(wall, light=-0.09))
    _shop_front(stage, rng, x, foot, wide, shop_high, wall, glass)


def _shop_front(stage: Stage, rng: random.Random, x: float, foot: float, wide: float, high: float, wall: str, glass: str) -> None:
    canvas, light, unit = stage.canvas, stage.light, stage.unit
    frame = light.tone(rng.choice(("#3d5a5c", "#5a3f3a", "#2f4a6b", "#6b3d4a", "#4a4a52")))
    canvas.rect(x + unit * 1.2, foot - high, wide - unit * 2.4, high, frame)
    inside = LAMPLIGHT if light.dark or light.warm else mix(glass, "#ffffff", 0.2)
    door_w = min(wide * 0.26, unit * 7)
    door_left = rng.random() < 0.5
    door_x = x + unit * 2.2 if door_left else x + wide - unit * 2.2 - door_w
    pane_x = door_x + door_w + unit * 1.2 if door_left else x + unit * 2.2
    pane_w = wide - unit * 5.6 - door_w
    canvas.rect(pane_x, foot - high * 0.68, pane_w, high * 0.5, canvas.linear([(0, inside, 0.95), (1, shade(inside, light=-0.08), 0.95)]))
    upper, lower = foot - high * 0.68, foot - high * 0.18
    gleam = [(pane_x + pane_w * 0.15, upper), (pane_x + pane_w * 0.35, upper), (pane_x + pane_w * 0.18, lower), (pane_x, lower)]
    canvas.polygon(gleam, "#ffffff", 0.22)
    canvas.rect(door_x, foot - high * 0.7, door_w, high * 0.7, shade(frame, light=0.06))
    canvas.rect(door_x + door_w * 0.2, foot - high * 0.62, door_w * 0.6, high * 0.36, inside, 0.9)
    first, second = light.tone(rng.choice(("#d94f45", "#2f8f83", "#e0a03a", "#3f6fb0"))), light.tone("#f7efe2")
    stripes, top, drop = 8, foot - high - unit * 0.6, unit * 4.4
    for i in range(stripes):
        sx, step = x + unit * 0.4 + (wide - unit * 0.8) * i / stripes, (wide - unit * 0.8) / stripes
        fill = first if i % 2 == 0 else second
        canvas.path(f"M{n(sx)} {n(top)}h{n(step)}v{n(drop)}a{n(step / 2)} {n(step / 2.4)} 0 0 1 {n(-step)} 0Z", fill)
    canvas.rect(x + unit * 0.4, top + drop - unit * 0.4, wide - unit * 0.8, unit * 0.4, shade(first, light=-0.12), 0.35)
