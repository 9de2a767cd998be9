"""The catalogue: assets/models.toml read into `Model` values, checked entry by entry.

It knows what models exist and what their files must be; it does not know what is on the disk.
"""

from __future__ import annotations

import difflib
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from domain.errors import InputError, NotFound
from domain.model import ArchiveSource, FolderSource, Model, ModelFile, Source, Task

#: Formats that run code when they are loaded, and code itself. Never taken under a pattern, pinned or not.
_EXECUTABLE = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".py", ".so", ".dll", ".dylib", ".sh", ".msgpack", ".h5")
#: `.bin` is a pickle in hub repositories of PyTorch models; raw vectors are allowed by these folder names.
_RAW_BIN_FOLDERS = ("voices",)


class Catalogue:
    """The models in order of preference. What is there stays; a person's own can be added while it is used."""

    def __init__(self, models: Sequence[Model]) -> None:
        counts = Counter(model.id for model in models)
        twice = sorted(model_id for model_id, count in counts.items() if count > 1)
        if twice:
            raise InputError(
                "The model catalogue has {known} more than once.", hint="Give every entry its own id.", field="id", known=", ".join(twice)
            )
        for model in models:
            _check(model)
        self._set(tuple(model if model.disk else model.model_copy(update={"disk": _file_bytes(model)}) for model in models))

    def _set(self, models: tuple[Model, ...]) -> None:
        self._models = models
        self._by_id = {model.id: model for model in models}

    def take(self, model: Model) -> None:
        """Add a person's own model, or put it in the place of one with its id. Raises InputError as a catalogue that has it would."""
        _check(model)
        kept = tuple(known for known in self._models if known.id != model.id)
        self._set((*kept, model if model.disk else model.model_copy(update={"disk": _file_bytes(model)})))

    @classmethod
    def read(cls, path: Path) -> Catalogue:
        """Read one `[[model]]` table per entry. Raises InputError naming the entry and the field at fault.

        A relative path of a folder source is seen from the catalogue's own folder.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(
                "The model catalogue {path} cannot be read: {error}.", hint="Restore it from the repository.", path=path.name, error=error
            ) from error
        entries = table.get("model", [])
        models = []
        for number, entry in enumerate(entries, start=1):
            name = entry.get("id", f"number {number}") if isinstance(entry, dict) else f"number {number}"
            try:
                models.append(_settled(Model.model_validate(entry), path.parent))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise InputError(
                    "Model {name} in {path}: {where}: {first}.",
                    hint="Fields are listed in docs/models.md.",
                    field=f"{name}.{where}",
                    name=name,
                    path=path.name,
                    where=where,
                    first=first["msg"],
                ) from error
        return cls(models)

    @property
    def models(self) -> tuple[Model, ...]:
        return self._models

    @property
    def default_ids(self) -> tuple[str, ...]:
        """What `make run` fetches."""
        return tuple(model.id for model in self._models if model.default)

    def find(self, model_id: str) -> Model | None:
        """None for what it does not have."""
        return self._by_id.get(model_id)

    def get(self, model_id: str) -> Model:
        """Raises NotFound, naming the nearest ids."""
        model = self._by_id.get(model_id)
        if model is None:
            near = difflib.get_close_matches(model_id, self._by_id, n=3)
            raise NotFound(
                "There is no model {model_id} in the catalogue.",
                hint="Did you mean {known}?" if near else "`python app.py models list` shows all.",
                field="model",
                model_id=repr(model_id),
                known=", ".join(near),
            )
        return model

    def of(self, task: Task) -> tuple[Model, ...]:
        """The models of a task, in order of preference."""
        return tuple(model for model in self._models if model.task == task)

    def size(self, ids: Iterable[str]) -> int:
        """Bytes of these models on disk, each counted once; those of unknown size count as 0."""
        return sum(self.get(model_id).disk for model_id in dict.fromkeys(ids))


def is_pattern(name: str) -> bool:
    """True for a file name that stands for several ("unet/*.json"); only unpinned entries may have them."""
    return any(sign in name for sign in "*?[")


def package_name(package: str) -> str:
    """The bare name: "a==1@tag" -> "a", "@scope/a@1" -> "@scope/a", "a" -> "a"."""
    if "==" in package:
        return package.partition("==")[0]
    head, at, _ = package.rpartition("@")
    return head if at and head else package


def package_parts(file: ModelFile, source: ArchiveSource) -> tuple[tuple[str, str], ...]:
    """(package, glob of the member) for each part of `file` that `source` carries, in order; empty when it carries none."""
    packages = {package_name(package): package for package in source.packages}
    parts = []
    for member in file.members:
        name, _, inner = member.partition(":")
        if name in packages:
            parts.append((packages[name], inner))
    return tuple(parts)


def distribution_of(model: Model) -> str:
    """The installed Python package that brings this model, or "" for a model that has files of its own."""
    if model.files:
        return ""
    wheels = [source for source in model.sources if isinstance(source, ArchiveSource) and source.kind == "wheel"]
    return package_name(wheels[0].packages[0]) if wheels else ""


def _settled(model: Model, folder: Path) -> Model:
    """The model with its folder sources as whole paths."""
    sources = tuple(
        source.model_copy(update={"path": str(folder / source.path)}) if isinstance(source, FolderSource) and source.path else source
        for source in model.sources
    )
    return model.model_copy(update={"sources": sources})


def _file_bytes(model: Model) -> int:
    return sum(file.size for file in model.files)


def _check(model: Model) -> None:
    fault = _fault(model)
    if fault:
        raise InputError(
            "Model {model} in the catalogue: {fault}.", hint="The rules are in docs/models.md.", field=model.id, model=model.id, fault=fault
        )


def _fault(model: Model) -> str:
    if not model.files and not distribution_of(model):
        return "it has no files and no Python package that brings it"
    if not model.sources:
        return "it has no source"
    names = [file.name for file in model.files]
    if len(set(names)) != len(names):
        return "a file is named twice"
    for file in model.files:
        fault = _name_fault(file.name) or (_pinned_fault(model, file) if model.pinned else _unpinned_fault(file))
        if fault:
            return f"{file.name}: {fault}"
    return ""


def _name_fault(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or any(part.startswith(".") for part in path.parts):
        return "a file name is a relative path without .. and hidden parts"
    if path.suffix.lower() in _EXECUTABLE:
        return f"{path.suffix} files can carry code and are not taken"
    return ""


def _pinned_fault(model: Model, file: ModelFile) -> str:
    if is_pattern(file.name):
        return "a pinned entry names each file, without patterns"
    if not file.sha256 or file.size <= 0:
        return "a pinned entry gives the SHA-256 and the size"
    if not any(_offers(source, file) for source in model.sources):
        return "no source carries it; members are written package:path"
    return ""


def _unpinned_fault(file: ModelFile) -> str:
    path = PurePosixPath(file.name)
    if path.suffix.lower() == ".bin" and path.parent.name not in _RAW_BIN_FOLDERS:
        return ".bin files of hub repositories are pickles; name the safetensors"
    return ""


def _offers(source: Source, file: ModelFile) -> bool:
    return not isinstance(source, ArchiveSource) or bool(package_parts(file, source))
