"""Which takes wait for which. Pure bookkeeping, guarded by its own lock."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from studio.queue import Key


class Readiness:
    """A take is ready when everything it awaits was made."""

    def __init__(self) -> None:
        self._awaits: dict[Key, set[Key]] = {}
        self._awaited_by: dict[Key, set[Key]] = defaultdict(set)
        self._guard = threading.Lock()

    def hold(self, key: Key, needs: Iterable[Key]) -> bool:
        """Let a take wait for others; False when there is nothing to wait for."""
        wanted = set(needs)
        if wanted:
            with self._guard:
                self._awaits[key] = wanted
                for need in wanted:
                    self._awaited_by[need].add(key)
        return bool(wanted)

    def awaited(self) -> tuple[Key, ...]:
        """Everything somebody waits for."""
        with self._guard:
            return tuple(self._awaited_by)

    def made(self, key: Key) -> tuple[Key, ...]:
        """This take was made: those that now wait for nothing more, in order."""
        with self._guard:
            ready = []
            for dependent in self._awaited_by.pop(key, ()):
                left = self._awaits.get(dependent, set())
                left.discard(key)
                if dependent in self._awaits and not left:
                    del self._awaits[dependent]
                    ready.append(dependent)
            return tuple(sorted(ready))

    def forget(self, keys: Iterable[Key]) -> None:
        """These wait no more, whatever comes of what they waited for."""
        with self._guard:
            for key in keys:
                for need in self._awaits.pop(key, ()):
                    waiting = self._awaited_by.get(need, set())
                    waiting.discard(key)
                    if not waiting:
                        self._awaited_by.pop(need, None)

    def unmade(self, key: Key) -> tuple[Key, ...]:
        """This take will not be made: those that waited for it and now wait in vain, in order."""
        with self._guard:
            return tuple(sorted(d for d in self._awaited_by.pop(key, ()) if self._awaits.pop(d, None) is not None))
