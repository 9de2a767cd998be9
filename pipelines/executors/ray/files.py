"""How files reach replicas on other machines and come back: a folder that every node sees, or an object store (fsspec URL).

In a shared folder nothing is copied: paths are the same everywhere. In an object store inputs lie by their hash, once, and
results below the attempt that made them. An attempt that was given up has no place any more, so what it still writes is lost,
not mixed up. Every file is checked against its hash where it is taken in.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from domain.errors import AssetDamaged, InputError, StorageError
from domain.recipe import Output, Work
from pipelines.executors.spool import Spool
from pipelines.executors.wire import outputs_from_json, works_from_json, works_to_json

Told = list[dict[str, Any]]
#: Writes outputs into a folder and tells of them (wire.outputs_to_json).
Write = Callable[[Path], Told]
_CHUNK = 1 << 20


class Sharing(Protocol):
    """The studio's side. A place is what a replica is told: where this attempt, and no other, writes."""

    def begin(self, attempt: str) -> str:
        """Make the place of an attempt."""

    def works(self, works: Sequence[Work]) -> Told: ...

    def file(self, path: Path) -> str:
        """What a replica is told so that it finds this file."""

    def collect(self, attempt: str, told: Told) -> list[Output]:
        """Take the results in, and close the place. Raises AssetDamaged when a file is not what was told."""

    def forget(self, attempt: str) -> None:
        """The attempt was given up: its place goes, with all that was written."""

    def close(self) -> None: ...


class Store(Protocol):
    """A replica's side."""

    def works(self, told: Told) -> list[Work]: ...

    def file(self, told: str) -> Path: ...

    def hand_over(self, place: str, write: Write) -> Told:
        """Let `write` write outputs where the studio finds them. Raises StorageError when the attempt was given up."""


