"""Memory that runs out where it is told to: at load, at a step, at the decode. It enters through what a maker is handed."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from domain.errors import OutOfMemory
from domain.progress import Silent
from domain.recipe import Work
from pipelines.devices import Devices, Mode, Weights
from pipelines.image.diffusion import Diffusion
from pipelines.measuring import resident
from pipelines.memory import Arbiter, Memory

T = TypeVar("T")
GB = 1_000_000_000


def python() -> None:
    raise MemoryError


def of_a_gpu() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory.")


def of_ram() -> None:
    """More than any address space has: torch's own error, which is a plain RuntimeError."""
    torch.empty(1 << 55)


#: How the libraries say that memory does not suffice.
SHORTAGES: dict[str, Callable[[], None]] = {"python": python, "gpu": of_a_gpu, "ram": of_ram}


class Short(Silent):
    """Runs out of memory where a note begins with `at`, so many times."""

    def __init__(self, at: str, times: int, error: str = "python") -> None:
        super().__init__()
        self._at = at
        self._error = SHORTAGES[error]
        self.left = times

    def report(self, fraction: float, note: str = "") -> None:
        if self.left and note.startswith(self._at):
            self.left -= 1
            self._error()


class Scarce:
    """An owner of memory that refuses so many times."""

    def __init__(self, memory: Memory, times: int) -> None:
        self._memory = memory
        self.left = times

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        if self.left:
            self.left -= 1
            raise OutOfMemory("There is no room.", hint="Free memory.")
        self._memory.admit(key, device, footprint, check)

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        self._memory.loaded(key, footprint, seconds)

    def using(self, key: str, users: int) -> None:
        self._memory.using(key, users)

    def gone(self, key: str) -> None:
        self._memory.gone(key)


class Cramped(Devices):
    """Devices whose memory runs out when weights have been read, in so many modes one after the other."""

    left = 0

    @contextmanager
    def acquire(self, weights: Weights[T], mode: str = "full", check: Callable[[], None] = lambda: None) -> Iterator[T]:
        def short(way: Mode[T]) -> Callable[[], T]:
            def load() -> T:
                read = way.load()
                if self.left:
                    self.left -= 1
                    raise OutOfMemory("The model does not fit into memory.", hint="Choose a smaller model, or free memory.")
                return read

            return load

        first, *more = weights.ways
        cramped = dataclasses.replace(weights, load=short(first), modes=tuple(dataclasses.replace(way, load=short(way)) for way in more))
        with super().acquire(cramped, mode, check) as value:
            yield value


@dataclass(frozen=True)
class Counted:
    """Faults by where they were forced; how many were raised as OutOfMemory; how many of the jobs after them had the same bytes as before.

    left: bytes still admitted when all is unloaded. grown: bytes of this process more than before the first fault.
    """

    by_place: dict[str, int]
    raised: int
    succeeded: int
    left: int
    grown: int


def forced(build: Callable[[Devices], Diffusion], work: Work, times: int, device: str = "cpu") -> Counted:
    """Force faults at load, denoise and decode by turns, by each kind of error, and make one picture after each."""
    arbiter = Arbiter({"cpu": 40 * GB, device: 40 * GB})
    devices = Cramped(arbiter.holder("faults", lambda key: devices.evict(key)))
    maker: Any = build(devices)
    expected = maker.generate([work], Silent())[0].main.data
    gc.collect()
    before, by_place, raised, succeeded = resident() or 0, dict.fromkeys(("load", "denoise", "decode"), 0), 0, 0
    for number in range(times):
        place = list(by_place)[number % 3]
        by_place[place] += 1
        error = list(SHORTAGES)[number // 3 % 3]
        progress = Short({"load": "never", "denoise": "denoising", "decode": "decoding"}[place], 2, error)
        if place == "load":
            devices.release_idle()
            devices.left = len(maker.dry_run())
        try:
            maker.generate([work], progress)
        except OutOfMemory:
            raised += 1
        succeeded += maker.generate([work], Silent())[0].main.data == expected
    grown = (resident() or 0) - before
    devices.release_idle()
    return Counted(by_place, raised, succeeded, sum(one.footprint for one in arbiter.residents()), grown)
