"""Measures what loading weights took, and gives freed memory back to the system. Imports no model library: looks at torch only
where a maker has imported it already.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Below this the noise of a process's resident size is larger than the weights.
_MEASURABLE = 32 << 20
#: Importing a library takes memory that is no part of the weights: with more new modules than this, RAM is not measured.
_MODULES = 20


class Meter:
    """What one loading took, told only where nothing else in this process moved memory meanwhile. Thread-safe."""

    def __init__(self) -> None:
        self._moves = 0
        self._moving = 0
        self._guard = threading.Lock()

    @contextmanager
    def loading(self, device: str, expected: int, users: Callable[[], int]) -> Iterator[Callable[[], int | None]]:
        """Measure a block. Afterwards the yielded function gives bytes on `device`, or None where they cannot be told.

        expected: bytes; what is measured is never less than half of it. users: how many calls use other weights now.
        """
        took: list[int] = []
        moves, alone = self._begin()
        try:
            alone = alone and users() == 0
            modules, before = len(sys.modules), _taken(device, expected)
            yield lambda: took[0] if took else None
            after = _taken(device, expected)
            still = self._moves == moves and users() == 0
            plain = device.startswith("cuda") or len(sys.modules) - modules <= _MODULES
            if before is not None and after is not None and alone and still and plain:
                took.append(max(after - before, expected // 2))
        finally:
            self._end()

    @contextmanager
    def unloading(self) -> Iterator[None]:
        """Say that memory is moved in this block."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    def _begin(self) -> tuple[int, bool]:
        """How often memory was moved until now, this time included, and whether nobody else is at it."""
        with self._guard:
            self._moves += 1
            self._moving += 1
            return self._moves, self._moving == 1

    def _end(self) -> None:
        with self._guard:
            self._moving -= 1


def resident() -> int | None:
    """Bytes of this process in RAM; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def give_back() -> None:
    """Return what was freed to the system: cycles, CUDA's cache, and the heap's free pages."""
    gc.collect()
    torch = _torch()
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
        if hasattr(torch.accelerator, "empty_host_cache"):  # newer than the oldest torch that is taken
            torch.accelerator.empty_host_cache()  # the pinned RAM of weights that only visited the GPU
    _trim()


def _trim() -> None:
    """glibc keeps freed pages of its heaps: without this a process grows with every switch of models (malloc_trim(3))."""
    if not sys.platform.startswith("linux"):
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _taken(device: str, expected: int) -> int | None:
    """Bytes in use on the device by this process; None where nobody tells, or where the weights are too small to be seen."""
    if device.startswith("cuda"):
        torch = _torch()
        return int(torch.cuda.memory_allocated(device)) if torch is not None and torch.cuda.is_initialized() else 0
    if device != "cpu" or expected < _MEASURABLE:
        return None
    _trim()
    return resident()


def _torch() -> Any:
    """torch, when somebody else has imported it to its end."""
    torch: Any = sys.modules.get("torch")
    return torch if hasattr(getattr(torch, "cuda", None), "is_initialized") else None
