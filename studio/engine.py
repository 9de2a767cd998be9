"""The engine room: what runs, what is loaded, what waits, and how long its stages take. Read by the Engine page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from domain.engine import EngineState
from domain.errors import StorageError
from library.library import Library
from pipelines.executors.executor import Executor
from studio.runner import Runner
from studio.stages import stages

#: Newest runs the stages are read from.
RUNS = 500


class EngineRoom:
    """Args:
    pin: keeps weights in memory, or lets them go again, by key.
    """

    def __init__(
        self, library: Library, executor: Executor, runner: Runner, now: Callable[[], datetime], pin: Callable[[str, bool], None]
    ) -> None:
        self._library = library
        self._executor = executor
        self._runner = runner
        self._now = now
        self.pin = pin

    def state(self) -> EngineState:
        """How everything stands. While the database is away the rest is told all the same."""
        try:
            slowest = stages(self._library.measurements(limit=RUNS))
            done = self._library.jobs_done_since(self._now() - timedelta(hours=1))
            trouble = self._runner.trouble
        except StorageError as error:
            slowest, done, trouble = (), 0, str(error)
        return EngineState(executor=self._executor.state(), lanes=self._runner.lanes(), stages=slowest, done_per_hour=done, trouble=trouble)

    def release_idle(self) -> None:
        """Give back the memory of everything nobody is using."""
        self._executor.release_idle()
