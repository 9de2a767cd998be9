"""English numbers, money, dates, times, ranges, units, abbreviations and signs as they are spoken (assets/speaking/en.toml).

Reading what is written out already changes nothing. Knows nothing of phonemes; names and acronyms are the engine's affair.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from pipelines.audio.number_words import cardinal, decimal, digit_names, ordinal, year

_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_BEFORE = r"(?<![\w.,])"
_AFTER = r"(?![\w])"
_FRACTIONS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth", 10: "tenth"}
_HALVES = {"½": "a half", "¼": "a quarter", "¾": "three quarters", "⅓": "a third", "⅔": "two thirds"}
#: Numbers of four digits between these, without a comma, are read as years.
_FIRST_YEAR, _LAST_YEAR = 1100, 2099
#: A number of more digits is a code, and read digit by digit.
_LONGEST = 15
_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


class English:
    """Args: words: the tables of assets/speaking/en.toml."""

    def __init__(self, words: Mapping[str, Mapping[str, object]]) -> None:
        self._currency = {sign: [str(w) for w in _list(names)] for sign, names in words["currency"].items()}
        self._scale = {short: str(name) for short, name in words["scale"].items()}
        self._unit = {unit: [str(w) for w in _list(names)] for unit, names in words["unit"].items()}
        self._title = {short: str(name) for short, name in words["title"].items()}
        self._abbreviation = {short: str(name) for short, name in words["abbreviation"].items()}
        self._sign = {sign: str(name) for sign, name in words["sign"].items()}
        self._month = {short: str(name) for short, name in words["month"].items()}
        self._endings = _either([str(ending) for ending in _list(words["net"]["endings"])])
        self._rules = {british: self._compile(british) for british in (False, True)}

    @staticmethod
    def read(folder: Path) -> English:
        """folder: assets/speaking."""
        return English(tomllib.loads((folder / "en.toml").read_text(encoding="utf-8")))

    def speakable(self, text: str, british: bool = False) -> str:
        """The text with everything written out. british: 3/4 is the third of April, else the fourth of March."""
        for pattern, spoken in self._rules[british]:
            text = pattern.sub(spoken, text)
        return re.sub(r"[^\S\n]{2,}", " ", text).strip()

    def _compile(self, british: bool) -> tuple[_Rule, ...]:
        months = _either([*self._month, *self._month.values()])
        money, units, scales = _either(self._currency), _either(self._unit), _either(self._scale)
        return (
            (re.compile(rf"\b([\w-]+)@([\w.-]+)\.({self._endings})\b"), lambda m: f"{m[1]} at {m[2]} dot {m[3]}".replace(".", " dot ")),
            (re.compile(rf"\b((?:[\w-]+\.)+)({self._endings})\b(?:/\S*)?"), lambda m: m[1].replace(".", " dot ") + m[2]),
            (re.compile(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([AaPp])\.?[Mm]\.?(?![A-Za-z]))?(?!\d)"), _time),
            (re.compile(r"\b(\d{1,2})\s?([AaPp])\.?[Mm]\b\.?"), lambda m: f"{cardinal(int(m[1]))} {m[2].lower()} m"),
            (re.compile(rf"{_BEFORE}(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_AFTER}"), lambda m: self._date(m, 1, 2, 3, british)),
            (
                re.compile(rf"{_BEFORE}(\d{{1,2}})[/.](\d{{1,2}})[/.](\d{{4}}){_AFTER}"),
                lambda m: self._date(m, 3, *((2, 1) if british else (1, 2)), british),
            ),
            (
                re.compile(rf"\b({months})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?![\d:%.,]\d)(?:,? (\d{{4}})\b)?"),
                lambda m: self._named_date(m, m[1], m[2], m[3], british),
            ),
            (
                re.compile(rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)? (?:of )?({months})\b\.?(?:,? (\d{{4}})\b)?"),
                lambda m: self._named_date(m, m[2], m[1], m[3], british),
            ),
            (re.compile(r"\b(\d{3})0s\b"), lambda m: _plural(year(int(m[1]) * 10))),
            (re.compile(r"(?<!\w)['’]?([1-9])0s\b"), lambda m: _plural(cardinal(int(m[1]) * 10))),
            (re.compile(rf"(?<=\d)\s?[-–—~]\s?(?=(?:{money})\s?\d)"), lambda m: " to "),
            (re.compile(rf"({money})\s?({_NUMBER})(?:\s?({scales})\b)?"), self._money),
            (re.compile(rf"{_BEFORE}({_NUMBER})\s?(£|\$|€)"), lambda m: self._amount(m[2], m[1], "")),
            (re.compile(r"\+?\d{1,4}(?:[ -]\(?\d{2,4}\)?){2,}(?!\d)|(?<![\d-])\d{3}-\d{4}(?![\d-])"), _phone),
            (re.compile(rf"{_BEFORE}({_NUMBER})\s?({units})?\s?[-–—~]\s?(?=(?:{money})?\d)"), self._range),
            (re.compile(rf"{_BEFORE}(\d{{1,3}})\s?[x×]\s?(?=\d)"), lambda m: f"{cardinal(int(m[1]))} by "),
            (re.compile(rf"(?<![\w)])[-−](?=(?:{_NUMBER}))"), lambda m: "minus "),
            (re.compile(rf"{_BEFORE}({_NUMBER})\s?({units})(?![\w°])"), self._measure),
            (re.compile(rf"{_BEFORE}({_NUMBER})({scales}){_AFTER}"), lambda m: f"{_number(m[1])} {self._scale[m[2]]}"),
            (re.compile(rf"{_BEFORE}(\d+)([{''.join(_HALVES)}])"), lambda m: f"{cardinal(int(m[1]))} and {_HALVES[m[2]]}"),
            (re.compile(r"\b\d+(?:\.\d+){2,}"), lambda m: " point ".join(_quantity(part) for part in m[0].split("."))),
            (re.compile(r"(?<![\d:])(\d{1,4}):(\d{1,4})(?![\d:])"), lambda m: f"{_quantity(m[1])} to {_quantity(m[2])}"),
            (re.compile(r"(?<![\w./])(\d{1,3}) (?=\d/\d(?![\w/]))"), lambda m: f"{cardinal(int(m[1]))} and "),
            (re.compile(r"(?<![\w./])(\d{1,2})/(\d{1,3})(?![\w/]|\.\d)"), _fraction),
            (re.compile(r"\b(\d{1,15})(?:st|nd|rd|th)\b"), lambda m: ordinal(int(m[1]))),
            (re.compile(rf"{_BEFORE}(\d+)x{_AFTER}"), lambda m: f"{cardinal(int(m[1]))} times"),
            (re.compile(r"\b(Nos?)\.? ?(?=\d)"), lambda m: "number " if m[1] == "No" else "numbers "),
            (re.compile(r"(?<![\w&])#(?=\d)"), lambda m: "number "),
            (re.compile(rf"\b({_either(self._title)})\.? (?=[A-Z])"), lambda m: f"{self._title[m[1]]} "),
            (re.compile(rf"(?<![\w.])({_either(self._abbreviation)})(?!\w)"), self._shortened),
            (re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"), lambda m: " "),
            (re.compile(_NUMBER), lambda m: f" {_number(m[0])} " if _touched(m) else _number(m[0])),
            (re.compile(_either(self._sign)), lambda m: f" {self._sign[m[0]]} "),
            (re.compile(r"[^\S\n]+(?=[,.;:!?])"), lambda m: ""),
        )

    def _date(self, match: re.Match[str], of_year: int, of_month: int, of_day: int, british: bool) -> str:
        month, day = int(match[of_month]), int(match[of_day])
        if month > 12:
            month, day = day, month
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return match[0]
        return _said_date(list(dict.fromkeys(self._month.values()))[month - 1], day, match[of_year], british)

    def _named_date(self, match: re.Match[str], month: str, day: str, of_year: str | None, british: bool) -> str:
        if not 1 <= int(day) <= 31:
            return match[0]
        return _said_date(self._month.get(month, month), int(day), of_year, british)

    def _money(self, match: re.Match[str]) -> str:
        return self._amount(match[1], match[2], match[3] or "")

    def _amount(self, sign: str, number: str, scale: str) -> str:
        one, several, small_one, small = self._currency[sign]
        whole, _, part = number.replace(",", "").partition(".")
        if scale:
            return f"{decimal(whole, part)} {self._scale[scale]} {several}"
        if len(part) != 2 or not small:
            return f"{_quantity(number)} {one if number == '1' else several}"
        coins = f"{cardinal(int(part))} {small_one if part == '01' else small}"
        if int(whole or 0) == 0 and int(part):
            return coins
        notes = f"{_quantity(whole)} {one if whole == '1' else several}"
        if int(part) == 0:
            return notes
        # "three pounds twenty", but "three dollars and five cents".
        return f"{notes} {cardinal(int(part))}" if sign in ("£", "GBP") and int(part) >= 10 else f"{notes} and {coins}"

    def _measure(self, match: re.Match[str]) -> str:
        one, several = self._unit[match[2]]
        return f"{_quantity(match[1])} {one if match[1] == '1' else several}"

    def _range(self, match: re.Match[str]) -> str:
        unit = f" {self._unit[match[2]][1]}" if match[2] else ""
        return f"{_number(match[1])}{unit} to "

    def _shortened(self, match: re.Match[str]) -> str:
        ends = "." if match.end() == len(match.string) and match[1].endswith(".") else ""
        return self._abbreviation[match[1]] + ends


def _said_date(month: str, day: int, of_year: str | None, british: bool) -> str:
    said = f"the {ordinal(day)} of {month}" if british else f"{month} {ordinal(day)}"
    return f"{said}, {year(int(of_year))}" if of_year else said


def _time(match: re.Match[str]) -> str:
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if hour > 24 or minute > 59 or second > 59:
        return match[0]
    half = f" {match[4].lower()} m" if match[4] else ""
    minutes = f" oh {cardinal(minute)}" if 0 < minute < 10 else f" {cardinal(minute)}" if minute else ""
    if not minutes and not half and not match[3]:
        minutes = " o'clock" if 0 < hour <= 12 else " hundred hours"
    seconds = f" and {cardinal(second)} seconds" if match[3] else ""
    return f"{cardinal(hour)}{minutes}{seconds}{half}"


def _fraction(match: re.Match[str]) -> str:
    over, under = int(match[1]), int(match[2])
    if not 0 < over < under or under not in _FRACTIONS:
        return f"{cardinal(over)} out of {cardinal(under)}" if under else match[0]
    name = _FRACTIONS[under]
    return f"{cardinal(over)} {name if over == 1 else 'halves' if under == 2 else name + 's'}"


def _phone(match: re.Match[str]) -> str:
    plus = "plus " if match[0].startswith("+") else ""
    groups = [digit_names(group) for group in re.findall(r"\d+", match[0])]
    return plus + ", ".join(groups)


def _number(text: str) -> str:
    whole, _, part = text.replace(",", "").partition(".")
    plain = not part and "," not in text
    if plain and len(whole) == 4 and _FIRST_YEAR <= int(whole) <= _LAST_YEAR:
        return year(int(whole))
    return _quantity(text)


def _quantity(text: str) -> str:
    """As a number, never as a year."""
    whole, _, part = text.replace(",", "").partition(".")
    if (len(whole) > 1 and whole.startswith("0")) or len(whole) > _LONGEST:
        return digit_names(whole) + (f" point {digit_names(part)}" if part else "")
    return decimal(whole, part)


def _plural(words: str) -> str:
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")


def _touched(match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return before.isalnum() or after.isalnum()


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list")
    return value


def _either(words: object) -> str:
    """A pattern of whole alternatives, the longest first."""
    return "|".join(re.escape(str(word)) for word in sorted(words, key=lambda word: -len(str(word))))  # type: ignore[call-overload]
