"""What the workers of the serving and fault benchmarks make: a few bytes after a given time, and trouble where the step asks for it.

`build` is the factory of such a worker (pipelines/executors/child.py); it runs in the worker's process.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ModelMissing
from domain.progress import Progress
from domain.recipe import Output, OutputFile, Recipe, Trace, Work
from domain.settings import Settings
from pipelines.audio.recognition import Transcript
from pipelines.devices import Devices
from pipelines.memory import Memory
from pipelines.text.chats import LocalChat

FACTORY = "benchmarks.engine_makers:build"
MAKER = "sleeper"
#: How often a maker says that it lives.
BREATH = 0.02


def expected(recipe: Recipe) -> bytes:
    """What a recipe gives, every time."""
    return f"{recipe.parameters['title']} {recipe.seed}".encode()


class Sleeper:
    """Takes parameters["seconds"], then writes what the recipe says. parameters["trouble"], once per title: "hang" stands still for
    ever, "abort" ends the process as native code does. `folder`: where it notes that it has been in that trouble already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        return [self._one(work, progress) for work in works]

    def _one(self, work: Work, progress: Progress) -> Output:
        parameters = work.recipe.parameters
        trouble = str(parameters["trouble"])
        if trouble and self._first(f"{trouble} {parameters['title']}"):
            if trouble == "abort":
                os.abort()
            threading.Event().wait()
        end = time.monotonic() + float(str(parameters["seconds"]))
        while (left := end - time.monotonic()) > 0:
            progress.report(0.5, "asleep")
            time.sleep(min(left, BREATH))
        file = OutputFile(name="note.txt", media_type="text/plain", data=expected(work.recipe))
        return Output(files=(file,), trace=Trace(), facts={"text": file.data.decode()})

    def _first(self, what: str) -> bool:
        try:
            (self._folder / what).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


class Deaf:
    """Nobody asks these workers to listen."""

    def transcribe(self, source: Path | bytes, language: str = "", progress: Progress | None = None) -> Transcript:
        raise ModelMissing("These workers hear nothing.")


@dataclass(frozen=True)
class Shop:
    devices: Devices
    pipelines: dict[str, Sleeper]
    recogniser: Deaf

    def local_chat(self, model_id: str) -> LocalChat:
        raise ModelMissing("These workers hold no chat model.")


def build(settings: Settings, assets: Path, memory: Memory) -> Shop:
    troubles = settings.home / "troubles"
    troubles.mkdir(exist_ok=True)
    return Shop(Devices(memory), {MAKER: Sleeper(troubles)}, Deaf())
