"""Words that were said twice, which a recogniser likes to hear once: where in a recording a stretch is followed by one like it.

Two steps, both without a model: `suspects` compares a recording with itself a little later, and `said_twice` judges what was heard
of the recording before and after such a place, each by itself: in neither part is there anything that could be heard once too few.
Knows nothing of recognisers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.value import Value
from pipelines.audio import comparing
from pipelines.audio.cepstra import FRAME, HOP, RATE, Floats, cepstra, powers
from pipelines.audio.comparing import Run, Sounds
from pipelines.media.sound import Samples

#: How many cepstra are compared.
_CEPSTRA = 13
#: Frames more than so many dB below the loudest are silence, and silence is like silence.
_QUIET = 38.0
_NOTHING = 1e-4
#: Of the distance between two copies, the share that is compared; frames that one may run ahead of the other.
_SHARE, _SLACK = 0.8, 2
_FAR = 9.0


class Limits(Value):
    """assets/speaking/hearing.toml, [repeats]. likeness: suspects are below it. shortest, longest: of one copy, in seconds.

    most: suspects that are listened to. seconds: longer recordings are not looked at. units: of the longest repetition.
    """

    likeness: float
    shortest: float
    longest: float
    most: int
    seconds: float
    units: int
    tolerance: float


class Suspect(Value):
    """The second copy begins at `cut`, the first at `start`, in seconds; 0 is alike, 1 is what any two stretches are."""

    start: float
    cut: float
    likeness: float

    @property
    def end(self) -> float:
        return 2 * self.cut - self.start


def suspects(samples: Samples, limits: Limits) -> tuple[Suspect, ...]:
    """samples: mono at 16 kHz. The likest first; at most `limits.most`, each at another place."""
    if len(samples) < RATE // 2 or len(samples) > limits.seconds * RATE or float(np.abs(samples).max()) < _NOTHING:
        return ()
    features, loud = _features(np.asarray(samples, np.float64))
    found = sorted(_likest(features, loud, limits))
    chosen: list[Suspect] = []
    for likeness, lag, at in found:
        if likeness > limits.likeness or len(chosen) == limits.most:
            break
        cut = _quietest(samples, (at + lag) * HOP + FRAME // 3) / RATE
        if all(abs(cut - other.cut) > 0.12 for other in chosen):
            chosen.append(Suspect(start=at * HOP / RATE, cut=cut, likeness=round(likeness, 3)))
    return tuple(chosen)


def said_twice(said: Sequence[str], before: Sequence[str], after: Sequence[str], sounds: Sounds, limits: Limits) -> tuple[str, ...]:
    """The units that end what was heard before the cut and begin what was heard after it, and stand once in what was to be said.

    Empty where both parts together are nearest to what was to be said as they are.
    """
    whole = _differing(said, [*before, *after], sounds, limits.tolerance)
    for count in range(1, min(limits.units, len(before), len(after)) + 1):
        run = Run(tuple(before[-count:]), tuple(after[:count]), 0, 0)
        if not comparing.alike(run, sounds, limits.tolerance):
            continue
        if _differing(said, [*before, *after[count:]], sounds, limits.tolerance) <= whole - count:
            return run.heard
    return ()


def _differing(said: Sequence[str], heard: Sequence[str], sounds: Sounds, tolerance: float) -> int:
    return sum(run.units for run in comparing.runs(said, heard) if not comparing.alike(run, sounds, tolerance))


def _likest(features: Floats, loud: NDArray[np.bool_], limits: Limits) -> list[tuple[float, int, int]]:
    """(likeness, frames from one copy to the other, frame of the first) for each distance there may be between copies."""
    per_second = RATE // HOP
    last = min(int(limits.longest * per_second), len(features) - 10)
    first = int(limits.shortest * per_second)
    apart = {lag: _distances(features, lag) for lag in range(first - _SLACK, last + _SLACK + 1) if 0 < lag < len(features)}
    found = []
    for lag in range(first, last):
        width = max(10, int(lag * _SHARE))
        count = len(features) - lag
        if count < width:
            continue
        near = np.full(count, _FAR)
        for other in range(lag - _SLACK, lag + _SLACK + 1):
            row = apart.get(other, np.zeros(0))[:count]
            near[: len(row)] = np.minimum(near[: len(row)], row)
        window = np.ones(width) / width
        mean = np.convolve(near, window, "valid")
        heard = np.convolve((loud[:-lag] & loud[lag:]).astype(np.float64), window, "valid")
        mean = np.where(heard > 0.75, mean, _FAR)
        at = int(mean.argmin())
        # Short stretches are alike by chance more often than long ones.
        found.append((float(mean[at]) + 1 / np.sqrt(lag), lag, at))
    return found


def _distances(features: Floats, lag: int) -> Floats:
    away = features[:-lag] - features[lag:]
    return np.asarray(np.sqrt((away**2).mean(axis=1)))


def _features(samples: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(cepstra and their slopes per frame, even in scale; which frames are no silence)."""
    power = powers(samples)
    energy = 10 * np.log10(power.sum(axis=1) + 1e-10)
    loud = energy > energy.max() - _QUIET
    bands = cepstra(power, _CEPSTRA)
    bands = (bands - bands[loud].mean(axis=0)) / (bands[loud].std(axis=0) + 1e-6)
    slopes = np.zeros_like(bands)
    slopes[2:-2] = (bands[4:] - bands[:-4]) / 1.4
    return np.concatenate([bands, 0.7 * slopes], axis=1), loud


def _quietest(samples: Samples, place: int, reach: int = 800) -> int:
    """The sample near `place` where least is to be heard: a cut there splits no sound."""
    first = max(0, place - reach)
    energy = np.convolve(np.asarray(samples[first : place + reach], np.float64) ** 2, np.ones(HOP), "valid")
    return first + int(energy.argmin()) + HOP // 2 if energy.size else place
