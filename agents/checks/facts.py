"""Is what a text says in the material it was written from: numbers, dates, names, quotations, claims, superlatives. Pure.

It knows nothing about the world: a true statement that the material does not make is a finding too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.checks.numbers import Number, numbers
from agents.checks.text import CJK, WORD, words
from agents.checks.words import Claim, WordLists
from domain.finding import Finding, Severity

_QUOTED = re.compile(r"“([^”]{2,400})”|\"([^\"]{2,400})\"|「([^」]{2,400})」")
_CAPITALISED = re.compile(r"[A-Z][A-Za-zÀ-ɏ]*(?:['’-][A-Za-zÀ-ɏ]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…。！？\n“\"(•*-]\s*)$")
_SAID = re.compile(r"([\u4e00-\u9fff]{2,4}?)(?:先生|女士|教授|博士)?(?:表示|说道|指出|介绍说|称赞|透露|告诉记者|说[:：])")
_INSTITUTION = re.compile(r"[\u4e00-\u9fff]{2,6}?(?:大学|公司|集团|委员会|研究院|研究所|医院|银行|协会|基金会)")
_TITLED = re.compile(r"《([^》]{1,30})》")


@dataclass(frozen=True)
class Material:
    """What may be said: the brief, its attachments, the step's own wording, the brand. Prepared once, asked often."""

    text: str
    numbers: tuple[Number, ...]
    words: frozenset[str]

    @staticmethod
    def of(*texts: str) -> Material:
        whole = "\n".join(text for text in texts if text)
        found = {w.casefold().replace("’", "'") for w in re.findall(r"[A-Za-zÀ-ɏ0-9]+(?:['’-][A-Za-zÀ-ɏ0-9]+)*", whole)}
        parts = {part for word in found for part in re.split(r"['-]", word) if part}
        return Material(whole, tuple(numbers(whole)), frozenset(found | parts))

    def knows(self, word: str) -> bool:
        """The word, or its singular, plural or possessive, stands in the material."""
        bare = re.sub(r"['’]s?$", "", word.casefold().replace("’", "'"))
        forms = {bare, bare.removesuffix("s"), bare + "s", bare.removesuffix("es"), bare.removesuffix("n"), bare.removesuffix("an")}
        return bool(forms & self.words)

    def holds(self, phrase: str) -> bool:
        return _bare(phrase) in _bare(self.text)


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
    masked = text
    for idiom in lists.names.idioms_zh:
        if not material.holds(idiom):
            masked = masked.replace(idiom, "＊" * len(idiom))
    return tuple(
        _fault("invented_number", f"“{n.text}” is not in the brief.", field, n.span, "Leave the number out.")
        for n in numbers(masked)
        if (n.certain or (strict and n.text.isascii())) and not any(n.agrees(known) for known in material.numbers)
    )


def invented_names(text: str, material: Material, lists: WordLists, field: str = "", strict: bool = False) -> tuple[Finding, ...]:
    spans = [m.span() for pattern in lists.names.places for m in pattern.finditer(text) if not material.holds(m.group())]
    spans += _dates(text, material, lists, strict)
    if not _title_case(text, lists):
        spans += _capitalised(text, material, lists, strict)
    if CJK.search(text):
        spans += _chinese_names(text, material)
    return tuple(
        _fault("invented_name", f"“{text[a:b]}” is not in the brief.", field, (a, b), "Leave the name out.") for a, b in _outermost(spans)
    )


def invented_quotes(text: str, material: Material, field: str = "") -> tuple[Finding, ...]:
    """Quotations of four words (eight characters in Chinese) or more that the material does not contain word for word."""
    found = []
    for m in _QUOTED.finditer(text):
        quote = next(g for g in m.groups() if g)
        if words(quote) >= (8 if CJK.search(quote) else 4) and not material.holds(quote):
            found.append(
                _fault("invented_quote", f"“{quote}” is not a quotation from the brief.", field, m.span(), "Leave the quotation out.")
            )
    return tuple(found)


def unsupported_claims(text: str, material: Material, claims: Iterable[Claim], field: str = "") -> tuple[Finding, ...]:
    """Promises the material does not make. Support is by kind: any wording of the same claim in the material will do."""
    findings = []
    for claim in claims:
        if any(pattern.search(material.text) for pattern in claim.patterns):
            continue
        spans = _outermost([m.span() for pattern in claim.patterns for m in pattern.finditer(text)])
        findings += [
            _fault(
                "unsupported_claim",
                f"“{text[a:b]}” is a claim ({claim.name}) the brief does not make.",
                field,
                (a, b),
                "Leave the claim out.",
            )
            for a, b in spans
        ]
    return tuple(findings)


