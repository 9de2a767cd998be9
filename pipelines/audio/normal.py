"""Texts made comparable and speakable by language: numbers and signs written out, then cut into the units that are compared.

Knows nothing of voices or models. Languages without rules here are spoken as they stand.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from pipelines.audio import chinese
from pipelines.audio import text as speaking
from pipelines.audio.english import English
from pipelines.audio.number_words import ONES, SCALES, TENS

_NUMBER_WORDS = frozenset({*ONES, *TENS, *SCALES, "hundred", "point"} - {""})


class Normaliser:
    """Args: assets: the folder of shipped data. Holds word tables only; thread-safe."""

    def __init__(self, assets: Path) -> None:
        self._english = English.read(assets / "speaking")

    def speakable(self, text: str, language: str) -> str:
        """The text with numbers, dates, money, times, units and signs written out as they are said in `language` (BCP-47)."""
        primary = language.split("-")[0]
        if primary == "zh":
            return chinese.speakable(text)
        if primary != "en":
            return text
        # What an engine is told to pronounce stands between brackets and is no text.
        parts = speaking.PRONOUNCED.split(text)
        marks = [match[0] for match in speaking.PRONOUNCED.finditer(text)]
        if not marks:
            return self._lines(text, language)
        held = [self._lines(part, language, edges=True) for part in parts[::3]]
        return "".join(piece + mark for piece, mark in zip(held, [*marks, ""], strict=True)).strip()

    def units(self, text: str, language: str) -> list[str]:
        """What is compared: lower-case words without accents; for Chinese each Han character, and Latin words beside them."""
        written = unicodedata.normalize("NFKD", self.speakable(speaking.without_pronunciation(text), language)).casefold()
        letters = "".join(c for c in written if not unicodedata.combining(c))
        # 'o'clock' and "don't" are one word each however the apostrophe is written.
        words = re.findall(rf"[{speaking.HAN}]|[^\W\d_{speaking.HAN}]+|\d+", re.sub(r"(?<=\w)['’](?=\w)", "", letters))
        return [word for number, word in enumerate(words) if not _joins_numbers(words, number)]

    def _lines(self, text: str, language: str, *, edges: bool = False) -> str:
        spoken = "\n".join(self._english.speakable(line, language == "en-GB") for line in text.split("\n"))
        if not edges:
            return spoken
        before = " " if text[:1].isspace() else ""
        return before + spoken + (" " if text[-1:].isspace() and spoken else "")


def _joins_numbers(words: list[str], number: int) -> bool:
    """ "and" inside a number is said or not, as one likes: "two hundred (and) five"."""
    if words[number] != "and" or not 0 < number < len(words) - 1:
        return False
    return words[number - 1] in _NUMBER_WORDS and words[number + 1] in _NUMBER_WORDS
