"""Drawn places of a town: rooftop, harbour, market, festival, Chinese garden, temple."""

from __future__ import annotations

from pipelines.image.illustration import parts_east as east
from pipelines.image.illustration import parts_quay as quay
from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration import parts_town as town
from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.land import layer, mountain_range
from pipelines.image.illustration.parts_room import floor as paved
from pipelines.image.illustration.parts_room import plant
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage, line_y

BRIGHT = ("#d94f45", "#2f8f83", "#e0a03a", "#3f6fb0", "#b5587a", "#6f9a4a")


def rooftop(stage: Stage) -> Floor:
    """Above a city: a parapet, tanks and vents, plants, strings of lamps."""
    b = Backdrop(stage)
    edge = b.h * b.some(0.62, 0.7)
    sun = paint_sky(stage, edge)
    for depth, tall in ((0.92, b.some(0.3, 0.46)), (0.7, b.some(0.22, 0.36)), (0.45, b.some(0.1, 0.2))):
        town.skyline(b, edge + b.u * 2, b.h * tall, depth, 9 + 5 * (1 - depth))
    deck = b.pick(("#b9a99a", "#a8a6a4", "#b58c68", "#c4b8a6"))
    paved(b, edge, deck, b.rng.choice(("tiles", "boards", "checks")))
    wall = b.pick(("#9a8f88", "#a5705a", "#8a949c"))
    high = b.u * b.some(6, 10)
    if b.odds(0.6):
        b.rect(-2, edge - high, b.w + 4, high, b.down(wall, shade(wall, light=-0.05)))
        b.rect(-2, edge - high - b.u, b.w + 4, b.u * 1.6, shade(wall, light=0.06))
    else:
        stone.fence(b, edge, high * 1.2, b.tone("#4a525c"), False)
        b.rect(0, edge - high, b.w, high, b.glass, 0.2)
    s = b.side
    if b.odds(0.7):
        _tank(b, b.x + s * b.w * b.some(0.34, 0.42), edge + b.h * 0.02, b.u * b.some(20, 26))
    else:
        _hut(b, b.x + s * b.w * b.some(0.36, 0.44), edge + b.h * 0.03, b.u * b.some(24, 30), wall)
    x = b.x - s * b.w * b.some(0.34, 0.44)
    if b.odds(0.5):
        metal = b.tone("#b9c0c6")
        b.shadow(x, edge + b.h * 0.06, b.u * 11, b.u * 1.4, 0.3)
        b.rect(x - b.u * 9, edge + b.h * 0.06 - b.u * 12, b.u * 18, b.u * 12, b.drum(metal), round_by=b.u)
        b.canvas.ring(x, edge + b.h * 0.06 - b.u * 6, b.u * 4, shade(metal, light=-0.18), b.u)
        b.cells(
            shade(metal, light=-0.15), [(x - b.u * 4, edge + b.h * 0.06 - b.u * (6 - k), b.u * 8, b.u * 0.3) for k in (-2, -1, 0, 1, 2)]
        )
    else:
        for k in range(3):
            plant(b, x + (k - 1) * b.u * 9, edge + b.h * b.some(0.04, 0.08), b.u * b.some(13, 20))
    if b.odds(0.7):
        tones = [b.accent(BRIGHT) for _ in range(4)]
        kind = b.rng.choice(("bulbs", "bulbs", "flags", "lanterns"))
        top = max(edge - b.u * 52, b.u * 6)
        poles = (b.w * 0.03, b.x + b.some(-0.1, 0.1) * b.w, b.w * 0.97)
        b.cells(b.tone("#4a4a52"), [(p - b.u * 0.4, top, b.u * 0.8, edge - top) for p in (poles[0], poles[2])])
        stone.garland(
            b, poles[0], top, poles[2], top + b.some(-4, 4) * b.u, b.u * b.some(9, 16), kind, tones, b.u * (5 if kind == "lanterns" else 3)
        )
    return Floor(far=edge + b.h * 0.09, near=b.h * 0.94, sun=sun)


