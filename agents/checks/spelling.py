"""Chinese names in Latin letters: does a word spell characters of a text in pinyin ("Suzhou" of 苏州). Knows no names."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_RUN = re.compile(r"[\u4e00-\u9fff]+")
#: Characters of a material that are spelt out, and the most that one Western word may spell.
_MOST, _LONGEST = 20_000, 4


def spells(word: str, text: str) -> bool:
    """word: Latin letters, any case, with or without tone marks and apostrophes."""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z]", "", re.sub(r"['’]s$", "", plain)) in _spellings(text)


def spelt(name: str) -> tuple[str, ...]:
    """The syllables of Chinese characters, without tones."""
    from pypinyin import lazy_pinyin  # a table of seconds: only where a text mixes the two scripts

    return tuple(lazy_pinyin(name))


@lru_cache(maxsize=16)
def _spellings(text: str) -> frozenset[str]:
    found: set[str] = set()
    for run in _RUN.findall(text[:_MOST]):
        syllables = spelt(run)
        for at in range(len(syllables)):
            found |= {"".join(syllables[at : at + size]) for size in range(1, _LONGEST + 1)}
    return frozenset(found)
