"""What the checks of amounts read, from assets/checks/figures.toml: units, rounding, sums. Data, no check logic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agents.checks.word_patterns import Patterns, either, patterns

#: Words that may stand between a number and its unit.
_BETWEEN = "more|extra|full|whole|long|further|additional|consecutive|straight|working|entire|short"


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
    sums: Patterns
    differences: Patterns
    shares: Patterns
    changes: Patterns
    discounts: Patterns
    parts: Patterns
    averages: Patterns
    figurative: frozenset[str]
    people: frozenset[str]
    unit_en: re.Pattern[str]
    unit_zh: re.Pattern[str]
    units: dict[str, Unit]

    def unit_after(self, after: str) -> Unit | None:
        """The unit that the text right after a number begins with."""
        m = self.unit_en.match(after) or self.unit_zh.match(after)
        return self.units[m["unit"].casefold()] if m else None


def figures_of(data: dict[str, Any]) -> FigureWords:
    rounding, units = data["rounding"], {}
    words: dict[str, list[str]] = {"en": [], "zh": []}
    for row in data["unit"]:
        for size in row["sizes"]:
            for language in words:
                for word in size.get(language, ()):
                    words[language].append(word)
                    units[word.casefold()] = Unit(row["dimension"], float(size["factor"]), float(size.get("offset", 0.0)))
    return FigureWords(
        over=patterns(rounding["over"]),
        under=patterns(rounding["under"]),
        nearly=patterns(rounding["nearly"]),
        about=patterns(rounding["about"]),
        after_over=patterns(rounding["after_over"]),
        after_about=patterns(rounding["after_about"]),
        **{
            way: patterns(data["derived"][way])
            for way in ("cues", "sums", "differences", "shares", "changes", "discounts", "parts", "averages")
        },
        people=frozenset(data["people"]["en"]) | frozenset(data["people"]["zh"]),
        figurative=frozenset(data["figurative"]["en"]),
        # "Five more years" are years too.
        unit_en=re.compile(
            rf"[\s-]?(?:(?:{_BETWEEN}) )?(?P<unit>{either(words['en'])})(?![A-Za-z²/])",
            re.IGNORECASE,
        ),
        unit_zh=re.compile(rf"\s?(?:多|余|来)?(?P<unit>{either(words['zh'])})"),
        units=units,
    )
