"""Drawn places of old tales: dungeon, castle, throne room, tavern."""

from __future__ import annotations

from pipelines.image.illustration import parts_room as part
from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.land import layer, mountain_range, pine_edge
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage

HERALD = ("#a8353f", "#3f4f9a", "#2f7a5f", "#6f3f8a", "#c98a2f")


def dungeon(stage: Stage) -> Floor:
    """Vaults of rough stone, torches, cells with bars, chains, barrels, a wet floor."""
    b = Backdrop(stage, inside=True)
    wall = shade(b.pick(("#77738a", "#7a8078", "#857668", "#6a7488")), light=-0.1)
    foot, u = b.h * b.some(0.64, 0.7), b.u
    part.wall(b, foot, wall, "plain")
    part.courses(b, 0, foot, shade(wall, light=0.03), u * 11, u * 6, True, 0.5)
    part.courses(b, 0, foot, shade(wall, light=-0.05), u * 11, u * 6, True, 0.6)
    part.floor(b, foot, shade(wall, light=-0.04), b.rng.choice(("tiles", "checks", "tiles")))
    n = b.rng.choice((1, 2, 3, 3))
    step = min(b.w / max(n, 2), u * 46)
    kinds = [b.rng.randrange(4) for _ in range(n)]
    for i in range(n):
        _vault(b, b.x + (i - (n - 1) / 2) * step, foot, step * 0.66, min(foot * 0.7, u * b.some(42, 50)), wall, kinds[i])
    for i in range(n + 1):
        x = b.x + (i - n / 2) * step
        if u * 4 < x < b.w - u * 4:
            stone.column(b, x, foot + u, u * 6.5, min(foot * 0.8, u * 56), shade(wall, light=0.05), False)
            stone.torch(b, x, foot - u * 30, u * b.some(3.2, 4.2))
    s = b.side
    x = b.x + s * b.w * b.some(0.36, 0.44)
    for k in range(b.rng.randint(1, 3)):
        stone.barrel(b, x + (k - 1) * u * 9, foot + b.h * (0.05 + 0.02 * (k % 2)), u * b.some(12, 15), b.tone("#7a5a40"))
    if b.odds(0.6):
        stone.crate(b, b.x - s * b.w * b.some(0.34, 0.44) - u * 6, foot + b.h * 0.06, u * 11, b.tone("#80603f"))
    for cx in (b.x - s * b.w * 0.42, b.x + s * b.w * b.some(0.2, 0.3)):
        links = [(cx, y * u * 2.4, u * 0.8) for y in range(int(b.some(5, 13)))]
        for lx, ly, r in links:
            b.canvas.ring(lx, ly, r * 1.3, b.tone("#4a4a55"), u * 0.5)
    b.oval(b.x + s * b.w * 0.2, b.h * 0.93, b.w * 0.2, b.h * 0.02, mix(wall, "#8fb0c8", 0.4), 0.5)
    for _ in range(8):
        stone.rock(b, b.beside(0.4, 1.0), foot + b.h * b.some(0.04, 0.3), u * b.some(1, 2.4), wall)
    b.glow(b.x, foot + (b.h - foot) * 0.6, b.w * 0.42, (b.h - foot) * 0.4, "#ffb45a", 0.35)
    return Floor(far=foot + b.h * 0.1, near=b.h * 0.93, shade=0.55, sun=0.5, veil=shade(wall, light=-0.14))


