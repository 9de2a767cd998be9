"""Frames of a recording as power spectra, and mel bands over them. Source: Davis and Mermelstein, 1980 (mel cepstra). Pure."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Samples of a frame and from one to the next, at 16 kHz; mel bands.
RATE = 16_000
HOP, FRAME, _FFT = 160, 400, 512
_BANDS = 40


def powers(samples: Floats) -> Floats:
    """Power spectrum of each frame: shape (frames, 257). samples: mono at 16 kHz, one frame at least."""
    sharp = np.append(samples[:1], samples[1:] - 0.97 * samples[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(sharp, FRAME)[::HOP] * np.hanning(FRAME)
    return np.asarray(np.abs(np.fft.rfft(frames, _FFT)) ** 2)


def cepstra(power: Floats, count: int) -> Floats:
    """The mel cepstra 1 to count - 1 of each frame, without the loudness."""
    cosines = np.cos(np.pi * np.outer(np.arange(_BANDS) + 0.5, np.arange(1, count)) / _BANDS)
    return np.asarray(np.log(power @ _mel().T + 1e-8) @ cosines)


@cache
def _mel() -> Floats:
    top, bottom = 2595 * np.log10(1 + 7600 / 700), 2595 * np.log10(1 + 60 / 700)
    edges = 700 * (10 ** (np.linspace(bottom, top, _BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(_FFT, 1 / RATE)
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    bank: Any = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(bank / (bank.sum(axis=1, keepdims=True) + 1e-9))
