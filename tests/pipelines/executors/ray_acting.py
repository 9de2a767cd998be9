"""What replicas serve in tests of the cluster: acting.py's makers, and some that a cluster needs."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from domain.capability import Capability, StepKind
from domain.errors import InputError, ModelMissing
from domain.progress import Progress
from domain.recipe import Output, Work
from domain.settings import Settings
from domain.value import JsonValue
from pipelines.memory import Memory
from pipelines.pipeline import Company
from tests.pipelines.executors import acting
from tests.pipelines.executors.acting import Acted, output

FACTORY = "tests.pipelines.executors.ray_acting:build"


class Crowd:
    """Gains from company: says how many works it made in one go. "bad" cannot be made."""

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        return Company(key="crowd", most=4, window=0.0)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        if any(work.recipe.prompt == "bad" for work in works):
            raise InputError("bad cannot be made.")
        return [output(work.recipe.prompt.encode(), together=len(works)) for work in works]


class Gate:
    """Waits until the file that the prompt names is there; "late" ones do not look up meanwhile."""

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        gate = Path(str(works[0].recipe.parameters["gate"]))
        Path(f"{gate}.{os.getpid()}").touch()
        while not gate.exists():
            time.sleep(0.01)
            if works[0].recipe.prompt != "late":
                progress.report(0.5, "at the gate")
        Path(f"{gate}.passed").touch()
        return [output(b"through", pid=os.getpid()) for _ in works]


class Learned:
    """Needs a file in the cache of its node."""

    def __init__(self, cache: Path) -> None:
        self._file = cache / "learned"

    def capability(self) -> Capability | None:
        return Capability(kind=StepKind.PICTURE, maker="learned") if self._file.exists() else None

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        if not self._file.exists():
            raise ModelMissing("learned is not installed.", hint="Pull it.")
        return [output(self._file.read_bytes(), pid=os.getpid()) for _ in works]


def build(settings: Settings, assets: Path, memory: Memory) -> Acted:
    acted = acting.build(settings, assets, memory)
    more = {"crowd": Crowd(), "gate": Gate(), "learned": Learned(settings.cache), "lost": Learned(settings.cache / "nowhere")}
    return Acted(acted.devices, {**acted.pipelines, **more})  # type: ignore[dict-item]
