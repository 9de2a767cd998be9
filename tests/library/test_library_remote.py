"""Files in a store beyond this machine: one set of promises for a folder, memory and S3, each through fsspec."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
import s3fs
from botocore.exceptions import ClientError
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from s3fs.errors import translate_boto_error

from domain.asset import Asset
from domain.errors import AssetDamaged, DiskFull, InputError, NotFound, StorageError
from domain.progress import Silent
from domain.recipe import OutputFile
from library.check import check
from library.files import FileState, FileStore
from library.library import Library
from library.remote import FULL_CODES, RemoteStore, open_files
from tests.library.s3_server import KEYS, S3Server
from tests.library.samples import png


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3_server.url}.items():
        monkeypatch.setenv(name, value)
    name = f"maquette-{token_hex(4)}"
    s3fs.S3FileSystem(skip_instance_cache=True).mkdir(name)
    return name


@pytest.fixture(params=["folder", "memory", "s3"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], RemoteStore]:
    """Another machine's view of the same store: its own cache, under the name that is given."""
    if request.param == "s3":
        place = f"s3://{request.getfixturevalue('bucket')}/a/b"

        def over_s3(name: str) -> RemoteStore:
            found = open_files(place, tmp_path, tmp_path / name)
            assert isinstance(found, RemoteStore)
            return found

        return over_s3
    filesystem = LocalFileSystem() if request.param == "folder" else MemoryFileSystem()
    prefix = str(tmp_path / "share") if request.param == "folder" else f"/{token_hex(6)}"
    return lambda name: RemoteStore(filesystem, prefix, FileStore(tmp_path / name / "files"))


def test_what_one_machine_stores_another_reads_under_its_hash(connect: Callable[[str], RemoteStore], tmp_path: Path) -> None:
    here, there = connect("here"), connect("there")
    data = os.urandom(3_000_000)
    given = tmp_path / "given"
    given.write_bytes(data)
    sha256, size = here.add(given)
    assert (sha256, size) == (hashlib.sha256(data).hexdigest(), 3_000_000)
    assert there.open(sha256).read_bytes() == data
    assert there.open(sha256) == tmp_path / "there" / "files" / sha256[:2] / sha256[2:4] / sha256
    assert b"".join(there.chunks(sha256)) == there.read(sha256) == data
    assert list(there.names()) == [here.name(sha256)]
    assert given.exists()


# fsspec's memory is one dictionary without a lock: of the three it alone is used by no studio.
@pytest.mark.parametrize("connect", ["folder", "s3"], indirect=True)
def test_the_same_bytes_are_stored_once_and_at_once(connect: Callable[[str], RemoteStore]) -> None:
    stores = [connect(name) for name in "abc"]
    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda n: stores[n % 3].add(b"same"), range(12)))
    assert len(found) == 1
    assert len(list(stores[0].names())) == 1


def test_a_workers_file_is_taken_over(connect: Callable[[str], RemoteStore], tmp_path: Path) -> None:
    spooled = tmp_path / "out-1"
    spooled.write_bytes(b"made")
    store = connect("here")
    sha256, _ = store.adopt(spooled)
    assert spooled.exists()
    store.discard(spooled)
    assert not spooled.exists()
    assert connect("there").read(sha256) == b"made"


def test_what_is_missing_or_altered_is_told_and_never_handed_out(connect: Callable[[str], RemoteStore]) -> None:
    store = connect("here")
    lost, size = store.add(b"lost")
    changed, _ = store.add(b"right")
    shorter, _ = store.add(b"long enough")
    remote = store._filesystem
    remote.rm_file(store._path(lost))
    remote.pipe_file(store._path(changed), b"wrong")
    remote.pipe_file(store._path(shorter), b"long")
    other = connect("there")
    for sha256, why in ((lost, "missing"), (changed, "altered"), (shorter, "altered")):
        with pytest.raises(AssetDamaged, match=why):
            other.open(sha256)
    with pytest.raises(NotFound):
        other.open("../../etc/passwd")
    assert [store.state(sha256, n) for sha256, n in ((lost, size), (changed, 5), (shorter, 11))] == [
        FileState.MISSING,
        FileState.ALTERED,
        FileState.ALTERED,
    ]
    assert list(FileStore(other._cache.root).everything()) == []
    assert store.add(b"long enough") == (shorter, 11)
    assert store.state(shorter, 11) is FileState.WHOLE