class FolderSharing:
    """spool: of this run, in a folder that every node sees under the same path."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def begin(self, attempt: str) -> str:
        folder = self._folder(attempt)
        with _storage(f"make {folder}"):
            folder.mkdir()
        return str(folder)

    def works(self, works: Sequence[Work]) -> Told:
        return works_to_json(works)

    def file(self, path: Path) -> str:
        return str(path)

    def collect(self, attempt: str, told: Told) -> list[Output]:
        for file in files_of(told):
            written = Path(file["path"])
            if written.parent != self._folder(attempt):
                raise StorageError(f"A replica wrote {written}, which is not its place.")
            verify(written, file["sha256"])
            kept = self._spool.place / f"{attempt}-{written.name}"
            written.replace(kept)
            file["path"] = str(kept)
        self.forget(attempt)
        return outputs_from_json(told)

    def forget(self, attempt: str) -> None:
        shutil.rmtree(self._folder(attempt), ignore_errors=True)

    def close(self) -> None:
        """The spool is closed by whoever opened it."""

    def _folder(self, attempt: str) -> Path:
        return self._spool.place / attempt


class FolderStore:
    """In a replica: paths are used as they come."""

    def works(self, told: Told) -> list[Work]:
        works = works_from_json(told)
        for given in (given for work in works for given in work.inputs):
            self.file(str(given.path))
        return works

    def file(self, told: str) -> Path:
        if not Path(told).is_file():
            raise StorageError(
                f"Node {os.uname().nodename} does not see {told}.",
                hint="Let every node mount MAQUETTE_HOME under the same path, or set MAQUETTE_RAY_STORE to an object store.",
            )
        return Path(told)

    def hand_over(self, place: str, write: Write) -> Told:
        if not Path(place).is_dir():
            raise StorageError(f"Nobody waits for this result any more: {place} is gone.")
        return write(Path(place))


class UrlSharing:
    """url: an fsspec URL that the studio and every node reach, with a folder of ours. spool: where results come to, here."""

    def __init__(self, url: str, spool: Spool, run: str) -> None:
        self._files, self._root = filesystem(url)
        self._run = f"{self._root}/attempts/{run}"
        self._spool = spool

    def begin(self, attempt: str) -> str:
        place = f"{self._run}/{attempt}"
        with _storage(f"write to {place}"):
            self._files.pipe_file(f"{place}/open", b"")  # object stores have no empty folders: this one says the place exists
        return place

    def works(self, works: Sequence[Work]) -> Told:
        told = works_to_json(works)
        for work, shown in zip(works, told, strict=True):
            for given, file in zip(work.inputs, shown["inputs"], strict=True):
                file["path"] = self.file(given.path)
        return told

    def file(self, path: Path) -> str:
        sha256 = file_hash(path)
        target = f"{self._root}/inputs/{sha256[:2]}/{sha256}"
        with _storage(f"copy {path.name} to the store"):
            if not self._files.exists(target):
                self._files.put_file(str(path), target)
        return target

    def collect(self, attempt: str, told: Told) -> list[Output]:
        for number, file in enumerate(files_of(told)):
            kept = self._spool.place / f"{attempt}-{number}"
            with _storage(f"fetch {file['path']}"):
                self._files.get_file(file["path"], str(kept))
            verify(kept, file["sha256"])
            file["path"] = str(kept)
        self.forget(attempt)
        return outputs_from_json(told)

    def forget(self, attempt: str) -> None:
        with suppress(OSError):  # what stays is swept with the run
            self._files.rm(f"{self._run}/{attempt}", recursive=True)

    def close(self) -> None:
        with suppress(OSError):
            self._files.rm(self._run, recursive=True)


class UrlStore:
    """In a replica. kept: a folder of this machine for inputs, by hash."""

    def __init__(self, url: str, kept: Path) -> None:
        self._files, self._root = filesystem(url)
        self._kept = kept

    def works(self, told: Told) -> list[Work]:
        for work in told:
            for given in work["inputs"]:
                given["path"] = str(self.file(given["path"]))
        return works_from_json(told)

    def file(self, told: str) -> Path:
        sha256 = told.rpartition("/")[2]
        kept = self._kept / sha256[:2] / sha256
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=kept.parent)
            os.close(handle)
            with _storage(f"fetch {told}"):
                self._files.get_file(told, name)
            verify(Path(name), sha256)
            Path(name).replace(kept)
        return kept

    def hand_over(self, place: str, write: Write) -> Told:
        with tempfile.TemporaryDirectory(prefix="maquette-results-") as folder, _storage(f"write to {place}"):
            told = write(Path(folder))
            if not self._files.exists(f"{place}/open"):
                raise StorageError(f"Nobody waits for this result any more: {place} is gone.")
            for number, file in enumerate(files_of(told)):
                self._files.put_file(file["path"], f"{place}/{number}")
                file["path"] = f"{place}/{number}"
        return told


def filesystem(url: str) -> tuple[Any, str]:
    """An fsspec file system and our root in it. Raises InputError where the URL cannot be used."""
    import fsspec

    try:
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False, auto_mkdir=True)
    except (ImportError, ValueError, OSError) as error:
        raise InputError(
            f"MAQUETTE_RAY_STORE is {url!r}: {error}.", hint="Use s3://bucket/folder (pip install s3fs), gs://… or file:///…",
            field="MAQUETTE_RAY_STORE",
        ) from error  # fmt: skip
    return files, str(root).rstrip("/")


def files_of(told: Told) -> Iterator[dict[str, Any]]:
    return (file for output in told for file in output["files"])


def verify(path: Path, sha256: str) -> None:
    """Raises AssetDamaged."""
    with _storage(f"read {path}"):
        found = file_hash(path)
    if found != sha256:
        raise AssetDamaged(f"{path.name} is not what was written: its hash is {found[:12]}…, not {sha256[:12]}….", hint="Run it again.")


def file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _storage(what: str) -> Iterator[None]:
    """Disk and network of the shared store, in our words. A full disk is mapped by wire.error_to_json and stays an OSError here."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.errno == 28:
            raise
        raise StorageError(f"Could not {what}: {error}.", hint="Check that the shared store is reachable from every node.") from error
