"""Settings > Engine as JSON: what the engine is doing now, and the two things a person may do to it: unload what is idle, keep a model."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter

from domain.engine import EngineState
from domain.errors import NotFound
from domain.model import Model
from domain.recipe import ModelRef
from domain.value import Value
from web.bodies import JsonRoute

#: Every open page asks each second: those that ask together are told the same.
FRESH_SECONDS = 0.5

Known = Callable[[], Iterable[tuple[Model, ModelRef]]]


class Pin(Value):
    """key: of a Resident. pinned: whether it must stay in memory."""

    key: str
    pinned: bool


def engine_router(
    state: Callable[[], EngineState],
    *,
    release: Callable[[], None],
    pin: Callable[[str, bool], None] | None = None,
    known: Known = tuple,
    clock: Callable[[], float] = time.monotonic,
) -> APIRouter:
    """state: read at most twice a second, however many pages are open. pin: None where models cannot be kept.

    known: the catalogue with the content of each entry: it gives loaded weights and makers their names.
    """
    router = APIRouter(prefix="/api/engine", route_class=JsonRoute)
    shared = Shared(state, clock)
    titles = _Titles(known)

    @router.get("")
    def engine() -> dict[str, Any]:
        found = shared.read()
        named = {row.key for row in found.executor.residents} | {row.maker for row in found.stages}
        named |= {doing for worker in found.executor.workers for doing in worker.doing}
        return {**found.model_dump(mode="json"), "titles": titles.of(named), "can_pin": pin is not None}

    @router.post("/release")
    def release_idle() -> dict[str, bool]:
        release()
        shared.forget()
        return {"released": True}

    if pin is not None:

        @router.put("/pin")
        def keep(wanted: Pin) -> dict[str, bool]:
            if all(row.key != wanted.key for row in state().executor.residents):
                raise NotFound("That model is no longer loaded.", hint="It can be kept once it is loaded again.", field="key")
            pin(wanted.key, wanted.pinned)
            shared.forget()
            return {"pinned": wanted.pinned}

    return router


class Shared:
    """The newest state, read again when it is old. Readers that come together wait for one reading."""

    def __init__(self, state: Callable[[], EngineState], clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock
        self._guard = threading.Lock()
        self._kept: tuple[float, EngineState] | None = None

    def read(self) -> EngineState:
        with self._guard:
            now = self._clock()
            if self._kept is None or now - self._kept[0] >= FRESH_SECONDS:
                self._kept = (now, self._state())
            return self._kept[1]

    def forget(self) -> None:
        with self._guard:
            self._kept = None


class _Titles:
    """Names of weights and makers from the catalogue. A key names a model by its id or by (the head of) its content hash."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._found: dict[str, dict[str, str] | None] = {}

    def of(self, keys: Iterable[str]) -> dict[str, dict[str, str]]:
        """title and task of each key that names a model of the catalogue."""
        wanted = sorted(set(keys))
        if any(key not in self._found for key in wanted):
            rows = tuple(self._known())
            self._found = {key: _title(key, rows) for key in wanted}
        return {key: title for key in wanted if (title := self._found[key]) is not None}


def _title(key: str, rows: Iterable[tuple[Model, ModelRef]]) -> dict[str, str] | None:
    parts = re.split(r"[/@\s]", key)
    for model, ref in rows:
        heads = {ref.sha256, ref.sha256[:16]} if ref.sha256 else set()
        if model.id in parts or heads.intersection(parts):
            return {"title": model.name, "task": model.task.value}
    return None
