"""From notes to sound: every player rendered alone with a soundfont, mixed by role, given one room.

Source of the synthesiser: tinysoundfont 0.3.7 (MIT). It has no reverberation of its own, so the room is a synthetic impulse
response: decaying noise whose treble dies first (after Moorer, About This Reverberation Business, 1979).
"""

from __future__ import annotations

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


def render(composition: Composition, synth: Any, soundfont: int, progress: Progress) -> Samples:
    """Stereo float32 of shape (samples, 2), exactly score.seconds long, before levelling. Raises Cancelled."""
    count = round(composition.score.seconds * RATE)
    dry = np.zeros((count, 2), np.float32)
    sent = np.zeros((count, 2), np.float32)
    for index, player in enumerate(composition.players):
        progress.check()
        progress.report(0.1 + 0.7 * index / len(composition.players), f"playing {player.part.name}")
        stem = _stem(player, composition, synth, soundfont, count)
        measured = sound.loudness(stem, RATE)
        if not np.isfinite(measured):
            continue
        gain = 10 ** ((_MIX[player.part.role] + player.part.gain - measured) / 20)
        dry += stem * (gain * (1 - 0.4 * player.part.reverb))
        sent += stem * (gain * player.part.reverb)
    progress.check()
    progress.report(0.85, "adding the room")
    mixed = dry + _reverberated(sent, composition.style.room)
    return _finished(mixed, composition)


def _stem(player: Player, composition: Composition, synth: Any, soundfont: int, count: int) -> Samples:
    """One player alone on channel 0, sample-accurate."""
    drums = player.part.role == "drums"
    _silence(synth)
    synth.program_select(0, soundfont, _DRUM_BANK if drums else 0, 0 if drums else player.part.program, drums)
    synth.control_change(0, 10, round(64 + 63 * player.part.pan))
    rate = RATE * 60.0 / composition.score.tempo
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


def _finished(mixed: Samples, composition: Composition) -> Samples:
    """Rumble out, the style's tone, and the last chord faded to true silence at the last sample."""
    filters = [scipy.signal.butter(2, 32, "highpass", fs=RATE, output="sos")]
    if composition.style.tone:
        filters.append(scipy.signal.butter(1, composition.style.tone, "lowpass", fs=RATE, output="sos"))
    for sections in filters:
        mixed = scipy.signal.sosfilt(sections, mixed, axis=0).astype(np.float32)
    tail = min(composition.form.ring * 0.75, 3.0)
    return sound.fade(mixed, RATE, into=0.004, out=tail)
