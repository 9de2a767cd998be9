"""Drawn places of work with machines: laboratory, factory, spaceship."""

from __future__ import annotations

from pipelines.image.illustration import parts_room as part
from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration.backdrop import AROUND, Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.stage import Floor, Stage

SHOW = (
    ("#ff4f8b", "#5f6bff", "#2fd0e0"),
    ("#ff9a3f", "#ff4f6b", "#8a4fff"),
    ("#3fe0a0", "#3f8fff", "#b05fff"),
    ("#ffd24f", "#ff6b4f", "#4fb0ff"),
)


def laboratory(stage: Stage) -> Floor:
    """Benches with glassware, screens with curves, a cupboard or tanks of glowing liquid."""
    b = Backdrop(stage, inside=True)
    foot, s = b.h * b.some(0.64, 0.7), b.side
    wall = b.pick(("#dbe7ea", "#e6e4ee", "#d3e3dc", "#3f4f66", "#e9e6df"))
    glow = b.accent(("#3fd0c0", "#7fe06a", "#5fb0ff", "#c07fff", "#ff9a5f"))
    part.wall(b, foot, wall, b.rng.choice(("plain", "tiles", "halves")))
    part.floor(b, foot, b.pick(("#c4d0d4", "#b8bcc6", "#cfd4cc")), b.rng.choice(("tiles", "checks", "plain")))
    u, metal = b.u, b.tone("#c6ced6")
    kind = b.rng.randrange(3)
    if kind == 0:
        n = b.rng.randint(3, 5)
        for i in range(n):
            _vat(b, b.x + (i - (n - 1) / 2) * min(b.w * 0.24, u * 24), foot + u, u * b.some(12, 15), u * b.some(40, 50), glow, metal)
    else:
        w = min(b.w * 0.44, u * 46)
        x = b.x - s * b.w * b.some(0.0, 0.16)
        if kind == 1:
            _screen(b, x - w / 2, foot - u * 52, w, u * 28, glow)
        else:
            part.window(b, x - w / 2, foot - u * 54, w, u * 28, metal, b.rng.choice(("city", "trees", "stars")), (3, 1))
        sx = x + s * (w / 2 + u * 18)
        for k in range(3):
            part.shelf(
                b,
                sx - u * 14,
                foot - u * (24 + 13 * k),
                u * 28,
                metal,
                ("bottles", "boxes", "bottles"),
                (glow, "#8fb0c8", "#e0c070", "#d98f8f"),
            )
    for side in (-1, 1):
        _bench(b, b.x + side * b.w * b.some(0.34, 0.42), foot + b.h * b.some(0.03, 0.08), min(b.w * 0.3, u * 36), glow, metal)
    n = b.rng.choice((2, 3))
    for i in range(n):
        x, y = b.x + (i - (n - 1) / 2) * b.w * 0.3, max(foot - u * 64, u)
        b.rect(x - u * 10, y, u * 20, u * 2, metal, round_by=u)
        b.rect(x - u * 9, y + u * 1.6, u * 18, u * 0.9, "#ffffff", 0.9)
        b.beam(x, y + u * 2, x, foot, u * 40, "#ffffff", 0.18, 0.45)
    b.glow(b.x, foot - u * 10, b.w * 0.4, b.h * 0.3, glow, 0.2 if b.day else 0.35)
    return Floor(far=foot + b.h * 0.1, near=b.h * 0.94, shade=0.35, sun=0.5, veil=wall)


def _vat(b: Backdrop, x: float, foot: float, w: float, high: float, glow: str, metal: str) -> None:
    tone = shade(glow, light=b.some(-0.08, 0.04), hue=b.some(-20, 20))
    b.glow(x, foot - high * 0.5, w * 1.3, high * 0.7, tone, 0.4)
    b.rect(x - w / 2, foot - high, w, high, b.drum(mix(tone, "#ffffff", 0.25)), 0.85)
    b.dots("#ffffff", [(x + b.some(-0.38, 0.38) * w, foot - high * b.some(0.12, 0.85), b.u * b.some(0.3, 0.9)) for _ in range(9)], 0.5)
    b.rect(x - w * 0.4, foot - high * 0.88, w * 0.1, high * 0.74, "#ffffff", 0.35, w * 0.05)
    for y, tall in ((foot - high, 0.1), (foot - high * 0.1, 0.12)):
        b.rect(x - w * 0.6, y, w * 1.2, high * tall, b.drum(metal), round_by=b.u * 0.6)
    b.rect(x - w * 0.09, -2, w * 0.18, foot - high + 2, b.drum(shade(metal, light=-0.06)))


