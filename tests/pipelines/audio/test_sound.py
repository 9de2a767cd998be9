from __future__ import annotations

import numpy as np
import pytest

from domain.errors import AttachmentError, InvalidOutput, LimitError
from pipelines.media import sound

RATE = 24_000


def speechlike(seconds: float, seed: int = 0) -> sound.Samples:
    """Noise in bursts, with a few high peaks."""
    draw = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    samples = 0.05 * draw.standard_normal(len(time)) * (0.3 + np.abs(np.sin(7 * time)))
    samples[:: RATE // 3] = 0.8
    return samples.astype(np.float32)


@pytest.mark.parametrize("wanted", [-23.0, -16.0, -12.0])
def test_a_sound_is_brought_to_its_loudness_without_peaks_above_the_ceiling(wanted: float) -> None:
    levelled = sound.level(speechlike(5), RATE, wanted, -1.0)
    assert levelled.lufs == pytest.approx(wanted, abs=0.5)
    assert sound.loudness(levelled.samples, RATE) == pytest.approx(levelled.lufs, abs=0.01)
    assert sound.true_peak(levelled.samples) <= -1.0


def test_a_tone_between_the_samples_is_seen_by_the_true_peak() -> None:
    # A quarter of the rate, 45 degrees off: every sample lies at 0.707 of the real peak.
    samples = np.sin(np.pi / 2 * np.arange(4_000) + np.pi / 4).astype(np.float32)
    assert float(np.abs(samples).max()) < 0.72
    assert sound.true_peak(samples) == pytest.approx(0.0, abs=0.3)


def test_a_clip_shorter_than_a_loudness_block_has_a_loudness() -> None:
    assert np.isfinite(sound.loudness(speechlike(0.1), RATE))


def test_silence_cannot_be_levelled() -> None:
    with pytest.raises(InvalidOutput):
        sound.level(np.zeros(RATE, np.float32), RATE, -16.0)


@pytest.mark.parametrize("samples", [np.zeros(0), np.full(100, np.nan), np.full(100, 0.5), np.array([0.1, np.inf])])
def test_what_is_no_sound_is_refused(samples: np.ndarray) -> None:
    with pytest.raises(InvalidOutput):
        sound.require_sound(samples.astype(np.float32), "a test")


def test_silence_at_both_ends_is_cut_to_the_margins() -> None:
    quiet = np.zeros(RATE, np.float32)
    trimmed = sound.trim_silence(np.concatenate((quiet, speechlike(1), quiet)), RATE, before=0.05, after=0.1)
    assert len(trimmed) / RATE == pytest.approx(1.15, abs=0.01)


def test_a_wav_file_gives_back_what_was_put_in() -> None:
    samples = speechlike(1)
    assert np.abs(sound.decode(sound.wav_bytes(samples, RATE), RATE) - samples).max() < 1e-4


def test_stereo_at_another_rate_becomes_mono_at_the_rate_asked_for() -> None:
    stereo = np.stack((speechlike(1), speechlike(1)), axis=1)
    assert len(sound.decode(sound.wav_bytes(stereo, RATE), 16_000)) == pytest.approx(16_000, abs=64)


@pytest.mark.parametrize("data", [b"", b"GIF89a nothing to hear", b"RIFF\x00\x00", b"ID3" + b"\x00" * 400])
def test_a_damaged_or_foreign_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(AttachmentError):
        sound.decode(data)


def test_a_playlist_dressed_as_a_recording_opens_nothing() -> None:
    with pytest.raises(AttachmentError):
        sound.decode(b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n")


def test_a_recording_over_the_limit_is_refused() -> None:
    with pytest.raises(LimitError):
        sound.decode(sound.wav_bytes(speechlike(3), RATE), longest=2.0)


def test_fades_begin_and_end_at_nothing() -> None:
    faded = sound.fade(np.ones((RATE, 2), np.float32), RATE, into=0.1, out=0.2)
    assert faded[0].max() == 0.0
    assert faded[-1].max() < 1e-6
    assert faded[RATE // 2].min() == 1.0
