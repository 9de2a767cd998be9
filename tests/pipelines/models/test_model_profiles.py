"""One model per task, by hardware and by what is installed, with the reason in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import InputError
from domain.model import Task
from domain.settings import Settings
from pipelines.models.catalogue import Catalogue
from pipelines.models.profiles import GB, Hardware, choose, gpus_in, profile_for, visible_gpus
from pipelines.text.chats import Remote, accelerated
from pipelines.worker import build, users

LAPTOP = Hardware(ram=16 * GB, cores=4)
SMALL_GPU = Hardware(ram=32 * GB, gpu="RTX 4070", gpu_memory=12 * GB, cores=8)
LARGE_GPU = Hardware(ram=256 * GB, gpu="H100", gpu_memory=80 * GB, cores=32)


@pytest.fixture
def shipped(assets: Path) -> Catalogue:
    return Catalogue.read(assets / "models.toml")


def everything(_: str) -> bool:
    return True


def nothing(_: str) -> bool:
    return False


def only(*ids: str) -> Callable[[str], bool]:
    return lambda model_id: model_id in ids


def test_a_laptop_gets_the_embedded_models(shipped: Catalogue) -> None:
    chosen = choose(shipped, "auto", LAPTOP, everything, {})
    assert chosen[Task.CHAT].model.id == "qwen2.5-coder-1.5b-instruct-q4"
    assert chosen[Task.SPEECH].model.id == "kokoro-82m-int8"
    assert "without a GPU" in chosen[Task.CHAT].reason
    assert Task.PICTURE not in chosen, "no embedded model paints; the illustrator needs none"


def test_every_default_of_the_embedded_profile_is_fetched_by_default_or_optional(shipped: Catalogue) -> None:
    for task in (Task.CHAT, Task.EMBEDDING, Task.SPEECH, Task.RECOGNITION, Task.SOUNDFONT, Task.FONT, Task.ART):
        assert choose(shipped, "embedded", LAPTOP, nothing, {})[task].model.default, task


def test_a_gpu_gets_the_largest_that_fits(shipped: Catalogue) -> None:
    small = choose(shipped, "auto", SMALL_GPU, everything, {})
    large = choose(shipped, "auto", LARGE_GPU, everything, {})
    assert (small[Task.CHAT].model.id, small[Task.PICTURE].model.id) == ("qwen3-4b-instruct-2507", "sdxl")
    assert (large[Task.CHAT].model.id, large[Task.PICTURE].model.id) == ("qwen3-8b", "flux-1-schnell")
    assert "H100" in large[Task.PICTURE].reason


def test_what_is_installed_goes_before_what_is_not_and_the_better_one_is_named(shipped: Catalogue) -> None:
    choice = choose(shipped, "auto", LARGE_GPU, only("qwen2.5-coder-1.5b-instruct-q4"), {})[Task.CHAT]
    assert choice.model.id == "qwen2.5-coder-1.5b-instruct-q4"
    assert "models pull qwen3-8b" in choice.reason


def test_with_nothing_installed_the_best_is_named_with_its_command(shipped: Catalogue) -> None:
    choice = choose(shipped, "auto", LAPTOP, nothing, {})[Task.CHAT]
    assert choice.model.id == "qwen2.5-coder-1.5b-instruct-q4"
    assert "not installed yet: `python app.py models pull qwen2.5-coder-1.5b-instruct-q4`" in choice.reason


def test_a_small_machine_gets_the_smaller_llm_and_is_told_why(shipped: Catalogue) -> None:
    choice = choose(shipped, "auto", Hardware(ram=2 * GB, cores=2), everything, {})[Task.CHAT]
    assert choice.model.id == "qwen2.5-coder-0.5b-instruct-q4"
    assert "needs 1.9 GB of memory, this machine has 2.0" in choice.reason


def test_a_gpu_profile_asked_for_without_a_gpu_falls_back_and_says_so(shipped: Catalogue) -> None:
    choice = choose(shipped, "gpu-24gb", LAPTOP, everything, {})[Task.CHAT]
    assert choice.model.id == "qwen2.5-coder-1.5b-instruct-q4"
    assert "needs a GPU" in choice.reason


def test_a_persons_choice_wins(shipped: Catalogue) -> None:
    chosen = choose(shipped, "auto", LARGE_GPU, everything, {"speech": "hibari"})
    assert chosen[Task.SPEECH].model.id == "hibari"
    assert chosen[Task.SPEECH].reason.startswith("You chose it.")


@pytest.mark.parametrize(
    ("choices", "field"),
    [({"speech": "sdxl"}, "choices.speech"), ({"speech": "nobody"}, "choices.speech"), ({"juggling": "sdxl"}, "choices")],
)
def test_a_choice_that_cannot_be_is_refused(shipped: Catalogue, choices: dict[str, str], field: str) -> None:
    with pytest.raises(InputError) as caught:
        choose(shipped, "auto", LAPTOP, everything, choices)
    assert caught.value.field == field


def test_an_unknown_profile_is_refused(shipped: Catalogue) -> None:
    with pytest.raises(InputError, match="gpu-12gb"):
        choose(shipped, "cluster", LAPTOP, everything, {})


def test_the_test_llm_and_non_commercial_weights_are_never_picked(shipped: Catalogue) -> None:
    for hardware in (LAPTOP, SMALL_GPU, LARGE_GPU):
        for choice in choose(shipped, "auto", hardware, everything, {}).values():
            assert choice.model.id != "smollm2-135m-instruct-q4"
            assert choice.model.commercial != "no"


@pytest.mark.parametrize(
    ("memory", "profile"), [(0, "embedded"), (8 * GB, "embedded"), (12 * GB, "gpu-12gb"), (24 * GB, "gpu-24gb"), (80 * GB, "gpu-80gb")]
)
def test_the_profile_follows_the_gpu_memory(memory: int, profile: str) -> None:
    assert profile_for(Hardware(gpu="G" if memory else "", gpu_memory=memory)) == profile


def test_the_gpu_with_most_memory_is_read_from_nvidia_smi() -> None:
    mebi = 1024 * 1024
    assert gpus_in("NVIDIA T4, 15360\nNVIDIA H100 80GB HBM3, 81559\n") == (
        ("NVIDIA T4", 15360 * mebi),
        ("NVIDIA H100 80GB HBM3", 81559 * mebi),
    )
    assert gpus_in("No devices were found") == ()


def test_hardware_is_detected_on_this_machine() -> None:
    found = Hardware.detect()
    assert found.cores >= 1
    assert found.ram > 100_000_000


def test_models_that_nothing_here_runs_are_not_picked(shipped: Catalogue) -> None:
    chosen = choose(shipped, "auto", LARGE_GPU, everything, {}, users(frozenset({"art-fluent-emoji-flat"})))
    assert chosen[Task.CHAT].model.id == "qwen3-8b", "transformers runs what is a folder of safetensors"
    assert chosen[Task.RECOGNITION].model.id == "whisper-base"
    assert chosen[Task.PICTURE].model.id == "flux-1-schnell"
    assert {Task.EMBEDDING, Task.SPEECH, Task.SOUNDFONT, Task.FONT, Task.ART, Task.UPSCALE, Task.CUTOUT, Task.SAFETY} <= set(chosen)
    assert not {Task.OCR, Task.VIDEO, Task.MUSIC} & set(chosen)


def test_a_choice_that_nothing_here_runs_gives_way_and_says_so(shipped: Catalogue) -> None:
    wish = {"embedding": "multilingual-e5-small-q4"}
    choice = choose(shipped, "auto", LARGE_GPU, everything, wish, users(frozenset()))[Task.EMBEDDING]
    assert choice.model.id == "all-minilm-l6-v2"
    assert choice.reason.startswith(f"You chose {shipped.get(wish['embedding']).name}, but nothing here uses it yet.")


def test_the_engine_of_a_gpu_machine_picks_only_what_it_runs(
    assets: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hardware, "detect", staticmethod(lambda: LARGE_GPU))
    engine = build(Settings(home=home, cache=tmp_path / "cache"), assets, dict, Remote)
    chosen = engine.choose({})
    assert all(engine.runs(choice.model) for choice in chosen.values())
    assert {p.models({})[0].id for p in engine.speech} == {m.id for m in engine.store.catalogue.of(Task.SPEECH) if engine.runs(m)}
    chat = engine.chosen(Task.CHAT)
    assert chat is not None and accelerated(chat.model)


def test_gpus_that_are_hidden_from_cuda_are_not_counted() -> None:
    cards = (("T4", 16), ("H100", 80))
    assert visible_gpus(cards, None) == cards
    assert visible_gpus(cards, "1") == (("H100", 80),)
    assert visible_gpus(cards, "1,0") == (("H100", 80), ("T4", 16))
    assert visible_gpus(cards, "") == ()
    assert visible_gpus(cards, "GPU-5f1a") == (("T4", 16),)
