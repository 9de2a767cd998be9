"""What a page draws of a sound: its outline as peaks, and what a loudness meter reads along it. Knows samples, no files and no pages."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pipelines.media.filters import readings
from pipelines.media.sound import Samples

#: Raised when the outline or the readings of the same sound change: what was cached is drawn anew.
VERSION = 1
#: What stands for silence in a curve; a meter reads no lower.
FLOOR = -70.0


@dataclass(frozen=True)
class Metered:
    """momentary and short: LUFS every `step` seconds over the last 0.4 and 3 s. lufs: integrated. peak: dBTP. FLOOR is silence."""

    step: float
    momentary: tuple[float, ...]
    short: tuple[float, ...]
    lufs: float
    peak: float


def peaks(samples: Samples, points: int) -> tuple[tuple[int, int], ...]:
    """The lowest and highest sample of each of `points` stretches of equal length, -100 to 100. Mono, or the mean of the channels.

    A sound with fewer samples than points gives one pair a sample.
    """
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    if not mono.size:
        return ()
    edges = np.linspace(0, len(mono), min(points, len(mono)) + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(mono, edges), np.maximum.reduceat(mono, edges)
    return tuple((round(100 * max(-1.0, float(a))), round(100 * min(1.0, float(b)))) for a, b in zip(low, high, strict=True))


def metered(samples: Samples, rate: int, points: int = 600) -> Metered:
    """samples: shape (samples, 2). At most `points` readings, each the loudest of its stretch."""
    read = readings(samples, rate)
    every = max(1, math.ceil(len(read.momentary) / points))

    def thinned(curve: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(round(max(FLOOR, *curve[at : at + every]), 1) for at in range(0, len(curve), every))

    lufs, peak = (round(max(FLOOR, one), 2) for one in (read.lufs, read.peak))
    return Metered(round(0.1 * every, 3), thinned(read.momentary), thinned(read.short), lufs, peak)
