"""Drawn places people tend or leave: farm, garden, park, village, graveyard, battlefield."""

from __future__ import annotations

from pipelines.image.illustration import parts_garden as garden_parts
from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration import parts_town as town
from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.land import layer, mountain_range, pine_edge
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage, line_y
from pipelines.image.illustration.svg import Point

PETALS = ("#e8624a", "#f28fb0", "#ffd84d", "#b58ae0", "#ffffff", "#f2a33c")


def _green(b: Backdrop) -> str:
    return b.pick(("#76ac50", "#86b554", "#6aa85a", "#8fb04e"))


def farm(stage: Stage) -> Floor:
    """Hills in stripes of crops, a barn with a silo or a mill, rows running to the horizon, a fence."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.48, 0.56)
    sun = paint_sky(stage, horizon)
    for i in range(3):
        line = stage.ridge(f"field {i}", horizon - b.h * (0.07 - 0.045 * i), b.h * 0.035, steps=5)
        tone = layer(stage, line, b.rng.choice(("#8fb86a", "#c9b85c", "#a8bf5f", "#7fa85f")), 0.8 - 0.22 * i)
        _furrows(b, line, shade(tone, light=-0.025), b.u * (1.6 + i))
    ground = b.tone(b.rng.choice(("#a9743f", "#8fae4c", "#c9a24c")))
    top = horizon + b.h * 0.07
    b.ground(top, mix(ground, b.light.haze, 0.28), shade(ground, light=-0.03))
    _crop_rows(b, top, ground)
    x = b.beside(0.44, 0.66, b.side)
    if b.odds(0.72):
        town.barn(b, x, top + b.h * 0.015, b.u * b.some(18, 25), b.rng.choice(("#b5433a", "#a34a3a", "#8f5a42", "#c9c2b4")), b.odds(0.6))
    else:
        town.windmill(b, x, top + b.h * 0.01, b.u * b.some(24, 32))
    leaf, trunk = b.tone("#5c9a58", 0.2), b.tone("#6b4d3a", 0.2)
    for k in range(b.rng.randint(1, 4)):
        tx = b.beside(0.5, 1.0, -b.side)
        b.canvas.add(plants.leafy(b.rng, tx, top + b.h * 0.01 * k, b.h * b.some(0.1, 0.18), shade(leaf, light=b.some(-0.04, 0.02)), trunk))
    if b.odds(0.5):
        for _ in range(b.rng.randint(2, 4)):
            _bale(b, b.beside(0.45, 0.95), top + b.h * b.some(0.06, 0.2), b.u * b.some(3.4, 5.5))
    else:
        wood = b.tone(b.rng.choice(("#f1ece2", "#9a7250")))
        low, high = ((0.0, 0.32), (0.68, 1.0))[b.rng.randrange(2)] if b.odds(0.6) else (0.0, 1.0)
        stone.fence(b, top + b.h * 0.06, b.u * 5, wood, False, low, high)
    return Floor(far=top + b.h * 0.12, near=b.h * 0.93, sun=sun, growth=ground if "8fae4c" in ground else "")


def _furrows(b: Backdrop, line: list[Point], tone: str, step: float) -> None:
    lift = [(x, y + step * 0.8) for x, y in line]
    for k in range(3):
        data = "M" + "L".join(f"{x:.1f} {y + step * k:.1f}" for x, y in lift)
        b.canvas.stroke(data, tone, b.u * 0.35, 0.6)


def _crop_rows(b: Backdrop, top: float, ground: str) -> None:
    """Rows meeting at the horizon; the strip before the subject stays bare."""
    vx, reach = b.x + b.side * b.w * b.some(0.0, 0.25), b.full - top
    leaf, dark = b.pick(("#6aa84c", "#4f9455", "#d9b545", "#8fbf5a")), shade(ground, light=-0.05)
    n = int(b.w / b.u / 8)
    shapes = [
        [
            (vx + c * b.u * 1.5, top),
            (vx + c * b.u * 1.5 + b.u * 0.7, top),
            (vx + c * b.u * 22 + b.u * 9, b.full),
            (vx + c * b.u * 22, b.full),
        ]
        for c in range(-n, n)
    ]
    b.shapes(dark, shapes, 0.6)
    dots = []
    for c in range(-n, n):
        for k in range(9):
            t = ((k + 0.5) / 9) ** 1.8
            x, y, r = vx + (c + 0.22) * b.u * (1.5 + 20.5 * t), top + reach * t, b.u * (0.4 + 2.6 * t)
            if -r < x < b.w + r and y < b.h * 0.97 and (abs(x - b.x) > b.w * 0.2 or t < 0.12):
                dots.append((x, y - r * 0.5, r))
    b.dots(shade(leaf, light=-0.05), [(x + r * 0.2, y + r * 0.2, r) for x, y, r in dots])
    b.dots(leaf, dots)


def _bale(b: Backdrop, x: float, foot: float, r: float) -> None:
    straw = b.tone("#dcb659")
    b.shadow(x, foot, r * 1.7, r * 0.3, 0.35)
    b.rect(x - r, foot - r * 2, r * 2.1, r * 2, shade(straw, light=-0.06), round_by=r * 0.5)
    b.oval(x - r * 0.2, foot - r, r * 0.95, r, straw)
    b.canvas.ring(x - r * 0.2, foot - r, r * 0.6, shade(straw, light=-0.07), r * 0.12)
    b.canvas.ring(x - r * 0.2, foot - r, r * 0.28, shade(straw, light=-0.07), r * 0.1)


def garden(stage: Stage) -> Floor:
    """Hedges and flower beds about a path; a gazebo, a fountain, a rose arch or a glasshouse behind."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.5, 0.58)
    sun = paint_sky(stage, horizon)
    layer(stage, stage.ridge("far", horizon - b.h * 0.06, b.h * 0.03), "#7fae8a", 0.8)
    line = stage.ridge("trees", horizon - b.h * 0.02, b.h * 0.02)
    leaf, trunk = b.tone("#5f9f62", 0.42), b.tone("#6b4d3a", 0.42)
    for x in b.spread(b.rng.randint(8, 12), 0.45):
        b.canvas.add(
            plants.leafy(b.rng, x, line_y(line, x) + b.h * 0.03, b.h * b.some(0.12, 0.22), shade(leaf, light=b.some(-0.03, 0.03)), trunk)
        )
    hedge = b.tone("#3f8a4f", 0.16)
    top = horizon + b.h * 0.05
    if b.odds(0.5):
        b.rect(-2, top - b.h * 0.075, b.w + 4, b.h * 0.08, b.down(shade(hedge, light=0.05), shade(hedge, light=-0.03)))
        b.dots(shade(hedge, light=0.03), [(x, top - b.h * 0.07, b.u * b.some(1.2, 2.2)) for x in b.spread(34, 0.5)])
    lawn = _green(b)
    b.ground(top, mix(lawn, b.light.haze, 0.25), shade(lawn, light=-0.03))
    (garden_parts.gazebo, garden_parts.fountain, garden_parts.rose_arch, garden_parts.glasshouse)[b.rng.randrange(4)](
        b, b.x + b.side * b.w * b.some(0.0, 0.26), top + b.h * 0.03, b.u * b.some(22, 30)
    )
    sand = b.tone(b.rng.choice(("#e3d3ad", "#d9c6b0", "#cfc8bd")))
    w0, w1, bend = b.u * 5, b.w * b.some(0.2, 0.3), b.side * b.w * b.some(-0.12, 0.12)
    b.path(
        b.down(mix(sand, b.light.haze, 0.2), sand),
        "M# #h#C# # # # # #h#C# # # # # #Z",
        b.x - w0,
        top + b.h * 0.03,
        2 * w0,
        b.x + w0 + bend,
        top + b.h * 0.14,
        b.x + w1,
        b.h * 0.86,
        b.x + w1,
        b.full + 2,
        -2 * w1,
        b.x - w1,
        b.h * 0.86,
        b.x - w0 + bend,
        top + b.h * 0.14,
        b.x - w0,
        top + b.h * 0.03,
    )
    for side in (-1, 1):
        _bed(b, side, top, lawn)
    if b.odds(0.6):
        for side in (-1, 1):
            garden_parts.topiary(b, b.x + side * b.w * b.some(0.3, 0.36), top + b.h * 0.08, b.u * b.some(9, 13), b.rng.randrange(3))
    return Floor(far=top + b.h * 0.14, near=b.h * 0.93, sun=sun)


