"""Backdrops for products: podiums, arches, discs and steps in a brand's colours, lit like a photographer's set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.image.illustration.abstract import tones
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.stage import Floor, Stage

#: How flat the upper face of a podium is seen: its height as a share of its width, halved.
FLAT = 0.17


@dataclass(frozen=True)
class _Set:
    """The colours of one product shot, and its floor line."""

    pale: str
    middle: str
    accent: str
    wall: str
    ground: float


Arrangement = Callable[[Backdrop, _Set], tuple[float, float]]


def podiums(stage: Stage) -> Floor:
    """One arrangement of podiums before one kind of wall: the seed chooses both, the light's side and which tone goes where."""
    return _shot(stage, _ARRANGEMENTS, 0.3)


def studio(stage: Stage) -> Floor:
    """The same set kept quieter: one podium, a pale wall."""
    return _shot(stage, (_tiers, _slabs, _block), 0.0)


def _shot(stage: Stage, arrangements: Sequence[Arrangement], vivid: float) -> Floor:
    """vivid: how often the wall takes the strong tone."""
    b = Backdrop(stage, inside=True)
    pale, middle, accent = tones(stage)
    if b.odds(vivid) and not stage.light.dark:
        pale, middle = mix(pale, middle, 0.5), mix(middle, accent, 0.4)
    wall = mix(middle, accent, 0.55) if b.odds(vivid) else mix(pale, middle, b.some(0.2, 0.75))
    scene = _Set(pale, middle, accent, wall, b.h * b.some(0.64, 0.74))
    back = b.rng.choice(_BACKS)
    _room(b, scene, seamless=back in (_disc, _waves))
    back(b, scene)
    top, half = b.rng.choice(arrangements)(b, scene)
    return Floor(far=top - half * 0.02, near=top + half * FLAT * 0.5, shade=0.34, sun=0.5 + 0.3 * b.side, spot=b.x, spot_width=half * 1.6)


def _room(b: Backdrop, s: _Set, seamless: bool) -> None:
    """Wall and floor, now and then seamless where nothing leans on the wall, and the pool of light of the lamp."""
    light = shade(s.wall, light=0.06)
    deep = shade(s.wall, light=-0.05)
    b.canvas.fill_all(b.down(shade(s.wall, light=-0.015), light))
    near = mix(s.wall, s.pale, 0.2)
    if not seamless or b.odds(0.5):
        b.ground(s.ground, shade(near, light=-0.035), shade(near, light=0.0))
        b.rect(0, s.ground, b.w, b.u * 5, b.down(deep, deep, (0.22, 0)))
    else:
        b.ground(s.ground - b.h * 0.1, light, light)
        b.rect(0, s.ground - b.h * 0.12, b.w, b.full - s.ground + b.h * 0.12, b.down(light, shade(near, light=-0.025)))
    lamp = shade(s.pale, light=0.06)
    b.canvas.fill_all(b.canvas.radial([(0, lamp, 0.75), (0.5, lamp, 0.22), (1, lamp, 0)], (0.5 + 0.34 * b.side, 0.1), 0.85))
    if b.odds(0.45):
        _window_light(b, s, lamp)


def _window_light(b: Backdrop, s: _Set, lamp: str) -> None:
    """Panes of light thrown aslant on the wall."""
    size, x, y = b.u * b.some(13, 19), b.x + b.side * b.some(0.1, 0.3) * b.w, b.h * b.some(0.08, 0.2)
    lean = -b.side * size * 0.45
    shapes = []
    for row in range(3):
        for column in range(2):
            px, py = x + column * size * 1.1 + row * lean * 1.1, y + row * size * 1.1 + column * size * 0.12
            shapes.append([(px, py), (px + size, py + size * 0.1), (px + size + lean, py + size * 1.1), (px + lean, py + size)])
    b.shapes(lamp, shapes, 0.36)


# --- what stands against the wall


