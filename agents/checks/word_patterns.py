"""Patterns made from the words of a list. No lists, no checks."""

from __future__ import annotations

import re
from collections.abc import Iterable

Patterns = tuple[re.Pattern[str], ...]


def patterns(sources: Iterable[str]) -> Patterns:
    """Compiled, whatever the case of the text."""
    return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def either(words: Iterable[str]) -> str:
    """An alternation of plain words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
