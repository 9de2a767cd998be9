"""Markers for what must not be translated: [1] stands for {name}, and comes back as {name}. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

from agents.checks.placeholders import Piece, Placeholders
from agents.checks.text import CJK, find_word

_TAG = re.compile(r"^(?:</?[A-Za-z0-9]|\[/?[A-Za-z])")
#: With more markers than this they keep the order of the source: three may stand in six orders, four in 24.
_FREE = 3


@dataclass(frozen=True)
class Masked:
    """One piece with its markers. kept: what each marker stands for, by its text. meant: what a marker stands for, for the translator."""

    text: str
    kept: dict[str, str]
    meant: dict[str, str]

    @property
    def bare(self) -> bool:
        """Nothing is left to translate."""
        rest = self.text
        for marker in self.kept:
            rest = rest.replace(marker, "")
        return not any(c.isalpha() for c in rest)

    def restored(self, text: str) -> str:
        for marker, kept in self.kept.items():
            text = text.replace(marker, kept)
        return text

    def whole(self, text: str) -> bool:
        """Every marker stands in the text once."""
        return all(text.count(marker) == 1 for marker in self.kept)

    def pattern(self, letters: str) -> str:
        """A pattern that holds every marker once; letters: a character class that has no square brackets."""
        marks = [re.escape(marker) for marker in self.kept]
        free = len(marks) <= _FREE and not any(_TAG.match(kept) for kept in self.kept.values())
        if not marks:
            return f"^{letters}+$"
        orders = permutations(marks) if free else [tuple(marks)]
        return "^(?:" + "|".join("".join(f"{letters}*{mark}" for mark in order) for order in orders) + f"){letters}*$"


def masked(piece: Piece, placeholders: Placeholders, terms: Mapping[str, str]) -> Masked:
    """terms: words of the source and how they stand in the translation (a glossary, a brand's name)."""
    spans = [(a, b, piece.text[a:b], False) for a, b in placeholders.spans(piece)]
    for term, form in sorted(terms.items(), key=lambda pair: -len(pair[0])):
        for a, b in find_word(piece.text, term):
            if not any(a < end and start < b for start, end, _, _ in spans):
                spans.append((a, b, form, True))
    spans.sort()
    number, text, at = _first_free(piece.text), "", 0
    kept: dict[str, str] = {}
    meant: dict[str, str] = {}
    for start, end, form, is_term in spans:
        marker = f"[{number}]"
        text += piece.text[at:start] + marker
        kept[marker] = form
        if is_term:
            meant[marker] = piece.text[start:end]
        number, at = number + 1, end
    return Masked(text + piece.text[at:], kept, meant)


def _first_free(text: str) -> int:
    """Past every number that stands in square brackets already."""
    return max([int(n) for n in re.findall(r"\[(\d{1,6})\]", text)], default=0) + 1


def terms_for(glossary: Mapping[str, str], names: tuple[str, ...], target: str) -> dict[str, str]:
    """A glossary read in the direction of the target: of its two sides the one in the target's script is the form to use.

    names stay as they are.
    """
    chinese = target.split("-")[0] in ("zh", "ja")
    found = {name: name for name in names if name}
    for one, other in glossary.items():
        if bool(CJK.search(other)) == chinese:
            found[one] = other
        elif bool(CJK.search(one)) == chinese:
            found[other] = one
    return found
