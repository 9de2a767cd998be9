"""The database comes up to date by itself, and says so when it cannot."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, MetaData, Table, create_engine, event, insert, inspect, text

from domain.capability import StepKind
from domain.errors import DiskFull, StorageError
from domain.job import Job, JobState
from domain.recipe import Measurement
from library.database import Database, dump, migrate, stamp
from library.library import Library
from library.tables import metadata
from tests.library.samples import WHEN

SEARCH = "asset_search"


def test_the_migrations_make_the_tables_the_code_describes(library: Library) -> None:
    with library.database.engine.connect() as connection:
        options = {"include_name": lambda name, kind, _parents: not (kind == "table" and str(name).startswith(SEARCH))}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        assert SEARCH in inspect(connection).get_table_names()


def test_opening_again_changes_nothing(database_url: str, home: Path) -> None:
    for _ in range(3):
        with Library.open(database_url, home) as library:
            library.create_project("x")
    with Library.open(database_url, home) as library:
        assert len(library.projects()) == 3


def test_several_may_open_a_new_library_at_once(database_url: str) -> None:
    code = "import sys; from library.database import migrate; migrate(sys.argv[1])"
    runs = [subprocess.Popen([sys.executable, "-W", "error", "-c", code, database_url]) for _ in range(3)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrate, [database_url] * 2))
    database = Database(database_url)
    with database.read("count") as connection:
        assert connection.scalar(text("SELECT count(*) FROM counters")) == 1
    database.close()


def test_an_older_library_gets_the_new_columns_filled_from_what_it_holds(database_url: str, home: Path) -> None:
    job = Job(plan_id="p", step_id="copy-1", person="Ann", created=WHEN, state=JobState.DONE, ended=WHEN)
    waiting = job.model_copy(update={"step_id": "copy-2", "state": JobState.QUEUED, "ended": None})
    run = Measurement(kind=StepKind.PICTURE, maker="m", model="", device="cpu", size=1.0, seconds=2.5)
    migrate(database_url, to="0001")
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO projects (id, archived, document) VALUES ('x', false, '{}')"))
        connection.execute(text("INSERT INTO plans (id, project_id, version) VALUES ('p', 'x', 1)"))
        columns = [Column(name) for name in ("plan_id", "step_id", "take", "state", "attempt")]
        jobs = Table("jobs", MetaData(), *columns, Column("document", JSON))
        for each in (job, waiting):
            row = dump(each)
            connection.execute(insert(jobs).values(**{column.name: row[column.name] for column in columns}, document=row))
        document = Column("document", JSON)
        measurements = Table("measurements", MetaData(), *(Column(name) for name in ("kind", "maker", "model", "device")), document)
        connection.execute(insert(measurements).values(kind="picture", maker="m", model="", device="cpu", document=dump(run)))
    engine.dispose()
    with Library.open(database_url, home) as library:
        assert [(key.step_id, key.person, key.created) for key in library.unfinished_keys()] == [("copy-2", "Ann", stamp(WHEN))]
        assert library.jobs("p") == (job, waiting)
        assert library.jobs_done_since(WHEN) == 1
        assert library.spent().seconds == 2.5


def test_a_library_of_a_newer_maquette_is_left_alone(database_url: str, home: Path) -> None:
    Library.open(database_url, home).close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StorageError, match="newer Maquette"):
        Library.open(database_url, home)


def test_a_file_that_is_no_database_is_refused(home: Path) -> None:
    (home / "maquette.db").write_bytes(b"this is not a database, it is a letter to my aunt" * 100)
    with pytest.raises(StorageError):
        Library.open(f"sqlite:///{home / 'maquette.db'}", home)


def test_sqlite_is_tuned_for_many_readers_and_one_writer(home: Path) -> None:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library, library.database.read("look") as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_database_on_a_full_disk_says_so_and_keeps_what_was_there(home: Path) -> None:
    url = f"sqlite:///{home / 'maquette.db'}"
    with Library.open(url, home) as library:
        library.create_project("kept")
        with library.database.read("look") as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

        def narrow(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}").close()

        event.listen(library.database.engine, "connect", narrow)
        library.database.engine.dispose()
        with pytest.raises(DiskFull):
            library.put_setting("big", "x" * 5_000_000)
        assert [project.name for project in library.projects()] == ["kept"]
        assert library.get_setting("big") is None


def test_a_writer_killed_in_the_middle_leaves_the_library_whole(home: Path) -> None:
    url = f"sqlite:///{home / 'maquette.db'}"
    Library.open(url, home).close()
    code = """
import sys
from pathlib import Path
from library.library import Library
library = Library.open(sys.argv[1], Path(sys.argv[2]))
number = 0
while True:
    number += 1
    library.create_project(f"project {number}")
    print(number, flush=True)
"""
    writer = subprocess.Popen([sys.executable, "-c", code, url, str(home)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    lines = [writer.stdout.readline() for _ in range(25)]
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read()
    writer.stdout.close()
    writer.wait()
    told = len([line for line in (*lines, *rest.splitlines()) if line.strip()])
    with Library.open(url, home) as library:
        assert len(library.projects()) in (told, told + 1)
        with library.database.read("look") as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
