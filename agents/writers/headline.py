"""Headlines, titles and subject lines: a few candidates, each checked; the first that passes, else the least bad with its findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from agents.checks import text as wording
from agents.checks.brand import brand
from agents.writers.calls import Assignment, errors, lines_schema, message, room
from domain.chat import Sampling
from domain.finding import Finding, Severity

_NOTHING: tuple[Finding, ...] = ()
_MOST = {"en": 90, "zh": 30}


@dataclass(frozen=True)
class Wanted:
    """ask: a template of $facts. subject: what the text is about; own: used when every candidate fails, "" for none.

    check: what the text's form holds a headline against.
    """

    ask: str
    facts: str
    subject: str
    own: str
    check: Callable[[str], Sequence[Finding]]


def headline(run: Assignment, wanted: Wanted, sampling: Sampling) -> tuple[str, tuple[Finding, ...]]:
    """Raises what the chat raises."""
    most = _MOST[run.speaks]
    longest = int(most * 1.4)
    turns = [message("user", Template(wanted.ask).substitute(facts=wanted.facts))]
    drawn = sampling.model_copy(update={"temperature": 0.7})
    reply: dict[str, Any] = run.ask_json("headline", turns, drawn, room(3, longest), lines_schema(3, 1, longest, run.script))
    judged: list[tuple[str, tuple[Finding, ...]]] = []
    for line in (str(row).strip(' “”"。.#') for row in reply.get("lines", ())):
        findings = [*wording.length(line, most, "headline"), *wording.plain(line, run.desk.words, run.language, "headline")]
        findings += [*brand(line, run.context.brand, "headline"), *wanted.check(line)]
        if line[:1].islower() or len(line) >= longest - 1:
            findings.append(Finding.of("unfinished", Severity.ERROR, "It is a piece of a sentence.", "headline"))
        findings += wording.near_duplicate(line, run.context.avoid, "headline")
        judged.append((line, tuple(findings)))
    if wanted.own and len(wanted.own) <= most and all(findings for _, findings in judged):
        # Every candidate failed: the person's own words for the story.
        judged.append((wanted.own[0].upper() + wanted.own[1:], _NOTHING))
    subject = f"{wanted.subject} {wanted.facts}"
    return min(judged, key=lambda pair: (errors(pair[1]), -round(wording.kinship(pair[0], subject), 1)), default=("", _NOTHING))
