"""Questions about the world: what several draws agree on is answered, what they do not is not known; false premises are named.

A correction by the person is weighed, not believed: sums by code, other facts by asking afresh and by a choice in both orders.
Method: Manakul et al., SelfCheckGPT, 2023 (https://arxiv.org/abs/2303.08896): what a model knows it says each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from agents.jobs.arithmetic import evaluate, number
from agents.jobs.calls import Calls, same
from agents.jobs.kinds import ChatJob
from agents.jobs.on_text import question
from agents.jobs.passages import terms
from agents.jobs.reading import JobReader
from agents.jobs.sums import shown
from domain.errors import InputError
from domain.value import JsonValue

_DRAWS = 3
_REFUSES = re.compile(
    r"^(?:no,?|nope,?|wrong,?|that(?:'s| is) (?:wrong|not right|incorrect|not true)|"
    r"you(?:'re| are) wrong|actually|i (?:think|believe)(?: that)?|it(?:'s| is| was)? (?:not )?|"
    r"不对|错了|不是|你错了|我(?:觉得|认为)|其实)[,.:;!，。：；！ ]*",
    re.IGNORECASE,
)
_PROPERTY = re.compile(
    r"\b(\d{1,9}) (?:is )?(?:an? )?(prime|even|odd|square|perfect square)\b|(\d{1,9})(?:是|为)(?:一个)?(质数|素数|偶数|奇数|平方数)",
    re.IGNORECASE,
)


def unknowable(job: ChatJob, calls: Calls) -> Iterator[str]:
    yield calls.say(job.reason)


def exact(job: ChatJob, calls: Calls, reader: JobReader) -> Iterator[str]:
    """What code knows exactly; nothing is asked of the model."""
    known = reader.exact.read(job.message)
    if known is not None:
        yield calls.say(known.phrase, **known.values)


def fact(job: ChatJob, calls: Calls, reader: JobReader) -> Iterator[str]:
    """A short answer that several draws agree on; a false premise instead of an answer; or that it is not known."""
    number_property = _number_property(job.message, calls)
    if number_property:
        yield number_property
        return
    bare = reader.bare(job.message)
    if reader.rests(bare):
        said = calls.form(
            "statement", "fact", "statement", {"statement": {"type": "string", "maxLength": 120}}, max_tokens=200, ask=job.message
        )
        statement = " ".join(str(said.get("statement", "")).split())
        if statement:
            true, instead = _judged(statement, calls)
            if not true:
                yield calls.say("premise", fact=instead)
                return
    if not reader.checked(bare):
        yield calls.text("writing", "fact", "fact", ask=job.message, form="")
        return
    answer, agreed = _agreed(job.message, calls)
    yield answer if agreed else calls.say("not_known", count=_DRAWS + 1)


def _judged(statement: str, calls: Calls) -> tuple[bool, str]:
    schema: dict[str, JsonValue] = {"fact": {"type": "string", "maxLength": 160}, "true": {"enum": ["yes", "no"]}}
    said = calls.form("judge", "fact", "judge", schema, max_tokens=260, statement=statement)
    return said.get("true") != "no", " ".join(str(said.get("fact", "")).split())


def _agreed(ask: str, calls: Calls) -> tuple[str, bool]:
    """The likeliest answer, and whether most draws say the same."""
    schema: dict[str, JsonValue] = {"answer": {"type": "string", "minLength": 1, "maxLength": 80}}
    first = str(calls.form("fact", "question", "fact", schema, max_tokens=120, ask=ask).get("answer", "")).strip()
    drawn = [str(calls.form("fact", "opinion", f"fact-{n}", schema, max_tokens=120, ask=ask).get("answer", "")) for n in range(_DRAWS)]
    alike = sum(agree(first, other) for other in drawn)
    return first, bool(first) and alike >= 2


def agree(a: str, b: str) -> bool:
    """Whether two short answers mean the same: the same numbers, and half of the shorter one's words."""
    if same(a, b):
        return True
    numbers = [set(re.findall(r"\d+", t.replace(",", ""))) for t in (a, b)]
    if numbers[0] != numbers[1]:
        return False
    words = [set(terms(t)) for t in (a, b)]
    shorter = min(len(words[0]), len(words[1]))
    return shorter > 0 and len(words[0] & words[1]) * 2 >= shorter


