"""A copy of a whole library in a folder, made while a studio works on it, and put back into an empty one.

The rows first, as they are at one moment, then the files they name: files are stored before the rows that name them and never change
(docs/decisions/0013), so the copy is whole whatever is written meanwhile. The form is the same from SQLite and from Postgres, so that
a backup of one can be put back into the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete

from domain.errors import AssetDamaged, Conflict, InputError, NotFound
from domain.progress import Part, Progress
from domain.settings import sqlite_url
from domain.value import Value
from library.copy import FILES_SHARE, CopyReport, copy_files, copy_library
from library.database import Database, migrate, sqlite_file, stamp, upsert
from library.files import Files, disk_errors
from library.purging import BACKUP
from library.remote import open_files
from library.tables import settings

NOTE = "backup.json"
DATABASE = "maquette.db"
#: What lies in the home beside rows and files: the key that signs cookies of a shared password, and what exports are signed with.
KEY, AUTHORITY = "session.key", "authority"
FORMAT = 1


class BackupNote(Value):
    """What a backup says of itself. database_sha256: of its database. rows: by table. damaged: files that were lost before it was made."""

    format: int = FORMAT
    made: datetime
    database_sha256: str
    rows: dict[str, int]
    files: int
    damaged: tuple[str, ...] = ()


def back_up(source_url: str, here: Files, home: Path, folder: Path, now: datetime, progress: Progress) -> BackupNote:
    """Write a backup into a new or empty folder. A studio may work meanwhile. here: the library's files. home: where its keys lie.

    The note is written last: a folder without one is no backup. Raises Conflict when the folder holds anything, NotFound when there is no
    library, StorageError, DiskFull, Cancelled.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict("{folder} is not empty.", hint="Name a new folder for each backup.", field="folder", folder=folder)
    with disk_errors(f"make {folder}"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy_url = sqlite_url(folder / DATABASE)
    with _bytes_stay(source_url, now):
        rows = copy_library(source_url, copy_url, Part(progress, 0.0, 1 - FILES_SHARE)).rows
        copied = Database(copy_url)
        try:
            with copied.write("begin the backup") as connection:
                connection.execute(delete(settings).where(settings.c.key == BACKUP))
            rows["settings"] -= 1
            # copy_files tells FILES_SHARE of the progress it is given.
            count, damaged = copy_files(copied, (here, _files_of(folder)), Part(progress, 1 - FILES_SHARE, 1.0))
        finally:
            copied.close()
    note = BackupNote(made=now, database_sha256=_sha256(folder / DATABASE), rows=rows, files=count, damaged=damaged)
    with disk_errors(f"write {folder}"):
        _copy_keys(home, folder)
        (folder / NOTE).write_text(note.model_dump_json(indent=1), encoding="utf-8")
    return note


@contextlib.contextmanager
def _bytes_stay(url: str, now: datetime) -> Iterator[None]:
    """While files are copied, none is taken away that the rows copied before still name (library/purging.py)."""
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        yield  # whoever copies says so
        return
    migrate(url)
    source = Database(url)
    try:
        with source.write("begin the backup") as connection:
            upsert(connection, settings, {"key": BACKUP}, {"value": stamp(now)})
        yield
    finally:
        with source.write("end the backup") as connection:
            connection.execute(delete(settings).where(settings.c.key == BACKUP))
        source.close()


def read_note(folder: Path) -> BackupNote:
    """What a backup says of itself, when its database is still what it was. Raises NotFound, InputError, AssetDamaged."""
    if not (folder / NOTE).is_file() or not (folder / DATABASE).is_file():
        raise NotFound("{folder} holds no whole backup.", hint="Name a folder that `library backup` wrote.", field="folder", folder=folder)
    try:
        note = BackupNote.model_validate(json.loads((folder / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError("{file} cannot be read.", hint="Use another backup.", field="folder", file=folder / NOTE) from error
    if note.format != FORMAT:
        raise InputError("This backup was written by a newer Maquette.", hint="Update Maquette, then restore it.", field="folder")
    if _sha256(folder / DATABASE) != note.database_sha256:
        raise AssetDamaged("{file} is not what was backed up.", hint="Use another backup.", field="folder", file=folder / DATABASE)
    return note


def restore(folder: Path, target_url: str, there: Files, home: Path, progress: Progress) -> CopyReport:
    """Put a backup back into an empty library. Every row or none; every file is hashed on its way.

    Raises what read_note and copy_library raise; Conflict when the library is not empty.
    """
    read_note(folder)
    with disk_errors(f"read {folder}"), tempfile.TemporaryDirectory(prefix="maquette-restore-") as name:
        # Not the backup's own file: one of an older Maquette is brought to today's tables first.
        database = Path(shutil.copy2(folder / DATABASE, name))
        report = copy_library(sqlite_url(database), target_url, progress, (_files_of(folder), there))
    with disk_errors(f"write {home}"):
        _copy_keys(folder, home)
    return report


def _copy_keys(source: Path, target: Path) -> None:
    """Those the target has already stay: what was signed with them goes on to be known."""
    if (source / KEY).is_file() and not (target / KEY).exists():
        shutil.copy2(source / KEY, target / KEY)
    if (source / AUTHORITY).is_dir() and not (target / AUTHORITY).exists():
        shutil.copytree(source / AUTHORITY, target / AUTHORITY)


def _files_of(folder: Path) -> Files:
    return open_files("", folder, folder)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
