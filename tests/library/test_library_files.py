"""The content-addressed store: whole or absent, never in between."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from domain.errors import AssetDamaged, DiskFull, InputError, NotFound, StorageError
from library.files import FileStore


def everything(store: FileStore) -> list[Path]:
    return list(store.everything())


def test_bytes_come_back_under_their_hash(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    sha256, size = store.add(b"hello")
    assert sha256 == hashlib.sha256(b"hello").hexdigest()
    assert size == 5
    assert store.open(sha256) == tmp_path / "files" / sha256[:2] / sha256[2:4] / sha256
    assert store.read(sha256) == b"hello"
    assert list(store.chunks(sha256, size=2)) == [b"he", b"ll", b"o"]


def test_a_file_is_copied_in_and_stays_where_it_was(tmp_path: Path) -> None:
    given = tmp_path / "logo.png"
    given.write_bytes(os.urandom(3_000_000))
    store = FileStore(tmp_path / "files")
    sha256, size = store.add(given)
    assert size == 3_000_000
    assert store.read(sha256) == given.read_bytes()


def test_the_same_bytes_are_kept_once_and_read_only(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    assert store.add(b"same") == store.add(b"same")
    (path,) = everything(store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    def full(file: BinaryIO, data: bytes) -> object:
        file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = FileStore(tmp_path / "files", write=full)
    with pytest.raises(DiskFull, match="disk is full"):
        store.add(b"too much")
    assert everything(store) == []
    assert FileStore(tmp_path / "files").add(b"too much")[1] == 8


def test_a_file_that_outgrows_what_the_system_allows_is_a_full_disk(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from pathlib import Path
from domain.errors import DiskFull
from library.files import FileStore
store = FileStore(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    store.add(b"x" * 100_000)
except DiskFull:
    print([path.name for path in store.everything()])
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "files")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_another_disk_error_says_what_failed(tmp_path: Path) -> None:
    def broken(_file: BinaryIO, _data: bytes) -> object:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(StorageError, match="Input/output error") as caught:
        FileStore(tmp_path / "files", write=broken).add(b"x")
    assert not isinstance(caught.value, DiskFull)


def test_a_missing_file_is_named_as_damage(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    sha256, _ = store.add(b"gone")
    store.open(sha256).unlink()
    with pytest.raises(AssetDamaged, match="missing"):
        store.open(sha256)
    with pytest.raises(AssetDamaged):
        list(store.chunks(sha256))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_hash_opens_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        FileStore(tmp_path / "files").open(name)


def test_storing_again_mends_an_altered_file(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    sha256, _ = store.add(b"right")
    path = store.open(sha256)
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    store.add(b"right")
    assert store.read(sha256) == b"right"


def test_left_overs_of_yesterday_are_swept_and_those_of_now_are_not(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    old, new = store.root / "incoming" / "old", store.root / "incoming" / "new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    yesterday = time.time() - 48 * 3600
    os.utime(old, (yesterday, yesterday))
    again = FileStore(store.root)
    assert everything(again) == [new]


def test_a_file_that_cannot_be_read_is_the_callers_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.png"):
        FileStore(tmp_path / "files").add(tmp_path / "nothing.png")


def test_a_file_of_a_worker_is_taken_over_without_a_copy(tmp_path: Path) -> None:
    spooled = tmp_path / "spool-1"
    spooled.write_bytes(b"made")
    number = spooled.stat().st_ino
    store = FileStore(tmp_path / "files")
    sha256, size = store.adopt(spooled)
    assert (sha256, size) == (hashlib.sha256(b"made").hexdigest(), 4)
    assert store.open(sha256).stat().st_ino == number
    assert stat.S_IMODE(store.open(sha256).stat().st_mode) == 0o444
    store.discard(spooled)
    assert not spooled.exists()
    assert store.read(sha256) == b"made"
    assert everything(store) == [store.open(sha256)]


def test_what_is_stored_already_is_not_stored_again_when_taken_over(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    sha256, _ = store.add(b"same")
    number = store.open(sha256).stat().st_ino
    spooled = tmp_path / "spool-1"
    spooled.write_bytes(b"same")
    assert store.adopt(spooled) == (sha256, 4)
    assert store.open(sha256).stat().st_ino == number


def test_a_file_on_another_filesystem_is_copied(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        spooled = Path(elsewhere) / "spool-1"
        spooled.write_bytes(b"far" * 1_000_000)
        assert spooled.stat().st_dev != tmp_path.stat().st_dev
        store = FileStore(tmp_path / "files")
        sha256, size = store.adopt(spooled)
        assert size == 3_000_000
        assert store.read(sha256) == spooled.read_bytes()
        store.discard(spooled)
        assert not spooled.exists()


def test_only_plain_files_are_taken_over(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    (tmp_path / "link").symlink_to("/etc/passwd")
    for name in ("link", "nothing", "files"):
        with pytest.raises(InputError, match=name):
            store.adopt(tmp_path / name)
    assert everything(store) == []