def _vault(b: Backdrop, x: float, foot: float, w: float, high: float, wall: str, kind: int) -> None:
    """An arch in the wall: a dark passage, a cell with bars, a door, or steps going up into light."""
    b.arch(shade(wall, light=0.06), x, foot, w * 1.16, high * 1.06)
    dark = shade(wall, light=-0.16)
    b.arch(b.down(shade(dark, light=-0.04), dark), x, foot, w, high)
    b.arch(b.down(shade(dark, light=-0.07), shade(dark, light=-0.02)), x + b.side * w * 0.05, foot, w * 0.8, high * 0.92)
    if kind == 1:
        iron = b.tone("#3f414c")
        n = 6
        b.cells(
            iron,
            [
                (
                    x - w / 2 + w * (i + 0.5) / n - b.u * 0.4,
                    foot - high * (0.72 + 0.24 * (1 - abs(i - 2.5) / 2.5)),
                    b.u * 0.9,
                    high * (0.72 + 0.24 * (1 - abs(i - 2.5) / 2.5)),
                )
                for i in range(n)
            ],
        )
        b.cells(iron, [(x - w / 2, foot - high * v, w, b.u * 0.9) for v in (0.2, 0.6)])
    elif kind == 2:
        wood = b.tone("#6a4a34")
        b.arch(wood, x, foot, w * 0.94, high * 0.97)
        b.cells(
            shade(wood, light=-0.06), [(x - w * 0.47 + w * 0.94 * k / 5, foot - high * 0.62, b.u * 0.4, high * 0.62) for k in range(1, 5)]
        )
        b.cells(b.tone("#4a4a55"), [(x - w * 0.47, foot - high * v, w * 0.94, b.u * 1.5) for v in (0.2, 0.58)])
        b.canvas.ring(x + w * 0.24, foot - high * 0.38, b.u * 1.5, b.tone("#8a8a92"), b.u * 0.5)
    elif kind == 3:
        b.glow(x, foot - high * 0.6, w * 0.5, high * 0.5, "#ffd9a0", 0.5)
        for k in range(6):
            half = w * (0.46 - 0.045 * k)
            b.rect(x - half, foot - high * 0.075 * (k + 1), half * 2, high * 0.08, shade(wall, light=-0.02 + 0.02 * k))


def castle(stage: Stage) -> Floor:
    """A castle on its hill with towers, flags and a winding road; mountains, woods or a moat around."""
    b = Backdrop(stage)
    horizon, s = b.h * b.some(0.54, 0.6), b.side
    sun = paint_sky(stage, horizon)
    if b.odds(0.6):
        mountain_range(stage, "castle range", horizon, b.h * b.some(0.18, 0.28), 0.9, sun)
    layer(stage, stage.ridge("far", horizon - b.h * 0.05, b.h * 0.04), "#86ad92", 0.82)
    x = b.x + s * b.w * b.some(0.04, 0.26)
    base, half = horizon - b.h * b.some(0.01, 0.1), b.w * b.some(0.36, 0.5)
    hill = b.tone("#79a862", 0.45)
    wall = b.tone(b.rng.choice(("#cfc6b8", "#b3b0b5", "#d9c7a8", "#a8a5b0")), 0.3)
    roof = b.accent(("#5a6fa0", "#b5503f", "#4f8a8a", "#7a5a94", "#c98a3f"), 0.25)
    _castle(b, x, base + b.h * 0.02, min(b.u * b.some(26, 34), base * 0.38), wall, roof)
    b.path(
        b.down(hill, mix(hill, b.light.haze, 0.3)),
        "M# #C# # # # # #C# # # # # #Z",
        x - half * 1.5,
        horizon + b.h * 0.12,
        x - half * 0.6,
        base + b.h * 0.05,
        x - half * 0.5,
        base,
        x,
        base,
        x + half * 0.5,
        base,
        x + half * 0.6,
        base + b.h * 0.05,
        x + half * 1.5,
        horizon + b.h * 0.12,
    )
    line = stage.ridge("wood", horizon + b.h * 0.07, b.h * 0.02)
    pine_edge(stage, line, b.h * b.some(0.05, 0.08), 0.3, "castle pines")
    layer(stage, line, "#6f9f58", 0.25)
    top = horizon + b.h * 0.12
    if b.odds(0.4):
        water = mix(b.tone("#5fa8c9"), b.light.sky[2], 0.3)
        b.rect(-2, top - b.h * 0.035, b.w + 4, b.h * 0.07, b.down(mix(water, "#ffffff", 0.25), water))
    near = layer(stage, stage.ridge("near", top + b.h * 0.01, b.h * 0.012), b.rng.choice(("#7fb257", "#8fb05a", "#72a65c")), 0.0)
    sand = b.tone("#dcc9a0")
    b.path(
        b.down(mix(sand, b.light.haze, 0.3), sand),
        "M# #C# # # # # #H#C# # # # # #Z",
        x + b.u * 1.5,
        base + b.h * 0.01,
        x + s * b.w * 0.2,
        horizon + b.h * 0.08,
        b.x - s * b.w * 0.12,
        top + b.h * 0.06,
        b.x - b.w * 0.2,
        b.full + 2,
        b.x + b.w * 0.2,
        b.x - s * b.w * 0.02,
        top + b.h * 0.06,
        x + s * b.w * 0.26,
        horizon + b.h * 0.08,
        x - b.u * 1.5,
        base + b.h * 0.01,
    )
    for side in (-1, 1):
        tx, ty = b.x + side * b.w * b.some(0.38, 0.5), top + b.h * b.some(0.05, 0.1)
        b.canvas.add(
            plants.leafy(b.rng, tx, ty, b.h * b.some(0.22, 0.34), shade(b.tone("#5a9a55"), light=b.some(-0.04, 0.03)), b.tone("#6b4d3a"))
        )
        b.canvas.add(plants.bush(b.rng, tx - side * b.u * 6, ty + b.u * 2, b.u * 8, b.tone("#4f8f52")))
    front = plants.front_grass(stage, shade(near, light=-0.08))
    return Floor(far=top + b.h * 0.1, near=b.h * 0.93, sun=sun, front=front, growth=near)


