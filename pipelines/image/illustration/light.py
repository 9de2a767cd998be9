"""Light and palette of one picture: what the time of day, the weather and the person's colours do to every tone.

A drawn setting names the natural colour of a thing at noon; `Light.tone` gives the colour it has in this picture, at a depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.scene import Scene
from pipelines.image.illustration.colour import (
    Lch,
    darkest,
    harmonise,
    hex_of,
    lch,
    lightest,
    mix,
    most_vivid,
    nearest_of,
    shade,
    tone_of,
    with_light,
)

#: time -> (sky top, sky middle, sky at the horizon, ambient tint, its weight, glow of sun or moon)
SKIES: dict[str, tuple[str, str, str, str, float, str]] = {
    "dawn": ("#7c8fd0", "#f3b6b0", "#ffe3c2", "#ffb49a", 0.16, "#fff1d6"),
    "day": ("#5fb4ee", "#a3d8f6", "#e6f5fb", "#fff6e0", 0.04, "#fffbe6"),
    "sunset": ("#4a3c84", "#d7627c", "#ffbf73", "#e8694f", 0.24, "#ffe2a1"),
    "night": ("#0c1536", "#1c2d62", "#3d568f", "#16255c", 0.5, "#f3f0d2"),
}
#: time -> (strength of cast shadows, their length as a share of the height of what casts them, strength of the rim light)
SUN: dict[str, tuple[float, float, float]] = {
    "dawn": (0.2, 0.62, 0.5),
    "day": (0.2, 0.3, 0.0),
    "sunset": (0.26, 0.72, 0.7),
    "night": (0.14, 0.4, 0.34),
}
#: weather -> how much of the sun comes through
CLEAR = {"clear": 1.0, "cloudy": 0.3, "rain": 0.0, "snow": 0.25, "fog": 0.0, "storm": 0.0}


@dataclass(frozen=True)
class Light:
    """sky: top, middle, horizon. haze is what far things fade into; amount (0..1) how much of it by the horizon.

    ambient and weight tint everything; glow is the sun, the moon or the lamp; palette is what the person asked for, or empty.
    cast: strength of shadows thrown by the sun, reach: their length as a share of the thing's height. rim: strength of the bright
    edge on the side of the light.
    """

    sky: tuple[str, str, str]
    haze: str
    haze_amount: float
    ambient: str
    weight: float
    glow: str
    palette: tuple[str, ...]
    pull: float
    dark: bool
    warm: bool
    cast: float = 0.0
    reach: float = 0.0
    rim: float = 0.0

    def tone(self, natural: str, depth: float = 0.0) -> str:
        """The colour of a thing that is `natural` at noon, standing `depth` (0 near .. 1 at the horizon) away."""
        own = harmonise(natural, self.palette, self.pull)
        paint = nearest_of(natural, self.palette) if self.palette else ""
        value = lch(own)
        if self.dark:
            own = hex_of(Lch(value.light * 0.62 + 0.02, value.chroma * 0.72, value.hue))
        tinted = mix(own, with_light(self.ambient, lch(own).light), self.weight)
        far = mix(tinted, self.haze, max(0.0, min(depth, 1.0)) * self.haze_amount)
        # A palette is kept to: light and air make its colours lighter and darker, and no others of them.
        return tone_of(paint, lch(far).light) if paint else far

    def on_subject(self, colour: str) -> str:
        """A colour inside a subject: subjects are lit enough to be seen for what they are."""
        value = lch(colour)
        if self.dark:
            colour = hex_of(Lch(value.light * 0.9 + 0.015, value.chroma * 0.94, value.hue))
        return mix(colour, with_light(self.ambient, lch(colour).light), self.weight * (0.36 if self.dark else 0.42))

    @property
    def shadow(self) -> str:
        return mix(hex_of(Lch(0.18, 0.03, lch(self.sky[0]).hue)), darkest((*self.palette, "#222233")), 0.3)

    @property
    def accent(self) -> str:
        return most_vivid(self.palette) if self.palette else self.glow

    def base(self) -> tuple[str, str, str, str]:
        """(deep, main, soft, pale): four tones for abstract settings, from the palette or from the sky."""
        source = self.palette or self.sky
        main = source[0]
        deep, pale = darkest(source), lightest(source)
        if lch(deep).light > 0.5:
            deep = shade(deep, light=0.38 - lch(deep).light)
        if lch(pale).light < 0.82:
            pale = mix(pale, "#ffffff", 0.7)
        soft = source[1] if len(source) > 1 else mix(main, pale, 0.5)
        return deep, main, soft, pale


def light_of(scene: Scene) -> Light:
    """From the scene's time, weather and palette."""
    top, middle, low, ambient, weight, glow = SKIES[scene.time]
    palette = tuple(scene.palette)
    pull = 0.72 if palette else 0.0
    sky = tuple(_weathered(c, scene.weather) for c in (top, middle, low))
    sky = tuple(harmonise(c, palette, pull * (0.85 if scene.time in ("day", "night") else 0.6)) for c in sky)
    sky = tuple(_of_palette(c, palette) for c in sky)
    amount = {"clear": 0.72, "cloudy": 0.76, "rain": 0.82, "snow": 0.85, "fog": 0.97, "storm": 0.86}[scene.weather]
    return Light(
        sky=(sky[0], sky[1], sky[2]),
        haze=_of_palette(mix(sky[1], sky[2], 0.42 if scene.time in ("dawn", "sunset") else 0.7), palette),
        haze_amount=amount,
        ambient=harmonise(ambient, palette, pull * 0.5),
        weight=weight + (0.08 if scene.weather in ("rain", "fog", "storm") else 0.0),
        glow=_of_palette(glow, palette),
        palette=palette,
        pull=pull,
        dark=scene.time == "night",
        warm=scene.time in ("dawn", "sunset"),
        cast=SUN[scene.time][0] * CLEAR[scene.weather],
        reach=SUN[scene.time][1],
        rim=SUN[scene.time][2] * max(CLEAR[scene.weather], 0.4),
    )


def _of_palette(colour: str, palette: Sequence[str]) -> str:
    """The same lightness in a tint or shade of the palette; without one the colour itself."""
    return tone_of(nearest_of(colour, palette), lch(colour).light) if palette else colour


def _weathered(colour: str, weather: str) -> str:
    if weather == "clear":
        return colour
    value = lch(colour)
    flat = {"cloudy": (0.55, 0.0), "rain": (0.4, -0.1), "snow": (0.35, 0.06), "fog": (0.3, 0.03), "storm": (0.42, -0.24)}[weather]
    return hex_of(Lch(min(max(value.light + flat[1], 0.12), 0.96), value.chroma * flat[0], value.hue))


def blend(colours: Sequence[str], position: float) -> str:
    """A colour on the even ramp through `colours`, position 0..1."""
    if len(colours) == 1:
        return colours[0]
    place = min(max(position, 0.0), 1.0) * (len(colours) - 1)
    index = min(int(place), len(colours) - 2)
    return mix(colours[index], colours[index + 1], place - index)
