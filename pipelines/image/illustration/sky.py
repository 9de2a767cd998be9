"""Sky, sun and moon, stars, clouds, and weather in the air. Drawn shapes only."""

from __future__ import annotations

from pipelines.image.illustration.colour import mix
from pipelines.image.illustration.stage import Stage
from pipelines.image.illustration.svg import Canvas, number

_DISCS = ("sun", "moon")
_ZH_DISCS = ("太阳", "月亮", "圆月", "满月", "明月", "弯月")


def paint_sky(stage: Stage, horizon: float, disc: bool = True) -> float:
    """Fill the canvas with sky down to `horizon` (pixels). Returns where the sun or moon stands, 0..1 from left."""
    canvas, light = stage.canvas, stage.light
    top, middle, low = light.sky
    reach = max(min(horizon / stage.height, 1.0), 0.05)
    stops = [(0.0, top, 1.0), (reach * 0.55, middle, 1.0), (reach, low, 1.0)]
    canvas.fill_all(canvas.linear(stops))
    rng = stage.chance("sky")
    sun = _sun_side(stage, rng.uniform(0.0, 1.0))
    if light.dark and stage.scene.weather in ("clear", "snow"):
        stars(stage, horizon, round(60 + 50 * rng.random()))
    if disc and not _asked(stage) and stage.scene.weather in ("clear", "cloudy"):
        _disc(stage, sun, horizon)
    if stage.scene.weather != "fog":
        clouds(stage, horizon)
    return sun


def _asked(stage: Stage) -> bool:
    """Whether the scene's own things include a sun or moon, so that there are not two."""
    things = [s.what.lower() for s in (*stage.scene.subjects, *stage.scene.props)]
    return any(set(_DISCS) & set(what.split()) or what.endswith(_ZH_DISCS) for what in things)


def _sun_side(stage: Stage, draw: float) -> float:
    if stage.scene.margin == "left":
        return 0.62 + 0.28 * draw
    if stage.scene.margin == "right":
        return 0.1 + 0.28 * draw
    return 0.16 + 0.2 * draw if draw < 0.5 else 0.62 + 0.24 * (draw - 0.5) * 2


def _disc(stage: Stage, sun: float, horizon: float) -> None:
    canvas, light, rng = stage.canvas, stage.light, stage.chance("sun")
    size = stage.unit * rng.uniform(6.0, 9.0) * (1.25 if light.warm else 1.0)
    height = {"dawn": 0.8, "sunset": 0.82, "day": 0.32, "night": 0.34}[stage.scene.time]
    y = max(horizon * height - size * 0.2, size * 1.4)
    x = sun * stage.width
    for spread, strength in ((5.2, 0.34), (2.6, 0.4)):
        fade = canvas.radial([(0, light.glow, strength), (0.5, light.glow, strength * 0.3), (1, light.glow, 0)])
        canvas.ellipse(x, y, size * spread, size * spread, fade)
    canvas.ellipse(x, y, size, size, light.glow)
    if light.dark:
        crater = mix(light.glow, light.sky[1], 0.22)
        for dx, dy, r in ((-0.35, -0.2, 0.2), (0.3, 0.28, 0.26), (0.22, -0.42, 0.12), (-0.25, 0.42, 0.13)):
            canvas.ellipse(x + dx * size, y + dy * size, r * size, r * size, crater, 0.7)


def stars(stage: Stage, below: float, count: int) -> None:
    rng, canvas, unit = stage.chance("stars"), stage.canvas, stage.unit
    for _ in range(count):
        x, y = rng.uniform(0, stage.width), rng.uniform(0, max(below, 1)) ** 1.0
        bright = 1 - 0.75 * y / max(below, 1)
        size = unit * rng.choice((0.12, 0.16, 0.2, 0.3))
        canvas.ellipse(x, y, size, size, "#ffffff", max(0.12, bright * rng.uniform(0.45, 1.0)))


