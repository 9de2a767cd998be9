"""Which slot of the engine runs which request, and which evaluated prefixes are kept to be copied into other slots.

The engine reuses what a slot already evaluated, but never shares it between slots: four requests with the same long first
messages would evaluate them four times. So the table here hands out slots by likeness, and remembers states that the
engine wrote to disk (about 2 ms to copy into another slot, against seconds to evaluate). Knows nothing of the engine itself.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from domain.chat import Message
from domain.progress import CancelToken

#: Seconds between looks at the cancel token while waiting for a free slot.
_POLL = 0.05


def rendered(messages: Sequence[Message]) -> str:
    """Messages as one text in which equal first messages give an equal beginning."""
    return "".join(f"\x1e{message.role}\x1f{message.content}\x1d" for message in messages)


def alike(first: str, second: str) -> int:
    """Characters two texts share from their beginning."""
    return len(os.path.commonprefix([first, second]))


@dataclass
class Slot:
    """One sequence of the engine. held: what it evaluated last, as `rendered` text."""

    number: int
    held: str = ""
    busy: bool = False
    used: int = 0


@dataclass
class SavedPrefix:
    """An evaluated prefix on disk. ready is False while the first request that wants it is still evaluating it."""

    name: str
    bytes: int = 0
    ready: bool = False


@dataclass
class SlotTable:
    """slots: how many requests run at once. room: bytes of saved prefixes to keep; the one unused for longest goes first."""

    slots: int
    room: int
    _slots: list[Slot] = field(init=False)
    _saved: OrderedDict[str, SavedPrefix] = field(init=False, default_factory=OrderedDict)
    _changed: threading.Condition = field(init=False, default_factory=threading.Condition)
    _clock: Iterator[int] = field(init=False, default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self._slots = [Slot(number) for number in range(self.slots)]

    @contextmanager
    def take(self, text: str, prefix: str, cancel: CancelToken) -> Iterator[Slot]:
        """Wait for a slot. The free one that already holds most of `text` if it covers `prefix`, else the one unused for longest.

        Raises Cancelled while waiting.
        """
        with self._changed:
            while not any(not slot.busy for slot in self._slots):
                cancel.check()
                self._changed.wait(_POLL)
            cancel.check()
            free = [slot for slot in self._slots if not slot.busy]
            best = max(free, key=lambda slot: (alike(slot.held, text), -slot.used))
            chosen = best if prefix and alike(best.held, text) >= len(prefix) else min(free, key=lambda slot: slot.used)
            chosen.busy = True
        try:
            yield chosen
        finally:
            with self._changed:
                chosen.busy = False
                chosen.used = next(self._clock)
                self._changed.notify_all()

    def claim(self, prefix: str, cancel: CancelToken) -> SavedPrefix | None:
        """The saved prefix, waiting while another request evaluates it; None when the caller is the one to evaluate it.

        A caller that got None must call `keep` or `abandon`. Raises Cancelled while waiting.
        """
        with self._changed:
            while True:
                saved = self._saved.get(prefix)
                if saved is None:
                    self._saved[prefix] = SavedPrefix(name=f"{next(self._clock)}.state")
                    return None
                if saved.ready:
                    self._saved.move_to_end(prefix)
                    return saved
                cancel.check()
                self._changed.wait(_POLL)

    def longest(self, text: str) -> str:
        """The longest ready prefix that `text` begins with, or ""."""
        with self._changed:
            ready = [prefix for prefix, saved in self._saved.items() if saved.ready and text.startswith(prefix)]
        return max(ready, key=len, default="")

    def name(self, prefix: str) -> str:
        """The file name of a claimed prefix."""
        with self._changed:
            return self._saved[prefix].name

    def keep(self, prefix: str, size: int) -> list[str]:
        """Mark a claimed prefix as written (`size` bytes). Returns names of files that are no longer wanted."""
        dropped: list[str] = []
        with self._changed:
            saved = self._saved[prefix]
            saved.bytes, saved.ready = size, True
            self._saved.move_to_end(prefix)
            for old in list(self._saved):
                if sum(s.bytes for s in self._saved.values()) <= self.room or old == prefix:
                    break
                if self._saved[old].ready:
                    dropped.append(self._saved.pop(old).name)
            self._changed.notify_all()
        return dropped

    def abandon(self, prefix: str) -> None:
        """Forget a claimed prefix that could not be evaluated or written, or whose file is gone."""
        with self._changed:
            self._saved.pop(prefix, None)
            self._changed.notify_all()
