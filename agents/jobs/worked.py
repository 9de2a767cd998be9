"""Sums with their steps, and problems in words: the model only writes the sums down, code works them out.

A sum that uses a number which stands neither in the problem nor in an earlier result is refused: it would be an invention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from agents.jobs.arithmetic import evaluate, number
from agents.jobs.calls import Calls, texts
from agents.jobs.kinds import ChatJob
from agents.jobs.sums import FoundSum, SumReader, shown
from domain.errors import InputError

#: Numbers that need not be said: units of time, percent, dozens, halves.
_KNOWN = frozenset(Fraction(n) for n in (0, 1, 2, 4, 7, 10, 12, 24, 30, 52, 60, 100, 365, 1000, 3600))
_TRIES = 3


def arithmetic(job: ChatJob, calls: Calls, sums: SumReader) -> Iterator[str]:
    """The result, then each step on its own line."""
    found = sums.read(job.sum) if job.sum else None
    if job.sum and found is None:
        found = FoundSum(job.sum)
    if found is None:
        yield from _problem(job, calls, sums)
        return
    try:
        result, steps = shown(found)
    except InputError as error:
        yield calls.say("sum_not", why=calls.say("div_zero") if _by_zero(found.expression) else error.message)
        return
    yield calls.say("sum", result=result, steps=_numbered(steps))


def _by_zero(expression: str) -> bool:
    return bool(re.search(r"[/÷]\s*0+(?:\.0+)?(?![\d.])", expression))


def _numbered(steps: tuple[str, ...]) -> str:
    return "\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1))


def _problem(job: ChatJob, calls: Calls, sums: SumReader) -> Iterator[str]:
    """Several drafts of the sums; the result that most of them agree on. Without agreement, that is said."""
    allowed = {*sums.numbers(job.message), *_KNOWN}
    results: dict[Fraction, list[tuple[tuple[str, ...], str]]] = {}
    for turn in range(_TRIES):
        task = "arithmetic" if turn == 0 else "list"  # the first draft greedy, the others drawn
        said = calls.form(
            "problem",
            task,
            f"problem-{turn}",
            {"sums": texts(4, 60), "unit": {"type": "string", "maxLength": 20}},
            max_tokens=360,
            ask=job.message,
        )
        worked = _worked([str(s) for s in said.get("sums", [])], allowed)
        if worked is None:
            continue
        value, steps = worked
        results.setdefault(value, []).append((steps, str(said.get("unit", ""))))
        if len(results[value]) == 2:
            unit = results[value][0][1]
            yield calls.say("sum", result=f"{number(value)} {unit}".strip(), steps=_numbered(results[value][0][0]))
            return
    yield calls.say("problem_not")


def _worked(expressions: list[str], allowed: set[Fraction]) -> tuple[Fraction, tuple[str, ...]] | None:
    """The last result and all steps, None when a sum cannot be read or uses a number that nobody gave."""
    given = set(allowed)
    steps: tuple[str, ...] = ()
    value: Fraction | None = None
    for expression in expressions:
        left = expression.split("=")[0].strip()
        used = [Fraction(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", left)]
        if any(n not in given for n in used):
            return None
        try:
            result = evaluate(left)
        except InputError:
            return None
        value, steps = result.value, (*steps, *result.steps)
        given.add(value)
    return (value, tuple(s.replace("= ≈", "≈") for s in steps)) if value is not None and steps else None
