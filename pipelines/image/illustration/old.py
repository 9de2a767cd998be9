"""Drawn places of old tales: dungeon, castle, throne room, tavern; and two no one stands in: under water, another planet."""

from __future__ import annotations

from pipelines.image.illustration import parts_room as part
from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.land import layer, mountain_range, pine_edge
from pipelines.image.illustration.sky import paint_sky, stars
from pipelines.image.illustration.stage import Floor, Stage, line_y

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
        b.cells(iron, [(x - w / 2 + w * (i + 0.5) / n - b.u * 0.4, foot - high * (0.72 + 0.24 * (1 - abs(i - 2.5) / 2.5)), b.u * 0.9, high * (0.72 + 0.24 * (1 - abs(i - 2.5) / 2.5))) for i in range(n)])
        b.cells(iron, [(x - w / 2, foot - high * v, w, b.u * 0.9) for v in (0.2, 0.6)])
    elif kind == 2:
        wood = b.tone("#6a4a34")
        b.arch(wood, x, foot, w * 0.94, high * 0.97)
        b.cells(shade(wood, light=-0.06), [(x - w * 0.47 + w * 0.94 * k / 5, foot - high * 0.62, b.u * 0.4, high * 0.62) for k in range(1, 5)])
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
    _castle(b, x, base + b.h * 0.02, b.u * b.some(26, 34), wall, roof)
    b.path(b.down(hill, mix(hill, b.light.haze, 0.3)), "M# #C# # # # # #C# # # # # #Z", x - half * 1.5, horizon + b.h * 0.12, x - half * 0.6, base + b.h * 0.05, x - half * 0.5, base, x, base, x + half * 0.5, base,
           x + half * 0.6, base + b.h * 0.05, x + half * 1.5, horizon + b.h * 0.12)  # fmt: skip
    line = stage.ridge("wood", horizon + b.h * 0.07, b.h * 0.02)
    pine_edge(stage, line, b.h * b.some(0.05, 0.08), 0.3, "castle pines")
    layer(stage, line, "#6f9f58", 0.25)
    top = horizon + b.h * 0.12
    if b.odds(0.4):
        water = mix(b.tone("#5fa8c9"), b.light.sky[2], 0.3)
        b.rect(-2, top - b.h * 0.035, b.w + 4, b.h * 0.07, b.down(mix(water, "#ffffff", 0.25), water))
    near = layer(stage, stage.ridge("near", top + b.h * 0.01, b.h * 0.012), b.rng.choice(("#7fb257", "#8fb05a", "#72a65c")), 0.0)
    sand = b.tone("#dcc9a0")
    b.path(b.down(mix(sand, b.light.haze, 0.3), sand), "M# #C# # # # # #H#C# # # # # #Z", x + b.u * 1.5, base + b.h * 0.01, x + s * b.w * 0.2, horizon + b.h * 0.08, b.x - s * b.w * 0.12, top + b.h * 0.06, b.x - b.w * 0.2, b.full + 2,
           b.x + b.w * 0.2, b.x - s * b.w * 0.02, top + b.h * 0.06, x + s * b.w * 0.26, horizon + b.h * 0.08, x - b.u * 1.5, base + b.h * 0.01)  # fmt: skip
    for side in (-1, 1):
        tx, ty = b.x + side * b.w * b.some(0.38, 0.5), top + b.h * b.some(0.05, 0.1)
        b.canvas.add(plants.leafy(b.rng, tx, ty, b.h * b.some(0.22, 0.34), shade(b.tone("#5a9a55"), light=b.some(-0.04, 0.03)), b.tone("#6b4d3a")))
        b.canvas.add(plants.bush(b.rng, tx - side * b.u * 6, ty + b.u * 2, b.u * 8, b.tone("#4f8f52")))
    front = plants.front_grass(stage, shade(near, light=-0.08))
    return Floor(far=top + b.h * 0.1, near=b.h * 0.93, sun=sun, front=front, growth=near)


