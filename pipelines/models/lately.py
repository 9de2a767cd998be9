"""What was found a moment ago, so that pages which ask many times a second do not ask the disk each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")

#: Files of a model that were harmed are noticed so much later at most; whoever loads it looks at them anyway.
SECONDS = 1.0


class Lately(Generic[Found]):
    """find: looks. key: what it depends on and is cheap to ask; when that is another one `find` is asked again, and after a second.

    Thread-safe; two who ask at once may both look.
    """

    def __init__(self, find: Callable[[], Found], key: Callable[[], object]) -> None:
        self._find, self._key = find, key
        self._known: tuple[object, float, Found] | None = None
        self._guard = threading.Lock()

    def __call__(self) -> Found:
        """Raises what `find` raises; a failure is not remembered."""
        key = self._key()
        with self._guard:
            known = self._known
        if known is None or known[0] != key or time.monotonic() > known[1]:
            known = (key, time.monotonic() + SECONDS, self._find())
            with self._guard:
                self._known = known
        return known[2]
