from __future__ import annotations

import contextlib
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


def links_to_workers() -> set[str]:
    """The unnamed sockets and pipes of this process: what an executor talks through. Sockets of a network are others' (Ray's)."""
    found = set()
    unix = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:] if len(line.split()) == 7}
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists this folder is gone by now
            target = str(link.readlink())
            if target.startswith("pipe:") or (target.startswith("socket:[") and target[8:-1] in unix):
                found.add(target)
    return found


@pytest.fixture
def start(home: Path, assets: Path) -> Iterator[Start]:
    """Executors over real worker processes that serve acting.py. After them, nothing is left: no process, thread, file or descriptor."""
    made: list[WorkerExecutor] = []
    threads, before = threading.active_count(), links_to_workers()

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
    assert links_to_workers() - before == set()