def superlatives(text: str, material: Material, lists: WordLists, field: str = "") -> tuple[Finding, ...]:
    spans = _outermost([m.span() for p in lists.superlatives for m in p.finditer(text) if not material.holds(m.group())])
    return tuple(
        _fault(
            "superlative",
            f"“{text[a:b]}” is not supported by the brief.",
            field,
            (a, b),
            "Say something concrete instead.",
            Severity.WARNING,
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
        Finding(
            rule="missing_number", severity=Severity.ERROR, message=f"“{n.text}” is missing.", field=field, suggestion=f"Say “{n.text}”."
        )
        for n in lost
    )


def _dates(text: str, material: Material, lists: WordLists, strict: bool) -> list[tuple[int, int]]:
    spans = []
    for m in _CAPITALISED.finditer(text):
        word = m.group().casefold()
        if word in lists.names.months and not material.knows(word):
            # "May" and "March" are also verbs: only beside a number or after a preposition are they dates.
            beside = re.match(r"\s\d", text[m.end() :]) or re.search(
                r"(\d|\b(?:in|of|since|until|this|next|last))\s$", text[: m.start()], re.I
            )
            if word not in lists.names.ambiguous_months or beside:
                spans.append(m.span())
        singular = word.removesuffix("s")
        if strict and singular in lists.names.weekdays and not material.knows(singular):
            spans.append(m.span())
    return spans


def _capitalised(text: str, material: Material, lists: WordLists, strict: bool) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    known = lists.names
    matches = list(_CAPITALISED.finditer(text))
    for at, m in enumerate(matches):
        word = m.group()
        bare = re.sub(r"['’]s?$", "", word).casefold()
        dated = bare in known.months or bare.removesuffix("s") in known.weekdays
        shouted = len(word) > 1 and word.isupper() and not strict
        if bare in known.ordinary or bare in known.titles or dated or shouted or len(bare) < 2 or material.knows(word):
            continue
        if text[: m.start()].endswith(("#", "@")):
            continue
        if _SENTENCE_START.search(text[: m.start()]):
            # The first word is capitalised anyway: a name only when another unknown capital follows at once ("Maria Lopez said").
            after = matches[at + 1] if at + 1 < len(matches) else None
            joined = after is not None and text[m.end() : after.start()] == " " and not after.group().isupper()
            if not joined or after is None or material.knows(after.group()) or after.group().casefold() in known.ordinary | known.months:
                continue
        spans.append(m.span())
    return _joined(spans, text)


def _title_case(text: str, lists: WordLists) -> bool:
    """Headline capitals, where a capital says nothing about names. With a full stop it must be capitals throughout."""
    long = [w for w in WORD.findall(text) if len(w) > 3 and not w[0].isdigit() and w.casefold() not in lists.function_words]
    raised = sum(w[0].isupper() for w in long)
    share = 1.0 if text.rstrip().endswith(".") else 0.6
    return len(WORD.findall(text)) <= 14 and len(long) > 0 and raised >= len(long) * share


def _chinese_names(text: str, material: Material) -> list[tuple[int, int]]:
    spans = [m.span(1) for m in _TITLED.finditer(text) if not material.holds(m.group(1))]
    for m in _SAID.finditer(text):
        # The speaker is the shortest tail that is unknown; "他表示" and a known "市长李敏表示" are fine.
        name = m.group(1)
        if not any(material.holds(name[-size:]) for size in range(2, len(name) + 1)) and not re.search(r"[他她它们者员方局会人]$", name):
            spans.append(m.span(1))
    for m in _INSTITUTION.finditer(text):
        # Where the name begins is unknown ("由上海大学"), so any tail of three or more that the material holds clears it.
        name = m.group()
        if not any(material.holds(name[start:]) for start in range(len(name) - 2)) and not re.match(r"[这那该本各一我]", name):
            spans.append(m.span())
    return spans


def _outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without those that lie inside another, in order."""
    kept: list[tuple[int, int]] = []
    for span in sorted(set(spans), key=lambda s: (s[0], -s[1])):
        if not kept or span[1] > kept[-1][1]:
            kept.append(span)
    return kept


def _joined(spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Neighbours that only a space parts, as one ("New", "Jersey" -> "New Jersey")."""
    joined: list[tuple[int, int]] = []
    for span in spans:
        if joined and text[joined[-1][1] : span[0]] == " ":
            joined[-1] = (joined[-1][0], span[1])
        else:
            joined.append(span)
    return joined


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.casefold().replace("’", "'")).strip()


def _fault(rule: str, message: str, field: str, span: tuple[int, int], suggestion: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule=rule, severity=severity, message=message, field=field, span=span, suggestion=suggestion)
