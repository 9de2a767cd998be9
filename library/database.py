"""The database behind the library: opening it, bringing it up to date, transactions, and its errors in our words.

SQLite in one file, or Postgres by URL, with the same code above this file.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import ValidationError
from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    Insert,
    NullPool,
    Select,
    Table,
    bindparam,
    create_engine,
    event,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.errors import Conflict, DiskFull, InputError, MaquetteError, NotFound, StorageError
from domain.value import Value, canonical_json
from library.search import Search

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
#: Serialises migrations of several processes on one Postgres. Any fixed number will do.
MIGRATION_LOCK = 0x4D4151
BUSY_SECONDS = 30
#: How long readers are waited for before the log is cut off.
LOG_SECONDS = 5
#: How long a Postgres server that drops packets is waited for.
CONNECT_SECONDS = 10
#: Connections to Postgres that are kept, and as many again for a moment. A server allows 100 unless told otherwise; DBOS needs some too.
POOL = 15
ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
ID_LENGTH = 14

V = TypeVar("V", bound=Value)


def new_id() -> str:
    """A random id of 14 letters and digits (69 bits): safe in a URL, a file name and a spoken sentence."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))


@contextlib.contextmanager
def database_errors(what: str) -> Iterator[None]:
    """Map the database's errors: `what` finishes "Could not …". Branches on error codes, never on message text."""
    try:
        yield
    except IntegrityError as error:
        if _points_nowhere(error.orig):
            raise NotFound(
                "Could not {what}: it refers to something that is not in the library.", hint="Reload, and check the ids.", what=what
            ) from error
        raise Conflict("Could not {what}: it is already there.", hint="Reload to see the present state.", what=what) from error
    except DBAPIError as error:
        if _no_space(error.orig):
            raise DiskFull(
                "Could not {what}: the disk is full.", hint="Free some space and try again; nothing was half-written.", what=what
            ) from error
        if isinstance(error, DataError):
            raise InputError(
                "Could not {what}: a value is too long, too large or no text.", hint="Use shorter, valid text.", what=what
            ) from error
        if _unreachable(error.orig):
            raise StorageError(
                "Could not {what}: the database does not answer.",
                hint="Check that its server runs and can be reached; nothing is lost, and this works again as soon as it does.",
                what=what,
            ) from error
        raise StorageError(
            "Could not {what}: the database failed ({orig}).",
            hint="Check that the database is reachable and writable.",
            what=what,
            orig=error.orig,
        ) from error
    except StatementError as error:
        if isinstance(error.orig, MaquetteError):
            raise error.orig from error
        raise InputError(
            "Could not {what}: a value cannot be stored ({orig}).", hint="Use finite numbers and valid text.", what=what, orig=error.orig
        ) from error
    except UnicodeEncodeError as error:  # half of a surrogate pair; the drivers let it through
        raise InputError("Could not {what}: a text holds a broken character.", hint="Use valid Unicode text.", what=what) from error
    except PoolTimeout as error:
        raise StorageError("Could not {what}: the database is too busy.", hint="Try again in a moment.", what=what) from error


@contextlib.contextmanager
def _raw_errors(what: str) -> Iterator[None]:
    """The same for what is asked of SQLite's driver itself, outside a transaction."""
    with database_errors(what):
        try:
            yield
        except sqlite3.Error as error:
            raise DBAPIError(what, None, error) from error


def _points_nowhere(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    return getattr(error, "sqlstate", "") == "23503"


def disconnected(error: BaseException) -> bool:
    """Whether this error means that a connection is gone."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _unreachable(error.orig))


def _unreachable(error: BaseException | None) -> bool:
    """Whether Postgres could not be connected to, is shutting down or starting, or cut the connection. Always False for SQLite."""
    if error is None or isinstance(error, sqlite3.Error):
        return False
    state = getattr(error, "sqlstate", None)
    return type(error).__name__ == "OperationalError" if state is None else state[:2] == "08" or state[:4] == "57P0"


def _no_space(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return getattr(error, "sqlstate", "") == "53100"


class Database:
    """One engine. Reading and writing are short transactions.

    A write on SQLite takes the lock at its start, so it waits there and never fails half-way as busy.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._writing = self._engine.execution_options(maquette_write=True)
        self.search = Search(self._engine.dialect.name)

    @property
    def engine(self) -> Engine:
        return self._engine

    @contextlib.contextmanager
    def read(self, what: str) -> Iterator[Connection]:
        """A transaction that sees one state throughout."""
        with database_errors(what), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self, what: str) -> Iterator[Connection]:
        """A transaction that is either wholly stored or not at all."""
        with database_errors(what), self._writing.begin() as connection:
            yield connection

    def compact(self) -> bool:
        """Write the database anew, so that nothing of deleted rows is left in it. False while somebody else reads; try again then.

        Postgres marks the room of deleted rows free, and writes over it as it goes on.
        """
        if self._engine.dialect.name == "postgresql":
            with database_errors("write the database anew"), self._engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
            return True
        with _raw_errors("write the database anew"), contextlib.closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            try:
                # Words of deleted texts stay in the index until its parts are merged. Not by 'optimize': it adds a level to the index
                # again and again, and FTS5 opens none with more than 2,000.
                cursor.execute("INSERT INTO asset_search(asset_search) VALUES ('rebuild')")
                cursor.execute("VACUUM")
                return self._emptied(cursor)
            except sqlite3.Error:
                # What this connection knew of the index may be half of it now: nobody goes on with it.
                raw.invalidate()
                raise

    def empty_log(self) -> bool:
        """Move SQLite's write-ahead log into the database and cut it off. False while somebody else reads."""
        if self._engine.dialect.name == "postgresql":
            return True
        with _raw_errors("empty the log"), contextlib.closing(self._engine.raw_connection()) as raw:
            return self._emptied(raw.cursor())

    @staticmethod
    def _emptied(cursor: Any) -> bool:
        cursor.execute(f"PRAGMA busy_timeout = {LOG_SECONDS * 1000}")
        try:
            return not cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")

    def close(self) -> None:
        self._engine.dispose()


