"""Drawn halls: concert, stadium, museum."""

from __future__ import annotations

import itertools

from pipelines.image.illustration import parts_room as part
from pipelines.image.illustration import parts_stone as stone
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import number, trace

SHOW = (
    ("#ff4f8b", "#5f6bff", "#2fd0e0"),
    ("#ff9a3f", "#ff4f6b", "#8a4fff"),
    ("#3fe0a0", "#3f8fff", "#b05fff"),
    ("#ffd24f", "#ff6b4f", "#4fb0ff"),
)


def concert(stage: Stage) -> Floor:
    """A stage: a truss of spotlights, a screen, towers of speakers, heads and raised hands before it."""
    b = Backdrop(stage, inside=True)
    tones = b.light.palette[:3] if len(b.light.palette) > 2 else b.rng.choice(SHOW)
    first, second, third = tones[0], tones[1], tones[2]
    night = 0.1 if b.day else 0.04
    deep = mix("#14122a", shade(second, light=-0.2), 0.3 + night)
    boards = b.h * b.some(0.62, 0.68)
    b.canvas.fill_all(b.down(deep, mix(deep, second, 0.45 + night)))
    kind = b.rng.randrange(4)
    sw, sh = min(b.w * 0.62, b.u * 76), b.u * b.some(30, 38)
    y = boards - sh - b.u * b.some(4, 9)
    glow = mix(first, "#ffffff", 0.25)
    b.glow(b.x, boards - sh * 0.5, b.w * 0.6, sh * 1.5, first, 0.6)
    if kind == 0:
        b.rect(b.x - sw / 2, y, sw, sh, b.over(mix(first, deep, 0.2), mix(third, deep, 0.2)))
        b.cells(
            glow,
            [(b.x - sw / 2 + sw * (i + 0.25) / 18, y + sh - sh * v, sw / 36, sh * v) for i in range(18) for v in (b.some(0.12, 0.8),)],
            0.5,
        )
    elif kind == 1:
        for k in range(6):
            b.canvas.ring(b.x, boards - sh * 0.52, sh * (0.16 + 0.15 * k), (first, third)[k % 2], b.u * b.some(0.8, 1.8), 0.8)
    elif kind == 2:
        n = b.rng.choice((5, 7))
        for i in range(n):
            wide, high = sw / n * 0.8, sh * (1.1 - 0.13 * abs(i - (n - 1) / 2))
            b.rect(
                b.x - sw / 2 + i * sw / n, boards - high, wide, high, b.down(mix(tones[i % 3], deep, 0.15), mix(tones[i % 3], deep, 0.75))
            )
    else:
        b.arch(b.down(mix(third, deep, 0.1), mix(first, deep, 0.3)), b.x, boards, sw, sh * 1.15, rise=0.9)
        b.arch(b.down(mix(first, "#ffffff", 0.2), mix(third, deep, 0.4)), b.x, boards, sw * 0.72, sh * 0.86, rise=0.9)
        b.arch(deep, b.x, boards, sw * 0.5, sh * 0.6, 0.8, rise=0.9)
    _speakers(b, boards, deep, first)
    b.ground(boards, mix(deep, first, 0.5), mix(deep, second, 0.22))
    b.cells(mix(first, "#ffffff", 0.5), [(0, boards, b.w, b.u * 0.5)], 0.8)
    _spots(b, max(boards - b.u * 62, b.u * 2), boards + (b.h - boards) * 0.5, tones, deep)
    b.glow(b.x, b.h * 0.84, b.w * 0.34, b.h * 0.08, mix(first, "#ffffff", 0.55), 0.6)
    front = _crowd(b, mix(deep, "#05040f", 0.5)) if stage.scene.margin != "bottom" else []
    return Floor(far=boards + b.h * 0.1, near=b.h * 0.9, shade=0.5, sun=0.5, veil=deep, front=front)


def _speakers(b: Backdrop, foot: float, deep: str, glow: str) -> None:
    box = mix(deep, "#3a3850", 0.5)
    for side in (-1, 1):
        x, w, n = b.x + side * b.w * b.some(0.4, 0.44), b.u * 12, b.rng.randint(3, 5)
        for k in range(n):
            y = foot - b.u * 11 * (k + 1)
            b.rect(x - w / 2, y, w, b.u * 10.4, b.over(shade(box, light=0.04), box), round_by=b.u * 0.6)
            for r, tone in ((3.8, deep), (2.8, shade(box, light=0.06)), (1.1, deep)):
                b.oval(x, y + b.u * 5.4, b.u * r, b.u * r, tone)
        b.rect(x - w / 2, foot - b.u * 11 * n, b.u * 0.4, b.u * 11 * n, glow, 0.6)


