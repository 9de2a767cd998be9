"""The sources of an effect as arrays: oscillators, noise, grains, modes, bands and envelopes.

Everything lies on a circle: noise, grains and bands wrap around the ends of their buffer, so a buffer that is played round and
round has no seam. A single event is cut from the circle by its envelope. Knows nothing of recipes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.signal
from numpy.typing import NDArray

RATE = 48_000
#: Hop of the moving filter in samples; a loop is a multiple of it long.
HOP = 512
_FRAME = 2 * HOP
_OVERSAMPLING = 4

Wave = NDArray[np.float64]
Curve = Sequence[tuple[float, float]]


def curve(points: Curve, count: int, *, leaps: bool = False, closed: bool = False) -> Wave:
    """Values at `count` places between the points: straight lines in pitch (logarithm), or leaps. closed: back to the first at the end."""
    places = np.array([place for place, _ in points])
    values = np.log2(np.maximum(np.array([value for _, value in points]), 1e-3))
    if closed:
        places, values = np.append(places, 1.0), np.append(values, values[0])
    at = np.arange(count) / max(1, count)
    if leaps:
        return np.asarray(2.0 ** values[np.maximum(0, np.searchsorted(places, at, side="right") - 1)])
    return np.asarray(2.0 ** np.interp(at, places, values))


def oscillator(shape: str, pitch: Wave, *, closed: bool) -> Wave:
    """One wave of this shape that follows `pitch` (Hz, one value a sample), without aliasing above hearing. closed: whole cycles only."""
    fine = np.repeat(pitch, _OVERSAMPLING)
    cycles = np.cumsum(fine) / (RATE * _OVERSAMPLING)
    if closed:
        cycles *= max(1.0, np.round(cycles[-1])) / cycles[-1]
    phase = cycles % 1.0
    if shape == "sine":
        wave = np.sin(2 * np.pi * phase)
    elif shape == "triangle":
        wave = 4 * np.abs(phase - 0.5) - 1
    elif shape == "square":
        wave = np.where(phase < 0.5, 1.0, -1.0)
    else:
        wave = 2 * phase - 1
    around = 64 * _OVERSAMPLING
    wrapped = np.concatenate((wave[-around:], wave, wave[:around])) if closed else np.pad(wave, around)
    return np.asarray(scipy.signal.resample_poly(wrapped, 1, _OVERSAMPLING)[64 : 64 + len(pitch)])


def noise(count: int, channels: int, colour: float, rng: np.random.Generator) -> Wave:
    """Noise of shape (count, channels) whose power falls by 3 dB an octave for each unit of colour; RMS 1, periodic in `count`."""
    spectrum = np.fft.rfft(rng.standard_normal((count, channels)), axis=0)
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= (np.maximum(frequency, 20.0) ** (-colour / 2))[:, None]
    spectrum[0] = 0
    wave = np.fft.irfft(spectrum, count, axis=0)
    return np.asarray(wave / max(1e-9, float(np.sqrt((wave**2).mean()))))


def grains(count: int, channels: int, per_second: float, grain: tuple[float, float], rng: np.random.Generator) -> Wave:
    """Bursts of noise at random moments around the circle, most of them soft, a few loud."""
    wave = np.zeros((count, channels))
    total = int(rng.poisson(per_second * count / RATE))
    kinds = 12
    for kind in range(kinds):
        length = max(16, int(grain[0] * (grain[1] / grain[0]) ** rng.random() * RATE))
        length = min(length, count)
        burst = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
        burst[: min(8, length)] *= np.linspace(0, 1, min(8, length))
        train = np.zeros((count, channels))
        for _ in range(total // kinds + (kind < total % kinds)):
            place, loud, side = int(rng.integers(count)), min(3.0, float(rng.lognormal(0.0, 0.7))), float(rng.random())
            gains = (1.0,) if channels == 1 else (np.cos(side * np.pi / 2), np.sin(side * np.pi / 2))
            train[place] += loud * np.asarray(gains)
        spectrum = np.fft.rfft(train, axis=0) * np.fft.rfft(burst, count)[:, None]
        wave += np.fft.irfft(spectrum, count, axis=0)
    return wave


def modes(count: int, pitch: float, ratios: Sequence[float], ring: float, rng: np.random.Generator) -> Wave:
    """Partials struck at once: each a little out of its place and of its own loudness, the higher ones dying sooner."""
    time = np.arange(count) / RATE
    wave = np.zeros(count)
    for ratio in ratios:
        frequency = pitch * ratio * (1 + 0.004 * rng.standard_normal())
        loud = rng.uniform(0.6, 1.0) / ratio**0.6
        if frequency < RATE * 0.45:
            wave += loud * np.sin(2 * np.pi * frequency * time + rng.uniform(0, 0.4)) * 10 ** (-3 * time / (ring / ratio**0.5))
    return wave


def swayed(count: int, changes: float, rng: np.random.Generator) -> Wave:
    """A slow wandering between -1 and 1, `changes` turns a second, periodic in `count`."""
    turns = max(1, round(changes * count / RATE))
    spectrum = np.zeros(count // 2 + 1, np.complex128)
    top = min(len(spectrum), 2 * turns + 1)
    spectrum[1:top] = rng.standard_normal(top - 1) + 1j * rng.standard_normal(top - 1)
    wave = np.fft.irfft(spectrum, count)
    return np.asarray(wave / max(1e-12, float(np.abs(wave).max())))


def banded(wave: Wave, low: Wave, high: Wave, order: int = 2) -> Wave:
    """The part of the wave, shape (count, channels), between low and high (Hz, one value a hop; 0 leaves a side open). Circular.

    A moving filter by overlapping frames: Griffin and Lim, Signal Estimation from Modified Short-Time Fourier Transform, 1984.
    """
    count = len(wave)
    hops = -(-count // HOP)
    padded = np.concatenate((wave, np.zeros((hops * HOP - count, wave.shape[1])))) if hops * HOP != count else wave
    window = np.sqrt(scipy.signal.windows.hann(_FRAME, sym=False))[:, None]
    frequency = np.fft.rfftfreq(_FRAME, 1 / RATE)[1:]
    out = np.zeros_like(padded)
    wrapped = np.concatenate((padded, padded[:HOP]))
    for hop in range(hops):
        spectrum = np.fft.rfft(wrapped[hop * HOP : hop * HOP + _FRAME] * window, axis=0)
        mask = np.ones(len(frequency))
        if low[hop] > 0:
            mask /= np.sqrt(1 + (low[hop] / frequency) ** (2 * order))
        if high[hop] > 0:
            mask /= np.sqrt(1 + (frequency / high[hop]) ** (2 * order))
        spectrum[0] = 0
        spectrum[1:] *= mask[:, None]
        frame = np.fft.irfft(spectrum, _FRAME, axis=0) * window
        start = hop * HOP
        out[start : start + HOP] += frame[:HOP]
        after = (start + HOP) % len(out)
        out[after : after + HOP] += frame[HOP:]
    return out[:count]


def envelope(count: int, attack: float, hold: float, decay: float) -> Wave:
    """A raised-cosine attack, a hold, and a fall of 60 dB in `decay` seconds that ends at nothing."""
    time = np.arange(count) / RATE
    rise = np.where(time < attack, 0.5 - 0.5 * np.cos(np.pi * time / max(attack, 1e-4)), 1.0)
    fall = 10 ** (-3 * np.maximum(0.0, time - attack - hold) / max(decay, 1e-3))
    shaped = rise * fall
    out = min(count, 96)
    shaped[count - out :] *= np.linspace(1, 0, out)
    return np.asarray(shaped)


def room(wave: Wave, share: float, seconds: float, rng: np.random.Generator, *, closed: bool) -> Wave:
    """A share of a small reverberation added. closed: what rings over the end goes on at the beginning."""
    length = int(seconds * RATE)
    tail = rng.standard_normal((length, wave.shape[1])) * (10 ** (-3 * np.arange(length) / length))[:, None]
    tail = scipy.signal.lfilter([0.3], [1, -0.7], tail, axis=0)
    tail /= np.sqrt((tail**2).sum(axis=0))
    if closed:
        folded = np.zeros_like(wave)
        for start in range(0, length, len(wave)):
            piece = tail[start : start + len(wave)]
            folded[: len(piece)] += piece
        wet = np.fft.irfft(np.fft.rfft(wave, axis=0) * np.fft.rfft(folded, axis=0), len(wave), axis=0)
    else:
        wet = np.stack([scipy.signal.oaconvolve(wave[:, c], tail[:, c])[: len(wave)] for c in range(wave.shape[1])], axis=1)
    return np.asarray(wave * (1 - 0.5 * share) + wet * share)
