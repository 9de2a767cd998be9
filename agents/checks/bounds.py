"""Bounds that no text can keep: a least length above the greatest, required words that do not fit or are forbidden too. Pure.

It asks nothing of a text; whether one keeps its bounds is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from agents.checks.text import find_word
from domain.finding import Finding, Severity


def contradictory(
    least: int, most: int, field: str = "", required: Iterable[str] = (), forbidden: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Every reason why no text of least..most characters (both included) can hold the required words and none of the forbidden ones."""
    wanted, unwanted = list(required), list(forbidden)
    found = []
    if most < 1:
        found.append(_fault(f"A limit of {most} leaves no room for a text.", field, "Raise the limit."))
    elif least > most:
        found.append(_fault(f"The least length {least} is above the greatest, {most}.", field, "Change one of the two."))
    room = sum(len(word) for word in wanted) + max(0, len(wanted) - 1)
    if wanted and 1 <= most < room:
        named = ", ".join(f"“{word}”" for word in wanted)
        found.append(_fault(f"{named} need {room} characters; the limit is {most}.", field, "Require fewer words."))
    found += [
        _fault(f"“{word}” is required and “{bad}” is forbidden.", field, "Drop one of the two.")
        for word in wanted
        for bad in unwanted
        if find_word(word, bad)
    ]
    return tuple(found)


def _fault(message: str, field: str, suggestion: str) -> Finding:
    return Finding(rule="limits", severity=Severity.ERROR, message=message, field=field, suggestion=suggestion)
