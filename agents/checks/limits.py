"""Limits of an item: a measured length against them, a count of alternatives, and limits that no text can meet. Pure; it counts nothing.

How a channel counts (characters, weighted, GSM-7) is decided by whoever measures.
"""

from __future__ import annotations

from collections.abc import Iterable

from agents.checks.text import find_word
from domain.brand import BrandKit
from domain.finding import Finding, Severity


def within(
    text: str, measured: int, most: int, field: str = "", *, least: int = 0, unit: str = "characters", fits: int | None = None
) -> tuple[Finding, ...]:
    """A length as the channel counts it against its limits, both included. fits: how many code points of the text fit; the span is the
    rest. Without it the span is the whole text when the count is not that of code points."""
    if not text.strip():
        return (_fault("empty", "There is no text.", field),)
    if measured > most:
        start = fits if fits is not None else most if measured == len(text) else 0
        bare = " ".join(text.split())
        # Doubled spaces are the one thing that may go without anybody's leave.
        repair = bare if measured == len(text) and len(bare) <= most else None
        span = (0, len(text)) if repair is not None else (min(start, len(text)), len(text))
        advice = f"Make it {measured - most} {unit} shorter."
        return (_fault("length", f"{measured} {unit}; the limit is {most}.", field, span, advice, repair),)
    if measured < least:
        return (_fault("too_short", f"{measured} {unit}; at least {least} are needed.", field, None, f"Add {least - measured} {unit}."),)
    return ()


def count(number: int, most: int, field: str = "", *, least: int = 0, noun: str = "texts") -> tuple[Finding, ...]:
    """How many texts, tags or emoji a field has, against its limits, both included."""
    if number > most:
        return (_fault("count", f"{number} {noun}; at most {most} are allowed.", field, None, f"Take {number - most} out."),)
    if number < least:
        return (_fault("count", f"{number} {noun}; at least {least} are needed.", field, None, f"Add {least - number}."),)
    return ()


def contradictory(
    least: int, most: int, field: str = "", required: Iterable[str] = (), forbidden: Iterable[str] = ()
) -> tuple[Finding, ...]:
    """Limits no text can meet: a minimum above the maximum, a maximum below one, words that do not fit or are forbidden too."""
    wanted, unwanted = list(required), list(forbidden)
    found = []
    if most < 1:
        found.append(_fault("limits", f"A limit of {most} leaves no room for a text.", field, None, "Raise the limit."))
    elif least > most:
        found.append(_fault("limits", f"The least length {least} is above the greatest, {most}.", field, None, "Change one of the two."))
    room = sum(len(word) for word in wanted) + max(0, len(wanted) - 1)
    if wanted and 1 <= most < room:
        named = ", ".join(f"“{word}”" for word in wanted)
        found.append(_fault("limits", f"{named} need {room} characters; the limit is {most}.", field, None, "Require fewer words."))
    found += [
        _fault("limits", f"“{word}” is required and “{bad}” is forbidden.", field, None, "Drop one of the two.")
        for word in wanted
        for bad in unwanted
        if find_word(word, bad)
    ]
    return tuple(found)


def of_kit(kit: BrandKit, fields: Iterable[tuple[str, int]]) -> tuple[Finding, ...]:
    """The kit's required words against the fields (name, greatest length) that are to carry them: the longest field must have room."""
    listed = list(fields)
    if not listed or not kit.required_words:
        return ()
    name, most = max(listed, key=lambda pair: pair[1])
    return contradictory(0, most, name, kit.required_words)


def _fault(
    rule: str, message: str, field: str, span: tuple[int, int] | None = None, suggestion: str = "", repair: str | None = None
) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, message=message, field=field, span=span, suggestion=suggestion, repair=repair)
