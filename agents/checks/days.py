"""Weekdays as people write them, in English and Chinese, with ranges and short forms; how many days a week something is open. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?"
_EN = re.compile(rf"\b(?P<day>{_DAY})\b(?P<dot>\.)?", re.IGNORECASE)
_RANGE_EN = re.compile(rf"\b(?P<first>{_DAY})\.?\s?(?:[-–—]|to|through|thru|until)\s?(?P<last>{_DAY})\b", re.IGNORECASE)
#: 一周一 is "once a week": a numeral before 周 is not of a weekday.
_ZH = re.compile(r"(?<![一二两三四五六七八九十几半上下\d])(?:周|星期|礼拜)(?P<day>[一二三四五六日天])(?![年岁月]|个月)")
_RANGE_ZH = re.compile(r"(?:周|星期|礼拜)(?P<first>[一二三四五六日天])(?:[-–—~至到])(?:周|星期|礼拜)?(?P<last>[一二三四五六日天])")
_WEEKEND = re.compile(r"\bweekends?\b|周末|双休日", re.IGNORECASE)
_CLOSED = re.compile(
    rf"\b(?:closed|except)(?: on)?(?: every)? (?P<days>{_DAY}(?:(?:, | and | & ){_DAY})*)\b"
    r"|(?P<zh>(?:周|星期)[一二三四五六日天](?:[、和](?:周|星期)[一二三四五六日天])*)(?:闭馆|休息|闭店|店休|不营业)",
    re.IGNORECASE,
)
_ZH_DAYS = "一二三四五六日"


def weekday(word: str) -> int | None:
    """0 Monday to 6 Sunday, of a whole or shortened English name in any case; None for another word."""
    bare = word.casefold().rstrip(".").removesuffix("s")
    found = [at for at, day in enumerate(_DAYS) if day == bare or (len(bare) >= 3 and day.startswith(bare) and re.fullmatch(_DAY, bare))]
    return found[0] if found else None


@lru_cache(maxsize=64)
def days_named(text: str) -> frozenset[int]:
    """The weekdays that a text names, also inside a range ("Tuesday to Saturday", 周二至周日) or as the weekend."""
    days = {weekday(m["day"]) for m in _EN.finditer(text) if m["day"][0].isupper()} - {None}
    found = {day for day in days if day is not None} | {_zh(m["day"]) for m in _ZH.finditer(text)}
    for first, last in _ranges(text):
        found |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    # "Closed Mondays" says that it is open on the other days.
    for m in _CLOSED.finditer(text):
        found |= set(range(7)) - _shut(m)
    return frozenset(found | ({5, 6} if _WEEKEND.search(text) else set()))


def days_open(text: str) -> tuple[int, ...]:
    """How many days a week the ranges of a text hold, and what a weekly closing day leaves."""
    return (*((last - first) % 7 + 1 for first, last in _ranges(text)), *(7 - len(_shut(m)) for m in _CLOSED.finditer(text)))


def weekday_spans_zh(text: str) -> list[tuple[int, tuple[int, int]]]:
    """Chinese weekdays with their places."""
    return [(_zh(m["day"]), m.span()) for m in _ZH.finditer(text)]


def _shut(m: re.Match[str]) -> set[int]:
    """The days of a closing: "closed Mondays and Tuesdays"."""
    named = {weekday(d["day"]) for d in _EN.finditer(m["days"] or "")} - {None}
    return {day for day in named if day is not None} | {_zh(d) for d in re.findall(r"(?:周|星期)(.)", m["zh"] or "")}


def _ranges(text: str) -> list[tuple[int, int]]:
    found = [(weekday(m["first"]), weekday(m["last"])) for m in _RANGE_EN.finditer(text)]
    there = [(first, last) for first, last in found if first is not None and last is not None]
    return there + [(_zh(m["first"]), _zh(m["last"])) for m in _RANGE_ZH.finditer(text)]


def _zh(day: str) -> int:
    return _ZH_DAYS.index("日" if day == "天" else day)
