"""The limits a person puts on an answer: "in one sentence", "three bullet points", "at most 15 words", "五个". Code only."""

from __future__ import annotations

import re

from agents.lexicon import CJK
from domain.value import Value

_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50,
    "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
}  # fmt: skip
_NUMBER = rf"(\d{{1,3}}|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_SENTENCES = re.compile(rf"(?<![a-z]){_NUMBER}[ -](?:short |brief |single )?(?:sentence|line)s?\b|{_NUMBER}句")
_BULLETS = re.compile(rf"(?<![a-z]){_NUMBER} (?:short |key |main )?(?:bullets?|bullet points?|points?)\b|{_NUMBER}(?:个|条)?要点")
_MOST = re.compile(rf"(?<![a-z]){_NUMBER} words?\b|{_NUMBER}个?字")
_ITEMS = re.compile(rf"(?<![a-z]){_NUMBER} (?!words?\b|sentences?\b|decimals?\b)[a-z-]+|{_NUMBER}[个条种点句部本首件名座位]")
ITEMS_MOST = 30


class Limits(Value):
    """None where the person named no such limit. words: the most (Han characters for Chinese)."""

    sentences: int | None = None
    bullets: int | None = None
    words: int | None = None
    items: int | None = None

    @staticmethod
    def read(ask: str) -> Limits:
        folded = ask.lower()
        return Limits(
            sentences=_number(_SENTENCES, folded),
            bullets=_number(_BULLETS, folded) or (3 if re.search(r"\bbullet|要点", folded) else None),
            words=_number(_MOST, folded),
            items=_number(_ITEMS, folded),
        )


def words_in(text: str) -> int:
    """Words as a reader counts them: Latin words, and each Han character."""
    return len(CJK.findall(text)) + len(re.findall(r"[^\W_]+(?:['’.,-][^\W_]+)*", CJK.sub(" ", text)))


def _number(pattern: re.Pattern[str], folded: str) -> int | None:
    match = pattern.search(folded)
    if match is None:
        return None
    said = next(group for group in match.groups() if group)
    value = int(said) if said.isdigit() else _WORDS[said]
    return min(value, 500) or None