def _castle(b: Backdrop, x: float, foot: float, size: float, wall: str, roof: str) -> None:
    """Towers of chance heights round a gatehouse."""
    flag = b.accent(HERALD, 0.2)
    towers = [(dx, b.some(0.14, 0.22), b.some(0.7, 1.5) * (1.25 - abs(dx)), b.odds(0.7)) for dx in (-0.72, -0.4, 0.4, 0.72)] + [
        (-0.16, 0.24, b.some(1.3, 1.8), True),
        (0.2, 0.18, b.some(1.0, 1.5), True),
    ]
    for dx, wide, high, peaked in sorted(towers, key=lambda t: -t[2]):
        cx, w, top = x + dx * size, wide * size, foot - high * size
        b.rect(cx - w / 2, top, w, high * size, b.drum(wall))
        b.rect(cx - w * 0.6, top - w * 0.02, w * 1.2, w * 0.3, shade(wall, light=0.02))
        b.cells(shade(wall, light=0.02), [(cx - w * 0.6 + w * 0.32 * k, top - w * 0.2, w * 0.2, w * 0.2) for k in range(4)])
        b.cells(
            b.lamp if b.lit else shade(wall, light=-0.18),
            [(cx - w * 0.09, top + w * (0.6 + 1.0 * k), w * 0.18, w * 0.36) for k in range(2)],
        )
        if peaked:
            b.poly(b.drum(roof), (cx - w * 0.66, top), (cx, top - w * 1.7), (cx + w * 0.66, top))
            b.rect(cx - w * 0.03, top - w * 2.3, w * 0.06, w * 0.7, shade(wall, light=-0.2))
            b.poly(flag, (cx, top - w * 2.3), (cx - b.side * w * 0.8, top - w * 2.08), (cx, top - w * 1.88))
    b.rect(x - size * 0.8, foot - size * 0.5, size * 1.6, size * 0.52, b.down(shade(wall, light=0.015), shade(wall, light=-0.05)))
    b.cells(
        shade(wall, light=0.015), [(x - size * 0.8 + size * 0.107 * k, foot - size * 0.57, size * 0.06, size * 0.08) for k in range(15)]
    )
    b.rect(x - size * 0.2, foot - size * 0.66, size * 0.4, size * 0.68, shade(wall, light=0.035))
    b.cells(shade(wall, light=0.035), [(x - size * 0.2 + size * 0.087 * k, foot - size * 0.73, size * 0.05, size * 0.08) for k in range(5)])
    b.arch(shade(wall, light=-0.2), x, foot, size * 0.22, size * 0.36)
    b.cells(shade(wall, light=-0.1), [(x + size * v, foot - size * 0.34, size * 0.03, size * 0.1) for v in (-0.66, -0.45, 0.42, 0.63)])


