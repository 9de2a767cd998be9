"""How takes look while they are made: the newest preview of each, kept while somebody looks, gone when the take ends.

It stores nothing and makes nothing; a preview is made by whoever makes the take, and only while it is watched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studio.queue import Key

#: A page asks about once a second; one that has not asked for so long does not look any more.
LOOK_SECONDS = 5.0


class Previews:
    """Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._looked: dict[tuple[str, str], float] = {}
        self._kept: dict[tuple[str, str], bytes] = {}

    def look(self, plan_id: str, step_id: str) -> bytes | None:
        """The newest preview of a step's running take, if there is one. Whoever asks is looking for the next seconds."""
        with self._guard:
            now = self._clock()
            self._looked = {key: when for key, when in self._looked.items() if now - when < LOOK_SECONDS}
            self._looked[plan_id, step_id] = now
            return self._kept.get((plan_id, step_id))

    def of(self, key: Key) -> Sight:
        return Sight(self, key[:2])

    def forget(self, keys: Iterable[Key]) -> None:
        """These takes are not being made any more."""
        with self._guard:
            for key in keys:
                self._kept.pop(key[:2], None)

    def watched(self, place: tuple[str, str]) -> bool:
        with self._guard:
            return self._clock() - self._looked.get(place, -LOOK_SECONDS) < LOOK_SECONDS

    def keep(self, place: tuple[str, str], picture: bytes) -> None:
        with self._guard:
            self._kept[place] = picture


@dataclass(frozen=True)
class Sight:
    """The previews of one running take, as whoever makes it sees them."""

    previews: Previews
    place: tuple[str, str]

    def watched(self) -> bool:
        return self.previews.watched(self.place)

    def show(self, picture: bytes) -> None:
        if self.watched():
            self.previews.keep(self.place, picture)
