"""Drawn places without weather: space and a cave."""

from __future__ import annotations

import random

from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import Lch, harmonise, hex_of, lch, mix, shade
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import number as n
from pipelines.image.illustration.svg import smooth, trace

NEBULAE = (
    ("#2b1a66", "#7a3fb8", "#e86fb0"),
    ("#102a5c", "#2f6fb8", "#5fd0d8"),
    ("#3a1440", "#a03f7a", "#f2a05c"),
    ("#0f2b45", "#2f7f8f", "#8fe0b0"),
)
ROCKS = ("#5b5470", "#6a5548", "#4a5f68", "#4f5a48", "#6a4a52")
CRYSTALS = ("#5fd8e8", "#b07af0", "#7ae0a0", "#f08ac0")


def space(stage: Stage) -> Floor:
    rng, canvas, w, h = stage.chance("space"), stage.canvas, stage.width, stage.height
    deep, cloud, glow = (harmonise(c, stage.light.palette, stage.light.pull) for c in rng.choice(NEBULAE))
    value = lch(deep)
    dark = hex_of(Lch(0.17, min(value.chroma, 0.07), value.hue))
    canvas.fill_all(canvas.linear([(0, dark, 1), (1, mix(dark, deep, 0.6), 1)], (0, 0, 1, 1)))
    for _ in range(9):
        x, y, r = rng.uniform(0, 1) * w, rng.uniform(0, 1) * h, stage.unit * rng.uniform(26, 58)
        tone = rng.choice((cloud, cloud, glow))
        canvas.ellipse(x, y, r * rng.uniform(0.8, 1.5), r, canvas.radial([(0, tone, 0.32), (0.5, tone, 0.13), (1, tone, 0)]))
    _star_field(stage, rng)
    veil = mix(dark, deep, 0.35)
    _planets(stage, rng, cloud, glow)
    if rng.random() < 0.5 and stage.scene.margin != "bottom":
        return _moon_ground(stage, mix(deep, "#9a93b5", 0.45), veil)
    return Floor(far=h * 0.35, near=h * 0.8, footing="none", shade=0.0, sun=0.3, veil=veil)


def _star_field(stage: Stage, rng: random.Random) -> None:
    unit, canvas = stage.unit, stage.canvas
    for _ in range(150):
        size = unit * rng.choice((0.1, 0.13, 0.18, 0.26))
        canvas.ellipse(
            rng.uniform(0, stage.width),
            rng.uniform(0, stage.canvas.height),
            size,
            size,
            rng.choice(("#ffffff", "#ffffff", "#ffe9c2", "#cfe4ff")),
            rng.uniform(0.35, 1),
        )
    for _ in range(7):
        x, y, s = rng.uniform(0, stage.width), rng.uniform(0, stage.canvas.height), unit * rng.uniform(0.9, 1.8)
        glint = (x, y - s, x, y, x + s, y, x, y, x, y + s, x, y, x - s, y, x, y, x, y - s)
        canvas.path(trace("M# #Q# # # #Q# # # #Q# # # #Q# # # #Z", *glint), "#ffffff", 0.9)


def _planets(stage: Stage, rng: random.Random, cloud: str, glow: str) -> None:
    """One large planet half out of the frame, one small one with a ring, both away from the subject."""
    w, h = stage.width, stage.height
    side = rng.choice((0.0, 1.0)) if stage.scene.margin in ("none", "top", "bottom") else (1.0 if stage.scene.margin == "left" else 0.0)
    big = stage.unit * rng.uniform(26, 36)
    _planet(stage, rng, w * side + (1 if side < 0.5 else -1) * big * 0.1, h * rng.choice((0.12, 0.92)), big, mix(glow, "#c9a58a", 0.25))
    small = stage.unit * rng.uniform(6, 9)
    x, y = w * (0.86 if side < 0.5 else 0.14), h * rng.uniform(0.13, 0.24)
    ring = mix(glow, "#ffffff", 0.45)
    tilt = rng.uniform(-24, -12)
    band = f'fill="none" stroke="{ring}" stroke-width="{n(small * 0.2)}" transform="rotate({n(tilt)} {n(x)} {n(y)})"'
    place = f'cx="{n(x)}" cy="{n(y)}" rx="{n(small * 1.9)}" ry="{n(small * 0.5)}"'
    stage.canvas.add(f'<ellipse {place} {band} opacity="0.8"/>')
    _planet(stage, rng, x, y, small, mix(cloud, "#ffffff", 0.28))
    # The near half of the ring lies over the planet.
    near = trace("M# #a# # 0 0 0 # 0", x - small * 1.9, y, small * 1.9, small * 0.5, small * 3.8)
    stage.canvas.add(f'<path d="{near}" {band}/>')


