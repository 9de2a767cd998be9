"""Who speaks when: synthetic voices that differ in pitch and vocal tract, and real ones of Kokoro."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.signal

from domain.progress import Silent
from pipelines.audio.kokoro import KokoroPipeline
from pipelines.audio.speakers import speakers
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.media.sound import Samples
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import speech_work

RATE = 16_000
VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))


def vowels(pitch: float, tract: float, seed: int, seconds: float = 3.0) -> Samples:
    """Vowels of a tenth of a second each: pulses through three resonances, moved by the length of the vocal tract."""
    draw = np.random.default_rng(seed)
    parts = []
    for _ in range(round(seconds * 10)):
        hertz = pitch * draw.uniform(0.9, 1.12)
        wave = np.zeros(RATE // 10)
        wave[:: round(RATE / hertz)] = 1.0
        for formant in VOWELS[draw.integers(len(VOWELS))]:
            b, a = scipy.signal.iirpeak(formant * tract * draw.uniform(0.96, 1.04), 6, RATE)
            wave = wave + scipy.signal.lfilter(b, a, wave)
        parts.append(wave + 0.002 * draw.standard_normal(len(wave)))
    return np.concatenate(parts).astype(np.float32) * 0.1


def dialogue(parts: list[Samples]) -> tuple[Samples, list[tuple[float, float]]]:
    spans, pieces, at = [], [], 0.0
    for part in parts:
        spans.append((at, at + len(part) / RATE))
        at += len(part) / RATE + 0.3
        pieces += [part, np.zeros(int(0.3 * RATE), np.float32)]
    return np.concatenate(pieces), spans


def test_voices_are_numbered_as_they_begin_to_speak() -> None:
    low, high = (lambda n: vowels(110, 0.9, n)), (lambda n: vowels(220, 1.15, n))
    assert speakers(*dialogue([high(1), low(2), high(3), high(4), low(5)])) == (1, 2, 1, 1, 2)


def test_one_voice_alone_and_what_is_too_short_to_tell_has_no_number() -> None:
    assert speakers(*dialogue([vowels(150, 1.0, n) for n in range(5)])) == (0,) * 5
    short = dialogue([vowels(110, 0.9, 1), vowels(220, 1.15, 2), vowels(220, 1.15, 3, 0.2)])
    assert speakers(*short) == (1, 2, 0)


def test_silence_noise_and_nothing_have_no_speakers() -> None:
    quiet, spans = np.zeros(5 * RATE, np.float32), [(0.0, 2.0), (2.0, 5.0)]
    assert speakers(quiet, spans) == (0, 0)
    assert speakers(np.random.default_rng(1).normal(0, 0.1, 5 * RATE).astype(np.float32), spans) == (0, 0)
    assert speakers(quiet, []) == ()


@pytest.mark.models
def test_a_woman_and_a_man_of_kokoro_are_told_apart(store: ModelStore, devices: Devices, assets: Path) -> None:
    lines = ["The train leaves at nine.", "Then we have time for one more coffee.", "I will find us a table by the window.", "Thank you."]
    voices = ["af_heart", "am_michael", "af_heart", "am_michael"]
    works = [speech_work(text, voice=voice) for text, voice in zip(lines, voices, strict=True)]
    takes = [sound.decode(one.main.read(), RATE) for one in KokoroPipeline(store, devices, assets).generate(works, Silent())]
    assert speakers(*dialogue(takes)) == (1, 2, 1, 2)