def test_a_whole_library_lives_on_it(connect: Callable[[str], RemoteStore], library: Library, draft: Callable[..., Asset]) -> None:
    shared = Library(library.database, connect("here"))
    asset = shared.add_asset(draft(), (*png(b"picture"), OutputFile(name="picture.svg", media_type="image/svg+xml", data=b"<svg/>")))
    ref = shared.store_file(b"notes", "a.txt", "text/plain")
    elsewhere = Library(library.database, connect("there"))
    assert elsewhere.file_path(asset.main.sha256).read_bytes() == b"picture"
    shared.files._filesystem.pipe_file(f"{shared.files._prefix}/stray.txt", b"?")
    shared.files._filesystem.rm_file(shared.files._path(ref.sha256))
    report = check(elsewhere, Silent())
    assert (report.files, report.extra) == (3, ("stray.txt",))
    assert [problem.sha256 for problem in report.missing] == [ref.sha256]


def test_what_is_removed_is_in_neither_store_nor_cache(connect: Callable[[str], RemoteStore], tmp_path: Path) -> None:
    store = connect("here")
    gone, _ = store.add(b"to be removed")
    kept, _ = store.add(b"to be kept")
    assert store.open(gone).is_file()
    for _ in range(2):
        store.remove(gone)
    assert not store.has(store.name(gone))
    assert [path for path in (tmp_path / "here").rglob("*") if path.is_file() and path.read_bytes() == b"to be removed"] == []
    with pytest.raises(AssetDamaged, match="missing"):
        store.open(gone)
    assert connect("there").open(kept).read_bytes() == b"to be kept"


def test_an_s3_server_that_goes_away_is_said_and_work_goes_on_when_it_is_back(s3_server: S3Server, bucket: str, tmp_path: Path) -> None:
    store = open_files(f"s3://{bucket}", tmp_path, tmp_path / "here")
    cached, _ = store.add(b"cached")
    other = open_files(f"s3://{bucket}", tmp_path, tmp_path / "there")
    s3_server.stop()
    try:
        for call in (lambda: store.add(b"new"), lambda: other.open(cached), lambda: store.prepare(fresh=False)):
            with pytest.raises(StorageError, match="file store failed") as caught:
                call()
            assert not isinstance(caught.value, AssetDamaged)
        assert store.read(cached) == b"cached"
    finally:
        s3_server.start()
    assert other.read(store.add(b"new")[0]) == b"new"
    assert other.read(cached) == b"cached"


def test_a_bucket_that_is_not_there_is_said(bucket: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="file store failed"):
        open_files(f"s3://{bucket}-other/x", tmp_path, tmp_path / "here").add(b"new")


class FullFileSystem(LocalFileSystem):
    """A share that fills up in the middle of a file."""

    cachable = False
    full: OSError

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        Path(rpath).write_bytes(Path(lpath).read_bytes()[:2])
        raise self.full


FULL = [
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
    OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    *(translate_boto_error(ClientError({"Error": {"Code": code, "Message": "?"}}, "PutObject")) for code in sorted(FULL_CODES)),
]


@pytest.mark.parametrize("full", FULL, ids=str)
def test_a_full_store_keeps_nothing_half(tmp_path: Path, full: OSError) -> None:
    share = tmp_path / "share"
    filesystem = FullFileSystem()
    filesystem.full = full
    store = RemoteStore(filesystem, str(share), FileStore(tmp_path / "cache"))
    with pytest.raises(DiskFull, match="file store is full"):
        store.add(b"too much")
    assert [path for path in share.rglob("*") if path.is_file()] == []
    assert RemoteStore(LocalFileSystem(), str(share), FileStore(tmp_path / "cache")).add(b"too much")[1] == 8


def test_left_overs_of_yesterday_are_swept_and_those_of_now_are_not(tmp_path: Path) -> None:
    share = tmp_path / "share"
    old, new = share / "incoming" / "old", share / "incoming" / "new"
    new.parent.mkdir(parents=True)
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (time.time() - 48 * 3600,) * 2)
    RemoteStore(LocalFileSystem(), str(share), FileStore(tmp_path / "cache")).prepare(fresh=False)
    assert (old.exists(), new.exists()) == (False, True)


def test_the_cache_forgets_what_was_used_longest_ago_and_fetches_it_again(tmp_path: Path) -> None:
    store = RemoteStore(LocalFileSystem(), str(tmp_path / "share"), FileStore(tmp_path / "cache"), cache_bytes=1000)
    hashes = [store.add(bytes([n]) * 400)[0] for n in range(4)]
    places = [store.open(sha256) for sha256 in hashes]
    for age, place in zip((3, 5, 4, 0), places, strict=True):
        os.utime(place, (time.time() - age * 3600,) * 2)
    store.add(b"x" * 60)
    assert [place.exists() for place in places] == [True, False, False, True]
    assert store.open(hashes[1]).read_bytes() == b"\x01" * 400


@pytest.mark.parametrize("place", ["relative/folder", "s3://", "nowhere://x/y", "s4"])
def test_a_place_that_cannot_be_is_refused_by_name(tmp_path: Path, place: str) -> None:
    with pytest.raises(InputError) as caught:
        open_files(place, tmp_path, tmp_path)
    assert caught.value.field == "MAQUETTE_FILES"
