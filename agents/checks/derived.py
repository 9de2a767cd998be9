"""What can be worked out from the amounts of a material: sums, differences, shares, prices of several, averages, spans of time. Pure.

Each way of reckoning counts only where the text announces it ("together", "saves", "each"): a sum nobody stated is an invention.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from agents.checks.amounts import PEOPLE, Amount, amounts_of
from agents.checks.days import days_open
from agents.checks.moments import MONTHS, Moment, moments
from agents.checks.rounding import Bounds
from agents.checks.word_figures import FigureWords

_MEAN = re.compile(r"\baverage|平均|人均", re.IGNORECASE)
#: What stands between a whole and a part of it that is counted by another noun: "640 sites, among them 410 pharmacies".
_AMONG = re.compile(r"\b(?:among (?:them|these)|of (?:them|which|whom|these|those)|including|includes)\b|其中|包括", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|\n")
_HALF_PRICE = re.compile(r"半价|half[- ]price", re.IGNORECASE)
_DOUBLED = re.compile(r"twice as|doubled|翻了?一?番|[两二]倍", re.IGNORECASE)
#: Spans of time that have a name: (name, minutes).
_NAMED = (
    (re.compile(r"\bweek|周|星期", re.IGNORECASE), 10080.0),
    (re.compile(r"\bquarter(?:ly)?\b|季[卡度]", re.IGNORECASE), 131490.0),
    (re.compile(r"\byear|annual|年", re.IGNORECASE), 525960.0),
)
_RANGE = re.compile(r"^[日号]?\s?(?:[-–—~～至到]|to|until|till|through|and)\s?$", re.IGNORECASE)
_LIST = re.compile(r"(?:[\w’'&.-]+(?: [\w’'&.-]+){0,3}, )*[\w’'&.-]+(?: [\w’'&.-]+){0,3},? (?:and|or|&) (?=\w)")
_LIST_ZH = re.compile(r"[^，。；：、\s]{1,12}(?:、[^，。；：、\s]{1,12})+")
#: A sentence of more figures is a table, not a statement; a material of more is a price list, of which no two are set against each other.
_ROW, _FEW, _PRICES = 12, 40, 14
_YEAR, _DAY = 525960.0, 1440.0
Values = frozenset[tuple[str, float]]


@dataclass(frozen=True)
class Worked:
    """Values by (kind or dimension), in base units. near: of one sentence or two neighbours; the others from the whole material."""

    near: Values
    sums: Values
    differences: Values
    times: tuple[float, ...]
    listed: frozenset[int]
    amounts: tuple[Amount, ...]
    halved: bool
    twice: Values = frozenset()
    joined: frozenset[float] = frozenset()

    @staticmethod
    def of(text: str, amounts: tuple[Amount, ...], words: FigureWords) -> Worked:
        few = [a for a in amounts if a.dimension != "ordinal"] if len(amounts) <= _FEW else []
        sums, differences = set[tuple[str, float]](), set[tuple[str, float]]()
        for one, other in combinations(few, 2):
            if kind := _shared_kind(one, other):
                big, small = max(one.amount, other.amount), min(one.amount, other.amount)
                sums.add((kind, big + small))
                differences.add((kind, big - small))
        sums |= set(_runs(text, words))
        times = [*_durations(text), *(_DAY * days for days in days_open(text))]
        years = sorted({a.number.value for a in few if _year(a)})
        times += [size for name, size in _NAMED if name.search(text)]
        times += [_YEAR * (later - sooner) for sooner, later in combinations(years, 2)]
        twice = frozenset((a.dimension or a.number.kind, a.amount / 2) for a in few) if _DOUBLED.search(text) else frozenset()
        if "24/7" in text:
            times += [_DAY, 7 * _DAY]
        near, halved = frozenset(_near(text, words)), bool(_HALF_PRICE.search(text))
        return Worked(
            near,
            frozenset(sums),
            frozenset(differences),
            tuple(times),
            frozenset(_listed(text)),
            tuple(few),
            halved,
            twice,
            frozenset(_joined(text, words)),
        )

    def explains(self, amount: Amount, clause: str, bounds: Bounds, words: FigureWords) -> bool:
        """Does the clause that the amount stands in say that it was reckoned, and does the reckoning give it."""
        n, kind = amount.number, amount.dimension or amount.number.kind
        if n.kind == "percent":
            return self._share(amount, clause, bounds, words)
        ways = _of(self.twice, kind)
        if said(words.sums, clause):
            ways += _of(self.sums, kind)
        if said(words.differences, clause):
            ways += _of(self.differences, kind)
        if amount.dimension == "time":
            ways += [*self.times, *(t + sign * _YEAR for t in self.times if t >= _YEAR and bounds.hedged for sign in (-1, 1))]
        beside = [a for a in amounts_of(clause, words) if a.number.span[0] >= 0 and a.number.text != n.text]
        ways += self._parts(amount, kind, clause, words)
        ways += self._several(kind, clause, beside, words)
        ways += self._complements(kind, beside)
        # A quarter of an hour is said for fourteen minutes, a month for thirty days.
        slack = 0.04 if amount.dimension == "time" else 0.0
        # Prices are rounded to the cent.
        cent = 0.006 if kind == "money" else 0.0
        if any(bounds.hold(value, max(slack, cent / value) if value > 0 else slack) for value in ways):
            return True
        if not amount.dimension and n.kind == "plain" and n.value in self.joined:
            return True
        return self._counts_out(amount, beside) or _by_itself(amount, beside) or (not amount.dimension and n.value in self.listed)

    def _share(self, amount: Amount, clause: str, bounds: Bounds, words: FigureWords) -> bool:
        """Shares in words ("one in four") announce themselves, and what is left of a share is as given as the share."""
        left = [100 - a.number.value for a in self.amounts if a.number.kind == "percent"]
        if not said(words.changes, clause) and any(bounds.hold(value) for value in left):
            return True
        worded = not re.search(r"\d|percent|per cent|%|百分", amount.number.text)
        slack = 1.5 if worded else 0.55
        values = [*(_of(self.near, "percent") if worded or said(words.shares, clause.replace(amount.number.text, "#", 1)) else ())]
        values += _of(self.near, "discount") if said(words.discounts, clause) else []
        return any(bounds.hold(value, slack / value) for value in values if value > 0)

    def _parts(self, amount: Amount, kind: str, clause: str, words: FigureWords) -> Iterator[float]:
        """A stated share of a stated amount, and what is left of it: "15% off" a price."""
        if not (said(words.parts, clause) or said(words.differences, clause)):
            return
        shares = [a.number.value for a in self.amounts if a.number.kind == "percent"]
        for a in self.amounts:
            if (a.dimension or a.number.kind) == kind and a.number.kind != "percent":
                for share in shares:
                    yield from (a.amount * share / 100, a.amount * (1 - share / 100))

    def _several(self, kind: str, clause: str, beside: Sequence[Amount], words: FigureWords) -> Iterator[float]:
        """So many of a price (or weight), two such together, one less another; averages over a number or a time."""
        counts = sorted({*self._counts(beside)} - {0.0, 1.0})
        bases = [a for a in self.amounts if (a.dimension or a.number.kind) == kind and a.amount > 0][:_PRICES]
        prices = sorted({a.amount for a in bases} | ({a.amount / 2 for a in bases} if self.halved and kind == "money" else set()))
        if kind == "money" or said(words.sums, clause):
            yield from (count * price for count in counts for price in prices)
        if said(words.averages, clause):
            most = 1_000_000 if _MEAN.search(clause) else 100
            yield from (a.amount / over for a in bases for over in self._divisors(most) if over > 0)
        if kind == "money" and (said(words.sums, clause) or said(words.differences, clause)):
            terms = [count * price for count in (1.0, *counts) for price in prices]
            for one, other in combinations(terms, 2):
                yield from (one + other, abs(one - other))

    def _counts(self, beside: Sequence[Amount]) -> Iterator[float]:
        """Numbers of the clause that may multiply, also as the material says them ("four years" of 48 monthly rates)."""
        for a in beside:
            if a.number.kind == "plain" and a.number.value == int(a.number.value) <= 100:
                yield a.number.value
            if a.dimension:
                yield from (k.number.value for k in self.amounts if k.dimension == a.dimension and abs(k.amount - a.amount) < 1e-6)
        # Stay three, pay for two: the number that is paid for is the material's.
        if any(a.number.value <= 12 for a in beside):
            yield from (k.number.value for k in self.amounts if k.number.kind == "plain" and k.number.value in range(2, 7))

    def _divisors(self, most: int) -> Iterator[float]:
        yield from (a.number.value for a in self.amounts if a.number.kind == "plain" and 2 <= a.number.value <= most)
        yield from (time / size for time in self.times for size in (60.0, _DAY, _YEAR) if time / size >= 2 and time % size == 0)

    def _complements(self, kind: str, beside: Iterable[Amount]) -> Iterator[float]:
        """Two parts of a clause that make a whole of the material: "430 adults and 210 young people" of 640."""
        for a in beside:
            if (a.dimension or a.number.kind) == kind and any(abs(k.amount - a.amount) < 1e-6 for k in self.amounts):
                yield from (k.amount - a.amount for k in self.amounts if (k.dimension or k.number.kind) == kind and k.amount > a.amount)

    def _counts_out(self, amount: Amount, beside: Iterable[Amount]) -> bool:
        """ "Ten trees cost £35": ten is what £35 buy at the price given."""
        n = amount.number
        if n.kind != "plain" or amount.dimension or not 2 <= n.value <= 100:
            return False
        prices = [a.amount for a in self.amounts if a.number.kind == "money"]
        return any(abs(n.value * price - a.amount) < 1e-6 for a in beside if a.number.kind == "money" for price in prices)


def _by_itself(amount: Amount, beside: Sequence[Amount]) -> bool:
    """The clause does its own sum: "40 runners, 1,000 km each: 40,000 km". What it starts from is checked by itself."""
    kind = amount.dimension or amount.number.kind
    for one, other in combinations(beside[:_ROW], 2):
        kinds = {one.dimension or one.number.kind, other.dimension or other.number.kind}
        if (
            kind in kinds
            and "plain" in kinds
            and min(one.amount, other.amount) > 1
            and abs(one.amount * other.amount - amount.amount) < 1e-6
        ):
            return True
    return False


def shifted_dates(text: str, amounts: Iterable[Amount], days: Iterable[int] = ()) -> frozenset[int]:
    """Dates (month * 100 + day) that lie a span of the material before or after one of its dates: "online a week earlier"."""
    spans = {round(a.amount / _DAY) for a in amounts if a.dimension == "time" and _DAY <= a.amount <= 60 * _DAY} | set(days)
    spans |= (
        {7} if re.search(r"\ba week (?:earlier|later|before|after)|(?:前|后|提前|早|晚)一周|一周(?:前|后)", text) and not days else set()
    )
    found = {m.value for m in moments(text) if m.kind == "date"}
    shifted = set[int]()
    for value in found if len(found) <= _ROW else ():
        start = datetime.date(2001, 1, 1) + datetime.timedelta(days=_ordinal(value) - 1)
        for span in spans:
            for sign in (1,) if days else (-1, 1):
                day = start + datetime.timedelta(days=sign * span)
                shifted.add(day.month * 100 + day.day)
    return frozenset(shifted)


def said(patterns: Iterable[re.Pattern[str]], clause: str) -> bool:
    return any(p.search(clause) for p in patterns)


def _of(values: Values, kind: str) -> list[float]:
    return [value for of, value in values if of == kind]


def _runs(text: str, words: FigureWords) -> Iterator[tuple[str, float]]:
    """Sums of three and more amounts that follow each other: "10胜3平2负", "£1.7 million, £800,000 and £400,000"."""
    for row in SENTENCE.split(text):
        found = amounts_of(row, words)[:_ROW] if row and row.strip() else []
        for size in (3, 4, 5):
            for at in range(len(found) - size + 1):
                run = found[at : at + size]
                kinds = {a.dimension or a.number.kind for a in run}
                if len(kinds) == 1 and "percent" not in kinds:
                    yield kinds.pop(), sum(a.amount for a in run)


def _joined(text: str, words: FigureWords) -> Iterator[float]:
    """Five girls and four boys are nine; 31 other schools make 32 with one's own."""
    for row in SENTENCE.split(text):
        found = amounts_of(row, words)[:_ROW] if row and row.strip() else []
        for one, other in pairwise(found):
            between = row[one.number.span[1] : other.number.span[0]]
            parts = one.noun == other.noun == PEOPLE
            if parts or (
                {one.number.kind, other.number.kind} == {"plain"} and re.match(r"^ \w+ and $|^[\u4e00-\u9fff]{1,4}[和与、]$", between)
            ):
                yield one.number.value + other.number.value
        for a in found:
            if re.match(r" (?:other|others|more)\b|[个家位名所]?其[他它]", row[a.number.span[1] : a.number.span[1] + 8]):
                yield a.number.value + 1