def _spots(b: Backdrop, y: float, foot: float, tones: tuple[str, ...], deep: str) -> None:
    """A lattice girder with lamps, their beams crossing over the stage."""
    steel, t = mix(deep, "#8a88a8", 0.4), b.u * 0.5
    b.cells(steel, [(0, y, b.w, t), (0, y + b.u * 3, b.w, t)])
    n = int(b.w / (b.u * 4)) + 1
    b.line(
        steel, t * 0.7, "M# #" + "l# #" * n, 0, y + b.u * 3, *[v for i in range(n) for v in (b.u * 4, -b.u * 3 if i % 2 == 0 else b.u * 3)]
    )
    for i, x in enumerate(b.spread(b.rng.randint(5, 8), 0.15)):
        tone = tones[i % len(tones)]
        b.beam(x, y + b.u * 4, b.x + (b.x - x) * b.some(-0.5, 0.4), foot, b.u * b.some(14, 24), mix(tone, "#ffffff", 0.35), 0.5)
        b.rect(x - b.u * 1.3, y + b.u * 2.6, b.u * 2.6, b.u * 3, shade(steel, light=-0.1), round_by=b.u * 0.5)
        b.oval(x, y + b.u * 5.4, b.u * 1.1, b.u * 0.6, "#ffffff", 0.9)


def _crowd(b: Backdrop, tone: str) -> list[str]:
    """Heads along the lower edge, some with raised arms, drawn before everything."""
    heads, arms = "", ""
    for x in b.spread(int(b.w / (b.u * 6)), 0.4):
        r, y = b.u * b.some(2.0, 2.8), b.full - b.u * b.some(0.5, 3)
        for cy, size in ((y, r), (y + r * 2.4, r * 1.7)):
            heads += trace("M# #a# # 0 1 0 # 0a# # 0 1 0 # 0Z", x - size, cy, size, size, 2 * size, size, size, -2 * size)
        if b.odds(0.3) and abs(x - b.x) > b.w * 0.18:
            arms += trace("M# #l# #", x + r, y + b.u * 3, b.some(0.2, 1.2) * r, -r * b.some(2.6, 3.6) - b.u * 3)
    ink = f'stroke="{tone}" stroke-width="{number(b.u * 1.1)}" stroke-linecap="round" fill="none"'
    return [f'<path d="{heads}" fill="{tone}"/>', f'<path d="{arms}" {ink}/>']


def stadium(stage: Stage) -> Floor:
    """Stands full of people round a striped pitch or a running track, floodlights, banners."""
    b = Backdrop(stage)
    foot = b.h * b.some(0.54, 0.6)
    sun = paint_sky(stage, foot * 0.8)
    rise, kind = b.u * b.some(26, 34), b.rng.randrange(3)
    top = foot - rise
    stand, seats = b.tone("#8a93a3", 0.35), [b.accent(("#d94f45", "#3f6fb0", "#e8b83f", "#f2f2f2", "#4f9a6a"), 0.3) for _ in range(3)]
    b.path(b.tone("#c3cad4", 0.4), "M-9 #Q# # # #V#H-9Z", top - b.u * 9, b.x, top - b.u * (4 if kind else 13), b.w + 9, top - b.u * 9, foot)
    b.path(b.down(stand, shade(stand, light=-0.06)), "M-9 #Q# # # #V#H-9Z", top, b.x, top + b.u * 5, b.w + 9, top, foot)
    rows = 9
    for row in range(rows):
        y = top + b.u * 3.4 + (rise - b.u * 5) * row / rows
        dip = b.u * 5 * (1 - row / rows)
        people = []
        count = int(b.w / (b.u * 1.9))
        for i in range(count):
            t = (i + b.some(0.2, 0.8)) / count
            if b.odds(0.82):
                people.append((t * b.w, y + dip * 4 * t * (1 - t) * 0.5, b.u * 0.62))
        for k in range(4):
            tone = (*seats, b.tone("#f0d2b8", 0.3))[k]
            b.dots(tone, people[k::4], 0.85)
    b.cells(shade(stand, light=0.08), [(0, foot - b.u * 3.4, b.w, b.u * 3.4)])
    n = b.rng.randint(6, 9)
    b.cells(seats[0], [(b.w * i / n + b.u, foot - b.u * 2.9, b.w / n - b.u * 2, b.u * 2.4) for i in range(0, n, 2)])
    b.cells(seats[1], [(b.w * i / n + b.u, foot - b.u * 2.9, b.w / n - b.u * 2, b.u * 2.4) for i in range(1, n, 2)])
    for side in (-1, 1):
        _floodlight(b, b.x + side * b.w * b.some(0.34, 0.46), top - b.u * 2, b.u * b.some(20, 30))
    _pitch(b, foot, kind)
    return Floor(far=foot + b.h * 0.16, near=b.h * 0.93, sun=sun)


