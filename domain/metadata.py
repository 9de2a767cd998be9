"""What a picture file says of how it was made, as text and nothing but text: prompt, settings, and the raw fields they stand in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from domain.value import Value

#: Bounds of what is kept of one file; what is longer is cut, and `cut` says so.
FIELDS_MAX = 40
TEXT_MAX = 20_000
NAME_MAX = 80

Tool = Literal["", "maquette", "a1111", "comfyui", "other"]


class TextField(Value):
    """name: what the file or the tool calls it ("Sampler", "workflow")."""

    name: str = Field(max_length=NAME_MAX)
    text: str = Field(max_length=TEXT_MAX)


class PictureMetadata(Value):
    """tool: whose form was recognised, "" where the file says nothing. settings: what is understood of it ("Seed": "7").

    raw: the fields as they stand in the file, cut. cut: something was longer, or there were more, than is kept.
    """

    tool: Tool = ""
    prompt: str = Field(default="", max_length=TEXT_MAX)
    negative: str = Field(default="", max_length=TEXT_MAX)
    settings: tuple[TextField, ...] = Field(default=(), max_length=FIELDS_MAX)
    raw: tuple[TextField, ...] = Field(default=(), max_length=FIELDS_MAX)
    cut: bool = False
