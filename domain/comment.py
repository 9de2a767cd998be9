"""A comment on an Asset, pinned to a part of it: a region of a picture, a time, a line of text, a node or line of a dialogue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from domain.value import Value

COMMENT_MAX = 2000
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0.0, le=86_400.0, allow_inf_nan=False)]


class Region(Value):
    """A rectangle in shares of the picture's width and height, from its upper left corner."""

    kind: Literal["region"] = "region"
    x: Share
    y: Share
    w: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]
    h: Annotated[float, Field(gt=0.0, le=1.0, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _inside(self) -> Region:
        if self.x + self.w > 1.0 + 1e-6 or self.y + self.h > 1.0 + 1e-6:
            raise ValueError("The region reaches out of the picture.")
        return self


class TimeRange(Value):
    """Seconds from the start; end = start is one moment."""

    kind: Literal["time"] = "time"
    start: Seconds
    end: Seconds

    @model_validator(mode="after")
    def _forward(self) -> TimeRange:
        if self.end < self.start:
            raise ValueError("The range ends before it starts.")
        return self


class TextSpan(Value):
    """Lines are counted from 1. quote: the words it is about, as they stood there; "" is the whole line."""

    kind: Literal["text"] = "text"
    line: int = Field(ge=1, le=1_000_000)
    quote: str = Field(default="", max_length=500)


class NodeLine(Value):
    """A node of a dialogue, or (line not "") one line in it, by their ids."""

    kind: Literal["node"] = "node"
    node: str = Field(min_length=1, max_length=200)
    line: str = Field(default="", max_length=200)


Anchor = Annotated[Region | TimeRange | TextSpan | NodeLine, Field(discriminator="kind")]


class Comment(Value):
    """thread: the id of the comment it answers, "" for one that starts a thread. Only those have an anchor and can be resolved.

    anchor None: about the whole. resolved: who closed the thread, "" while it is open.
    """

    id: str = ""
    asset_id: str
    thread: str = ""
    person: str = ""
    text: str = Field(min_length=1, max_length=COMMENT_MAX)
    anchor: Anchor | None = None
    resolved: str = ""
    resolved_at: datetime | None = None
    created: datetime
