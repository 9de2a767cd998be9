"""How many planted faults the checks of words catch, and how often they cry wolf. Needs no model; about ten seconds.

python -m benchmarks.writing checks                 # the table
python -m benchmarks.writing checks --show          # and every miss and false alarm, except those held out
python -m benchmarks.writing checks --write FILE    # the table, between the markers of a Markdown file

A fault is caught when a finding of its kind overlaps the planted span (for faults of a whole text: when there is a finding). A false
alarm is a clean text with a finding of the kind. "stray": findings in faulty texts that touch no planted span.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.checks import facts as truth
from agents.checks import text as wording
from agents.checks.facts import Material
from agents.checks.language import language
from agents.checks.links import links
from agents.checks.manners import profanity, stereotypes
from agents.checks.words import WordLists
from benchmarks.planted import LATER, UNSEEN, Case, fact_cases, wording_cases
from domain.finding import Finding

ROOT = Path(__file__).resolve().parent.parent
LISTS = WordLists.load(ROOT / "assets" / "checks")
MARKERS = ("<!-- writing checks: begin -->", "<!-- writing checks: end -->")
Check = Callable[[Case], Iterable[Finding]]


@dataclass
class Count:
    """What was planted and what the check made of it."""

    planted: int = 0
    caught: int = 0
    clean: int = 0
    alarms: int = 0
    stray: int = 0

    def add(self, other: Count) -> None:
        for name in ("planted", "caught", "clean", "alarms", "stray"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@cache
def material(source: str) -> Material:
    return Material.of(source)


def _facts(case: Case) -> Iterable[Finding]:
    known = material(case.source)
    yield from truth.invented_numbers(case.text, known, LISTS, "", case.strict)
    yield from truth.invented_names(case.text, known, LISTS, "", case.strict)
    yield from truth.invented_quotes(case.text, known)


def _duplicate(case: Case) -> Iterable[Finding]:
    *others, last = case.text.split("|")
    return wording.near_duplicate(last, others)


CHECKS: dict[str, Check] = {
    "facts": _facts,
    "superlative": lambda case: truth.superlatives(case.text, material(case.source), LISTS),
    "claim": lambda case: truth.unsupported_claims(case.text, material(case.source), LISTS.claims),
    "placeholder": lambda case: wording.placeholders(case.text, LISTS),
    "link": lambda case: links(case.text, LISTS.links),
    "profanity": lambda case: profanity(case.text, LISTS),
    "stereotype": lambda case: stereotypes(case.text, LISTS),
    "language": lambda case: language(case.text, case.language, LISTS.languages),
    "cta": lambda case: wording.call_to_action([case.text], LISTS),
    "duplicate": _duplicate,
}


def judged(case: Case) -> tuple[dict[str, Count], list[str]]:
    """Counts by kind, and what went wrong in words."""
    spans = [f.span or (0, len(case.text)) for f in CHECKS[case.kind](case)]
    counts: dict[str, Count] = {}
    wrong: list[str] = []
    if not case.faulty:
        counts[case.kind] = Count(clean=1, alarms=int(bool(spans)))
        wrong += [f"false alarm  {case.id}: {case.text!r} at {case.text[a:b]!r}" for a, b in spans]
        return counts, wrong
    planted = [(mark.kind, mark.span) for mark in case.marks] or [(case.kind, (0, len(case.text)))]
    for kind, (start, end) in planted:
        caught = any(a < end and start < b for a, b in spans)
        counts.setdefault(kind, Count()).add(Count(planted=1, caught=int(caught)))
        if not caught:
            wrong.append(f"missed       {case.id}: {case.text!r} at {case.text[start:end]!r}")
    stray = [(a, b) for a, b in spans if not any(a < end and start < b for _, (start, end) in planted)]
    counts.setdefault(planted[0][0], Count()).stray += len(stray)
    wrong += [f"stray        {case.id}: {case.text!r} at {case.text[a:b]!r}" for a, b in stray]
    return counts, wrong


def measure() -> tuple[dict[tuple[str, str], Count], list[tuple[Case, str]]]:
    """Counts by (kind, language), invented facts also held out and those written after the check; and all that went wrong."""
    totals: dict[tuple[str, str], Count] = {}
    wrong: list[tuple[Case, str]] = []
    for case in (*fact_cases(), *wording_cases()):
        counts, rows = judged(case)
        wrong += [(case, row) for row in rows]
        for kind, count in counts.items():
            groups = {kind}
            if case.kind == "facts":
                groups |= {"facts", "facts, held out" if case.held_out else "facts, seen"}
            for group in groups:
                totals.setdefault((group, case.language), Count()).add(count)
    for case in fact_cases(LATER):
        counts, rows = judged(case)
        wrong += [(case, row) for row in rows]
        for count in counts.values():
            group = "facts, written last" if case.held_out else "facts, written later"
            totals.setdefault((group, case.language), Count()).add(count)
    for case in fact_cases(UNSEEN):
        for count in judged(case)[0].values():
            totals.setdefault(("facts, unseen", case.language), Count()).add(count)
    return totals, wrong


def table(totals: dict[tuple[str, str], Count]) -> list[str]:
    rows = ["| kind | language | planted | caught | clean texts | false alarms | stray |", "|---|---|---|---|---|---|---|"]
    for (kind, tongue), c in sorted(totals.items()):
        caught = f"{c.caught} ({c.caught / c.planted:.1%})" if c.planted else "-"
        alarms = f"{c.alarms} ({c.alarms / c.clean:.1%})" if c.clean else "-"
        rows.append(f"| {kind} | {tongue} | {c.planted} | {caught} | {c.clean or '-'} | {alarms} | {c.stray} |")
    return rows


def main(argv: list[str] | None = None) -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--show", action="store_true", help="print what went wrong in the cases that are not held out")
    arguments.add_argument("--show-held-out", action="store_true", help="print what went wrong in the held-out cases too")
    arguments.add_argument("--write", type=Path)
    given = arguments.parse_args(argv)
    totals, wrong = measure()
    rows = table(totals)
    print("\n".join(rows))
    for case, row in wrong:
        if given.show_held_out or (given.show and not case.held_out):
            print(row)
    if given.write:
        text = given.write.read_text(encoding="utf-8")
        before, after = text.split(MARKERS[0])[0], text.split(MARKERS[1])[-1]
        given.write.write_text(f"{before}{MARKERS[0]}\n" + "\n".join(rows) + f"\n{MARKERS[1]}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
