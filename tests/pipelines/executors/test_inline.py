from __future__ import annotations

from pathlib import Path

import pytest

from domain.capability import StepKind
from domain.errors import EngineFailed, ModelMissing, NotFound
from domain.progress import Silent
from domain.recipe import Recipe, Work
from domain.settings import Settings
from pipelines.executors.inline import InlineExecutor
from pipelines.memory import Arbiter
from pipelines.text.chats import Remote
from pipelines.worker import Engine, build


@pytest.fixture
def engine(home: Path, assets: Path) -> Engine:
    return build(Settings(home=home, cache=home / "empty"), assets, dict, Remote)


def test_makers_work_in_this_process(engine: Engine) -> None:
    parameters = {"headline": "Slow coffee", "width": 300, "height": 250}
    layout = Work(Recipe(kind=StepKind.LAYOUT, maker="banner", maker_version=1, parameters=dict(parameters)))
    [made] = InlineExecutor(engine).generate("banner", [layout], Silent())
    assert made.main.data.startswith(b"\x89PNG")


def test_every_maker_has_a_name(engine: Engine) -> None:
    models = {f"diffusion/{model}" for model in engine.diffusion}
    pictures = {"illustrator", "drawing-files", "realesrgan", "u2net", "banner"}
    alone = pictures | {"composer", "synthesiser", "mixer", "kokoro", "hibari", "bark", "speecht5-tts", "csm-1b", "dia-1.6b"}
    alone |= {f"mms-tts-{language}" for language in ("eng", "deu", "fra", "spa")}
    assert set(engine.pipelines) == alone | models and models
    with pytest.raises(EngineFailed, match="sculptor"):
        InlineExecutor(engine).generate("sculptor", [], Silent())


def test_a_chat_model_must_be_known_and_installed(engine: Engine) -> None:
    executor = InlineExecutor(engine)
    with pytest.raises(NotFound):
        executor.chat("cockatoo")
    with pytest.raises(ModelMissing):
        executor.chat("smollm2-135m-instruct-q4")


def test_it_shows_the_owner_of_memory(engine: Engine) -> None:
    assert InlineExecutor(engine).state().name == "inline"
    state = InlineExecutor(engine, Arbiter({"cpu": 5})).state()
    assert [(device.name, device.budget) for device in state.devices] == [("cpu", 5)]