def _arches(b: Backdrop, s: _Set) -> None:
    """One to three arches, each with the thickness of a wall."""
    count, size = b.rng.choice((1, 1, 2, 3)), min(b.stage.area.width * 0.62, s.ground * 0.75)
    tone = mix(s.middle, s.accent, b.some(0.25, 0.75))
    for i in range(count):
        x = b.x + (i - (count - 1) / 2) * size * 0.62
        wide, high = size * (0.8 if count == 1 else 0.52), s.ground * (0.84 - 0.1 * abs(i - (count - 1) / 2)) * 0.9
        high = min(high, wide * 1.9)
        inner = shade(tone, light=-0.05 if i % 2 else 0.0)
        b.arch(shade(inner, light=0.07), x, s.ground, wide * 1.14, high + wide * 0.07)
        b.arch(b.down(shade(inner, light=-0.06), shade(inner, light=0.03)), x, s.ground, wide, high)
        b.arch(b.down(shade(inner, light=0.01), shade(inner, light=0.08)), x + b.side * wide * 0.06, s.ground, wide * 0.88, high * 0.955)


def _disc(b: Backdrop, s: _Set) -> None:
    """A sun disc, or rings, behind the podium."""
    r = min(b.stage.area.width * b.some(0.3, 0.4), s.ground * 0.46)
    y, tone = s.ground - r * b.some(0.85, 1.1), mix(s.middle, s.accent, b.some(0.35, 1.0))
    b.oval(b.x + b.side * -r * 0.06, y + r * 0.06, r * 1.03, r * 1.03, shade(s.wall, light=-0.08), 0.5)
    b.oval(b.x, y, r, r, b.canvas.linear([(0, shade(tone, light=0.07), 1), (1, shade(tone, light=-0.03), 1)], (0, 0, 1, 1)))
    if b.odds(0.6):
        b.canvas.ring(b.x, y, r * 1.2, tone, b.u * 0.4, 0.6)
    if b.odds(0.35):
        b.oval(b.x, y, r * 0.72, r * 0.72, shade(tone, light=0.05), 0.8)


def _panels(b: Backdrop, s: _Set) -> None:
    """Fluted or stepped panels across the wall."""
    wide, tone = b.u * b.some(5, 13), mix(s.wall, s.accent, b.some(0.1, 0.3))
    step = b.odds(0.5)
    count = int(b.w / wide) + 2
    for i in range(count):
        x = i * wide - wide * 0.5
        away = abs(x + wide / 2 - b.x) / b.w
        high = s.ground * (0.92 - away * 0.9) if step else s.ground + b.u
        b.rect(
            x,
            s.ground - high,
            wide * 1.01,
            high,
            b.over(shade(tone, light=0.05), shade(tone, light=-0.035)),
            0.9,
            wide * 0.5 if step else 0,
        )


def _curtain(b: Backdrop, s: _Set) -> None:
    """Cloth falling in soft folds."""
    tone, x = mix(s.wall, s.accent, b.some(0.2, 0.6)), -b.u * 2
    left, right = (0.0, b.w * 0.34) if b.side < 0 else (b.w * 0.66, b.w)
    whole = b.odds(0.5)
    while x < b.w:
        wide = b.u * b.some(4, 8)
        if whole or left - wide < x < right:
            foot = s.ground + b.u * b.some(0.4, 1.4)
            fold = b.over(shade(tone, light=-0.045), shade(tone, light=0.04))
            b.path(fold, "M# -5H#V#Q# # # #Z", x, x + wide * 1.02, foot, x + wide / 2, foot + b.u * 1.6, x, foot)
        x += wide


def _blocks(b: Backdrop, s: _Set) -> None:
    """Large plain boards leaning into each other."""
    for i in range(b.rng.randint(2, 3)):
        tone = mix(s.middle, s.accent, b.some(0.1, 0.8))
        wide, high = b.stage.area.width * b.some(0.26, 0.42), s.ground * b.some(0.45, 0.85)
        x = b.x + (-1) ** i * b.side * b.stage.area.width * b.some(0.08, 0.26) - wide / 2
        b.rect(x + b.side * -b.u * 1.6, s.ground - high + b.u * 0.8, wide, high - b.u * 0.8, shade(s.wall, light=-0.1), 0.35)
        b.rect(x, s.ground - high, wide, high, b.down(shade(tone, light=0.03), shade(tone, light=-0.03)))


