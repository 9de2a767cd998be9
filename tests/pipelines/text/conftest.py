"""The real small models these tests run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.recipe import ModelRef
from pipelines.devices import Devices
from pipelines.text.llamacpp import LlamaCppChat

GB = 1024**3


@pytest.fixture(scope="session")
def model_folder(cache: Path) -> Callable[[str], Path]:
    def folder(model_id: str) -> Path:
        path = cache / "models" / model_id
        if not path.is_dir():
            pytest.fail(f"{model_id} is not in {cache}: run `make models`")
        return path

    return folder


@pytest.fixture(scope="session")
def small_gguf(model_folder: Callable[[str], Path]) -> Path:
    return model_folder("smollm2-135m-instruct-q4") / "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def chat(small_gguf: Path) -> Iterator[LlamaCppChat]:
    """The test LLM with four slots, as the studio runs it."""
    devices = Devices(4 * GB)
    yield LlamaCppChat(small_gguf, ModelRef(id="smollm2-135m-instruct-q4"), devices, context_tokens=2048)
    devices.release_idle()


@pytest.fixture(scope="session")
def steady(small_gguf: Path) -> Iterator[LlamaCppChat]:
    """The test LLM in reproduce mode: rounding never depends on what was asked before."""
    devices = Devices(4 * GB)
    yield LlamaCppChat(small_gguf, ModelRef(id="smollm2-135m-instruct-q4"), devices, context_tokens=1024, reproduce=True)
    devices.release_idle()
