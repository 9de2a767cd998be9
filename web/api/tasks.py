"""Long work that a page started and watches: a pack, a check, a verification. Lives as long as the process; nothing durable."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import APIRouter, Request

from domain.errors import Busy, Cancelled, MaquetteError, NotFound
from domain.progress import CancelToken, Progress
from domain.value import JsonValue
from web.caller import acting
from web.errors import words_of

KEPT = 100
#: Work under way at once, of one person and of everybody: each piece is a thread, and may hold a file.
RUNNING_EACH = 3
RUNNING_IN_ALL = 12


@dataclass
class Task:
    """state, fraction (0..1), note and result as the page reads them; error: what ended it. person: who started it, and may ask for it."""

    token: CancelToken = field(default_factory=CancelToken)
    state: Literal["running", "done", "failed", "cancelled"] = "running"
    fraction: float = 0.0
    note: str = ""
    result: JsonValue = None
    error: MaquetteError | None = None
    person: str = ""

    def report(self, fraction: float, note: str = "") -> None:
        self.check()
        self.fraction, self.note = min(max(fraction, 0.0), 1.0), note

    def check(self) -> None:
        self.token.check()


class Tasks:
    """Runs each piece of work in a thread of its own, in the name of whose request started it. The newest hundred are remembered."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._guard = threading.Lock()

    def start(self, work: Callable[[Progress], JsonValue]) -> str:
        """Begin; returns the id to ask for. What the work returns is its result. Raises Busy while too much is under way."""
        task, task_id = Task(person=acting()), secrets.token_urlsafe(16)
        with self._guard:
            self._require(task.person)
            self._tasks[task_id] = task
            for old in [key for key, value in self._tasks.items() if value.state != "running"][: max(0, len(self._tasks) - KEPT)]:
                del self._tasks[old]
        threading.Thread(target=_run, args=(task, work), name=f"task {task_id}", daemon=True).start()
        return task_id

    def require(self) -> None:
        """Before a large body is read: raises Busy where `start` would do so now."""
        with self._guard:
            self._require(acting())

    def _require(self, person: str) -> None:
        running = [task.person for task in self._tasks.values() if task.state == "running"]
        if running.count(person) >= RUNNING_EACH or len(running) >= RUNNING_IN_ALL:
            raise Busy("Too much work is under way at once.", hint="Wait until some of it is done, or cancel it, then try again.")

    def get(self, task_id: str) -> Task:
        with self._guard:
            task = self._tasks.get(task_id)
        if task is None or task.person != acting():
            raise NotFound("This work is not known any more.", hint="Start it again.")
        return task


def _run(task: Task, work: Callable[[Progress], JsonValue]) -> None:
    state: Literal["done", "failed", "cancelled"] = "failed"
    # A fault of ours ends the thread with its trace in the log; the page must not wait for it for ever.
    task.error = MaquetteError("Something broke inside the studio. The log says more.")
    try:
        task.result = work(task)
        state, task.error, task.fraction = "done", None, 1.0
    except Cancelled:
        state, task.error = "cancelled", None
    except MaquetteError as error:
        task.error = error
    finally:
        task.state = state


def tasks_router(tasks: Tasks) -> APIRouter:
    router = APIRouter(prefix="/api/tasks")

    @router.get("/{task_id}")
    def get(task_id: str, request: Request) -> dict[str, Any]:
        task = tasks.get(task_id)
        error = task.error.told(words_of(request)) if task.error is not None else ""
        return {"state": task.state, "fraction": task.fraction, "note": task.note, "result": task.result, "error": error}

    @router.delete("/{task_id}")
    def cancel(task_id: str) -> dict[str, bool]:
        tasks.get(task_id).token.cancel()
        return {"cancelled": True}

    return router
