"""Bark with the real classes at a tiny random configuration, pulled by the real store from a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import Cancelled, InputError, OutOfMemory
from domain.progress import Silent
from pipelines.audio.bark import BarkPipeline
from pipelines.devices import Devices
from pipelines.memory import Arbiter
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import Recorder, heard, speech_work
from tests.pipelines.audio.tiny_bark import save_tiny_bark


@pytest.fixture(scope="module")
def shelf(store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    own = tmp_path_factory.mktemp("folder")
    save_tiny_bark(own / "bark-small")
    made = ModelStore(store.catalogue, tmp_path_factory.mktemp("cache"), models_folder=own, offline=True)
    made.pull("bark-small", Silent())
    return made


@pytest.fixture(scope="module")
def bark(shelf: ModelStore, assets: Path) -> BarkPipeline:
    return BarkPipeline(shelf, Devices(4 << 30), assets)


def test_bark_speaks_from_a_folder_of_safetensors(bark: BarkPipeline) -> None:
    [output] = bark.generate([speech_work("Hello world. Good evening!", speed=1.5)], Silent())
    samples, rate = heard(output)
    assert rate == 24_000
    assert len(samples) > 2_000
    assert output.facts["voice"] == "unprompted"
    assert bark.voices() == ()
    assert "pace" in output.trace.notes[0]
    assert output.trace.memory_mode == "full"


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


class Full:
    """An owner of memory that has none left on the GPU, and writes down what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        self.asked.append((key.rpartition("/")[2], device))
        if device != "cpu":
            raise OutOfMemory(f"{key} does not fit.")

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        self.asked.append((key, "loaded"))

    def using(self, key: str, users: int) -> None:
        self.asked.append((key, "used"))

    def gone(self, key: str) -> None:
        self.asked.append((key.rpartition("/")[2], "gone"))


def test_a_small_gpu_is_offered_bark_stage_by_stage(shelf: ModelStore, assets: Path) -> None:
    memory = Full()
    with pytest.raises(OutOfMemory):
        BarkPipeline(shelf, Devices(memory), assets, device="cuda:0").generate([speech_work("Hello world")], Silent())
    offloaded = "model_offload"
    assert memory.asked == [("full", "cuda:0"), (offloaded, "cpu"), (offloaded, "cuda:0"), (offloaded, "gone")]


@pytest.mark.gpu
@pytest.mark.parametrize(("share", "mode"), [(2.0, "full"), (0.5, "model_offload")])
def test_bark_speaks_on_cuda_in_each_mode(shelf: ModelStore, assets: Path, share: float, mode: str) -> None:
    size = sum(file.stat().st_size for file in shelf.folder("bark-small").glob("*.safetensors"))
    arbiter = Arbiter({"cpu": 8 << 30, "cuda:0": int(size * share)})
    devices: Devices = Devices(arbiter.holder("gpu", lambda key: devices.evict(key)))
    [output] = BarkPipeline(shelf, devices, assets, device="cuda:0").generate([speech_work("Hello world")], Silent())
    assert output.trace.memory_mode == mode
    assert len(heard(output)[0]) > 2_000
    devices.release_idle()
    assert arbiter.residents() == ()
