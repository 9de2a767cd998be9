"""The amounts of a text: numbers with their units and nouns, shares said in words, results such as "3-1". Pure.

It compares nothing (figures.py) and works nothing out (derived.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agents.checks.moments import moments
from agents.checks.numbers import Number, chinese_value, numbers, word_value
from agents.checks.word_figures import FigureWords

#: Characters beside a number that are read for what it means.
NEAR = 60
#: The noun of amounts that count people.
PEOPLE = "people"
_SCORE = re.compile(r"\b(\d{1,3}|[a-z]+) ?(?:[-–:]| to ) ?(\d{1,3}|[a-z]+)\b", re.IGNORECASE)
_SCORE_ZH = re.compile(r"(?<![\d.])(\d{1,3}|[零一二三四五六七八九十]{1,2}) ?[比:：] ?(\d{1,3}(?![\d.])|[零一二三四五六七八九十]{1,2})")
#: "Ravens 2, Wolves 4".
_BOARD = re.compile(r"\b[A-Z][a-z]+ (\d{1,3}), (?:[A-Z][a-z]+ )+(\d{1,3})\b")
#: Number words joined by a hyphen are one number, not a result.
_COMPOUND = re.compile(r"\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-[a-z]+", re.IGNORECASE)
_CN = r"[\d一两二三四五六七八九十百]"
_RATIO_ZH = re.compile(
    rf"(?P<base>{_CN}+)(?:个|名|位)?[^\d\W]{{0,3}}?[里中]，?就?有(?P<top>{_CN}+)(?:个|名|位)?"
    rf"|每(?P<of>{_CN}+)[个名位人][^\d\W]{{0,4}}，就?有?(?P<part>{_CN}+)[个名位]"
)
_NOUN = re.compile(r"^[\s-](?:(?P<first>[a-zà-ÿ]{3,})\b)(?:\s(?P<second>[a-zà-ÿ]{3,})\b)?")
_MEASURES = "名位家款只件册本所座间台棵份套瓶盒杯节场期集页首支根块片颗粒袋箱桶碗盘壶户封篇头匹朵批轮局级档组队排辆幅张条双层"
_NOUN_ZH = re.compile(rf"^(?:多|余)?(?:个|(?P<measure>[{_MEASURES}]))?(?P<first>[\u4e00-\u9fff]{{2}})")
_MEASURE_ZH = re.compile(rf"(?:多|余)?(?P<measure>[{_MEASURES}])")
_FRACTION = re.compile(
    r"\b(?:(?P<top>an?|one|two|three|four|[2-9]) |(?P<alone>half)\b|(?P<tops>two|three|four)-)?"
    r"(?P<part>halves|thirds?|quarters?|fifths?|sixths?|eighths?|tenths?)?\b"
    r"(?= (?:of|the|its|their|all|is|was|are|were|has|have|had)\b)(?! of an? )",
    re.IGNORECASE,
)
#: Between the hours and the minutes of one time.
_AND = re.compile(
    r"^[\s-]?(?:hours?|hrs?|h|days?|weeks?|months?|years?|minutes?|mins?|个?小时|天|周|个月|年|分钟?)(?:,? and | |,)?$", re.IGNORECASE
)
_PARTS = {"hal": 2, "thi": 3, "qua": 4, "fif": 5, "six": 6, "eig": 8, "ten": 10}
_RATIO = re.compile(r"\b(?P<top>\w+) (?:in|out of) (?:every )?(?P<base>\w+)\b", re.IGNORECASE)
_HALF_ZH = re.compile(r"一半|半数|过半")
#: Said of a price these are plain figures, not manners of speaking.
_HALF_PRICE = re.compile(r"半价|\bhalf[- ]price\b", re.IGNORECASE)
#: Words after a number that are not what it counts.
_NO_NOUN = re.compile(
    r"(?:were|was|are|is|have|has|had|can|could|may|might|must|should|would|did|does|who|that|which|left|came|took|than|said|will|went|got|per|and|for|from|the|its|with|will|still|out|each|to|of|in|at|on|by|or|a)\b",
    re.IGNORECASE,
)
_PART_ZH = re.compile(r"(?P<base>[二三四五六七八九十])分之(?P<top>[一二两三四五六七八九])")


@dataclass(frozen=True)
class Amount:
    """A number with its unit. amount: in the dimension's base unit; equal to number.value without a unit."""

    number: Number
    dimension: str = ""
    amount: float = 0.0
    factor: float = 1.0
    noun: str = ""


def results_of(text: str) -> Iterator[tuple[frozenset[float], tuple[int, int]]]:
    """Results and votes: "7 to 2", "3-1", with their spans."""
    # "16:30" is a time of day and "seventy-two" one number.
    bare = masked(text, (*(moment.span for moment in moments(text)), *(m.span() for m in _COMPOUND.finditer(text))))
    for m in (*_BOARD.finditer(bare), *_SCORE.finditer(bare), *_SCORE_ZH.finditer(bare)):
        one, other = (_small(g) or (chinese_value(g) or 0.0 if not g.isascii() else 0.0) for g in m.groups())
        if one and other and max(one, other) < 200:
            yield frozenset((one, other)), m.span()


