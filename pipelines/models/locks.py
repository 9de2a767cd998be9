"""One pull of a model at a time, across threads and processes, by an advisory lock on a file."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.progress import Progress

POLL_SECONDS = 0.1


@contextmanager
def exclusive(path: Path, progress: Progress, what: str) -> Iterator[None]:
    """Hold the lock; while another holds it, wait, saying so, and stop waiting when cancelled.

    flock belongs to the open file, so two threads that open it separately exclude each other like two processes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _take(handle):
            progress.report(0.0, f"waiting for another download of {what}")
            progress.check()
            time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(handle)


@contextmanager
def if_free(path: Path) -> Iterator[bool]:
    """Yield True with the lock held when nobody else has it, else False at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield _take(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