def _planet(stage: Stage, rng: random.Random, x: float, y: float, r: float, tone: str) -> None:
    canvas = stage.canvas
    clip = canvas.define("c", f'<clipPath id="{{id}}"><circle cx="{n(x)}" cy="{n(y)}" r="{n(r)}"/></clipPath>')
    canvas.ellipse(x, y, r * 1.5, r * 1.5, canvas.radial([(0.55, tone, 0.32), (1, tone, 0)]))
    disc = f'cx="{n(x)}" cy="{n(y)}" r="{n(r)}"'
    marks = []
    for i in range(5):
        by = y + r * (-0.9 + 0.4 * i + rng.uniform(-0.08, 0.08))
        high, fill = r * rng.uniform(0.06, 0.16), shade(tone, light=rng.choice((-0.05, 0.05, -0.03)))
        marks.append(f'<ellipse cx="{n(x)}" cy="{n(by)}" rx="{n(r * 1.2)}" ry="{n(high)}" fill="{fill}"/>')
    for _ in range(3):
        size, dx, dy = r * rng.uniform(0.06, 0.16), rng.uniform(-0.6, 0.6) * r, rng.uniform(-0.6, 0.6) * r
        fill = shade(tone, light=-0.07)
        marks.append(f'<circle cx="{n(x + dx)}" cy="{n(y + dy)}" r="{n(size)}" fill="{fill}" opacity="0.7"/>')
    night = canvas.radial([(0, "#000000", 0), (0.62, "#000000", 0.06), (1, "#05030f", 0.62)], (0.3, 0.3), 0.8)
    inside = f'<circle {disc} fill="{tone}"/>{"".join(marks)}<circle {disc} fill="{night}"/>'
    canvas.add(f'<g clip-path="url(#{clip})">{inside}</g>')


def _moon_ground(stage: Stage, tone: str, veil: str) -> Floor:
    h, rng = stage.height, stage.chance("moon")
    for i, (level, light) in enumerate(((0.8, -0.06), (0.86, 0.0))):
        line = stage.ridge(f"moon {i}", h * level, h * 0.018, steps=6)
        colour = shade(tone, light=light)
        stage.canvas.under(line, stage.canvas.linear([(0, shade(colour, light=0.06), 1), (1, shade(colour, light=-0.1), 1)]))
    for _ in range(9):
        x, y, r = rng.uniform(0, stage.width), h * rng.uniform(0.885, 0.99), stage.unit * rng.uniform(1.5, 5)
        stage.canvas.ellipse(x, y, r, r * 0.26, shade(tone, light=-0.1), 0.8)
        stage.canvas.ellipse(x, y + r * 0.07, r * 0.86, r * 0.19, shade(tone, light=-0.05), 0.9)
    return Floor(far=h * 0.87, near=h * 0.93, shade=0.4, sun=0.3, veil=veil)


