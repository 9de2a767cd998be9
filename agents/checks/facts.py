"""Is what a text says in the material it was written from: numbers, dates, names, quotations, claims, superlatives. Pure.

It knows nothing about the world: a true statement that the material does not make is a finding too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from agents.checks import figures, names
from agents.checks.numbers import Number, numbers
from agents.checks.text import CJK, WORD, words
from agents.checks.word_figures import FigureWords
from agents.checks.words import Claim, WordLists
from domain.finding import Finding, Severity
from domain.said import Said, Words

_QUOTED = re.compile(r"“([^”]{2,400})”|\"([^\"]{2,400})\"|「([^」]{2,400})」")
_SPOKEN = re.compile(r"\s*,?\s*(?:(?:she|he|they|[A-Z]\w+(?: [A-Z]\w+)?) )?(?:said|says|told|recalls)\b|[^，。]{0,6}(?:说|表示)[。，]")
_SPEAKS = re.compile(r"\b(?:said|says)[:,]?\s$|(?:说|表示)[:：，]?$")
_CUT = re.compile(r"…+|\.{3}|\[[^\]]*\]")


@dataclass(frozen=True)
class Material:
    """What may be said: the brief, its attachments, the step's own wording, the brand. Prepared once, asked often."""

    text: str
    numbers: tuple[Number, ...]
    words: frozenset[str]
    quotes: tuple[str, ...] = ()

    @staticmethod
    def of(*texts: str) -> Material:
        whole = "\n".join(text for text in texts if text)
        found = {w.casefold().replace("’", "'") for w in re.findall(r"[A-Za-zÀ-ɏ0-9]+(?:['’-][A-Za-zÀ-ɏ0-9]+)*", whole)}
        parts = {part for word in found for part in re.split(r"['-]", word) if part}
        quotes = tuple(next(g for g in m.groups() if g) for m in _QUOTED.finditer(whole))
        return Material(whole, tuple(numbers(whole)), frozenset(found | parts), quotes)

    def knows(self, word: str) -> bool:
        """The word, or its singular, plural or possessive, stands in the material."""
        bare = re.sub(r"['’]s?$", "", word.casefold().replace("’", "'"))
        forms = {bare, bare.removesuffix("s"), bare + "s", bare.removesuffix("es"), bare.removesuffix("n"), bare.removesuffix("an")}
        return bool(forms & self.words)

    def holds(self, phrase: str) -> bool:
        return _bare(phrase) in _bare_material(self.text)


def facts(text: str, material: Material, lists: WordLists, field: str = "", strict: bool = False) -> tuple[Finding, ...]:
    """Every statement the material does not carry. strict (news): also number words, weekdays and acronyms.

    Loose (advertising) lets figures of speech pass: "two of a kind", "Monday mornings".
    """
    return (
        *invented_numbers(text, material, lists, field, strict),
        *invented_names(text, material, lists, field, strict),
        *invented_quotes(text, material, field),
        *unsupported_claims(text, material, lists.claims, field),
        *superlatives(text, material, lists, field),
    )


def invented_numbers(text: str, material: Material, lists: WordLists, field: str = "", strict: bool = False) -> tuple[Finding, ...]:
    """Amounts, dates and times of day that are not the material's, also when rounded, converted or worked out (see figures.py)."""
    masked = text
    for idiom in lists.names.idioms_zh:
        if not material.holds(idiom):
            # 十分钟 is ten minutes, not the idiom 十分.
            masked = re.sub(rf"{idiom}(?![钟之])", "＊" * len(idiom), masked)
    known = _figures_of(material.text, lists.figures)
    return tuple(
        _fault(
            "invented_number",
            "“{word}” is not in the brief.",
            field,
            (a, b),
            "Leave the number out.",
            repair=figures.instead(text, (a, b), known, lists.figures),
            word=text[a:b],
        )
        for a, b in names.outermost(list(figures.strangers(masked, known, lists.figures, strict)))
    )


def invented_names(text: str, material: Material, lists: WordLists, field: str = "", strict: bool = False) -> tuple[Finding, ...]:
    return tuple(
        _fault(
            "invented_name",
            "“{word}” is not in the brief.",
            field,
            (a, b),
            "Leave the name out.",
            repair=names.instead(text[a:b], material, lists.names),
            word=text[a:b],
        )
        for a, b in names.strangers(text, material, lists, strict)
    )


@lru_cache(maxsize=64)
def _figures_of(text: str, words: FigureWords) -> figures.Figures:
    return figures.Figures.of(text, words)


