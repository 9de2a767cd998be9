"""A channel: a place where copy is published, with the texts it takes and their limits. Values, and what makes them contradictory.

Knows the shape of the data in assets/channels. Does not read files; agents/channels.py does.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from domain.counting import CountingRule
from domain.specs import CopyField
from domain.value import Value

#: What a field is written to when no page states anything of its length.
_AIM = 400
_LONGEST_AIM = 3000


class ChannelName(Value):
    """One name in the two interface languages."""

    en: str
    zh: str


class ChannelWords(Value):
    """Words of briefs, lower case."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()


class ChannelSource(Value):
    """The page a limit was read on. date: as the page states it, "" where it does not; read: the day it was read. url "": it has none."""

    publisher: str = Field(min_length=1)
    title: str = Field(min_length=1)
    url: str = ""
    date: str = ""
    read: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    confidence: Literal["publisher", "secondary"]


class ChannelField(Value):
    """One text a channel takes. Limits are in units of `counting`.

    hard_limit: the channel refuses or cuts what is longer; None when no page that was read states one, and `note` says so.
    recommended: advised. truncation: where the channel stops showing the text, though it keeps it. aim: what is written by default.
    least, most: how many the channel takes. count: how many are written. written False: a person or the brand kit gives it.
    max_hashtags, max_emoji: None when nothing is known of them.
    call: the reader is asked to do something here, in one of its texts at least.
    """

    name: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=40)
    counting: CountingRule = CountingRule.CHARACTERS
    hard_limit: int | None = Field(default=None, ge=1)
    recommended: int | None = Field(default=None, ge=1)
    truncation: int | None = Field(default=None, ge=1)
    aim: int | None = Field(default=None, ge=1)
    count: int = Field(default=1, ge=1, le=12)
    least: int = Field(default=1, ge=0)
    most: int | None = Field(default=None, ge=1)
    required: bool = False
    written: bool = True
    max_hashtags: int | None = Field(default=None, ge=0)
    max_emoji: int | None = Field(default=None, ge=0)
    call: bool = False
    source: str
    note: str = ""

    @model_validator(mode="after")
    def _agree(self) -> ChannelField:
        for name in ("recommended", "truncation", "aim"):
            value = getattr(self, name)
            if value is not None and self.hard_limit is not None and value > self.hard_limit:
                raise ValueError(f"field {self.name}: {name} {value} is over its hard limit {self.hard_limit}")
        if self.most is not None and self.least > self.most:
            raise ValueError(f"field {self.name}: at least {self.least} and at most {self.most} contradict each other")
        if self.hard_limit is None and not self.note:
            raise ValueError(f"field {self.name}: it has no hard limit, and its note does not say why")
        return self

    @property
    def target(self) -> int:
        """What a text of this field is written to, at most: the aim, else the tightest of its limits."""
        known = [limit for limit in (self.recommended, self.truncation, self.hard_limit) if limit is not None]
        return min(self.aim or min([*known, _AIM]), _LONGEST_AIM)

    def copy_field(self, count: int | None = None) -> CopyField:
        """The field of a copy step: `count` alternatives, never more than the channel takes where it takes several."""
        wanted = count or self.count
        if self.most is not None and self.most > 1:
            wanted = min(wanted, self.most)
        return CopyField(name=self.name, max_chars=self.target, count=min(12, wanted))


class Channel(Value):
    """names: how briefs say where copy is for ("instagram"). texts: how they ask for its copy ("instagram ads").

    languages: the only ones it is for, empty: any. group: where it stands in a list of channels.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    name: ChannelName
    group: Literal["ads", "social", "video", "mail", "store", "web", "press", "china"]
    names: ChannelWords = ChannelWords()
    texts: ChannelWords = ChannelWords()
    languages: tuple[str, ...] = ()
    sources: dict[str, ChannelSource] = Field(min_length=1)
    fields: tuple[ChannelField, ...] = Field(min_length=1, max_length=12)

    @model_validator(mode="after")
    def _whole(self) -> Channel:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(f"channel {self.id}: a field stands twice")
        for field in self.fields:
            if field.source not in self.sources:
                raise ValueError(f"channel {self.id}: field {field.name} names the source {field.source!r}, which is not listed")
        if not any(field.written for field in self.fields):
            raise ValueError(f"channel {self.id}: no field is written")
        return self

    def field(self, name: str) -> ChannelField | None:
        """The field of that name, however it is spelt ("Primary text"); None when the channel has none."""
        wanted = name.strip().casefold().replace(" ", "_")
        return next((field for field in self.fields if field.name == wanted), None)

    @property
    def copy_fields(self) -> tuple[CopyField, ...]:
        """What a copy step for this channel writes."""
        return tuple(field.copy_field() for field in self.fields if field.written)

    def serves(self, language: str) -> bool:
        return not self.languages or language.split("-")[0] in self.languages