def cave(stage: Stage) -> Floor:
    """Rock on all sides, light falling in, crystals, a floor with a pool of light."""
    rng, canvas, w, h = stage.chance("cave"), stage.canvas, stage.width, stage.height
    natural = harmonise(rng.choice(ROCKS), stage.light.palette, stage.light.pull)
    rock = shade(natural, light=-0.05 if stage.light.dark else 0.0)
    crystal = harmonise(rng.choice(CRYSTALS), stage.light.palette, stage.light.pull * 0.7)
    x = stage.area.centre[0]
    glow = mix(crystal, stage.light.glow, 0.62)
    canvas.fill_all(shade(rock, light=-0.16))
    canvas.ellipse(
        x,
        h * 0.42,
        max(w * 0.5, h * 0.3),
        h * 0.52,
        canvas.radial([(0, glow, 0.85), (0.35, mix(glow, rock, 0.5), 0.6), (1, shade(rock, light=-0.12), 0)]),
    )
    for i in range(3):
        _rock_ring(stage, f"ring {i}", x, 0.34 + 0.1 * i, shade(rock, light=0.02 - 0.075 * i), shade(rock, light=0.05 - 0.085 * i))
    beam = canvas.linear([(0, stage.light.glow, 0.32), (1, stage.light.glow, 0)])
    for dx, wide in ((-0.1, 0.1), (0.04, 0.14)):
        canvas.polygon(
            [
                (x + dx * w * 0.3, 0),
                (x + (dx + wide * 0.6) * w * 0.6, 0),
                (x + (dx + wide * 2.0) * w, h * 0.86),
                (x + (dx - wide) * w, h * 0.86),
            ],
            beam,
            0.55,
        )
    _cave_floor(stage, rock, glow)
    if rng.random() < 0.6:
        _crystals(stage, crystal)
    else:
        _glowing_caps(stage, crystal, shade(rock, light=0.06))
    _teeth(stage, shade(rock, light=-0.06))
    return Floor(far=h * 0.78, near=h * 0.92, shade=0.55, sun=0.5, veil=shade(rock, light=-0.2))


def _glowing_caps(stage: Stage, tone: str, stem: str) -> None:
    """Mushrooms that give light, at both sides."""
    b = Backdrop(stage)
    for side in (-1, 1):
        for _ in range(b.rng.randint(2, 4)):
            x, y, size = b.x + side * b.w * b.some(0.26, 0.48), b.h * b.some(0.75, 0.86), b.u * b.some(7, 15)
            b.glow(x, y - size, size * 1.4, size * 1.2, tone, 0.45)
            b.path(
                shade(stem, light=0.1), "M# #L# #H#L# #Z", x - size * 0.1, y, x - size * 0.06, y - size, x + size * 0.06, x + size * 0.1, y
            )
            b.path(
                b.drum(tone), "M# #A# # 0 0 1 # #Z", x - size * 0.5, y - size * 0.8, size * 0.5, size * 0.44, x + size * 0.5, y - size * 0.8
            )
            b.dots(
                shade(tone, light=0.12),
                [(x + size * dx, y - size * dy, size * 0.06) for dx, dy in ((-0.2, 0.94), (0.16, 1.0), (0.3, 0.88))],
            )


def _teeth(stage: Stage, tone: str) -> None:
    """Stone growing up from the floor, at the sides."""
    b = Backdrop(stage)
    rng = stage.chance("teeth")
    for side in (-1, 1):
        for _ in range(rng.randint(1, 4)):
            x, y, high, w = (
                b.x + side * b.w * rng.uniform(0.3, 0.5),
                b.h * rng.uniform(0.78, 0.92),
                b.h * rng.uniform(0.07, 0.2),
                b.u * rng.uniform(2.5, 5),
            )
            fill = b.facing(shade(tone, light=0.05), shade(tone, light=-0.05))
            b.path(fill, "M# #Q# # # #Q# # # #Z", x - w, y, x - w * 0.2, y - high * 0.4, x, y - high, x + w * 0.2, y - high * 0.4, x + w, y)


