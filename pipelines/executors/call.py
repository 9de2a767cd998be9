"""One request at a worker, as the studio follows it."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Generator, Iterator
from typing import Final

from domain.errors import WorkerLost
from pipelines.executors.channel import Frame
from pipelines.executors.wire import error_from_json

#: Seconds between looks at `check` while the worker says nothing.
_POLL: Final = 0.05


class Call:
    """Made by WorkerProcess.begin.

    number: unique in this studio. kind: of the places it takes one (layout.py). doing: what it is, for people. leave: told when
    nobody follows any more. ended: told once, when the worker is free of it.
    """

    def __init__(self, number: int, kind: str, doing: str, leave: Callable[[Call], None], ended: Callable[[], None]) -> None:
        self.number = number
        self.kind = kind
        self.doing = doing
        self.ended = ended
        self.since = time.monotonic()
        self.left: float | None = None
        self._leave = leave
        self._frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()

    def hear(self, frame: Frame) -> None:
        self._frames.put(frame)

    def events(self, check: Callable[[], None]) -> Generator[Frame, None, None]:
        """Frames as they come; the last one is "done" and carries the result.

        check is called at least every 50 ms and may raise. However the caller leaves, the worker is told to stop, and nobody waits
        until it does. Raises what the worker raised, and WorkerLost when it ended before it answered.
        """
        try:
            while True:
                check()
                try:
                    frame = self._frames.get(timeout=_POLL)
                except queue.Empty:
                    continue
                if frame["is"] == "failed":
                    raise error_from_json(frame["error"])
                if frame["is"] == "lost":
                    raise WorkerLost(frame["message"], hint="Run the step again.")
                yield frame
                if frame["is"] == "done":
                    return
        finally:
            self._leave(self)

    def unread(self) -> Iterator[Frame]:
        """What came and nobody took."""
        while True:
            try:
                yield self._frames.get_nowait()
            except queue.Empty:
                return
