from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from domain.errors import AttachmentError, Cancelled, InputError, ModelMissing
from domain.progress import CancelToken, Silent
from pipelines.audio.recognition import Recogniser, SpokenWord, spoken_count
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.models.store import ModelStore


@pytest.fixture
def recogniser(store: ModelStore, devices: Devices) -> Recogniser:
    return Recogniser(store, devices)


def test_a_recording_in_which_nobody_speaks_has_no_text(recogniser: Recogniser) -> None:
    transcript = recogniser.transcribe(sound.wav_bytes(np.zeros(16_000, np.float32), 16_000))
    assert (transcript.text, transcript.words, transcript.seconds) == ("", (), 1.0)


def test_a_file_that_is_no_recording_is_refused_before_a_model_is_loaded(recogniser: Recogniser, devices: Devices) -> None:
    before = devices.loaded()
    with pytest.raises(AttachmentError):
        recogniser.transcribe(b"%PDF-1.7 not a sound")
    assert devices.loaded() == before


def test_a_stopped_transcription_stops(recogniser: Recogniser) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        recogniser.transcribe(sound.wav_bytes(np.ones(8_000, np.float32), 16_000), progress=Silent(token))


@pytest.mark.models
def test_a_language_whisper_does_not_know_is_refused(recogniser: Recogniser) -> None:
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1
    with pytest.raises(InputError, match="tlh"):
        recogniser.transcribe(sound.wav_bytes(noise, 16_000), language="tlh")


def test_without_the_model_it_says_how_to_get_it(store: ModelStore, devices: Devices, tmp_path: Path) -> None:
    recogniser = Recogniser(ModelStore(store.catalogue, tmp_path, offline=True), Devices(4 << 30))
    assert not recogniser.ready()
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1
    with pytest.raises(ModelMissing, match="pull"):
        recogniser.transcribe(sound.wav_bytes(noise, 16_000))


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        ((), 2),
        (((2.76, 2.86, 0.014), (2.86, 2.86, 0.061), (2.86, 2.86, 0.242)), 2),  # written on when the sound had ended
        (((2.62, 2.62, 0.98),) * 40, 2),
        (((2.70, 2.78, 0.02), (2.78, 2.80, 0.051)), 2),
        (((2.70, 2.78, 0.02),), 3),  # mumbled, and still a word
        (((2.70, 2.95, 0.9),), 3),
    ],
)
def test_words_after_the_end_of_the_sound_were_not_spoken(tail: tuple[tuple[float, float, float], ...], kept: int) -> None:
    times = ((2.02, 2.40, 0.93), (2.40, 2.70, 0.98), *tail)
    assert spoken_count([SpokenWord(text="货", start=start, end=end, probability=chance) for start, end, chance in times]) == kept