def _cave_floor(stage: Stage, rock: str, glow: str) -> None:
    rng, canvas, w, h, x = stage.chance("cave floor"), stage.canvas, stage.width, stage.height, stage.area.centre[0]
    floor = stage.ridge("floor", h * 0.72, h * 0.014, steps=8)
    ground = shade(rock, light=-0.03)
    canvas.under(floor, canvas.linear([(0, shade(ground, light=0.09), 1), (1, shade(ground, light=-0.12), 1)]))
    canvas.ellipse(x, h * 0.86, w * 0.42, h * 0.1, canvas.radial([(0, glow, 0.55), (0.6, glow, 0.2), (1, glow, 0)]))
    for _ in range(12):
        px, py, r = rng.uniform(0, 1) * w, rng.uniform(0.76, 0.99) * h, stage.unit * rng.uniform(0.8, 2.4)
        canvas.path(
            f"M{n(px - r)} {n(py)}q{n(r * 0.3)} {n(-r)} {n(r)} {n(-r * 0.9)}q{n(r * 0.8)} {n(r * 0.1)} {n(r)} {n(r * 0.9)}Z",
            shade(ground, light=rng.uniform(-0.1, 0.02)),
        )


def _rock_ring(stage: Stage, purpose: str, x: float, open_by: float, tone: str, edge: str) -> None:
    """Walls and roof of one depth: rock from both sides and teeth hanging from above, leaving an opening around x."""
    rng, canvas, w, h = stage.chance(purpose), stage.canvas, stage.width, stage.height
    reach = max(w * open_by, h * 0.22)
    for side in (-1, 1):
        line = []
        for i in range(9):
            # An arch: closing toward the roof, straight below, with knobs.
            t = i / 8
            bulge = 1.0 - 0.62 * max(0.0, 0.5 - t) ** 1.6 * 3.0 + rng.uniform(-0.07, 0.07) + (0.05 if i % 2 else -0.03)
            line.append((x + side * reach * bulge, h * t))
        outer = -5.0 if side < 0 else w + 5
        fill = canvas.linear([(0, tone, 1), (1, edge, 1)], (0, 0, 1, 0) if side < 0 else (1, 0, 0, 0))
        rock = smooth([(line[0][0], -5.0), *line, (line[-1][0], h + 5)])
        canvas.path(f"M{n(outer)} -5{rock}L{n(outer)} {n(h + 5)}Z", fill)
    count = max(6, round(w / (stage.unit * 9)))
    for i in range(count):
        tx = w * (i + rng.uniform(0.1, 0.9)) / count
        away = min(abs(tx - x) / max(reach, 1), 1.6)
        long = h * (0.07 + 0.1 * away) * rng.uniform(0.5, 1.35)
        wide = stage.unit * rng.uniform(3, 6.5)
        bend = wide * 0.25
        tooth = trace("M# -2Q# # # #Q# # # -2Z", tx - wide, tx - bend, long * 0.45, tx, long, tx + bend, long * 0.45, tx + wide)
        canvas.path(tooth, tone)


def _crystals(stage: Stage, tone: str) -> None:
    rng, canvas, area = stage.chance("crystals"), stage.canvas, stage.area
    for share in (rng.uniform(0.04, 0.13), rng.uniform(0.87, 0.96), rng.uniform(0.14, 0.2)):
        x, y, size = area.x + area.width * share, stage.height * rng.uniform(0.74, 0.84), stage.unit * rng.uniform(5, 9)
        canvas.ellipse(x, y - size * 0.5, size * 2.6, size * 2.6, canvas.radial([(0, tone, 0.4), (1, tone, 0)]))
        for dx, tall, lean in ((-0.5, 0.9, -0.3), (0.45, 1.1, 0.28), (0.0, 1.6, 0.02)):
            bx, top, half = x + dx * size, size * tall, size * 0.24
            tip = (bx + lean * size, y - top)
            shoulder = y - top * 0.72
            canvas.polygon(
                [(bx - half, y), (bx - half + lean * size * 0.7, shoulder), tip, (bx + lean * size * 0.75, shoulder + half * 0.4), (bx, y)],
                shade(tone, light=0.07),
            )
            canvas.polygon(
                [(bx + half, y), (bx + half + lean * size * 0.7, shoulder), tip, (bx + lean * size * 0.75, shoulder + half * 0.4), (bx, y)],
                shade(tone, light=-0.08),
            )
