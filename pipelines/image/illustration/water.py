"""Drawn water and shore: sea and beach."""

from __future__ import annotations

from pipelines.image.illustration import plants
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.sky import paint_sky
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import number as n
from pipelines.image.illustration.svg import smooth


def _islands(stage: Stage, horizon: float) -> None:
    rng = stage.chance("islands")
    colour = stage.light.tone("#6b93a0", 0.82)
    for _ in range(rng.randint(1, 3)):
        x, wide, tall = rng.uniform(0, 1) * stage.width, stage.unit * rng.uniform(14, 30), stage.height * rng.uniform(0.02, 0.06)
        line = [
            (x - wide, horizon),
            (x - wide * 0.5, horizon - tall * 0.7),
            (x, horizon - tall),
            (x + wide * 0.4, horizon - tall * 0.5),
            (x + wide, horizon),
        ]
        stage.canvas.path(f"M{n(x - wide)} {n(horizon)}{smooth(line)}Z", colour)


def _water(stage: Stage, horizon: float, foot: float, sun: float) -> str:
    """Water from the horizon to `foot`, with a path of light under the sun. Returns its near colour."""
    light, canvas, rng = stage.light, stage.canvas, stage.chance("water")
    far, near = mix(light.tone("#6fc0dc", 0.4), light.sky[2], 0.3), light.tone("#1f83b5", 0.0)
    canvas.rect(0, horizon, stage.width, foot - horizon + 2, canvas.linear([(0, far, 1), (1, near, 1)]))
    glint = mix(light.glow, "#ffffff", 0.3)
    for i in range(26):
        t = (i + rng.random()) / 26
        y = horizon + (foot - horizon) * t**1.4
        wide = stage.unit * (1.5 + 7 * t) * rng.uniform(0.5, 1.2)
        x = sun * stage.width + rng.uniform(-1, 1) * stage.unit * (3 + 10 * t)
        canvas.ellipse(x, y, wide, stage.unit * (0.12 + 0.22 * t), glint, 0.5 * (1 - 0.5 * t))
    crest = mix(near, "#ffffff", 0.45)
    for _ in range(34):
        t = rng.random()
        y, wide = horizon + (foot - horizon) * t**1.3, stage.unit * (1.5 + 6 * t)
        x = rng.uniform(0, stage.width)
        canvas.stroke(
            f"M{n(x - wide)} {n(y)}q{n(wide / 2)} {n(-stage.unit * 0.5 * t)} {n(wide)} 0t{n(wide)} 0",
            crest,
            stage.unit * (0.1 + 0.2 * t),
            0.34,
        )
    return near


def sea(stage: Stage) -> Floor:
    h, rng = stage.height, stage.chance("sea")
    horizon = h * rng.uniform(0.4, 0.6)
    sun = paint_sky(stage, horizon)
    _islands(stage, horizon)
    near = _water(stage, horizon, h, sun)
    canvas = stage.canvas
    for i, (level, alpha) in enumerate(((0.66, 0.35), (0.79, 0.5), (0.92, 0.75))):
        line = stage.ridge(f"swell {i}", h * level, h * 0.012, steps=7)
        tone = shade(near, light=-0.02 - 0.035 * i)
        canvas.under(line, canvas.linear([(0, mix(tone, "#ffffff", 0.16), alpha), (0.3, tone, alpha)]))
    line = stage.ridge("front swell", h * 0.955, h * 0.01, steps=7)
    start = f"M{n(line[0][0])} {n(stage.canvas.height + 2)}{smooth(line)}L{n(line[-1][0])} {n(stage.canvas.height + 2)}Z"
    front = [] if stage.scene.margin == "bottom" else [f'<path d="{start}" fill="{shade(near, light=-0.1)}" opacity="0.85"/>']
    return Floor(far=horizon + h * 0.12, near=h * 0.9, footing="water", shade=0.25, sun=sun, front=front)


def beach(stage: Stage) -> Floor:
    h, w, rng = stage.height, stage.width, stage.chance("beach")
    horizon = h * rng.uniform(0.42, 0.48)
    sun = paint_sky(stage, horizon)
    _islands(stage, horizon)
    shore = horizon + h * 0.17
    near = _water(stage, horizon, shore + h * 0.1, sun)
    sand = stage.light.tone("#f2d7a0")
    tilt = rng.choice((-1, 1)) * h * 0.045
    for grow, fill, alpha in (
        (0.0, mix(near, "#ffffff", 0.62), 0.9),
        (0.016, "#ffffff", 0.85),
        (0.03, shade(sand, light=-0.07), 1.0),
        (0.06, sand, 1.0),
    ):
        line = [(x, y + tilt * (x / w - 0.5) + h * grow) for x, y in stage.ridge("shore", shore, h * 0.018, steps=6)]
        paint = stage.canvas.linear([(0, fill, 1), (1, mix(fill, stage.light.tone("#d9ab6c"), 0.55), 1)]) if fill == sand else fill
        stage.canvas.under(line, paint, alpha)
    _shore_things(stage, shore + h * 0.12)
    return Floor(far=shore + h * 0.1, near=h * 0.93, sun=sun, front=[], water=(horizon + h * 0.05, shore - h * 0.02))


def _shore_things(stage: Stage, top: float) -> None:
    rng, canvas, area = stage.chance("shore"), stage.canvas, stage.area
    leaf, trunk = stage.light.tone("#3f9a5a"), stage.light.tone("#9a7250")
    side = rng.choice((0.03, 0.97))
    for i in range(rng.randint(1, 2)):
        x = area.x + area.width * (side + (0.06 if side < 0.5 else -0.06) * i)
        canvas.add(plants.palm(rng, x, top + stage.height * (0.04 + 0.05 * i), stage.height * rng.uniform(0.42, 0.56), leaf, trunk))
    for _ in range(18):
        x, y = rng.uniform(0, stage.width), rng.uniform(top, stage.height)
        canvas.ellipse(
            x,
            y,
            stage.unit * rng.uniform(0.3, 0.9),
            stage.unit * rng.uniform(0.15, 0.3),
            stage.light.tone(rng.choice(("#e2bd80", "#fff3dc", "#d7a46b"))),
            0.8,
        )
