"""Drawn places few have stood in: under water, another planet."""

from __future__ import annotations

from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.sky import stars
from pipelines.image.illustration.stage import Floor, Stage, line_y

HERALD = ("#a8353f", "#3f4f9a", "#2f7a5f", "#6f3f8a", "#c98a2f")

#: Sky above, in the middle and low, rock, and what glows.
WORLDS = (
    ("#3b2a72", "#c2568f", "#ffb08a", "#8a4f7a", "#5fe0d0"),
    ("#123f5a", "#3fa59a", "#d9f0a0", "#3f6f6a", "#ff8fc0"),
    ("#5a2038", "#d9603f", "#ffd58a", "#9a4a3a", "#7fe06a"),
    ("#1f2460", "#6a5fd0", "#e0b0ff", "#4f4a8a", "#ffd05f"),
    ("#2a4a2f", "#8fae3f", "#f4f0a8", "#6a7a3f", "#c07fff"),
)
CRATERS = ((-0.3, 0.2, 0.14), (0.36, -0.3, 0.1), (0.1, 0.5, 0.18), (-0.1, -0.5, 0.08))


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
            line = [
                (edge + side * 40, sand - high),
                (edge - side * w * 0.25, sand - high * b.some(0.85, 1.05)),
                (edge - side * w * 0.55, sand - high * 0.6),
                (edge - side * w * 0.7, sand - high * 0.34),
                (edge - side * w * 1.25, sand + 10),
                (edge + side * 40, sand + 30),
            ]
            b.blob(b.down(tone, mix(tone, deep, 0.4)), line)
        if i == 0:
            _sunken(b, b.x + b.side * b.w * b.some(0.1, 0.26), sand + b.u * 2, b.u * b.some(20, 28), mix(deep, mid, 0.5))
    ground = mix(b.tone("#e3d3a3"), mid, 0.35)
    for i in range(2):
        line = stage.ridge(f"sand {i}", sand + b.h * 0.035 * i, b.h * 0.014, steps=6)
        b.canvas.under(line, b.down(shade(ground, light=0.04 * i), mix(ground, deep, 0.4)))
    b.cells(
        shade(ground, light=0.07),
        [(b.some(0, 1) * b.w, sand + b.h * b.some(0.06, 0.22), b.u * b.some(4, 12), b.u * 0.3) for _ in range(14)],
        0.4,
    )
    tones = [b.accent(("#ff7a6b", "#ff9f5a", "#f26fae", "#b57ae8", "#ffd05a", "#5fe0b0")) for _ in range(4)]
    for side in (-1, 1):
        for k in range(b.rng.randint(4, 6)):
            x, y, size = b.x + side * b.w * b.some(0.26, 0.5), sand + b.h * b.some(0.03, 0.16), b.u * b.some(8, 17)
            (_weed, _fan, _tubes, _branch, _brain)[b.rng.randrange(5)](b, x, y, size, mix(b.rng.choice(tones), mid, 0.1 + 0.05 * (k % 3)))
    b.dots("#ffffff", [(b.some(0, b.w), b.h * b.some(0.05, 0.9), b.u * b.some(0.2, 0.9)) for _ in range(26)], 0.28)
    for _ in range(b.rng.randint(5, 9)):
        fx, fy, s = b.some(0.05, 0.95) * b.w, b.h * b.some(0.16, 0.6), b.u * b.some(0.9, 1.7)
        b.path(
            mix(deep, mid, 0.45),
            "M# #q# # # 0q# # # 0M# #l# #v#Z",
            fx - 2 * s,
            fy,
            2 * s,
            -1.3 * s,
            4 * s,
            -2 * s,
            1.3 * s,
            -4 * s,
            fx - 1.7 * s * b.side,
            fy,
            -1.5 * s * b.side,
            -s,
            2 * s,
            opacity=0.8,
        )
    return Floor(far=sand + b.h * 0.06, near=b.h * 0.93, footing="none", shade=0.25, sun=0.5, veil=mid)