def _bed(b: Backdrop, side: int, top: float, lawn: str) -> None:
    """Flowers massed at one side, in bands of one colour each."""
    tones = [b.accent(PETALS) for _ in range(3)]
    rows = b.rng.randint(4, 6)
    for row in range(rows):
        t = (row + 0.4) / rows
        y = top + b.h * (0.08 + 0.34 * t)
        size = b.u * (1.6 + 2.6 * t)
        for k in range(7):
            x = b.x + side * (b.w * (0.27 + 0.06 * t) + k * size * 1.5 + b.some(-0.3, 0.3) * size)
            if not -size < x < b.w + size:
                continue
            if k == 0:
                b.canvas.add(plants.bush(b.rng, x, y, size * 1.6, shade(lawn, light=-0.1)))
            else:
                b.canvas.add(plants.flower(b.rng, x, y, size, tones[row % 3], shade(lawn, light=-0.09)))


def park(stage: Stage) -> Floor:
    """Lawns under trees, a winding path, benches and lamps, the city or a pond beyond."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.5, 0.58)
    sun = paint_sky(stage, horizon)
    if b.odds(0.6):
        town.skyline(b, horizon + b.h * 0.02, b.h * b.some(0.16, 0.3), 0.86)
    line = stage.ridge("park trees", horizon, b.h * 0.02)
    leaf = b.rng.choice(("#5f9f5a", "#7fa84c", "#d9953f", "#4f9068"))
    for depth, count, high in ((0.55, 13, 0.12), (0.35, 7, 0.19)):
        tone, trunk = b.tone(leaf, depth), b.tone("#6b4d3a", depth)
        for x in b.spread(count, 0.5):
            if depth < 0.5 and abs(x - b.x) < b.w * 0.16:
                continue
            draw = plants.leafy(
                b.rng, x, line_y(line, x) + b.h * 0.045, b.h * high * b.some(0.75, 1.2), shade(tone, light=b.some(-0.04, 0.03)), trunk
            )
            b.canvas.add(draw)
        layer(stage, [(x, y + b.h * (0.02 if depth > 0.5 else 0.035)) for x, y in line], "#86b860", depth)
    lawn, top = _green(b), horizon + b.h * 0.06
    b.ground(top, mix(lawn, b.light.haze, 0.2), shade(lawn, light=-0.03))
    sand, s = b.tone(b.rng.choice(("#e0d2b4", "#d2ccc4", "#d9c3a8"))), b.side
    b.path(
        sand,
        "M# #C# # # # # #L# #C# # # # # #Z",
        b.x - s * b.w * 0.56,
        top + b.h * 0.05,
        b.x - s * b.w * 0.1,
        top + b.h * 0.02,
        b.x + s * b.w * 0.3,
        top + b.h * 0.12,
        b.x + s * b.w * 0.1,
        b.full + 2,
        b.x - s * b.w * 0.42,
        b.full + 2,
        b.x + s * b.w * 0.1,
        top + b.h * 0.16,
        b.x - s * b.w * 0.05,
        top + b.h * 0.075,
        b.x - s * b.w * 0.56,
        top + b.h * 0.085,
    )
    if b.odds(0.4):
        b.oval(b.x + s * b.w * 0.36, top + b.h * 0.08, b.w * 0.22, b.h * 0.035, mix(b.tone("#7fc0d9"), b.light.sky[2], 0.3))
    iron = b.tone("#3f4a4f")
    stone.lamp_post(b, b.x + s * b.w * b.some(0.3, 0.42), top + b.h * 0.09, min(b.h * 0.34, b.u * 36), iron, b.rng.randint(1, 2))
    garden_parts.bench(b, b.x - s * b.w * b.some(0.28, 0.36), top + b.h * 0.11, b.u * b.some(15, 19))
    _great_tree(b, s, top, leaf)
    front = plants.front_grass(stage, shade(lawn, light=-0.09))
    return Floor(far=top + b.h * 0.14, near=b.h * 0.93, sun=sun, front=front, growth=lawn)


def _great_tree(b: Backdrop, s: int, top: float, leaf: str) -> None:
    """A branch of leaves reaching in from above, at the side away from the lamp."""
    tone, edge = b.tone(leaf), 0.0 if s > 0 else b.w
    bark = b.tone("#5d4537")
    if b.odds(0.6):
        b.path(
            b.over(bark, shade(bark, light=-0.04)),
            "M# -5H#Q# # # #H#Q# # # -5Z",
            edge - s * b.u * 2,
            edge + s * b.u * 7,
            edge + s * b.u * 5,
            b.h * 0.5,
            edge + s * b.u * 9,
            top + b.h * 0.2,
            edge - s * b.u * 4,
            edge,
            b.h * 0.5,
            edge - s * b.u * 2,
        )
    puffs = [(edge + s * b.u * b.some(0, 26), b.u * b.some(-4, 12), b.u * b.some(5, 9)) for _ in range(9)]
    b.dots(shade(tone, light=-0.06), [(x + b.u, y + b.u * 1.5, r) for x, y, r in puffs])
    b.dots(tone, puffs)
    b.dots(shade(tone, light=0.04), [(x - r * 0.3, y - r * 0.3, r * 0.45) for x, y, r in puffs], 0.8)


def village(stage: Stage) -> Floor:
    """Cottages along a lane, hills behind, a well, a mill or a church tower among them."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.5, 0.58)
    sun = paint_sky(stage, horizon)
    if b.odds(0.4):
        mountain_range(stage, "village range", horizon, b.h * 0.2, 0.88, sun)
    for i in range(2):
        line = stage.ridge(f"hill {i}", horizon - b.h * (0.08 - 0.07 * i), b.h * 0.04)
        if i:
            pine_edge(stage, line, b.h * 0.05, 0.6, "village pines")
        layer(stage, line, "#8cb86b", 0.8 - 0.25 * i)
    lawn, top = _green(b), horizon + b.h * 0.07
    b.ground(top, mix(lawn, b.light.haze, 0.25), shade(lawn, light=-0.03))
    walls, roofs = b.rng.choice(
        (
            (("#f0e4cc", "#e3cda8"), ("#b5654a", "#9a5a45")),
            (("#e6e0d6", "#d0c4b4"), ("#6f7a8a", "#5a6675")),
            (("#ead9b0", "#f3ead6"), ("#c9a55a", "#b58f4a")),
        )
    )
    if b.odds(0.5):
        town.church(b, b.beside(0.1, 0.5, -b.side), top, b.u * b.some(22, 28), walls[0], roofs[0])
    elif b.odds(0.5):
        town.windmill(b, b.beside(0.15, 0.5, -b.side), top, b.u * b.some(24, 30))
    for x in b.spread(b.rng.randint(3, 5), 0.3):
        if abs(x - b.x) > b.w * 0.08:
            town.cottage(b, x, top + b.h * 0.01, b.u * b.some(11, 14), b.pick(walls, 0.3), b.pick(roofs, 0.3))
    sand = b.tone("#dcc9a0")
    b.path(
        b.down(mix(sand, b.light.haze, 0.25), sand),
        "M# #h#C# # # # # #H#C# # # # # #Z",
        b.x - b.u * 3,
        top,
        b.u * 6,
        b.x + b.side * b.w * 0.16,
        top + b.h * 0.1,
        b.x + b.w * 0.12,
        b.h * 0.8,
        b.x + b.w * 0.26,
        b.full + 2,
        b.x - b.w * 0.26,
        b.x - b.w * 0.1,
        b.h * 0.8,
        b.x + b.side * b.w * 0.1,
        top + b.h * 0.1,
        b.x - b.u * 3,
        top,
    )
    for side in (-1, 1):
        town.cottage(
            b, b.x + side * b.w * b.some(0.38, 0.46), top + b.h * b.some(0.08, 0.12), b.u * b.some(20, 25), b.pick(walls), b.pick(roofs)
        )
    if b.odds(0.5):
        garden_parts.well(b, b.beside(0.42, 0.56), top + b.h * 0.17, b.u * 9)
    return Floor(far=top + b.h * 0.13, near=b.h * 0.93, sun=sun, growth=lawn)


