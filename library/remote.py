"""Content-addressed files in a store that is reached over the network (S3 and what else fsspec speaks), read through a local folder.

Makers need real paths, so what is read is fetched once, its hash checked, into a cache that forgets what was used longest ago.
A file is visible in the store only when whole, under the same names as in a folder: `<prefix>/ab/cd/<sha256>`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from domain.errors import AssetDamaged, DiskFull, InputError, MaquetteError, StorageError
from library.files import CHUNK, NO_SPACE, STALE_SECONDS, Files, FileState, FileStore, Readable, disk_errors

#: How much of the store is kept on this machine.
CACHE_BYTES = 20 << 30
#: Where writing an object shows all of it or nothing. Elsewhere it is written aside and moved.
OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "memory"})
#: What S3-compatible servers call a full disk or a used-up quota.
FULL_CODES = frozenset({"XMinioStorageFull", "QuotaExceeded", "ServiceQuotaExceededException", "InsufficientStorage", "507"})
#: How a store that does not answer is waited for: seconds to connect, seconds without a byte, tries in all.
S3_PATIENCE = {"connect_timeout": 5, "read_timeout": 60, "retries": {"max_attempts": 2}}


def open_files(location: str, home: Path, cache: Path) -> Files:
    """Where files are kept.

    Args:
        location: "" for `home`/files, an absolute folder (a shared mount), or a URL such as s3://bucket/folder.
        cache: a rebuildable folder of this machine; what is read from a URL is kept in `cache`/files.

    Raises InputError for a location that cannot be used, StorageError when a folder cannot be made.
    """
    if not location:
        return FileStore(home / "files")
    if "://" in location and not location.startswith("file://"):
        filesystem, prefix = _connect(location)
        return RemoteStore(filesystem, prefix, FileStore(cache / "files"))
    folder = Path(location.removeprefix("file://"))
    if not folder.is_absolute():
        raise InputError(
            "{location} is no place for files.",
            hint="Use a whole path, or a URL such as s3://bucket/folder.",
            field="MAQUETTE_FILES",
            location=location,
        )
    return FileStore(folder, shared=True)


def _connect(location: str) -> tuple[Any, str]:
    import fsspec

    scheme, _, rest = location.partition("://")
    if not rest.strip("/"):
        raise InputError("{location} names no bucket.", hint="Write it like s3://bucket/folder.", field="MAQUETTE_FILES", location=location)
    options: dict[str, Any] = {"config_kwargs": S3_PATIENCE} if scheme in ("s3", "s3a") else {}
    try:
        # Listings are not kept: other machines write to the same store.
        filesystem = fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False, **options)
    except ImportError as error:
        extra = "pip install 'maquette[s3]'" if scheme in ("s3", "s3a") else f"Install fsspec's driver for {scheme}://"
        raise InputError(
            "The driver for {scheme}:// is not installed.", hint="Install it: {extra}.", field="MAQUETTE_FILES", scheme=scheme, extra=extra
        ) from error
    except ValueError as error:
        raise InputError(
            "{scheme}:// is not known.", hint="Use s3://bucket/folder, or a folder.", field="MAQUETTE_FILES", scheme=scheme
        ) from error
    return filesystem, rest.strip("/")


@contextlib.contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Map a store's errors. `what` finishes "Could not …"."""
    try:
        yield
    except MaquetteError:
        raise
    except Exception as error:  # each driver has a tree of its own: OSError, botocore's, aiohttp's
        if _full(error):
            raise DiskFull(
                "Could not {what}: the file store is full.", hint="Make room in it and try again; nothing was half-written.", what=what
            ) from error
        raise StorageError(
            "Could not {what}: the file store failed ({kind}: {error}).",
            hint="Check that it can be reached with these keys; nothing is lost, and this works again as soon as it does.",
            what=what,
            kind=type(error).__name__,
            error=str(error),
        ) from error


def _full(error: BaseException | None) -> bool:
    while error is not None:
        response = getattr(error, "response", None)
        code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
        if code in FULL_CODES or (isinstance(error, OSError) and error.errno in NO_SPACE):
            return True
        error = error.__cause__
    return False