def _near(text: str, words: FigureWords) -> Iterator[tuple[str, float]]:
    """Sums, differences and shares of two amounts that stand in one sentence or in neighbours."""
    sentences = [row for row in SENTENCE.split(text) if row and row.strip()]
    rows = [tuple(amounts_of(row, words)[:_ROW]) for row in sentences]
    seen: set[tuple[str, float]] = set()
    for sentence, row in zip(sentences, rows, strict=True):
        for whole, part in pairwise(row):
            if 0 < part.amount < whole.amount and _AMONG.search(sentence[whole.number.span[1] : part.number.span[1] + 20]):
                share = 100 * part.amount / whole.amount
                seen |= {(part.dimension or part.number.kind, whole.amount - part.amount), ("percent", share), ("percent", 100 - share)}
    for at, row in enumerate(rows):
        near = (*row, *(rows[at + 1] if at + 1 < len(rows) else ()))
        for one, other in combinations(near, 2):
            shared = _shared_kind(one, other)
            if not shared:
                continue
            big, small = max(one.amount, other.amount), min(one.amount, other.amount)
            seen |= {(shared, big - small), (shared, big + small)}
            if small > 0:
                shares = (100 * (big - small) / small, 100 * (big - small) / big, 100 * small / big)
                seen |= {("percent", share) for share in shares} | ({("discount", shares[1])} if shared == "money" else set())
    halved = "money" if _HALF_PRICE.search(text) else ""
    seen |= {(a.number.kind, a.amount / 2) for row in rows for a in row if a.number.kind == halved or _DOUBLED.search(text)}
    seen |= set(_of_one_noun(rows))
    yield from sorted(seen)