def dispute(job: ChatJob, calls: Calls, reader: JobReader) -> Iterator[str]:
    """Holds to what is so and gives way to what is so, whoever said it."""
    # 1. Sums: code knows.
    truth = _true_sum(job, reader)
    if truth is not None:
        value, result, steps = truth
        claimed = reader.sums.claim(job.message)
        said = claimed[1] if claimed else reader.sums.last_number(job.message)
        was = reader.sums.last_number(job.answer)
        if said is None:
            yield calls.say("sum_stays", result=result, steps=steps)
        elif said == value:
            yield calls.say("right_sum" if was != value else "sum_stays", result=result, steps=steps)
        else:
            yield calls.say("firm_sum", result=result, claimed=number(said), steps=steps)
        return
    known = reader.exact.read(job.about)
    if known is not None:
        answer = calls.say(known.phrase, **known.values)
        agrees = known.key in re.findall(r"\d+(?:\.\d+)?", job.message) and known.key not in re.findall(r"\d+(?:\.\d+)?", job.answer)
        yield calls.say("exact_right" if agrees else "exact_firm", answer=answer)
        return
    # 2. A text that was given: read it again.
    if job.text:
        yield from question(job.model_copy(update={"ask": job.about}), calls)
        return
    # 3. Facts.
    claim = _REFUSES.sub("", _REFUSES.sub("", job.message.strip())).strip(" .!。！")
    if len(claim) < 2 or not job.about:
        answer, agreed = _agreed(job.about or job.answer, calls)
        yield calls.say("firm", answer=answer) if agreed else calls.say("unsure", answer=job.answer[:200], claim=job.message[:120])
        return
    yield _weighed(job, claim, calls)


def _weighed(job: ChatJob, claim: str, calls: Calls) -> str:
    answer = " ".join(job.answer.split())[:240]
    fresh, agreed = _agreed(job.about, calls)
    schema: dict[str, JsonValue] = {"true": {"enum": ["A", "B"]}}
    votes = 0
    for order, (a, b) in enumerate(((answer, claim), (claim, answer))):
        said = calls.form("choose", "question", f"choose-{order}", schema, ask=job.about, a=a, b=b).get("true")
        votes += (said == "B") == (order == 0)
    if agreed:
        for_claim, for_answer = _bears(fresh, claim), _bears(fresh, answer)
        votes += 1 if for_claim > for_answer else -1 if for_answer > for_claim else 0
    if votes >= 2:
        return calls.say("right", claim=claim)
    if votes <= 0:
        return calls.say("firm", answer=answer)
    return calls.say("unsure", answer=answer, claim=claim)


def _bears(fresh: str, text: str) -> float:
    """How much of a fresh answer stands in a text."""
    words, known = set(terms(fresh)), set(terms(text))
    return len(words & known) / max(1, len(words))


def _true_sum(job: ChatJob, reader: JobReader) -> tuple[Fraction, str, str] | None:
    claimed = reader.sums.claim(job.message)
    found = reader.sums.read(job.about)
    try:
        if found is not None:
            result, steps = shown(found)
            value = evaluate(found.expression).value
            return value, result, "; ".join(steps)
        if claimed is not None:
            return claimed[0], number(claimed[0]), number(claimed[0])
    except InputError:
        return None
    return None


def _number_property(message: str, calls: Calls) -> str:
    """ "Why is 9 a prime number?": what is wrong with that, by code; "" when nothing is."""
    match = _PROPERTY.search(" ".join(message.split()))
    if match is None:
        return ""
    value, name = int(match.group(1) or match.group(3)), (match.group(2) or match.group(4)).lower()
    if name in ("prime", "质数", "素数"):
        factors = _factors(value)
        return calls.say("prime_not", n=value, factors=" × ".join(map(str, factors))) if value < 2 or len(factors) > 1 else ""
    root = int(value**0.5)
    holds = {"even": value % 2 == 0, "偶数": value % 2 == 0, "odd": value % 2 == 1, "奇数": value % 2 == 1}.get(name, root * root == value)
    article = "an" if name[0] in "aeo" else "a"
    shown_name = name if calls.told == "zh" else f"{article} {name} number" if name in ("even", "odd") else f"{article} {name}"
    return "" if holds else calls.say("property_not", n=value, property=shown_name)


def _factors(value: int) -> list[int]:
    factors: list[int] = []
    divisor = 2
    while divisor * divisor <= value:
        while value % divisor == 0:
            factors.append(divisor)
            value //= divisor
        divisor += 1
    return [*factors, value] if value > 1 or not factors else factors
