"""Outlines an article by rule: which sections it has, which facts of the brief each tells, and how long each may be. No LLM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """ask: what the LLM is told to write. words: its length. verbatim: the facts are printed in their own words."""

    ask: str
    words: int
    facts: tuple[Statement, ...] = ()
    verbatim: bool = False

    @property
    def source(self) -> str:
        texts = [_closed(fact.text) for fact in self.facts]
        return ("" if texts and CJK.search(texts[0]) else " ").join(texts)


def outline(form: Mapping[str, Any], spec: ArticleSpec, material: str, speaks: str) -> tuple[Section, ...]:
    """Sections in order, at least one."""
    told = statements(material) or (Statement(spec.about),)
    if form.get("strict"):
        return _news(form, spec.words, told, speaks)
    if "scenes" in form:
        return _scenes(form, spec.words, speaks)
    return _essay(form, spec.words, told if not form.get("fiction") else (), speaks, thin=not form.get("fiction"))


def _news(form: Mapping[str, Any], words: int, told: Sequence[Statement], speaks: str) -> tuple[Section, ...]:
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


def _scenes(form: Mapping[str, Any], words: int, speaks: str) -> tuple[Section, ...]:
    asks = form["scenes"]
    order = (0, 1, 4, 5) if words < 200 else (0, 1, 2, 4, 5) if words < 350 else (0, 1, 2, 3, 4, 5)
    return tuple(Section(asks[at][speaks], max(20, words // len(order))) for at in order)


def _essay(form: Mapping[str, Any], words: int, told: Sequence[Statement], speaks: str, *, thin: bool) -> tuple[Section, ...]:
    """Opening, as many middles as the words ask (and, for non-fiction, as the facts carry), closing."""
    wanted = max(1, round(words / _SECTION_WORDS))
    pairs = [tuple(told[at : at + 2]) for at in range(0, len(told), 2)]
    count = min(wanted, len(pairs) + 2) if thin else wanted
    asks = [form["opening"], *[form["middle"]] * max(0, count - 2), *([form["closing"]] if count > 1 else [])]
    size = min(_LONGEST_SECTION, max(15, words // len(asks)))
    # The opening knows the first facts, each middle the next ones; the prefix holds the whole brief anyway.
    shares: list[tuple[Statement, ...]] = [
        pairs[at] if at < len(pairs) and (at < len(asks) - 1 or len(asks) == 1) else () for at in range(len(asks))
    ]
    return tuple(Section(ask[speaks], size, share) for ask, share in zip(asks, shares, strict=True))


def _closed(text: str) -> str:
    """A list row of a brief may lack its full stop; printed as a sentence it needs one."""
    return text if text.rstrip()[-1:] in '.!?。！？”"」' else text.rstrip(" ;；,，") + ("。" if CJK.search(text) else ".")