class RemoteStore(Readable):
    """Thread-safe, and safe between machines that use one store.

    Args:
        filesystem: an fsspec AbstractFileSystem.
        prefix: bucket and folder.
        cache: a folder of this machine, for this store only.
        cache_bytes: how large the cache may grow before what was used longest ago is forgotten.
    """

    def __init__(self, filesystem: Any, prefix: str, cache: FileStore, *, cache_bytes: int = CACHE_BYTES) -> None:
        self._filesystem = filesystem
        self._prefix = prefix.rstrip("/")
        self._cache = cache
        self._cache_bytes = cache_bytes
        self._grown = cache_bytes  # so that the first new file looks how large the cache is
        self._guard = threading.Lock()
        protocol = filesystem.protocol
        self._atomic = bool(OBJECT_STORES & {protocol, *(() if isinstance(protocol, str) else protocol)})

    def prepare(self, *, fresh: bool) -> None:
        """Reach the store once, and clear what interrupted writes left a day ago. Raises StorageError."""
        with store_errors("open the file store"):
            oldest = datetime.now(UTC) - timedelta(seconds=STALE_SECONDS)
            for path in self._filesystem.find(f"{self._prefix}/incoming"):
                written = self._filesystem.modified(path)
                if (written if written.tzinfo else written.replace(tzinfo=UTC)) < oldest:
                    self._filesystem.rm_file(path)

    def add(self, data: bytes | Path) -> tuple[str, int]:
        """Store bytes or a copy of a file; returns (sha256, size). Raises DiskFull, StorageError, InputError."""
        return self._send(*self._cache.add(data))

    def adopt(self, source: Path) -> tuple[str, int]:
        """Store a file that its writer is done with; it stays until `discard`. See FileStore.adopt."""
        return self._send(*self._cache.adopt(source))

    def discard(self, source: Path) -> None:
        self._cache.discard(source)

    def open(self, sha256: str) -> Path:
        """A local path of the bytes, read-only. It is good for as long as it is used: what was asked for within the hour stays.

        Raises NotFound for what is no hash, AssetDamaged for what is gone or altered, StorageError, DiskFull.
        """
        place = self._cache.place(sha256)
        with disk_errors("read a stored file"):
            if place.is_file():
                os.utime(place)
                return place
        with contextlib.closing(self._pieces(sha256)) as pieces:
            found = self._cache.receive(pieces, sha256)
        self._forget(found.stat().st_size)
        return found

    def name(self, sha256: str) -> str:
        return self._cache.name(sha256)

    def names(self) -> Iterator[str]:
        with store_errors("list the stored files"):
            root = self._filesystem._strip_protocol(self._prefix)
            found = sorted(str(path).removeprefix(root).lstrip("/") for path in self._filesystem.find(self._prefix))
        yield from found

    def has(self, name: str) -> bool:
        with store_errors("look for a stored file"):
            return bool(self._filesystem.exists(f"{self._prefix}/{name}"))

    def state(self, sha256: str, size: int) -> FileState:
        with store_errors("look for a stored file"):
            found = self._size(self._path(sha256))
        if found is None:
            return FileState.MISSING
        if found != size:
            return FileState.ALTERED
        digest = hashlib.sha256()
        try:
            for piece in self._pieces(sha256):
                digest.update(piece)
        except AssetDamaged:  # gone meanwhile
            return FileState.MISSING
        return FileState.WHOLE if digest.hexdigest() == sha256 else FileState.ALTERED

    def remove(self, sha256: str) -> None:
        """A store that keeps versions of its objects keeps them as its own rules say."""
        with store_errors("remove a stored file"), contextlib.suppress(FileNotFoundError):
            self._filesystem.rm_file(self._path(sha256))
        self._cache.remove(sha256)

    def _path(self, sha256: str) -> str:
        return f"{self._prefix}/{self._cache.name(sha256)}"

    def _size(self, path: str) -> int | None:
        try:
            return int(self._filesystem.info(path)["size"])
        except FileNotFoundError:
            return None

    def _pieces(self, sha256: str) -> Generator[bytes]:
        path = self._path(sha256)
        with store_errors("fetch a stored file"):
            try:
                file = self._filesystem.open(path, "rb", block_size=CHUNK * 4, cache_type="readahead")
            except FileNotFoundError as error:
                raise AssetDamaged(
                    "The stored file {sha256}… is missing.",
                    hint="Run `python app.py check`; restore it from a backup or make it again.",
                    sha256=sha256[:12],
                ) from error
            with file:
                while chunk := file.read(CHUNK):
                    yield chunk

    def _send(self, sha256: str, size: int) -> tuple[str, int]:
        """From the cache to the store, unless it is there."""
        path = self._path(sha256)
        with store_errors("store a file"):
            if self._size(path) != size:
                self._put(self._cache.place(sha256), path)
                if self._size(path) != size:
                    raise OSError("what arrived is not what was sent")
        self._forget(size)
        return sha256, size

    def _put(self, source: Path, path: str) -> None:
        if self._atomic:
            self._filesystem.put_file(str(source), path)
            return
        temporary = f"{self._prefix}/incoming/{token_hex(12)}"
        try:
            for folder in (temporary, path):
                self._filesystem.makedirs(folder.rpartition("/")[0], exist_ok=True)
            self._filesystem.put_file(str(source), temporary)
            self._filesystem.mv(temporary, path)
        except BaseException:
            with contextlib.suppress(Exception):  # the store may be gone; `prepare` clears what is left
                self._filesystem.rm_file(temporary)
            raise

    def _forget(self, size: int) -> None:
        """Shrink the cache when much was added: what was used longest ago goes first, and nothing that was used within the hour."""
        with self._guard:
            self._grown += size
            if self._grown < self._cache_bytes // 20:
                return
            self._grown = 0
            kept = 0
            recent = datetime.now(UTC).timestamp() - 3600
            found = [(status.st_mtime, status.st_size, path) for path in self._cache.everything() if (status := _stat(path)) is not None]
            for used, length, path in sorted(found, reverse=True):
                kept += length
                if kept > self._cache_bytes and used < recent:
                    path.unlink(missing_ok=True)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:  # another process made room
        return None
