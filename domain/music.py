"""The finished musical choices of a bed: what the composer works from."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from domain.value import Value


class Mood(StrEnum):
    UPBEAT = "upbeat"
    CALM = "calm"
    WARM = "warm"
    CORPORATE = "corporate"
    CINEMATIC = "cinematic"
    DARK = "dark"
    TENSE = "tense"
    PLAYFUL = "playful"
    EPIC = "epic"
    LOFI = "lofi"
    MYSTERIOUS = "mysterious"
    GUOFENG = "guofeng"
    AMBIENT = "ambient"
    CHIPTUNE = "chiptune"
    FOLK = "folk"
    JAZZ = "jazz"
    BATTLE = "battle"
    TOWN = "town"
    MENU = "menu"


#: What a piece is for. bed: it opens, grows and ends. loop: its end joins its beginning. stinger: one gesture. intro: it leads into a
#: loop and does not end. outro: it comes to rest.
MusicForm = Literal["bed", "loop", "stinger", "intro", "outro"]


class Score(Value):
    """tempo in beats per minute, bent a little where whole bars must fit (loop, intro); key like "C major" or "A minor"; seconds exact."""

    mood: Mood = Mood.WARM
    tempo: int = Field(default=96, ge=40, le=220)
    key: str = Field(default="C major", pattern=r"^[A-G](#|b)? (major|minor)$")
    seconds: float = Field(default=30.0, ge=2.0, le=300.0)
    intensity: Literal["low", "medium", "high"] = "medium"
    lead: str = Field(default="", max_length=40)
    form: MusicForm = "bed"
