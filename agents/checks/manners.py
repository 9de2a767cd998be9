"""Words that offend: profanity, also disguised, and wordings that reduce people to a group, in copy and in picture prompts. Pure.

It reads lists, not intentions: a clean result is no proof that nobody is hurt.
"""

from __future__ import annotations

import re

from agents.checks.scripts import CJK
from agents.checks.words import WordLists
from domain.finding import Finding, Severity


def profanity(text: str, lists: WordLists, field: str = "") -> tuple[Finding, ...]:
    """Whole words in Latin script ("Scunthorpe" is a town), also with stars, look-alikes, doubled or parted letters; Chinese anywhere."""
    masked = text
    for harmless in lists.profanity.exceptions:
        masked = harmless.sub(lambda m: "\ufffc" * len(m.group()), masked)
    spans = [m.span() for p in lists.profanity.patterns for m in p.finditer(masked) if _real(m.group())]
    if CJK.search(text):
        spans += [m.span() for p in lists.profanity.beside_chinese for m in p.finditer(masked)]
    return tuple(
        Finding.of("profanity", Severity.ERROR, "“{word}” is profane.", field, (a, b), "Leave it out.", word=text[a:b])
        for a, b in _apart(spans)
    )


def stereotypes(text: str, lists: WordLists, field: str = "") -> tuple[Finding, ...]:
    """Wordings of assets/checks/stereotypes.toml. Warnings: a person judges whether the sentence means what the words say."""
    found = []
    for wording in lists.stereotypes:
        for m in wording.pattern.finditer(text):
            mend = "Say “{form}”." if wording.repair else "Say it of a person, or leave it out."
            values = {"word": m.group(), "form": wording.repair}
            said = "“{word}” reduces people to a group."
            found.append(Finding.of("stereotype", Severity.WARNING, said, field, m.span(), mend, wording.repair or None, given=values))
    return tuple(sorted(found, key=lambda f: f.span or (0, 0)))


def _real(word: str) -> bool:
    """Two letters at least stand in it as themselves: a row of stars is a rating."""
    return bool(CJK.search(word)) or len(re.findall(r"[A-Za-z]", word)) >= 2 or word.lower().startswith("a$$")


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for span in sorted(set(spans), key=lambda s: (s[0], -s[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
