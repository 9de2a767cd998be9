"""How the runner's work tells where it stands and learns that it should stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from domain.errors import Cancelled
from domain.progress import CancelToken, Previewed, Progress
from studio.previews import Sight

SAVE_SECONDS = 1.0


class Stopping(BaseException):
    """The studio is shutting down. Not an Exception: DBOS must leave the workflow pending, so that the next start resumes it."""


class LiveProgress:
    """Where one running take stands. Handed to the makers; read by pages; saved to its job row at most once a second."""

    def __init__(
        self, token: CancelToken, stopping: threading.Event, save: Callable[[float, str], None], sight: Sight | None = None
    ) -> None:
        self._token = token
        self._sight = sight
        self._stopping = stopping
        self._save = save
        self._saved = time.monotonic()

    def report(self, fraction: float, note: str = "") -> None:
        self.check()
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self._saved = time.monotonic()
            self._save(min(max(fraction, 0.0), 1.0), note)

    def check(self) -> None:
        if self._stopping.is_set():
            raise Stopping
        self._token.check()

    def watched(self) -> bool:
        return self._sight is not None and self._sight.watched()

    def show(self, index: int, picture: bytes) -> None:
        """index is 0: one take is one result."""
        if self._sight is not None:
            self._sight.show(picture)


class Together:
    """The progress of takes that are made in one go: told to each, stopped when nobody wants any of them any more."""

    def __init__(self, members: Sequence[Progress]) -> None:
        self._members = members

    def report(self, fraction: float, note: str = "") -> None:
        self._each(lambda member: member.report(fraction, note))

    def check(self) -> None:
        self._each(lambda member: member.check())

    def watched(self) -> bool:
        return any(isinstance(member, Previewed) and member.watched() for member in self._members)

    def show(self, index: int, picture: bytes) -> None:
        member = self._members[index]
        if isinstance(member, Previewed):
            member.show(0, picture)

    def _each(self, act: Callable[[Progress], None]) -> None:
        """Raises Cancelled when every member did."""
        last: Cancelled | None = None
        left = 0
        for member in self._members:
            try:
                act(member)
                left += 1
            except Cancelled as error:
                last = error
        if last is not None and not left:
            raise last
