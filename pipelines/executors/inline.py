"""Makers in this process: for unit tests and simple use. What a native crash takes down here is everything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from domain.engine import DeviceState, ExecutorState, Resident
from domain.errors import EngineFailed
from domain.progress import Progress, Silent
from domain.recipe import Output, Work
from pipelines.audio.recognition import Transcript
from pipelines.executors.layout import lanes, posts
from pipelines.executors.wire import complete
from pipelines.memory import Arbiter
from pipelines.text.chats import LocalChat
from pipelines.worker import Engine


class InlineExecutor:
    """An Executor (executor.py) over the engine of this process. arbiter: the one its devices ask, where there is one to show."""

    def __init__(self, engine: Engine, arbiter: Arbiter | None = None) -> None:
        self._engine = engine
        self._arbiter = arbiter

    @property
    def lanes(self) -> Mapping[str, int]:
        return lanes(posts(os.cpu_count() or 1))

    def generate(self, maker: str, works: Sequence[Work], progress: Progress) -> list[Output]:
        pipeline = self._engine.pipelines.get(maker)
        if pipeline is None:
            raise EngineFailed(f"There is no pipeline {maker!r}.", hint=f"There are {', '.join(sorted(self._engine.pipelines))}.")
        return complete(maker, works, pipeline.generate(works, progress))

    def chat(self, model_id: str) -> LocalChat:
        return self._engine.local_chat(model_id)

    def transcribe(self, data: bytes) -> Transcript:
        return self._engine.recogniser.transcribe(data)

    def caption(self, model_id: str, picture: bytes) -> str:
        return self._engine.caption(model_id, picture, Silent())

    def state(self) -> ExecutorState:
        if self._arbiter is None:
            loaded = self._engine.devices.loaded().items()
            residents = tuple(Resident(key=key, device="cpu", footprint=footprint) for key, footprint in loaded)
            return ExecutorState(name="inline", residents=residents)
        devices: tuple[DeviceState, ...] = self._arbiter.devices()
        return ExecutorState(name="inline", devices=devices, residents=self._arbiter.residents())

    def release_idle(self) -> None:
        self._engine.devices.release_idle()

    def close(self) -> None:
        self._engine.devices.release_idle()