def _screen(b: Backdrop, x: float, y: float, w: float, h: float, glow: str) -> None:
    """Curves, bars and a dial: never letters."""
    dark = b.tone("#1f2f42")
    b.rect(x - b.u, y - b.u, w + b.u * 2, h + b.u * 2, b.tone("#8a95a0"), round_by=b.u)
    b.rect(x, y, w, h, b.down(dark, shade(dark, light=0.05)))
    b.cells(glow, [(x, y + h * k / 5, w, b.u * 0.12) for k in range(1, 5)] + [(x + w * k / 8, y, b.u * 0.12, h) for k in range(1, 8)], 0.25)
    values = [v for k in range(11) for v in (x + w * (0.04 + 0.058 * k), y + h * b.some(0.25, 0.75))]
    b.line(glow, b.u * 0.6, "M# #" + "L# #" * 10, *values)
    b.canvas.ring(x + w * 0.83, y + h * 0.36, h * 0.2, glow, b.u * 1.4)
    b.cells(
        mix(glow, "#ffffff", 0.4),
        [(x + w * (0.72 + 0.05 * k), y + h * 0.92 - h * v, w * 0.03, h * v) for k in range(5) for v in (b.some(0.06, 0.26),)],
    )


def _bench(b: Backdrop, x: float, foot: float, w: float, glow: str, metal: str) -> None:
    u, high = b.u, b.u * 15
    white = b.tone("#f1f3f2")
    b.shadow(x, foot, w * 0.55, u * 1.6, 0.3)
    b.rect(x - w / 2, foot - high, w, high, b.down(white, shade(white, light=-0.06)))
    b.cells(shade(white, light=-0.08), [(x - w / 2 + w * k / 3, foot - high, u * 0.3, high) for k in (1, 2)])
    b.cells(metal, [(x - w / 2 + w * (k + 0.3) / 3, foot - high * 0.8, w * 0.13, u * 0.7) for k in range(3)])
    b.rect(x - w / 2 - u, foot - high - u * 1.3, w + u * 2, u * 1.8, b.tone("#5a6a7a"), round_by=u * 0.4)
    y = foot - high - u * 1.3
    for k in range(4):
        fx, size, tone = x - w * 0.36 + w * 0.24 * k, u * b.some(6, 9), shade(glow, hue=(0, 60, 140, -70)[k])
        kind = b.rng.randrange(3)
        if kind == 0:
            b.path(
                "#ffffff",
                "M# #V#L# #H#L# #V#Z",
                fx - size * 0.1,
                y - size,
                y - size * 0.6,
                fx - size * 0.42,
                y,
                fx + size * 0.42,
                fx + size * 0.1,
                y - size * 0.6,
                y - size,
                opacity=0.45,
            )
            b.poly(
                tone,
                (fx - size * 0.28, y - size * 0.3),
                (fx + size * 0.28, y - size * 0.3),
                (fx + size * 0.42, y),
                (fx - size * 0.42, y),
                opacity=0.9,
            )
        elif kind == 1:
            b.oval(fx, y - size * 0.36, size * 0.36, size * 0.36, "#ffffff", 0.45)
            b.path(
                tone,
                "M# #A# # 0 0 0 # #Z",
                fx - size * 0.35,
                y - size * 0.34,
                size * 0.36,
                size * 0.36,
                fx + size * 0.35,
                y - size * 0.34,
                opacity=0.9,
            )
            b.rect(fx - size * 0.09, y - size * 1.05, size * 0.18, size * 0.4, "#ffffff", 0.5)
        else:
            for j in range(3):
                b.rect(fx - size * 0.4 + j * size * 0.3, y - size * 0.8, size * 0.18, size * 0.8, "#ffffff", 0.5, size * 0.09)
                b.rect(
                    fx - size * 0.4 + j * size * 0.3,
                    y - size * (0.3 + 0.12 * j),
                    size * 0.18,
                    size * (0.3 + 0.12 * j),
                    tone,
                    0.9,
                    size * 0.09,
                )


