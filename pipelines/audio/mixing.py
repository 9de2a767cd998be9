"""Lays takes out on the tracks of a mix: levels, ducking, fades, repeats of a short bed. Knows samples and a Timeline, no files.

All arrays are float32 of shape (samples, 2) at RATE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.ndimage

from domain.mix import Mix
from pipelines.audio.timeline import Placed, Timeline
from pipelines.media import sound
from pipelines.media.filters import stretched
from pipelines.media.sound import Samples

RATE = 48_000
#: Loudness the voices are brought to before the master, in LUFS; bed and effects lie under it.
_VOICE = -20.0
#: The bed goes down this long before a word and comes back this long after one, in seconds.
_DUCK_BEFORE, _DUCK_HOLD, _DUCK_AFTER = 0.25, 0.35, 0.7
#: Pauses shorter than this are still speech for the ducking, in seconds.
_BREATH = 0.5
_FADE_IN, _FADE_OUT, _BED_OUT = 0.01, 0.03, 1.5
_CROSSING = 1.0


@dataclass(frozen=True)
class Tracks:
    """Each track of the whole length; silent ones are left out. speaking: share of the ducking per sample, 0 none .. 1 full."""

    voice: Samples | None
    bed: Samples | None
    effects: Samples | None

    @property
    def named(self) -> dict[str, Samples]:
        pairs = {"voice": self.voice, "bed": self.bed, "effects": self.effects}
        return {name: track for name, track in pairs.items() if track is not None}

    def summed(self) -> Samples:
        found = list(self.named.values())
        return np.asarray(np.sum(found, axis=0), dtype=np.float32)


def lay(mix: Mix, timeline: Timeline, voices: Sequence[Samples], bed: Samples | None, effects: Sequence[Samples]) -> Tracks:
    """The tracks before the master. voices and effects: in the order of their inputs, as the timeline numbers them."""
    count = round(timeline.seconds * RATE)
    spoken = None
    if voices:
        even = [_at_loudness(take, _VOICE) for take in voices]
        takes = [sound.fade(stretched(take, RATE, timeline.tempo), RATE, into=_FADE_IN, out=_FADE_OUT) for take in even]
        spoken = _track(takes, timeline.voices, count)
    sounding = None
    if effects:
        sounding = _track([_effect(take, mix) for take in effects], timeline.effects, count)
    under = None
    if bed is not None:
        level = _VOICE - (mix.bed if voices else 0.0)
        under = sound.fade(_filled(_at_loudness(bed, level), count), RATE, into=_FADE_IN, out=min(_BED_OUT, timeline.seconds / 4))
        if spoken is not None and mix.duck:
            under = under * (10 ** (-mix.duck * speaking(spoken) / 20))[:, None].astype(np.float32)
    return Tracks(spoken, under, sounding)


def speaking(voice: Samples) -> sound.Samples:
    """How much the bed is to go down, 0..1 a sample: down before the first word, up after the last, steady through short pauses."""
    block = RATE // 100
    power = np.abs(voice).max(axis=1)
    whole = -(-len(power) // block)
    loud = np.pad(power, (0, whole * block - len(power))).reshape(whole, block).max(axis=1)
    active = loud > loud.max(initial=0.0) * 10 ** (-36 / 20)
    breath = int(_BREATH * 100)
    active = scipy.ndimage.binary_closing(np.pad(active, breath), np.ones(breath, bool))[breath:-breath] | active
    before, after = int(_DUCK_BEFORE * 100), int(_DUCK_AFTER * 100)
    held = np.zeros(whole)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], active.astype(int), [0]))))
    fall = 0.5 - 0.5 * np.cos(np.pi * (np.arange(before) + 1) / before)
    rise = 0.5 + 0.5 * np.cos(np.pi * (np.arange(after) + 1) / after)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        shape = np.concatenate((fall, np.ones(last - first + int(_DUCK_HOLD * 100)), rise))
        start = first - before
        low, high = max(0, start), min(whole, start + len(shape))
        held[low:high] = np.maximum(held[low:high], shape[low - start : high - start])
    smooth = np.interp(np.arange(len(power)) / block, np.arange(whole) + 0.5, held)
    return np.asarray(smooth, dtype=np.float32)


def _track(takes: Sequence[Samples], placed: Sequence[Placed], count: int) -> Samples:
    track = np.zeros((count, 2), np.float32)
    for one in placed:
        take = takes[one.take] * np.float32(10 ** (one.gain / 20))
        start = round(one.start * RATE)
        if start >= count:
            continue
        piece = take[: count - start]
        if len(piece) < len(take):
            piece = sound.fade(piece, RATE, out=min(0.25, len(piece) / RATE / 2))
        track[start : start + len(piece)] += piece
    return track


def _effect(take: Samples, mix: Mix) -> Samples:
    """By its loudest moment rather than its whole: a click has no loudness to speak of, and rain has no peak."""
    window = max(1, min(len(take), RATE * 2 // 5))
    power = scipy.ndimage.uniform_filter1d((take.astype(np.float64) ** 2).mean(axis=1), window, mode="constant")
    loudest = 10 * np.log10(max(1e-12, float(power.max())))
    return np.asarray(take * 10 ** ((_VOICE - mix.effects - loudest) / 20), dtype=np.float32)


def _at_loudness(take: Samples, lufs: float) -> Samples:
    return np.asarray(take * 10 ** ((lufs - sound.loudness(take, RATE)) / 20), dtype=np.float32)


def _filled(bed: Samples, count: int) -> Samples:
    """A bed of exactly `count` samples: cut, or repeated with crossings of a second."""
    cross = min(int(_CROSSING * RATE), len(bed) // 4)
    whole = bed
    while len(whole) < count:
        ramp = np.linspace(0, np.pi / 2, cross, dtype=np.float32)[:, None]
        joined = whole[len(whole) - cross :] * np.cos(ramp) + bed[:cross] * np.sin(ramp)
        whole = np.concatenate((whole[: len(whole) - cross], joined, bed[cross:]))
    return whole[:count]
