"""From an effect's recipe and a seed to samples. The same recipe, choices and seed give the same samples.

Knows layers and how they are laid on each other; the sources themselves are in effect_sources.py.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from domain.effect import Effect
from pipelines.audio import effect_sources as sources
from pipelines.audio.effect_recipes import EffectRecipe, Layer, Point, Range
from pipelines.audio.effect_sources import HOP, RATE, Wave
from pipelines.media.sound import Samples

#: A repeat rings at most this long, in seconds, beyond its own envelope.
_LONGEST_EVENT = 20.0
_OPEN = ((0.0, 0.0),)
#: Peaks stay under this many times the RMS of the whole effect.
_CREST = 12.0


@dataclass(frozen=True)
class _Shape:
    """What size and pace make of a recipe: factors on frequencies, on times and on what repeats."""

    tone: float
    time: float
    every: float


def synthesise(recipe: EffectRecipe, effect: Effect, seed: int) -> Samples:
    """float32 of shape (samples, 1 or 2) at 48 kHz, not levelled. A loop is circular: its last sample is followed by its first."""
    rng = np.random.default_rng([seed & 0x7FFFFFFF, zlib.crc32(recipe.id.encode())])
    shape = _Shape(2.0 ** (-0.8 * effect.size), 2.0 ** (0.6 * effect.size), 1 / effect.pace)
    seconds = effect.seconds or _drawn(recipe.seconds, rng) * (1.0 if effect.loop else shape.time)
    count = max(HOP, round(seconds * RATE))
    channels = 2 if recipe.wide else 1
    # Where a band moves, a circle is whole hops long; the exact length is cut or filled afterwards for what does not loop.
    whole = -(-count // HOP) * HOP
    laid = np.zeros((whole, channels))
    for number, layer in enumerate(recipe.layer):
        own = np.random.default_rng([seed & 0x7FFFFFFF, zlib.crc32(recipe.id.encode()), number])
        laid += _layer(layer, shape, whole, channels, own, closed=effect.loop) * 10 ** (layer.gain / 20)
    if recipe.room:
        laid = sources.room(laid, recipe.room, 0.9, rng, closed=effect.loop)
    if effect.distance:
        laid = _far(laid, effect.distance, rng, closed=effect.loop)
    if effect.loop:
        return _tamed(laid if whole == count else _refitted(laid, count))
    return _tamed(_cut(laid[:count], steady=any(layer.steady for layer in recipe.layer)))


def _cut(wave: Wave, *, steady: bool) -> Wave:
    """A piece of what goes on fades in and out; what happens once only fades out."""
    end = min(len(wave) // 4, int((0.3 if steady else 0.02) * RATE))
    wave[len(wave) - end :] *= np.linspace(1, 0, end)[:, None]
    if steady:
        wave[: end // 3] *= np.linspace(0, 1, end // 3)[:, None]
    return wave


def _tamed(wave: Wave) -> Samples:
    """Rare peaks far over the rest rounded off, sample by sample (a circle stays one): else they alone would decide the level."""
    top = _CREST * float(np.sqrt((wave**2).mean()))
    return (np.tanh(wave / top) * top if top > 0 else wave).astype(np.float32)


def _layer(layer: Layer, shape: _Shape, count: int, channels: int, rng: np.random.Generator, *, closed: bool) -> Wave:
    """One layer over the whole effect: once, or repeated around."""
    laid = np.zeros((count, channels))
    if layer.steady:
        return _event(layer, shape, count, channels, rng, closed=closed)
    first = _drawn(layer.at, rng) * shape.time
    starts = [first]
    every = _drawn(layer.every, rng) * shape.every
    if every > 0:
        number = max(1, round((count / RATE - first) / every))
        gap = (count / RATE - (0 if closed else first)) / number if closed else every
        starts = [first + index * gap + gap * layer.jitter * float(rng.uniform(-1, 1)) for index in range(number)]
    for start in starts:
        place = max(0, round(start * RATE))
        attack, hold, decay = (_drawn(value, rng) * shape.time for value in (layer.attack, layer.hold, layer.decay))
        length = int(min(_LONGEST_EVENT, attack + hold + decay * 1.1) * RATE)
        length = max(HOP, min(length, count if closed else count - place))
        if place >= count:
            continue
        wave = _event(layer, shape, -(-length // HOP) * HOP, channels, rng, closed=False)[:length]
        wave *= sources.envelope(length, attack, hold, decay)[:, None] * (float(rng.uniform(0.8, 1.0)) if len(starts) > 1 else 1.0)
        wave = wave[: count - place] if not closed else wave
        around = max(0, place + len(wave) - count)
        laid[place : place + len(wave) - around] += wave[: len(wave) - around]
        laid[:around] += wave[len(wave) - around :]
    return laid


def _event(layer: Layer, shape: _Shape, count: int, channels: int, rng: np.random.Generator, *, closed: bool) -> Wave:
    """The source of one event, with its band and its drive, before its envelope. Shape (count, channels)."""
    if layer.source == "noise":
        wave = sources.noise(count, channels, layer.colour, rng)
    elif layer.source == "grains":
        wave = sources.grains(count, channels, _drawn(layer.rate, rng), layer.grain, rng)
    else:
        wave = np.repeat(_pitched(layer, shape, count, rng, closed=closed)[:, None], channels, axis=1)
    hops = -(-count // HOP)
    sway = sources.swayed(count, layer.sway[1], rng) if layer.sway[0] or layer.wander else np.zeros(count)
    if layer.low or layer.high:
        low, high = (sources.curve(_points(points or _OPEN, shape.tone, rng), hops, closed=closed) for points in (layer.low, layer.high))
        moved = 2.0 ** (layer.wander * sway[::HOP][:hops])
        wave = sources.banded(wave, low * moved if layer.low else np.zeros(hops), high * moved if layer.high else np.zeros(hops))
    if layer.drive:
        wave = np.tanh(wave * (1 + layer.drive)) / np.tanh(1 + layer.drive)
    if layer.sway[0]:
        wave = wave * (1 - layer.sway[0] * (0.5 - 0.5 * sway))[:, None]
    return wave


def _pitched(layer: Layer, shape: _Shape, count: int, rng: np.random.Generator, *, closed: bool) -> Wave:
    points = _points(layer.pitch, shape.tone, rng)
    if layer.source == "modes":
        return sources.modes(count, points[0][1], layer.ratios, _drawn(layer.ring, rng) * shape.time, rng)
    pitch = sources.curve(points, count, leaps=layer.leaps, closed=closed)
    cycles, semitones = layer.vibrato
    if semitones:
        turns = max(1, round(cycles * count / RATE)) if closed else cycles * count / RATE
        pitch = pitch * 2 ** (semitones / 12 * np.sin(2 * np.pi * turns * np.arange(count) / count))
    return sources.oscillator(layer.source, pitch, closed=closed)


def _far(wave: Wave, distance: float, rng: np.random.Generator, *, closed: bool) -> Wave:
    """Air and ground take the treble, and the surroundings answer."""
    hops = -(-len(wave) // HOP)
    dulled = sources.banded(wave, np.zeros(hops), np.full(hops, 16_000.0 * (900.0 / 16_000.0) ** distance), order=1)
    return sources.room(dulled, 0.45 * distance, 1.6, rng, closed=closed)


def _refitted(wave: Wave, count: int) -> Wave:
    """A circle brought to an exact length, by less than one part in a hundred, in pitch: it stays a circle."""
    spectrum = np.fft.rfft(wave, axis=0)
    kept = np.zeros((count // 2 + 1, wave.shape[1]), np.complex128)
    top = min(len(spectrum), len(kept)) - 1
    kept[:top] = spectrum[:top]
    return np.asarray(np.fft.irfft(kept, count, axis=0) * (count / len(wave)))


def _points(points: tuple[Point, ...], factor: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    return [(place, _drawn(value, rng) * factor) for place, value in points]


def _drawn(value: Range, rng: np.random.Generator) -> float:
    if isinstance(value, tuple):
        return float(value[0] + (value[1] - value[0]) * rng.random())
    return float(value)