def _waves(b: Backdrop, s: _Set) -> None:
    """Paper cut in waves, one behind the other."""
    for i in range(3):
        tone = mix(s.middle, s.accent, 0.2 + 0.3 * i)
        line = b.stage.ridge(f"paper {i}", s.ground * (0.5 + 0.16 * i), b.h * 0.09, steps=4)
        b.canvas.under([(x, y + b.u) for x, y in line], b.down(shade(s.wall, light=-0.1), s.wall), 0.5)
        b.canvas.under(line, b.down(shade(tone, light=0.03), shade(tone, light=-0.03)))
    near = mix(s.wall, s.pale, 0.45)
    b.ground(s.ground, shade(near, light=0.03), shade(near, light=-0.03))


_BACKS = (_arches, _disc, _panels, _curtain, _blocks, _waves, _arches, _disc)


# --- podiums; each returns (y of the upper face of the main one, half its width)


def _cylinder(b: Backdrop, x: float, top: float, half: float, high: float, tone: str) -> None:
    """A drum whose upper face is centred at (x, top); lit from b.side, its shadow on the floor away from it."""
    ry = half * FLAT
    b.shadow(x - b.side * half * 0.5, top + high + ry * 0.25, half * 1.55, ry * 1.6, 0.4)
    b.path(b.drum(tone), "M# #v#a# # 0 0 0 # 0v#Z", x - half, top, high, half, ry, 2 * half, -high)
    face = b.canvas.linear([(0, shade(tone, light=0.035), 1), (1, shade(tone, light=0.085), 1)])
    b.oval(x, top, half, ry, face)
    b.line(shade(tone, light=0.13), b.u * 0.16, "M# #a# # 0 0 0 # 0", x - half, top, half, ry, 2 * half, opacity=0.8)


def _cube(b: Backdrop, x: float, top: float, half: float, high: float, tone: str) -> None:
    """A block seen a little from above; (x, top) is the middle of its upper face."""
    deep = half * FLAT
    b.shadow(x - b.side * half * 0.6, top + deep + high, half * 1.5, deep * 1.5, 0.4)
    front, lid = b.facing(shade(tone, light=0.01), shade(tone, light=-0.06)), shade(tone, light=0.075)
    b.poly(front, (x - half, top + deep), (x + half, top + deep), (x + half, top + deep + high), (x - half, top + deep + high))
    b.poly(lid, (x - half * 0.86, top - deep), (x + half * 0.86, top - deep), (x + half, top + deep), (x - half, top + deep))
    b.rect(x - half, top + deep, half * 2, b.u * 0.22, shade(tone, light=0.12), 0.8)


def _main(b: Backdrop) -> tuple[float, float]:
    """(y of the upper face, half width) of the podium for the product."""
    size = min(b.stage.area.width, b.h * 0.95)
    return b.h * b.some(0.79, 0.84), size * b.some(0.25, 0.31)


def _tiers(b: Backdrop, s: _Set) -> tuple[float, float]:
    top, half = _main(b)
    count, high = b.rng.randint(1, 3), b.h * b.some(0.035, 0.05)
    for i in range(count - 1, -1, -1):
        tone = (s.pale, mix(s.pale, s.middle, 0.5), mix(s.middle, s.accent, 0.35))[i] if b.odds(0.9) else s.accent
        _cylinder(b, b.x, top + high * i, half * (1 + 0.22 * i), high, tone)
    _extras(b, s, top + high * count, half)
    return top, half


def _block(b: Backdrop, s: _Set) -> tuple[float, float]:
    top, half = _main(b)
    _cube(b, b.x, top, half, b.h * b.some(0.05, 0.08), mix(s.pale, s.accent, b.some(0.0, 0.5)))
    _extras(b, s, top + b.h * 0.1, half)
    return top, half


def _group(b: Backdrop, s: _Set, shape: int) -> tuple[float, float]:
    """The main podium with taller and lower ones behind it and at its sides."""
    top, half = _main(b)
    put = (_cylinder, _cube)[shape]
    room = b.stage.area.width
    for turn, share, rise, size in ((b.side, 0.3, 0.13, 0.52), (-b.side, 0.36, 0.05, 0.46), (b.side, 0.42, -0.01, 0.3)):
        if share * room + half * size > room * 0.52:
            continue
        tone = mix(s.middle, s.accent, b.some(0.0, 0.9))
        rise *= b.some(0.75, 1.3)
        foot = s.ground + (b.h - s.ground) * (0.3 if rise > 0 else 0.62)
        level = top - b.h * rise
        put(b, b.x + turn * share * room * b.some(0.92, 1.06), level, half * size, max(foot - level, b.u * 3), tone)
    put(b, b.x, top, half, b.h * b.some(0.06, 0.08), mix(s.pale, s.middle, b.some(0.0, 0.4)))
    _extras(b, s, top + b.h * 0.1, half)
    return top, half


