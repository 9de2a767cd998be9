"""A Postgres server of the tests' own: in a folder of its own, on a socket of its own, as a user without rights, gone with the tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

import psycopg

#: Postgres refuses to run as root. Debian has the first when its postgresql is installed, every system has the second.
UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class PostgresServer:
    """Use as a context manager. `stop` and `start` in between keep what is stored.

    Nothing listens on the network; whoever may read the folder may connect.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PostgresServer:
        user = _user()
        if user is not None:
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        settings = ["--auth=trust", "--username=maquette", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        command = [_binary("initdb"), f"--pgdata={self._data}", *settings]
        made = subprocess.run([*_as(user), *command], capture_output=True, text=True, cwd=self._folder)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr or made.stdout}")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str = "postgres") -> str:
        """For SQLAlchemy and DBOS."""
        return f"postgresql+psycopg://maquette@/{database}?host={quote(str(self._folder), safe='')}"

    def start(self) -> None:
        options = {"listen_addresses": "", "unix_socket_directories": str(self._folder), "fsync": "off", "max_connections": "200"}
        command = [
            _binary("postgres"),
            "-D",
            str(self._data),
            *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*_as(_user(), dies_with_us=True), *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                self.connect().close()
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"Postgres did not start: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server at once: whoever is connected loses the connection."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Outside any transaction."""
        return psycopg.connect(host=str(self._folder), user="maquette", dbname="postgres", autocommit=True)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, which is gone afterwards."""
        name = f"maquette_{token_hex(6)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield self.url(name)
        finally:
            with self.connect() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    # Not below pytest's folder: that is closed to other users, and too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="maquette-pg-"))
    try:
        with PostgresServer(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def installed(name: str) -> str | None:
    """From the path, else the newest of Debian's, which are not on the path."""
    there = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return shutil.which(name) or next((str(path) for path in reversed(there)), None)


def _binary(name: str) -> str:
    found = installed(name)
    if found is None:
        raise RuntimeError(f"{name} is not installed. Install it: sudo apt-get install postgresql")
    return found


def _user() -> pwd.struct_passwd | None:
    """Whom to run as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)


def _as(user: pwd.struct_passwd | None, *, dies_with_us: bool = False) -> list[str]:
    """What comes before a command so that it runs as that user, and ends when the tests are killed."""
    words = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if user is not None else []
    if dies_with_us:
        words.append("--pdeathsig=INT")
    return ["setpriv", *words] if words and shutil.which("setpriv") else []
