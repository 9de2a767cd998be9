"""The owner of memory as a worker sees it: it lives in the studio and is asked over the channel."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pipelines.executors.channel import Frame
from pipelines.executors.wire import error_from_json

#: Seconds between looks at `check` while the studio makes room.
_POLL = 0.05
#: What weights keep in RAM beside their device is admitted under a key of its own (pipelines/devices.py), but loaded in one go.
_HOST = "host:"


class RemoteMemory:
    """The Memory of one worker (pipelines/memory.py). send: to the studio."""

    def __init__(self, send: Callable[[Frame], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[Mapping[str, Any]]] = {}
        self._spent = threading.local()

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        number = next(self._numbers)
        answer = self._waiting[number] = queue.SimpleQueue()
        self._send({"is": "admit", "id": number, "key": key, "device": device, "footprint": footprint})
        try:
            refused = self._await(answer, check).get("error")
        except BaseException:
            # Room that is given from now on would be held by nobody.
            self._send({"is": "withdraw", "id": number, "key": key})
            raise
        finally:
            del self._waiting[number]
        if refused:
            raise error_from_json(refused)

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        if not key.startswith(_HOST):
            self._spent.seconds = getattr(self._spent, "seconds", 0.0) + seconds
        self._send({"is": "loaded", "key": key, "footprint": footprint, "seconds": seconds})

    def using(self, key: str, users: int) -> None:
        self._send({"is": "using", "key": key, "users": users})

    def gone(self, key: str) -> None:
        self._send({"is": "gone", "key": key})

    def answered(self, frame: Mapping[str, Any]) -> None:
        """The studio's answer to an `admit`."""
        waiting = self._waiting.get(frame["id"])
        if waiting is not None:
            waiting.put(frame)

    def load_seconds(self) -> float:
        """Seconds this thread has spent loading weights since it was last asked."""
        seconds: float = getattr(self._spent, "seconds", 0.0)
        self._spent.seconds = 0.0
        return seconds

    @staticmethod
    def _await(answer: queue.SimpleQueue[Mapping[str, Any]], check: Callable[[], None]) -> Mapping[str, Any]:
        while True:
            check()
            try:
                return answer.get(timeout=_POLL)
            except queue.Empty:
                continue
