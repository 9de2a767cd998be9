"""One studio per library, on one machine and on several."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from domain.errors import Conflict, StorageError
from library.lock import hold
from tests.postgres import PostgresServer

HOLDER = """
import sys
from pathlib import Path
from library.lock import hold
held = hold(sys.argv[1], Path(sys.argv[2]) if sys.argv[2] else None)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, home: Path) -> tuple[str, Path | None]:
    return ("", home / "runs.lock") if request.param == "file" else (request.getfixturevalue("postgres_url"), None)


def test_a_library_is_held_once_and_free_again_after(place: tuple[str, Path | None]) -> None:
    first = hold(*place)
    with pytest.raises(Conflict, match="Another Maquette"):
        hold(*place)
    first.renew()
    first.release()
    first.release()
    hold(*place).release()


def test_a_process_that_is_killed_lets_go(place: tuple[str, Path | None]) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, place[0], str(place[1] or "")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None and holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(Conflict):
        hold(*place)
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    patience = time.monotonic() + 30
    while True:  # a server notices the end of a connection in its own time
        try:
            hold(*place).release()
            return
        except Conflict:
            if time.monotonic() > patience:
                raise
            time.sleep(0.02)


def test_a_server_that_restarts_forgets_the_hold_until_it_is_renewed(postgres: PostgresServer, postgres_url: str) -> None:
    first = hold(postgres_url, None)
    postgres.stop()
    try:
        with pytest.raises(StorageError, match="does not answer"):
            first.renew()
    finally:
        postgres.start()
    first.renew()
    with pytest.raises(Conflict):
        hold(postgres_url, None)
    postgres.stop()
    postgres.start()
    second = hold(postgres_url, None)
    with pytest.raises(Conflict):
        first.renew()
    second.release()
    first.renew()
    first.release()