def _castle(b: Backdrop, x: float, foot: float, size: float, wall: str, roof: str) -> None:
    """Towers of chance heights round a gatehouse."""
    flag = b.accent(HERALD, 0.2)
    towers = [(dx, b.some(0.14, 0.22), b.some(0.7, 1.5) * (1.25 - abs(dx)), b.odds(0.7)) for dx in (-0.72, -0.4, 0.4, 0.72)] + [(-0.16, 0.24, b.some(1.3, 1.8), True), (0.2, 0.18, b.some(1.0, 1.5), True)]
    for dx, wide, high, peaked in sorted(towers, key=lambda t: -t[2]):
        cx, w, top = x + dx * size, wide * size, foot - high * size
        b.rect(cx - w / 2, top, w, high * size, b.drum(wall))
        b.rect(cx - w * 0.6, top - w * 0.02, w * 1.2, w * 0.3, shade(wall, light=0.02))
        b.cells(shade(wall, light=0.02), [(cx - w * 0.6 + w * 0.32 * k, top - w * 0.2, w * 0.2, w * 0.2) for k in range(4)])
        b.cells(b.lamp if b.lit else shade(wall, light=-0.18), [(cx - w * 0.09, top + w * (0.6 + 1.0 * k), w * 0.18, w * 0.36) for k in range(2)])
        if peaked:
            b.poly(b.drum(roof), (cx - w * 0.66, top), (cx, top - w * 1.7), (cx + w * 0.66, top))
            b.rect(cx - w * 0.03, top - w * 2.3, w * 0.06, w * 0.7, shade(wall, light=-0.2))
            b.poly(flag, (cx, top - w * 2.3), (cx - b.side * w * 0.8, top - w * 2.08), (cx, top - w * 1.88))
    b.rect(x - size * 0.8, foot - size * 0.5, size * 1.6, size * 0.52, b.down(shade(wall, light=0.015), shade(wall, light=-0.05)))
    b.cells(shade(wall, light=0.015), [(x - size * 0.8 + size * 0.107 * k, foot - size * 0.57, size * 0.06, size * 0.08) for k in range(15)])
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
            b.cells(shade(wall, light=-0.1), [(x - t / 2, foot - u * 13 - high * 0.75, t, high * 0.75)] + [(x - w / 2, foot - u * 13 - high * v, w, t) for v in (0.15, 0.3, 0.45)])
            if b.day:
                b.poly(b.down(b.light.glow, b.light.glow, (0.2, 0)), (x - w / 2, foot - u * 13 - high * 0.5), (x + w / 2, foot - u * 13 - high * 0.5), (x + w * 0.9 - b.side * u * 14, b.h * 0.95), (x - w * 0.9 - b.side * u * 14, b.h * 0.95))
        elif kind == 1:
            stone.banner(b, x, foot - high, u * 26, high * 0.8, cloth, gold, b.rng.randrange(3))
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
    b.dots(gold, [(x - size * 0.42, base - size * 1.28, size * 0.08), (x + size * 0.42, base - size * 1.28, size * 0.08), (x, base - size * 1.54, size * 0.1)])
    b.dots(shade(gold, light=-0.06), [(x + dx * size, base - dy * size, size * 0.02) for dx in (-0.16, 0.0, 0.16) for dy in (0.6, 0.8, 1.0)])
    b.rect(x - size * 0.42, base - size * 0.44, size * 0.84, size * 0.14, shade(cloth, light=0.05), round_by=size * 0.05)
    b.rect(x - size * 0.42, base - size * 0.32, size * 0.84, size * 0.32, gold)
    b.cells(shade(gold, light=-0.08), [(x - size * 0.34 + size * 0.18 * k, base - size * 0.25, size * 0.12, size * 0.18) for k in range(4)])
    for side in (-1, 1):
        b.rect(x + side * size * 0.46 - size * 0.08, base - size * 0.62, size * 0.16, size * 0.62, shade(gold, light=-0.03), round_by=size * 0.04)
        b.oval(x + side * size * 0.46, base - size * 0.64, size * 0.11, size * 0.09, gold)
    b.poly(b.down(shade(cloth, light=-0.03), cloth), (x - size * 0.4, base), (x + size * 0.4, base), (x + size * 0.46, foot), (x + b.w * 0.24, b.full + 2), (x - b.w * 0.24, b.full + 2), (x - size * 0.46, foot))
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
    b.cells(wood, [(b.w * i / n - u * 1.6, 0, u * 3.2, foot) for i in range(n + 1)] + [(0, top, b.w, u * 3.6), (0, foot - u * 22, b.w, u * 2)])
    b.shapes(wood, [[(b.w * i / n, top + u * 16), (b.w * i / n + u * 2, top + u * 17), (b.w * i / n + u * 12, top + u * 3), (b.w * i / n + u * 9, top + u * 3)] for i in range(n)])
    x, kind = b.x + s * b.w * b.some(0.2, 0.34), b.rng.randrange(3)
    if kind == 0:
        _hearth(b, x, foot, u * b.some(28, 34))
    elif kind == 1:
        for row in range(2):
            for k in range(3 - row):
                _cask(b, x + (k - 1 + 0.5 * row) * u * 15, foot - u * (7 + 13 * row), u * 7.4)
    else:
        for k in range(3):
            part.shelf(b, x - u * 18, foot - u * (26 + 12 * k), u * 36, wood, ("bottles", "bowls", "bottles", "boxes"), ("#8fae6a", "#b5653f", "#c9a04a", "#6f8a94"))
    wx = b.x - s * b.w * b.some(0.16, 0.34)
    b.rect(wx - u * 10, foot - u * 50, u * 20, u * 22, wood)
    glass = b.tone("#e8c878") if b.day else b.light.sky[1]
    b.rect(wx - u * 8.6, foot - u * 48.6, u * 17.2, u * 19.2, b.down(glass, mix(glass, b.lamp, 0.3)))
    b.line(wood, u * 0.4, "M# #" + "l# #M# #" * 5 + "l# #", *[v for k in range(6) for v in (wx - u * 8.6 + k * u * 2.9, foot - u * 48.6, u * (8 if k < 3 else -8), u * 19.2)])
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
    b.poly(b.down(shade(grey, light=-0.04), grey), (x - size * 0.3, -5), (x + size * 0.3, -5), (x + size * 0.36, foot - size), (x - size * 0.36, foot - size))
    b.rect(x - size * 0.6, foot - size, size * 1.2, size, grey)
    b.cells(shade(grey, light=-0.05), [(x + size * b.some(-0.58, 0.42), foot - size * b.some(0.1, 0.95), size * 0.16, size * 0.08) for _ in range(16)])
    b.rect(x - size * 0.68, foot - size * 1.05, size * 1.36, size * 0.1, shade(grey, light=0.07))
    b.arch(shade(grey, light=-0.26), x, foot, size * 0.78, size * 0.74, rise=0.6)
    b.glow(x, foot - size * 0.2, size * 1.3, size * 1.1, "#ff9a3f", 0.6)
    for dx, k in ((-0.16, 0.24), (0.16, 0.22), (0.0, 0.34)):
        stone.flame(b, x + dx * size, foot - size * 0.08, size * k)
    wood = b.tone("#5f4030")
    b.cells(wood, [(x - size * 0.28, foot - size * 0.1, size * 0.56, size * 0.07), (x - size * 0.22, foot - size * 0.04, size * 0.44, size * 0.05)])


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
        b.dots(b.tone("#fdf3dc"), [(cx - u * 0.9, foot - u * 3.7, u * 0.8), (cx, foot - u * 4, u * 0.9), (cx + u * 0.9, foot - u * 3.7, u * 0.8)])


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


