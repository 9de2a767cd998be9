"""Picture families as data: what differs between them, and how a checkpoint's own configuration is told to be of one.

Read from assets/pictures: families.toml, schedulers.toml, denoisers.toml. It opens no checkpoint and knows nothing of torch.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError

from domain.errors import InputError, ModelUnusable
from domain.value import JsonValue, Value
from pipelines.image.denoisers import Denoiser, Shapes, bare

T = TypeVar("T", bound=Value)


class Family(Value):
    """One family. Fields are described at the top of the data file; sizes in pixels, guidance as each family's call takes it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.\-]*$")
    name: str
    licence: str = ""
    commercial: Literal["yes", "no", "terms", "unknown"] = "unknown"
    base: str = ""
    class_name: str = Field(alias="class", pattern=r"^[A-Za-z0-9]+Pipeline$")
    told: dict[str, JsonValue] = {}
    keys: tuple[str, ...] = ()
    single: Literal["", "config"] = ""
    sizes: tuple[tuple[int, int], ...] = ()
    most: int = Field(default=2048 * 2048, ge=64 * 64)
    pack: int = Field(default=0, ge=0, le=4)
    together: int = Field(default=768 * 768, ge=0)
    #: 0: the pipeline's own default.
    steps: int = Field(default=0, ge=0, le=150)
    #: Below zero: the pipeline's own default.
    guidance: float = -1.0
    guidance_by: str = "guidance_scale"
    guided: Literal["batched", "twice", "embedded", ""] = ""
    negative: bool = True
    step_cache: bool = False
    words: Literal["clip", "plain"] = "plain"
    tokens: int = Field(default=0, ge=0)
    controlnet: str = ""
    scheduler: dict[str, JsonValue] = {}
    call: dict[str, JsonValue] = {}
    pipelines: dict[str, str] = {}

    @property
    def fits(self) -> str:
        """The family whose adapters fit this one."""
        return self.base or self.id

    def pipeline(self, task: str, controlled: bool = False) -> str:
        """The class for a task. Raises ModelUnusable naming the tasks this family has."""
        wanted = f"{task}-control" if controlled else task
        name = self.pipelines.get(wanted)
        if name is None:
            can = ", ".join(sorted(self.pipelines))
            raise ModelUnusable(
                "{text} has no pipeline for {wanted}.",
                hint="It can: {can}. Choose another model.",
                field="task",
                text=self.name,
                wanted=wanted,
                can=can,
            )
        return name


class Families:
    """All families, in the order in which they are tried. Frozen after construction."""

    def __init__(
        self,
        families: Sequence[Family],
        schedulers: Mapping[str, Mapping[str, JsonValue]] | None = None,
        denoisers: Sequence[Denoiser] = (),
    ) -> None:
        self.all = tuple(families)
        self.schedulers = dict(schedulers or {})
        self.denoisers = tuple(denoisers)
        self._by_id = {family.id: family for family in self.all}
        for family in self.all:
            if family.fits not in self._by_id and family.fits not in {other.base for other in self.all}:
                raise InputError(
                    "The picture family {family} is based on {fits}, which is not there.", field="base", family=family.id, fits=family.fits
                )

    @classmethod
    def read(cls, path: Path) -> Families:
        """The families, with schedulers.toml and denoisers.toml beside them. Raises InputError naming the entry and field at fault."""
        families = [_entry(Family, "Picture family", entry, number) for number, entry in enumerate(_table(path).get("family", []), 1)]
        beside = _table(path.with_name("denoisers.toml"), needed=False).get("denoiser", [])
        denoisers = [_entry(Denoiser, "Denoiser", entry, number) for number, entry in enumerate(beside, 1)]
        found = cls(families, _table(path.with_name("schedulers.toml"), needed=False), denoisers)
        for denoiser in denoisers:
            for family in denoiser.families:
                found.get(family)
        return found

    def get(self, family_id: str) -> Family:
        """Raises InputError for a family that is not in the data."""
        family = self._by_id.get(family_id)
        if family is None:
            raise InputError(
                "There is no picture family {family_id}.",
                hint="Known: {known}.",
                field="family",
                family_id=repr(family_id),
                known=", ".join(self._by_id),
            )
        return family

    def of_folder(self, class_name: str, config: Mapping[str, Mapping[str, Any]]) -> Family:
        """The family of a folder by its pipeline class and configuration files (by component). One without an entry has only what its
        class says: words to a picture, the library's own steps and guidance."""
        for family in self.all:
            if family.class_name == class_name and all(_says(config, place, value) for place, value in family.told.items()):
                return family
        return Family.model_validate({"id": "other", "name": class_name, "class": class_name, "pipelines": {"text": class_name}})

    def of_keys(self, names: Set[str]) -> Family | None:
        """The family of a single file by the names of its tensors, None when no family has such."""
        return next((family for family in self.all if family.keys and any(key in names for key in family.keys)), None)

    def denoiser_of(self, shapes: Shapes) -> Denoiser | None:
        """The denoiser of a single file by the shapes of its tensors, None when it holds none that is known."""
        inside = bare(shapes)
        return next((denoiser for denoiser in self.denoisers if denoiser.is_in(inside)), None)


def _table(path: Path, needed: bool = True) -> dict[str, Any]:
    if not needed and not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            "The picture families {path} cannot be read: {error}.", hint="Restore the file.", path=path.name, error=error
        ) from error


def _entry(kind: type[T], what: str, entry: Mapping[str, Any], number: int) -> T:
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        name = entry.get("id", f"number {number}")
        raise InputError("{what} {name}: {first}.", field=f"{name}.{first['loc'][0]}", what=what, name=name, first=first["msg"]) from error


def _says(config: Mapping[str, Mapping[str, Any]], place: str, value: JsonValue) -> bool:
    component, _, key = place.partition("/")
    return key in config.get(component, {}) and config[component][key] == value
