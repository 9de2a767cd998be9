"""What is picked for each task, without asking the disk each time: pages ask for it many times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from domain.model import Task
from pipelines.models.profiles import Choice
from pipelines.models.store import ModelStore

#: A model whose files were harmed is picked for so long at most; whoever loads it looks at the files anyway.
SECONDS = 1.0


class Picks:
    """choices: a person's own. pick: looks at every model. It is asked again when a choice changed, a model came or went (also by
    another process), and after a second."""

    def __init__(
        self, store: ModelStore, choices: Callable[[], Mapping[str, str]], pick: Callable[[Mapping[str, str]], dict[Task, Choice]]
    ) -> None:
        self._store, self._choices, self._pick = store, choices, pick
        self._known: tuple[object, float, dict[Task, Choice]] | None = None
        self._guard = threading.Lock()

    def of(self, task: Task) -> Choice | None:
        """Raises InputError for a choice that cannot be."""
        wanted = dict(self._choices())
        key = (self._store.stamp(), tuple(sorted(wanted.items())))
        with self._guard:
            known = self._known
        if known is None or known[0] != key or time.monotonic() > known[1]:
            known = (key, time.monotonic() + SECONDS, self._pick(wanted))
            with self._guard:
                self._known = known
        return known[2].get(task)
