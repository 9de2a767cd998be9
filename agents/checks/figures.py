"""Are the amounts of a text those of its material: the same, rounded and said to be, in another unit, or worked out from them. Pure.

A figure of the text that merely equals some figure of the material is taken for it: what is counted is compared only by its unit and,
for small number words, by the noun that follows. A sum, difference or share counts as given only where the text announces it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.checks.amounts import Amount, amounts_of, around, results_of
from agents.checks.derived import SENTENCE, Worked, alike, said, shifted_dates
from agents.checks.moments import Moment, bare_hours, moments
from agents.checks.numbers import Number
from agents.checks.rounding import Bounds
from agents.checks.word_figures import FigureWords

_PLURAL = re.compile(r"^\s(?:[a-zà-ÿ]+\s)?(?:[a-zà-ÿ]{2,}s|people|children|men|women|mice|feet)\b")
_OTHER_YEAR = re.compile(r"\b(?:this|last|next|previous) year\b|\byear (?:earlier|before)\b|[去今明前]年|上年|同比", re.IGNORECASE)
#: "Lucy Hargreave, 44,": an age.
_AGE = re.compile(r"[A-Z][a-zà-ÿ]+, (\d{1,2}),")
_CENTURY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)[- ]century|(\d{1,2})世纪", re.IGNORECASE)
_DECADE = re.compile(r"\b(\d{3}0)s\b|(\d{2}|\d{4})年代")
_ORDINAL = re.compile(
    r"\b(second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|(\d{1,2})(?:st|nd|rd|th))\s"
    r"(?P<noun>[a-z]{3,}|of(?= (?:\d|two|three|four|five|six|seven|eight|nine|ten)))",
    re.I,
)
#: "An hour from the sea" is a distance; "an hour of quiet" is a manner of speaking.
_AN_HOUR = re.compile(
    r"\b(?P<half>half )?an? (?P<unit>hour|minute|mile|kilometre)(?= (?:from|away|by|off)\b|['’]s (?:walk|drive|ride))", re.I
)
_ORDINALS = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth")
#: Words before a time of day, and the minutes from it that they allow.
_ABOUT_TIMES = (
    (re.compile(r"(?:shortly|just|soon) after (?:the |an? )?$", re.IGNORECASE), 0, 29),
    (re.compile(r"(?:(?:shortly|just|right) before|nearly|almost|towards?) (?:an? )?$", re.IGNORECASE), -29, 0),
    (re.compile(r"(?:about|around|at roughly|circa) $|(?:将近|大约|约)$", re.IGNORECASE), -20, 20),
    (re.compile(r"(?:刚过|过了)$"), 0, 29),
)
_ABOUT_AFTER = re.compile(r"左右|前后|上下|多|过")
#: After the day that follows the last of something: "see you on the 23rd".
_AGAIN = re.compile(r"[日号]?(?:见|起|恢复|重新|再|照常)|(?:,? (?:again|as usual))", re.IGNORECASE)
#: Characters of a sentence that is still read as one.
_LONG = 2000
#: Converted units are rounded by custom: 11 metres are "36 feet".
_CONVERTED = 0.03
#: Characters to either side of a number that belong to its sentence.
_CLAUSE = 200
#: A bare number below it is no price.
_SMALL = 20
#: Degrees Celsius that rounding a converted temperature may move it.
_DEGREE = 0.6
#: A pure check has no clock. "For twenty years" beside "since 2003" holds if it does in one of these years.
_PRESENT = (2024, 2036)


@dataclass(frozen=True)
class Figures:
    """The amounts of a material. Prepared once, asked often."""

    amounts: tuple[Amount, ...]
    moments: tuple[Moment, ...]
    hours: tuple[Moment, ...]
    nouns: frozenset[str]
    ordinals: frozenset[tuple[int, str]]
    worked: Worked
    pairs: frozenset[frozenset[float]]
    percents: tuple[float, ...] = ()
    neighbours: bool = False
    shifted: frozenset[int] = frozenset()
    next_days: frozenset[int] = frozenset()

    @staticmethod
    def of(text: str, words: FigureWords) -> Figures:
        # Each once: a price list names the same figures a thousand times.
        alike = {(a.number.kind, a.number.value, a.dimension, a.factor, a.noun, a.number.text): a for a in amounts_of(text, words)}
        amounts = (*alike.values(), *_inherited(text, words))
        return Figures(
            amounts=amounts,
            moments=tuple({(m.kind, m.value, m.loose): m for m in moments(text)}.values()),
            hours=tuple({m.value: m for m in bare_hours(text)}.values()),
            nouns=frozenset(a.noun for a in amounts if a.noun),
            ordinals=frozenset(_ordinals(text)),
            worked=Worked.of(text, amounts, words),
            pairs=frozenset(pair for pair, _ in results_of(text)),
            shifted=shifted_dates(text, amounts),
            next_days=shifted_dates(text, (), (1,)),
            neighbours=bool(_OTHER_YEAR.search(text)),
            percents=tuple(a.number.value for a in amounts if a.number.kind == "percent"),
        )


def _inherited(text: str, words: FigureWords) -> Iterator[Amount]:
    """Bare numbers beside measures of one kind in a sentence: "140 metres away, today it is 28"."""
    for m in _AGE.finditer(text):
        yield Amount(Number(float(m[1]), "plain", m.span(1), m[1]), "time", float(m[1]) * 525960, 525960)
    for row in SENTENCE.split(text):
        found = amounts_of(row, words) if row and len(row) < _LONG else []
        sizes = {(a.dimension, a.factor) for a in found if a.dimension not in ("", "ordinal")}
        if len(sizes) == 1:
            dimension, factor = sizes.pop()
            bare = (a for a in found if a.number.kind == "plain" and not a.dimension and not a.noun and a.number.value < 1900)
            yield from (Amount(a.number, dimension, a.number.value * factor, factor) for a in bare)


def strangers(text: str, known: Figures, words: FigureWords, strict: bool) -> Iterator[tuple[int, int]]:
    """Spans of the amounts, dates and times of day that the material does not give. strict: number words count always."""
    for moment in moments(text):
        if (moment.certain or strict) and not _timed(moment, text, known):
            yield moment.span
    for number, noun, span in _ordinal_spans(text):
        bound = {value for value, of in known.ordinals if of == noun}
        if bound and number not in bound:
            yield span
    for pair, span in results_of(text) if known.pairs else ():
        if pair not in known.pairs:
            yield span
    for m in _AN_HOUR.finditer(text):
        size = (0.5 if m["half"] else 1.0) * words.units[m["unit"].casefold()].factor
        if not any(abs(a.amount - size) < 1e-6 for a in known.amounts if a.dimension):
            yield m.span()
    for amount in amounts_of(text, words):
        n = amount.number
        # "Four of us" is a manner of speaking; "four sizes" is not where the material counts sizes.
        counts = n.certain or strict or _counted(amount.noun, known) or _many(amount, text, words)
        # A Chinese measure needs no more to be a fact: 三毫米, but 一天 is "some day" and 二 in 第二天 the next.
        counts = counts or (amount.dimension not in ("", "ordinal") and not n.text.isascii() and n.value > 1)
        # "Zero tears" and "0% perfume" say that there is none.
        if counts and (n.value or strict) and not _given(amount, text, known, words):
            yield n.span


def _counted(noun: str, known: Figures) -> bool:
    return bool(noun) and any(alike(noun, other) for other in known.nouns)


def _timed(moment: Moment, text: str, known: Figures) -> bool:
    if any(moment.agrees(other) for other in known.moments):
        return True
    if moment.kind == "date":
        return moment.value in known.shifted or (moment.value in known.next_days and bool(_AGAIN.match(around(text, moment.span)[1])))
    if moment.kind != "clock":
        return False
    if moment.value % 60 == 0 and any(moment.agrees(other) for other in known.hours):
        return True
    clocks = [m for m in known.moments if m.kind == "clock"]
    # 11:59 pm is midnight; "shortly after 3" and "around half past three" are 3:12 and 3:25.
    if moment.value == 1439 and any(m.value == 0 for m in clocks):
        return True
    before, after = around(text, moment.span)
    low, high = next(((low, high) for said, low, high in _ABOUT_TIMES if said.search(before)), (0, 0))
    if _ABOUT_AFTER.match(after):
        low, high = -20, 20
    return any(low <= (m.value - moment.value + 360) % 720 - 360 <= high for m in clocks) if low or high else False


def _many(amount: Amount, text: str, words: FigureWords) -> bool:
    """A number word above twelve before a plural: "fifty bands", but not "fifty ways"."""
    n = amount.number
    after = around(text, n.span)[1]
    if n.value <= 12 or not n.text.isascii() or n.text.lower().startswith(("a ", "an ")):
        return False
    return bool(_PLURAL.match(after)) and not any(word in words.figurative for word in after.split()[:2])


def _given(amount: Amount, text: str, known: Figures, words: FigureWords) -> bool:
    n = amount.number
    before, after = around(text, n.span)
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
        # "Branch number five" of a fifth branch.
        if re.search(r"\b(?:number|no\.) $", before, re.IGNORECASE) and any(value == n.value for value, _ in known.ordinals):
            return True
        if _plain_year(amount, text, known) or (n.value in (5, 10, 100) and re.search(r"\d ?(?:out of|/) ?$", before)):
            return True
        # "After the 30th", beside "30 April".
        if re.match(r"(?:st|nd|rd|th)\b", after) and any(m.kind == "date" and m.value % 100 == n.value for m in known.moments):
            return True
        if any(n.value in (sum(pair), max(pair) - min(pair)) for pair in known.pairs):
            return True
    if amount.dimension == "time" and amount.factor >= 525960:
        years = [a.number.value for a in known.amounts if 1800 <= a.number.value <= 2100 and not a.dimension]
        # "17 years old" beside 2009 and 2027: counted to about the last year that the material names.
        if years and max(years) >= _PRESENT[0] and any(max(years) - 2 <= year + amount.amount / 525960 <= max(years) + 1 for year in years):
            return True
        if bounds.hedged and any(bounds.low / 525960 <= now - year <= bounds.high / 525960 for year in years for now in range(*_PRESENT)):
            return True
    return _worked_out(amount, text, known, bounds, words)


def _same(amount: Amount, other: Amount, bounds: Bounds, measured: bool) -> bool:
    """measured: the material has measures of the dimension that the amount has."""
    n, known = amount.number, other.number
    # "412 million euros, from 361 million": the second is money too.
    unnamed = n.kind == "money" and known.kind == "plain" and not other.dimension and re.search(r"illion|[万亿]$", known.text)
    if n.kind != "plain" and n.kind != known.kind and not unnamed:
        return False
    if n.kind == "plain" and known.kind != "plain" and (amount.noun or n.value < _SMALL):
        return False  # "under 12" is not €12; "was 399" may be a price
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
    if said(words.cues, clause) and any(
        bounds.hold(value, slack / value if value else 0.0)
        for of, value in known.worked.near
        if of == kind or (n.kind == "plain" and not amount.dimension)
    ):
        return True
    mine = amounts_of(clause, words)
    stated = [p for p in known.percents if any(a.number.kind == "percent" and abs(a.number.value - p) < 1e-6 for a in mine)]
    if n.kind != "percent" and any(
        bounds.hold(a.amount * p / 100) for p in stated for a in known.amounts if a.number.kind in (n.kind, "plain") or n.kind == "plain"
    ):
        return True
    return known.worked.explains(amount, clause, bounds, words)


def _plain_year(amount: Amount, text: str, known: Figures) -> bool:
    """A year beside one of the material ("this year", 去年 of 2026), or one that its span of years leads to ("for seven years": 2033)."""
    value = amount.number.value
    years = [a.number.value for a in known.amounts if 1900 <= a.number.value <= 2100 and not a.dimension]
    if not years or not 1900 <= value <= 2100:
        return False
    spans = [a.amount / 525960 for a in known.amounts if a.dimension == "time" and a.amount >= 525960]
    return any(value == year + sign * span for year in years for span in spans for sign in (-1, 1)) or (
        known.neighbours and any(abs(value - year) == 1 for year in years)
    )


def _clause(text: str, span: tuple[int, int]) -> str:
    """The sentence a number stands in, as far as _CLAUSE characters to either side."""
    before, after = text[max(0, span[0] - _CLAUSE) : span[0]], text[span[1] : span[1] + _CLAUSE]
    start = max((m.end() for m in SENTENCE.finditer(before)), default=0)
    end = m.start() if (m := SENTENCE.search(after)) else len(after)
    return before[start:] + text[span[0] : span[1]] + after[:end]


def _ordinals(text: str) -> Iterator[tuple[int, str]]:
    yield from ((number, noun) for number, noun, _ in _ordinal_spans(text))


def _ordinal_spans(text: str) -> Iterator[tuple[int, str, tuple[int, int]]]:
    for m in _ORDINAL.finditer(text):
        yield int(m[2]) if m[2] else _ORDINALS.index(m[1].lower()), m["noun"].lower(), m.span(1)


def instead(text: str, span: tuple[int, int], known: Figures, words: FigureWords) -> str | None:
    """What the material has in the place of an amount or date it does not have: its only one of the same unit, noun or kind, as written."""
    shift = max(0, span[0] - _CLAUSE)
    near, own = text[shift : span[1] + _CLAUSE], (span[0] - shift, span[1] - shift)
    wrong = next((a for a in amounts_of(near, words) if a.number.span == own), None)
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
