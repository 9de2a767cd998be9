"""How work tells where it stands and learns that it should stop."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from domain.errors import Cancelled


class Progress(Protocol):
    """Handed to everything that takes longer than a blink."""

    def report(self, fraction: float, note: str = "") -> None:
        """fraction in 0..1; note is a short present-tense phrase ("denoising 12/30")."""

    def check(self) -> None:
        """Raise Cancelled if a person has asked to stop. Call between steps of work."""


@runtime_checkable
class Previewed(Progress, Protocol):
    """Progress that can show how results look while they are made. Not every one can: ask with isinstance."""

    def watched(self) -> bool:
        """Whether somebody looks. Where nobody does, no preview is made."""

    def show(self, index: int, picture: bytes) -> None:
        """index: of the result, as its work was given. picture: a WebP of some kilobytes. At most one a second."""


class CancelToken:
    """Set once, from any thread; read by the work between its steps."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        if self._event.is_set():
            raise Cancelled("Stopped.", hint="Run it again when you want it.")


class Silent:
    """Progress that nobody watches; still cancellable when given a token."""

    def __init__(self, token: CancelToken | None = None) -> None:
        self._token = token

    def report(self, fraction: float, note: str = "") -> None:
        self.check()

    def check(self) -> None:
        if self._token is not None:
            self._token.check()


@dataclass(frozen=True)
class Part:
    """A part of a Progress: it begins at `start` and is `width` wide, both in 0..1."""

    whole: Progress
    start: float
    width: float

    def report(self, fraction: float, note: str = "") -> None:
        self.whole.report(min(self.start + fraction * self.width, 1.0), note)

    def check(self) -> None:
        self.whole.check()


class Watched(CancelToken):
    """A CancelToken that asks the Progress it was made from: a call that knows tokens stops with the run it belongs to."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    @property
    def cancelled(self) -> bool:
        try:
            self.check()
        except Cancelled:
            return True
        return False

    def check(self) -> None:
        super().check()
        self._progress.check()
