"""What checkpoints were found to be, kept for as long as their files stay as they are: headers are read once, not at every question.

A file is taken for the same by its name, size and time of change; what is inside was verified when it was fetched. It loads nothing.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.image.families import Families
from pipelines.image.loading import Opened, open_checkpoint, with_parts

_Files = tuple[tuple[str, int, int], ...]


class Openings:
    """Of one maker. Two threads that ask at once may both read; the answers are equal."""

    def __init__(self, families: Families) -> None:
        self._families = families
        self._found: dict[tuple[Path, str], tuple[_Files, Opened]] = {}
        self._joined: dict[tuple[Path, Path, str], tuple[_Files, Opened]] = {}

    def open(self, folder: Path, family: str = "") -> Opened:
        """As loading.open_checkpoint, which raises."""
        files, key = _files(folder), (folder, family)
        known = self._found.get(key)
        if known is None or known[0] != files:
            known = self._found[key] = (files, open_checkpoint(folder, self._families, family))
        return known[1]

    def joined(self, folder: Path, parts: Path, family: str = "") -> Opened:
        """A denoiser in one file with the rest of its pipeline, as loading.with_parts, which raises."""
        files, key = (*_files(folder), *_files(parts)), (folder, parts, family)
        known = self._joined.get(key)
        if known is None or known[0] != files:
            known = self._joined[key] = (files, with_parts(self.open(folder, family), parts))
        return known[1]


def _files(folder: Path) -> _Files:
    """What tells that a folder was changed. A folder that is not there has no files; opening it says so."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            known = path.stat()
            found.append((str(path.relative_to(folder)), known.st_size, known.st_mtime_ns))
    return tuple(found)
