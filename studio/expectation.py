"""The seconds the next stage of a take is expected to cost: what fairness between people counts. Asked often, it reads rarely."""

from __future__ import annotations

import threading
from collections.abc import Callable

from domain.capability import StepKind
from domain.errors import StorageError
from domain.take import Take
from library.library import Library
from studio.estimate import NEWEST, Cost, cost_of

#: How long a look at the measurements stands, in seconds.
FRESH_SECONDS = 60.0
#: Of what was never measured: one take counts as one.
UNKNOWN_SECONDS = 1.0


class Expectation:
    def __init__(self, library: Library, clock: Callable[[], float]) -> None:
        self._library = library
        self._clock = clock
        self._known: dict[tuple[StepKind, str], tuple[float, Cost | None]] = {}
        self._guard = threading.Lock()

    def seconds(self, take: Take) -> float:
        """Of its next stage: preparing it, or, when it is prepared, making it."""
        cost = self._cost(take.step.kind, take.maker)
        if cost is None:
            return UNKNOWN_SECONDS
        share = cost.prepared if take.parameters is None else 1.0 - cost.prepared
        return max(cost.seconds(take.step), 0.0) * share

    def _cost(self, kind: StepKind, maker: str) -> Cost | None:
        now = self._clock()
        with self._guard:
            looked, cost = self._known.get((kind, maker), (float("-inf"), None))
        if now - looked < FRESH_SECONDS:
            return cost
        try:
            cost = cost_of(self._library.measurements(kind=kind, maker=maker, limit=NEWEST))
        except StorageError:  # fairness can wait for the database
            return cost
        with self._guard:
            self._known[kind, maker] = now, cost
        return cost
