"""Checks of one translated line against its source: placeholders, language, width, numbers. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from agents.checks import text as wording
from agents.checks.numbers import numbers
from agents.checks.placeholders import Placeholders
from domain.finding import Finding, Severity
from domain.said import Words

#: Findings that leave no translation worth keeping: the line falls back to its source.
FATAL = frozenset(
    {
        *("placeholder_lost", "placeholder_added", "placeholder_broken", "placeholder_order"),
        *("language", "empty", "untranslated", "repeats", "engine"),
    }
)
_SCRIPTS = {"zh": ("CJK",), "ja": ("CJK", "HIRAGANA", "KATAKANA"), "ko": ("HANGUL",), "ru": ("CYRILLIC",)}


def width(text: str) -> int:
    """Columns a text takes: two for a wide character (Chinese, Japanese, Korean), one for any other."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def room_for(source: str, most: Sequence[Sequence[float]], least: int, share: float = 0.0) -> int:
    """Columns a translation of `source` may take. most: rows of (source width, factor), ascending; share: 0.5 for half as wide again."""
    own = width(source)
    factor = 1.0 + share if share else next(factor for up_to, factor in most if own <= up_to)
    return int(own * factor) if share else max(least, int(own * factor))


def judged(
    source: str, target: str, placeholders: Placeholders, language: str, room: int, limit: int = 0, field: str = ""
) -> tuple[Finding, ...]:
    """All findings of one line. room: columns; limit: the most characters, 0 for none."""
    if not target.strip():
        return (Finding.of("empty", Severity.ERROR, "There is no translation.", field),)
    findings = [*placeholders.intact(source, target, field), *_language(source, target, placeholders, language, field)]
    findings += wording.repeats(target, field) if not wording.repeats(source) else ()
    if limit and len(target) > limit:
        findings += wording.length(target, limit, field)
    if width(target) > room:
        said, mend = "It is {used} columns wide; its source is {own}, and {most} are the most.", "Say it in fewer words."
        columns = {"used": width(target), "own": width(source), "most": room}
        findings.append(Finding.of("expansion", Severity.WARNING, said, field, suggestion=mend, given=columns))
    return (*findings, *_numbers(source, target, field))


def _language(source: str, target: str, placeholders: Placeholders, language: str, field: str) -> tuple[Finding, ...]:
    """Words in another script than the language's, and words that were left as they were."""
    code = language.split("-")[0]
    letters = [c for c in _bare(target, placeholders) if c.isalpha()]
    if not letters:
        return ()
    wanted = _SCRIPTS.get(code, ("LATIN",))
    own = sum(unicodedata.name(c, "").startswith(wanted) for c in letters)
    latin = sum(unicodedata.name(c, "").startswith("LATIN") for c in letters)
    foreign = len(letters) - own - (latin if code in _SCRIPTS else 0)
    same = _bare(source, placeholders).strip() == _bare(target, placeholders).strip()
    if (same and len(wording.WORD.findall(source)) > 2) or (same and not own):
        return (_fault("untranslated", "It stands as it was.", field, "Translate it into {language}.", language=language),)
    if foreign or not own:
        # A name in Latin letters may stay; a sentence in Latin letters is no Chinese one.
        said = "It is not in the language asked for ({language})."
        return (_fault("language", said, field, "Translate it into {language}.", language=language),)
    return ()


def _numbers(source: str, target: str, field: str) -> tuple[Finding, ...]:
    there = numbers(target)
    lost = [n for n in numbers(source) if n.certain and not any(n.value == known.value for known in there)]
    return tuple(Finding.of("number_changed", Severity.WARNING, "“{word}” is not in the translation.", field, word=n.text) for n in lost)


def _bare(text: str, placeholders: Placeholders) -> str:
    for kept in placeholders.of(text):
        text = text.replace(kept, " ")
    return text


def _fault(rule: str, message: str, field: str, suggestion: str, **values: Words) -> Finding:
    return Finding.of(rule, Severity.ERROR, message, field, None, suggestion, given=values)
