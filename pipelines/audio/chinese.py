"""Chinese numbers, money, dates, times and units as a newsreader says them. A first form: what briefs and scripts contain."""

from __future__ import annotations

import re
from collections.abc import Callable

_DIGITS = "零一二三四五六七八九"
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_MONEY = {"HK$": "港元", "US$": "美元", "￥": "元", "¥": "元", "$": "美元", "€": "欧元", "£": "英镑"}
_UNITS = {
    "km/h": "公里每小时",
    "kwh": "千瓦时",
    "km": "公里",
    "cm": "厘米",
    "mm": "毫米",
    "kg": "公斤",
    "mg": "毫克",
    "ml": "毫升",
    "kb": "千字节",
    "mb": "兆字节",
    "gb": "吉字节",
    "tb": "太字节",
    "m": "米",
    "g": "克",
    "l": "升",
    "℃": "摄氏度",
    "°c": "摄氏度",
    "°f": "华氏度",
    "°": "度",
    "h": "小时",
    "s": "秒",
}
#: Before these a lone 2 is 两, not 二.
_MEASURES = "个杯位天种款份倍分小套件张条家只间步次周岁年瓶盒块层场部本名双台辆座万千"
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def integer(value: int) -> str:
    """12 -> 十二, 10050 -> 一万零五十, 2026 -> 二千零二十六. Up to 10**16."""
    if value < 0:
        return "负" + integer(-value)
    if value < 10:
        return _DIGITS[value]
    for size, name in ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (10**3, "千"), (10**2, "百"), (10, "十")):
        if value >= size:
            head, rest = divmod(value, size)
            front = "" if size == 10 and head == 1 else integer(head)
            if rest == 0:
                return front + name
            gap = "零" if rest < size // 10 else ""
            # 十 keeps its 一 inside a longer number: 一百一十, 一千零一十.
            tail = ("一" if 10 <= rest < 20 else "") + integer(rest)
            return front + name + gap + tail
    raise AssertionError("unreachable: every integer from 10 up is at least one of these sizes")


def digits(text: str) -> str:
    """Digit by digit, as years and codes are read."""
    return "".join(_DIGITS[int(character)] for character in text if character.isdigit())


def number(text: str) -> str:
    """ "1,250.5" -> 一千二百五十点五; more than 16 digits are read one by one."""
    whole, _, fraction = text.replace(",", "").partition(".")
    spoken = digits(whole) if len(whole) > 16 else integer(int(whole))
    return f"{spoken}点{digits(fraction)}" if fraction else spoken


def speakable(text: str) -> str:
    """The text with every number written out in Chinese."""
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return text


def _date(match: re.Match[str]) -> str:
    year, month, day = match[1], int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{digits(year)}年{integer(month)}月{integer(day)}日"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if hour > 24 or minute > 59:
        return match[0]
    spoken = "两点" if hour == 2 else f"{integer(hour)}点"
    if minute == 0:
        return spoken + "整"
    return f"{spoken}{'零' if minute < 10 else ''}{integer(minute)}分"


def _ratio(match: re.Match[str]) -> str:
    return f"{number(match[1])}比{number(match[2])}"


def _money(match: re.Match[str]) -> str:
    return f"{number(match[2])}{match[3] or ''}{_MONEY[match[1]]}"


def _unit(match: re.Match[str]) -> str:
    return f"{number(match[1])}{_UNITS[match[2].lower()]}"


def _phone(match: re.Match[str]) -> str:
    return digits(match[0]).replace("一", "幺")


def _plain(match: re.Match[str]) -> str:
    if match[0].startswith("0") and len(match[0]) > 1 and "." not in match[0]:
        return digits(match[0])
    return number(match[0])


_units = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_money_signs = "|".join(re.escape(sign) for sign in sorted(_MONEY, key=len, reverse=True))
_RULES: tuple[_Rule, ...] = (
    (re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"), _date),
    (re.compile(r"(?<!\d)(\d{4})(?=年)"), lambda match: digits(match[1])),
    (re.compile(r"(?<=比分)\s?(\d{1,3})[:：](\d{1,3})"), _ratio),
    (re.compile(r"(?<!\d)(\d{1,2})[:：](\d{2})(?![\d:])"), _time),
    (re.compile(r"(?<![\d:])(\d{1,3})[:：](\d{1,3})(?![\d:])"), _ratio),
    (re.compile(rf"({_money_signs})\s?({_NUMBER})(万|亿|千|百万)?"), _money),
    (re.compile(rf"({_NUMBER})\s?[%％]"), lambda match: f"百分之{number(match[1])}"),
    (re.compile(r"(?<!\d)1\d{10}(?!\d)|(?<!\d)\d{3,4}-\d{7,8}(?!\d)|(?<!\d)400-?\d{3}-?\d{4}(?!\d)"), _phone),
    (re.compile(r"(?<![\d/.])(\d{1,3})/(\d{1,3})(?![\d/.])"), lambda match: f"{number(match[2])}分之{number(match[1])}"),
    (re.compile(rf"({_NUMBER})\s?[-~–—～至]\s?(?={_NUMBER})"), lambda match: f"{number(match[1])}到"),
    (re.compile(rf"(?<![\d])-(?={_NUMBER})"), lambda match: "负"),
    (re.compile(rf"({_NUMBER})\s?({_units})(?![A-Za-z])", re.IGNORECASE), _unit),
    (re.compile(rf"(?<![\d.,第])2(?=[{_MEASURES}])"), lambda match: "两"),
    (re.compile(_NUMBER), _plain),
)
