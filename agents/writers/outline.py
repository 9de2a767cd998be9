"""Outlines an article by rule: which sections it has, which facts of the brief each tells, and how long each may be. No LLM.

How a form is laid out is data (assets/forms): "facts" goes by the facts of the brief, "sections" by a list of parts, "verse" by stanzas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.checks.text import CJK
from agents.writers.sources import Statement, statements
from domain.specs import ArticleSpec

#: A retelling of facts grows by about this much; what is longer is padding.
_GROWTH = 1.5
_SECTION_WORDS = 70
_LONGEST_SECTION = 110


@dataclass(frozen=True)
class Section:
    """ask: what the LLM is told to write. words: its length. verbatim: the facts are printed in their own words.

    chapter: number of the heading it stands under, from 1; 0 for none. lines: of a stanza; 0 for prose.
    """

    ask: str
    words: int
    facts: tuple[Statement, ...] = ()
    verbatim: bool = False
    chapter: int = 0
    lines: int = 0

    @property
    def source(self) -> str:
        texts = [_closed(fact.text) for fact in self.facts]
        return ("" if texts and CJK.search(texts[0]) else " ").join(texts)


def outline(form: Mapping[str, Any], spec: ArticleSpec, material: str, speaks: str) -> tuple[Section, ...]:
    """Sections in order, at least one."""
    told = statements(material) or (Statement(spec.about),)
    return _LAYOUTS[form["layout"]](form, spec.words, told, speaks)


def _by_facts(form: Mapping[str, Any], words: int, told: Sequence[Statement], speaks: str) -> tuple[Section, ...]:
    """Inverted pyramid: facts in the order the brief gives them, as many as fit. Quotations stand alone, untouched."""
    chosen: list[Statement] = []
    for fact in told:
        if sum(f.words for f in chosen) < words:
            chosen.append(fact)
    groups: list[list[Statement]] = []
    for fact in chosen:
        last = groups[-1] if groups else None
        # The lead tells one fact, or two short ones; later paragraphs two.
        full = last is None or last[0].quoted or fact.quoted or len(last) == 2 or (len(groups) == 1 and last[0].words > 14)
        if full:
            groups.append([fact])
        elif last is not None:
            last.append(fact)
    total = sum(f.words for f in chosen)
    stretch = min(_GROWTH, max(1.0, words / max(1, total)))
    sections = []
    for number, group in enumerate(groups):
        size = max(12, int(sum(f.words for f in group) * stretch))
        ask = form["opening" if number == 0 else "middle"][speaks]
        sections.append(Section(ask, size, tuple(group), verbatim=group[0].quoted))
    return tuple(sections)


def _by_sections(form: Mapping[str, Any], words: int, told: Sequence[Statement], speaks: str) -> tuple[Section, ...]:
    """The parts of the form, the one marked `repeat` as often as the words ask (and, for non-fiction, as the facts carry)."""
    fiction = bool(form.get("fiction"))
    asked = [part for part in form["section"] if words >= part.get("from", 0)]
    pairs = [] if fiction else [tuple(told[at : at + 2]) for at in range(0, len(told), 2)]
    wanted = max(1, round(words / _SECTION_WORDS))
    count = wanted if fiction else min(wanted, len(pairs) + 2)
    repeated = any(part.get("repeat") for part in asked)
    parts: list[Mapping[str, Any]] = []
    for part in asked:
        parts += [part] * (max(0, count - len(asked) + 1) if part.get("repeat") else 1)
    if repeated and count < len(parts):  # so short that only the beginning fits
        parts = parts[:count]
    # The opening knows the first facts, each middle the next ones; the prefix holds the whole brief anyway.
    last = len(parts) - 1
    shares = [pairs[at] if at < len(pairs) and (at < last or not last) else () for at in range(len(parts))]
    weights = [float(part.get("share", 1.0)) for part in parts]
    longest = _LONGEST_SECTION if repeated else words
    sizes = [min(longest, max(15, int(words * weight / sum(weights)))) for weight in weights]
    chapters = _chapters(form, words, [bool(part.get("repeat")) for part in parts])
    return tuple(Section(part["ask"][speaks], sizes[at], shares[at], chapter=chapters[at]) for at, part in enumerate(parts))


def _chapters(form: Mapping[str, Any], words: int, repeated: Sequence[bool]) -> list[int]:
    """Which heading each part stands under: the repeated parts share the headings evenly, the others have none."""
    middles = sum(repeated)
    if not middles or words < form.get("headed_from", 10**9):
        return [0] * len(repeated)
    count = max(1, min(middles, round(words / form["headed_every"])))
    seen, chapters = 0, []
    for part in repeated:
        chapters.append(seen * count // middles + 1 if part else 0)
        seen += part
    return chapters


def _by_stanzas(form: Mapping[str, Any], words: int, told: Sequence[Statement], speaks: str) -> tuple[Section, ...]:
    size = form["lines"] * form["line_words"][speaks]
    count = max(1, min(form["stanzas"], round(words / size)))
    return tuple(Section(form["ask"][speaks], size, lines=form["lines"]) for _ in range(count))


_LAYOUTS: dict[str, Callable[[Mapping[str, Any], int, Sequence[Statement], str], tuple[Section, ...]]] = {
    "facts": _by_facts,
    "sections": _by_sections,
    "verse": _by_stanzas,
}


def _closed(text: str) -> str:
    """A list row of a brief may lack its full stop; printed as a sentence it needs one."""
    return text if text.rstrip()[-1:] in '.!?。！？”"」' else text.rstrip(" ;；,，") + ("。" if CJK.search(text) else ".")
