"""The letters and words of a text: which script it is in, how many words it has. Pure."""

from __future__ import annotations

import re

CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
WORD = re.compile(r"[A-Za-zÀ-ɏ0-9]+(?:['’][A-Za-z]+)?")


def cjk(text: str) -> bool:
    """True when the text is mainly Chinese, Japanese kanji or Hanja."""
    return len(CJK.findall(text)) * 2 > len(LATIN.findall(text))


def words(text: str) -> int:
    """Words of a text; every CJK character counts as one, as editors of Chinese count."""
    return len(WORD.findall(text)) + len(CJK.findall(text))
