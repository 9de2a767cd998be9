"""Texts that came as files, joined to one, and where in which file a place of the joined text lies. Knows no job and no model."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from domain.context import AttachedText
from domain.value import Value

_BETWEEN = "\n\n"
#: A file of fewer lines is one long line: its places are said as a share of the whole.
_LINES_LEAST = 5
#: How a phrase of a key is said.
Say = Callable[..., str]


class Given(Value):
    """One file of a joined text: its name, and its span start..end in characters."""

    name: str
    start: int
    end: int


def joined(texts: Iterable[AttachedText]) -> tuple[str, tuple[Given, ...]]:
    """The texts one after the other, and the place of each. Files without text are left out."""
    whole, given = "", []
    for file in texts:
        if not file.text:
            continue
        whole += _BETWEEN if whole else ""
        given.append(Given(name=file.name, start=len(whole), end=len(whole) + len(file.text)))
        whole += file.text
    return whole, tuple(given)


def place(text: str, given: Iterable[Given], start: int, end: int, say: Say) -> str:
    """ "report.txt, lines 12–19" of the characters start..end; without files, lines of the pasted text."""
    file = next((g for g in given if g.start <= start < g.end), None)
    first, last = (file.start, file.end) if file else (0, len(text))
    named = file.name if file else say("pasted")
    if text.count("\n", first, last) < _LINES_LEAST:
        return say("place_share", name=named, share=round(100 * (start - first) / max(1, last - first)))
    line = text.count("\n", first, start) + 1
    to = text.count("\n", first, max(start, min(end, last) - 1)) + 1
    return say("place_line", name=named, line=line) if to == line else say("place_lines", name=named, first=line, last=to)
