"""Works for the sound pipelines, and measures of what came out."""

from __future__ import annotations

import io
import re
import wave

import numpy as np

from domain.capability import StepKind
from domain.music import Score
from domain.progress import CancelToken
from domain.recipe import Output, Recipe, Work


def speech_work(text: str, *, voice: str = "", language: str = "en", speed: float = 1.0, seed: int = 1, **lexicon: str) -> Work:
    parameters = {"text": text, "voice": voice, "language": language, "speed": speed, "lexicon": dict(lexicon)}
    return Work(Recipe(kind=StepKind.SPEECH, maker="speech", maker_version=1, parameters=parameters, seed=seed))


def music_work(score: Score, seed: int = 1) -> Work:
    return Work(
        Recipe(kind=StepKind.MUSIC, maker="composer", maker_version=1, parameters={"score": score.model_dump(mode="json")}, seed=seed)
    )


def heard(output: Output) -> tuple[np.ndarray, int]:
    """(samples in -1..1, rate) of the main file."""
    with wave.open(io.BytesIO(output.main.data)) as reader:
        assert reader.getsampwidth() == 2
        pcm = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(np.float32) / 32767
        shaped = pcm if reader.getnchannels() == 1 else pcm.reshape(-1, reader.getnchannels())
        return shaped, reader.getframerate()


def error_rate(said: list[str], understood: list[str]) -> float:
    """Edit distance over the length of what was said: words give WER, characters CER."""
    row = list(range(len(understood) + 1))
    for i, word in enumerate(said, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(understood, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1] / max(1, len(said))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+|\d+", text.lower())


def characters(text: str) -> list[str]:
    return re.findall(r"[\u4e00-\u9fff]", text)


class Recorder:
    """Progress that remembers its reports and cancels after the given number of them."""

    def __init__(self, cancel_after: int = 10**9) -> None:
        self.reports: list[tuple[float, str]] = []
        self._token = CancelToken()
        self._cancel_after = cancel_after

    def report(self, fraction: float, note: str = "") -> None:
        self.reports.append((fraction, note))
        if len(self.reports) >= self._cancel_after:
            self._token.cancel()

    def check(self) -> None:
        self._token.check()