def _tank(b: Backdrop, x: float, foot: float, size: float) -> None:
    wood = b.tone("#8f6a50")
    legs = shade(wood, light=-0.1)
    b.shadow(x, foot, size * 0.5, size * 0.07, 0.3)
    b.cells(legs, [(x + size * v - size * 0.02, foot - size * 0.6, size * 0.045, size * 0.6) for v in (-0.3, -0.1, 0.1, 0.28)])
    b.line(
        legs,
        size * 0.025,
        "M# #L# #M# #L# #",
        x - size * 0.3,
        foot,
        x + size * 0.28,
        foot - size * 0.55,
        x + size * 0.28,
        foot,
        x - size * 0.3,
        foot - size * 0.55,
    )
    b.rect(x - size * 0.38, foot - size * 1.2, size * 0.76, size * 0.64, b.drum(wood))
    b.cells(shade(wood, light=-0.07), [(x - size * 0.38, foot - size * v, size * 0.76, size * 0.02) for v in (0.7, 0.9, 1.1)])
    b.poly(
        b.drum(shade(wood, light=-0.05)),
        (x - size * 0.43, foot - size * 1.19),
        (x, foot - size * 1.48),
        (x + size * 0.43, foot - size * 1.19),
    )


def _hut(b: Backdrop, x: float, foot: float, size: float, wall: str) -> None:
    b.rect(x - size * 0.5, foot - size, size, size, b.over(shade(wall, light=0.03), shade(wall, light=-0.04)))
    b.rect(x - size * 0.55, foot - size * 1.06, size * 1.1, size * 0.1, shade(wall, light=0.06))
    b.rect(x - size * 0.3, foot - size * 0.66, size * 0.34, size * 0.66, b.accent(BRIGHT))
    b.rect(x + size * 0.14, foot - size * 0.66, size * 0.24, size * 0.24, b.lamp if b.lit else b.glass)


