"""The folder where workers write what they made, until the library takes it over by renaming."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from domain.errors import StorageError
from domain.recipe import Output


class Spool:
    """One folder of this run below `folder`. What earlier runs left there is removed; a run that still lives is left alone.

    Raises StorageError when the disk does not take it.
    """

    def __init__(self, folder: Path) -> None:
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.place = folder / name
        self._lock_file = folder / f"{name}.lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _clear(folder)
            self._lock: IO[bytes] = self._lock_file.open("wb")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.place.mkdir(mode=0o700)
        except OSError as error:
            raise StorageError(
                f"The folder for results cannot be used: {folder}: {error.strerror}.", hint="Free space, or check MAQUETTE_HOME."
            ) from error

    def keep(self, name: str, data: bytes) -> Path:
        """Write bytes for a worker to read. Raises StorageError."""
        path = self.place / name
        try:
            path.write_bytes(data)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise StorageError(f"The disk does not take a file of {len(data)} bytes: {error.strerror}.", hint="Free space.") from error
        return path

    def forget(self, attempt: str) -> None:
        """Remove what an attempt that is over has left."""
        for path in self.place.glob(f"{attempt}-*"):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove everything of this run. Idempotent."""
        shutil.rmtree(self.place, ignore_errors=True)
        self._lock_file.unlink(missing_ok=True)
        self._lock.close()


def discard(outputs: Iterable[Output]) -> None:
    """Remove the files of outputs that nobody will take over."""
    for output in outputs:
        for file in output.files:
            if file.path is not None:
                file.path.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """The lock of a run that has ended, however it ended, is free."""
    for lock in folder.glob("*.lock"):
        with contextlib.suppress(OSError), lock.open("rb") as held:  # held by a living run, or removed by another process just now
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