def throne_room(stage: Stage) -> Floor:
    """Columns and banners leading to a throne on its steps, tall windows, a carpet to stand on."""
    b = Backdrop(stage, inside=True)
    foot, u = b.h * b.some(0.62, 0.67), b.u
    wall = b.pick(("#8a7f94", "#a89a86", "#6f7a8a", "#94807a", "#b8b0a4", "#5a5570"))
    cloth, gold = b.accent(HERALD), b.tone("#d9ab4a")
    part.wall(b, foot, wall, b.rng.choice(("plain", "panel", "bricks")))
    part.floor(b, foot, b.pick(("#b3a894", "#8f8a94", "#c4b8a0", "#7a6f6a")), b.rng.choice(("checks", "tiles", "checks")))
    high = min(foot * 0.92, u * 64)
    n, kind = b.rng.choice((3, 3, 5)), b.rng.randrange(3)
    for i in range(n):
        x = b.x + (i - (n - 1) / 2) * b.w * (0.8 / n)
        if kind != 1 or i != n // 2:
            glass = b.rng.choice((b.light.sky[1], mix(cloth, b.light.sky[1], 0.5)))
            w = min(b.w * 0.5 / n, u * 15)
            b.arch(shade(wall, light=0.08), x, foot - u * 12, w * 1.2, high * 0.8)
            b.arch(b.down(glass, mix(glass, b.lamp, 0.4)), x, foot - u * 13, w, high * 0.76)
            t = u * 0.5
            b.cells(
                shade(wall, light=-0.1),
                [(x - t / 2, foot - u * 13 - high * 0.75, t, high * 0.75)]
                + [(x - w / 2, foot - u * 13 - high * v, w, t) for v in (0.15, 0.3, 0.45)],
            )
            if b.day:
                b.poly(
                    b.down(b.light.glow, b.light.glow, (0.2, 0)),
                    (x - w / 2, foot - u * 13 - high * 0.5),
                    (x + w / 2, foot - u * 13 - high * 0.5),
                    (x + w * 0.9 - b.side * u * 14, b.h * 0.95),
                    (x - w * 0.9 - b.side * u * 14, b.h * 0.95),
                )
        elif kind == 1:
            stone.banner(b, x, foot - high, u * 26, high * 0.8, cloth, gold, b.rng.randrange(3))
    if not any("throne" in subject.what for subject in (*stage.scene.subjects, *stage.scene.props)):
        _throne(b, b.x, foot + u * 6, u * b.some(21, 26), cloth, gold, wall)
    rows = b.rng.randint(2, 3)
    trim = b.rng.randrange(3)
    for k in range(rows):
        for side in (-1, 1):
            x, y, w = b.x + side * b.w * (0.27 + 0.11 * k), foot + u * (1 + 5 * k), u * (6 + 2.4 * k)
            if not -w < x < b.w + w:
                continue
            stone.column(b, x, y, w, y + 10 if k == rows - 1 else min(y + 10, high + u * 20), shade(wall, light=0.07 - 0.02 * k))
            if k < rows - 1 or b.odds(0.6):
                stone.banner(b, x, y - high * 0.86, w * 1.2, u * (22 + 5 * k), cloth, gold, trim)
            if b.lit or k == 0:
                stone.torch(b, x, y - u * (17 + 2 * k), u * (2.4 + 0.5 * k))
    b.glow(b.x, foot, b.w * 0.4, b.h * 0.24, b.lamp, 0.3)
    return Floor(far=foot + b.h * 0.13, near=b.h * 0.94, shade=0.45, sun=0.5, veil=shade(wall, light=-0.05))


