"""A backup made while somebody writes, and put back bit by bit, into SQLite and into Postgres."""

from __future__ import annotations

import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from domain.errors import AssetDamaged, Conflict, InputError, NotFound
from domain.progress import Silent
from domain.settings import sqlite_url
from library.backup import AUTHORITY, DATABASE, KEY, NOTE, BackupNote, back_up, read_note, restore
from library.check import check
from library.database import Database
from library.files import FileStore
from library.library import Library
from library.tables import metadata

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    database = Database(url)
    try:
        with database.read("look") as connection:
            found = {}
            for table in metadata.sorted_tables:
                found[table.name] = [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            return found
    finally:
        database.close()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "files").rglob("*") if path.is_file()}


@pytest.fixture
def filled(home: Path) -> str:
    url = sqlite_url(home / "maquette.db")
    with Library.open(url, home) as library:
        library.create_project("冷萃咖啡")
        for number in range(20):
            library.store_file(f"note {number}".encode(), f"{number}.txt", "text/plain")
    (home / KEY).write_bytes(b"k" * 32)
    (home / AUTHORITY).mkdir()
    (home / AUTHORITY / "root.key").write_bytes(b"a key")
    (home / AUTHORITY / "root.key").chmod(0o600)
    return url


def backed_up(url: str, home: Path, folder: Path) -> BackupNote:
    return back_up(url, FileStore(home / "files"), home, folder, NOW, Silent())


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_what_is_restored_is_what_was_there_bit_by_bit(
    filled: str, home: Path, tmp_path: Path, target: str, request: pytest.FixtureRequest
) -> None:
    note = backed_up(filled, home, tmp_path / "backup")
    assert (note.files, note.damaged) == (20, ())
    new = tmp_path / "new"
    new.mkdir()
    url = sqlite_url(new / "maquette.db") if target == "sqlite" else str(request.getfixturevalue("postgres_url"))
    assert restore(tmp_path / "backup", url, FileStore(new / "files"), new, Silent()).damaged == ()
    assert rows(url) == rows(filled)
    assert files(new) == files(home)
    assert (new / KEY).read_bytes() == (home / KEY).read_bytes()
    restored = new / AUTHORITY / "root.key"
    assert (restored.read_bytes(), restored.stat().st_mode & 0o777) == (b"a key", 0o600)
    assert read_note(tmp_path / "backup") == note, "a backup can be restored again"


def test_a_backup_is_whole_while_somebody_writes(filled: str, home: Path, tmp_path: Path) -> None:
    ended = threading.Event()

    def write() -> None:
        with Library.open(filled, home) as library:
            number = 0
            while not ended.is_set():
                number += 1
                library.store_file(f"later {number}".encode(), "later.txt", "text/plain")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        notes = [backed_up(filled, home, tmp_path / f"backup-{number}") for number in range(3)]
    finally:
        ended.set()
        writer.join()
    for number, note in enumerate(notes):
        assert note.damaged == ()
        new = tmp_path / f"new-{number}"
        new.mkdir()
        url = sqlite_url(new / "maquette.db")
        assert restore(tmp_path / f"backup-{number}", url, FileStore(new / "files"), new, Silent()).damaged == ()
        with Library.open(url, new) as library:
            assert check(library, Silent()).sound


def test_what_is_no_backup_or_no_longer_one_is_refused(filled: str, home: Path, tmp_path: Path) -> None:
    backup, new = tmp_path / "backup", tmp_path / "new"
    backed_up(filled, home, backup)
    new.mkdir()
    target = (sqlite_url(new / "maquette.db"), FileStore(new / "files"), new, Silent())
    with pytest.raises(Conflict, match="not empty"):
        backed_up(filled, home, backup)
    with pytest.raises(NotFound):
        restore(tmp_path / "nothing", *target)
    altered = tmp_path / "altered"
    shutil.copytree(backup, altered)
    with (altered / DATABASE).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(AssetDamaged):
        restore(altered, *target)
    shutil.copy(backup / DATABASE, altered / DATABASE)
    (altered / NOTE).write_text("{}")
    with pytest.raises(InputError):
        restore(altered, *target)
    (altered / NOTE).unlink()
    with pytest.raises(NotFound):
        restore(altered, *target)
    assert not (new / "maquette.db").exists()


def test_a_full_library_is_not_written_over(filled: str, home: Path, tmp_path: Path) -> None:
    backed_up(filled, home, tmp_path / "backup")
    before = rows(filled)
    with pytest.raises(Conflict, match="not empty"):
        restore(tmp_path / "backup", filled, FileStore(home / "files"), home, Silent())
    assert rows(filled) == before


def test_a_file_that_was_lost_is_named_and_the_rest_comes_back(filled: str, home: Path, tmp_path: Path) -> None:
    lost = next(path for path in (home / "files").rglob("*") if path.is_file())
    lost.unlink()
    note = backed_up(filled, home, tmp_path / "backup")
    assert (note.damaged, note.files) == ((lost.name,), 19)
