"""From notes to sound: every player rendered alone with a soundfont, mixed by role, given one room.

Source of the synthesiser: tinysoundfont 0.3.7 (MIT). It has no reverberation of its own, so the room is a synthetic impulse
response: decaying noise whose treble dies first (after Moorer, About This Reverberation Business, 1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.signal

from domain.progress import Progress
from pipelines.audio.composing import Composition, Player
from pipelines.media import sound
from pipelines.media.sound import Samples

RATE = 44_100
_DRUM_BANK = 128
#: Loudness of each role before the style's own gains, in LUFS: the lead in front, pads behind.
_MIX = {"lead": -21.0, "comp": -24.0, "arpeggio": -25.5, "pad": -27.5, "bass": -23.0, "drums": -23.5}
_FLUSH = 4_410


@dataclass(frozen=True)
class Rendered:
    """samples of shape (samples, 2), exactly score.seconds long, before levelling. layers: of a loop, by intensity; they add up to it."""

    samples: Samples
    layers: tuple[Samples, ...] = ()


def render(composition: Composition, synth: Any, soundfont: int, progress: Progress) -> Rendered:
    """Every player in turn, one room for all. A loop is played over its end, and what rings on is laid over its beginning.

    Raises Cancelled.
    """
    count = round(composition.score.seconds * RATE)
    loops = composition.score.form == "loop"
    total = count + (round((composition.style.room + 2.5) * RATE) if loops else 0)
    kinds = 3 if loops else 1
    dry = np.zeros((kinds, total, 2), np.float32)
    sent = np.zeros((kinds, total, 2), np.float32)
    for index, player in enumerate(composition.players):
        progress.check()
        progress.report(0.1 + 0.7 * index / len(composition.players), f"playing {player.part.name}")
        stem = _stem(player, composition, synth, soundfont, total)
        measured = sound.loudness(stem, RATE)
        if not np.isfinite(measured):
            continue
        gain = 10 ** ((_MIX[player.part.role] + player.part.gain - measured) / 20)
        layer = min(2, max(0, player.part.energy - 1)) if loops else 0
        dry[layer] += stem * (gain * (1 - 0.4 * player.part.reverb))
        sent[layer] += stem * (gain * player.part.reverb)
    progress.check()
    progress.report(0.85, "adding the room")
    layers = [_toned(d + _reverberated(s, composition.style.room), composition) for d, s in zip(dry, sent, strict=True) if d.any()]
    if not loops:
        return Rendered(_ended(np.asarray(sum(layers), dtype=np.float32), composition))
    folded = tuple(_folded(layer, count) for layer in layers)
    return Rendered(np.asarray(sum(folded), dtype=np.float32), folded)


def _folded(samples: Samples, count: int) -> Samples:
    """What lies beyond `count` laid over the beginning: a circle, so that the seam is like any other place."""
    loop = samples[:count].copy()
    for start in range(count, len(samples), count):
        piece = samples[start : start + count]
        loop[: len(piece)] += piece
    return loop


def _stem(player: Player, composition: Composition, synth: Any, soundfont: int, count: int) -> Samples:
    """One player alone on channel 0, sample-accurate."""
    drums = player.part.role == "drums"
    _silence(synth)
    synth.program_select(0, soundfont, _DRUM_BANK if drums else 0, 0 if drums else player.part.program, drums)
    synth.control_change(0, 10, round(64 + 63 * player.part.pan))
    rate = RATE * 60.0 / composition.form.tempo
    events: list[tuple[int, int, int, int]] = []
    for note in player.notes:
        start = round(note.start * rate)
        end = max(start + 64, round((note.start + note.length) * rate))
        events += [(start, 1, note.pitch, note.velocity), (end, 0, note.pitch, 0)]
    stem = np.zeros((count, 2), np.float32)
    now = 0
    for at, attack, pitch, velocity in sorted(events):
        if at >= count:
            break
        if at > now:
            stem[now:at] = _generated(synth, at - now)
            now = at
        if attack:
            synth.noteon(0, pitch, velocity)
        else:
            synth.noteoff(0, pitch)
    if now < count:
        stem[now:] = _generated(synth, count - now)
    return stem


def _silence(synth: Any) -> None:
    """Bring the synthesiser to a known state: nothing sounds, no controller is moved, so equal notes give equal bytes."""
    synth.sounds_off(0)
    synth.control_change(0, 121, 0)
    synth.generate_simple(_FLUSH)


def _generated(synth: Any, samples: int) -> Samples:
    return np.frombuffer(synth.generate_simple(samples), np.float32).reshape(-1, 2)


def _reverberated(sent: Samples, seconds: float) -> Samples:
    """Convolution with a room that falls by 60 dB in `seconds`."""
    room = _room(seconds)
    wet = [scipy.signal.oaconvolve(sent[:, side], room[:, side])[: len(sent)] for side in (0, 1)]
    return np.stack(wet, axis=1).astype(np.float32)


def _room(seconds: float) -> Samples:
    """Impulse response, shape (samples, 2), unit energy a side. The same for every seed: a room, not part of the tune."""
    length = int(seconds * RATE)
    noise = np.random.default_rng(1979).standard_normal((length, 2))
    time = np.arange(length)[:, None] / RATE
    dull = scipy.signal.lfilter([0.12], [1, -0.88], noise, axis=0)
    body = 10 ** (-3 * time / seconds) * dull * 3.0 + 10 ** (-6 * time / seconds) * noise * 0.5
    high_pass = scipy.signal.butter(2, 180, "highpass", fs=RATE, output="sos")
    body = scipy.signal.sosfilt(high_pass, body, axis=0)
    before = int(0.018 * RATE)
    body = np.concatenate((np.zeros((before, 2)), body))
    return np.asarray(body / np.sqrt((body**2).sum(axis=0)), dtype=np.float32)


def _toned(mixed: Samples, composition: Composition) -> Samples:
    """Rumble out, and the style's tone."""
    filters = [scipy.signal.butter(2, 32, "highpass", fs=RATE, output="sos")]
    if composition.style.tone:
        filters.append(scipy.signal.butter(1, composition.style.tone, "lowpass", fs=RATE, output="sos"))
    for sections in filters:
        mixed = scipy.signal.sosfilt(sections, mixed, axis=0).astype(np.float32)
    return mixed


def _ended(mixed: Samples, composition: Composition) -> Samples:
    """The last chord faded to true silence at the last sample; what leads on is only kept from clicking."""
    tail = 0.008 if composition.form.open else min(composition.form.ring * 0.75, 3.0)
    return sound.fade(mixed, RATE, into=0.004, out=tail)
