"""The finished choices of a mix: what the mixer works from. Tracks are the inputs by role: voice, bed, effect."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from domain.value import Value

#: Integrated loudness in LUFS. Podcast: AES TD1008 and Apple; streaming: Spotify, YouTube; broadcast: EBU R 128.
TARGETS: dict[str, float] = {"podcast": -16.0, "streaming": -14.0, "broadcast": -23.0}
MIX_MAX_SECONDS = 600.0


class Cue(Value):
    """The effect number `effect` (from 0) sounds `offset` s after an edge of line `line` (from 1), or of the whole mix for line 0."""

    effect: int = Field(ge=0)
    line: int = Field(default=0, ge=0)
    edge: Literal["start", "end"] = "start"
    offset: float = Field(default=0.0, ge=-30.0, le=600.0)
    gain: float = Field(default=0.0, ge=-40.0, le=12.0)


class Mix(Value):
    """seconds 0: as long as it comes. pause: between lines, below 0 they overlap. duck: dB. lines: what each voice says, for subtitles.

    bed: LU the bed lies under the voices where nobody speaks. effects: LU the effects lie under the voices.
    """

    seconds: float = Field(default=0.0, ge=0.0, le=MIX_MAX_SECONDS)
    target: Literal["podcast", "streaming", "broadcast"] = "podcast"
    pause: float = Field(default=0.35, ge=-3.0, le=10.0)
    duck: float = Field(default=10.0, ge=0.0, le=30.0)
    bed: float = Field(default=6.0, ge=0.0, le=40.0)
    effects: float = Field(default=5.0, ge=-6.0, le=40.0)
    language: str = "en"
    lines: tuple[str, ...] = ()
    cues: tuple[Cue, ...] = ()
