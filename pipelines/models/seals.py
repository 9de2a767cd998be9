"""Seals: what a file was when its bytes were last hashed, so that looking at it again costs one stat.

A seal is believed while size and modification time are unchanged; otherwise the file is hashed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from domain.value import JsonValue, Value, canonical_json, content_hash

CHUNK = 1 << 20
ValueT = TypeVar("ValueT", bound=Value)


class TooLarge(Exception):
    """More bytes came than were announced."""


class Seal(Value):
    """sha256 was read from the bytes when the file had this size (bytes) and mtime_ns (nanoseconds)."""

    sha256: str
    size: int
    mtime_ns: int


class Seals(Value):
    """All files of one folder by name. broken: problems that a verification found, by name."""

    files: dict[str, Seal] = {}
    broken: dict[str, str] = {}


def no_check() -> None:
    """The check of work that nobody can cancel."""


def chunks(path: Path, check: Callable[[], None] = no_check) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            check()
            yield chunk


def hash_file(path: Path, check: Callable[[], None] = no_check) -> str:
    """SHA-256 of a file as 64 hex digits; `check` is called once a mebibyte and may raise."""
    digest = hashlib.sha256()
    for chunk in chunks(path, check):
        digest.update(chunk)
    return digest.hexdigest()


def write_stream(data: Iterator[bytes], target: Path, limit: int = 0) -> str:
    """Write and hash at once, flush to the disk, return the SHA-256. `limit` > 0 bounds the bytes taken.

    Raises TooLarge when there is more than `limit`, and OSError of the file system.
    """
    digest, written = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        for chunk in data:
            written += len(chunk)
            if limit and written > limit:
                raise TooLarge(f"more than {limit} bytes")
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def seal(path: Path, sha256: str) -> Seal:
    stat = path.stat()
    return Seal(sha256=sha256, size=stat.st_size, mtime_ns=stat.st_mtime_ns)


def unchanged(path: Path, known: Seal) -> bool:
    """True when the file still has the size and time it was sealed with. One stat, nothing read."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return stat.st_size == known.size and stat.st_mtime_ns == known.mtime_ns


def read_value(path: Path, kind: type[ValueT]) -> ValueT | None:
    """A JSON value beside the data, or None when it is absent or damaged: it is a memo and can be made again."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_value(path: Path, value: Value) -> None:
    """Whole or not at all: written beside, flushed, renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    with beside.open("w", encoding="utf-8") as out:
        json.dump(value.model_dump(mode="json"), out, ensure_ascii=False, indent=1, sort_keys=True)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)


def combined_hash(hashes: Mapping[str, str]) -> str:
    """A model's content hash: of its single file, or SHA-256 over the sorted hashes of its files."""
    if len(hashes) == 1:
        return next(iter(hashes.values()))
    every: list[JsonValue] = [*sorted(hashes.values())]
    return content_hash(canonical_json(every)) if every else ""


def sync_folder(path: Path) -> None:
    """Make a rename inside `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
