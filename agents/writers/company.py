"""Words for several people, said one by one: "a couple" is a man and a woman, 一家人 is 妈妈、爸爸和孩子; "a crowd of fans" are people.

Word lists of assets/prompts/scene_words.toml, no LLM. Knows texts only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.writers.tones import alternatives, any_of

#: What may follow a word for several people that stands alone: an end, or what they do or where they are.
_WHERE = "on|in|at|with|and|by|near|under|beside|who|is|are|enjoys?|has|have|from|during|around|inside|outside"
_ALONE = rf"(?=\s*(?:$|[,.;:!?]|(?:{_WHERE})\b|\w+ing\b))"
_KINDS = "football|soccer|sports?|basketball|music|cheering|screaming|happy|excited|loyal|young"
_FANS = re.compile(rf"(?<![\w-])(?:(?:{_KINDS})\s+)?(?P<fans>fans)\b", re.IGNORECASE)
_OF_PEOPLE = re.compile(r"(?:crowd|crowds|group|thousands|hundreds|dozens|lots|stadium)\s+(?:full\s+)?of\s+$", re.IGNORECASE)
_ACTS = "cheering|waving|singing|celebrating|jumping|dancing|clapping|screaming|watching|gathering|queuing|waiting"
_DO = re.compile(rf"\s+(?:are\s+)?(?:{_ACTS})\b", re.IGNORECASE)


class Company:
    """words: scene_words.toml."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._english: Mapping[str, Sequence[str]] = words["company"]
        self._chinese: Mapping[str, str] = words["company_zh"]
        self._groups = re.compile(rf"\b(?:an?|the|our|one)\s+({any_of(self._english)}){_ALONE}", re.IGNORECASE)
        self._groups_zh = alternatives(dict.fromkeys(self._chinese, ""))

    def one_by_one(self, text: str) -> str:
        """The text with each of them named."""
        text = self._groups.sub(lambda match: _listed(self._english[match[1].lower()]), text)
        text = self._groups_zh.sub(lambda match: self._chinese[match.group()], text)
        return _FANS.sub(lambda match: _fans(match, text), text)


def _fans(match: re.Match[str], text: str) -> str:
    """Folding fans and ventilators stay what they are."""
    people = match.group() != match["fans"] or _OF_PEOPLE.search(text[: match.start()]) or _DO.match(text[match.end() :])
    return "sports fans" if people else match.group()


def _listed(people: Sequence[str]) -> str:
    return f"{', '.join(people[:-1])} and {people[-1]}"
