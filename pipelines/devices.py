"""The one owner of memory: weights are loaded here and nowhere else.

A pipeline describes its weights (key, size, how to load) and uses them inside `with devices.acquire(weights):`. Loading
happens once per key however many threads ask; what was used longest ago goes first when the budget is short; weights in
use are never unloaded. This file knows nothing of what the weights are.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from domain.errors import OutOfMemory

T = TypeVar("T")

#: How long one wait for memory lasts before the table is looked at again; an interrupt is heard in between.
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Weights(Generic[T]):
    """Something loadable.

    key: equal keys are the same weights in the same form (model hash, dtype, device).
    footprint: bytes it will take, as well as known.
    load: makes it; the heavy import lives in there. unload: frees what garbage collection does not.
    exclusive: True when only one thread may use it at a time.
    """

    key: str
    footprint: int
    load: Callable[[], T]
    unload: Callable[[T], None] | None = None
    exclusive: bool = True


@dataclass
class _Held:
    value: Any
    footprint: int
    unload: Callable[[Any], None] | None
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)
    turn: threading.Lock = field(default_factory=threading.Lock)


class Devices:
    """Memory of this process. budget in bytes bounds the sum of footprints of what is loaded."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held: dict[str, _Held] = {}
        # Footprints of what is being loaded, by key, and of what is being unloaded: both are in memory, or soon will be.
        self._loading: dict[str, int] = {}
        self._leaving = 0
        self._changed = threading.Condition()

    @contextmanager
    def acquire(self, weights: Weights[T], mode: str = "full") -> Iterator[T]:
        """Yield the loaded weights, loading them first if need be. `mode` names the memory mode and is part of the key.

        Raises OutOfMemory when the footprint alone exceeds the budget, and whatever `load` raises.
        """
        key = f"{weights.key}/{mode}"
        held = self._take(key, weights)
        try:
            if weights.exclusive:
                with held.turn:
                    yield cast(T, held.value)
            else:
                yield cast(T, held.value)
        finally:
            with self._changed:
                held.users -= 1
                held.last_used = time.monotonic()
                self._changed.notify_all()

    def loaded(self) -> dict[str, int]:
        """What is in memory now: key -> footprint in bytes."""
        with self._changed:
            return {key: held.footprint for key, held in self._held.items()}

    def release_idle(self) -> None:
        """Unload everything nobody is using."""
        with self._changed:
            idle = self._take_out([key for key, held in self._held.items() if held.users == 0])
        self._unload(idle)

    def _take(self, key: str, weights: Weights[T]) -> _Held:
        if weights.footprint > self._budget:
            raise OutOfMemory(
                f"{weights.key} needs {weights.footprint / 1e9:.1f} GB; this studio may use {self._budget / 1e9:.1f} GB.",
                hint="Choose a smaller model on the Models page, or raise MAQUETTE_MEMORY.",
            )
        ours = False
        try:
            with self._changed:
                while True:
                    held = self._held.get(key)
                    if held is not None:
                        held.users += 1
                        return held
                    evicted = None if key in self._loading else self._make_room(weights.footprint)
                    if evicted is not None:
                        break
                    self._changed.wait(_WAIT_SECONDS)
                ours = True
                self._loading[key] = weights.footprint
            self._unload(evicted)
            unload = cast("Callable[[Any], None] | None", weights.unload)
            held = _Held(value=weights.load(), footprint=weights.footprint, unload=unload, users=1)
            with self._changed:
                self._held[key] = held
                del self._loading[key]
            return held
        finally:
            if ours:
                with self._changed:
                    self._loading.pop(key, None)
                    self._changed.notify_all()

    def _make_room(self, footprint: int) -> list[_Held] | None:
        """Take idle weights out of the table, oldest use first, until `footprint` fits; None, and nothing taken, when it cannot yet."""
        taken = sum(held.footprint for held in self._held.values()) + sum(self._loading.values()) + self._leaving
        short = taken + footprint - self._budget
        going: list[str] = []
        for key in sorted((k for k, h in self._held.items() if h.users == 0), key=lambda k: self._held[k].last_used):
            if short <= 0:
                break
            short -= self._held[key].footprint
            going.append(key)
        return self._take_out(going) if short <= 0 else None

    def _take_out(self, keys: list[str]) -> list[_Held]:
        """Nobody can take these any more; their memory counts until `_unload` has freed it."""
        taken = [self._held.pop(key) for key in keys]
        self._leaving += sum(held.footprint for held in taken)
        return taken

    def _unload(self, evicted: list[_Held]) -> None:
        if not evicted:
            return
        try:
            for held in evicted:
                if held.unload is not None:
                    held.unload(held.value)
                held.value = None
            gc.collect()
        finally:
            with self._changed:
                self._leaving -= sum(held.footprint for held in evicted)
                self._changed.notify_all()