def _floodlight(b: Backdrop, x: float, foot: float, high: float) -> None:
    pole = b.tone("#6f7884", 0.3)
    b.rect(x - b.u * 0.5, foot - high, b.u, high + b.u * 3, pole)
    if b.lit:
        b.glow(x, foot - high, b.u * 26, b.u * 22, "#fff6dc", 0.7)
    b.rect(x - b.u * 6, foot - high - b.u * 4, b.u * 12, b.u * 7, pole, round_by=b.u * 0.6)
    b.dots("#fff8e4", [(x + b.u * dx, foot - high + b.u * dy, b.u * 0.95) for dx in (-4.2, -1.4, 1.4, 4.2) for dy in (-2.2, 0.6)])


def _pitch(b: Backdrop, top: float, kind: int) -> None:
    grass = b.tone("#5fae4f")
    white = mix(b.tone("#ffffff"), grass, 0.08)
    if kind == 2:
        track = b.tone("#c9603f")
        b.ground(top, mix(track, b.light.haze, 0.2), shade(track, light=-0.03))
        vx, vy = b.x + b.side * b.w * 0.1, top - b.h * 0.05
        shapes = []
        for lane in range(-7, 8):
            at = [
                vx + (lane * b.u * 15 + dx) * (y - vy) / (b.full - vy)
                for y, dx in ((top, 0), (top, b.u * 0.6), (b.full, b.u * 0.9), (b.full, 0))
            ]
            shapes.append([(at[0], top), (at[1], top), (at[2], b.full), (at[3], b.full)])
        b.shapes(white, shapes, 0.9)
        b.rect(0, top, b.w, b.u * 4, grass)
        return
    n, y = 8, top
    for i in range(n):
        step = (b.full - top) * (0.05 + 0.027 * i)
        b.rect(0, y, b.w, step + 1, grass if i % 2 else shade(grass, light=0.03))
        y += step
    b.rect(0, top + b.u * 2.4, b.w, b.u * 0.5, white)
    s = b.side
    if kind == 0:
        gx, gy = b.x + s * b.w * b.some(0.0, 0.3), top + b.u * 2.8
        w, high = b.u * 15, b.u * 10
        net = [(gx - w + w * 2 * i / 12, gy - high, b.u * 0.12, high) for i in range(13)] + [
            (gx - w, gy - high * i / 6, w * 2, b.u * 0.12) for i in range(6)
        ]
        b.cells(white, net, 0.5)
        b.line(white, b.u * 0.9, "M# #V#H#V#", gx - w, gy, gy - high, gx + w, gy)
        b.line(
            white,
            b.u * 0.5,
            "M# #L# #H#L# #",
            gx - w * 1.7,
            top + b.u * 2.6,
            gx - w * 2.1,
            top + b.u * 12,
            gx + w * 2.1,
            gx + w * 1.7,
            top + b.u * 2.6,
        )
    else:
        b.line(
            white,
            b.u * 0.6,
            "M# #a# # 0 1 0 # 0a# # 0 1 0 # 0",
            b.x - b.w * 0.34,
            b.h * 0.8,
            b.w * 0.34,
            b.h * 0.09,
            b.w * 0.68,
            b.w * 0.34,
            b.h * 0.09,
            -b.w * 0.68,
        )
        b.line(white, b.u * 0.6, "M# #L# #", b.x + s * b.w * 0.04, top + b.u * 2.4, b.x - s * b.w * 0.1, b.full)


