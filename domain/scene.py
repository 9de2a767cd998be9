"""A picture as a typed scene: what the illustrator draws. Written by agents/writers or by hand, drawn by pipelines."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from domain.value import Value


class Setting(StrEnum):
    PLAIN = "plain"
    GRADIENT = "gradient"
    PATTERN = "pattern"
    STUDIO = "studio"
    MEADOW = "meadow"
    HILLS = "hills"
    MOUNTAINS = "mountains"
    FOREST = "forest"
    DESERT = "desert"
    BEACH = "beach"
    SEA = "sea"
    CITY = "city"
    STREET = "street"
    INTERIOR = "interior"
    SPACE = "space"
    CAVE = "cave"


class Subject(Value):
    """what is a noun or short phrase in English ("red fox"); colour is a colour word, #rrggbb or ""."""

    what: str = Field(min_length=1, max_length=60)
    count: int = Field(default=1, ge=1, le=12)
    colour: str = Field(default="", max_length=24)
    size: Literal["small", "medium", "large"] = "medium"


class Scene(Value):
    subjects: tuple[Subject, ...] = Field(default=(), max_length=6)
    props: tuple[Subject, ...] = Field(default=(), max_length=6)
    setting: Setting = Setting.GRADIENT
    time: Literal["dawn", "day", "sunset", "night"] = "day"
    weather: Literal["clear", "cloudy", "rain", "snow", "fog"] = "clear"
    mood: str = Field(default="", max_length=40)
    palette: tuple[str, ...] = Field(default=(), max_length=8)
    margin: Literal["none", "left", "right", "top", "bottom"] = "none"
    composition: Literal["centre", "thirds", "close", "wide", "row", "scatter"] = "thirds"
