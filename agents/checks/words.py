"""The word lists the checks read: claims, superlatives, placeholders, names, profanity. Data from assets/checks; no check logic."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Claim:
    """A promise a text may make only where the material makes it. Supported when any pattern is found there."""

    name: str
    patterns: Patterns


@dataclass(frozen=True)
class Names:
    """Names known without looking anything up. Lookups are by casefolded form."""

    months: frozenset[str]
    ambiguous_months: frozenset[str]
    weekdays: frozenset[str]
    ordinary: frozenset[str]
    titles: frozenset[str]
    places: Patterns
    idioms_zh: tuple[str, ...]


@dataclass(frozen=True)
class WordLists:
    claims: tuple[Claim, ...]
    superlatives: Patterns
    placeholders: Patterns
    leakage: Patterns
    endings_en: frozenset[str]
    endings_zh: tuple[str, ...]
    function_words: frozenset[str]
    profanity: Patterns
    profanity_exceptions: tuple[str, ...]
    names: Names

    @staticmethod
    def load(folder: Path) -> WordLists:
        """Read assets/checks. Raises OSError, TOMLDecodeError, KeyError: shipped data that is wrong is a defect."""
        traces, profanity = _read(folder / "traces.toml"), _read(folder / "profanity.toml")
        return WordLists(
            claims=tuple(Claim(c["name"], _patterns(c["patterns"])) for c in _read(folder / "claims.toml")["claim"]),
            superlatives=_patterns(_read(folder / "superlatives.toml")["patterns"]),
            placeholders=_patterns(traces["placeholders"]),
            leakage=_patterns(traces["leakage"]),
            endings_en=frozenset(traces["endings_en"]),
            endings_zh=tuple(traces["endings_zh"]),
            function_words=frozenset(traces["function_words"]),
            profanity=_patterns(
                [rf"\b{re.escape(w)}(s|es|ed|er|ers|ing)?\b" for w in profanity["en"]] + [re.escape(w) for w in profanity["zh"]]
            ),
            profanity_exceptions=tuple(profanity["zh_exceptions"]),
            names=_names(_read(folder / "names.toml")),
        )


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _patterns(sources: list[str]) -> Patterns:
    return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def _names(data: dict[str, Any]) -> Names:
    western = [rf"\b{re.escape(p)}\b" for p in [*data["places"], *(b for b in data["brands"] if b.isascii())]]
    chinese = [re.escape(p) for p in [*data["places_zh"], *(b for b in data["brands"] if not b.isascii())]]
    return Names(
        months=frozenset(m.casefold() for m in data["months"]),
        ambiguous_months=frozenset(m.casefold() for m in data["ambiguous_months"]),
        weekdays=frozenset(d.casefold() for d in data["weekdays"]),
        ordinary=frozenset(w.casefold() for w in data["ordinary"]),
        titles=frozenset(t.casefold() for t in data["titles"]),
        # Case matters for Western names ("java" is also a word), so these are compiled without IGNORECASE.
        places=tuple(re.compile(source) for source in western + chinese),
        idioms_zh=tuple(data["idioms_zh"]),
    )
