"""Content-addressed files in a folder: `<root>/ab/cd/<sha256>`. Knows nothing of assets or the database.

A file is visible only when whole: it is written beside its place, synced, renamed, and its folder synced. It is never
changed afterwards. Storing the same bytes again is free, and mends a stored file that was altered.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Protocol

from domain.errors import AssetDamaged, DiskFull, InputError, NotFound, StorageError

SHA256 = re.compile(r"[0-9a-f]{64}")
CHUNK = 1 << 20
STALE_SECONDS = 24 * 3600
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

#: Lies in a shared folder from its first use on.
MARKER = "maquette-files"
MARKER_TEXT = "Files of a Maquette library. Leave this file here: without it the folder counts as not mounted.\n"
#: Why a hard link cannot be made although a copy can: another filesystem, one without links, too many of them, a guarded file.
NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})

#: Some network filesystems cannot sync a folder, and do not need it.
NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF})

Write = Callable[[BinaryIO, bytes], object]


def _write(file: BinaryIO, data: bytes) -> object:
    return file.write(data)


@contextlib.contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn the disk's own errors into DiskFull and StorageError. `what` finishes "Could not …"."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise DiskFull(
                "Could not {what}: the disk is full.", hint="Free some space and try again; nothing was half-written.", what=what
            ) from error
        raise StorageError(
            "Could not {what}: {value}.", hint="Check that the folder exists and is writable.", what=what, value=error.strerror or error
        ) from error


def file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class FileState(StrEnum):
    """How a stored file stands when it is hashed again."""

    WHOLE = "whole"
    MISSING = "missing"
    ALTERED = "altered"


class Files(Protocol):
    """Where the library keeps bytes: a folder (below), or a store that is reached over the network (library/remote.py)."""

    def prepare(self, *, fresh: bool) -> None:
        """Before first use. fresh: nothing was ever stored. Raises StorageError when a store that was used is not there."""

    def add(self, data: bytes | Path) -> tuple[str, int]: ...
    def adopt(self, source: Path) -> tuple[str, int]: ...
    def discard(self, source: Path) -> None: ...
    def open(self, sha256: str) -> Path: ...
    def read(self, sha256: str) -> bytes: ...
    def chunks(self, sha256: str, size: int = CHUNK) -> Iterator[bytes]: ...

    def name(self, sha256: str) -> str:
        """What `names` calls the file with this hash."""

    def names(self) -> Iterator[str]:
        """Every file that is there, left-overs of interrupted writes included."""

    def has(self, name: str) -> bool: ...

    def state(self, sha256: str, size: int) -> FileState:
        """Hash it where it lies."""

    def remove(self, sha256: str) -> None:
        """Take the bytes away, here and wherever they are kept for reading. Nothing happens when they are gone. Raises StorageError."""


class Readable:
    """Reading what `open` gives a path of."""

    def open(self, sha256: str) -> Path:
        raise NotImplementedError

    def read(self, sha256: str) -> bytes:
        with disk_errors("read a stored file"):
            return self.open(sha256).read_bytes()

    def chunks(self, sha256: str, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes in pieces, for files larger than memory should hold."""
        with disk_errors("read a stored file"), self.open(sha256).open("rb") as file:
            while chunk := file.read(size):
                yield chunk


