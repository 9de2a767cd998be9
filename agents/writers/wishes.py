"""Finds wishes in short texts by word lists: which of several things a person's words ask for. No LLM.

A Latin word must stand whole, a Chinese one may stand anywhere; a negated word ("not dark", "不要太快") is no wish.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_NEGATION = re.compile(
    r"(?:\b(?:not|no|never|without|less|don't|isn't|nothing)\s+(?:too\s+|so\s+|that\s+|very\s+|a\s+)?|(?:不要|不能|不|别|没有|没)(?:那么|这么|太|再)?)$",
    re.IGNORECASE,
)


def counted(text: str, lists: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many words of each list the text holds, lists without any left out. A longer phrase hides the shorter ones inside it."""
    taken = [False] * len(text)
    pairs = sorted(((word, name) for name, words in lists.items() for word in words), key=lambda pair: -len(pair[0]))
    found: dict[str, int] = {}
    for word, name in pairs:
        for match in _pattern(word).finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            taken[match.start() : match.end()] = [True] * (match.end() - match.start())
            if not _NEGATION.search(text[: match.start()]):
                found[name] = found.get(name, 0) + 1
    return found


def strongest(text: str, lists: Mapping[str, Sequence[str]]) -> str:
    """The name with most words in the text, on a tie the one listed first; "" when there is none."""
    found = counted(text, lists)
    return max(found, key=lambda name: (found[name], -list(lists).index(name))) if found else ""


def without(text: str, phrases: Sequence[str]) -> str:
    """The text with these phrases blanked, so that their words say nothing."""
    for phrase in phrases:
        text = _pattern(phrase).sub(" ", text)
    return text


def blanked(text: str, phrases: Sequence[str]) -> str:
    """As without(), with as many blanks as letters: every other word keeps its place. Longer phrases go first."""
    for phrase in sorted(set(phrases), key=lambda p: (-len(p), p)):
        text = _pattern(phrase).sub(lambda match: " " * len(match.group()), text)
    return text


@lru_cache(maxsize=8192)
def _pattern(word: str) -> re.Pattern[str]:
    # re keeps only 512 patterns; the lists of a scene hold thousands of words.
    latin = word.isascii() or (re.match(r"^[\w\s'-]+$", word) is not None and not re.search(r"[\u3400-\u9fff]", word))
    return re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])" if latin else re.escape(word), re.IGNORECASE)
