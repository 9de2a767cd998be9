"""The recipes of effects, assets/effects.toml: layers of sources with ranges that a seed draws from. Makes no sound itself."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from domain.value import Value

#: A number, or (lowest, highest) of which the seed draws one.
Range = float | tuple[float, float]
#: A place 0..1 within the layer and a value there.
Point = tuple[float, Range]


class Layer(Value):
    """One source with its envelope and its band. Times in seconds, frequencies in Hz, gains in dB.

    source: an oscillator; noise; grains (short bursts at random moments); modes (partials that ring and die, like struck metal).
    at: when it begins. every: it is repeated that often until the end (0: once); jitter: how far a repeat may stray, as a share of `every`.
    attack, hold, decay: the envelope; decay is the time in which it falls by 60 dB. steady: no envelope, through the whole effect.
    pitch: of an oscillator or of the lowest mode, by place; leaps: it jumps from point to point instead of gliding.
    vibrato: (cycles a second, semitones). colour: of noise, 0 white, 1 pink, 2 brown. low, high: the band it passes, by place;
    0 leaves the side open. drive: how hard it is saturated. sway: (depth 0..1, changes a second) of a slow wandering loudness;
    wander: octaves by which the band wanders with it. rate: grains a second. grain: (shortest, longest) length of a grain.
    ratios: of the modes to the lowest. ring: time in which the lowest mode falls by 60 dB.
    """

    source: Literal["sine", "triangle", "square", "saw", "noise", "grains", "modes"]
    gain: float = 0.0
    at: Range = 0.0
    every: Range = 0.0
    jitter: float = Field(default=0.0, ge=0.0, le=0.5)
    attack: Range = 0.002
    hold: Range = 0.0
    decay: Range = 0.1
    steady: bool = False
    pitch: tuple[Point, ...] = ((0.0, 440.0),)
    leaps: bool = False
    vibrato: tuple[float, float] = (0.0, 0.0)
    colour: float = Field(default=0.0, ge=0.0, le=2.5)
    low: tuple[Point, ...] = ()
    high: tuple[Point, ...] = ()
    drive: float = Field(default=0.0, ge=0.0, le=20.0)
    sway: tuple[float, float] = (0.0, 1.0)
    wander: float = Field(default=0.0, ge=0.0, le=3.0)
    rate: Range = 10.0
    grain: tuple[float, float] = (0.002, 0.01)
    ratios: tuple[float, ...] = (1.0,)
    ring: Range = 0.5


class EffectRecipe(Value):
    """One named effect. family: the kind of thing it belongs to. seconds: its own length. loops: it can join its end to its beginning.

    level: loudness it is brought to in LUFS, less where its peak would pass -1 dBTP. wide: stereo. room: share of a short reverberation.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    family: str
    name: dict[str, str]
    en: tuple[str, ...] = Field(min_length=1)
    zh: tuple[str, ...] = Field(min_length=1)
    seconds: Range
    loops: bool = False
    level: float = -18.0
    wide: bool = False
    room: float = Field(default=0.0, ge=0.0, le=0.6)
    layer: tuple[Layer, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _both_names(self) -> EffectRecipe:
        if not {"en", "zh"} <= set(self.name):
            raise ValueError(f"{self.id} needs a name in en and zh")
        return self


def read_recipes(assets: Path) -> dict[str, EffectRecipe]:
    """Every effect by its id. A malformed shipped file raises ValueError."""
    entries = tomllib.loads((assets / "effects.toml").read_text(encoding="utf-8"))["effect"]
    recipes = {str(entry["id"]): EffectRecipe.model_validate(entry) for entry in entries}
    if len(recipes) < len(entries):
        raise ValueError("assets/effects.toml: two effects have one id")
    return recipes
