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
    weekday_order: tuple[str, ...]
    given: frozenset[str]
    kin: dict[str, tuple[str, ...]]
    codes: frozenset[str]
    roles_zh: tuple[str, ...]
    follow_zh: str
    titles_zh: tuple[str, ...]
    surnames_zh: str
    role_zh: re.Pattern[str]
    titled_zh: re.Pattern[str]
    body_zh: re.Pattern[str]


@dataclass(frozen=True)
class Unit:
    """One size of a unit: amount in the dimension's base unit = number * factor + offset."""

    dimension: str
    factor: float
    offset: float


# Compared by identity: these are read once, and answers about a material are kept per list.
@dataclass(frozen=True, eq=False)
class FigureWords:
    """How amounts are rounded, measured and worked out in words."""

    over: Patterns
    under: Patterns
    nearly: Patterns
    about: Patterns
    after_over: Patterns
    after_about: Patterns
    cues: Patterns
    figurative: frozenset[str]
    unit_en: re.Pattern[str]
    unit_zh: re.Pattern[str]
    units: dict[str, Unit]

    def unit_after(self, after: str) -> Unit | None:
        """The unit that the text right after a number begins with."""
        m = self.unit_en.match(after) or self.unit_zh.match(after)
        return self.units[m["unit"].casefold()] if m else None


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
    figures: FigureWords

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
            figures=_figures(_read(folder / "figures.toml")),
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
        weekday_order=tuple(d.casefold() for d in data["weekdays"]),
        given=frozenset(n.casefold() for n in data["given_names"]),
        kin={name: tuple(row) for row in data["kin"] for name in row},
        codes=frozenset(data["codes"]),
        roles_zh=tuple(sorted(data["roles_zh"], key=len, reverse=True)),
        follow_zh=data["follow_zh"],
        titles_zh=tuple(data["titles_zh"]),
        surnames_zh=data["surnames_zh"],
        role_zh=re.compile(rf"(?:{_either(data['roles_zh'])})(?P<name>[{data['surnames_zh']}][\u4e00-\u9fff]{{1,2}})"),
        titled_zh=re.compile(rf"(?P<family>[{data['surnames_zh']}和])(?P<title>{_either(data['titles_zh'])})"),
        body_zh=re.compile(rf"(?P<name>[\u4e00-\u9fff]{{2,4}}?)(?P<ending>{_either(data['bodies_zh'])})"),
    )


def _either(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _figures(data: dict[str, Any]) -> FigureWords:
    rounding, units = data["rounding"], {}
    words: dict[str, list[str]] = {"en": [], "zh": []}
    for row in data["unit"]:
        for size in row["sizes"]:
            for language in words:
                for word in size.get(language, ()):
                    words[language].append(word)
                    units[word.casefold()] = Unit(row["dimension"], float(size["factor"]), float(size.get("offset", 0.0)))
    return FigureWords(
        over=_patterns(rounding["over"]),
        under=_patterns(rounding["under"]),
        nearly=_patterns(rounding["nearly"]),
        about=_patterns(rounding["about"]),
        after_over=_patterns(rounding["after_over"]),
        after_about=_patterns(rounding["after_about"]),
        cues=_patterns(data["derived"]["cues"]),
        figurative=frozenset(data["figurative"]["en"]),
        unit_en=re.compile(rf"[\s-]?(?P<unit>{_either(words['en'])})(?![A-Za-z²/])", re.IGNORECASE),
        unit_zh=re.compile(rf"\s?(?:多|余|来)?(?P<unit>{_either(words['zh'])})"),
        units=units,
    )