def invented_quotes(text: str, material: Material, field: str = "") -> tuple[Finding, ...]:
    """Quotations the material does not contain word for word: of four words (eight characters in Chinese), or said by somebody.

    What an ellipsis or brackets part is compared piece by piece. A quotation much like one of the material is repaired to it.
    """
    found = []
    for m in _QUOTED.finditer(text):
        quote = next(g for g in m.groups() if g)
        long = words(quote) >= (8 if CJK.search(quote) else 4)
        spoken = _SPOKEN.match(text[m.end() :]) or _SPEAKS.search(text[: m.start()])
        pieces = [piece for piece in _CUT.split(quote) if piece.strip(" ,.")]
        if (long or spoken) and not all(material.holds(piece) for piece in pieces):
            near = get_close_matches(quote, material.quotes, n=1, cutoff=0.6)
            repair = text[m.start()] + near[0] + text[m.end() - 1] if near else None
            message = "“{quote}” is not a quotation from the brief."
            found.append(_fault("invented_quote", message, field, m.span(), "Leave the quotation out.", repair=repair, quote=quote))
    return tuple(found)


def unsupported_claims(text: str, material: Material, claims: Iterable[Claim], field: str = "") -> tuple[Finding, ...]:
    """Promises the material does not make. Support is by kind: any wording of the same claim in the material will do."""
    findings = []
    for claim in claims:
        if _makes(material.text, claim):
            continue
        spans = names.outermost([m.span() for pattern in claim.patterns for m in pattern.finditer(text)])
        findings += [
            _fault(
                "unsupported_claim",
                "“{word}” is a claim ({claim}) the brief does not make.",
                field,
                (a, b),
                "Leave the claim out.",
                word=text[a:b],
                claim=Said(message_id=claim.name),
            )
            for a, b in spans
        ]
    return tuple(findings)


def superlatives(text: str, material: Material, lists: WordLists, field: str = "") -> tuple[Finding, ...]:
    spans = names.outermost([m.span() for p in lists.superlatives for m in p.finditer(text) if not material.holds(m.group())])
    return tuple(
        _fault(
            "superlative",
            "“{word}” is not supported by the brief.",
            field,
            (a, b),
            "Say something concrete instead.",
            Severity.WARNING,
            _plainer(text[a:b], lists),
            word=text[a:b],
        )
        for a, b in spans
    )


def unsupported(sentence: str, material: Material, lists: WordLists, field: str = "", least: float = 0.6) -> tuple[Finding, ...]:
    """A sentence most of whose content words the material does not have (news): padding or invention. Short sentences pass."""
    if CJK.search(sentence):
        grams = [sentence[at : at + 2] for at in range(len(sentence) - 1) if len(CJK.findall(sentence[at : at + 2])) == 2]
        known = [gram in material.text for gram in grams]
        least = least * 0.7
    else:
        stems = {word[:5] for word in material.words}
        content = [w.casefold() for w in WORD.findall(sentence) if len(w) > 3 and w.casefold() not in lists.function_words]
        known = [word[:5] in stems for word in content]
    if len(known) < 4 or sum(known) >= least * len(known):
        return ()
    return (_fault("unsupported_sentence", "Most of this sentence is not in the brief.", field, (0, len(sentence)), "Leave it out."),)


def missing_numbers(text: str, source: str, field: str = "") -> tuple[Finding, ...]:
    """Numbers of the source that a retelling lost."""
    there = numbers(text)
    lost = [n for n in numbers(source) if n.certain and not any(n.value == known.value for known in there)]
    return tuple(
        Finding.of("missing_number", Severity.ERROR, "“{word}” is missing.", field, suggestion="Say “{word}”.", word=n.text) for n in lost
    )


@lru_cache(maxsize=4096)
def _makes(material: str, claim: Claim) -> bool:
    return any(pattern.search(material) for pattern in claim.patterns)


@lru_cache(maxsize=16)
def _bare_material(text: str) -> str:
    """Asked hundreds of times a text: the material may be megabytes."""
    return _bare(text)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold().replace("’", "'")).strip()


def _plainer(said: str, lists: WordLists) -> str | None:
    word = lists.plainer.get(said.casefold().replace(" ", "-"), lists.plainer.get(said.casefold()))
    return word[0].upper() + word[1:] if word and said[0].isupper() else word


def _fault(
    rule: str,
    message: str,
    field: str,
    span: tuple[int, int],
    suggestion: str,
    severity: Severity = Severity.ERROR,
    repair: str | None = None,
    **values: Words,
) -> Finding:
    return Finding.of(rule, severity, message, field, span, suggestion, repair, given=values)