def underwater(stage: Stage) -> Floor:
    """Blue depths with light from above, reefs, corals and weed; a wreck, ruins or an arch in the haze."""
    b = Backdrop(stage)
    hues = b.rng.choice((("#7fe0e6", "#2f9fc4", "#155a8a"), ("#8fd8f0", "#3f86c9", "#1f3f86"), ("#a0ecd2", "#2fa59a", "#125a68")))
    top, mid, deep = (b.tone(c) for c in hues)
    b.canvas.fill_all(b.canvas.linear([(0, top, 1), (0.45, mid, 1), (1, deep, 1)]))
    sx = b.x + b.side * b.w * b.some(0.05, 0.3)
    b.glow(sx, -b.h * 0.02, b.w * 0.6, b.h * 0.42, mix(top, "#ffffff", 0.5), 0.7)
    for _ in range(6):
        lean = b.some(-0.25, 0.25) * b.w
        b.beam(sx + lean * 0.3, -5, sx + lean * 1.6, b.h * b.some(0.6, 0.85), b.w * b.some(0.08, 0.2), "#ffffff", b.some(0.08, 0.2), 0.4)
    sand = b.h * b.some(0.74, 0.8)
    for i in range(3):
        tone = mix(deep, mid, 0.72 - 0.27 * i)
        for side in (-1, 1):
            w = b.w * b.some(0.2, 0.36) * (1 - 0.16 * i)
            high = b.h * b.some(0.2, 0.48) * (1 - 0.2 * i)
            edge = b.x + side * b.w * 0.52
            line = [(edge + side * 40, sand - high), (edge - side * w * 0.25, sand - high * b.some(0.85, 1.05)), (edge - side * w * 0.55, sand - high * 0.6), (edge - side * w * 0.7, sand - high * 0.34), (edge - side * w * 1.25, sand + 10), (edge + side * 40, sand + 30)]
            b.blob(b.down(tone, mix(tone, deep, 0.4)), line)
        if i == 0:
            _sunken(b, b.x + b.side * b.w * b.some(0.1, 0.26), sand + b.u * 2, b.u * b.some(20, 28), mix(deep, mid, 0.5))
    ground = mix(b.tone("#e3d3a3"), mid, 0.35)
    for i in range(2):
        line = stage.ridge(f"sand {i}", sand + b.h * 0.035 * i, b.h * 0.014, steps=6)
        b.canvas.under(line, b.down(shade(ground, light=0.04 * i), mix(ground, deep, 0.4)))
    b.cells(shade(ground, light=0.07), [(b.some(0, 1) * b.w, sand + b.h * b.some(0.06, 0.22), b.u * b.some(4, 12), b.u * 0.3) for _ in range(14)], 0.4)
    tones = [b.accent(("#ff7a6b", "#ff9f5a", "#f26fae", "#b57ae8", "#ffd05a", "#5fe0b0")) for _ in range(4)]
    for side in (-1, 1):
        for k in range(b.rng.randint(4, 6)):
            x, y, size = b.x + side * b.w * b.some(0.26, 0.5), sand + b.h * b.some(0.03, 0.16), b.u * b.some(8, 17)
            (_weed, _fan, _tubes, _branch, _brain)[b.rng.randrange(5)](b, x, y, size, mix(b.rng.choice(tones), mid, 0.1 + 0.05 * (k % 3)))
    b.dots("#ffffff", [(b.some(0, b.w), b.h * b.some(0.05, 0.9), b.u * b.some(0.2, 0.9)) for _ in range(26)], 0.28)
    for _ in range(b.rng.randint(5, 9)):
        fx, fy, s = b.some(0.05, 0.95) * b.w, b.h * b.some(0.16, 0.6), b.u * b.some(0.9, 1.7)
        b.path(mix(deep, mid, 0.45), "M# #q# # # 0q# # # 0M# #l# #v#Z", fx - 2 * s, fy, 2 * s, -1.3 * s, 4 * s, -2 * s, 1.3 * s, -4 * s, fx - 1.7 * s * b.side, fy, -1.5 * s * b.side, -s, 2 * s, opacity=0.8)
    return Floor(far=sand + b.h * 0.06, near=b.h * 0.93, footing="none", shade=0.25, sun=0.5, veil=mid)