def _of_one_noun(rows: list[tuple[Amount, ...]]) -> Iterator[tuple[str, float]]:
    """Shares and growth of amounts that count the same thing, or of a few sums of money, wherever they stand."""
    every = [a for row in rows for a in row]
    for one, other in combinations(every if len(every) <= _FEW else (), 2):
        big, small = max(one.amount, other.amount), min(one.amount, other.amount)
        kind = _shared_kind(one, other)
        if kind and small > 0 and (kind == "money" or (one.noun and other.noun)):
            yield from (("percent", share) for share in (100 * small / big, 100 * (big - small) / small, 100 * (big - small) / big))


def alike(one: str, other: str) -> bool:
    """One noun, or a noun and the measure word that it has: 家企业 and 家."""
    return one.startswith(other) or other.startswith(one)


def _shared_kind(one: Amount, other: Amount) -> str:
    """The kind or dimension of two amounts that may be set against each other; "" for pears and apples."""
    if (one.noun and other.noun and not alike(one.noun, other.noun)) or any(_year(a) or _article(a) for a in (one, other)):
        return ""
    kinds = {one.dimension or one.number.kind, other.dimension or other.number.kind}
    # "412 million euros from 361 million": the second has no name of its own.
    if kinds == {"money", "plain"}:
        return "money" if any(a.number.kind == "plain" and re.search(r"illion|[万亿]$", a.number.text) for a in (one, other)) else ""
    return kinds.pop() if len(kinds) == 1 and "percent" not in kinds else ""