def factory(stage: Stage) -> Floor:
    """A hall of tall windows, pipes and tanks, a belt with boxes, robot arms or great wheels."""
    b = Backdrop(stage, inside=True)
    foot, s = b.h * b.some(0.64, 0.7), b.side
    wall = b.pick(("#a9a39c", "#8f9aa5", "#b58a70", "#7f8a85", "#c4b8a4"))
    part.wall(b, foot, wall, b.rng.choice(("bricks", "plain", "boards")))
    part.floor(b, foot, b.pick(("#9a9894", "#a8a09a", "#8a9096")), b.rng.choice(("tiles", "plain")))
    u, vivid, steel = b.u, b.accent(("#e0a03a", "#d9603f", "#3f8fae", "#5f9a5f")), b.tone("#7a858f")
    top = max(foot - u * 64, u * 3)
    n = b.rng.randint(3, 5)
    if b.odds(0.7):
        for i in range(n):
            w = b.w / n * 0.62
            part.window(b, b.w * (i + 0.5) / n - w / 2, top, w, u * 28, shade(wall, light=-0.12), "", (4, 4))
    else:
        b.cells(shade(wall, light=-0.08), [(0, top + u * 8 * k, b.w, u * 0.5) for k in range(5)])
    _pipes(b, top, foot, steel, vivid)
    kind = b.rng.randrange(3)
    x = b.x + s * b.w * b.some(0.28, 0.4)
    if kind == 0:
        for k in range(2):
            tx, w, high = x + (k - 0.5) * u * 20, u * 16, u * b.some(30, 40)
            b.rect(tx - w / 2, foot + u * 2 - high, w, high, b.drum(mix(steel, "#ffffff", 0.2)), round_by=w * 0.3)
            b.cells(vivid, [(tx - w / 2, foot + u * 2 - high * v, w, u * 1.4) for v in (0.3, 0.7)])
            b.oval(tx, foot + u * 2 - high * 0.5, u * 2.4, u * 2.4, b.tone("#f4f1e8"))
            b.line(b.tone("#c9403a"), u * 0.5, "M# #l# #", tx, foot + u * 2 - high * 0.5, u * 1.2, -u * 1.2)
    elif kind == 1:
        for k, r in enumerate((15, 9, 6)):
            _gear(b, x + (k - 0.6) * u * 13 * -s, foot - u * (26 - 9 * k), u * r, (steel, vivid, shade(steel, light=0.08))[k])
    _belt(b, foot + u * 3, vivid, steel)
    if kind != 1 or b.odds(0.5):
        _robot_arm(b, b.x - s * b.w * b.some(0.3, 0.42), foot + b.h * b.some(0.05, 0.09), u * b.some(24, 30), vivid, s)
    stripes = [
        [
            (x0 + i * u * 5, b.full),
            (x0 + i * u * 5 + u * 2.5, b.full),
            (x0 + i * u * 5 + u * 5, b.full - u * 2.6),
            (x0 + i * u * 5 + u * 2.5, b.full - u * 2.6),
        ]
        for x0 in (0.0,)
        for i in range(-1, int(b.w / u / 5) + 1)
    ]
    b.rect(0, b.full - u * 2.6, b.w, u * 2.6, b.tone("#3a3a40"))
    b.shapes(b.tone("#e8b83f"), stripes)
    for i in range(3):
        part.pendant(b, b.x + (i - 1) * b.w * 0.32, max(top - u, u * 7), u * 8, shade(steel, light=-0.1), 0)
    b.glow(b.x, foot + (b.h - foot) * 0.6, b.w * 0.42, (b.h - foot) * 0.42, b.lamp if b.lit else "#fff6e4", 0.3)
    return Floor(far=foot + b.h * 0.13, near=b.h * 0.93, shade=0.42, sun=0.5, veil=wall)