def amounts_of(text: str, words: FigureWords) -> list[Amount]:
    """Numbers with their units, fractions and ratios as percentages; dates and times of day left out."""
    bare = masked(text, (moment.span for moment in moments(text) if moment.certain))
    parts = list(_fractions(bare))
    bare = masked(bare, (part.span for part in parts))
    found = [Amount(part, amount=part.value) for part in parts]
    for n in numbers(bare):
        found.append(_measured(n, bare, words))
    return list(_compound(sorted(found, key=lambda a: a.number.span), text))


def _compound(found: list[Amount], text: str) -> Iterator[Amount]:
    """Two hours and ten minutes are one time."""
    last: Amount | None = None
    for amount in found:
        between = text[last.number.span[1] : amount.number.span[0]] if last else ""
        if last and last.dimension == amount.dimension == "time" and last.factor > amount.factor and _AND.match(between):
            span = (last.number.span[0], amount.number.span[1])
            whole = last.number._replace(span=span, text=text[slice(*span)], certain=True)
            last = Amount(whole, "time", last.amount + amount.amount, amount.factor)
            continue
        if last:
            yield last
        last = amount
    if last:
        yield last


def _measured(n: Number, text: str, words: FigureWords) -> Amount:
    before, after = around(text, n.span)
    if before.endswith("第"):
        # 第二天 is "the next day".
        if n.text == "二" and after.startswith(("天", "日")):
            return Amount(n._replace(value=1.0, certain=False), amount=1.0)
        return Amount(n, "ordinal", n.value)
    if n.kind == "plain" and after.startswith("个半"):
        n, after = n._replace(value=n.value + 0.5), after[2:]  # 四个半小时
    if n.kind == "plain" and (n.text.endswith("折") or after.startswith("折")):
        # 八折 and 八五折: 20 and 15 percent off.
        off = n._replace(value=100 - (n.value * 10 if n.value < 10 else n.value), kind="percent")
        return Amount(off, amount=off.value)
    if n.kind == "plain":
        unit = words.unit_after(after)
        # 2026年 is a year, not a time of two thousand years.
        if unit is not None and not (unit.dimension == "time" and unit.factor == 525960 and n.value >= 1000):
            sign = -1.0 if unit.dimension == "temperature" and re.search(r"(?:minus |零下|[−-])$", before) else 1.0
            return Amount(n, unit.dimension, sign * n.value * unit.factor + unit.offset, unit.factor)
    return Amount(n, amount=n.value, noun=_noun(after, words) if n.kind == "plain" else "")


def around(text: str, span: tuple[int, int]) -> tuple[str, str]:
    return text[max(0, span[0] - NEAR) : span[0]], text[span[1] : span[1] + NEAR]


def _noun(after: str, words: FigureWords) -> str:
    """What a number counts, without its plural s; the name of the class for people, whatever they are called."""
    if (m := _NOUN.match(after)) and not _NO_NOUN.match(m["first"]):
        said = [g for g in (m["first"], m["second"]) if g]
        if any(g.removesuffix("s") in words.people for g in said):
            return PEOPLE
        # What is counted is in the plural: "the first 12 arrive" names nothing.
        return next((g.removesuffix("s") for g in said if g.endswith("s")), "")
    if m := _NOUN_ZH.match(after):
        noun = (m["measure"] or "") + m["first"]
        return PEOPLE if m["first"] in words.people or m["measure"] in ("名", "位") or noun.startswith("人") else noun
    # 18件，: what is counted is not said, only its measure word.
    return m["measure"] if (m := _MEASURE_ZH.match(after)) else ""


def _fractions(text: str) -> Iterator[Number]:
    """Shares said in words, as percentages. They count as facts in news only: "half the fun" is a manner of speaking."""
    for m in _FRACTION.finditer(text):
        if m["alone"]:
            yield Number(50.0, "percent", m.span("alone"), m["alone"], certain=False)
        elif m["part"]:
            top = {"a": 1.0, "an": 1.0, "": 1.0}.get((m["top"] or m["tops"] or "").lower()) or _small(m["top"] or m["tops"] or "")
            base = _PARTS[m["part"][:3].lower()]
            if top < base:
                yield Number(100 * top / base, "percent", m.span(), m.group(), certain=False)
    for m in _RATIO.finditer(text):
        top, low = _small(m["top"]), _small(m["base"])
        if 0 < top < low and low > 1:
            yield Number(100 * top / low, "percent", m.span(), m.group())
    for m in _RATIO_ZH.finditer(text):
        top, low = (_small(g) or chinese_value(g) or 0.0 if g else 0.0 for g in (m["top"] or m["part"], m["base"] or m["of"]))
        if 0 < top < low:
            yield Number(100 * top / low, "percent", m.span(), m.group())
    for m in _HALF_ZH.finditer(text):
        yield Number(50.0, "percent", m.span(), m.group(), certain=False)
    for m in _HALF_PRICE.finditer(text):
        yield Number(50.0, "percent", m.span(), m.group())
    for m in _PART_ZH.finditer(text):
        share = 100 * (chinese_value(m["top"]) or 0) / (chinese_value(m["base"]) or 1)
        yield Number(share, "percent", m.span(), m.group())


def _small(text: str) -> float:
    return float(text) if text.isdigit() and len(text) < 4 else word_value(text)


def masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with these spans blotted out, its length kept."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces += [text[at:start], "\ufffc" * (end - max(start, at))]
        at = max(at, end)
    return "".join([*pieces, text[at:]])
