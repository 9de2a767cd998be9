"""What is told of every request: an id in its answer, a line in the log, its count and time for Prometheus.

Routes are named as the router knows them, without ids and without what follows a question mark: neither the log nor the numbers hold
a name, a key or a word of anybody's work.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.engine import EngineState
from web.guard import App, Receive, Scope, Send
from web.logs import FIELDS

REQUEST_ID = b"x-request-id"
#: An id that a proxy in front gave is kept when it is one.
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
#: Seconds. A page's data should be there within one.
_BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
#: What Gradio, and whoever tries doors, asks for: told apart by nothing.
OTHER = "other"

log = logging.getLogger("maquette.requests")


class Numbers:
    """What is counted. One per application, so that two in a process do not count into one another."""

    def __init__(self, state: Callable[[], EngineState]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("maquette_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry)
        self._seconds = Histogram(
            "maquette_request_seconds", "Seconds until an answer began.", ("method", "route"), buckets=_BOUNDS, registry=self.registry
        )
        self.registry.register(_Engine(state))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class _Engine(Collector):
    """The engine's state, read when Prometheus asks."""

    def __init__(self, state: Callable[[], EngineState]) -> None:
        self._state = state

    def describe(self) -> Iterator[Metric]:
        """None: to be registered is no reason to ask the engine."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        lanes = {
            "waiting": GaugeMetricFamily("maquette_jobs_waiting", "Jobs that wait.", labels=("lane",)),
            "working": GaugeMetricFamily("maquette_jobs_working", "Jobs being made.", labels=("lane",)),
            "oldest": GaugeMetricFamily("maquette_oldest_wait_seconds", "How long the first in line has waited.", labels=("lane",)),
        }
        for lane in state.lanes:
            for name, family in lanes.items():
                family.add_metric([lane.lane], float(getattr(lane, name)))
        yield from lanes.values()
        memory = GaugeMetricFamily("maquette_model_memory_bytes", "Memory of models, by what of it.", labels=("device", "what"))
        for device in state.executor.devices:
            memory.add_metric([device.name, "used"], device.used)
            memory.add_metric([device.name, "budget"], device.budget)
        yield memory
        workers = GaugeMetricFamily("maquette_workers", "Workers by state.", labels=("state",))
        restarts = CounterMetricFamily("maquette_worker_restarts", "Workers that were replaced.")
        found: dict[str, int] = {}
        for worker in state.executor.workers:
            found[worker.status.value] = found.get(worker.status.value, 0) + 1
        for name, count in sorted(found.items()):
            workers.add_metric([name], count)
        restarts.add_metric([], sum(worker.restarts for worker in state.executor.workers))
        yield from (workers, restarts)
        yield GaugeMetricFamily("maquette_jobs_done_last_hour", "Jobs that ended well in the last hour.", value=state.done_per_hour)


class Observed:
    """The outermost layer."""

    def __init__(self, app: App, numbers: Numbers, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._numbers = numbers
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(REQUEST_ID, b"").decode("latin-1")
        request = given if _ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request"] = request
        began = self._clock()

        async def with_id(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (REQUEST_ID, request.encode())]
                self._tell(scope, request, message["status"], self._clock() - began)
            await send(message)

        await self._app(scope, receive, with_id)

    def _tell(self, scope: Scope, request: str, status: int, seconds: float) -> None:
        route = str(getattr(scope.get("route"), "path", "")) or OTHER
        method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else OTHER
        self._numbers.count(method, route, status, seconds)
        if log.isEnabledFor(logging.INFO):
            caller = scope.get("state", {}).get("caller")
            line = {"request": request, "method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
            if caller is not None and caller.person:
                line["person"] = caller.person
            log.info("request", extra={FIELDS: line})
