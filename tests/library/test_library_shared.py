"""Files in a folder that is mounted from elsewhere, and may go away."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import StorageError
from domain.progress import Silent
from domain.settings import sqlite_url
from library.check import check
from library.library import Library


def open_shared(home: Path, share: Path) -> Library:
    return Library.open(sqlite_url(home / "maquette.db"), home, str(share))


def test_files_are_kept_in_the_shared_folder_and_nowhere_else(home: Path, tmp_path: Path) -> None:
    share = tmp_path / "mount" / "files"
    with open_shared(home, share) as library:
        ref = library.store_file(b"notes", "a.txt", "text/plain")
        assert library.file_path(ref.sha256) == share / ref.sha256[:2] / ref.sha256[2:4] / ref.sha256
        assert check(library, Silent()).extra == ()
    assert not (home / "files").exists()
    with open_shared(home, share) as library:
        assert library.file_path(ref.sha256).read_bytes() == b"notes"


def test_a_folder_that_is_not_mounted_is_said_and_work_goes_on_when_it_is(home: Path, tmp_path: Path) -> None:
    share, away = tmp_path / "share", tmp_path / "away"
    with open_shared(home, share) as library:
        ref = library.store_file(b"notes", "a.txt", "text/plain")
        share.rename(away)
        share.mkdir()  # what is left of a mount point
        for call in (
            lambda: library.store_file(b"more", "b.txt", "text/plain"),
            lambda: library.file_path(ref.sha256),
            lambda: check(library, Silent()),
        ):
            with pytest.raises(StorageError, match="not there"):
                call()
        with pytest.raises(StorageError, match="not there"):
            open_shared(home, share)
        assert list(share.iterdir()) == []
        share.rmdir()
        away.rename(share)
        assert library.file_path(ref.sha256).read_bytes() == b"notes"
        assert library.store_file(b"more", "b.txt", "text/plain").size == 4


def test_a_library_may_move_its_files_to_a_share(home: Path, tmp_path: Path) -> None:
    with Library.open(sqlite_url(home / "maquette.db"), home) as library:
        ref = library.store_file(b"notes", "a.txt", "text/plain")
    (home / "files").rename(tmp_path / "share")
    with open_shared(home, tmp_path / "share") as library:
        assert library.file_path(ref.sha256).read_bytes() == b"notes"
