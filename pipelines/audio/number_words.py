"""English number words: cardinals, ordinals, years, decimals, digits one by one. Pure."""

from __future__ import annotations

ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ("", "thousand", "million", "billion", "trillion")
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}


def cardinal(value: int) -> str:
    """0 -> "zero", 1234 -> "one thousand two hundred and thirty-four". Below 10**15; raises ValueError beyond or below 0."""
    if not 0 <= value < 10**15:
        raise ValueError(f"{value} has no name here")
    if value < 1000:
        return _hundreds(value)
    groups = []
    rest, scale = value, 0
    while rest:
        rest, group = divmod(rest, 1000)
        if group:
            groups.append(f"{_hundreds(group)} {SCALES[scale]}".strip())
        scale += 1
    small = value % 1000
    words = " ".join(reversed(groups[1:] if small else groups))
    return words if not small else f"{words} {'and ' if small < 100 else ''}{groups[0]}"


def ordinal(value: int) -> str:
    """21 -> "twenty-first"."""
    head, dash, last = cardinal(value).rpartition("-") if "-" in cardinal(value).split()[-1] else cardinal(value).rpartition(" ")
    named = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{head}{dash}{named}"


def year(value: int) -> str:
    """2026 -> "twenty twenty-six", 1905 -> "nineteen oh five", 2005 -> "two thousand and five", 1900 -> "nineteen hundred"."""
    century, rest = divmod(value, 100)
    if not 11 <= century <= 99 or (century % 10 == 0 and rest < 10):
        return cardinal(value)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def decimal(whole: str, part: str) -> str:
    """ "3", "14" -> "three point one four". Both are digits; part may be empty."""
    return cardinal(int(whole or 0)) + (f" point {digit_names(part)}" if part else "")


def digit_names(text: str) -> str:
    """ "07" -> "zero seven"; what is no digit is left out."""
    return " ".join(ONES[int(character)] for character in text if character in "0123456789")


def _hundreds(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    small = ONES[rest] if rest < 20 else TENS[rest // 10] + (f"-{ONES[rest % 10]}" if rest % 10 else "")
    if not hundreds:
        return small
    return f"{ONES[hundreds]} hundred" + (f" and {small}" if rest else "")
