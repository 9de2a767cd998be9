"""A library moved to another database: SQLite to Postgres and back. Every row or none; the source is only read."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, inspect, select, text

from domain.asset import Asset
from domain.errors import AssetDamaged, Conflict, InputError, NotFound, StorageError
from domain.progress import Progress
from domain.value import Value
from library.assets import searchable
from library.database import Database, load, migrate, sqlite_file
from library.files import Files, FileState
from library.tables import assets, blobs, counters, metadata

BATCH = 500
#: How much of the progress is files, when files are copied too.
FILES_SHARE = 0.8


class CopyReport(Value):
    """rows: how many by table. files: how many were copied. damaged: hashes of files that are missing or altered in the source."""

    rows: dict[str, int]
    files: int = 0
    damaged: tuple[str, ...] = ()


def copy_library(source_url: str, target_url: str, progress: Progress, files: tuple[Files, Files] | None = None) -> CopyReport:
    """Copy every table into an empty database in one transaction, and the files first when they move too.

    Nobody may write to the source meanwhile: hold it (library/lock.py). It is brought to the newest schema, else unchanged.

    Args:
        files: the present and the new place of files; None leaves them where they are.

    Raises NotFound when there is no source, Conflict when the target holds anything, InputError for URLs that cannot be
    used or are the same, StorageError, DiskFull, Cancelled; then the target has no row of it.
    """
    file = sqlite_file(source_url)
    if source_url == target_url or (file is not None and file == sqlite_file(target_url)):
        raise InputError("A library cannot be copied onto itself.", hint="Name another database with --to.", field="to")
    if file is not None and not file.is_file():
        raise NotFound(
            "There is no library in {parent}.", hint="Name its folder with MAQUETTE_HOME.", field="MAQUETTE_HOME", parent=file.parent
        )
    migrate(source_url)
    source, target = Database(source_url), Database(target_url)
    try:
        _require_empty(target)
        migrate(target_url)
        copied, damaged = copy_files(source, files, progress) if files is not None else (0, ())
        start = FILES_SHARE if files is not None else 0.0
        with source.read("read the library") as reading, target.write("copy the library") as writing:
            _one_state(reading)
            rows = _copy_rows(reading, writing, target, progress, start)
        progress.report(1.0, "copied")
        return CopyReport(rows=rows, files=copied, damaged=damaged)
    finally:
        source.close()
        target.close()


def _require_empty(target: Database) -> None:
    with target.read("look into the target") as connection:
        there = set(inspect(connection).get_table_names())
        for table in metadata.sorted_tables:
            filled = select(func.count()).select_from(table)
            if table is counters:  # it comes with the schema
                filled = filled.where(counters.c.value > 0)
            if table.name in there and connection.scalar(filled):
                raise Conflict(
                    "The target is not empty: it has {table}.", hint="Name an empty database with --to.", field="to", table=table.name
                )


def _one_state(reading: Connection) -> None:
    """See the library as it is now until the end, whatever is written meanwhile. SQLite does so anyway."""
    if reading.dialect.name == "postgresql":
        reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def _copy_rows(reading: Connection, writing: Connection, target: Database, progress: Progress, start: float) -> dict[str, int]:
    counts = {table: reading.scalar(select(func.count()).select_from(table)) or 0 for table in metadata.sorted_tables}
    total, done = sum(counts.values()) or 1, 0
    writing.execute(delete(counters))
    for table, count in counts.items():
        with contextlib.closing(_batches(reading, table)) as batches:
            for rows in batches:
                progress.check()
                writing.execute(insert(table), rows)
                if table is assets:
                    _index(writing, target, rows)
                done += len(rows)
                progress.report(start + (1 - start) * min(done / total, 1.0), f"{table.name}: {done} of {total} rows")
        arrived = writing.scalar(select(func.count()).select_from(table))
        if arrived != count:
            raise StorageError(
                "{table} has {count} rows, and {arrived} arrived.",
                hint="Stop everything that writes to the library.",
                table=table.name,
                count=count,
                arrived=arrived,
            )
    _continue_numbers(writing)
    return {table.name: count for table, count in counts.items()}


def _batches(reading: Connection, table: Table) -> Generator[list[dict[str, Any]]]:
    """All rows in the order in which they were made, so that a row comes after those it refers to."""
    chosen = select(table).order_by(*table.primary_key.columns)
    with reading.execute(chosen, execution_options={"yield_per": BATCH}) as result:
        for rows in result.partitions(BATCH):
            yield [dict(row._mapping) for row in rows]


def _index(writing: Connection, target: Database, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        target.search.add(writing, row["number"], searchable(load(Asset, row["document"])))


def _continue_numbers(writing: Connection) -> None:
    """Let the next row get the next number. SQLite sees to it itself."""
    if writing.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        number = table.autoincrement_column
        if number is None:
            continue
        highest = writing.scalar(select(func.max(number)))
        if highest is not None:
            sequence = func.pg_get_serial_sequence(table.name, number.name)
            writing.execute(select(func.setval(sequence, highest)))


def copy_files(source: Database, files: tuple[Files, Files], progress: Progress) -> tuple[int, tuple[str, ...]]:
    """Copy every file that a library's rows name. Returns how many, and the hashes of those that are missing or altered."""
    here, there = files
    with source.read("list the files") as connection:
        found = [(row.sha256, row.size) for row in connection.execute(select(blobs.c.sha256, blobs.c.size).order_by(blobs.c.sha256))]
    there.prepare(fresh=True)
    total, done, damaged = sum(size for _, size in found) or 1, 0, []
    for sha256, size in found:
        progress.check()
        try:
            if here.state(sha256, size) is not FileState.WHOLE:
                raise AssetDamaged(sha256)
            there.add(here.open(sha256))
        except AssetDamaged:
            damaged.append(sha256)
        done += size
        progress.report(FILES_SHARE * min(done / total, 1.0), f"file {sha256[:12]}")
    return len(found) - len(damaged), tuple(damaged)
