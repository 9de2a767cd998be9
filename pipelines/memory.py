"""What one owner of memory is asked. The Arbiter answers for every process; a worker asks it over its channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Memory(Protocol):
    """The owner of memory as one holder of weights (one process's Devices) sees it. Thread-safe."""

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        """Wait until `footprint` bytes may be loaded on this device. `check` is called while waiting and may raise.

        A learned footprint of this key and device replaces the given one. Raises OutOfMemory when it can never fit.
        """

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        """The weights are there. footprint: bytes as measured, None where that could not be told."""

    def using(self, key: str, users: int) -> None:
        """So many calls use them now. What is in use is never asked back."""

    def gone(self, key: str) -> None:
        """They were unloaded, or loading them failed."""
