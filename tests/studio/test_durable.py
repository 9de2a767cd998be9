"""Opening the database of runs: what fails leaves nothing behind that a later start would meet."""

from pathlib import Path

import pytest

from domain.errors import Conflict, StorageError
from studio.durable import Durable, Piece


def durable(home: Path) -> Durable:
    return Durable(f"sqlite:///{home / 'runs.db'}", home / "runs.db")


def ignore(piece: Piece) -> None:
    raise AssertionError(f"nothing was asked for, and {piece} came")


def test_a_start_that_failed_does_not_keep_its_database_for_the_next(tmp_path: Path) -> None:
    broken, sound = tmp_path / "broken", tmp_path / "sound"
    broken.mkdir()
    sound.mkdir()
    (broken / "runs.db").write_bytes(b"something else " * 999)
    with pytest.raises(StorageError, match="not a database"):
        durable(broken).start(ignore)
    later = durable(sound)
    assert later.start(ignore) == ()
    later.stop()
    assert (sound / "runs.db").is_file()


def test_a_start_that_was_refused_leaves_the_one_at_work_alone(tmp_path: Path) -> None:
    first = durable(tmp_path)
    first.start(ignore)
    with pytest.raises(Conflict):
        durable(tmp_path).start(ignore)
    with pytest.raises(Conflict):  # still held by the first
        durable(tmp_path).start(ignore)
    first.stop()
    again = durable(tmp_path)
    assert again.start(ignore) == ()
    again.stop()
