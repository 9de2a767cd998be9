"""Checks of a whole article that belong to its form: quotations untouched, dateline, who-when-where-why, stanzas. Pure.

Each answers from the text and the material alone. What the material does not say is a note, never a fault of the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.checks.text import cjk, near_duplicate
from domain.finding import Finding, Severity
from domain.said import Said, Words

_QUOTES = re.compile(r"“[^”]{4,}”|\"[^\"]{4,}\"|「[^」]{4,}」")
_PLACED = re.compile(r"^[A-Z][A-Za-z .'-]{1,30}, (?:[A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?|\d{1,2} [A-Z][a-z]{2,8}(?: \d{4})?)\s*[—–-]")


@dataclass(frozen=True)
class Written:
    """An article as the checks see it. dateline: the one the material gives, "" when it gives none. calls: a text asks for an act."""

    paragraphs: tuple[str, ...]
    material: str
    form: Mapping[str, Any]
    language: str
    dateline: str = ""
    signs: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    calls: Callable[[str], bool] = lambda text: True


def read_signs(folder: Path) -> dict[str, Any]:
    """assets/checks/five_w.toml. Raises OSError and TOMLDecodeError: shipped data that is wrong is a defect."""
    return tomllib.loads((folder / "five_w.toml").read_text(encoding="utf-8"))


def form_findings(written: Written) -> tuple[Finding, ...]:
    """What the checks named by the form say of the whole."""
    return tuple(finding for name in written.form.get("checks", ()) for finding in _CHECKS[name](written))


def quotes(written: Written) -> tuple[Finding, ...]:
    """A quotation that is not in the material letter for letter, quotation marks apart."""
    found = []
    for number, paragraph in enumerate(written.paragraphs):
        for m in _QUOTES.finditer(paragraph):
            # Names of things in quotation marks are short and are not what somebody said.
            long = len(m.group()) > (8 if cjk(m.group()) else 24)
            if long and m.group()[1:-1] not in written.material:
                said, mend = "{quote} is not word for word what the brief quotes.", "Quote it as it stands, or not at all."
                found.append(_fault("quote_changed", said, f"paragraph {number + 1}", m.span(), mend, quote=m.group()))
    return tuple(found)


def dateline(written: Written) -> tuple[Finding, ...]:
    """The dateline of the material stands before the lead; none is made up."""
    lead = next((p for p in written.paragraphs[:2] if _PLACED.match(p) or (written.dateline and p.startswith(written.dateline))), "")
    if written.dateline:
        if lead.startswith(written.dateline):
            return ()
        said = "The lead does not begin with “{dateline}”."
        return (_fault("dateline", said, "paragraph 1", None, "Begin with it.", dateline=written.dateline),)
    if lead:
        placed = _PLACED.match(lead)
        return (_fault("dateline", "The brief gives no such dateline.", "paragraph 1", placed.span() if placed else None, "Leave it out."),)
    said, mend = "The brief gives no dateline, so there is none.", "Add a line to the brief: “Dateline: Leeds, 12 May”."
    return (Finding.of("dateline", Severity.NOTE, said, suggestion=mend),)


def five_w(written: Written) -> tuple[Finding, ...]:
    """Who, when, where and why: what the material answers, the story answers too."""
    side = "zh" if written.language.split("-")[0] == "zh" else "en"
    story = "\n".join(written.paragraphs)
    lost, unsaid = [], []
    for name, signs in written.signs.items():
        there = [any(re.search(sign, text) for sign in signs[side]) for text in (written.material, story)]
        if there[0] and not there[1]:
            lost.append(name)
        elif not there[0]:
            unsaid.append(name)
    found = [
        Finding.of(
            "five_w",
            Severity.WARNING,
            "The brief says {what}; the story does not.",
            suggestion="Say {what} it was.",
            what=Said(message_id=name),
        )
        for name in lost
    ]
    if unsaid:
        said = "Not in the brief, so not in the story either: {what}."
        what = [Said(message_id=name) for name in unsaid]
        found.append(Finding.of("five_w", Severity.NOTE, said, suggestion="Add it to the brief.", what=what))
    return tuple(found)


def stanzas(written: Written) -> tuple[Finding, ...]:
    """Every stanza has its lines, none too long, none said twice."""
    wanted, most = written.form["lines"], written.form["line_most"]["zh" if written.language.split("-")[0] == "zh" else "en"]
    found: list[Finding] = []
    before: list[str] = []
    for number, stanza in enumerate(written.paragraphs, 1):
        lines, where = stanza.splitlines(), f"stanza {number}"
        if len(lines) != wanted:
            said = "It has {lines} lines; {wanted} are its form."
            found.append(_fault("stanza", said, where, None, "Write it again.", lines=len(lines), wanted=wanted))
        for line in lines:
            if len(line) > most:
                said = "“{line}…” has {used} characters; {most} are the most."
                found.append(_fault("line_length", said, where, None, "", line=line[:20], used=len(line), most=most))
            if line in before:
                found += near_duplicate(line, before, where, same=0.98)
            before.append(line)
    return tuple(found)


def call(written: Written) -> tuple[Finding, ...]:
    """The end, its last two paragraphs, asks the reader to do something. Only in languages whose imperatives are known."""
    end = written.paragraphs[-2:]
    if written.language.split("-")[0] not in ("en", "zh") or not end or any(written.calls(paragraph) for paragraph in end):
        return ()
    said, mend = "It asks the reader to do nothing.", "End with what to do: “Book a table.”"
    return (Finding.of("cta", Severity.WARNING, said, f"paragraph {len(written.paragraphs)}", suggestion=mend),)


_CHECKS: dict[str, Callable[[Written], tuple[Finding, ...]]] = {
    "quotes": quotes,
    "dateline": dateline,
    "five_w": five_w,
    "stanzas": stanzas,
    "call": call,
}


def _fault(rule: str, message: str, field: str, span: tuple[int, int] | None, suggestion: str, **values: Words) -> Finding:
    return Finding.of(rule, Severity.ERROR, message, field, span, suggestion, given=values)
