"""Are the amounts of a text those of its material: the same, rounded and said to be, in another unit, or worked out from them. Pure.

A figure of the text that merely equals some figure of the material is taken for it: what is counted is compared only by its unit and,
for small number words, by the noun that follows. A sum, difference or share counts as given only where the text announces it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from agents.checks.moments import Moment, bare_hours, moments
from agents.checks.numbers import Number, chinese_value, numbers, word_value
from agents.checks.word_figures import FigureWords

_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|\n")
_SCORE = re.compile(r"\b(\d{1,3}|[a-z]+) ?(?:[-–:]|to|比) ?(\d{1,3}|[a-z]+)\b", re.IGNORECASE)
_NOUN = re.compile(r"^[\s-](?:(?P<first>[a-zà-ÿ]{3,})\b)(?:\s(?P<second>[a-zà-ÿ]{3,})\b)?")
_NOUN_ZH = re.compile(r"^(?:多|余)?[个名位家款只件册本所座间台]?(?P<first>[\u4e00-\u9fff]{2})")
_PLURAL = re.compile(r"^\s(?:[a-zà-ÿ]+\s)?(?:[a-zà-ÿ]{2,}s|people|children|men|women|mice|feet)\b")
_FRACTION = re.compile(
    r"\b(?:(?P<top>an?|one|two|three|four|[2-9]) |(?P<alone>half)\b|(?P<tops>two|three|four)-)?"
    r"(?P<part>halves|thirds?|quarters?|fifths?|sixths?|eighths?|tenths?)?\b"
    r"(?= (?:of|the|its|their|all|is|was|are|were|has|have|had)\b)(?! of an? )",
    re.IGNORECASE,
)
_PARTS = {"hal": 2, "thi": 3, "qua": 4, "fif": 5, "six": 6, "eig": 8, "ten": 10}
_RATIO = re.compile(r"\b(?P<top>\w+) (?:in|out of) (?:every )?(?P<base>\w+)\b", re.IGNORECASE)
_HALF_ZH = re.compile(r"一半|半数|过半")
_PART_ZH = re.compile(r"(?P<base>[二三四五六七八九十])分之(?P<top>[一二两三四五六七八九])")
_CENTURY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)[- ]century|(\d{1,2})世纪", re.IGNORECASE)
_DECADE = re.compile(r"\b(\d{3}0)s\b|(\d{2}|\d{4})年代")
_ORDINAL = re.compile(
    r"\b(second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|(\d{1,2})(?:st|nd|rd|th))\s(?P<noun>[a-z]{3,})", re.I
)
#: "An hour from the sea" is a distance; "an hour of quiet" is a manner of speaking.
_AN_HOUR = re.compile(
    r"\b(?P<half>half )?an? (?P<unit>hour|minute|mile|kilometre)(?= (?:from|away|by|off)\b|['’]s (?:walk|drive|ride))", re.I
)
_ORDINALS = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth")
#: Converted units are rounded by custom: 11 metres are "36 feet".
_CONVERTED = 0.03
#: Characters beside a number that are read for what it means, and figures of one sentence that are set against each other.
_NEAR, _CLAUSE, _ROW = 60, 200, 12
#: Degrees Celsius that rounding a converted temperature may move it.
_DEGREE = 0.6
#: A pure check has no clock. "For twenty years" beside "since 2003" holds if it does in one of these years.
_PRESENT = (2024, 2036)


@dataclass(frozen=True)
class Amount:
    """A number with its unit. amount: in the dimension's base unit; equal to number.value without a unit."""

    number: Number
    dimension: str = ""
    amount: float = 0.0
    factor: float = 1.0
    noun: str = ""


@dataclass(frozen=True)
class Figures:
    """The amounts of a material. Prepared once, asked often."""

    amounts: tuple[Amount, ...]
    moments: tuple[Moment, ...]
    hours: tuple[Moment, ...]
    nouns: frozenset[str]
    ordinals: frozenset[tuple[int, str]]
    derived: tuple[tuple[str, float], ...]
    pairs: frozenset[frozenset[float]]
    percents: tuple[float, ...] = field(default=())

    @staticmethod
    def of(text: str, words: FigureWords) -> Figures:
        # Each once: a price list names the same figures a thousand times.
        alike = {(a.number.kind, a.number.value, a.dimension, a.factor, a.noun, a.number.text): a for a in _amounts(text, words)}
        amounts = tuple(alike.values())
        return Figures(
            amounts=amounts,
            moments=tuple({(m.kind, m.value, m.loose): m for m in moments(text)}.values()),
            hours=tuple({m.value: m for m in bare_hours(text)}.values()),
            nouns=frozenset(a.noun for a in amounts if a.noun),
            ordinals=frozenset(_ordinals(text)),
            derived=tuple(_derived(text, words)),
            pairs=frozenset(pair for pair, _ in _pairs(text)),
            percents=tuple(a.number.value for a in amounts if a.number.kind == "percent"),
        )