def _cylinders(b: Backdrop, s: _Set) -> tuple[float, float]:
    return _group(b, s, 0)


def _cubes(b: Backdrop, s: _Set) -> tuple[float, float]:
    return _group(b, s, 1)


def _steps(b: Backdrop, s: _Set) -> tuple[float, float]:
    """Stairs leading up at one side, a wide block for the product at the other."""
    top, half = _main(b)
    tone, rise = mix(s.pale, s.middle, b.some(0.2, 0.6)), b.h * b.some(0.035, 0.045)
    run = half * 0.34
    for i in range(5, 0, -1):
        _cube(
            b, b.x + b.side * (half * 0.9 + run * i * 0.8), top - rise * i, run * 0.75, rise * i + b.h * 0.07, shade(tone, light=-0.012 * i)
        )
    _cube(b, b.x, top, half, b.h * 0.07, mix(s.pale, s.accent, b.some(0.0, 0.3)))
    _extras(b, s, top + b.h * 0.1, half, -b.side)
    return top, half


def _slabs(b: Backdrop, s: _Set) -> tuple[float, float]:
    """A thin disc on a wide slab, a ring standing behind."""
    top, half = _main(b)
    r = half * b.some(1.0, 1.25)
    ring = mix(s.accent, s.pale, b.some(0.0, 0.4))
    b.shadow(b.x, s.ground + b.u * 2, r * 1.1, b.u * 2.5, 0.3)
    b.canvas.ring(b.x + b.u * 0.7 * -b.side, s.ground + b.u * 2 - r, r, shade(ring, light=-0.08), b.u * 2.6)
    b.canvas.ring(b.x, s.ground + b.u * 2 - r, r, ring, b.u * 2.2)
    _cube(b, b.x, top + b.h * 0.045, half * 1.35, b.h * 0.035, mix(s.middle, s.pale, 0.35))
    _cylinder(b, b.x, top, half, b.h * 0.03, mix(s.pale, s.middle, 0.1))
    _extras(b, s, top + b.h * 0.11, half * 1.3)
    return top, half


_ARRANGEMENTS = (_tiers, _cylinders, _cubes, _steps, _slabs, _tiers, _cylinders)


def _extras(b: Backdrop, s: _Set, foot: float, half: float, only: int = 0) -> None:
    """Balls, a cone, a half ring on the floor at the sides; never before the podium."""
    for side in (-1, 1):
        if (only and side != only) or b.odds(0.25):
            continue
        r, x = half * b.some(0.13, 0.26), b.x + side * half * b.some(1.3, 1.75)
        if not r < x < b.w - r:
            continue
        tone = b.rng.choice((s.accent, mix(s.middle, s.accent, 0.5), s.pale))
        y = min(foot + b.h * b.some(-0.03, 0.02), b.h * 0.95)
        b.shadow(x - b.side * r * 0.5, y, r * 1.6, r * 0.34, 0.4)
        kind = b.rng.choice(("ball", "ball", "cone", "ring"))
        if kind == "ball":
            bright = [(0, shade(tone, light=0.12), 1.0), (0.55, tone, 1.0), (1, shade(tone, light=-0.1), 1.0)]
            b.oval(x, y - r, r, r, b.canvas.radial(bright, (0.5 + 0.16 * b.side, 0.3), 0.75))
        elif kind == "cone":
            b.path(b.drum(tone), "M# #L# #A# # 0 0 1 # #Z", x, y - r * 2.3, x + r, y - r * 0.2, r, r * 0.22, x - r, y - r * 0.2)
        else:
            b.line(shade(tone, light=-0.05), r * 0.42, "M# #a# # 0 0 1 # 0", x - r * 0.8, y - r * 0.2, r * 0.8, r, r * 1.6)
            b.line(tone, r * 0.36, "M# #a# # 0 0 1 # 0", x - r * 0.76, y - r * 0.2, r * 0.8, r, r * 1.6)
