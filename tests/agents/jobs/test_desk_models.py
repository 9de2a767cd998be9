"""Everyday work with the real default chat LLM: two short jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.director import Director, DirectorState, TextDelta
from agents.planner import Planner
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.agents.scripted import brief, capabilities

pytestmark = pytest.mark.models
MODEL = "qwen2.5-coder-1.5b-instruct-q4"


@pytest.fixture(scope="module")
def director(store: ModelStore, assets: Path) -> Iterator[Director]:
    gguf = next(store.folder(MODEL).glob("*.gguf"))
    chat = LlamaCppChat(gguf, store.ref(MODEL), Devices(6 << 30), slots=1, context_tokens=4096)
    yield Director(chat, assets, Planner(assets))


def answer(director: Director, message: str, seed: int) -> str:
    parts = director.respond(brief(message), DirectorState(capabilities=capabilities()), plan_id="p", seed=seed)
    return "".join(p.text for p in parts if isinstance(p, TextDelta))


def test_a_question_is_answered_from_the_text_with_its_sentence(director: Director) -> None:
    text = "The shop opens at nine and closes at six. On Sundays it stays closed."
    assert "> The shop opens at nine" in answer(director, f"When does the shop open? Text: {text}", 25)


def test_a_word_problem_is_set_up_by_the_model_and_worked_out_by_code(director: Director) -> None:
    assert answer(director, "A shirt costs 40 dollars and is 25% off. What do I pay?", 9).startswith("**30")