def _throne(b: Backdrop, x: float, foot: float, size: float, cloth: str, gold: str, wall: str) -> None:
    step = shade(wall, light=0.06)
    for k in range(3, 0, -1):
        half = size * (0.6 + 0.2 * k)
        b.rect(x - half, foot - size * (0.3 - 0.1 * (k - 1)), half * 2, size * 0.1, shade(step, light=0.02 * (3 - k)))
        b.rect(x - half, foot - size * (0.3 - 0.1 * (k - 1)) + size * 0.075, half * 2, size * 0.025, shade(step, light=-0.1))
    base = foot - size * 0.3
    b.arch(gold, x, base, size * 0.84, size * 1.5, rise=0.6)
    b.arch(b.down(cloth, shade(cloth, light=-0.08)), x, base, size * 0.66, size * 1.38, rise=0.6)
    b.dots(
        gold,
        [
            (x - size * 0.42, base - size * 1.28, size * 0.08),
            (x + size * 0.42, base - size * 1.28, size * 0.08),
            (x, base - size * 1.54, size * 0.1),
        ],
    )
    b.dots(
        shade(gold, light=-0.06), [(x + dx * size, base - dy * size, size * 0.02) for dx in (-0.16, 0.0, 0.16) for dy in (0.6, 0.8, 1.0)]
    )
    b.rect(x - size * 0.42, base - size * 0.44, size * 0.84, size * 0.14, shade(cloth, light=0.05), round_by=size * 0.05)
    b.rect(x - size * 0.42, base - size * 0.32, size * 0.84, size * 0.32, gold)
    b.cells(shade(gold, light=-0.08), [(x - size * 0.34 + size * 0.18 * k, base - size * 0.25, size * 0.12, size * 0.18) for k in range(4)])
    for side in (-1, 1):
        b.rect(
            x + side * size * 0.46 - size * 0.08,
            base - size * 0.62,
            size * 0.16,
            size * 0.62,
            shade(gold, light=-0.03),
            round_by=size * 0.04,
        )
        b.oval(x + side * size * 0.46, base - size * 0.64, size * 0.11, size * 0.09, gold)
    b.poly(
        b.down(shade(cloth, light=-0.03), cloth),
        (x - size * 0.4, base),
        (x + size * 0.4, base),
        (x + size * 0.46, foot),
        (x + b.w * 0.24, b.full + 2),
        (x - b.w * 0.24, b.full + 2),
        (x - size * 0.46, foot),
    )
    b.poly(gold, (x - size * 0.46, foot), (x - size * 0.42, foot), (x - b.w * 0.215, b.full + 2), (x - b.w * 0.235, b.full + 2))
    b.poly(gold, (x + size * 0.42, foot), (x + size * 0.46, foot), (x + b.w * 0.235, b.full + 2), (x + b.w * 0.215, b.full + 2))


