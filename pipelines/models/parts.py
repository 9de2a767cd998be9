"""The workshop of one pull: finished parts, each with its hash beside it, so that an interrupted pull goes on at the next.

A part is the bytes of one archive member, or one whole file of the hub or a folder. Nothing in here is ever visible as a model.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from domain.progress import Progress
from domain.value import Value, content_hash
from pipelines.models.seals import hash_file, read_value, write_stream, write_value


class Part(Value):
    """key says where the bytes came from ("package:member"); sha256 and size (bytes) what they are."""

    key: str
    sha256: str
    size: int


class Parts:
    """Parts in `folder`. Only the holder of the model's lock uses it."""

    def __init__(self, folder: Path, check: Callable[[], None]) -> None:
        self._folder = folder
        self._check = check
        self._proved: dict[str, Part] = {}

    @property
    def downloads(self) -> Path:
        """An empty folder for one client call."""
        place = self._folder / "download"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def continued(self, key: str) -> Path:
        """A folder that keeps what a client left unfinished, for the same key."""
        return self._folder / "continued" / content_hash(key)[:24]

    def path(self, key: str) -> Path:
        return self._folder / "parts" / content_hash(key)[:24]

    def have(self, key: str) -> Part | None:
        """The part if it is whole: its bytes are hashed once per pull and compared with what was written down."""
        if key in self._proved:
            return self._proved[key]
        part = read_value(self._note(key), Part)
        path = self.path(key)
        if part is None or part.key != key or not path.is_file():
            return None
        if path.stat().st_size != part.size or hash_file(path, self._check) != part.sha256:
            self.drop(key)
            return None
        self._proved[key] = part
        return part

    def add(self, key: str, data: Iterator[bytes], limit: int = 0) -> Part:
        """Write a part. Raises TooLarge above `limit` bytes (0: no limit)."""
        path = self.path(key)
        beside = path.with_suffix(".writing")
        sha256 = write_stream(data, beside, limit)
        return self._keep(key, beside, sha256)

    def adopt(self, key: str, file: Path) -> Part:
        """Take over a file that a client finished."""
        return self._keep(key, file, hash_file(file, self._check))

    def drop(self, key: str) -> None:
        self._proved.pop(key, None)
        self._note(key).unlink(missing_ok=True)
        self.path(key).unlink(missing_ok=True)

    def bytes_kept(self) -> int:
        place = self._folder / "parts"
        return sum(file.stat().st_size for file in place.iterdir() if not file.suffix) if place.is_dir() else 0

    def _keep(self, key: str, file: Path, sha256: str) -> Part:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.replace(path)
        part = Part(key=key, sha256=sha256, size=path.stat().st_size)
        # The note is written last: bytes without a note are fetched again.
        write_value(self._note(key), part)
        self._proved[key] = part
        return part

    def _note(self, key: str) -> Path:
        return self.path(key).with_suffix(".json")


class Meter:
    """Progress in bytes: what is finished, plus what a client has received so far of the piece it is fetching."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._note = ""

    @property
    def progress(self) -> Progress:
        return self._progress

    def begin(self, note: str) -> None:
        self._note = note
        self.arrived(0)

    def arrived(self, size: int, of: int = 0) -> None:
        """`size` bytes of the running piece are here; `of` bounds it where the piece's size is known."""
        self._progress.check()
        now = self._done + (min(size, of) if of else size)
        self._progress.report(min(now / self._total, 1.0) if self._total else 0.0, self._note)

    def finish(self, size: int) -> None:
        self._done += size
        self.arrived(0)
