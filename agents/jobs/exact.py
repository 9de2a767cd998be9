"""Questions that code answers exactly: letters of a word, which number is larger, weekdays, days between dates, leap years.

Reads whole messages by assets/lexicon/exact.toml and answers with phrases; asks no model. Sums are read in sums.py.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from agents.lexicon import load_toml
from domain.errors import InputError

_QUOTES = re.compile(r"[\"“”‘’'「」]")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})[日号]")
_KINDS = ("letters", "length", "larger", "weekday", "between", "leap")


@dataclass(frozen=True)
class Exact:
    """An exact answer: the phrase it is said with, its values, and `key`, the value a correction is compared with."""

    phrase: str
    values: dict[str, object]
    key: str


class ExactReader:
    def __init__(self, data: dict[str, Any]) -> None:
        self._patterns = {kind: [re.compile(p) for p in data[kind]] for kind in _KINDS}
        self._smaller = frozenset(data["smaller"])
        self._months = {month[:3]: at for at, month in enumerate(data["months"], 1)}

    @staticmethod
    def load(assets: Path) -> ExactReader:
        """Raises InputError naming the file at fault."""
        path = assets / "lexicon" / "exact.toml"
        try:
            return ExactReader(load_toml(path))
        except (KeyError, TypeError, re.error) as error:
            raise InputError(
                "The word lists in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error

    def read(self, message: str) -> Exact | None:
        """The exact answer to a whole message, None where code has none: a date that is not there has no weekday."""
        folded = " ".join(_QUOTES.sub("", message.lower()).split()).strip(" .,!?。，！？")
        for kind, patterns in self._patterns.items():
            match = next((m for p in patterns if (m := p.match(folded))), None)
            if match is not None:
                return self._answered(kind, match.groupdict())
        return None

    def _answered(self, kind: str, said: dict[str, str]) -> Exact | None:
        if kind in ("letters", "length"):
            word, letter = said["word"], said.get("letter", "")
            count = word.count(letter) if letter else sum(c.isalpha() for c in word)
            places = ", ".join(str(at) for at, c in enumerate(word, 1) if c == letter)
            phrase = kind if count or kind == "length" else "letters_none"
            return Exact(phrase, {"word": word, "letter": letter, "n": count, "places": places, "spelt": "-".join(word)}, str(count))
        if kind == "larger":
            a, b = Decimal(said["a"]), Decimal(said["b"])
            smaller = said["way"] in self._smaller
            first, last = (min(a, b), max(a, b)) if smaller else (max(a, b), min(a, b))
            phrase = "equal" if a == b else "smaller" if smaller else "larger"
            return Exact(phrase, {"a": first, "b": last, "by": abs(a - b)}, str(first))
        if kind == "leap":
            year = int(said["year"])
            leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
            return Exact("leap" if leap else "leap_not", {"year": year}, "366" if leap else "365")
        first_date, last_date = self._date(said["a"]), self._date(said.get("b") or said["a"])
        if first_date is None or last_date is None:
            return None
        if kind == "weekday":
            return Exact(f"weekday_{first_date.weekday()}", {"date": first_date.isoformat()}, str(first_date.weekday()))
        days = abs((last_date - first_date).days)
        return Exact("between", {"a": first_date.isoformat(), "b": last_date.isoformat(), "n": days}, str(days))

    def _date(self, text: str) -> datetime.date | None:
        """A day with its year: "3 June 2026", "June 3rd, 2026", 2026-06-03, 2026年6月3日. None for anything else."""
        if m := _ISO.search(text):
            year, month, day = (int(g) for g in m.groups() if g)
        else:
            named = re.search(r"\b([a-z]{3,9})\b", re.sub(r"\b(?:the|of|st|nd|rd|th)\b", "", text))
            digits = [int(d) for d in re.findall(r"\d+", text)]
            month = self._months.get(named[1][:3], 0) if named else 0
            if len(digits) != 2 or not month:
                return None
            day, year = digits if digits[0] <= 31 else reversed(digits)
        try:
            return datetime.date(year, month, day)
        except ValueError:
            return None
