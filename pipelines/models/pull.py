"""One pull of one model: from its sources, in order, into a staging folder, every file against its hash.

What a source gives wrongly is refused and the next source is asked; every refusal is told in the end.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from domain.errors import ModelUnreachable
from domain.model import FolderSource, Model, ModelFile, Source
from domain.value import Value
from pipelines.models.clients import SourceFailed
from pipelines.models.parts import Meter, Parts
from pipelines.models.seals import chunks, write_stream
from pipelines.models.sources import Clients, Given, SourceReader, describe


class Pins(Value):
    """What first use recorded for an entry that is not pinned: where it came from, at which commit, each file's SHA-256 and size."""

    origin: str
    revision: str = ""
    files: tuple[ModelFile, ...]


class Pull:
    """models_folder: a person's own mirror, asked first. offline: nothing but folders is asked."""

    def __init__(
        self, model: Model, staging: Path, parts: Parts, meter: Meter, clients: Clients, models_folder: Path | None, offline: bool
    ) -> None:
        self._model = model
        self._staging = staging
        self._parts = parts
        self._meter = meter
        self._clients = clients
        self._models_folder = models_folder
        self._offline = offline
        self._failures: list[tuple[Source, SourceFailed]] = []

    def known(self, files: Sequence[ModelFile], revision: str = "") -> None:
        """Obtain files whose hashes are known. Raises ModelUnreachable when one is left that no source gave rightly."""
        reader = self._reader(revision)
        outstanding = {file.name: file for file in files}
        for source in self._sources():
            if not outstanding:
                return
            try:
                self._allow(source)
                for given in reader.give(source, tuple(outstanding.values())):
                    self._stage(given)
                    del outstanding[given.file.name]
            except SourceFailed as failure:
                self._failures.append((source, failure))
        if outstanding:
            raise self._unreachable(tuple(outstanding))

    def first_use(self) -> Pins:
        """Obtain an entry without pins, all from one source, and say what came. Raises ModelUnreachable."""
        reader = self._reader("")
        for source in self._sources():
            try:
                self._allow(source)
                files, revision = reader.expand(source)
                pinned = [self._stage(given) for given in reader.give(source, files)]
                return Pins(origin=describe(source), revision=revision, files=tuple(pinned))
            except SourceFailed as failure:
                self._failures.append((source, failure))
        raise self._unreachable(())

    def _reader(self, revision: str) -> SourceReader:
        return SourceReader(self._model, self._clients, self._models_folder, self._parts, self._meter, revision)

    def _sources(self) -> tuple[Source, ...]:
        mirror = FolderSource()
        listed = self._model.sources
        return (mirror, *listed) if self._models_folder is not None and mirror not in listed else listed

    def _allow(self, source: Source) -> None:
        if self._offline and not isinstance(source, FolderSource):
            raise SourceFailed(
                "not asked: the studio is offline", "Turn MAQUETTE_OFFLINE off, or put its files into a folder under MAQUETTE_MODELS."
            )

    def _stage(self, given: Given) -> ModelFile:
        """Put one file into the staging folder if it is what is wanted; else forget its parts and refuse it."""
        target = self._staging / given.file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if len(given.parts) == 1:
            sha256 = given.parts[0].sha256
            link_or_copy(self._parts.path(given.parts[0].key), target)
        else:
            check = self._meter.progress.check
            whole = itertools.chain.from_iterable(chunks(self._parts.path(part.key), check) for part in given.parts)
            sha256 = write_stream(whole, target)
        if given.file.sha256 and sha256 != given.file.sha256:
            target.unlink()
            for part in given.parts:
                self._parts.drop(part.key)
            raise SourceFailed(f"{given.file.name} has the SHA-256 {sha256[:12]}…, wanted is {given.file.sha256[:12]}…")
        return given.file.model_copy(update={"sha256": sha256, "size": target.stat().st_size})

    def _unreachable(self, names: Sequence[str]) -> ModelUnreachable:
        what = f"{', '.join(names[:3])}{' and more' if len(names) > 3 else ''} of {self._model.name}" if names else self._model.name
        reasons = "; ".join(f"{describe(source)}: {failure.reason}" for source, failure in self._failures)
        advice = " ".join(dict.fromkeys(failure.advice for _, failure in self._failures if failure.advice))
        again = "Then run `python app.py models pull {model}`; it goes on where it stopped."
        return ModelUnreachable(
            "No source could give {what}. {reasons}.",
            hint="{advice} Then run `python app.py models pull {model}`; it goes on where it stopped." if advice else again,
            field=self._model.id,
            given={"what": what, "reasons": reasons, "advice": advice, "model": self._model.id},
        )


def link_or_copy(origin: Path, target: Path) -> None:
    """A second name for the same bytes where the file system has it, else a copy. Neither is written to again."""
    try:
        os.link(origin, target)
    except OSError:
        shutil.copyfile(origin, target)
