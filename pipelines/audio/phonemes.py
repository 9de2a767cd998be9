"""Words to phonemes in Kokoro's alphabet: English by hibari's rules, Mandarin by misaki's; a text may mix both.

Sources: hibari-tts (Apache-2.0, a port of misaki's English), misaki 0.9.4 zh.py (Apache-2.0) for Kokoro 1.0 voices.
"""

from __future__ import annotations

import re
from typing import Any

from domain.errors import EngineFailed, ModelUnusable
from pipelines.audio import chinese
from pipelines.audio import text as speakable
from pipelines.audio.speech import Piece

#: Kokoro's context is 512 tokens with both ends; above about 400 its prosody suffers, and one stretch takes long to cancel.
LONGEST = 380
#: Very short utterances sound clipped; neighbours are joined until they reach this many phonemes.
COMFORTABLE = 90


class Phonemizer:
    """british: British English for the Latin runs. Made inside a `load` function: the lexicons take half a second."""

    def __init__(self, british: bool) -> None:
        try:
            from hibari import Hibari
            from hibari.g2p import G2P
        except ImportError as error:
            raise ModelUnusable("The package hibari-tts is not installed.", hint="Run `make run` once more.") from error
        self._english = G2P(british=british)
        self._split_english = Hibari.split_sentences
        self._mandarin: Any = None

    def pieces(self, text: str, language: str, vocabulary: frozenset[str]) -> list[Piece]:
        """Stretches to speak at once, in order, each at most LONGEST phonemes, all of them in the vocabulary."""
        found: list[Piece] = []
        for paragraph in text.split("\n"):
            lines = self._sentences(paragraph)
            spoken = [(line, "".join(c for c in self.phonemes(line, language) if c in vocabulary).strip()) for line in lines]
            parts = [Piece(text=line, phonemes=part) for line, symbols in spoken for part in _bounded(symbols) if _audible(part)]
            joined = _joined(parts)
            if joined:
                found += [*joined[:-1], joined[-1].model_copy(update={"ends_paragraph": True})]
        return found

    def phonemes(self, text: str, language: str) -> str:
        """One line. Digits and signs are read in `language`; letters and Han characters each in their own.

        A word that carries its phonemes ("[Xqz](/ˈpitɚ/)") is said by them.
        """
        if speakable.has_han(text) and (carried := speakable.PRONOUNCED.search(text)):
            before, after = text[: carried.start()], text[carried.end() :]
            parts = [self.phonemes(side, language) if any(c.isalnum() for c in side) else side.strip() for side in (before, after)]
            return f"{parts[0]} {carried[2]} {parts[1]}".strip()
        if language.startswith("zh"):
            text = chinese.speakable(text)
        parts = []
        for script, piece in speakable.runs(text):
            try:
                parts.append(self._chinese(piece) if script == "zh" else self._english(_western(piece)))
            except (ValueError, KeyError, IndexError, AssertionError, TypeError) as error:
                hint = "Rephrase it or add it to the lexicon."
                raise EngineFailed("No pronunciation was found for {words}.", hint=hint, words=repr(piece[:60])) from error
        return re.sub(r"\s+", " ", " ".join(part.strip() for part in parts)).strip()

    def _sentences(self, paragraph: str) -> list[str]:
        if speakable.has_han(paragraph):
            return speakable.sentences(paragraph)
        return [line for line in self._split_english(paragraph) if any(c.isalnum() for c in line)]

    def _chinese(self, text: str) -> str:
        if self._mandarin is None:
            self._mandarin = _load_mandarin()
        spoken: str = self._mandarin.legacy_call(self._mandarin.map_punctuation(chinese.speakable(text)))
        return spoken


def pinyin(text: str) -> str:
    """Han characters as syllables without tones, to tell whether two texts sound the same; other letters as they are."""
    try:
        from pypinyin import lazy_pinyin
    except ImportError as error:
        raise ModelUnusable("The package pypinyin is not installed.", hint="Run `make run` once more.") from error
    return " ".join(lazy_pinyin(text))


def _load_mandarin() -> Any:
    try:
        import jieba
        from misaki.zh import ZHG2P
    except ImportError as error:
        raise ModelUnusable("The package misaki is not installed with its Chinese parts.", hint="Run `make run` once more.") from error
    if not jieba.dt.initialized:
        # jieba would otherwise leave its dictionary in the shared temporary folder and trust whatever lies there next time.
        jieba.dt.FREQ, jieba.dt.total = jieba.dt.gen_pfdict(jieba.dt.get_dict_file())
        jieba.dt.initialized = True
    return ZHG2P


def _western(text: str) -> str:
    """Chinese punctuation after Latin words, as the English rules know it."""
    return text.translate(str.maketrans("，。！？；：、（）", ",.!?;:,()"))


def _audible(phonemes: str) -> bool:
    return any(character.isalpha() for character in phonemes)


def _bounded(phonemes: str) -> list[str]:
    """Split at clause marks, then at spaces, then hard, so that no part is longer than LONGEST."""
    parts: list[str] = []
    rest = phonemes
    while len(rest) > LONGEST:
        window = rest[:LONGEST]
        cut = max((match.end() for match in re.finditer(r"[,;:—.!?]\s", window)), default=0)
        if cut < LONGEST // 3:
            cut = window.rfind(" ") + 1 or LONGEST
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*parts, rest] if rest else parts


def _joined(parts: list[Piece]) -> list[Piece]:
    """Neighbouring short sentences spoken in one breath."""
    joined: list[Piece] = []
    for part in parts:
        if joined and len(joined[-1].phonemes) < COMFORTABLE and len(joined[-1].phonemes) + len(part.phonemes) < 2 * COMFORTABLE:
            last = joined[-1]
            joined[-1] = Piece(text=f"{last.text} {part.text}", phonemes=f"{last.phonemes} {part.phonemes}")
        else:
            joined.append(part)
    return joined
