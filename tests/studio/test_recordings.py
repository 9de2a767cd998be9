"""What a person may hand in as a recording, what is refused, and why. Nothing is transcribed but by the reader that is given."""

from __future__ import annotations

import io
import wave

import av
import numpy as np
import pytest

from domain.errors import AttachmentError, LimitError
from pipelines.audio.recognition import SpokenWord, Transcript
from pipelines.media import sound
from studio.recordings import TRIMMED_RATE, Recordings


def tone(seconds: float, rate: int, gain: float = 0.3) -> np.ndarray:
    return (gain * np.sin(2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def reader(data: bytes) -> Transcript:
    """Reads as the recogniser does, and hears one word."""
    samples = sound.decode(data, 16_000)
    word = SpokenWord(text="Hello.", start=0.2, end=0.6, probability=0.9)
    return Transcript(text="Hello.", language="en", seconds=len(samples) / 16_000, words=(word,))


@pytest.fixture
def recordings() -> Recordings:
    return Recordings(reader)


def film() -> bytes:
    """A real Matroska file with a picture and a tone."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000)
        frame = av.AudioFrame.from_ndarray((tone(0.5, 16_000) * 32767).astype("<i2")[None], format="s16", layout="mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000, 192_000])
def test_sample_rates_from_8_to_192_khz_are_read(recordings: Recordings, rate: int) -> None:
    heard = recordings.hear("a.wav", sound.wav_bytes(tone(1.0, rate), rate))
    assert heard.transcript.seconds == pytest.approx(1.0, abs=0.02)
    assert heard.srt == "1\n00:00:00,200 --> 00:00:01,000\nHello.\n\n"
    assert heard.vtt.startswith("WEBVTT\n\n00:00:00.200 --> ")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(64), "film"),
        (b"\x00\x00\x00\x18ftypM4A " + bytes(64), "M4A"),
        (b"RIFF\x00\x00\x00\x00AVI " + bytes(64), "film"),
        (b"%PDF-1.7 and so on", "not a sound file"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt broken", "damaged|empty|no sound"),
        (b"#EXTM3U\nhttp://example.com/a.mp3\n", "not a sound file"),
    ],
)
def test_what_is_no_recording_is_refused_by_name(recordings: Recordings, data: bytes, why: str) -> None:
    for read in (recordings.hear, recordings.trimmed):
        with pytest.raises(AttachmentError, match=why) as caught:
            read("../folder/take.wav", data)
        assert caught.value.field == "take.wav"
        assert "take.wav" in caught.value.message


def test_a_film_is_told_from_a_recording(recordings: Recordings) -> None:
    with pytest.raises(AttachmentError, match="film"):
        recordings.hear("clip.wav", film())


def test_silence_is_said_to_be_silence() -> None:
    silent = Recordings(lambda data: Transcript(text="", language="und", seconds=1.0))
    with pytest.raises(AttachmentError, match="nobody is heard"):
        silent.hear("quiet.wav", b"RIFF")
    with pytest.raises(AttachmentError, match="silent"):
        silent.trimmed("quiet.wav", sound.wav_bytes(np.zeros(16_000, np.float32), 16_000))


def test_more_than_25_mb_is_refused_before_it_is_read(recordings: Recordings) -> None:
    with pytest.raises(LimitError, match="26 MB"):
        recordings.hear("long.wav", bytes(26_300_000))


def test_silence_at_the_ends_is_cut_and_nothing_else(recordings: Recordings) -> None:
    rate = 16_000
    middle = np.concatenate([tone(0.5, rate), np.zeros(rate // 2, np.float32), tone(0.5, rate)])
    padded = np.concatenate([np.zeros(2 * rate, np.float32), middle, np.zeros(3 * rate, np.float32)])
    made = recordings.trimmed("a.wav", sound.wav_bytes(padded, rate))
    with wave.open(io.BytesIO(made)) as opened:
        assert opened.getframerate() == TRIMMED_RATE
        assert opened.getnframes() / TRIMMED_RATE == pytest.approx(1.5 + 0.3, abs=0.05)


def test_a_clipped_recording_is_told_from_a_loud_one() -> None:
    loud = tone(1.0, 16_000, gain=0.99)
    assert sound.clipped_share(loud) == 0.0
    assert sound.clipped_share(np.clip(loud * 3, -1, 1)) > 0.5
