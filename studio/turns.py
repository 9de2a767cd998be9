"""Who changes the same thing takes turns; who changes another waits for nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Locks by name, each there as long as somebody holds it or waits for it. The same thread may take one again."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[threading.RLock, int]] = {}
        self._guard = threading.Lock()

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        with self._guard:
            lock, waiting = self._locks.get(name, (threading.RLock(), 0))
            self._locks[name] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, waiting = self._locks.pop(name)
                if waiting > 1:
                    self._locks[name] = (lock, waiting - 1)
