"""Dates and times of day as people write them, in English and Chinese, brought to one value so that "3 June" and "June 3rd" agree. Pure.

A month and a day make a date; years, weekdays and months alone in English are read elsewhere (numbers.py, names.py).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from agents.checks.numbers import chinese_value, word_value

Kind = Literal["date", "month", "clock"]
_HALF_DAY = 720


class Moment(NamedTuple):
    """value: month * 100 + day of a date, the month of a month, minutes after midnight of a clock time.

    loose: a clock time that may be morning or evening. certain False: may be a figure of speech ("midnight blue").
    """

    kind: Kind
    value: int
    span: tuple[int, int]
    text: str
    loose: bool = False
    certain: bool = True

    def agrees(self, other: Moment) -> bool:
        if self.kind == "clock" or other.kind == "clock":
            if self.kind != other.kind:
                return False
            size = _HALF_DAY if self.loose or other.loose else 2 * _HALF_DAY
            return (self.value - other.value) % size == 0
        if self.kind == "month":
            return self.value == (other.value // 100 if other.kind == "date" else other.value)
        if self.kind != other.kind:
            return False
        # "6/3/2026" is the sixth of March or the third of June.
        mine = {self.value, *((self.value % 100 * 100 + self.value // 100,) if self.loose else ())}
        return bool(mine & {other.value, *((other.value % 100 * 100 + other.value // 100,) if other.loose else ())})


MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_SHORT = {month[:3]: at for at, month in enumerate(MONTHS, start=1)}
_MONTH = rf"(?P<month>{'|'.join(MONTHS)}|{'|'.join(m[:3] + '[.]?' for m in MONTHS if m != 'may')}|sept[.]?)"
_UNITS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_TEENS = ("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth")
_ORDINALS = (*_UNITS, *_TEENS, "twentieth", *(f"twenty-{unit}" for unit in _UNITS), "thirtieth", "thirty-first")
_DAY = rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th)?|{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})"
_CN = "[一二三四五六七八九十]{1,3}"
_DATES = (
    re.compile(rf"\b{_DAY}(?: of)?\s{_MONTH}(?![a-z])", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s(?:the )?{_DAY}\b(?![:.]\d|,\d{{3}})", re.IGNORECASE),
    re.compile(r"\b\d{4}-(?P<month>\d{2})-(?P<day>\d{2})\b"),
    re.compile(rf"(?P<month>\d{{1,2}}|{_CN})月(?P<day>\d{{1,2}}|{_CN})[日号]?"),
)
#: The first day of "10 to 12 July", "July 10–12" and 2月16日至22日, and the last of those that name the month only once.
_DASH = r"(?:[-–—~～]|to|and|until|till|through|至|到)"
_SPANS = (
    re.compile(rf"\b(?P<first>\d{{1,2}})(?:st|nd|rd|th)?\s?{_DASH}\s?\d{{1,2}}(?:st|nd|rd|th)?(?: of)?\s{_MONTH}(?![a-z])", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s(?P<first>\d{{1,2}})(?:st|nd|rd|th)?\s?{_DASH}\s?(?P<last>\d{{1,2}})\b(?![:.]\d|,\d{{3}})", re.IGNORECASE),
    re.compile(rf"(?P<month>\d{{1,2}}|{_CN})月(?P<first>\d{{1,2}}|{_CN})[日号]?[^，。；\d]{{0,4}}?{_DASH}(?P<last>\d{{1,2}}|{_CN})[日号]"),
)
_FIGURES = re.compile(
    r"(?<![\d./-])(?:(?P<one>\d{1,2})(?P<sign>[/.])(?P<two>\d{1,2})(?P=sign)(?:19|20)\d\d|(?:19|20)\d\d[/.](?P<m>\d{1,2})[/.](?P<d>\d{1,2}))(?![\d/.]\d)"
)
_CN_DAY = re.compile(r"(?<![个\d])(?P<month>\d{1,2})月|(?<![\d月.])(?P<day>\d{1,2})日")
_CN_MONTH = re.compile(rf"(?<!个)(?P<month>\d{{1,2}}|{_CN})月(?![\d一二三四五六七八九十饼亮])")
_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_SIDE = r"(?P<side>a\.?m\b\.?|p\.?m\b\.?|in the (?:morning|afternoon|evening)|at night)"
_CLOCKS = (
    re.compile(rf"(?<![\d.:A-Za-z])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?!\d)(?:\s?{_SIDE})?", re.IGNORECASE),
    re.compile(rf"\b(?P<hour>1[0-2]|0?[1-9])\.(?P<minute>[0-5]\d)\s?{_SIDE}", re.IGNORECASE),
    re.compile(rf"\b(?P<hour>1[0-2]|0?[1-9])\s?{_SIDE}", re.IGNORECASE),
    re.compile(rf"\b(?P<past>half past|quarter past|quarter to) (?P<hour>{_HOURS}|1[0-2]|[1-9])\b(?: {_SIDE})?", re.IGNORECASE),
    re.compile(rf"\b(?P<hour>{_HOURS}|1[0-2]|[1-9]) o['’]clock(?: {_SIDE})?", re.IGNORECASE),
    re.compile(rf"\b(?P<hour>{_HOURS}) {_SIDE}", re.IGNORECASE),
    re.compile(r"\b(?P<named>noon|midday|midnight)\b", re.IGNORECASE),
)
_CN_CLOCK = re.compile(
    rf"(?<!分之)(?P<side>凌晨|清晨|早上?|上午|中午|下午|傍晚|晚上?|夜里)?(?P<hour>\d{{1,2}}|{_CN})(?:点|时(?![间候代尚装光效刻期段速髦令常而不有间空区差]))(?P<rest>半|一刻|三刻|(?:\d{{1,2}}|{_CN}五?)分|钟|整)?"
    r"(?![一二三四五六七八九])"
)
_AT = re.compile(r"\b(?:at|until|till|from|by|to|before|after|since)\s$", re.IGNORECASE)
#: Hours that a text gives as bare numbers: "breakfast until 11".
_BARE_HOUR = re.compile(
    rf"\b(?:at|until|till|by|from|to)\s(?P<hour>1[0-2]|[1-9]|{_HOURS})(?=[.,;!?]|$|\s(?:on|until|to|and)\b)", re.IGNORECASE
)
#: "Tuesday to Saturday, 10-18", "daily 9-5": hours of opening.
_OPENING = re.compile(
    r"(?:\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?|daily|open|hours|weekdays|weekends?|every day|"
    r"营业时间|每天|每日)[,:：]?\s?"
    r"(?P<first>[01]?\d|2[0-4])\s?[-–—~至到]\s?(?P<last>[01]?\d|2[0-4])(?!\d|[:.]\d|%)",
    re.IGNORECASE,
)


def moments(text: str) -> list[Moment]:
    """Every date and time of day, in order, none inside another."""
    found: list[Moment] = []
    for pattern in _DATES:
        found += [date for m in pattern.finditer(text) if (date := _date(m)) is not None]
    for pattern in _SPANS:
        found += [date for m in pattern.finditer(text) for date in _days_of(m)]
    found += _bare_days(text)
    found += [date for m in _FIGURES.finditer(text) if (date := _in_figures(m)) is not None]
    found += [Moment("month", _count(m["month"]), m.span(), m.group()) for m in _CN_MONTH.finditer(text) if 1 <= _count(m["month"]) <= 12]
    for pattern in _CLOCKS:
        found += [_clock(m, text) for m in pattern.finditer(text)]
    found += [clock for m in _CN_CLOCK.finditer(text) if (clock := _chinese_clock(m)) is not None]
    kept: list[Moment] = []
    for moment in sorted(found, key=lambda f: (f.span[0], -f.span[1])):
        if not kept or moment.span[0] >= kept[-1].span[1]:
            kept.append(moment)
    return kept


def bare_hours(text: str) -> list[Moment]:
    """Hours given as bare numbers after "until", "at" and the like. They may vouch for a time of day, but prove none."""
    found = [Moment("clock", _count(m["hour"]) * 60, m.span(), m.group(), loose=True) for m in _BARE_HOUR.finditer(text)]
    for m in _OPENING.finditer(text):
        for name in ("first", "last"):
            found.append(Moment("clock", _count(m[name]) * 60 % 1440, m.span(name), m[name], loose=_count(m[name]) <= 12))
    return found


@lru_cache(maxsize=16)
def weekdays_of(text: str) -> frozenset[int]:
    """Weekdays (0 Monday) of the dates that stand with a year: "3 June 2026" is a Wednesday."""
    dates = [m for m in moments(text) if m.kind == "date"]
    dated = [(_year_beside(m, text), m.value) for m in dates]
    # "2026 … 15 November": where no date has a year of its own, the only year of the text is that of all.
    years = set(re.findall(r"(?<![\d.,])20\d\d(?![\d.,]\d|\d)", text))
    if len(years) == 1 and not any(year for year, _ in dated):
        dated = [(int(min(years)), value) for _, value in dated]
    days = set()
    for year, value in dated:
        try:
            days |= {datetime.date(year, value // 100, value % 100).weekday()} if year else set()
        except ValueError:  # 31 June: the text is wrong about more than the weekday
            continue
    return frozenset(days)


def _year_beside(moment: Moment, text: str) -> int:
    """The year that a date stands with, 0 for none."""
    start, end = moment.span
    year = re.match(r"[,\s]{0,2}(\d{4})\b", text[end : end + 8]) or re.search(r"(\d{4})年$", text[max(0, start - 8) : start])
    return int(year[1]) if year else 0


def _date(m: re.Match[str]) -> Moment | None:
    day, month = m["day"].lower(), m["month"].lower()
    number = _SHORT[month[:3]] if month[0].isalpha() and month.isascii() else _count(month)
    at = _ORDINALS.index(day) + 1 if day in _ORDINALS else _count(re.sub(r"(?:st|nd|rd|th)$", "", day))
    if not (1 <= number <= 12 and 1 <= at <= 31):
        return None
    return Moment("date", number * 100 + at, m.span(), m.group())


def _bare_days(text: str) -> Iterator[Moment]:
    """8日 after a month that was named: the eighth of that month."""
    month = 0
    for m in _CN_DAY.finditer(text):
        month = _count(m["month"]) if m["month"] else month
        day = _count(m["day"] or "0")
        if not m["month"] and 1 <= month <= 12 and 1 <= day <= 31:
            yield Moment("date", month * 100 + day, m.span(), m.group())


def _days_of(m: re.Match[str]) -> Iterator[Moment]:
    """The days of a range that stand without a month of their own."""
    month = m["month"].lower()
    number = _SHORT[month[:3]] if month[0].isalpha() and month.isascii() else _count(month)
    for name in ("first", "last"):
        day = _count(m.groupdict().get(name) or "0")
        if 1 <= number <= 12 and 1 <= day <= 31:
            # With the month before it the first day ends where the day ends; with the month behind, the last day is a date itself.
            start = m.start() if name == "first" and m.start("month") < m.start("first") else m.start(name)
            yield Moment("date", number * 100 + day, (start, m.end(name)), m.group())


def _in_figures(m: re.Match[str]) -> Moment | None:
    """A date in figures. loose: day and month may stand the other way round, and both would be dates."""
    month, day = (_count(m["m"]), _count(m["d"])) if m["m"] else (_count(m["two"]), _count(m["one"]))
    if month > 12 and day <= 12:
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return Moment("date", month * 100 + day, m.span(), m.group(), loose=not m["m"] and day <= 12)


def _clock(m: re.Match[str], text: str) -> Moment:
    groups = m.groupdict()
    if groups.get("named"):
        value = 0 if m["named"].lower() == "midnight" else _HALF_DAY
        return Moment("clock", value, m.span(), m.group(), certain=bool(_AT.search(text[max(0, m.start() - 12) : m.start()])))
    hour, minute = _count(m["hour"]), int(groups.get("minute") or 0)
    past = (groups.get("past") or "").lower()
    value = hour * 60 + minute + {"half past": 30, "quarter past": 15, "quarter to": -15, "": 0}[past]
    side = (groups.get("side") or "").lower().replace(".", "")
    if side.startswith(("p", "in the a", "in the e", "at")) and hour < 12:
        value += _HALF_DAY
    if side.startswith(("a", "in the m")) and not side.startswith("at") and hour == 12:
        value -= _HALF_DAY
    # Written as 07:30 or 18:00 an hour is plain; 7:30 may be morning or evening.
    loose = not side and hour <= 12 and not m["hour"].startswith("0")
    return Moment("clock", value % 1440, m.span(), m.group(), loose=loose)


def _chinese_clock(m: re.Match[str]) -> Moment | None:
    hour, side, rest = _count(m["hour"]), m["side"] or "", m["rest"] or ""
    # 一点 is "a little", 两点 "two points", unless something marks the time.
    if hour > 24 or (hour < 3 and not side and not rest):
        return None
    minute = {"半": 30, "一刻": 15, "三刻": 45, "": 0, "钟": 0, "整": 0}.get(rest)
    value = hour * 60 + (_count(rest[:-1]) if minute is None else minute)
    if side in ("下午", "傍晚", "晚", "晚上", "夜里") and hour < 12:
        value += _HALF_DAY
    return Moment("clock", value % 1440, m.span(), m.group(), loose=not side and hour <= 12)


def _count(text: str) -> int:
    """Digits, an English number word or Chinese numerals as a number; 0 for none."""
    if text.isascii():
        return int(text) if text.isdigit() else int(word_value(text) or 0)
    return int(chinese_value(text) or 0)
