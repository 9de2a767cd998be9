"""Durable pieces of work, repeated when a crash interrupted them; the library's rows say what is left. Only this file knows DBOS."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID
from pydantic import Field

from domain.errors import Conflict, MaquetteError, StorageError
from domain.value import Value
from library.lock import Hold, hold
from studio.queue import Key, Stage

#: Raised when the arguments or steps of the workflow below change, so that pieces of an older form are not repeated by newer code.
WORKFLOW_VERSION = "4"
PIECE = "maquette.piece"
#: Ended pieces say nothing the job rows do not; they are deleted so many at a time, each time so many were begun.
TIDY_EVERY = 500
#: How often it is made sure that this process still holds the library.
RENEW_SECONDS = 10.0
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

log = logging.getLogger(__name__)


class Piece(Value):
    """What is handed out at once: takes to be prepared or made together, in a lane."""

    stage: Stage
    lane: str
    keys: tuple[Key, ...] = Field(min_length=1)


class Durable:
    """One per studio process, and one process per library.

    Args:
        database: URL of DBOS's system tables (SQLite file or Postgres).
        runs_file: the SQLite file of that URL; None for Postgres.
    """

    def __init__(self, database: str, runs_file: Path | None) -> None:
        self._database = database
        self._runs_file = runs_file
        self._begin: Callable[[str], None] | None = None
        self._lock: Hold | None = None
        self._renewed = 0.0
        self._begun = 0

    def start(self, work: Callable[[Piece], None]) -> tuple[Piece, ...]:
        """Open DBOS. `work` runs every piece, in threads of DBOS; what a crash interrupted begins at once and is returned.

        Raises Conflict while another process works on the same library: two would make each take twice;
        StorageError when the database of runs cannot be opened or written.
        """
        try:
            return self._open(work)
        except MaquetteError:
            self._shut()
            raise
        except Exception as error:  # DBOS and its database each have their own trees of errors
            self._shut()
            raise StorageError(
                "The runs could not be opened: {error}.",
                hint="Free disk space, or move runs.db away: finished work is in the library.",
                error=str(error),
            ) from error

    def submit(self, piece: Piece) -> None:
        """Begin a piece. Raises StorageError when it could not be noted; then it has not begun."""
        if self._begin is None:
            raise RuntimeError("Durable.start() was not called")
        self._still_ours()
        try:
            if self._begun % TIDY_EVERY == 0:
                self._tidy()
            self._begun += 1
            self._begin(piece.model_dump_json())
        except Exception as error:
            raise StorageError(
                "The run could not be noted: {error}.", hint="Free disk space, or start the database again.", error=str(error)
            ) from error

    def stop(self) -> None:
        """Close DBOS. Pieces whose work raised a BaseException that is no Exception stay noted and are repeated by the next start."""
        self._shut()

    def _open(self, work: Callable[[Piece], None]) -> tuple[Piece, ...]:
        self._lock = hold(self._database, None if self._runs_file is None else self._runs_file.with_suffix(".lock"))
        DBOS(config=self._config())
        logging.getLogger("dbos").setLevel(logging.CRITICAL)

        @DBOS.workflow(name=PIECE)
        def run_piece(piece: str) -> str:
            # No step inside: work may be repeated as a whole, and noting a step would cost as much as all else that is noted.
            work(Piece.model_validate_json(piece))
            return ""

        def begin(piece: str) -> None:
            with SetWorkflowID(secrets.token_hex(12)):
                DBOS.start_workflow(run_piece, piece)

        DBOS.launch()
        self._begin = begin
        return self._interrupted()

    def _still_ours(self) -> None:
        """A database server that restarted has forgotten who worked on this library; another studio may have begun meanwhile."""
        if self._lock is None or time.monotonic() - self._renewed < RENEW_SECONDS:
            return
        try:
            self._lock.renew()
        except Conflict as error:
            raise StorageError(error.message_id, hint=error.hint_id, given=error.values) from error
        self._renewed = time.monotonic()

    def _tidy(self) -> None:
        ended = DBOS.list_workflows(status=ENDED, name=PIECE, limit=2 * TIDY_EVERY, load_input=False, load_output=False)
        DBOS.delete_workflows([workflow.workflow_id for workflow in ended])

    def _interrupted(self) -> tuple[Piece, ...]:
        """What DBOS repeats now, because an earlier process did not end it."""
        found = []
        for workflow in DBOS.list_workflows(status=["PENDING"], name=PIECE, app_version=WORKFLOW_VERSION):
            arguments: Sequence[str] = (workflow.input or {"args": ()})["args"]
            found += [Piece.model_validate_json(text) for text in arguments]
        return tuple(found)

    def _config(self) -> DBOSConfig:
        return {
            "name": "maquette",
            "system_database_url": self._database,
            "db_engine_kwargs": {} if self._runs_file is None else {"connect_args": {"factory": _Runs}},
            "application_version": WORKFLOW_VERSION,
            "executor_id": "studio",
            # What breaks is told by runner.py, on the job; DBOS would add a traceback to the terminal.
            "log_level": "CRITICAL",
            "console_log_level": "CRITICAL",
            "enable_otlp": False,
        }

    def _shut(self) -> None:
        """Close DBOS and let go of the library, if this one held it: DBOS is one per process, and may be another's."""
        if self._lock is None:
            return
        # Workflows left pending on purpose find their database closed and end; DBOS would log each as a fault.
        logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0)
        self._begin = None
        self._lock.release()
        self._lock = None


class _Runs(sqlite3.Connection):
    """What a power cut takes of the last moment is still in the rows of the library, whose jobs are queued again: no commit has to
    wait for the disk."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = NORMAL"):
            self.execute(f"PRAGMA {pragma}")