def tavern(stage: Stage) -> Floor:
    """Timber and plaster, a hearth or a wall of casks, a bar, candles; tables at the sides."""
    b = Backdrop(stage, inside=True)
    foot, u, s = b.h * b.some(0.64, 0.7), b.u, b.side
    wall, wood = b.pick(("#c9a878", "#a8805a", "#b5956f", "#8f735a", "#d0b48f")), b.pick(("#5f4030", "#6f4c34", "#533a2e"))
    part.wall(b, foot, wall, b.rng.choice(("plain", "bricks", "boards")))
    part.floor(b, foot, b.pick(("#8f6644", "#7a583f", "#a0764f")), b.rng.choice(("boards", "boards", "tiles")))
    top = max(foot - u * 64, 0)
    n = b.rng.randint(3, 5)
    b.cells(
        wood, [(b.w * i / n - u * 1.6, 0, u * 3.2, foot) for i in range(n + 1)] + [(0, top, b.w, u * 3.6), (0, foot - u * 22, b.w, u * 2)]
    )
    b.shapes(
        wood,
        [
            [
                (b.w * i / n, top + u * 16),
                (b.w * i / n + u * 2, top + u * 17),
                (b.w * i / n + u * 12, top + u * 3),
                (b.w * i / n + u * 9, top + u * 3),
            ]
            for i in range(n)
        ],
    )
    x, kind = b.x + s * b.w * b.some(0.2, 0.34), b.rng.randrange(3)
    if kind == 0:
        _hearth(b, x, foot, u * b.some(28, 34))
    elif kind == 1:
        for row in range(2):
            for k in range(3 - row):
                _cask(b, x + (k - 1 + 0.5 * row) * u * 15, foot - u * (7 + 13 * row), u * 7.4)
    else:
        for k in range(3):
            part.shelf(
                b,
                x - u * 18,
                foot - u * (26 + 12 * k),
                u * 36,
                wood,
                ("bottles", "bowls", "bottles", "boxes"),
                ("#8fae6a", "#b5653f", "#c9a04a", "#6f8a94"),
            )
    wx = b.x - s * b.w * b.some(0.16, 0.34)
    b.rect(wx - u * 10, foot - u * 50, u * 20, u * 22, wood)
    glass = b.tone("#e8c878") if b.day else b.light.sky[1]
    b.rect(wx - u * 8.6, foot - u * 48.6, u * 17.2, u * 19.2, b.down(glass, mix(glass, b.lamp, 0.3)))
    b.line(
        wood,
        u * 0.4,
        "M# #" + "l# #M# #" * 5 + "l# #",
        *[v for k in range(6) for v in (wx - u * 8.6 + k * u * 2.9, foot - u * 48.6, u * (8 if k < 3 else -8), u * 19.2)],
    )
    if b.odds(0.6):
        w = min(b.w * 0.4, u * 46)
        cx = b.x + s * (b.w * 0.5 - w * 0.4)
        b.rect(cx - w / 2, foot + u * 5 - u * 17, w, u * 17, b.down(shade(wood, light=0.09), shade(wood, light=0.01)))
        b.cells(wood, [(cx - w / 2 + w * k / 6, foot - u * 11, u * 0.6, u * 16) for k in range(7)])
        b.rect(cx - w / 2 - u, foot - u * 13.6, w + u * 2, u * 2.2, shade(wood, light=0.14), round_by=u * 0.5)
        _mugs(b, cx - w * 0.3, foot - u * 13.6, 3)
    for side in (-1, 1):
        tx, ty = b.x + side * b.w * b.some(0.38, 0.44), foot + b.h * b.some(0.08, 0.12)
        if side == s or b.odds(0.6):
            part.table(b, tx - u * 14, ty, u * 28, u * 13, shade(wood, light=0.1))
            _mugs(b, tx - u * 8, ty - u * 13.9, 2)
            _candle(b, tx + u * 7, ty - u * 13.9)
        else:
            stone.barrel(b, tx, ty, u * 16, b.tone("#8f623f"))
    _chandelier(b, b.x + b.some(-0.08, 0.08) * b.w, max(top + u * 15, u * 14), u * b.some(16, 22), wood)
    b.glow(b.x, foot - u * 6, b.w * 0.55, b.h * 0.4, "#ffb45a", 0.3)
    return Floor(far=foot + b.h * 0.11, near=b.h * 0.94, shade=0.5, sun=0.5, veil=shade(wall, light=-0.05))


