"""Who works: the posts of a machine, the processes that hold them, and which of them takes the next request."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from domain.engine import WorkerState, WorkerStatus
from domain.errors import EngineFailed
from pipelines.executors.layout import Post
from pipelines.executors.process import WorkerProcess

log = logging.getLogger(__name__)

_POLL: Final = 0.05
#: So many processes of one post may end within so many seconds before they were ready; then it is left alone until those are over.
_DEATHS: Final = 5
_WITHIN: Final = 60.0
#: Of the log of a worker that ended, what the Engine page shows.
_SHOWN: Final = 2000


class Station:
    """One post and the process that holds it now, started at need. Thread-safe."""

    def __init__(self, post: Post, start: Callable[[Post], WorkerProcess]) -> None:
        self.post = post
        self.busy: Counter[str] = Counter()
        self.known: set[str] = set()
        self._start = start
        self._process: WorkerProcess | None = None
        self._deaths: list[float] = []
        self._restarts = 0
        self._closed = False
        self._last = ""
        self._guard = threading.Lock()

    @property
    def alive(self) -> bool:
        process = self._process
        return process is not None and not process.lost.is_set()

    def knows(self, what: str) -> bool:
        """Whether the process that is here now has done this before, so that the model is likely in memory."""
        return self.alive and what in self.known

    def process(self, check: Callable[[], None]) -> WorkerProcess:
        """A process that is ready; starts one if need be. check is called while waiting and may raise.

        Raises EngineFailed when it cannot be set up, or keeps ending before it is ready.
        """
        while True:
            process = self._current()
            while not process.ready.wait(_POLL) and not process.lost.is_set():
                check()
            if process.broken is not None:
                raise EngineFailed(f"The worker {self.post.name} cannot be set up: {process.broken.message}", hint=process.broken.hint)
            if not process.lost.is_set():
                return process
            check()

    def close(self) -> WorkerProcess | None:
        """No process is started any more; the one to be stopped, if there is one."""
        with self._guard:
            self._closed = True
            return self.living()

    def living(self) -> WorkerProcess | None:
        process = self._process
        return process if process is not None and not process.lost.is_set() else None

    def state(self) -> WorkerState:
        with self._guard:
            process, restarts, reason = self._process, self._restarts, self._last
        status, pid, memory = WorkerStatus.IDLE, 0, 0
        doing: tuple[str, ...] = ()
        if process is not None and process.lost.is_set():
            status, reason = WorkerStatus.LOST, _why(process)
        elif process is not None:
            doing = process.doing
            starting = WorkerStatus.STARTING if not process.ready.is_set() else None
            status = starting or (WorkerStatus.WORKING if any(self.busy.values()) else WorkerStatus.IDLE)
            pid, memory = process.pid, process.memory
        return WorkerState(
            name=self.post.name, device=self.post.device, status=status, pid=pid, memory=memory, doing=doing, restarts=restarts,
            reason=reason,
        )  # fmt: skip

    def _current(self) -> WorkerProcess:
        with self._guard:
            process = self._process
            if process is not None and not process.lost.is_set() and not process.retire():
                return process
            if self._closed:
                raise EngineFailed("The studio is stopping its workers.", hint="Start it again.")
            if process is not None:
                self._bury(process)
            self._refuse()
            self._process = self._start(self.post)
            return self._process

    def _bury(self, process: WorkerProcess) -> None:
        """Before a process is replaced."""
        if process.ready.is_set():
            self._deaths.clear()
        else:
            self._deaths.append(time.monotonic())
        self._last = _why(process)
        log.warning("worker %s is replaced: %s", self.post.name, process.reason)
        self.known.clear()
        self._process = None
        self._restarts += 1

    def _refuse(self) -> None:
        """Raises EngineFailed when too many have just ended while they started."""
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < _WITHIN]
        if len(self._deaths) >= _DEATHS:
            raise EngineFailed(
                f"The worker {self.post.name} ended {len(self._deaths)} times within a minute while it started: {self._last}",
                hint="Mend what its last words name; it is tried again in a minute.",
            )


class Staff:
    """The stations. A request takes a place of its kind, waits for one if need be, and gives it back when the worker is free of it."""

    def __init__(self, stations: Sequence[Station]) -> None:
        self.stations = tuple(stations)
        self._changed = threading.Condition()
        self._closed = False

    def take(self, kind: str, what: str, check: Callable[[], None]) -> Station:
        """Preferred: a worker that has done this before, then a running one that knows least, then one that is to be started.

        check is called while waiting and may raise. Raises EngineFailed after `close`.
        """
        while True:
            check()
            with self._changed:
                if self._closed:
                    raise EngineFailed("The studio is stopping its workers.", hint="Start it again.")
                free = [one for one in self.stations if one.busy[kind] < one.post.places.get(kind, 0)]
                if free:
                    best = min(free, key=lambda one: (not one.knows(what), not one.alive, len(one.known)))
                    best.busy[kind] += 1
                    return best
                self._changed.wait(_POLL)

    def free(self, station: Station, kind: str) -> None:
        with self._changed:
            station.busy[kind] -= 1
            self._changed.notify_all()

    def close(self, patience: float) -> None:
        """Ask all to stop, and kill after so many seconds who did not. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        living = [process for station in self.stations if (process := station.close()) is not None]
        for process in living:
            process.ask_to_stop()
        deadline = time.monotonic() + patience
        for process in living:
            process.join(deadline - time.monotonic())


def _why(process: WorkerProcess) -> str:
    tail = process.log[-_SHOWN:]
    return f"{process.reason}\n{tail}" if tail else process.reason
