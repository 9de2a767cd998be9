"""The chat LLM on CUDA: graphs, schemas, seeds, stopping, memory given back. A real model of random weights, bfloat16.

python -m pytest -m gpu tests/gpu/test_chat_gpu.py
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from pydantic import BaseModel, Field

from domain.chat import ChatRequest, Message, Sampling
from domain.errors import Cancelled
from domain.progress import CancelToken
from domain.recipe import ModelRef
from pipelines.devices import Devices
from pipelines.text.transformers_chat import TransformersChat
from tests.pipelines.text.tiny_chat import save_tiny_chat

pytestmark = pytest.mark.gpu

BRIEF = Message(role="system", content="Write a headline for the brief of a small bakery. " * 6)
WILD = Sampling(temperature=1.0, top_p=1.0, min_p=0.0)


class Slots(BaseModel):
    count: int = Field(ge=3, le=17)
    tags: list[str] = Field(min_length=2, max_length=2)
    note: str = Field(max_length=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_chat(tmp_path_factory.mktemp("models") / "tiny-chat")


@pytest.fixture
def devices() -> Iterator[Devices]:
    held = Devices(8 * 1024**3)
    yield held
    held.release_idle()


@pytest.fixture
def chat(folder: Path, devices: Devices) -> TransformersChat:
    return TransformersChat(folder, ModelRef(id="tiny-chat"), devices, context_tokens=512, slots=8, device="cuda")


def asked(words: str, **settings: object) -> ChatRequest:
    return ChatRequest(messages=(BRIEF, Message(role="user", content=words)), **({"max_tokens": 24} | settings))


def test_steps_are_replayed_as_graphs(chat: TransformersChat, devices: Devices) -> None:
    assert chat.complete(asked("bread")).completion_tokens == 24
    with devices.acquire(chat._weights()) as engine:
        graphs = engine._batch._manager.batch_processor.inputs_and_outputs.graphs
        assert graphs._storage


def test_replies_under_a_schema_are_valid_beside_free_ones(chat: TransformersChat) -> None:
    schema = Slots.model_json_schema()
    schema["properties"]["tags"]["items"]["maxLength"] = 6
    bounded = [asked(f"{n}", json_schema=schema, max_tokens=200, sampling=WILD.model_copy(update={"seed": n})) for n in range(6)]
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(chat.complete, [*bounded, asked("free"), asked("wild", sampling=WILD)]))
    for reply in replies[:6]:
        Slots.model_validate_json(reply.text, strict=True)


def test_a_seed_fixes_the_text(chat: TransformersChat) -> None:
    first, second, other = (chat.complete(asked("draw", sampling=WILD.model_copy(update={"seed": seed}))).text for seed in (4, 4, 5))
    assert first == second != other


def test_a_cancelled_request_frees_its_slot(chat: TransformersChat, devices: Devices) -> None:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        for _ in chat.stream(asked("never ending", max_tokens=400), cancel):
            cancel.cancel()
    with devices.acquire(chat._weights()) as engine:
        until = time.monotonic() + 20
        while engine._batch.running and time.monotonic() < until:
            time.sleep(0.01)
        assert engine._batch.running == 0


def test_unloading_gives_the_memory_back(chat: TransformersChat, devices: Devices) -> None:
    chat.complete(asked("first"))
    devices.release_idle()
    gc.collect()
    before = torch.cuda.memory_allocated()
    for _ in range(3):
        chat.complete(asked("again"))
        devices.release_idle()
    gc.collect()
    assert torch.cuda.memory_allocated() <= before + 1024**2
