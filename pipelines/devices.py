"""Where weights are loaded, and nowhere else: the weights of this process, each loaded once for all its threads.

A pipeline describes its weights (key, size, how to load) and uses them inside `with devices.acquire(weights):`. Whether there is
room, and what goes to make some, is decided by the owner of memory (pipelines/memory.py), which is asked before each loading and
asks back what is idle. Weights in use are never unloaded. This file knows nothing of what the weights are.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from domain.errors import InputError, OutOfMemory
from pipelines.measuring import Meter, give_back
from pipelines.memory import Arbiter, Memory

T = TypeVar("T")
log = logging.getLogger(__name__)

#: How long one wait lasts before the table is looked at again; an interrupt, and a stop, is heard in between.
_WAIT_SECONDS = 0.1
#: What weights keep in RAM while they visit a device is admitted there under a key of its own.
_HOST = "host:"


@dataclass(frozen=True)
class Mode(Generic[T]):
    """One way to have weights in memory. footprint: bytes on their device. host: bytes in RAM beside that."""

    name: str
    footprint: int
    load: Callable[[], T]
    host: int = 0


@dataclass(frozen=True)
class Weights(Generic[T]):
    """Something loadable.

    key: equal keys are the same weights in the same form (model hash, dtype, device).
    footprint: bytes it will take on `device`, as well as known.
    load: makes it; the heavy import lives in there. unload: frees what garbage collection does not.
    exclusive: True when only one thread may use it at a time.
    device: "cpu", "cuda", "cuda:1", "mps".
    modes: ways that take less than "full", which is footprint and load above; the fastest first.
    """

    key: str
    footprint: int
    load: Callable[[], T]
    unload: Callable[[T], None] | None = None
    exclusive: bool = True
    device: str = "cpu"
    modes: tuple[Mode[T], ...] = ()

    @property
    def ways(self) -> tuple[Mode[T], ...]:
        return Mode("full", self.footprint, self.load), *self.modes


@dataclass(frozen=True)
class Fit:
    """Whether weights in one mode fit a device at all. Bytes; budget, and host_budget of RAM, None where this process was not told."""

    mode: str
    device: str
    footprint: int
    host: int
    budget: int | None
    host_budget: int | None = None

    @property
    def fits(self) -> bool | None:
        if self.budget is None:
            return None
        return self.footprint <= self.budget and (self.host_budget is None or self.host <= self.host_budget)


@dataclass
class _Held:
    value: Any
    footprint: int
    unload: Callable[[Any], None] | None
    leases: tuple[str, ...]
    users: int = 1
    closing: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)


class Devices:
    """The weights of this process. Thread-safe.

    Args:
        memory: the owner of memory, or the bytes of RAM that this process may use for itself.
        budgets: bytes by device, for `dry_run`. Known without it where `memory` is a number.
    """

    def __init__(self, memory: Memory | int, budgets: Mapping[str, int] | None = None) -> None:
        if isinstance(memory, int):
            budgets = {**(budgets or {}), "cpu": memory}
            memory = Arbiter({"cpu": memory}).holder("studio", self.evict)
        self._memory = memory
        self._budgets = dict(budgets or {})
        self._held: dict[str, _Held] = {}
        # Keys that one thread is loading or unloading now.
        self._busy: set[str] = set()
        self._meter = Meter()
        self._changed = threading.Condition()
        self._saying = threading.Lock()

    @contextmanager
    def acquire(self, weights: Weights[T], mode: str = "full", check: Callable[[], None] = lambda: None) -> Iterator[T]:
        """Yield the loaded weights, loading them first if need be.

        mode: one of the weights' modes, or "auto": the first that is loaded, else the first that this machine has memory for. It is
            part of the key. check: called while waiting; may raise.
        Raises OutOfMemory when it can never fit, InputError for a mode the weights do not have, and whatever `load` raises.
        """
        key, held = self._take(weights, mode, check)
        try:
            if weights.exclusive:
                while not held.turn.acquire(timeout=_WAIT_SECONDS):
                    check()
            try:
                yield cast(T, held.value)
            finally:
                if weights.exclusive:
                    held.turn.release()
        finally:
            with self._changed:
                held.users -= 1
                self._changed.notify_all()
            self._tell(key)
            if held.closing:
                self._evict(key, held)

    def dry_run(self, weights: Weights[T]) -> tuple[Fit, ...]:
        """What each mode is expected to need, and whether the device has it. Loads nothing."""
        # "cuda" is the first of them
        budget = self._budgets.get(weights.device, self._budgets.get(f"{weights.device}:0"))
        host = self._budgets.get("cpu")
        return tuple(Fit(way.name, weights.device, way.footprint, way.host, budget, host) for way in weights.ways)

    def loaded(self) -> dict[str, int]:
        """What is in memory now: key -> footprint in bytes."""
        with self._changed:
            return {key: held.footprint for key, held in self._held.items()}

    def release_idle(self) -> None:
        """Unload everything nobody is using."""
        with self._changed:
            idle = [key for key, held in self._held.items() if not held.users]
        for key in idle:
            self._evict(key)

    def evict(self, key: str) -> bool:
        """Unload this key if nobody uses it. A key that is not here is already gone.

        False when somebody uses or loads it. What is used is closed: those who come next wait until the last user has left, it has
        been unloaded, and there is room for it again. So nobody waits for ever for what is never idle.
        """
        key = key.removeprefix(_HOST)
        if self._evict(key):
            return True
        with self._changed:
            held = self._held.get(key)
            if held is not None:
                held.closing = True
        # The last user may have left in between.
        return held is not None and self._evict(key, held)

    def _evict(self, key: str, only: _Held | None = None) -> bool:
        """Unload this key if it is idle, and still the same. False when it is not, or is being loaded."""
        with self._changed:
            held = self._held.get(key)
            if held is None:
                return key not in self._busy
            if held.users or (only is not None and held is not only):
                return False
            del self._held[key]
            self._busy.add(key)
        self._unload(key, held)
        return True

    def _take(self, weights: Weights[T], mode: str, check: Callable[[], None]) -> tuple[str, _Held]:
        ways = self._ways(weights, mode)
        for way in ways[:-1]:
            try:
                return self._take_as(weights, way, check)
            except OutOfMemory as error:
                log.info("%s is not loaded in full: %s", weights.key, error)
        return self._take_as(weights, ways[-1], check)

    def _ways(self, weights: Weights[T], mode: str) -> tuple[Mode[T], ...]:
        """The modes to be tried, in order."""
        if mode == "auto":
            with self._changed:
                here = tuple(way for way in weights.ways if f"{weights.key}/{way.name}" in self._held)
            return here[:1] or weights.ways
        if not weights.modes:
            return (Mode(mode, weights.footprint, weights.load),)
        for way in weights.ways:
            if way.name == mode:
                return (way,)
        names = ", ".join(way.name for way in weights.ways)
        raise InputError(f"{weights.key} cannot be loaded in the mode {mode!r}.", hint=f"It can in: {names}.", field="mode")

    def _take_as(self, weights: Weights[T], way: Mode[T], check: Callable[[], None]) -> tuple[str, _Held]:
        """Count one more user of these weights: at once when they are here, else after they have been loaded by this thread or another."""
        key = f"{weights.key}/{way.name}"
        while True:
            with self._changed:
                held = self._held.get(key)
                if held is not None and not held.closing:
                    held.users += 1
                    break
                if held is None and key not in self._busy:
                    self._busy.add(key)
                    break
                self._changed.wait(_WAIT_SECONDS)
            check()
        if held is None:
            held = self._load(key, weights, way, check)
        self._tell(key)
        return key, held

    def _load(self, key: str, weights: Weights[T], way: Mode[T], check: Callable[[], None]) -> _Held:
        """Ask for memory, load, say what it took. Whatever fails, nothing is held and nothing stays admitted."""
        leases: list[str] = []
        held: _Held | None = None
        try:
            # RAM first, then the device, everywhere in this order: two who need both never wait for each other.
            wanted = [(f"{_HOST}{key}", "cpu", way.host)] if way.host else []
            for name, device, footprint in [*wanted, (key, weights.device, way.footprint)]:
                self._memory.admit(name, device, footprint, check)
                leases.append(name)
            with self._meter.loading(weights.device, way.footprint, self._users) as measured:
                started = time.monotonic()
                value = way.load()
                seconds = time.monotonic() - started
            # What visits its device is not there yet: only weights that stay whole can be measured now.
            size = measured() if way.name == "full" else None
            unload = cast("Callable[[Any], None] | None", weights.unload)
            held = _Held(value, way.footprint if size is None else size, unload, tuple(leases))
            for name in leases:
                self._memory.loaded(name, size if name == key else None, seconds)
            with self._changed:
                self._held[key] = held
                self._busy.discard(key)
                self._changed.notify_all()
            return held
        except BaseException:
            self._unload(key, held or _Held(None, 0, None, tuple(leases)))
            raise

    def _unload(self, key: str, held: _Held) -> None:
        """Free it, then return its memory to the owner, whatever `unload` does. Its failure is nobody's who waits for the memory."""
        try:
            with self._meter.unloading():
                if held.unload is not None:
                    held.unload(held.value)
        except Exception:  # the value is dropped all the same; whoever asked for its memory must get it
            log.exception("unloading %s failed", key)
        finally:
            held.value = None
            try:
                if held.leases:
                    give_back()
            finally:
                with self._saying:
                    for name in held.leases:
                        self._memory.gone(name)
                with self._changed:
                    self._busy.discard(key)
                    self._changed.notify_all()

    def _tell(self, key: str) -> None:
        """Tell the owner how many use it. In turns, each reading the count as it is then: the last word said is the true one."""
        with self._saying:
            with self._changed:
                held = self._held.get(key)
                if held is None:
                    return
                users = held.users
            for name in held.leases:
                self._memory.using(name, users)

    def _users(self) -> int:
        with self._changed:
            return sum(held.users for held in self._held.values())
