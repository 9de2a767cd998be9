from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from domain.settings import Settings
from pipelines.executors.workers import SLACK, WorkerExecutor
from pipelines.memory import Arbiter
from tests.pipelines.executors.acting import FACTORY, GIVEN, Meeting, Parrot

Start = Callable[..., WorkerExecutor]


@pytest.fixture
def start(home: Path, assets: Path) -> Iterator[Start]:
    """Executors over real worker processes that serve acting.py. After them, nothing is left: no process, thread, file or descriptor."""
    made: list[WorkerExecutor] = []
    threads, descriptors = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    def begin(
        *,
        workers: int = 1,
        stall: float = 60.0,
        grace: float = 10.0,
        factory: str = FACTORY,
        budget: int = 3 * GIVEN,
        slack: int = SLACK,
        home: Path = home,
    ) -> WorkerExecutor:
        settings = Settings(home=home, cache=home / "cache", password="secret", chat_key="secret", workers=workers, stall_seconds=stall)
        chats = {"parrot": Parrot(), "meeting": Meeting()}
        executor = WorkerExecutor(settings, assets, Arbiter({"cpu": budget}), chats.__getitem__, factory=factory, grace=grace, slack=slack)
        made.append(executor)
        return executor

    yield begin
    for executor in made:
        executor.close()
    mine = psutil.Process()
    assert [child.cmdline() for child in mine.children(recursive=True) if "pipelines.executors.child" in child.cmdline()] == []
    assert list((home / "spool").glob("*")) == []
    assert threading.active_count() <= threads, threading.enumerate()
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors
