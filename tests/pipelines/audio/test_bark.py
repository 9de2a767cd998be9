"""Bark with the real classes at a tiny random configuration, pulled by the real store from a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import Cancelled, InputError
from domain.progress import Silent
from pipelines.audio.bark import BarkPipeline
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import Recorder, heard, speech_work
from tests.pipelines.audio.tiny_bark import save_tiny_bark


@pytest.fixture(scope="module")
def bark(store: ModelStore, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> BarkPipeline:
    own = tmp_path_factory.mktemp("folder")
    save_tiny_bark(own / "bark-small")
    shelf = ModelStore(store.catalogue, tmp_path_factory.mktemp("cache"), models_folder=own, offline=True)
    shelf.pull("bark-small", Silent())
    return BarkPipeline(shelf, Devices(4 << 30), assets)


def test_bark_speaks_from_a_folder_of_safetensors(bark: BarkPipeline) -> None:
    [output] = bark.generate([speech_work("Hello world. Good evening!", speed=1.5)], Silent())
    samples, rate = heard(output)
    assert rate == 24_000
    assert len(samples) > 2_000
    assert output.facts["voice"] == "unprompted"
    assert bark.voices() == ()
    assert "pace" in output.trace.notes[0]


def test_the_seed_decides_what_bark_says_and_torch_is_left_as_it_was(bark: BarkPipeline) -> None:
    import torch

    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first, again, other = (bark.generate([speech_work("Hello world", seed=seed)], Silent())[0] for seed in (1, 1, 2))
    assert first.main.data == again.main.data
    assert first.main.data != other.main.data
    assert torch.equal(torch.rand(1), expected)


def test_bark_is_cancelled_inside_an_utterance(bark: BarkPipeline) -> None:
    class Impatient(Recorder):
        """Asks to stop on the tenth look, which is between two tokens of the first utterance."""

        looks = 0

        def check(self) -> None:
            self.looks += 1
            if self.looks > 10:
                raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        bark.generate([speech_work("Hello world")], Impatient())


def test_a_speaker_prompt_the_folder_lacks_is_refused(bark: BarkPipeline) -> None:
    with pytest.raises(InputError, match="holds none"):
        bark.generate([speech_work("Hello", voice="v2/en_speaker_6")], Silent())


def test_speaker_prompts_of_the_folder_are_used(tmp_path: Path, store: ModelStore, assets: Path) -> None:
    folder = save_tiny_bark(tmp_path / "bark-small", presets=("v2/en_speaker_6",))

    class Shelf(ModelStore):
        """A store whose folder was put there by a person, speaker prompts and all."""

        def folder(self, model_id: str) -> Path:
            return folder

    bark = BarkPipeline(Shelf(store.catalogue, tmp_path), Devices(4 << 30), assets)
    assert [voice.name for voice in bark.voices()] == ["v2/en_speaker_6"]
    [output] = bark.generate([speech_work("Hello world")], Silent())
    assert output.facts["voice"] == "v2/en_speaker_6"