def _sunken(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    kind = b.rng.randrange(4)
    if kind == 0:
        b.path(
            tone,
            "M# #L# #Q# # # #L# #Z",
            x - size,
            foot,
            x - size * 1.1,
            foot - size * 0.5,
            x,
            foot - size * 0.16,
            x + size * 1.2,
            foot - size * 0.72,
            x + size * 0.9,
            foot,
        )
        b.line(
            tone,
            size * 0.06,
            "M# #L# #M# #L# #M# #L# #",
            x,
            foot - size * 0.2,
            x + size * 0.1,
            foot - size * 1.3,
            x - size * 0.4,
            foot - size * 0.9,
            x + size * 0.6,
            foot - size * 1.02,
            x - size * 0.6,
            foot - size * 0.3,
            x - size * 0.56,
            foot - size * 0.9,
        )
    elif kind == 1:
        for dx, high in ((-0.7, 0.9), (-0.2, 1.3), (0.35, 0.6), (0.85, 1.1)):
            stone.column(b, x + dx * size, foot, size * 0.2, size * high, tone)
    elif kind == 2:
        b.line(tone, size * 0.36, "M# #Q# # # #", x - size * 0.8, foot, x - size * 0.1, foot - size * 2.0, x + size * 0.8, foot)


def _weed(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    green = mix(tone, b.tone("#3fae7a"), 0.85)
    for k in range(4):
        bx, tall, bend = x + (k - 1.5) * size * 0.16, size * b.some(1.0, 1.9), size * 0.16 * b.rng.choice((-1, 1))
        b.path(
            shade(green, light=b.some(-0.06, 0.03)),
            "M# #C# # # # # #C# # # # # #Z",
            bx - size * 0.05,
            foot,
            bx + bend - size * 0.1,
            foot - tall * 0.35,
            bx - bend - size * 0.06,
            foot - tall * 0.7,
            bx + bend,
            foot - tall,
            bx - bend + size * 0.12,
            foot - tall * 0.65,
            bx + bend + size * 0.08,
            foot - tall * 0.35,
            bx + size * 0.06,
            foot,
        )


def _fan(b: Backdrop, x: float, foot: float, size: float, tone: str) -> None:
    b.path(
        shade(tone, light=-0.05),
        "M# #Q# # # #Q# # # #Q# # # #Z",
        x,
        foot,
        x - size * 0.7,
        foot - size * 0.4,
        x - size * 0.5,
        foot - size * 0.85,
        x,
        foot - size * 1.25,
        x + size * 0.5,
        foot - size * 0.85,
        x + size * 0.7,
        foot - size * 0.4,
        x,
        foot,
    )
    b.line(
        shade(tone, light=0.05),
        size * 0.045,
        "M# #" + "L# #M# #" * 4 + "L# #",
        *[
            v
            for dx, dy in ((-0.42, 0.7), (-0.22, 0.95), (0.0, 1.05), (0.22, 0.95), (0.42, 0.7))
            for v in (x, foot, x + dx * size, foot - dy * size)
        ],
    )


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
    b.line(
        shade(tone, light=-0.07),
        r * 0.1,
        "M# #q# # # #t# #M# #q# # # #t# #",
        x - r * 0.7,
        foot - r * 0.24,
        r * 0.3,
        -r * 0.4,
        r * 0.6,
        0,
        r * 0.6,
        0,
        x - r * 0.4,
        foot - r * 0.56,
        r * 0.2,
        -r * 0.24,
        r * 0.4,
        0,
        r * 0.4,
        0,
    )


def alien_planet(stage: Stage) -> Floor:
    """A strange sky with moons, spires or arches of rock, glowing plants and crystals."""
    b = Backdrop(stage)
    horizon = b.h * b.some(0.58, 0.66)
    hues = b.rng.choice(WORLDS)
    high, mid, low, rock, glow = (b.tone(c) for c in hues)
    b.canvas.fill_all(b.canvas.linear([(0, high, 1), (0.36, mid, 1), (horizon / b.full, low, 1)]))
    stars(stage, horizon * 0.6, b.rng.randint(20, 40))
    for k in range(b.rng.randint(1, 3)):
        r = b.u * b.some(16, 25) if k == 0 else b.u * b.some(3, 7)
        x, y = b.x + (b.side if k != 1 else -b.side) * b.w * b.some(0.14, 0.4), horizon * (b.some(0.3, 0.6) if k == 0 else b.some(0.1, 0.4))
        tone = mix(low if k else mid, "#ffffff", 0.3 - 0.12 * (k == 0))
        b.glow(x, y, r * 1.6, r * 1.6, tone, 0.35)
        b.planet(x, y, r, tone, mix(tone, mid, 0.7), low if k == 0 and b.odds(0.5) else "", b.some(-22, 22))
        b.dots(shade(tone, light=-0.04), [(x + r * dx, y + r * dy, r * s) for dx, dy, s in CRATERS], 0.7)
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
            (_bulb, _crystal, _coil)[(b.rng.randrange(3))](
                b, x, y, b.u * b.some(8, 17), shade(glow, hue=b.some(-25, 25)), shade(near, light=-0.05)
            )
            del k
    return Floor(far=top + b.h * 0.07, near=b.h * 0.93, shade=0.45, sun=0.5 + 0.25 * b.side)


def _spire(b: Backdrop, x: float, foot: float, high: float, tone: str, kind: int) -> None:
    w = high * b.some(0.14, 0.24)
    if kind == 0:
        b.path(
            tone,
            "M# #Q# # # #Q# # # #Z",
            x - w * 1.4,
            foot,
            x - w * 0.3,
            foot - high * 0.5,
            x + w * 0.1,
            foot - high,
            x + w * 0.5,
            foot - high * 0.5,
            x + w * 1.4,
            foot,
        )
    elif kind == 1:
        b.line(tone, w, "M# #Q# # # #", x - w * 1.8, foot, x - w * 0.2, foot - high * 1.7, x + w * 1.8, foot)
    else:
        b.path(
            tone,
            "M# #Q# # # #H#Q# # # #Z",
            x - w * 0.6,
            foot,
            x - w * 0.2,
            foot - high * 0.5,
            x - w * 0.5,
            foot - high * 0.8,
            x + w * 0.5,
            x + w * 0.2,
            foot - high * 0.5,
            x + w * 0.6,
            foot,
        )
        b.oval(x, foot - high * 0.84, w * 1.5, high * 0.1, shade(tone, light=0.02))


def _bulb(b: Backdrop, x: float, foot: float, size: float, glow: str, stem: str) -> None:
    for dx, high, r in ((-0.3, 0.7, 0.18), (0.34, 0.55, 0.14), (0.02, 1.1, 0.24)):
        b.line(stem, size * 0.07, "M# #Q# # # #", x, foot, x + dx * size * 0.2, foot - high * size * 0.6, x + dx * size, foot - high * size)
        b.glow(x + dx * size, foot - high * size, r * size * 2.6, r * size * 2.6, glow, 0.5)
        b.oval(
            x + dx * size,
            foot - high * size,
            r * size,
            r * size,
            b.canvas.radial([(0, shade(glow, light=0.14), 1), (1, glow, 1)], (0.4, 0.35), 0.7),
        )


def _crystal(b: Backdrop, x: float, foot: float, size: float, glow: str, stem: str) -> None:
    del stem
    b.glow(x, foot - size * 0.5, size * 1.2, size, glow, 0.4)
    for dx, high, lean in ((-0.34, 0.7, -0.24), (0.36, 0.8, 0.22), (0.0, 1.25, 0.03)):
        cx, w, top = x + dx * size, size * 0.17, foot - high * size
        tip = cx + lean * size
        b.poly(
            shade(glow, light=0.06),
            (cx - w, foot),
            (cx - w + lean * size * 0.7, top + w * 1.6),
            (tip, top),
            (cx + lean * size * 0.75, top + w * 2),
            (cx, foot),
        )
        b.poly(
            shade(glow, light=-0.1),
            (cx + w, foot),
            (cx + w + lean * size * 0.7, top + w * 1.6),
            (tip, top),
            (cx + lean * size * 0.75, top + w * 2),
            (cx, foot),
        )


def _coil(b: Backdrop, x: float, foot: float, size: float, glow: str, stem: str) -> None:
    for side, high in ((-1, 1.0), (1, 0.7)):
        cx, cy = x + side * size * 0.25, foot - size * high
        b.line(
            shade(stem, light=0.04),
            size * 0.1,
            "M# #C# # # # # #A# # 0 1 # # #",
            x,
            foot,
            x,
            foot - size * high * 0.6,
            cx - side * size * 0.3,
            cy,
            cx,
            cy - size * 0.1,
            size * 0.16,
            size * 0.16,
            1 if side > 0 else 0,
            cx,
            cy + size * 0.2,
        )
        b.dots(glow, [(cx, cy + size * 0.06, size * 0.06)])