def _year(amount: Amount) -> bool:
    """2026 beside nothing that it counts: years are not added up and no share of anything."""
    n = amount.number
    return n.kind == "plain" and not amount.dimension and 1800 <= n.value <= 2100 and bool(re.fullmatch(r"\d{4}", n.text))


def _article(amount: Amount) -> bool:
    """一 of 周一 and 一级: counts nothing."""
    return amount.amount == 1.0 and not amount.number.certain


def _durations(text: str) -> Iterator[float]:
    """Minutes between two times of day of a range, and between dates that follow each other, with and without the last day."""
    found = moments(text)
    for one, other in pairwise(found):
        between = text[one.span[1] : other.span[0]]
        if one.kind == other.kind == "clock" and (_RANGE.match(between) or len(between) <= 30):
            yield float((other.value - one.value) % 1440)
            if one.loose or other.loose:
                yield float((other.value - one.value) % 720)
    dates: list[Moment] = [m for m in found if m.kind == "date"]
    for one, other in combinations(dates[:_ROW], 2):
        days = float(_ordinal(other.value) - _ordinal(one.value)) % 365
        days = 365 - days if days > 330 else days  # named in the other order
        yield from (_DAY * days, _DAY * (days + 1))
    months = [(m.value // 100 if m.kind == "date" else m.value) for m in found if m.kind != "clock"][:_ROW]
    months += [at for at, name in enumerate(MONTHS, 1) if re.search(rf"\b{name.title()}\b", text)][:_ROW]
    for first, last in combinations(dict.fromkeys(months), 2):
        yield 43830.0 * ((last - first) % 12)


def _ordinal(value: int) -> int:
    """The day of the year of month * 100 + day, leap days apart."""
    return sum((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[: value // 100 - 1]) + value % 100


def _listed(text: str) -> Iterator[int]:
    """How many things the lists of the material name, up to twelve."""
    for m in _LIST.finditer(text):
        yield m.group().count(", ") + (1 if re.search(r", \S+ $", m.group()) else 2)
    for m in _LIST_ZH.finditer(text):
        yield m.group().count("、") + 1