def _sunken(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    kind = b.rng.randrange(4)
    if kind == 0:
        b.path(tone, "M# #L# #Q# # # #L# #Z", x - size, foot, x - size * 1.1, foot - size * 0.5, x, foot - size * 0.16, x + size * 1.2, foot - size * 0.72, x + size * 0.9, foot)
        b.line(tone, size * 0.06, "M# #L# #M# #L# #M# #L# #", x, foot - size * 0.2, x + size * 0.1, foot - size * 1.3, x - size * 0.4, foot - size * 0.9, x + size * 0.6, foot - size * 1.02, x - size * 0.6, foot - size * 0.3, x - size * 0.56, foot - size * 0.9)
    elif kind == 1:
        for dx, high in ((-0.7, 0.9), (-0.2, 1.3), (0.35, 0.6), (0.85, 1.1)):
            stone.column(b, x + dx * size, foot, size * 0.2, size * high, tone)
    elif kind == 2:
        b.line(tone, size * 0.36, "M# #Q# # # #", x - size * 0.8, foot, x - size * 0.1, foot - size * 2.0, x + size * 0.8, foot)


def _weed(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    green = mix(tone, b.tone("#3fae7a"), 0.85)
    for k in range(4):
        bx, tall, bend = x + (k - 1.5) * size * 0.16, size * b.some(1.0, 1.9), size * 0.16 * b.rng.choice((-1, 1))
        b.path(shade(green, light=b.some(-0.06, 0.03)), "M# #C# # # # # #C# # # # # #Z", bx - size * 0.05, foot, bx + bend - size * 0.1, foot - tall * 0.35, bx - bend - size * 0.06, foot - tall * 0.7, bx + bend, foot - tall, bx - bend + size * 0.12, foot - tall * 0.65,
               bx + bend + size * 0.08, foot - tall * 0.35, bx + size * 0.06, foot)  # fmt: skip


def _fan(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    b.path(shade(tone, light=-0.05), "M# #Q# # # #Q# # # #Q# # # #Z", x, foot, x - size * 0.7, foot - size * 0.4, x - size * 0.5, foot - size * 0.85, x, foot - size * 1.25, x + size * 0.5, foot - size * 0.85, x + size * 0.7, foot - size * 0.4, x, foot)
    b.line(shade(tone, light=0.05), size * 0.045, "M# #" + "L# #M# #" * 4 + "L# #", *[v for dx, dy in ((-0.42, 0.7), (-0.22, 0.95), (0.0, 1.05), (0.22, 0.95), (0.42, 0.7)) for v in (x, foot, x + dx * size, foot - dy * size)])


def _tubes(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    for dx, high in ((-0.3, 0.7), (0.3, 0.85), (0.0, 1.1)):
        w = size * 0.24
        b.rect(x + dx * size - w / 2, foot - high * size, w, high * size + size * 0.1, b.drum(tone), round_by=w * 0.3)
        b.oval(x + dx * size, foot - high * size, w * 0.5, w * 0.24, shade(tone, light=-0.16))


def _branch(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    w = size * 0.13
    for dx, dy, mx in ((-0.5, 0.8, -0.5), (0.5, 0.7, 0.5), (-0.18, 1.15, -0.1), (0.24, 1.05, 0.1), (0.0, 0.9, 0.0)):
        b.line(tone, w, "M# #Q# # # #", x, foot, x + mx * size, foot - dy * size * 0.5, x + dx * size, foot - dy * size)
        b.line(tone, w * 0.7, "M# #l# #", x + dx * size * 0.8, foot - dy * size * 0.72, (0.16 if dx <= 0 else -0.16) * size, -size * 0.22)


def _brain(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    r = size * 0.55
    b.path(tone, "M# #A# # 0 0 1 # #Z", x - r, foot + r * 0.1, r, r * 0.86, x + r, foot + r * 0.1)
    b.line(shade(tone, light=-0.07), r * 0.1, "M# #q# # # #t# #M# #q# # # #t# #", x - r * 0.7, foot - r * 0.24, r * 0.3, -r * 0.4, r * 0.6, 0, r * 0.6, 0, x - r * 0.4, foot - r * 0.56, r * 0.2, -r * 0.24, r * 0.4, 0, r * 0.4, 0)


def alien_planet(stage: Stage) -> Floor:
    """A strange sky with moons, spires or arches of rock, glowing plants and crystals."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.58, 0.66)
    hues = b.rng.choice((("#3b2a72", "#c2568f", "#ffb08a", "#8a4f7a", "#5fe0d0"), ("#123f5a", "#3fa59a", "#d9f0a0", "#3f6f6a", "#ff8fc0"), ("#5a2038", "#d9603f", "#ffd58a", "#9a4a3a", "#7fe06a"),
                         ("#1f2460", "#6a5fd0", "#e0b0ff", "#4f4a8a", "#ffd05f"), ("#2a4a2f", "#8fae3f", "#f4f0a8", "#6a7a3f", "#c07fff")))  # fmt: skip
    high, mid, low, rock, glow = (b.tone(c) for c in hues)
    b.canvas.fill_all(b.canvas.linear([(0, high, 1), (0.36, mid, 1), (horizon / b.full, low, 1)]))
    stars(stage, horizon * 0.6, b.rng.randint(20, 40))
    for k in range(b.rng.randint(1, 3)):
        r = b.u * b.some(16, 25) if k == 0 else b.u * b.some(3, 7)
        x, y = b.x + (b.side if k != 1 else -b.side) * b.w * b.some(0.14, 0.4), horizon * (b.some(0.3, 0.6) if k == 0 else b.some(0.1, 0.4))
        tone = mix(low if k else mid, "#ffffff", 0.3 - 0.12 * (k == 0))
        b.glow(x, y, r * 1.6, r * 1.6, tone, 0.35)
        b.oval(x, y, r, r, b.canvas.radial([(0, shade(tone, light=0.06), 1), (0.6, tone, 1), (1, mix(tone, mid, 0.7), 1)], (0.5 - 0.2 * b.side, 0.35), 0.75))
        b.dots(shade(tone, light=-0.04), [(x + r * dx, y + r * dy, r * s) for dx, dy, s in ((-0.3, 0.2, 0.14), (0.36, -0.3, 0.1), (0.1, 0.5, 0.18), (-0.1, -0.5, 0.08))], 0.7)
        if k == 0 and b.odds(0.5):
            turn = b.some(-22, 22)
            b.canvas.add(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{r * 1.75:.1f}" ry="{r * 0.34:.1f}" fill="none" stroke="{low}" stroke-width="{r * 0.1:.2f}" opacity="0.8" transform="rotate({turn:.1f} {x:.1f} {y:.1f})"/>')
    kind = b.rng.randrange(3)
    for i in range(3):
        tone = mix(mix(rock, high, 0.2 * i), low, 0.72 - 0.3 * i)
        line = stage.ridge(f"rock {i}", horizon - b.h * (0.02 - 0.045 * i), b.h * 0.03, steps=7)
        for x in b.spread(b.rng.randint(3, 6), 0.45):
            if i and abs(x - b.x) < b.w * (0.12 + 0.1 * i):
                continue
            _spire(b, x, line_y(line, x) + b.u * 2, b.h * b.some(0.1, 0.3) * (1 - 0.12 * i), tone, kind)
        b.canvas.under(line, b.down(tone, mix(tone, low, 0.25)))
    near = mix(rock, high, 0.3)
    top = horizon + b.h * 0.1
    b.canvas.under(stage.ridge("near", top, b.h * 0.015, steps=6), b.down(shade(near, light=0.05), shade(near, light=-0.06)))
    for _ in range(b.rng.randint(4, 7)):
        x, y, r = b.some(0, b.w), b.some(top + b.h * 0.05, b.h * 0.97), b.u * b.some(2, 6)
        b.oval(x, y, r, r * 0.24, shade(near, light=-0.06), 0.8)
        b.oval(x, y + r * 0.05, r * 0.84, r * 0.17, shade(near, light=-0.025), 0.9)
    for side in (-1, 1):
        for k in range(b.rng.randint(2, 4)):
            x, y = b.x + side * b.w * b.some(0.27, 0.5), top + b.h * b.some(0.02, 0.16)
            (_bulb, _crystal, _coil)[(b.rng.randrange(3))](b, x, y, b.u * b.some(8, 17), shade(glow, hue=b.some(-25, 25)), shade(near, light=-0.05))
            del k
    return Floor(far=top + b.h * 0.07, near=b.h * 0.93, shade=0.45, sun=0.5 + 0.25 * b.side)


def _spire(b: Backdrop, x: float, foot: float, high: float, tone: str, kind: int) -> None:
    w = high * b.some(0.14, 0.24)
    if kind == 0:
        b.path(tone, "M# #Q# # # #Q# # # #Z", x - w * 1.4, foot, x - w * 0.3, foot - high * 0.5, x + w * 0.1, foot - high, x + w * 0.5, foot - high * 0.5, x + w * 1.4, foot)
    elif kind == 1:
        b.line(tone, w, "M# #Q# # # #", x - w * 1.8, foot, x - w * 0.2, foot - high * 1.7, x + w * 1.8, foot)
    else:
        b.path(tone, "M# #Q# # # #H#Q# # # #Z", x - w * 0.6, foot, x - w * 0.2, foot - high * 0.5, x - w * 0.5, foot - high * 0.8, x + w * 0.5, x + w * 0.2, foot - high * 0.5, x + w * 0.6, foot)
        b.oval(x, foot - high * 0.84, w * 1.5, high * 0.1, shade(tone, light=0.02))


def _bulb(b: Backdrop, x: float, foot: float, size: float, glow: str, stem: str) -> None:
    for dx, high, r in ((-0.3, 0.7, 0.18), (0.34, 0.55, 0.14), (0.02, 1.1, 0.24)):
        b.line(stem, size * 0.07, "M# #Q# # # #", x, foot, x + dx * size * 0.2, foot - high * size * 0.6, x + dx * size, foot - high * size)
        b.glow(x + dx * size, foot - high * size, r * size * 2.6, r * size * 2.6, glow, 0.5)
        b.oval(x + dx * size, foot - high * size, r * size, r * size, b.canvas.radial([(0, shade(glow, light=0.14), 1), (1, glow, 1)], (0.4, 0.35), 0.7))


def _crystal(b: Backdrop, x: float, foot: float, size: float, glow: str, stem: str) -> None:
    del stem
    b.glow(x, foot - size * 0.5, size * 1.2, size, glow, 0.4)
    for dx, high, lean in ((-0.34, 0.7, -0.24), (0.36, 0.8, 0.22), (0.0, 1.25, 0.03)):
        cx, w, top = x + dx * size, size * 0.17, foot - high * size
        tip = cx + lean * size
        b.poly(shade(glow, light=0.06), (cx - w, foot), (cx - w + lean * size * 0.7, top + w * 1.6), (tip, top), (cx + lean * size * 0.75, top + w * 2), (cx, foot))
        b.poly(shade(glow, light=-0.1), (cx + w, foot), (cx + w + lean * size * 0.7, top + w * 1.6), (tip, top), (cx + lean * size * 0.75, top + w * 2), (cx, foot))


def _coil(b: Backdrop, x: float, foot: float, size: float, glow: str, stem: str) -> None:
    for side, high in ((-1, 1.0), (1, 0.7)):
        cx, cy = x + side * size * 0.25, foot - size * high
        b.line(shade(stem, light=0.04), size * 0.1, "M# #C# # # # # #A# # 0 1 # # #", x, foot, x, foot - size * high * 0.6, cx - side * size * 0.3, cy, cx, cy - size * 0.1, size * 0.16, size * 0.16, 1 if side > 0 else 0, cx, cy + size * 0.2)
        b.dots(glow, [(cx, cy + size * 0.06, size * 0.06)])
