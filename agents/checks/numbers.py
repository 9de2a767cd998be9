"""Numbers as people write them, in English and Chinese, brought to one value so that "1.2 million", "120万" and "1,200,000" agree. Pure.

It knows no units, dates or times of day (figures.py, moments.py).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Kind = Literal["plain", "percent", "money"]


class Number(NamedTuple):
    """value: what is counted, multipliers applied. certain False: a number word that may be a figure of speech ("two", 三)."""

    value: float
    kind: Kind
    span: tuple[int, int]
    text: str
    certain: bool = True

    def agrees(self, other: Number) -> bool:
        """Same amount, and not a percentage or a price that the other does not state."""
        return abs(self.value - other.value) < 1e-6 and (self.kind == "plain" or self.kind == other.kind)


_MULTIPLIERS = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9, "trillion": 1e12,
    "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8, "hundred": 1e2, "dozen": 12.0,
}  # fmt: skip
_DIGITS = re.compile(
    r"(?P<money>[$€£¥￥]|(?<![A-Za-z])(?:US|RMB|USD|EUR|GBP|CNY|CHF|JPY)\s?\$?)?\s?"
    r"(?<![A-Za-z0-9.])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    # A letter stands close to its number: "12m" are millions, "12 m" metres.
    r"(?:(?P<letter>k(?![a-z])|bn(?![a-z])|mn(?![a-z])|m(?![a-z²]))|\s?(?P<times>thousand|million|billion|trillion|hundred|dozen|[多余]?[百千万亿]+))?"
    r"(?:\s?(?P<unit>%|％|percent|per cent|dollars?|euros?|pounds?|francs?|kron(?:er|or)|yuan|yen"
    r"|[多余]?(?:元|块|美元|欧元|英镑|镑|日元|港元|韩元|法郎|卢布|泰铢)|个百分点))?",
    re.IGNORECASE,
)
_UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen")
_TEENS = ("fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: float(value) for value, word in enumerate(_UNITS + _TEENS)} | {word: 10.0 * ten for ten, word in enumerate(_TENS, start=2)}
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_ENGLISH = re.compile(
    rf"\b(?:(?P<tens>{_WORD})(?:[- ](?P<ones>one|two|three|four|five|six|seven|eight|nine))?|(?P<part>half )?(?P<a>an?))"
    r"(?P<half> and a half)?(?P<times>(?: (?:hundred|thousand|million|billion|dozen))*)\b"
    r"(?P<unit>\s(?:percent|per cent|dollars?|euros?|pounds?|francs?))?"
    # "Four pounds twenty": the small coins stand behind without a name.
    rf"(?P<coins> (?:ten|{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_UNITS[1:10])}))?\b)?",
    re.IGNORECASE,
)
#: English units after which a number word counts something: "three hours" is a fact, "two of us" a manner of speaking.
_COUNTED = re.compile(
    r"^[\s-](?:\w+\s)?(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|miles?|kilometers?|kilometres?|metres?|meters?|feet|kilos?|grams?|ounces?"
    r"|litres?|liters?"
    r"|people|residents|employees|workers|customers|flavou?rs|varieties|stores|locations"
    r"|countries|cities|awards|stars|times (?:more|faster|stronger))\b",
    re.IGNORECASE,
)
_CN_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CN_TENS = {"十": 10, "百": 100, "千": 1000}
_CHINESE = re.compile(
    r"(?P<percent>百分之)?(?P<digits>[零〇一二两三四五六七八九十百千万亿]+(?:[多余][万亿]+)?)(?P<point>点[零一二三四五六七八九]+(?![十分刻]))?"
    r"(?P<unit>成|[多余]?(?:元|块钱?|美元|欧元|英镑|镑|日元|港元)|折|%)?"
)
_CN_COUNTED = re.compile(
    r"^(?:多|余)?(?:年|个?月|日|号|点|小时|分钟|秒|公里|千米|米|克|公斤|斤|毫升|升|人|家|名|位|倍|款|岁|天|次|项|层|座|辆|条|元|块|折|成|万|亿|种)"
)
#: After a number above ten these count too; below, they are as often a manner of speaking ("三杯两盏").
_CN_MANY = re.compile(
    r"^(?:多|余)?(?:个|双|座位|[件册本所只杯张条座幅场台棵份套瓶盒节期集页首支根块片颗粒袋箱桶碗盘壶户封篇头匹朵批轮局组队间道])"
)
#: Characters after a number that say what it counts. Bounded, so that two megabytes of figures are read in their own time.
_NEAR = 40
#: Chinese 一 in these places is an article ("a cup"), not a count.
_ARTICLE = {1.0}


def numbers(text: str) -> list[Number]:
    """Every number of a text, in order of appearance."""
    found = [*_digits(text), *_english(text), *_chinese(text)]
    return sorted(found, key=lambda n: n.span)


def _digits(text: str) -> list[Number]:
    found = []
    for m in _DIGITS.finditer(text):
        value = float(m["digits"].replace(",", ""))
        times = (m["times"] or m["letter"] or "").lower()
        value *= _MULTIPLIERS[times] if times in _MULTIPLIERS else _product(times)
        unit = (m["unit"] or "").lower()
        kind: Kind = "percent" if unit in ("%", "％", "percent", "per cent", "个百分点") else "money" if unit or m["money"] else "plain"
        found.append(Number(value, kind, (m.start() + len(m.group()) - len(m.group().lstrip()), m.end()), m.group().strip()))
    return found


def _product(times: str) -> float:
    value = 1.0
    for sign in times:
        value *= _MULTIPLIERS.get(sign, 1.0)
    return value


def _english(text: str) -> list[Number]:
    found = []
    for m in _ENGLISH.finditer(text):
        times = m["times"].split()
        if m["a"] and not times:
            continue
        value = (1.0 if m["a"] else _word(m["tens"], m["ones"])) + (0.5 if m["half"] else 0.0)
        value *= 0.5 if m["part"] and times else 1.0
        for word in times:
            value *= _MULTIPLIERS[word.lower()]
        unit = (m["unit"] or "").strip().lower()
        kind: Kind = "percent" if unit.startswith("per") else "money" if unit else "plain"
        if value == 1.0 and kind == "plain":
            continue
        end = m.end()
        if m["coins"] and kind == "money":
            value += word_value(m["coins"].strip()) / 100
        elif m["coins"]:
            end = m.start("coins")
        counted = bool(times and not m["a"]) or bool(unit) or bool(_COUNTED.match(text[end : end + _NEAR]))
        found.append(Number(value, kind, (m.start(), end), text[m.start() : end], counted))
    return found


def _word(tens: str, ones: str | None) -> float:
    return _WORDS[tens.lower()] + (_WORDS[ones.lower()] if ones else 0.0)


def word_value(text: str) -> float:
    """ "twenty-five" -> 25, "seven" -> 7; 0 for what is no number word below a hundred."""
    parts = re.split(r"[- ]", text.strip().lower())
    return sum(_WORDS[part] for part in parts) if all(part in _WORDS for part in parts) else 0.0


def _chinese(text: str) -> list[Number]:
    found = []
    for m in _CHINESE.finditer(text):
        # Digits before 万 or 百 belong to the Arabic number ("120万").
        if re.search(r"\d\s?$", text[max(0, m.start() - 2) : m.start()]):
            continue
        value = chinese_value(re.sub("[多余]", "", m["digits"]))
        if value is None:
            continue
        if m["point"]:
            value += float("0." + "".join(str(_CN_DIGITS[c]) for c in m["point"][1:]))
        unit = m["unit"] or ""
        kind: Kind = "percent" if m["percent"] or unit in ("成", "%") else "money" if unit not in ("", "折") else "plain"
        value = value * 10 if unit == "成" else value
        counted = bool(m["percent"] or unit) or bool(_CN_COUNTED.match(text[m.end() : m.end() + _NEAR]))
        # 十万 and 三百 are amounts; 千万 by itself is a manner of speaking.
        large = len(m["digits"]) > 1 and m["digits"][0] not in "百千万亿"
        counted = (
            counted
            or (large and value >= 10_000)
            or (value > 10 and (large or m["digits"][-1] not in "千万") and bool(_CN_MANY.match(text[m.end() : m.end() + _NEAR])))
        )
        found.append(Number(value, kind, m.span(), m.group(), counted and value not in _ARTICLE))
    return found


def chinese_value(text: str) -> float | None:
    """三十 -> 30, 一千二百 -> 1200, 二〇二六 -> 2026, 两万 -> 20000. None for what is no number (十百)."""
    if text and all(c in _CN_DIGITS for c in text):
        return float("".join(str(_CN_DIGITS[c]) for c in text))
    total, section, digit = 0, 0, -1
    for c in text:
        if c in _CN_DIGITS:
            digit = _CN_DIGITS[c]
        elif c in _CN_TENS:
            section += (1 if digit < 0 else digit) * _CN_TENS[c]
            digit = -1
        else:
            section += max(digit, 0)
            if not section and not total:
                return None
            total = (total + section) * (10_000 if c == "万" else 100_000_000)
            section, digit = 0, -1
    value = total + section + max(digit, 0)
    return float(value) if value else None