def _pipes(b: Backdrop, top: float, foot: float, steel: str, vivid: str) -> None:
    u = b.u
    for k in range(b.rng.randint(2, 4)):
        y, w, tone = top + u * b.some(-2, 4) + k * u * 5, u * b.some(1.8, 3.2), b.rng.choice((steel, vivid, shade(steel, light=0.08)))
        turn = b.w * b.some(0.08, 0.92)
        left = b.odds(0.5)
        x0, x1 = (-u, turn) if left else (turn, b.w + u)
        fill = b.down(shade(tone, light=0.06), shade(tone, light=-0.08))
        b.rect(x0, y, x1 - x0, w, fill)
        b.rect(
            turn - w / 2,
            y,
            w,
            (foot - y) if b.odds(0.6) else u * 14,
            b.over(shade(tone, light=0.06), shade(tone, light=-0.08)),
            round_by=w * 0.2,
        )
        b.cells(
            shade(tone, light=-0.12),
            [(x0 + (x1 - x0) * v, y - w * 0.12, u * 1.2, w * 1.24) for v in (0.2, 0.5, 0.8)]
            + [(turn - w * 0.65, y + u * 7, w * 1.3, u * 1.2)],
        )


def _gear(b: Backdrop, x: float, y: float, r: float, tone: str) -> None:
    shapes = []
    for dx, dy in AROUND:
        nx, ny = -dy * r * 0.13, dx * r * 0.13
        shapes.append(
            [
                (x + dx * r * 0.8 + nx * 1.3, y + dy * r * 0.8 + ny * 1.3),
                (x + dx * r * 1.14 + nx, y + dy * r * 1.14 + ny),
                (x + dx * r * 1.14 - nx, y + dy * r * 1.14 - ny),
                (x + dx * r * 0.8 - nx * 1.3, y + dy * r * 0.8 - ny * 1.3),
            ]
        )
    b.shapes(tone, shapes)
    for share, fill in ((0.95, tone), (0.72, shade(tone, light=-0.06)), (0.34, shade(tone, light=0.04)), (0.16, shade(tone, light=-0.14))):
        b.oval(x, y, r * share, r * share, fill)


def _belt(b: Backdrop, foot: float, vivid: str, steel: str) -> None:
    u = b.u
    y = foot - u * 10
    x = b.some(0, 8) * u
    while x < b.w:
        size = u * b.some(5, 8)
        if abs(x + size / 2 - b.x) > b.w * 0.1:
            stone.crate(b, x, y, size, b.tone("#c49a6c"))
        x += size + u * b.some(6, 16)
    b.rect(-2, y, b.w + 4, u * 2.4, b.tone("#3f444c"))
    b.dots(steel, [(i * u * 6 + u * 3, y + u * 3.4, u * 1.2) for i in range(int(b.w / u / 6) + 1)])
    b.rect(-2, y + u * 3.4, b.w + 4, u * 1.6, vivid)
    b.cells(shade(steel, light=-0.08), [(i * u * 24 + u * 8, y + u * 5, u * 2, foot - y - u * 5) for i in range(int(b.w / u / 24) + 1)])


def _robot_arm(b: Backdrop, x: float, foot: float, size: float, tone: str, turn: int) -> None:
    dark = b.tone("#3f464f")
    b.shadow(x, foot, size * 0.4, size * 0.06, 0.35)
    b.poly(
        b.drum(dark),
        (x - size * 0.24, foot),
        (x - size * 0.16, foot - size * 0.2),
        (x + size * 0.16, foot - size * 0.2),
        (x + size * 0.24, foot),
    )
    j0, j1, j2 = (x, foot - size * 0.26), (x - turn * size * 0.16, foot - size * 0.82), (x + turn * size * 0.4, foot - size * 1.02)
    for (ax, ay), (cx, cy), w in ((j0, j1, 0.16), (j1, j2, 0.12)):
        b.line(tone, size * w, "M# #L# #", ax, ay, cx, cy)
        b.line(shade(tone, light=0.06), size * w * 0.3, "M# #L# #", ax, ay, cx, cy)
    b.line(dark, size * 0.07, "M# #l# #", *j2, turn * size * 0.05, size * 0.16)
    b.line(
        dark,
        size * 0.035,
        "M# #l# #M# #l# #",
        j2[0] + turn * size * 0.05,
        j2[1] + size * 0.16,
        -size * 0.07,
        size * 0.12,
        j2[0] + turn * size * 0.05,
        j2[1] + size * 0.16,
        size * 0.07,
        size * 0.12,
    )
    b.dots(dark, [(*j0, size * 0.11), (*j1, size * 0.09), (*j2, size * 0.07)])
    b.dots(shade(tone, light=0.1), [(*j0, size * 0.05), (*j1, size * 0.04)])


