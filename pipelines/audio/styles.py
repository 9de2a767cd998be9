"""Style templates of the composer, one TOML file per mood in assets/music. Grids are written as text, sixteen steps to a 4/4 bar."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from domain.music import Mood
from domain.value import Value

Role = Literal["pad", "comp", "arpeggio", "bass", "lead", "drums"]


class Progressions(Value):
    """Bars are split by "|", chords in a bar by spaces. a and b are four bars each; cadence is two bars that want to go to `final`."""

    scale: str
    a: tuple[str, ...] = Field(min_length=1)
    b: tuple[str, ...] = Field(min_length=1)
    cadence: tuple[str, ...] = Field(min_length=1)
    final: str


class Part(Value):
    """One player.

    program: General MIDI program, 0 first. low, high: register. gain: dB beside the mix level of its role. pan: -1 left .. 1 right.
    reverb: share sent to the room. energy: plays in sections of at least this energy (0..4). legato: share of a note that sounds.
    patterns: comp: x hit, o soft hit, l lowest note, h the others, - hold, . rest; arpeggio: digits are chord notes counted up;
    bass: R root, 5 fifth, 3 third, 8 octave, a a step towards the next root; lead: rhythms of one bar, x note; - hold, . rest.
    grooves: drums only: per energy, lane (General MIDI drum name) -> loudness digits 1..9. fill: the same for the last bar of a phrase.
    """

    name: str
    role: Role
    program: int = Field(default=0, ge=0, le=127)
    low: int = Field(default=48, ge=0, le=127)
    high: int = Field(default=84, ge=0, le=127)
    gain: float = 0.0
    pan: float = Field(default=0.0, ge=-1.0, le=1.0)
    reverb: float = Field(default=0.25, ge=0.0, le=1.0)
    energy: int = Field(default=0, ge=0, le=4)
    until: int = Field(default=4, ge=0, le=4)
    legato: float = Field(default=0.92, gt=0.0, le=1.5)
    human: float = Field(default=8.0, ge=0.0, le=40.0)
    patterns: tuple[str, ...] = ()
    grooves: dict[str, dict[str, str]] = {}
    fill: dict[str, str] = {}

    @model_validator(mode="after")
    def _register(self) -> Part:
        if self.role != "drums" and self.high - self.low < 12:
            raise ValueError(f"{self.name}: a register needs at least an octave")
        return self


class Style(Value):
    """swing: how much off-beat eighths are late, in beats. room: reverberation time in s. melody: how often a theme returns.

    tone: low-pass corner of the whole mix in Hz (0: none), for a dusty sound.
    """

    mood: Mood
    source: str
    swing: float = Field(default=0.0, ge=0.0, le=0.25)
    room: float = Field(default=1.5, gt=0.1, le=6.0)
    tone: float = Field(default=0.0, ge=0.0, le=20_000.0)
    melody: float = Field(default=0.8, ge=0.0, le=1.0)
    major: Progressions
    minor: Progressions
    part: tuple[Part, ...]

    @model_validator(mode="after")
    def _grids(self) -> Style:
        for part in self.part:
            lanes = [lane for groove in (*part.grooves.values(), part.fill) for lane in groove.values()]
            for grid in (*part.patterns, *lanes):
                if len(grid) != 16:
                    raise ValueError(f"{part.name}: {grid!r} has {len(grid)} steps, not 16")
        return self


def read_style(folder: Path, mood: Mood) -> Style:
    """The template of one mood. A malformed shipped file raises ValueError."""
    file = folder / f"{mood.value}.toml"
    return Style.model_validate({"mood": mood, **tomllib.loads(file.read_text(encoding="utf-8"))})
