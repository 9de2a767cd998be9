"""The channels as shipped data: read, validated, looked up by id, found in a brief.

Knows assets/channels. Does not write copy; agents/writers/copy.py asks it for the limits of a field.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from agents.lexicon import load_toml, words_pattern
from domain.channel import Channel
from domain.errors import InputError


class Channels:
    """All shipped channels, by id."""

    def __init__(self, channels: Iterable[Channel]) -> None:
        self.all = tuple(sorted(channels, key=lambda channel: channel.id))
        self._by_id = {channel.id: channel for channel in self.all}

    @staticmethod
    def load(assets: Path) -> Channels:
        """Read assets/channels/*.toml. Raises InputError naming the file at fault, and a channel that stands twice."""
        found: dict[str, Channel] = {}
        for path in sorted((assets / "channels").glob("*.toml")):
            try:
                channel = Channel.model_validate(load_toml(path))
            except ValidationError as error:
                said = "; ".join(str(fault["msg"]).removeprefix("Value error, ") for fault in error.errors())
                raise InputError("The channel file {path} is not valid: {said}.", field=str(path), path=path.name, said=said) from error
            if channel.id in found:
                raise InputError(
                    "The channel {channel} stands in two files; {path} is the second.", field=str(path), channel=channel.id, path=path.name
                )
            found[channel.id] = channel
        return Channels(found.values())

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    def get(self, channel_id: str, field: str = "channel") -> Channel:
        """The channel of that id. Raises InputError that names the nearest ones."""
        channel = self._by_id.get(channel_id)
        if channel is None:
            near = self.nearest(channel_id)
            raise InputError(
                "There is no channel called {channel_id}.",
                hint="Did you mean {known}?" if near else "Known: {known}.",
                field=field,
                known=near or self.ids,
                channel_id=repr(channel_id),
            )
        return channel

    def nearest(self, said: str, most: int = 3) -> tuple[str, ...]:
        """Ids of channels whose id, name or words come close to what was said, the nearest first."""
        wanted = re.sub(r"[\W_]+", " ", said.casefold()).strip()
        scores: dict[str, float] = {}
        for channel in self.all:
            names = [channel.id.replace("_", " "), channel.name.en.casefold(), channel.name.zh, *words_of(channel)]
            parts = {part for name in names for part in name.split()} | set(names)
            closest = max(difflib.SequenceMatcher(None, wanted, name).ratio() for name in parts)
            scores[channel.id] = closest + 0.01 * difflib.SequenceMatcher(None, wanted, channel.id.replace("_", " ")).ratio()
        return tuple(sorted((name for name, score in scores.items() if score >= 0.6), key=lambda name: -scores[name])[:most])

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple(
            (channel.id, words_pattern([*channel.names.en, *channel.texts.en], [*channel.names.zh, *channel.texts.zh]))
            for channel in self.all
        )

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, id) of every channel a lower-case text names, the longest name winning where two overlap, in order."""
        hits = [(m.start(), m.end(), name) for name, pattern in self._patterns for m in pattern.finditer(text)]
        taken: list[tuple[int, int, str]] = []
        for start, end, name in sorted(hits, key=lambda hit: (hit[0] - hit[1], hit[0])):
            if all(end <= a or b <= start for a, b, _ in taken):
                taken.append((start, end, name))
        return sorted(taken)


def words_of(channel: Channel) -> tuple[str, ...]:
    """Every word that names a channel or asks for its copy."""
    return (*channel.names.en, *channel.names.zh, *channel.texts.en, *channel.texts.zh)