def _hearth(b: Backdrop, x: float, foot: float, size: float) -> None:
    grey = b.tone("#8a827c")
    b.poly(
        b.down(shade(grey, light=-0.04), grey),
        (x - size * 0.3, -5),
        (x + size * 0.3, -5),
        (x + size * 0.36, foot - size),
        (x - size * 0.36, foot - size),
    )
    b.rect(x - size * 0.6, foot - size, size * 1.2, size, grey)
    b.cells(
        shade(grey, light=-0.05),
        [(x + size * b.some(-0.58, 0.42), foot - size * b.some(0.1, 0.95), size * 0.16, size * 0.08) for _ in range(16)],
    )
    b.rect(x - size * 0.68, foot - size * 1.05, size * 1.36, size * 0.1, shade(grey, light=0.07))
    b.arch(shade(grey, light=-0.26), x, foot, size * 0.78, size * 0.74, rise=0.6)
    b.glow(x, foot - size * 0.2, size * 1.3, size * 1.1, "#ff9a3f", 0.6)
    for dx, k in ((-0.16, 0.24), (0.16, 0.22), (0.0, 0.34)):
        stone.flame(b, x + dx * size, foot - size * 0.08, size * k)
    wood = b.tone("#5f4030")
    b.cells(
        wood,
        [(x - size * 0.28, foot - size * 0.1, size * 0.56, size * 0.07), (x - size * 0.22, foot - size * 0.04, size * 0.44, size * 0.05)],
    )


def _cask(b: Backdrop, x: float, y: float, r: float) -> None:
    wood = b.tone("#96693f")
    for share, tone in ((1.0, b.tone("#4f4a4a")), (0.93, wood), (0.72, shade(wood, light=-0.06)), (0.66, shade(wood, light=0.03))):
        b.oval(x, y, r * share, r * share, tone)
    b.cells(shade(wood, light=-0.06), [(x + r * v, y - r * 0.5, r * 0.05, r) for v in (-0.34, 0.0, 0.34)])
    b.oval(x, y + r * 0.45, r * 0.12, r * 0.12, b.tone("#3f3028"))


def _mugs(b: Backdrop, x: float, foot: float, count: int) -> None:
    for k in range(count):
        cx, u, tone = x + k * b.u * 5.2, b.u, b.tone("#a8764a")
        b.canvas.ring(cx + u * 1.7, foot - u * 1.8, u * 0.9, tone, u * 0.5)
        b.rect(cx - u * 1.5, foot - u * 3.6, u * 3, u * 3.6, b.drum(tone), round_by=u * 0.3)
        b.dots(
            b.tone("#fdf3dc"),
            [(cx - u * 0.9, foot - u * 3.7, u * 0.8), (cx, foot - u * 4, u * 0.9), (cx + u * 0.9, foot - u * 3.7, u * 0.8)],
        )


def _candle(b: Backdrop, x: float, foot: float) -> None:
    b.glow(x, foot - b.u * 5, b.u * 9, b.u * 9, b.lamp, 0.5)
    b.rect(x - b.u * 0.7, foot - b.u * 4, b.u * 1.4, b.u * 4, b.tone("#f4e8d0"))
    stone.flame(b, x, foot - b.u * 4.1, b.u * 1.4)


def _chandelier(b: Backdrop, x: float, y: float, size: float, wood: str) -> None:
    b.cells(b.tone("#3f3a3c"), [(x - b.u * 0.25, -2, b.u * 0.5, y - size * 0.3)])
    b.line(b.tone("#3f3a3c"), b.u * 0.4, "M# #L# #L# #", x - size * 0.6, y, x, y - size * 0.34, x + size * 0.6, y)
    b.glow(x, y - size * 0.1, size * 1.8, size * 1.3, b.lamp, 0.45)
    b.oval(x, y, size * 0.66, size * 0.13, wood)
    b.oval(x, y - size * 0.02, size * 0.56, size * 0.08, shade(wood, light=-0.08))
    for v in (-0.58, -0.3, 0.0, 0.3, 0.58):
        cy = y + size * (0.06 if abs(v) < 0.4 else 0.0)
        b.rect(x + v * size - b.u * 0.6, cy - b.u * 3, b.u * 1.2, b.u * 3, b.tone("#f4e8d0"))
        stone.flame(b, x + v * size, cy - b.u * 3, b.u * 1.3)
