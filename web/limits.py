"""How many requests one caller may send: an ASGI layer that refuses with 429 what is more. Jobs, minutes and disk are studio/quotas.py.

Needs to stand behind web/guard.py, which says who asks, and behind web/errors.py: Speaking, which says in which language.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from domain.errors import Busy
from domain.people import Caller
from web.errors import RETRY_SECONDS, answer_of
from web.guard import App, Receive, Scope, Send, refuse

READING = frozenset({"GET", "HEAD", "OPTIONS"})
#: How much of a minute's requests may come at once: a page with many pictures asks for all of them.
BURST = 0.5
#: Callers remembered; of more, those forgotten first asked longest ago.
_CALLERS = 10_000
#: Routes that may hold a thread for long: they wait for a place where files are opened, for a model, or for another machine. What is too
#: much is refused before its body is read. Handlers share forty threads: what these leave is everybody else's.
SLOW_DOORS: tuple[tuple[str, str], ...] = (
    ("POST", "/api/inspect"),
    ("POST", "/api/metadata"),
    ("POST", "/api/projects/{project_id}/palette"),
    ("POST", "/api/projects/{project_id}/logo"),
    ("POST", "/api/projects/{project_id}/pictures/import"),
    ("POST", "/api/projects/{project_id}/pictures/link"),
    ("POST", "/api/projects/{project_id}/pictures/table"),
    ("POST", "/api/projects/{project_id}/pictures/prompt"),
    ("POST", "/api/plans/{plan_id}/steps/{step_id}/prompt"),
    ("POST", "/api/pictures/sheet"),
    ("POST", "/api/assets/{asset_id}/mask"),
    ("POST", "/api/assets/{asset_id}/paint"),
    ("POST", "/api/transcripts"),
    ("POST", "/api/recordings/trim"),
    ("POST", "/api/projects/{project_id}/recordings"),
    ("POST", "/api/projects/{project_id}/consents"),
    ("POST", "/api/projects/{project_id}/audition"),
    ("GET", "/api/voices/sample"),
    ("GET", "/api/music/sample"),
    ("POST", "/api/sound/sample"),
    ("GET", "/api/lines/{brief_id}/report.zip"),
)
_SLOW = tuple((method, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))) for method, path in SLOW_DOORS)


@dataclass(frozen=True)
class Rates:
    """Requests of one caller a minute, all of them and those that change something, and how many may be open at once. 0: no limit.

    slow, slow_in_all: behind the slow doors at once, of one caller and of everybody.
    """

    requests: int = 3000
    writes: int = 240
    open: int = 64
    slow: int = 4
    slow_in_all: int = 12


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


class _Places:
    """Who is behind the slow doors now. Thread-safe."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._inside: Counter[str] = Counter()
        self._guard = threading.Lock()

    def enter(self, who: str) -> bool:
        """Whether there was a place; `leave` gives it back."""
        with self._guard:
            if self._inside[who] >= self._rates.slow or self._inside.total() >= self._rates.slow_in_all:
                return False
            self._inside[who] += 1
            return True

    def leave(self, who: str) -> None:
        with self._guard:
            self._inside[who] -= 1
            self._inside += Counter()  # forgets those who have none


class Limits:
    """Whoever is signed in is counted by person, everybody else by address. Sockets count as open requests.

    local_only: the studio listens on loopback; while nobody has to sign in, it then belongs to one person, who is not counted but
    at the slow doors: one page too many must not stop the others.
    """

    def __init__(self, app: App, rates: Rates, *, local_only: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._local_only = local_only
        self._callers = _Callers(rates, clock)
        self._places = _Places(rates)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        who = _who(scope)
        if self._local_only and not scope["state"]["required"]:
            await self._slowly(who, scope, receive, send)
            return
        wait = self._callers.enter(who, scope["type"] == "http" and scope["method"] not in READING)
        if wait:
            seconds = max(1, math.ceil(wait))
            await _busy(
                scope, receive, send, Busy("Too many requests at once.", hint="Try again in {seconds} s.", seconds=seconds), seconds
            )
            return
        try:
            await self._slowly(who, scope, receive, send)
        finally:
            self._callers.leave(who)

    async def _slowly(self, who: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_slow(scope):
            await self._app(scope, receive, send)
            return
        if not self._places.enter(who):
            told = Busy("Too many files are being opened or heard at once.", hint="Wait until one is done, then try again.")
            await _busy(scope, receive, send, told, RETRY_SECONDS)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._places.leave(who)


def is_slow(scope: Scope) -> bool:
    """Whether a request goes to one of the slow doors."""
    if scope["type"] != "http":
        return False
    path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
    return any(method == scope["method"] and pattern.fullmatch(path) for method, pattern in _SLOW)


async def _busy(scope: Scope, receive: Receive, send: Send, error: Busy, seconds: int) -> None:
    if scope["type"] == "websocket":
        await refuse(scope, send, 429, str(error))
        return
    await answer_of(error, scope["state"].get("words", {}), after=seconds)(scope, receive, send)


def _who(scope: Scope) -> str:
    state: MutableMapping[str, Any] = scope.get("state", {})
    caller: Caller | None = state.get("caller")
    if caller is not None and caller.person:
        return f"person {caller.person}"
    client = scope.get("client")
    return f"address {client[0] if client else ''}"
