"""The BrandKit: how a project speaks, looks and sounds."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from domain.value import Value

HEX_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}$")


class CastMember(Value):
    """A character (or "narrator") and the voice that always speaks it: the cast sheet is all of a project's.

    voice: a name or a blend ("af_heart*0.6+bf_emma*0.4"). style: how they speak, in words ("calm", "faster"). note: who they are.
    """

    name: str = Field(min_length=1, max_length=60)
    voice: str = Field(min_length=1, max_length=120)
    speed: float = Field(default=1.0, ge=0.5, le=2.0)
    style: str = Field(default="", max_length=120)
    note: str = Field(default="", max_length=200)


class CharacterSheet(Value):
    """Somebody who appears in several pictures. look: what is always seen of them, in the same words each time.

    picture: id of an asset of the project that shows them, for models that take such a picture beside words; "" for none.
    """

    name: str = Field(min_length=1, max_length=60)
    look: str = Field(min_length=1, max_length=400)
    picture: str = Field(default="", max_length=80)


class BrandKit(Value):
    """All fields may be empty: an empty kit restrains nothing.

    palette: colours as #rrggbb, first the main one, at most 8.
    lexicon: word -> respelling for speech ("Nguyen" -> "win"), or phonemes between slashes ("/wˈɪn/").
    glossary: term -> the form the brand uses (also for translation).
    characters: who looks alike in every picture of the project.
    logo: content hash of a PNG or SVG in the library, or "".
    """

    name: str = Field(default="", max_length=80)
    voice: str = Field(default="", max_length=400)
    required_words: tuple[str, ...] = Field(default=(), max_length=40)
    forbidden_words: tuple[str, ...] = Field(default=(), max_length=200)
    glossary: dict[str, str] = Field(default_factory=dict)
    palette: tuple[str, ...] = Field(default=(), max_length=8)
    heading_font: str = Field(default="", max_length=60)
    body_font: str = Field(default="", max_length=60)
    logo: str = Field(default="", max_length=64)
    lexicon: dict[str, str] = Field(default_factory=dict)
    cast: tuple[CastMember, ...] = Field(default=(), max_length=40)
    characters: tuple[CharacterSheet, ...] = Field(default=(), max_length=40)

    @field_validator("palette")
    @classmethod
    def _hex(cls, colours: tuple[str, ...]) -> tuple[str, ...]:
        for colour in colours:
            if not HEX_COLOUR.match(colour):
                raise ValueError(f"{colour!r} is not a colour; write it as #rrggbb")
        return tuple(colour.lower() for colour in colours)