def spaceship(stage: Stage) -> Floor:
    """A bridge before a great window on stars and a planet, or a corridor of ribs closing in the distance."""
    b = Backdrop(stage, inside=True)
    natural = b.rng.choice(("#c9d2dc", "#5f6a80", "#8a94a8", "#d9d4cc", "#4a5068"))
    hull = shade(b.tone(natural), light=b.some(-0.05, 0.04), hue=b.some(-30, 30))
    glow = b.accent(("#4fd8ff", "#ff9a4f", "#7fffb0", "#c08fff", "#ff6f8f"))
    foot = b.h * b.some(0.64, 0.7)
    b.canvas.fill_all(b.down(shade(hull, light=-0.04), hull))
    (_bridge if b.odds(0.55) else _corridor)(b, foot, hull, glow)
    part.floor(b, foot, shade(hull, light=-0.08), b.rng.choice(("tiles", "plain", "tiles")))
    b.rect(0, foot, b.w, b.u * 0.7, glow, 0.9)
    b.glow(b.x, foot + (b.h - foot) * 0.6, b.w * 0.4, (b.h - foot) * 0.4, glow, 0.3)
    for side in (-1, 1):
        x, y, w = b.x + side * b.w * b.some(0.38, 0.44), foot + b.h * b.some(0.05, 0.1), b.u * b.some(24, 30)
        _console(b, x, y, w, hull, glow, side)
    return Floor(far=foot + b.h * 0.11, near=b.h * 0.94, shade=0.4, sun=0.5, veil=shade(hull, light=-0.05))


def _bridge(b: Backdrop, foot: float, hull: str, glow: str) -> None:
    u = b.u
    top, low, half = max(foot - u * 62, u * 5), foot - u * 14, b.w * 0.5 - u * 6
    deep, cut = b.rng.choice(("#14193a", "#1f1438", "#0f2036")), min(u * 14, half * 0.3)
    shape = (
        (b.w / 2 - half, top + cut),
        (b.w / 2 - half + cut, top),
        (b.w / 2 + half - cut, top),
        (b.w / 2 + half, top + cut),
        (b.w / 2 + half - cut * 0.4, low),
        (b.w / 2 - half + cut * 0.4, low),
    )
    b.canvas.polygon([(x + (x - b.w / 2) * 0.03, y + (2 if y > foot - u * 20 else -2) * u) for x, y in shape], shade(hull, light=-0.13))
    b.poly(b.down(deep, shade(deep, light=0.1)), *shape)
    b.dots(
        "#ffffff",
        [(b.w / 2 + b.some(-0.94, 0.94) * (half - cut * 0.5), b.some(top + u * 2, low - u), u * b.some(0.1, 0.3)) for _ in range(70)],
        0.85,
    )
    r = u * b.some(11, 17)
    px, py = b.x + b.side * b.w * b.some(0.12, 0.26), (top + low) / 2 + b.some(-3, 3) * u
    tone = b.accent(("#e08f5f", "#6fb0d9", "#a57fd0", "#7fc0a0"))
    r = min(r, (low - top) * 0.42)
    b.glow(px, py, r * 1.5, r * 1.5, tone, 0.5)
    b.planet(px, py, r, tone, shade(tone, light=-0.28), shade(tone, light=0.12) if b.odds(0.5) else "", b.some(-18, 18))
    n = b.rng.choice((2, 3, 4))
    b.shapes(
        shade(hull, light=-0.13),
        [
            [
                (b.w / 2 + half * v - u, top),
                (b.w / 2 + half * v + u, top),
                (b.w / 2 + half * v * 1.06 + u, low),
                (b.w / 2 + half * v * 1.06 - u, low),
            ]
            for v in [-1 + 2 * (i + 1) / (n + 1) for i in range(n)]
        ],
    )
    b.cells(glow, [(b.w * 0.1, low + u * 5, b.w * 0.8, u * 0.6)], 0.9)
    b.cells(shade(hull, light=-0.07), [(b.w * (i + 0.1) / 9, low + u * 7.5, b.w * 0.8 / 9, u * 5) for i in range(9)])


