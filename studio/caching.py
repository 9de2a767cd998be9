"""Files that can be made again, kept in the cache: whole or not there."""

from __future__ import annotations

import contextlib
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