def graveyard(stage: Stage) -> Floor:
    """Leaning stones on a slope, bare trees, an iron fence or a chapel, mist low over all."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.54, 0.62)
    sun = paint_sky(stage, horizon)
    layer(stage, stage.ridge("far", horizon - b.h * 0.06, b.h * 0.05), "#6f8090", 0.8)
    line = stage.ridge("hill", horizon, b.h * 0.04)
    if b.odds(0.6):
        x = b.beside(0.2, 0.6, b.side)
        town.church(b, x, line_y(line, x) + b.h * 0.02, b.u * b.some(22, 30), "#7a7f8c", "#4a5260", 0.5)
    layer(stage, line, "#5f7568", 0.5)
    for x in b.spread(b.rng.randint(5, 9), 0.4):
        town.gravestone(b, x, line_y(line, x) + b.h * 0.03, b.u * b.some(3.5, 5), 0.45)
    b.mist(horizon + b.h * 0.05, b.h * 0.06, 0.5)
    ground = b.tone(b.rng.choice(("#5f7a55", "#6a7558", "#566b5f")))
    b.ground(horizon + b.h * 0.09, mix(ground, b.light.haze, 0.25), shade(ground, light=-0.04))
    if b.odds(0.5):
        iron = b.tone("#2f343d", 0.1)
        foot, high, step = horizon + b.h * 0.1, b.u * 9, b.u * 2.6
        b.cells(
            iron,
            [(i * step, foot - high, b.u * 0.4, high) for i in range(int(b.w / step) + 1)]
            + [(0, foot - high * s, b.w, b.u * 0.4) for s in (0.8, 0.2)],
        )
        b.shapes(
            iron,
            [
                [(i * step - b.u * 0.3, foot - high), (i * step + b.u * 0.2, foot - high - b.u * 1.4), (i * step + b.u * 0.7, foot - high)]
                for i in range(int(b.w / step) + 1)
            ],
        )
    for side in (-1, 1):
        if b.odds(0.75):
            town.bare_tree(b, b.x + side * b.w * b.some(0.36, 0.5), horizon + b.h * b.some(0.12, 0.2), b.h * b.some(0.36, 0.5), -side)
    for _ in range(b.rng.randint(4, 7)):
        x, y = b.beside(0.38, 0.98), horizon + b.h * b.some(0.13, 0.3)
        town.gravestone(b, x, y, b.u * b.some(6, 9), 0.0)
    for _ in range(18):
        b.canvas.add(
            plants.tuft(b.rng, b.some(0, b.w), b.some(horizon + b.h * 0.12, b.h * 0.97), b.u * b.some(1.4, 2.8), shade(ground, light=-0.05))
        )
    b.mist(horizon + b.h * 0.16, b.h * 0.05, 0.3)
    return Floor(far=horizon + b.h * 0.16, near=b.h * 0.93, sun=sun, growth=ground)


def battlefield(stage: Stage) -> Floor:
    """A scarred plain under smoke: broken walls, banners on poles, spears, a burning keep or siege engines far off."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.54, 0.62)
    sun = paint_sky(stage, horizon)
    dust = b.tone(b.rng.choice(("#b5734f", "#8a7a78", "#a08a5f")), 0.3)
    b.rect(0, 0, b.w, horizon + 4, b.down(dust, mix(dust, b.light.sky[2], 0.5), (0.42, 0.5)))
    for _ in range(3):
        x, y = b.some(0.05, 0.95) * b.w, horizon
        puffs = [(x + b.u * (k * 2.6 * b.side + b.some(-2, 2)), y - k * b.u * 6, b.u * (2.2 + 1.5 * k)) for k in range(7)]
        b.dots(mix(dust, b.light.shadow, 0.45), puffs, 0.32)
        b.glow(x, y, b.u * 8, b.u * 5, "#ff8a3a", 0.6)
    layer(stage, stage.ridge("far", horizon - b.h * 0.05, b.h * 0.05, steps=7), "#7f6f70", 0.7)
    x = b.beside(0.2, 0.7, b.side)
    if b.odds(0.55):
        town.keep(b, x, horizon + b.h * 0.01, b.u * b.some(20, 28), b.tone("#6f6670", 0.45), b.tone("#a5433a", 0.3), broken=True)
    else:
        for k in range(2):
            town.siege_tower(b, x + k * b.u * 16, horizon + b.h * 0.015, b.u * b.some(12, 18), b.tone("#6f543f", 0.45))
    earth = b.tone(b.rng.choice(("#8a6a4f", "#7a6a55", "#75604f")))
    for i in range(3):
        line = stage.ridge(f"scar {i}", horizon + b.h * (0.02 + 0.06 * i), b.h * 0.022, steps=6)
        tone = mix(earth, b.light.haze, 0.4 - 0.2 * i)
        b.canvas.under(line, b.down(shade(tone, light=0.03), shade(tone, light=-0.05)))
        spears = [(px, line_y(line, px) + b.u, b.u * (4 + 3 * i)) for px in b.spread(9, 0.5) if i < 2 or abs(px - b.x) > b.w * 0.25]
        b.shapes(
            b.tone("#4a3d38", 0.4 - 0.2 * i),
            [
                [(px, y), (px + tall * 0.05, y), (px + tall * (0.05 + lean), y - tall), (px + tall * lean, y - tall)]
                for px, y, tall in spears
                for lean in (b.some(-0.4, 0.4),)
            ],
        )
    flags = (b.accent(("#b5353a", "#a5433a", "#8f2f4a")), b.accent(("#3f5f9a", "#4a6f8a", "#d9a23f")))
    for side in (-1, 1):
        for k in range(b.rng.randint(1, 2)):
            town.war_flag(
                b,
                b.x + side * b.w * b.some(0.27, 0.48),
                horizon + b.h * b.some(0.14, 0.24),
                b.u * b.some(22, 32),
                flags[(side > 0) ^ (k > 0)],
                -side,
            )
        if b.odds(0.7):
            town.ruin(
                b, b.x + side * b.w * b.some(0.36, 0.52), horizon + b.h * b.some(0.16, 0.22), b.u * b.some(16, 24), b.tone("#8f8580", 0.08)
            )
    for _ in range(8):
        rx, ry = b.some(0, b.w), horizon + b.h * b.some(0.15, 0.36)
        if abs(rx - b.x) > b.w * 0.2:
            stone.rock(b, rx, ry, b.u * b.some(1.4, 3.4), shade(earth, light=b.some(-0.06, 0.03)))
    return Floor(far=horizon + b.h * 0.17, near=b.h * 0.93, sun=sun, shade=0.5)
