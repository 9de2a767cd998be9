"""Models that come inside an installed Python package: found, sized and checked by the package's own RECORD."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
from pathlib import Path

from domain.progress import Progress
from pipelines.models.seals import chunks, combined_hash


class InstalledPackage:
    """A distribution by name ("hibari-tts"). Importing it is not our work: only its files are looked at."""

    def __init__(self, name: str) -> None:
        self._name = name
        try:
            self._distribution: importlib.metadata.Distribution | None = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            self._distribution = None

    @property
    def installed(self) -> bool:
        return self._distribution is not None

    @property
    def files(self) -> tuple[importlib.metadata.PackagePath, ...]:
        """The package's data and code, without what installation adds around it."""
        found = self._distribution.files if self._distribution else None
        return tuple(file for file in found or () if file.hash is not None and ".." not in file.parts and ".dist-info" not in file.parts[0])

    @property
    def folder(self) -> Path | None:
        return Path(str(self.files[0].locate())).parents[len(self.files[0].parts) - 2] if self.files else None

    @property
    def size(self) -> int:
        return sum(file.size or 0 for file in self.files)

    @property
    def sha256(self) -> str:
        """Over the sorted recorded hashes of its files; the same wheel gives the same on every machine."""
        return combined_hash({str(file): file.hash.value for file in self.files if file.hash})

    def problems(self, progress: Progress) -> tuple[str, ...]:
        """Files that are gone or differ from RECORD (PEP 376: urlsafe base64 of SHA-256 without padding)."""
        found = []
        for number, file in enumerate(self.files):
            progress.report(number / len(self.files), f"reading {file.name}")
            progress.check()
            path = Path(str(file.locate()))
            if not path.is_file():
                found.append(f"{file} is missing")
                continue
            digest = hashlib.sha256()
            for chunk in chunks(path, progress.check):
                digest.update(chunk)
            if file.hash and base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=") != file.hash.value:
                found.append(f"{file} has changed since it was installed")
        return tuple(found)
