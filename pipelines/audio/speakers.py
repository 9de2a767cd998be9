"""Who speaks when, as far as voices can be told apart by their sound: spans of a recording are joined while the means of their
voiced frames lie as near as those of one voice do. Without a model; knows no names and nothing of words.

Source: Siegler, Jain, Raj and Stern, 1997 (clustering of segments by distance of their features), with Hotelling's distance of means
over mel cepstra and pitch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.audio.cepstra import FRAME, HOP, RATE, Floats, cepstra, powers
from pipelines.media.sound import Samples

#: Cepstra of a voiced frame; its pitch is one value more.
_CEPSTRA = 20
#: Samples in which the pitch of a frame is looked for; the pitches of voices, in Hz; how like itself a voiced frame is a period later.
_WIDE, _LOWEST, _HIGHEST, _VOICED = 640, 70.0, 400.0, 0.55
#: Frames more than so many dB below the loudest are no voice.
_QUIET = 35.0
#: How far apart the means of two voices are at least; one voice is about as far from itself as its sentences differ. Measured over voices
#: of Kokoro (benchmarks.sound speakers).
_APART = 20.0
#: Voiced frames below which a span is too short to tell.
_FEWEST = 30
#: Longest recording that is looked at, in seconds, and most spans: the time grows with their square.
LONGEST, SPANS_MAX = 1800.0, 600
#: Frames that are looked at together: those of half an hour would take gigabytes.
_AT_ONCE = 4096


@dataclass(frozen=True)
class _Voice:
    """mean: of `count` voiced frames. members: spans."""

    count: int
    mean: Floats
    members: tuple[int, ...]

    def with_(self, other: _Voice) -> _Voice:
        count = self.count + other.count
        return _Voice(count, (self.count * self.mean + other.count * other.mean) / count, self.members + other.members)

    def apart(self, other: _Voice) -> float:
        """How much farther the means lie apart than frames of one voice let them, in features whose spread within a span is even."""
        away = self.mean - other.mean
        return float(away @ away) * self.count * other.count / (self.count + other.count) / len(away)


def speakers(samples: Samples, spans: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """The speaker of each span, numbered from 1 as they begin to speak; 0 for a span too short to tell, and for all where one speaks alone.

    samples: mono at 16 kHz. spans: start and end in seconds, in order.
    """
    if len(spans) < 2 or len(spans) > SPANS_MAX or not FRAME <= len(samples) <= LONGEST * RATE:
        return (0,) * len(spans)
    features, voiced = _features(samples)
    if voiced.sum() < 2 * _FEWEST:
        return (0,) * len(spans)
    inside = [np.flatnonzero(voiced[int(start * RATE / HOP) : int(end * RATE / HOP)]) + int(start * RATE / HOP) for start, end in spans]
    told = {number: features[frames] for number, frames in enumerate(inside) if len(frames) >= _FEWEST}
    if len(told) < 2:
        return (0,) * len(spans)
    even = _evened(list(told.values()))
    joined = _joined([_Voice(len(frames), frames.mean(axis=0) @ even, (number,)) for number, frames in told.items()])
    numbered = [0] * len(spans)
    if len(joined) > 1:
        for speaker, voice in enumerate(sorted(joined, key=lambda one: min(one.members)), 1):
            for member in voice.members:
                numbered[member] = speaker
    return tuple(numbered)


def _evened(spans: Sequence[Floats]) -> Floats:
    """What makes the spread of the features within the spans even: what is said moves them, who says it moves their means."""
    inner = np.concatenate([frames - frames.mean(axis=0) for frames in spans])
    spread = inner.T @ inner / len(inner)
    values, vectors = np.linalg.eigh(spread + 1e-4 * np.diag(np.diag(spread)) + 1e-9 * np.eye(len(spread)))
    return np.asarray(vectors / np.sqrt(values))


def _joined(voices: list[_Voice]) -> list[_Voice]:
    """Joined two by two, the likest first, while they are no farther apart than one voice is from itself."""
    alive = dict(enumerate(voices))
    apart = {(a, b): alive[a].apart(alive[b]) for a in alive for b in alive if a < b}
    while apart:
        (a, b), least = min(apart.items(), key=lambda item: item[1])
        if least >= _APART:
            break
        alive[a] = alive[a].with_(alive.pop(b))
        apart = {pair: value for pair, value in apart.items() if b not in pair}
        apart.update({(min(a, c), max(a, c)): alive[a].apart(alive[c]) for c in alive if c != a})
    return list(alive.values())


def _features(samples: Samples) -> tuple[Floats, NDArray[np.bool_]]:
    """(cepstra and the logarithm of the pitch per frame, which frames are voiced)."""
    count = (len(samples) - FRAME) // HOP + 1
    rows, voiced, energies = np.zeros((count, _CEPSTRA)), np.zeros(count), np.zeros(count)
    for first in range(0, count, _AT_ONCE):
        last = min(count, first + _AT_ONCE)
        part = np.asarray(samples[first * HOP : (last - 1) * HOP + FRAME], np.float64)
        power = powers(part)
        pitch, likeness = _pitches(part, last - first)
        rows[first:last] = np.column_stack([cepstra(power, _CEPSTRA), np.log2(pitch)])
        voiced[first:last], energies[first:last] = likeness, 10 * np.log10(power.sum(axis=1) + 1e-10)
    return rows, (voiced > _VOICED) & (energies > energies.max() - _QUIET)


def _pitches(samples: Floats, count: int) -> tuple[Floats, Floats]:
    """(Hz, how like itself a frame is a period later) of each frame."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (0, _WIDE)), _WIDE)[::HOP][:count]
    shortest, longest = int(RATE / _HIGHEST), int(RATE / _LOWEST)
    window = np.hanning(_WIDE)
    # What the window does to the likeness of any sound to itself, taken out of it.
    shape = np.fft.irfft(np.abs(np.fft.rfft(window, 2 * _WIDE)) ** 2)[: longest + 1]
    spectra = np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * window, 2 * _WIDE)
    again = np.fft.irfft(np.abs(spectra) ** 2)[:, : longest + 1]
    like = again / (again[:, :1] + 1e-12) / (shape / shape[0])
    lags = like[:, shortest:].argmax(axis=1) + shortest
    return RATE / lags, like[np.arange(count), lags]