def _corridor(b: Backdrop, foot: float, hull: str, glow: str) -> None:
    """Ribs one inside the other; a door or a porthole at the end."""
    cy, n = foot * 0.56, b.rng.randint(4, 6)
    for k in range(n):
        t = 1 - k / n
        hw, top, low = b.w * 0.56 * t + b.u * 9, cy - (cy + b.u * 4) * t - b.u * 9 * (1 - t), foot
        cut = hw * 0.34
        tone = shade(hull, light=-0.03 - 0.035 * k)
        corners = (
            (b.x - hw, low),
            (b.x - hw, top + cut),
            (b.x - hw + cut, top),
            (b.x + hw - cut, top),
            (b.x + hw, top + cut),
            (b.x + hw, low),
        )
        b.canvas.polygon(corners, b.down(tone, shade(tone, light=0.04)))
        hw -= b.u * 2.4 * (0.5 + t)
        inner = (
            (b.x - hw, low),
            (b.x - hw, top + cut + b.u),
            (b.x - hw + cut, top + b.u * 2),
            (b.x + hw - cut, top + b.u * 2),
            (b.x + hw, top + cut + b.u),
            (b.x + hw, low),
        )
        b.canvas.polygon(inner, shade(tone, light=-0.08))
        b.line(
            glow,
            b.u * 0.5 * (0.4 + t),
            "M# #L# #H#L# #",
            b.x - hw,
            top + cut + b.u,
            b.x - hw + cut,
            top + b.u * 2,
            b.x + hw - cut,
            b.x + hw,
            top + cut + b.u,
            opacity=0.85,
        )
    r = b.u * 15
    b.glow(b.x, foot - r, r * 2.4, r * 2, glow, 0.5)
    if b.odds(0.5):
        b.arch(shade(hull, light=0.03), b.x, foot, r * 1.5, r * 2.2, rise=0.5)
        b.rect(b.x - b.u * 0.3, foot - r * 2.1, b.u * 0.6, r * 2.1, shade(hull, light=-0.2))
        b.cells(glow, [(b.x - r * 0.5, foot - r * 1.3, r * 0.3, b.u), (b.x + r * 0.2, foot - r * 1.3, r * 0.3, b.u)])
    else:
        b.oval(b.x, foot - r * 1.1, r, r, shade(hull, light=0.05))
        b.oval(b.x, foot - r * 1.1, r * 0.82, r * 0.82, "#171c3c")
        b.dots(
            "#ffffff", [(b.x + b.some(-0.5, 0.5) * r, foot - r * 1.1 + b.some(-0.5, 0.5) * r, b.u * b.some(0.12, 0.28)) for _ in range(18)]
        )


def _console(b: Backdrop, x: float, foot: float, w: float, hull: str, glow: str, side: int) -> None:
    u, high = b.u, w * 0.62
    b.shadow(x, foot, w * 0.55, u * 1.5, 0.35)
    b.poly(
        b.down(shade(hull, light=0.03), shade(hull, light=-0.1)),
        (x - w * 0.42, foot),
        (x - w * 0.5, foot - high * 0.7),
        (x + w * 0.5, foot - high * 0.7),
        (x + w * 0.42, foot),
    )
    dark = b.tone("#1f2a3f")
    b.poly(
        shade(hull, light=0.08),
        (x - w * 0.5, foot - high * 0.7),
        (x - w * 0.4, foot - high),
        (x + w * 0.4, foot - high),
        (x + w * 0.5, foot - high * 0.7),
    )
    b.poly(
        dark,
        (x - w * 0.42, foot - high * 0.74),
        (x - w * 0.35, foot - high * 0.96),
        (x + w * 0.35, foot - high * 0.96),
        (x + w * 0.42, foot - high * 0.74),
    )
    b.cells(
        glow,
        [(x - w * 0.32 + w * 0.08 * k, foot - high * 0.92, w * 0.05, high * 0.05) for k in range(8) if b.odds(0.7)]
        + [(x - w * 0.34 + w * 0.12 * k, foot - high * 0.83, w * 0.09, high * 0.04) for k in range(6) if b.odds(0.7)],
    )
    b.dots(mix(glow, "#ffffff", 0.4), [(x + side * w * 0.2 - w * 0.1 * k, foot - high * 0.36, u * 0.8) for k in range(4)])
    b.rect(x - w * 0.43, foot - high * 0.62, w * 0.86, u * 0.5, glow, 0.8)
