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
    BAMBOO_FOREST = "bamboo_forest"
    JUNGLE = "jungle"
    LAKE = "lake"
    RIVER = "river"
    SNOWFIELD = "snowfield"
    FARM = "farm"
    GARDEN = "garden"
    PARK = "park"
    VOLCANO = "volcano"
    UNDERWATER = "underwater"
    CLOUDS = "clouds"
    ROOFTOP = "rooftop"
    HARBOUR = "harbour"
    MARKET = "market"
    SHOP = "shop"
    CAFE = "cafe"
    OFFICE = "office"
    KITCHEN = "kitchen"
    BEDROOM = "bedroom"
    CLASSROOM = "classroom"
    LIBRARY = "library"
    CONCERT = "concert"
    STADIUM = "stadium"
    MUSEUM = "museum"
    LABORATORY = "laboratory"
    FACTORY = "factory"
    SPACESHIP = "spaceship"
    ALIEN_PLANET = "alien_planet"
    DUNGEON = "dungeon"
    CASTLE = "castle"
    THRONE_ROOM = "throne_room"
    TAVERN = "tavern"
    BATTLEFIELD = "battlefield"
    VILLAGE = "village"
    FESTIVAL = "festival"
    CHINESE_GARDEN = "chinese_garden"
    TEMPLE = "temple"
    GRAVEYARD = "graveyard"
    PODIUMS = "podiums"


class Subject(Value):
    """what is a noun or short phrase in English ("red fox"); colour is a colour word, #rrggbb or "".

    material ("glass", "gold", "wood") and pose ("sitting", "flying", "sleeping") are words or "".
    """

    what: str = Field(min_length=1, max_length=60)
    count: int = Field(default=1, ge=1, le=60)
    colour: str = Field(default="", max_length=24)
    size: Literal["small", "medium", "large"] = "medium"
    material: str = Field(default="", max_length=24)
    pose: str = Field(default="", max_length=24)


class Relation(Value):
    """Subject number `of` is so to number `to`. Numbers count subjects, then props, from 0."""

    of: int = Field(ge=0, le=11)
    kind: Literal["in", "on", "under", "behind", "beside", "holding", "facing"]
    to: int = Field(ge=0, le=11)


class Camera(Value):
    """horizon: its height as a share of the picture from the top, 0 for what the angle and the setting give."""

    angle: Literal["eye", "high", "low", "top"] = "eye"
    distance: Literal["close", "medium", "wide"] = "medium"
    horizon: float = Field(default=0.0, ge=0.0, le=0.9)


class Scene(Value):
    """What a picture shows.

    form: a whole scene, or one of the other things people ask an illustrator for. arrangement: how many alike stand together.
    frame: the shape the picture is cut to. texture: laid over all. family: id of an art family, "" for the one that has most of it.
    foreground: what stands before everything, cut by the edge. character: a name that makes the same figure wear the same parts
    and colours in every scene, "" for none.
    """

    subjects: tuple[Subject, ...] = Field(default=(), max_length=6)
    props: tuple[Subject, ...] = Field(default=(), max_length=6)
    setting: Setting = Setting.GRADIENT
    time: Literal["dawn", "day", "sunset", "night"] = "day"
    weather: Literal["clear", "cloudy", "rain", "snow", "fog", "storm"] = "clear"
    mood: str = Field(default="", max_length=40)
    palette: tuple[str, ...] = Field(default=(), max_length=8)
    margin: Literal["none", "left", "right", "top", "bottom"] = "none"
    composition: Literal["centre", "thirds", "close", "wide", "row", "scatter"] = "thirds"
    relations: tuple[Relation, ...] = Field(default=(), max_length=8)
    camera: Camera = Camera()
    form: Literal["scene", "icon", "sticker", "spot", "isometric", "sheet", "portrait", "tile"] = "scene"
    arrangement: Literal["free", "row", "circle", "grid", "scatter", "crowd"] = "free"
    frame: Literal["none", "circle", "rounded", "arch", "badge", "diamond"] = "none"
    texture: Literal["none", "grain", "paper", "halftone"] = "none"
    family: str = Field(default="", max_length=40)
    foreground: tuple[Subject, ...] = Field(default=(), max_length=3)
    character: str = Field(default="", max_length=40)