def museum(stage: Stage) -> Floor:
    """A gallery: framed pictures, columns or a vaulted door, plinths, a rope, light from above."""
    b = Backdrop(stage, inside=True)
    foot, s = b.h * b.some(0.64, 0.7), b.side
    wall = b.pick(("#ece5d8", "#d9d3cb", "#8a3f45", "#3f5f5a", "#4f5a7a", "#e3dccf", "#a88a6a"))
    part.wall(b, foot, wall, b.rng.choice(("plain", "panel", "halves")))
    top = max(foot - b.u * 66, 0)
    b.rect(0, -2, b.w, top + b.u * 4, b.down(shade(wall, light=-0.03), shade(wall, light=0.05)))
    b.rect(0, top + b.u * 3, b.w, b.u * 1.6, shade(wall, light=0.08))
    part.floor(b, foot, b.pick(("#c9a57c", "#b8b4ae", "#8f7360", "#d6cfc2")), b.rng.choice(("checks", "boards", "tiles")))
    kind = b.rng.randrange(3)
    if kind == 0:
        x = b.x + s * b.w * b.some(0.0, 0.15)
        b.arch(shade(wall, light=0.08), x, foot, b.u * 36, b.u * 52)
        b.arch(b.down(shade(wall, light=-0.14), shade(wall, light=-0.04)), x, foot, b.u * 30, b.u * 49)
        b.arch(shade(wall, light=-0.2), x, foot, b.u * 16, b.u * 32)
    gold = b.tone("#c9a04a") if b.odds(0.6) else b.tone("#4a3f3a")
    for x in b.spread(b.rng.randint(3, 5), 0.12):
        if kind == 0 and abs(x - b.x) < b.u * 24:
            continue
        w, h = b.u * b.some(13, 22), b.u * b.some(13, 24)
        cy = foot - b.u * 40
        part.picture(b, x - w / 2, cy - h / 2, w, h, gold)
        b.beam(x, top + b.u * 4, x, cy + h * 0.8, w * 1.5, b.lamp if b.lit else "#ffffff", 0.26, 0.2)
    if kind != 2:
        marble = b.tone(b.rng.choice(("#f0ebe0", "#d9cfc4", "#e3ded6")))
        for side in (-1, 1):
            stone.column(b, b.x + side * b.w * b.some(0.4, 0.45), foot + b.u * 4, b.u * b.some(7, 9), foot + b.u * 4 - top, marble)
    for side in (-1, 1):
        if b.odds(0.7):
            _exhibit(b, b.x + side * b.w * b.some(0.27, 0.35), foot + b.h * b.some(0.04, 0.08), b.u * b.some(12, 16))
    if b.odds(0.5):
        _rope(b, foot + b.u * 7)
    b.glow(b.x, foot + (b.h - foot) * 0.6, b.w * 0.4, (b.h - foot) * 0.4, b.lamp if b.lit else "#ffffff", 0.3)
    return Floor(far=foot + b.h * 0.1, near=b.h * 0.94, shade=0.4, sun=0.5, veil=wall)


def _exhibit(b: Backdrop, x: float, foot: float, size: float) -> None:
    plinth = b.tone("#f1ece2")
    b.shadow(x, foot, size * 0.6, size * 0.09, 0.35)
    b.rect(x - size * 0.36, foot - size, size * 0.72, size, b.facing(plinth, shade(plinth, light=-0.08)))
    b.rect(x - size * 0.42, foot - size * 1.06, size * 0.84, size * 0.1, shade(plinth, light=0.03))
    tone, y, kind = b.accent(("#b5674a", "#3f7f8a", "#8a8f95", "#c9a04a")), foot - size * 1.06, b.rng.randrange(3)
    if kind == 0:
        b.path(
            b.drum(tone),
            "M# #C# # # # # #H#C# # # # # #Z",
            x - size * 0.12,
            y,
            x - size * 0.45,
            y - size * 0.3,
            x - size * 0.24,
            y - size * 0.56,
            x - size * 0.1,
            y - size * 0.7,
            x + size * 0.1,
            x + size * 0.24,
            y - size * 0.56,
            x + size * 0.45,
            y - size * 0.3,
            x + size * 0.12,
            y,
        )
        b.rect(x - size * 0.15, y - size * 0.74, size * 0.3, size * 0.06, shade(tone, light=-0.05))
    elif kind == 1:
        b.path(
            b.drum(tone),
            "M# #L# #Q# # # #Q# # # #L# #Z",
            x - size * 0.26,
            y,
            x - size * 0.2,
            y - size * 0.24,
            x - size * 0.08,
            y - size * 0.3,
            x - size * 0.08,
            y - size * 0.4,
            x + size * 0.08,
            y - size * 0.3,
            x + size * 0.2,
            y - size * 0.24,
            x + size * 0.26,
            y,
        )
        b.oval(x, y - size * 0.52, size * 0.15, size * 0.19, b.drum(tone))
    else:
        b.poly(shade(tone, light=0.06), (x, y - size * 0.7), (x - size * 0.24, y - size * 0.34), (x, y))
        b.poly(shade(tone, light=-0.06), (x, y - size * 0.7), (x + size * 0.24, y - size * 0.34), (x, y))
    b.rect(x - size * 0.46, y - size * 0.9, size * 0.92, size * 0.9, "#ffffff", 0.14)


def _rope(b: Backdrop, foot: float) -> None:
    brass, red, high = b.tone("#c9a04a"), b.accent(("#a8353f", "#3f4f8a")), b.u * 11
    posts = [x for x in b.spread(7, 0.0) if abs(x - b.x) > b.w * 0.17]
    for x in posts:
        b.cells(brass, [(x - b.u * 0.4, foot - high, b.u * 0.8, high), (x - b.u * 2, foot - b.u * 0.7, b.u * 4, b.u * 0.9)])
        b.oval(x, foot - high, b.u, b.u, brass)
    for x0, x1 in itertools.pairwise(posts):
        if x1 - x0 < b.w * 0.2:
            b.line(red, b.u * 0.9, "M# #Q# # # #", x0, foot - high * 0.88, (x0 + x1) / 2, foot - high * 0.3, x1, foot - high * 0.88)
