"""Sums as people write them: "15% of 240", "divide 1000 by 7", "36乘以25等于多少", "how many minutes are in three days".

Turns words into an expression for agents/jobs/arithmetic.py, by data in assets/lexicon/sums.toml. Word problems are not read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pydantic import ValidationError

from agents.jobs.arithmetic import MOST_CHARACTERS, evaluate, number
from agents.lexicon import load_toml
from domain.errors import InputError
from domain.value import Value

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_EXPRESSION = re.compile(r"[\d\s.,+*/^()%√×÷·−-]|sqrt")
_OPERATED = re.compile(r"[\d)%]\s*(?:[+*/^×÷·−-]|\()|sqrt|√|%")
#: In prose "3-4" and "2024-05-01" are a range and a date; "24/7" a habit.
_NO_SUM = re.compile(r"^\s*(?:\d{4}-\d{1,2}(?:-\d{1,2})?|24/7|\d{1,2}/\d{1,2}/\d{2,4}|\d+\s*-\s*\d+)\s*$")
_CLAIM = re.compile(rf"([\d(][\d\s.,+*/^()%×÷·−-]*?|{_NUMBER})\s*(?:=|\bis\b|\bequals\b|\bmakes\b|等于|是)\s*({_NUMBER})")


class Rewrite(Value):
    """find: an expression on lower-case text; put: what replaces it."""

    find: str
    put: str


class Unit(Value):
    of: str
    size: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class FoundSum:
    """expression: for `evaluate`. places: decimals asked for. unit: what the result counts."""

    expression: str
    places: int | None = None
    unit: str = ""


class SumReader:
    def __init__(self, rewrites: tuple[Rewrite, ...], places: tuple[str, ...], words: dict[str, str], units: tuple[Unit, ...]) -> None:
        self._rewrites = [(re.compile(r.find), r.put) for r in rewrites]
        self._places = [re.compile(p) for p in places]
        self._words = words
        self._units = {name: unit for unit in units for name in unit.names}
        names = "|".join(sorted(map(re.escape, self._units), key=len, reverse=True))
        counted = rf"({_NUMBER}|{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})"
        self._conversions = [
            (re.compile(rf"how many ({names}) (?:are |is )?(?:there )?(?:in|make) {counted} ?({names})\b"), (2, 3, 1)),
            (re.compile(rf"(?:convert|change|turn)? ?{counted} ?({names})\b (?:in|to|into) ({names})\b"), (1, 2, 3)),
            (re.compile(rf"{counted}个?({names})(?:是|等于|有|换算成|合)多?少?({names})"), (1, 2, 3)),
        ]

    @staticmethod
    def load(assets: Path) -> SumReader:
        """Read assets/lexicon/sums.toml and assets/units.toml. Raises InputError naming the file at fault."""
        path = assets / "lexicon" / "sums.toml"
        try:
            data = load_toml(path)
            rewrites = tuple(Rewrite(**r) for r in data["rewrite"])
            units = tuple(Unit(**u) for u in load_toml(assets / "units.toml")["unit"])
            return SumReader(rewrites, tuple(data["places"]), dict(data["words"]), units)
        except (ValidationError, KeyError, TypeError, re.error) as error:
            raise InputError(
                "The word lists in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error

    def read(self, message: str) -> FoundSum | None:
        """The sum that a whole message is, or None: a message that says anything else is not one."""
        folded = " ".join(message.lower().replace("’", "'").split())
        if len(folded) > MOST_CHARACTERS:
            return None
        converted = self._conversion(folded)
        if converted is not None:
            return converted
        places: int | None = None
        for pattern in self._places:
            if match := pattern.search(folded):
                said = match.group(1)
                places = min(12, int(self._words.get(said, said)))
                folded = folded[: match.start()] + " " + folded[match.end() :]
        for pattern, put in self._rewrites:
            folded = pattern.sub(put, folded)
        text = folded.strip(" ?？!。.,，:：=")
        if not text or _EXPRESSION.sub("", text) or not re.search(r"\d", text) or not _OPERATED.search(text) or _NO_SUM.match(text):
            return None
        return FoundSum(text, places)

    def claim(self, message: str) -> tuple[Fraction, Fraction] | None:
        """("2+2=5" as what the left side is, what is claimed), or None when no sum is claimed."""
        for match in _CLAIM.finditer(self._rewritten(message)):
            if not _OPERATED.search(match.group(1)):
                continue
            try:
                return evaluate(match.group(1)).value, evaluate(match.group(2)).value
            except InputError:
                continue
        return None

    def last_number(self, text: str) -> Fraction | None:
        """The last number written in a text."""
        found = re.findall(rf"(?<![a-zA-Z\d.]){_NUMBER}", text)
        return Fraction(found[-1].replace(",", "")) if found else None

    def numbers(self, text: str) -> list[Fraction]:
        """All numbers of a text, digits and number words."""
        found = [Fraction(n.replace(",", "")) for n in re.findall(_NUMBER, text)]
        folded = text.lower()
        return found + [
            Fraction(value) for word, value in self._words.items() if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", folded)
        ]

    def _rewritten(self, message: str) -> str:
        folded = " ".join(message.lower().replace("’", "'").split())
        for pattern, put in self._rewrites:
            folded = pattern.sub(put, folded)
        return folded[:MOST_CHARACTERS]

    def _conversion(self, folded: str) -> FoundSum | None:
        for pattern, (count, given, wanted) in self._conversions:
            match = pattern.search(folded)
            if match is None or match.end() < len(folded.rstrip(" ?？!。.")):
                continue
            source, target = self._units[match.group(given)], self._units[match.group(wanted)]
            if source.of != target.of:
                return None
            amount = self._words.get(match.group(count), match.group(count))
            factor = Fraction(source.size) / Fraction(target.size)
            whole = factor.denominator == 1 or factor.numerator == 1
            by = f"{amount} * {factor.numerator}" if factor.denominator == 1 else f"{amount} / {factor.denominator}"
            expression = by if whole else f"{amount} * {source.size} / {target.size}"
            return FoundSum(expression, unit=match.group(wanted))
        return None


def shown(found: FoundSum) -> tuple[str, tuple[str, ...]]:
    """(result, steps) of a sum as people read them. Raises InputError and LimitError like `evaluate`."""
    result = evaluate(found.expression)
    text = number(result.value, found.places)
    if "/" in found.expression and not found.unit and found.places is None and result.exact and 1 < result.value.denominator <= 1000:
        text += f" ({result.value.numerator}/{result.value.denominator})"
    if not result.exact and not text.startswith("≈"):
        text = f"≈ {text}"
    return f"{text} {found.unit}".strip(), tuple(step.replace("= ≈", "≈") for step in result.steps)
