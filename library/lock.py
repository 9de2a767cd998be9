"""One studio process per library: a lock that ends with the process that holds it, however it ends."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, text

from domain.errors import Conflict, StorageError
from library.database import database_errors, disconnected, open_engine
from library.files import disk_errors

#: Any fixed number will do, as long as nothing else in that database uses it.
STUDIO_LOCK = 0x4D4152


class Hold(Protocol):
    def renew(self) -> None:
        """Make sure that it is still held. Raises Conflict when another process has it now, StorageError when nobody can tell."""

    def release(self) -> None:
        """Let go. Safe to call again."""


def hold(database_url: str, lock_file: Path | None) -> Hold:
    """Hold a library for this process. Raises Conflict when another process holds it, StorageError.

    Args:
        lock_file: for a library in SQLite, a file of this machine that all its studios agree on. Not used with Postgres,
            where the lock is one of the server's: studios may run on several machines.
    """
    return _FileHold(lock_file) if lock_file is not None else _ServerHold(database_url)


class _FileHold:
    def __init__(self, path: Path) -> None:
        with disk_errors(f"make {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise Conflict(
                "Another Maquette is already working in {parent}.",
                hint="Use its pages, stop it first, or choose another folder with MAQUETTE_HOME.",
                field="MAQUETTE_HOME",
                parent=path.parent,
            ) from error

    def renew(self) -> None:
        """Nothing can take it away."""

    def release(self) -> None:
        self._file.close()


class _ServerHold:
    """An advisory lock of a connection of its own: it ends with the connection, so a server that restarted forgets it."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url, pooled=False)
        self._connection: Connection | None = None
        try:
            self.renew()
        except BaseException:
            self.release()
            raise

    def renew(self) -> None:
        with database_errors("hold the library"):
            if self._connection is not None:
                try:
                    self._connection.execute(text("SELECT 1"))
                    return
                except Exception as error:
                    if not disconnected(error):
                        raise
                    self._drop()
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": STUDIO_LOCK}):
                connection.close()
                raise Conflict(
                    "Another Maquette is already working on this library.",
                    hint="Use its pages, or stop it first.",
                    field="MAQUETTE_DATABASE",
                )
            self._connection = connection

    def release(self) -> None:
        self._drop()
        self._engine.dispose()

    def _drop(self) -> None:
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        try:
            with database_errors("let go of the library"):
                connection.close()
        except StorageError:  # the server is gone, and the lock with it
            return
