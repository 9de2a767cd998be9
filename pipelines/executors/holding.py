"""The studio's end of a worker's memory: what RemoteMemory asks is put to the Arbiter, and the answers go back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from domain.errors import MaquetteError
from domain.progress import CancelToken
from pipelines.executors.channel import ChannelClosed, Frame
from pipelines.executors.wire import error_to_json
from pipelines.memory import Memory


class Holding:
    """One worker's. memory: its holder in the Arbiter. send: to the worker. Thread-safe."""

    def __init__(self, memory: Memory, send: Callable[[Frame], None]) -> None:
        self._memory = memory
        self._send = send
        self._asked: dict[int, CancelToken] = {}
        self._loading: set[str] = set()
        self._guard = threading.Lock()

    @property
    def waiting(self) -> bool:
        """Whether the worker waits for room."""
        return bool(self._asked)

    @property
    def loading(self) -> bool:
        """Whether it reads weights just now."""
        return bool(self._loading)

    def heard(self, frame: dict[str, Any]) -> bool:
        """Whether the frame was about memory. Never waits."""
        said, key = frame["is"], frame.get("key", "")
        if said == "admit":
            token = CancelToken()
            with self._guard:
                self._asked[frame["id"]] = token
            threading.Thread(target=self._admit, args=(frame, token), name=f"room for {key}", daemon=True).start()
        elif said == "withdraw":
            self._withdraw(frame["id"], key)
        elif said == "loaded":
            self._memory.loaded(key, frame["footprint"], frame["seconds"])
            self._loading.discard(key)
        elif said == "using":
            self._memory.using(key, frame["users"])
        elif said == "gone":
            self._memory.gone(key)
            self._loading.discard(key)
        else:
            return False
        return True

    def end(self) -> None:
        """The worker is gone: nobody waits for room any more."""
        with self._guard:
            for token in self._asked.values():
                token.cancel()
            self._loading.clear()

    def _admit(self, frame: dict[str, Any], token: CancelToken) -> None:
        number, key = frame["id"], frame["key"]
        answer: Frame = {"do": "admitted", "id": number}
        try:
            self._memory.admit(key, frame["device"], frame["footprint"], token.check)
        except MaquetteError as error:
            answer["error"] = error_to_json(error)
        with self._guard:
            del self._asked[number]
            withdrawn = token.cancelled
            if not withdrawn and "error" not in answer:
                self._loading.add(key)
        if not withdrawn:
            with contextlib.suppress(ChannelClosed):  # the worker is gone, and so is its lease
                self._send(answer)
        elif "error" not in answer:
            self._memory.gone(key)

    def _withdraw(self, number: int, key: str) -> None:
        with self._guard:
            token = self._asked.get(number)
            if token is not None:
                token.cancel()
                return
            self._loading.discard(key)
        self._memory.gone(key)  # our answer and its withdrawal have crossed