def strangers(text: str, known: Figures, words: FigureWords, strict: bool) -> Iterator[tuple[int, int]]:
    """Spans of the amounts, dates and times of day that the material does not give. strict: number words count always."""
    for moment in moments(text):
        if (moment.certain or strict) and not _timed(moment, known):
            yield moment.span
    for number, noun, span in _ordinal_spans(text):
        bound = {value for value, of in known.ordinals if of == noun}
        if bound and number not in bound:
            yield span
    for pair, span in _pairs(text) if known.pairs else ():
        if pair not in known.pairs:
            yield span
    for m in _AN_HOUR.finditer(text):
        size = (0.5 if m["half"] else 1.0) * words.units[m["unit"].casefold()].factor
        if not any(abs(a.amount - size) < 1e-6 for a in known.amounts if a.dimension):
            yield m.span()
    for amount in _amounts(text, words):
        n = amount.number
        # "Four of us" is a manner of speaking; "four sizes" is not where the material counts sizes.
        counts = n.certain or strict or (amount.noun and amount.noun in known.nouns) or _many(amount, text, words)
        if counts and not _given(amount, text, known, words):
            yield n.span


def _timed(moment: Moment, known: Figures) -> bool:
    if any(moment.agrees(other) for other in known.moments):
        return True
    return moment.kind == "clock" and moment.value % 60 == 0 and any(moment.agrees(other) for other in known.hours)


def _many(amount: Amount, text: str, words: FigureWords) -> bool:
    """A number word above twelve before a plural: "fifty bands", but not "fifty ways"."""
    n = amount.number
    after = _around(text, n.span)[1]
    if n.value <= 12 or not n.text.isascii() or n.text.lower().startswith(("a ", "an ")):
        return False
    return bool(_PLURAL.match(after)) and not any(word in words.figurative for word in after.split()[:2])


