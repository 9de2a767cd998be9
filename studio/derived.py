"""Copies of results outside the library that can be made again: thumbnails, waveforms, drawings as files, labelled files, packs.

It forgets those of things that are deleted for good, before their rows go: what lies in the trash is shown to nobody, so none comes back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from library.files import disk_errors

#: How much of a hash the shortest of the names begins with.
_FIGURES = 32


@dataclass(frozen=True)
class Derived:
    """by_hash: folders of files whose names begin with the SHA-256 of what they show. by_id: with the id of an asset. mixed: their names
    say nothing of what is in them; they are emptied. packs: of exported packs, each project's in a folder of its own.
    """

    by_hash: tuple[Path, ...] = ()
    by_id: tuple[Path, ...] = ()
    mixed: tuple[Path, ...] = ()
    packs: Path | None = None

    def forget(self, hashes: Collection[str], ids: Collection[str], projects: Collection[str]) -> int:
        """Returns how many files went. Raises StorageError."""
        figures = {sha256[:_FIGURES] for sha256 in hashes}
        gone = [path for folder in self.by_hash for path in _files(folder) if path.name[:_FIGURES] in figures]
        gone += [path for folder in self.by_id for path in _files(folder) if path.name.partition("-")[0] in ids]
        gone += [path for folder in self.mixed for path in _files(folder)]
        if self.packs is not None:
            # A pack of lines is named by its brief alone.
            gone += [path for path in _files(self.packs) if path.name.startswith("lines-")]
            gone += [path for project in projects for path in _files(self.packs / project)]
        with disk_errors("delete copies of what is deleted"):
            for path in gone:
                path.unlink(missing_ok=True)
        return len(gone)


def _files(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        yield from sorted(path for path in folder.iterdir() if path.is_file())