def cloud(canvas: Canvas, x: float, y: float, size: float, fill: str, opacity: float, lobes: tuple[float, ...]) -> None:
    """A flat-footed cloud `size` wide, its foot at y; lobes are radii from left to right as shares of its size."""
    base = size * 0.11
    place = f'x="{number(x - size / 2)}" y="{number(y - base * 2)}" width="{number(size)}" height="{number(base * 2)}"'
    parts = [f'<rect {place} rx="{number(base)}"/>']
    for i, lobe in enumerate(lobes):
        cx, r = x + size * (-0.27 + 0.54 * i / max(len(lobes) - 1, 1)), size * lobe
        parts.append(f'<circle cx="{number(cx)}" cy="{number(y - base - r * 0.55)}" r="{number(r)}"/>')
    canvas.add(f'<g fill="{fill}" opacity="{number(opacity)}">{"".join(parts)}</g>')


def clouds(stage: Stage, horizon: float) -> None:
    """Layered puffs, larger and clearer higher up."""
    rng, light, canvas = stage.chance("clouds"), stage.light, stage.canvas
    covered = {"clear": 3, "cloudy": 9, "rain": 10, "snow": 8, "fog": 0, "storm": 13}[stage.scene.weather]
    white = mix("#ffffff", light.sky[1], 0.72 if light.dark else 0.14)
    if stage.scene.weather in ("rain", "storm"):
        white = mix(white, "#5a6675", 0.4 if stage.scene.weather == "rain" else 0.68)
    if light.warm:
        white = mix(white, light.glow, 0.35)
    for i in range(covered + rng.randint(0, 2)):
        size = stage.unit * rng.uniform(14, 32) * (1.3 if covered > 5 else 1.0)
        y = horizon * (0.1 + 0.72 * (i + rng.random()) / (covered + 2))
        x = rng.uniform(-0.05, 1.05) * stage.width
        lobes = tuple(
            rng.uniform(0.85, 1.1) * r for r in rng.choice(((0.13, 0.2, 0.14), (0.14, 0.21), (0.2, 0.13), (0.12, 0.18, 0.2, 0.12)))
        )
        shrink = 1 - 0.55 * y / max(horizon, 1)
        cloud(canvas, x, y, size * shrink, mix(white, light.sky[1], 0.3 * y / max(horizon, 1)), 0.5 if light.dark else 0.86, lobes)


def weather_front(stage: Stage) -> list[str]:
    """What falls or drifts in front of everything."""
    kind = stage.scene.weather
    if kind in ("rain", "storm"):
        return _rain(stage)
    if kind == "snow":
        return _snow(stage)
    return _fog(stage) if kind == "fog" else []


def _rain(stage: Stage) -> list[str]:
    rng, unit = stage.chance("rain"), stage.unit
    lines = []
    for _ in range(150):
        x, y, long = rng.uniform(-0.1, 1.05) * stage.width, rng.uniform(-0.05, 1) * stage.canvas.height, unit * rng.uniform(2.4, 5.5)
        lines.append(f"M{number(x)} {number(y)}l{number(-long * 0.22)} {number(long)}")
    return [f'<path d="{"".join(lines)}" stroke="#dfeaf5" stroke-width="{number(unit * 0.2)}" stroke-linecap="round" opacity="0.45"/>']


def _snow(stage: Stage) -> list[str]:
    rng, unit = stage.chance("snow"), stage.unit
    flakes = []
    for _ in range(110):
        x, y, r = rng.uniform(0, stage.width), rng.uniform(0, stage.canvas.height), unit * rng.choice((0.25, 0.35, 0.5, 0.8))
        flakes.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" opacity="{number(rng.uniform(0.5, 0.95))}"/>')
    return [f'<g fill="#ffffff">{"".join(flakes)}</g>']


def _fog(stage: Stage) -> list[str]:
    canvas, haze = stage.canvas, mix(stage.light.haze, "#ffffff", 0.25)
    rng, bands = stage.chance("fog"), []
    for _ in range(4):
        y = stage.canvas.height * rng.uniform(0.35, 0.9)
        fill = canvas.radial([(0, haze, 0.5), (0.6, haze, 0.22), (1, haze, 0)])
        x, rx, ry = rng.uniform(0, 1) * stage.width, stage.width * rng.uniform(0.5, 0.8), stage.canvas.height * rng.uniform(0.06, 0.13)
        bands.append(f'<ellipse cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}" fill="{fill}"/>')
    return bands
