"""One request in a replica, and what a maker is handed to tell where it stands and to load weights. Knows nothing of Ray."""

from __future__ import annotations

import asyncio
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import MaquetteError
from domain.progress import CancelToken
from pipelines.executors.wire import error_to_json
from pipelines.memory import Arbiter, Memory

Frame = dict[str, Any]

#: Reports of one call are sent at most this often.
_REPORT = 0.05


@dataclass
class Call:
    """One request in this replica."""

    request: Mapping[str, Any]
    loop: asyncio.AbstractEventLoop
    frames: asyncio.Queue[Frame] = field(default_factory=asyncio.Queue)
    token: CancelToken = field(default_factory=CancelToken)
    told: float = 0.0
    ended: bool = False

    @property
    def what(self) -> str:
        return str(self.request["do"])

    @property
    def maker(self) -> str:
        return str(self.request.get("maker") or self.request.get("model") or self.request["do"])

    def send(self, frame: Frame) -> None:
        """From any thread."""
        self.loop.call_soon_threadsafe(self.frames.put_nowait, frame)

    def answer(self, result: Any) -> None:
        self.ended = True
        self.send({"is": "done", "result": result})

    def refuse(self, error: BaseException) -> None:
        self.ended = True
        if not isinstance(error, MaquetteError):
            traceback.print_exc()
        self.send({"is": "failed", "error": error_to_json(error)})


class Together:
    """Progress of calls that are made in one go. They stop together, when the last of them was given up."""

    def __init__(self, calls: Sequence[Call], sign: Callable[[], None]) -> None:
        self._calls = calls
        self._sign = sign

    def report(self, fraction: float, note: str = "") -> None:
        self.check()
        now = time.monotonic()
        for call in self._calls:
            if now - call.told >= _REPORT or fraction >= 1:
                call.told = now
                call.send({"is": "progress", "fraction": fraction, "note": note})

    def check(self) -> None:
        self._sign()
        for call in self._calls:
            if not call.token.cancelled:
                return
        self._calls[0].token.check()


class Watching(CancelToken):
    """The token of a call; whoever asks it gives a sign of life."""

    def __init__(self, token: CancelToken, sign: Callable[[], None]) -> None:
        super().__init__()
        self._token = token
        self._sign = sign

    @property
    def cancelled(self) -> bool:
        self._sign()
        return self._token.cancelled

    def check(self) -> None:
        self._sign()
        self._token.check()


class Loads(Memory):
    """The owner of this replica's memory, and how long it spent loading."""

    def __init__(self, evict: Callable[[str], bool], budget: Mapping[str, int]) -> None:
        self.arbiter = Arbiter(budget)
        gpu = next((name for name in budget if name != "cpu"), "")
        self._holder = self.arbiter.holder("replica", evict, {"cuda": gpu} if gpu else None)
        self._spent = threading.local()
        self._loading: set[str] = set()

    @property
    def loading(self) -> bool:
        """Whether weights are being read just now."""
        return bool(self._loading)

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        self._holder.admit(key, device, footprint, check)
        self._loading.add(key)

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        self._loading.discard(key)
        self._spent.seconds = getattr(self._spent, "seconds", 0.0) + seconds
        self._holder.loaded(key, footprint, seconds)

    def using(self, key: str, users: int) -> None:
        self._holder.using(key, users)

    def gone(self, key: str) -> None:
        self._loading.discard(key)
        self._holder.gone(key)

    def load_seconds(self) -> float:
        """Seconds this thread has spent loading weights since it was last asked."""
        seconds: float = getattr(self._spent, "seconds", 0.0)
        self._spent.seconds = 0.0
        return seconds
