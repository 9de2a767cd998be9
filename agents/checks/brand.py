"""Does a text speak as its brand does: its name as written, its glossary, no forbidden words. Pure."""

from __future__ import annotations

import re

from agents.checks.text import find_word, forbidden
from domain.brand import BrandKit
from domain.finding import Finding, Severity
from domain.said import Words


def brand(text: str, kit: BrandKit, field: str = "") -> tuple[Finding, ...]:
    """Required words are not asked here: they concern an item, not each of its lines (see agents/writers/copy.py)."""
    return (*forbidden(text, kit.forbidden_words, field), *brand_name(text, kit, field), *glossary(text, kit, field))


def brand_name(text: str, kit: BrandKit, field: str = "") -> tuple[Finding, ...]:
    """The name in other capitals than the brand writes it ("NORTHWIND" for "Northwind")."""
    if not kit.name:
        return ()
    wrong = [m for m in re.finditer(rf"(?<!\w){re.escape(kit.name)}(?!\w)", text, re.IGNORECASE) if m.group() != kit.name]
    return tuple(
        _warn("brand_name", "The brand is written “{form}”, not “{word}”.", field, m.span(), kit.name, form=kit.name, word=m.group())
        for m in wrong
        # A hashtag is lower case by custom.
        if not text[: m.start()].endswith(("#", "@"))
    )


def glossary(text: str, kit: BrandKit, field: str = "") -> tuple[Finding, ...]:
    """A glossary term that is used, but not in the form the brand uses."""
    findings = []
    for term, form in kit.glossary.items():
        allowed = [m.span() for m in re.finditer(re.escape(form), text)]
        for span in find_word(text, term):
            inside = any(start <= span[0] and span[1] <= end for start, end in allowed)
            if not inside:
                findings.append(
                    _warn("glossary", "The brand says “{form}”, not “{word}”.", field, span, form, form=form, word=text[slice(*span)])
                )
    return tuple(findings)


def contradictions(kit: BrandKit) -> tuple[Finding, ...]:
    """A kit that cannot be obeyed: it forbids its own name, a word it requires, or a form its glossary asks for."""
    findings = []
    for word in kit.forbidden_words:
        if kit.name and find_word(kit.name, word):
            findings.append(_clash("The kit forbids “{word}”, which is in its own name.", "forbidden_words", word=word))
        findings += [
            _clash("The kit both requires and forbids “{word}”.", "forbidden_words", word=word)
            for wanted in kit.required_words
            if find_word(wanted, word)
        ]
        findings += [
            _clash("The glossary asks for “{form}”, which holds the forbidden “{word}”.", "glossary", form=form, word=word)
            for form in kit.glossary.values()
            if find_word(form, word)
        ]
    return tuple(findings)


def _warn(rule: str, message: str, field: str, span: tuple[int, int], repair: str, **values: Words) -> Finding:
    return Finding.of(rule, Severity.WARNING, message, field, span, "Write “{form}”.", repair, given=values)


def _clash(message: str, field: str, **values: Words) -> Finding:
    return Finding.of("brand_kit", Severity.WARNING, message, field, None, "Drop it from one.", given=values)
