"""Who computes on which cores while several workers compute with torch at once. Linux; elsewhere nothing is divided.

A loop that torch spreads over all cores ends when its slowest part ends: beside another worker every loop waits for the core that
both want, and two workers together are slower than one after the other. Each on cores of its own, both go on at full speed. Knows
processes, not what they make.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

#: Who is first when there are more workers than cores: the first ones get a core each, the rest share the last.
_LARGE: Final = 0
_SMALL: Final = 1


def divided(cores: Sequence[int], workers: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The cores of each worker (its process id), in the order of importance. A single one has all. Pure."""
    if len(workers) <= 1:
        return {pid: tuple(cores) for pid in workers}
    if len(workers) >= len(cores):
        return {pid: (cores[min(place, len(cores) - 1)],) for place, pid in enumerate(workers)}
    share = [len(cores) * place // len(workers) for place in range(len(workers) + 1)]
    return {pid: tuple(cores[share[place] : share[place + 1]]) for place, pid in enumerate(workers)}


def physical(cores: Sequence[int]) -> int:
    """How many of these are cores of their own: two that share one compute no faster together."""
    alike = {_siblings(core) for core in cores}
    return max(1, len(alike))


def _siblings(core: int) -> str:
    try:
        return Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text(encoding="ascii").strip()
    except OSError:
        return str(core)


class Cores:
    """Keeps the workers that compute now apart. Thread-safe.

    cores: what may be divided; None takes those that this process may use.
    """

    def __init__(self, cores: Sequence[int] | None = None) -> None:
        self._cores = tuple(sorted(os.sched_getaffinity(0)) if cores is None and hasattr(os, "sched_getaffinity") else cores or ())
        self._busy: dict[int, tuple[int, int]] = {}
        self._placed: dict[int, tuple[int, ...]] = {}
        self._guard = threading.Lock()

    def enter(self, pid: int, *, large: bool) -> None:
        """A worker begins with something. large: it takes most of what is to be done, as pictures do."""
        with self._guard:
            rank, count = self._busy.get(pid, (_SMALL, 0))
            self._busy[pid] = (min(rank, _LARGE if large else _SMALL), count + 1)
            self._divide()

    def leave(self, pid: int) -> None:
        """A worker has ended one of the things it began with."""
        with self._guard:
            rank, count = self._busy.pop(pid, (_SMALL, 0))
            if count > 1:
                self._busy[pid] = (rank, count - 1)
            self._divide()

    @property
    def threads(self) -> int:
        """Threads for what computes on all of them. A worker must be told: torch counts the cores it has when it is loaded."""
        return physical(self._cores) if self._cores else 0

    @property
    def placed(self) -> Mapping[int, tuple[int, ...]]:
        """The cores of every worker that was placed, by process id."""
        return dict(self._placed)

    def _divide(self) -> None:
        order = sorted(self._busy, key=lambda pid: self._busy[pid][0])  # sorting keeps the order of arrival
        wanted = dict.fromkeys(self._placed, self._cores) | divided(self._cores, order)
        for pid, cores in wanted.items():
            if self._placed.get(pid, self._cores) != cores:
                _place(pid, cores)
        self._placed = {pid: wanted[pid] for pid in order}


def _place(pid: int, cores: tuple[int, ...]) -> None:
    """All threads of a process, and those that they start. One that ended meanwhile is passed over."""
    try:
        threads = [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return
    for thread in threads:
        try:
            os.sched_setaffinity(thread, cores)
        except OSError:
            continue