def open_engine(url: str, *, pooled: bool = True, foreign_keys: bool = True) -> Engine:
    """The one way to an engine. Raises InputError for a URL that cannot be used."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {"pool_pre_ping": parsed.get_backend_name() != "sqlite"} if pooled else {"poolclass": NullPool}
        if parsed.get_backend_name() == "sqlite":
            _check_sqlite(parsed.database)
            options["connect_args"] = {"timeout": BUSY_SECONDS}
        else:
            if pooled:
                options |= {"pool_size": POOL, "max_overflow": POOL}
            if "connect_timeout" not in parsed.query:
                options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
        engine = create_engine(parsed, json_serializer=_json, **options)
    except (ArgumentError, NoSuchModuleError) as error:
        raise _no_url() from error
    except ModuleNotFoundError as error:
        raise InputError(
            "The driver {name} for this database is not installed.",
            hint="Install it: pip install 'maquette[postgres]'",
            field="database",
            name=error.name,
        ) from error
    if engine.dialect.name == "sqlite":
        _tune_sqlite(engine, foreign_keys=foreign_keys)
    elif engine.dialect.name != "postgresql":
        raise InputError(
            "{dialect} is not a database the library knows.",
            hint="Use sqlite:///path or postgresql://…",
            field="database",
            dialect=engine.dialect.name,
        )
    return engine


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database, None for another kind. Raises InputError for what is no database URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _no_url() from error
    return Path(parsed.database).resolve() if parsed.get_backend_name() == "sqlite" and parsed.database else None


def hide_password(url: str) -> str:
    """The URL as it may be shown."""
    return make_url(url).render_as_string(hide_password=True)


def _no_url() -> InputError:
    return InputError("The database URL cannot be used.", hint="Use sqlite:///path or postgresql://…", field="database")


def _json(value: Any) -> str:
    try:
        return canonical_json(value)
    except ValueError as error:
        raise InputError(
            "A value cannot be stored as JSON: {error}.", hint="Leave out numbers that are not finite.", error=str(error)
        ) from error


def _check_sqlite(database: str | None) -> None:
    if not database or database == ":memory:":
        raise InputError("The library needs a database file.", hint="Use sqlite:///path/to/maquette.db", field="database")
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            "Could not make the folder of {database}: {strerror}.",
            hint="Choose a folder you may write to.",
            database=database,
            strerror=error.strerror,
        ) from error


def _tune_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling would start a write as a read; we begin transactions ourselves.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("maquette_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def migrate(url: str, to: str = "") -> None:
    """Bring the database to the newest schema, or (for tests of migrations) to an older one. Does nothing when it is there already.

    Raises StorageError when a newer Maquette made it, or when it is no database.
    """
    engine = open_engine(url, pooled=False, foreign_keys=False).execution_options(maquette_write=True)
    config = Config(attributes={})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    head = to or scripts.get_current_head() or ""
    try:
        with database_errors("open the library"), engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            current = MigrationContext.configure(connection).get_current_revision()
            if current == head:
                return
            if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
                raise StorageError("This library was made by a newer Maquette.", hint="Update Maquette, or choose another MAQUETTE_HOME.")
            config.attributes["connection"] = connection
            command.upgrade(config, head)
    finally:
        engine.dispose()


def upsert(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write the row with this key, new or not, in one statement. Both databases spell it INSERT … ON CONFLICT."""
    connection.execute(_upserting(connection.dialect.name, table, tuple(key), tuple(values)), {**key, **values})


def upsert_all(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many rows with the same columns, new or not."""
    if rows:
        values = tuple(name for name in rows[0] if name not in key)
        connection.execute(_upserting(connection.dialect.name, table, tuple(key), values), list(rows))


# To build a statement takes longer than to run it: those that run for every take are built once.


@cache
def _upserting(dialect: str, table: Table, key: tuple[str, ...], values: tuple[str, ...]) -> Executable:
    given = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)
    return given.on_conflict_do_update(index_elements=list(key), set_={name: given.excluded[name] for name in values})


@cache
def inserting(table: Table) -> Insert:
    """INSERT of a row, or of many, given as parameters."""
    return insert(table)


@cache
def document_by(table: Table, *key: str) -> Select[Any]:
    """The documents of rows whose columns of these names have the values given as parameters of the same names."""
    return select(table.c.document).where(*(table.c[name] == bindparam(name) for name in key))


def dump(value: Value) -> dict[str, Any]:
    return value.model_dump(mode="json")


def load(kind: type[V], document: Any) -> V:
    """A stored value. Raises StorageError when this version of Maquette cannot read it."""
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise StorageError(
            "A stored {kind} cannot be read: {error_count} of its fields are unknown or wrong.",
            hint="Was it written by another version of Maquette? Update, then try again.",
            kind=kind.__name__.lower(),
            error_count=error.error_count(),
        ) from error


def utc(moment: datetime) -> str:
    return moment.isoformat()


def stamp(moment: datetime) -> str:
    """A moment in UTC whose text sorts as time does, whatever the collation of the database."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


class Room:
    """What every part of the library stands on: the database, and a clock that a test may replace."""

    _database: Database
    _clock: Callable[[], datetime]