def _given(amount: Amount, text: str, known: Figures, words: FigureWords) -> bool:
    n = amount.number
    before, after = _around(text, n.span)
    bounds = Bounds.of(amount, before, after, words)
    measured = any(other.dimension == amount.dimension for other in known.amounts)
    if any(_same(amount, other, bounds, measured) for other in known.amounts):
        return True
    if n.kind == "plain" and not amount.dimension:
        at = re.search(r"\b(?:at|until|till|by|from|to)\s$", before)
        if at and any(m.kind == "clock" and m.value % 60 == 0 and (n.value - m.value // 60) % 12 == 0 for m in known.moments):
            return True
        years = [a.number.value for a in known.amounts if 1000 <= a.number.value <= 2100 and a.number.kind == "plain"]
        if century := _CENTURY.match(n.text + after):
            return any(math.ceil(year / 100) == int(century[1] or century[2]) for year in years)
        if decade := _DECADE.match(n.text + after):
            return any(int(year) // 10 * 10 % 100 == int(decade[1] or decade[2]) % 100 for year in years)
        # "After the 30th", beside "30 April".
        if re.match(r"(?:st|nd|rd|th)\b", after) and any(m.kind == "date" and m.value % 100 == n.value for m in known.moments):
            return True
        if any(n.value in (sum(pair), max(pair) - min(pair)) for pair in known.pairs):
            return True
    if amount.dimension == "time" and amount.factor == 525960 and bounds.hedged:
        years = [a.number.value for a in known.amounts if 1900 <= a.number.value <= 2100]
        if any(bounds.low / 525960 <= now - year <= bounds.high / 525960 for year in years for now in range(*_PRESENT)):
            return True
    return _worked_out(amount, text, known, bounds, words)


@dataclass(frozen=True)
class Bounds:
    """low..high: the amounts of the material that the words of the text would be true of."""

    low: float
    high: float
    hedged: bool

    @staticmethod
    def of(amount: Amount, before: str, after: str, words: FigureWords) -> Bounds:
        v, step = amount.amount, _step(amount.number.value) * amount.factor
        for patterns, low, high in (
            (words.over, v, v + max(step, 0.05 * v)),
            (words.under, 0.75 * v, v),
            (words.nearly, 0.85 * v, v),
            (words.about, 0.93 * v, 1.07 * v),
        ):
            lead = before.rstrip(" $€£¥￥")
            # "Children under 12" is a border, not a rounding.
            border = patterns is words.under and amount.number.kind == "plain" and not amount.dimension and v < 20
            if not border and any(p.search(lead) for p in patterns):
                return Bounds(low, high, True)
        if any(p.match(after) for p in words.after_over) or re.search("[多余]", amount.number.text):
            return Bounds(v, v + max(step, 0.05 * v), True)
        if any(p.match(after) for p in words.after_about):
            return Bounds(0.93 * v, 1.07 * v, True)
        return Bounds(v, v, False)

    def hold(self, value: float, slack: float = 0.0) -> bool:
        loose = 1e-6 * max(1.0, abs(value)) + slack * abs(value)
        return self.low - loose <= value <= self.high + loose


def _step(value: float) -> float:
    """How round a figure is: 1200 -> 100, 40000 -> 10000, 87 -> 1, 4.5 -> 0.1."""
    if value <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value))
    while step > 1e-3 and abs(value / step - round(value / step)) > 1e-9:
        step /= 10
    return step


def _same(amount: Amount, other: Amount, bounds: Bounds, measured: bool) -> bool:
    """measured: the material has measures of the dimension that the amount has."""
    n, known = amount.number, other.number
    # "412 million euros, from 361 million": the second is money too.
    unnamed = n.kind == "money" and known.kind == "plain" and not other.dimension and re.search(r"illion|[万亿]$", known.text)
    if n.kind != "plain" and n.kind != known.kind and not unnamed:
        return False
    if "ordinal" in (amount.dimension, other.dimension) and amount.dimension != other.dimension:
        return False  # 第三 is not 三
    if amount.dimension:
        if known.kind != "plain" or (other.dimension and other.dimension != amount.dimension):
            return False
        if not other.dimension:
            # A counted thing ("12 friends") does not vouch for a measure ("12 days"), nor a bare number beside real measures.
            return not other.noun and not measured and abs(n.value - known.value) < 1e-6
        if amount.dimension == "temperature":
            return bounds.low - _DEGREE <= other.amount <= bounds.high + _DEGREE
        return bounds.hold(other.amount, _CONVERTED if amount.factor != other.factor else 0.0)
    return bounds.hold(known.value, 0.0 if n.kind != "percent" or not _is_fraction(n) else 0.06)


def _is_fraction(n: Number) -> bool:
    return not re.search(r"\d|percent|per cent|%|成|百分", n.text)


def _worked_out(amount: Amount, text: str, known: Figures, bounds: Bounds, words: FigureWords) -> bool:
    n = amount.number
    clause = _clause(text, n.span)
    kind = amount.dimension or n.kind
    # Half a point of slack: a share or a growth is rounded without saying so.
    slack = 0.55 if n.kind == "percent" else 0.0
    if any(p.search(clause) for p in words.cues) and any(
        bounds.hold(value, slack / value if value else 0.0)
        for of, value in known.derived
        if of == kind or (n.kind == "plain" and not amount.dimension)
    ):
        return True
    mine = _amounts(clause, words)
    stated = [p for p in known.percents if any(a.number.kind == "percent" and abs(a.number.value - p) < 1e-6 for a in mine)]
    return n.kind != "percent" and any(
        bounds.hold(a.amount * p / 100) for p in stated for a in known.amounts if a.number.kind in (n.kind, "plain") or n.kind == "plain"
    )


def _clause(text: str, span: tuple[int, int]) -> str:
    """The sentence a number stands in, as far as _CLAUSE characters to either side."""
    before, after = text[max(0, span[0] - _CLAUSE) : span[0]], text[span[1] : span[1] + _CLAUSE]
    start = max((m.end() for m in _SENTENCE.finditer(before)), default=0)
    end = m.start() if (m := _SENTENCE.search(after)) else len(after)
    return before[start:] + text[span[0] : span[1]] + after[:end]


def _derived(text: str, words: FigureWords) -> Iterator[tuple[str, float]]:
    """(kind or dimension, value) of sums, differences and shares of two amounts that stand in one sentence or in neighbours."""
    # A sentence of more figures is a table, not a statement.
    rows = [tuple(_amounts(row, words)[:_ROW]) for row in _SENTENCE.split(text) if row and row.strip()]
    seen: set[tuple[str, float]] = set()
    for at, row in enumerate(rows):
        near = (*row, *(rows[at + 1] if at + 1 < len(rows) else ()))
        for one, other in combinations(near, 2):
            kind = _shared_kind(one, other)
            if not kind:
                continue
            big, small = max(one.amount, other.amount), min(one.amount, other.amount)
            seen |= {(kind, big - small), (kind, big + small)}
            if small > 0:
                seen |= {("percent", 100 * (big - small) / small), ("percent", 100 * (big - small) / big), ("percent", 100 * small / big)}
    if re.search(r"半价|half[- ]price|twice as|doubled|翻了?一?番|[两二]倍", text):
        seen |= {(a.number.kind, a.amount / 2) for row in rows for a in row}
    yield from sorted(seen)


def _shared_kind(one: Amount, other: Amount) -> str:
    """The kind or dimension of two amounts that may be set against each other; "" for pears and apples."""
    if one.noun and other.noun and one.noun != other.noun:
        return ""
    kinds = {one.dimension or one.number.kind, other.dimension or other.number.kind}
    # "412 million euros from 361 million": the second has no name of its own.
    if kinds == {"money", "plain"}:
        return "money"
    return kinds.pop() if len(kinds) == 1 and "percent" not in kinds else ""


def _pairs(text: str) -> Iterator[tuple[frozenset[float], tuple[int, int]]]:
    """Results and votes: "7 to 2", "3-1", with their spans."""
    for m in _SCORE.finditer(text):
        one, other = (float(g) if g.isdigit() else word_value(g) for g in m.groups())
        if one and other and max(one, other) < 200:
            yield frozenset((one, other)), m.span()


def _amounts(text: str, words: FigureWords) -> list[Amount]:
    """Numbers with their units, fractions and ratios as percentages; dates and times of day left out."""
    masked = _masked(text, (moment.span for moment in moments(text) if moment.certain))
    parts = list(_fractions(masked))
    masked = _masked(masked, (part.span for part in parts))
    found = [Amount(part, amount=part.value) for part in parts]
    for n in numbers(masked):
        found.append(_measured(n, masked, words))
    return sorted(found, key=lambda a: a.number.span)


def _measured(n: Number, text: str, words: FigureWords) -> Amount:
    before, after = _around(text, n.span)
    if before.endswith("第"):
        return Amount(n, "ordinal", n.value)
    if n.kind == "plain" or n.text.endswith("折"):
        if n.text.endswith("折"):
            return Amount(n, "discount", n.value)
        unit = words.unit_after(after)
        # 2026年 is a year, not a time of two thousand years.
        if unit is not None and not (unit.dimension == "time" and unit.factor == 525960 and n.value >= 1000):
            sign = -1.0 if unit.dimension == "temperature" and re.search(r"(?:minus |零下|[−-])$", before) else 1.0
            return Amount(n, unit.dimension, sign * n.value * unit.factor + unit.offset, unit.factor)
    return Amount(n, amount=n.value, noun=_noun(after) if n.kind == "plain" else "")


def _around(text: str, span: tuple[int, int]) -> tuple[str, str]:
    return text[max(0, span[0] - _NEAR) : span[0]], text[span[1] : span[1] + _NEAR]


def _noun(after: str) -> str:
    if m := _NOUN.match(after):
        word = next((g for g in (m["first"], m["second"]) if g and g.endswith("s")), m["first"])
        return word.removesuffix("s")
    if m := _NOUN_ZH.match(after):
        return m["first"]
    return ""


def _ordinals(text: str) -> Iterator[tuple[int, str]]:
    yield from ((number, noun) for number, noun, _ in _ordinal_spans(text))


def _ordinal_spans(text: str) -> Iterator[tuple[int, str, tuple[int, int]]]:
    for m in _ORDINAL.finditer(text):
        yield int(m[2]) if m[2] else _ORDINALS.index(m[1].lower()), m["noun"].lower(), m.span(1)


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
    for m in _HALF_ZH.finditer(text):
        yield Number(50.0, "percent", m.span(), m.group(), certain=False)
    for m in _PART_ZH.finditer(text):
        share = 100 * (chinese_value(m["top"]) or 0) / (chinese_value(m["base"]) or 1)
        yield Number(share, "percent", m.span(), m.group())


def _small(text: str) -> float:
    return float(text) if text.isdigit() and len(text) < 4 else word_value(text)


def _masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with these spans blotted out, its length kept."""
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces += [text[at:start], "\ufffc" * (end - max(start, at))]
        at = max(at, end)
    return "".join([*pieces, text[at:]])


def instead(text: str, span: tuple[int, int], known: Figures, words: FigureWords) -> str | None:
    """What the material has in the place of an amount or date it does not have: its only one of the same unit, noun or kind, as written."""
    shift = max(0, span[0] - _CLAUSE)
    near, own = text[shift : span[1] + _CLAUSE], (span[0] - shift, span[1] - shift)
    wrong = next((a for a in _amounts(near, words) if a.number.span == own), None)
    if wrong is None:
        kind = next((m.kind for m in moments(near) if m.span == own), "")
        alike = {m.text for m in known.moments if kind and m.kind == kind}
    elif wrong.dimension:
        alike = {a.number.text for a in known.amounts if (a.dimension, a.factor) == (wrong.dimension, wrong.factor)}
    elif wrong.noun:
        alike = {a.number.text for a in known.amounts if a.noun == wrong.noun}
    else:
        kind = wrong.number.kind
        alike = {a.number.text for a in known.amounts if a.number.kind == kind} if kind in ("percent", "money") else set()
    return alike.pop() if len(alike) == 1 else None