class FileStore(Readable):
    """Thread-safe and safe between processes.

    Args:
        shared: the folder is a mount that may vanish. A marker tells it from the empty folder it was mounted on.
        write: how bytes reach an open file (a test hands in a full disk).
    """

    def __init__(self, root: Path, write: Write = _write, *, shared: bool = False) -> None:
        self.root = root
        self._write = write
        self._shared = shared
        self._incoming = root / "incoming"
        if not shared:
            self._make_ready()

    def prepare(self, *, fresh: bool) -> None:
        """Raises StorageError when a shared folder that was used before is empty: it is not mounted."""
        if not self._shared:
            return
        marker = self.root / MARKER
        with disk_errors(f"use the folder {self.root}"):
            if not marker.is_file():
                used = any(re.fullmatch("[0-9a-f]{2}", path.name) for path in self.root.glob("*"))
                if not fresh and not used:
                    raise self._vanished()
                self.root.mkdir(parents=True, exist_ok=True)
                marker.write_text(MARKER_TEXT)
        self._make_ready()

    def add(self, data: bytes | Path) -> tuple[str, int]:
        """Store bytes or a copy of a file; returns (sha256, size in bytes).

        Raises DiskFull, StorageError, and InputError when the given file cannot be read.
        """
        if isinstance(data, bytes):
            sha256 = hashlib.sha256(data).hexdigest()
            if self._whole(sha256):
                return sha256, len(data)
        with disk_errors("store a file"):
            self._require()
            return self._take_in(_pieces(data))

    def adopt(self, source: Path) -> tuple[str, int]:
        """Store a file that its writer is done with, without a copy where a hard link can be made; returns (sha256, size in bytes).

        The source stays until `discard`, so that a caller whose rows cannot be written still has it. Both names then share their
        bytes: nobody may write to the source again.

        Raises DiskFull, StorageError, and InputError when it cannot be read or is no plain file.
        """
        _require_file(source)
        with disk_errors("store a file"):
            digest = hashlib.sha256()
            size = 0
            for chunk in _pieces(source):
                digest.update(chunk)
                size += len(chunk)
            sha256 = digest.hexdigest()
            self._require()
            if self._whole(sha256):
                return sha256, size
            return (sha256, size) if self._link_in(source, sha256) else self._take_in(_pieces(source))

    def discard(self, source: Path) -> None:
        """Remove an adopted file where its writer left it."""
        with disk_errors("clear the spool"):
            source.unlink(missing_ok=True)

    def open(self, sha256: str) -> Path:
        """Where the bytes lie, read-only. Raises NotFound for what is no hash, AssetDamaged when the file is gone."""
        path = self.place(sha256)
        if not path.is_file():
            self._require()
            raise AssetDamaged(
                "The stored file {sha256}… is missing.",
                hint="Run `python app.py check`; restore it from a backup or make it again.",
                sha256=sha256[:12],
            )
        return path

    def place(self, sha256: str) -> Path:
        """Where a hash belongs, whether or not it is there. Refuses anything but 64 hex digits, so no path can be smuggled in."""
        if not SHA256.fullmatch(sha256):
            raise NotFound("There is no such file.", hint="A file is named by its SHA-256: 64 lowercase hex digits.")
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def everything(self) -> Iterator[Path]:
        """Every file below the root, left-overs of interrupted writes included, in a fixed order."""
        for folder, names, files in os.walk(self.root):
            names.sort()
            for name in sorted(files):
                if name != MARKER:
                    yield Path(folder) / name

    def name(self, sha256: str) -> str:
        return self.place(sha256).relative_to(self.root).as_posix()

    def names(self) -> Iterator[str]:
        with disk_errors("list the stored files"):
            self._require()
            yield from (path.relative_to(self.root).as_posix() for path in self.everything())

    def has(self, name: str) -> bool:
        return (self.root / name).exists()

    def state(self, sha256: str, size: int) -> FileState:
        path = self.place(sha256)
        with disk_errors("read a stored file"):
            self._require()
            if not path.is_file():
                return FileState.MISSING
            return FileState.WHOLE if path.stat().st_size == size and file_sha256(path) == sha256 else FileState.ALTERED

    def remove(self, sha256: str) -> None:
        place = self.place(sha256)
        with disk_errors("remove a stored file"):
            self._require()
            try:
                place.unlink()
            except FileNotFoundError:
                return
            _sync_folder(place.parent)

    def receive(self, pieces: Iterable[bytes], sha256: str) -> Path:
        """Store what arrives in pieces under the hash it must have; returns its place. Raises AssetDamaged when it has another."""
        with disk_errors("store a file"):
            self._take_in(pieces, expected=sha256)
        return self.place(sha256)

    def _make_ready(self) -> None:
        with disk_errors(f"make the folder {self.root}"):
            self._incoming.mkdir(parents=True, exist_ok=True)
        self._sweep()

    def _require(self) -> None:
        """A shared folder is looked for at every use: it may go and come back while we run."""
        if self._shared and not (self.root / MARKER).is_file():
            raise self._vanished()

    def _vanished(self) -> StorageError:
        return StorageError(
            "The shared folder {root} is not there.",
            hint="Mount it again, then try again: nothing is lost, and work goes on by itself.",
            root=self.root,
        )

    def _take_in(self, pieces: Iterable[bytes], expected: str = "") -> tuple[str, int]:
        digest = hashlib.sha256()
        size = 0
        temporary = self._incoming / token_hex(12)
        try:
            with temporary.open("xb") as file:
                for chunk in pieces:
                    digest.update(chunk)
                    size += len(chunk)
                    self._write(file, chunk)
                file.flush()
                os.fsync(file.fileno())
            _seal(temporary)
            sha256 = digest.hexdigest()
            if expected and sha256 != expected:
                raise AssetDamaged(
                    "The stored file {expected}… was altered.",
                    hint="Run `python app.py check`; restore it or make it again.",
                    expected=expected[:12],
                )
            if not self._whole(sha256):
                self._put_in_place(temporary, self.place(sha256))
            return sha256, size
        finally:
            temporary.unlink(missing_ok=True)

    def _link_in(self, source: Path, sha256: str) -> bool:
        """Give the file its place by a second name; False where that cannot be (another filesystem, one without links)."""
        temporary = self._incoming / token_hex(12)
        try:
            try:
                os.link(source, temporary, follow_symlinks=False)
            except OSError as error:
                if error.errno in NO_LINK:
                    return False
                raise
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            _seal(temporary)
            self._put_in_place(temporary, self.place(sha256))
            return True
        finally:
            temporary.unlink(missing_ok=True)

    def _put_in_place(self, temporary: Path, place: Path) -> None:
        fresh = [folder for folder in (place.parent.parent, place.parent) if not folder.is_dir()]
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(place)
        _sync_folder(place.parent)
        for folder in reversed(fresh):
            _sync_folder(folder.parent)

    def _whole(self, sha256: str) -> bool:
        path = self.place(sha256)
        with disk_errors("read a stored file"):
            return path.is_file() and file_sha256(path) == sha256

    def _sweep(self) -> None:
        """Remove what interrupted writes left a day ago; younger ones may belong to another process."""
        oldest = time.time() - STALE_SECONDS
        for path in self._incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _pieces(data: bytes | Path) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield from (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
        return
    try:
        file = data.open("rb")
    except OSError as error:
        raise InputError(
            "{data} cannot be read: {strerror}.",
            hint="Check that the file exists and is readable.",
            data=data.name,
            strerror=error.strerror,
        ) from error
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _require_file(path: Path) -> None:
    """A link or a device in the spool is never what a maker wrote."""
    try:
        mode = path.stat(follow_symlinks=False).st_mode
    except OSError as error:
        raise InputError("{path} cannot be read: {strerror}.", hint="Make it again.", path=path.name, strerror=error.strerror) from error
    if not stat.S_ISREG(mode):
        raise InputError("{path} is not a plain file.", hint="Make it again.", path=path.name)


def _seal(path: Path) -> None:
    """Read-only, where the share knows modes."""
    with contextlib.suppress(PermissionError):
        path.chmod(0o444)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)