def harbour(stage: Stage) -> Floor:
    """A quay by the water: painted houses or cranes across it, boats at anchor, a lighthouse, bollards and crates."""
    b = Backdrop(stage)
    shore, kerb = b.h * b.some(0.46, 0.52), b.h * b.some(0.7, 0.76)
    sun = paint_sky(stage, shore)
    layer(stage, stage.ridge("coast", shore - b.h * 0.05, b.h * 0.05), "#7f9fa5", 0.85)
    s = b.side
    if b.odds(0.65):
        quay.waterfront(b, shore, b.u * b.some(15, 20))
    else:
        town.skyline(b, shore, b.h * 0.12, 0.8)
        for k in range(b.rng.randint(2, 3)):
            quay.crane(
                b,
                b.w * (0.12 + 0.36 * k + b.some(-0.05, 0.05)),
                shore,
                b.u * b.some(26, 36),
                b.accent(("#d9603f", "#e0a03a", "#3f7fae"), 0.35),
            )
    near, far = b.tone("#2f86ae"), mix(b.tone("#79c0d9", 0.35), b.light.sky[2], 0.35)
    b.rect(-2, shore - 1, b.w + 4, kerb - shore + 4, b.down(far, near))
    b.cells(
        "#ffffff",
        [(b.some(0, 1) * b.w, shore + (kerb - shore) * b.some(0.05, 0.98), b.u * b.some(2, 9), b.u * 0.28) for _ in range(34)],
        0.32,
    )
    b.glow(sun * b.w, shore + b.u * 6, b.u * 12, (kerb - shore) * 0.7, b.light.glow, 0.4)
    if b.odds(0.5):
        quay.lighthouse(b, b.x + s * b.w * b.some(0.38, 0.47), shore + b.h * 0.03, b.u * b.some(34, 44))
    for k in range(b.rng.randint(2, 4)):
        x = b.x + (s if k % 2 else -s) * b.w * b.some(0.2, 0.46)
        quay.boat(b, x, shore + (kerb - shore) * b.some(0.3, 0.85), b.u * b.some(13, 22), b.accent(BRIGHT, 0.1), b.rng.randrange(3))
    kind = b.rng.choice(("boards", "tiles"))
    paved(b, kerb, b.pick(("#b08a66", "#a8a29a")) if kind == "boards" else b.tone("#aeaaa4"), kind)
    edge = b.tone("#7a6a5c")
    b.rect(-2, kerb - b.u * 0.4, b.w + 4, b.u * 2.2, edge)
    for x in (0.1, 0.3, 0.7, 0.9):
        bx = b.w * x + b.some(-2, 2) * b.u
        b.rect(bx - b.u * 1.3, kerb - b.u * 3.6, b.u * 2.6, b.u * 4.4, b.drum(b.tone("#4a4f58")), round_by=b.u * 0.6)
        b.rect(bx - b.u * 1.8, kerb - b.u * 4.2, b.u * 3.6, b.u * 1.5, b.tone("#5a606a"), round_by=b.u * 0.7)
    x = b.x - s * b.w * b.some(0.36, 0.46)
    for k in range(b.rng.randint(1, 4)):
        size = b.u * b.some(7, 9)
        if b.odds(0.6):
            stone.crate(b, x + (k % 2) * size * 1.08 - size, kerb + b.h * 0.06 - (k // 2) * size, size, b.tone("#a8784f"))
        else:
            stone.barrel(b, x + (k - 1) * size * 0.8, kerb + b.h * 0.07, size * 1.3, b.tone("#8f623f"))
    return Floor(far=kerb + b.h * 0.06, near=b.h * 0.94, sun=sun, water=(shore + (kerb - shore) * 0.3, kerb - b.h * 0.025))


def market(stage: Stage) -> Floor:
    """Stalls under striped awnings along both sides of a square, goods in heaps, strings of flags or lamps above."""
    b = Backdrop(stage)
    foot = b.h * b.some(0.6, 0.67)
    sun = paint_sky(stage, foot)
    kind = b.rng.randrange(3)
    if kind == 0:
        town.skyline(b, foot, b.h * 0.26, 0.8)
    else:
        walls, roofs = ("#e6cfae", "#d9b08c", "#c98b6b", "#cdd6c4"), ("#a5573f", "#7f5f55", "#6f7a8a")
        for x in b.spread(b.rng.randint(6, 9), 0.25):
            quay.row_house(b, x, foot + b.u, b.u * b.some(15, 21), b.h * b.some(0.2, 0.34), b.pick(walls, 0.45), b.pick(roofs, 0.45))
    paved(b, foot, b.pick(("#cfbfa8", "#c4bdb4", "#d4b896")), b.rng.choice(("tiles", "plain", "checks")))
    stone.stones(b, foot + b.u * 2, b.full, b.tone("#c4b29a"), 40)
    goods = [b.accent(("#e2574c", "#f0a030", "#f5cb2e", "#6aa84c", "#8448c4", "#d98a5a")) for _ in range(6)]
    for x in b.spread(b.rng.randint(3, 5), 0.2):
        if abs(x - b.x) > b.w * 0.1:
            quay.stall(b, x, foot + b.h * 0.025, b.u * b.some(15, 18), b.accent(BRIGHT, 0.3), goods, 0.3)
    for side in (-1, 1):
        x, y = b.x + side * b.w * b.some(0.37, 0.44), foot + b.h * b.some(0.1, 0.14)
        quay.stall(b, x, y, b.u * b.some(27, 32), b.accent(BRIGHT), goods, 0.0)
        if b.odds(0.6):
            stone.crate(b, x - side * b.u * 17 - b.u * 4, y + b.h * 0.02, b.u * 7, b.tone("#a8784f"))
            b.dots(
                b.rng.choice(goods),
                [(x - side * b.u * 17 - b.u * 4 + b.u * (1.2 + 1.6 * k), y + b.h * 0.02 - b.u * 7.4, b.u * 1.1) for k in range(4)],
            )
    tones = [b.accent(BRIGHT) for _ in range(4)]
    for k in range(b.rng.randint(1, 3)):
        y = max(foot - b.u * (46 - 8 * k), b.u * 4)
        stone.garland(
            b,
            -b.u * 2,
            y + b.some(-5, 5) * b.u,
            b.w + b.u * 2,
            y + b.some(-5, 5) * b.u,
            b.u * b.some(5, 12),
            b.rng.choice(("flags", "bulbs", "flags")),
            tones,
            b.u * 3.6,
        )
    return Floor(far=foot + b.h * 0.11, near=b.h * 0.94, sun=sun)


def festival(stage: Stage) -> Floor:
    """A fairground, a lantern night or fireworks over a square: the seed says which."""
    b = Backdrop(stage)
    foot = b.h * b.some(0.62, 0.68)
    sun = paint_sky(stage, foot, disc=b.odds(0.5))
    kind, s = b.rng.randrange(3), b.side
    layer(stage, stage.ridge("crowd trees", foot - b.h * 0.05, b.h * 0.03), "#6f9f8a", 0.7)
    tones = [b.accent(("#e2574c", "#f0a030", "#f5cb2e", "#3fa7a0", "#8a5fc0", "#ef7fae")) for _ in range(5)]
    if b.light.dark or kind == 2:
        for _ in range(b.rng.randint(3, 5)):
            quay.firework(
                b,
                b.some(0.08, 0.92) * b.w,
                foot * b.some(0.1, 0.5),
                b.u * b.some(8, 16),
                b.rng.choice(tones) if not b.light.dark else shade(b.rng.choice(tones), light=0.12),
            )
    if kind == 0:
        quay.ferris_wheel(b, b.x + s * b.w * b.some(0.2, 0.34), foot, b.u * b.some(26, 34), tones)
        quay.big_top(b, b.x - s * b.w * b.some(0.24, 0.36), foot + b.u, b.u * b.some(26, 34), tones)
    elif kind == 1:
        for x in b.spread(b.rng.randint(4, 6), 0.2):
            east.hall(b, x, foot + b.u, b.u * b.some(13, 18), b.tone("#b5483f", 0.4), b.tone("#4f5f66", 0.4), b.rng.randint(1, 2))
    else:
        town.skyline(b, foot + b.u, b.h * b.some(0.14, 0.24), 0.6)
    for x in b.spread(b.rng.randint(3, 5), 0.25):
        if abs(x - b.x) > b.w * 0.14:
            quay.stall(b, x, foot + b.h * 0.03, b.u * b.some(14, 18), b.rng.choice(tones), tones, 0.15)
    paved(b, foot + b.h * 0.02, b.pick(("#c9b49a", "#b3a79d", "#a9c07a")), b.rng.choice(("plain", "tiles")))
    hang = "lanterns" if kind == 1 else b.rng.choice(("flags", "bulbs", "flags"))
    reds = tones if kind != 1 else [b.tone("#d93a2f"), b.tone("#e8622f"), b.tone("#c92f3f")]
    for k in range(b.rng.randint(2, 3)):
        y = max(foot - b.u * (54 - 11 * k), b.u * 3)
        stone.garland(
            b,
            -b.u * 3,
            y + b.some(-5, 3) * b.u,
            b.w + b.u * 3,
            y + b.some(-5, 3) * b.u,
            b.u * b.some(6, 13),
            hang,
            reds,
            b.u * (6.5 - k if kind == 1 else 4),
        )
    bits = [(b.some(0, b.w), b.some(foot + b.h * 0.05, b.full), b.u * b.some(0.7, 1.3), b.u * b.some(0.3, 0.6)) for _ in range(40)]
    for k, tone in enumerate(tones):
        b.cells(tone, bits[k::5], 0.8)
    for side in (-1, 1):
        quay.stall(
            b, b.x + side * b.w * b.some(0.39, 0.46), foot + b.h * b.some(0.11, 0.15), b.u * b.some(25, 30), b.rng.choice(tones), tones, 0.0
        )
    return Floor(far=foot + b.h * 0.1, near=b.h * 0.94, sun=sun)


def chinese_garden(stage: Stage) -> Floor:
    """A white wall with a moon gate or a lattice, a pavilion over a pond, scholar's rocks, bamboo, plum or willow."""
    b = Backdrop(stage)
    foot, s = b.h * b.some(0.6, 0.67), b.side
    sun = paint_sky(stage, foot)
    if b.odds(0.6):
        mountain_range(stage, "garden range", foot - b.h * 0.1, b.h * 0.22, 0.92, sun)
        b.mist(foot - b.h * 0.12, b.h * 0.08, 0.7)
    line = stage.ridge("garden trees", foot - b.h * 0.12, b.h * 0.05, steps=9)
    layer(stage, line, "#6f9f80", 0.62)
    kind = b.rng.randrange(3)
    plaster, tile = b.tone("#f4f1ea", 0.1), b.tone("#4a5558", 0.1)
    if kind != 2:
        east.garden_wall(b, foot, b.u * b.some(30, 36), plaster, tile, b.x + b.side * b.w * (0.0 if kind == 0 else 0.3), kind == 0)
    red = b.tone(b.rng.choice(("#a8433a", "#8a4a3a", "#6a4a3f")), 0.15)
    if kind != 0:
        east.hall(b, b.x + s * b.w * b.some(0.24, 0.32), foot + b.u * 2, b.u * b.some(24, 30), red, tile, b.rng.choice((1, 1, 2)))
    if kind == 2:
        east.hall(b, b.x - s * b.w * b.some(0.3, 0.42), foot, b.u * b.some(16, 20), b.tone("#a8433a", 0.4), b.tone("#4a5558", 0.4), 2)
    lawn = b.pick(("#8fb56a", "#a3b57a", "#c4bba4"))
    b.ground(foot, mix(lawn, b.light.haze, 0.25), shade(lawn, light=-0.03))
    if kind:
        east.pond(b, b.x - s * b.w * 0.22, foot + b.h * 0.07, b.w * b.some(0.34, 0.46), b.h * b.some(0.035, 0.05))
        if b.odds(0.6):
            east.arched_bridge(b, b.x - s * b.w * b.some(0.26, 0.36), foot + b.h * 0.07, b.u * b.some(15, 19), red)
    b.path(
        b.tone("#d6cdbb"),
        "M# #C# # # # # #H#C# # # # # #Z",
        b.x + s * b.u * 4 - b.u * 4,
        foot + b.u,
        b.x - b.u * 12,
        foot + b.h * 0.14,
        b.x - b.w * 0.2,
        b.h * 0.86,
        b.x - b.w * 0.24,
        b.full + 2,
        b.x + b.w * 0.24,
        b.x + b.w * 0.2,
        b.h * 0.86,
        b.x + b.u * 12,
        foot + b.h * 0.14,
        b.x + s * b.u * 4 + b.u * 4,
        foot + b.u,
    )
    for side in (-1, 1):
        x, y = b.x + side * b.w * b.some(0.38, 0.47), foot + b.h * b.some(0.08, 0.15)
        draw = b.rng.randrange(4)
        if draw == 0:
            east.bamboo(b, x, y + b.h * 0.04, b.h * b.some(0.55, 0.75), side)
        elif draw == 1:
            east.plum(b, x + side * b.u * 4, y, b.h * b.some(0.4, 0.5), -side, b.accent(("#f2a0b8", "#e8627a", "#fbe6ea")))
        elif draw == 2:
            east.scholar_rock(b, x, y, b.u * b.some(16, 24))
        else:
            east.willow(b, x + side * b.u * 5, y, b.h * b.some(0.5, 0.62), -side)
        east.scholar_rock(b, x - side * b.u * 8, y + b.h * 0.03, b.u * b.some(5, 8))
        b.canvas.add(plants.bush(b.rng, x, y + b.h * 0.03, b.u * 9, b.tone("#5f9a5a")))
    if b.odds(0.5):
        for k in range(3):
            x, y = b.x + (k - 1) * b.w * 0.3 + b.some(-3, 3) * b.u, b.h * b.some(0.1, 0.18)
            b.rect(x - b.u * 0.1, -2, b.u * 0.2, y, b.tone("#5a4030"))
            stone.lantern(b, x, y, b.u * b.some(7, 9), b.tone("#d93a2f"))
    return Floor(far=foot + b.h * 0.12, near=b.h * 0.94, sun=sun)


def temple(stage: Stage) -> Floor:
    """A hall on its terrace, a pagoda on a hill or a gate with steps, among pines and mist."""
    b = Backdrop(stage)
    foot, s = b.h * b.some(0.6, 0.66), b.side
    sun = paint_sky(stage, foot)
    mountain_range(stage, "temple range", foot, b.h * b.some(0.22, 0.34), 0.88, sun)
    b.mist(foot - b.h * 0.08, b.h * 0.1, 0.7)
    line = stage.ridge("temple hill", foot - b.h * 0.03, b.h * 0.05, steps=7)
    kind = b.rng.randrange(3)
    red, tile = b.tone(b.rng.choice(("#b5453a", "#9a4a38", "#8a3f3f")), 0.15), b.tone(b.rng.choice(("#d9a23f", "#4a6a62", "#4f5a66")), 0.15)
    if kind == 1 or b.odds(0.35):
        x = b.x + s * b.w * b.some(0.22, 0.36)
        east.pagoda(
            b,
            x,
            line_y(line, x) + b.h * 0.02,
            b.u * b.some(17, 22),
            mix(red, b.light.haze, 0.25),
            mix(tile, b.light.haze, 0.25),
            b.rng.choice((3, 5, 5)),
        )
    layer(stage, line, "#5f8f68", 0.5)
    for x in b.spread(b.rng.randint(7, 12), 0.5):
        if abs(x - b.x) > b.w * 0.12:
            b.canvas.add(
                plants.pine(x, line_y(line, x) + b.h * 0.05, b.h * b.some(0.1, 0.17), b.tone("#4a8a66", 0.4), b.tone("#5f4636", 0.4))
            )
    b.mist(foot, b.h * 0.06, 0.5)
    terrace = b.pick(("#cfc7b8", "#c4bfb8", "#d4c4a8"))
    paved(b, foot + b.h * 0.03, terrace, b.rng.choice(("tiles", "plain", "tiles")))
    hx = b.x if kind != 1 else b.x - s * b.w * 0.26
    size = b.u * (b.some(33, 40) if kind == 0 else b.some(22, 26))
    if kind == 2:
        east.gate(b, b.x, foot + b.h * 0.035, b.u * b.some(38, 46), red, tile)
    else:
        wide = size * 0.98
        b.cells(
            shade(terrace, light=0.03),
            [(hx - wide * (1 + 0.05 * k), foot + b.u * (1 + 1.5 * k), wide * (2 + 0.1 * k), b.u * 1.5) for k in range(3)],
        )
        b.cells(
            shade(terrace, light=-0.07),
            [(hx - wide * (1 + 0.05 * k), foot + b.u * (2.2 + 1.5 * k), wide * (2 + 0.1 * k), b.u * 0.35) for k in range(3)],
        )
        east.hall(b, hx, foot + b.u, size, red, tile, b.rng.choice((1, 2, 2)))
    for side in (-1, 1):
        x, y = b.x + side * b.w * b.some(0.34, 0.42), foot + b.h * b.some(0.1, 0.14)
        (east.stone_lantern, east.incense, east.stone_lantern)[b.rng.randrange(3)](b, x, y, b.u * b.some(12, 16))
        if b.odds(0.4):
            east.plum(b, b.x + side * b.w * 0.5, y, b.h * b.some(0.42, 0.5), -side, b.accent(("#f2a0b8", "#f0b04f", "#e8627a")))
    return Floor(far=foot + b.h * 0.12, near=b.h * 0.94, sun=sun)
