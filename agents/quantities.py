"""How many of something a brief asks for: the number before or behind the word, in digits or in words, English and Chinese.

Knows the number words. Does not know what is counted.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from agents.lexicon import CJK, Numbers

_CHINESE_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "俩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
#: How far before a word its number may stand.
_BEFORE = 64
#: "an NPC pack" is one pack, "a potion shop" one shop: the number says nothing about NPCs or potions.
_OTHER_NOUN = re.compile(
    r"[\s-]+(?!(?:for|of|in|on|at|to|from|by|with|without|and|or|that|which|who|as|is|about|please|called|named)\b)[a-z]"
    r"|(?:素材)?(?:包|套装|合集|套组)|[商酒]?店|铺"
)


class Count(NamedTuple):
    """vague: "a few"."""

    number: int | None
    vague: bool = False


class Counting:
    """Reads numbers with one set of number words. Stateless after construction."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        guards = numbers.guards
        words = "|".join(sorted(map(re.escape, numbers.en), key=len, reverse=True))
        barrier = "|".join(map(re.escape, [*guards.en_barriers, *guards.en_not_counts]))
        self._before = re.compile(
            rf"(?<![\w.$€£/:-])(\d{{1,4}}|{words})(?:\s+of)?(?![\w%.:/])(?:[\s-]+(?!(?:{barrier}|{words})\b)[a-z'~-]+(?<!'s)){{0,3}}[\s-]+$"
        )
        self._behind = re.compile(
            rf"\s*[,:(]?\s*[x×]\s*(\d{{1,3}})(?![\w%.:/])|[^.;:!?\d\n]{{0,48}}[,:(]\s*(\d{{1,3}}|{words})\s+of\s+(?:them|these|those)\b"
        )
        # A measure word for things made ("两张", "三幅") reaches further than a bare number, but not over a verb or a preposition.
        self._zh_before = re.compile(
            rf"(\d{{1,4}}|[零〇一二两俩三四五六七八九十]+|几|一些|若干)(?![{guards.zh_not_counts}])"
            rf"(?:[{numbers.zh_measures}]?(?:~+|[^\s\d，。、；：！？,.;:!?~]){{0,6}}"
            rf"|[{numbers.zh_made}][^\s\d，。、；：！？,.;:!?~{guards.zh_barriers}]{{0,16}})\s*$"
        )
        self._zh_behind = re.compile(rf"\s*(?:要|共|一共)?\s*(\d{{1,4}}|[一二两俩三四五六七八九十]+|几)[{numbers.zh_measures}]")

    def of(self, text: str, start: int, end: int, *, unit: bool = False) -> Count | None:
        """How many the lower-case `text` asks for of the word at [start, end); None where it gives no number.

        unit: the word is a thing that a recipe multiplies by; "one" before it may count the noun behind it ("an NPC pack").
        """
        found = self._found(text, start, end)
        if found is not None and unit and found.number == 1 and _OTHER_NOUN.match(text, end):
            return None
        return found

    def _found(self, text: str, start: int, end: int) -> Count | None:
        before, numbers = text[max(0, start - _BEFORE) : start], self._numbers
        if match := self._before.search(before):
            said = match.group(1)
            return Count(int(said) if said.isdigit() else numbers.en[said], said in numbers.vague)
        match = self._zh_before.search(before)
        if match and (CJK.search(text[start:end]) or CJK.search(match.group())):
            said = match.group(1)
            return Count(numbers.zh_vague.get(said) or chinese_number(said), said in numbers.vague)
        if match := self._zh_behind.match(text, end):  # "文案三条"
            return Count(numbers.zh_vague.get(match.group(1)) or chinese_number(match.group(1)))
        if match := self._behind.match(text, end):  # "voice lines, 3 of them"
            said = match.group(1) or match.group(2)
            return Count(int(said) if said.isdigit() else numbers.en[said], said in numbers.vague)
        return None


def chinese_number(said: str) -> int | None:
    """0..9999 from digits or Chinese numerals below one hundred ("十二", "两", "三十"); None when it is neither."""
    if said.isdigit() and said.isascii():
        return int(said)
    if not said or any(c not in _CHINESE_DIGITS and c != "十" for c in said):
        return None
    if "十" not in said:
        return int("".join(str(_CHINESE_DIGITS[c]) for c in said))
    tens, _, ones = said.partition("十")
    return (_CHINESE_DIGITS[tens] if tens else 1) * 10 + (_CHINESE_DIGITS[ones] if ones else 0)
