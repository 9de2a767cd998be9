"""Files that can be made again, kept in the cache: whole or not there."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from secrets import token_hex

from domain.errors import StorageError


def put(path: Path, data: bytes) -> Path:
    """Write a file of the cache; nobody ever sees half of it. Returns its path. Raises StorageError."""
    temporary = path.with_name(f".{path.name}.{token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StorageError(
            "{path} could not be written: {strerror}.",
            hint="Free some space in MAQUETTE_CACHE, then try again.",
            path=path.name,
            strerror=error.strerror,
        ) from error
    return path


def touched(path: Path) -> bool:
    """Whether it is there; it then counts as just asked for."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def sweep(folder: Path, keep: int, newest: Path, *, young: float = 0.0) -> None:
    """Take away the files not asked for longest until the folder holds at most `keep` bytes.

    `newest` stays, and what was asked for in the last `young` seconds: somebody may be about to read it.
    """
    found, now = [], time.time()
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # another request removed it
            state = path.stat()
            found.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in found)
    for asked, size, path in sorted(found):
        if total <= keep:
            return
        if path != newest and now - asked >= young:
            path.unlink(missing_ok=True)
            total -= size
