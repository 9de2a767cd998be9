"""How many requests one caller may send: an ASGI layer that refuses with 429 what is more. Jobs, minutes and disk are studio/quotas.py.

Needs to stand behind web/guard.py, which says who asks.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from domain.people import Caller
from web.guard import App, Receive, Scope, Send, refuse

READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: How much of a minute's requests may come at once: a page with many pictures asks for all of them.
BURST = 0.5
#: Callers remembered; of more, those forgotten first asked longest ago.
_CALLERS = 10_000


@dataclass(frozen=True)
class Rates:
    """Requests of one caller a minute, all of them and those that change something, and how many may be open at once. 0: no limit."""

    requests: int = 3000
    writes: int = 240
    open: int = 64


class Bucket:
    """A token bucket. rate: tokens a second. Not thread-safe: whoever holds it locks."""

    def __init__(self, a_minute: int, clock: Callable[[], float]) -> None:
        self._rate = a_minute / 60
        self._most = max(1.0, a_minute * BURST)
        self._clock = clock
        self._tokens = self._most
        self._at = clock()

    def take(self) -> float:
        """0 when one was there; else the seconds until one is."""
        now = self._clock()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate


class _Callers:
    """What each caller has asked lately. Thread-safe."""

    def __init__(self, rates: Rates, clock: Callable[[], float]) -> None:
        self._rates = rates
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()
        self._open: dict[str, int] = {}
        self._guard = threading.Lock()

    def enter(self, who: str, writes: bool) -> float:
        """0: come in, and `leave` afterwards. Else the seconds to wait."""
        with self._guard:
            if self._rates.open and self._open.get(who, 0) >= self._rates.open:
                return 1.0
            wait = self._take((who, "all"), self._rates.requests)
            if not wait and writes:
                wait = self._take((who, "writes"), self._rates.writes)
            if not wait:
                self._open[who] = self._open.get(who, 0) + 1
            return wait

    def leave(self, who: str) -> None:
        with self._guard:
            left = self._open.get(who, 0) - 1
            if left > 0:
                self._open[who] = left
            else:
                self._open.pop(who, None)

    def _take(self, key: tuple[str, str], a_minute: int) -> float:
        if not a_minute:
            return 0.0
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(a_minute, self._clock)
            if len(self._buckets) > _CALLERS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket.take()


class Limits:
    """Whoever is signed in is counted by person, everybody else by address. Sockets count as open requests.

    local_only: the studio listens on loopback; while nobody has to sign in, it then belongs to one person, who is not counted.
    """

    def __init__(self, app: App, rates: Rates, *, local_only: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._local_only = local_only
        self._callers = _Callers(rates, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or (self._local_only and not scope["state"]["required"]):
            await self._app(scope, receive, send)
            return
        who = _who(scope)
        wait = self._callers.enter(who, scope["type"] == "http" and scope["method"] not in READING)
        if wait:
            seconds = max(1, math.ceil(wait))
            await refuse(
                scope, send, 429, f"Too many requests at once. Try again in {seconds} s.", ((b"retry-after", str(seconds).encode()),)
            )
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._callers.leave(who)


def _who(scope: Scope) -> str:
    state: MutableMapping[str, Any] = scope.get("state", {})
    caller: Caller | None = state.get("caller")
    if caller is not None and caller.person:
        return f"person {caller.person}"
    client = scope.get("client")
    return f"address {client[0] if client else ''}"
