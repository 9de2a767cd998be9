"""How often a password may be tried: ten wrong ones of one name from one address in five minutes, and slowly when very many are wrong."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from domain.errors import NotSignedIn

ATTEMPTS = 10
ATTEMPT_WINDOW_SECONDS = 300.0

#: From this many wrong tries in the window, whoever made them, every try waits a moment. It slows guessing under ever new names
#: without closing the door to those who know the password.
CROWD = 30
CROWD_DELAY_SECONDS = 1.0
#: Wrong tries remembered at most.
_REMEMBERED = 10_000

#: (address, name) of who tries.
Key = tuple[str, str]


class Tries:
    """Thread-safe. clock: seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # (when, key) of wrong tries and of tries under way, oldest first.
        self._tries: deque[tuple[float, Key]] = deque(maxlen=_REMEMBERED)
        self._guard = threading.Lock()

    def count(self, key: Key) -> None:
        """Before the password is checked, so that many tries at once are not more tries. Raises NotSignedIn after ten wrong ones."""
        with self._guard:
            self._forget_old()
            if sum(tried == key for _, tried in self._tries) >= ATTEMPTS:
                raise NotSignedIn("Too many wrong tries.", hint="Wait five minutes.", field="password")
            self._tries.append((self._clock(), key))

    def forget(self, key: Key) -> None:
        """The password was right."""
        with self._guard:
            self._tries = deque((t for t in self._tries if t[1] != key), maxlen=_REMEMBERED)

    def delay(self) -> float:
        """Seconds to wait before the next try is checked: 0 unless very many were wrong lately."""
        with self._guard:
            self._forget_old()
            return CROWD_DELAY_SECONDS if len(self._tries) >= CROWD else 0.0

    def __len__(self) -> int:
        return len(self._tries)

    def _forget_old(self) -> None:
        while self._tries and self._clock() - self._tries[0][0] >= ATTEMPT_WINDOW_SECONDS:
            self._tries.popleft()
