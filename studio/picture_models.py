"""What the picture models of the catalogue can do, as data for pages: tasks, sizes, steps, samplers, licence; which one makes a task here;
and by which models a stored picture was made. It loads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from domain.asset import Asset
from domain.errors import InputError, ModelError, NotFound
from domain.model import Model, Task
from domain.picture import Alike, PictureTask, Shortcut, alike, task_by
from domain.plan import Step
from domain.recipe import InputRef, ModelRef
from domain.specs import PictureSpec
from domain.value import JsonValue, Value
from pipelines.image import seamless
from pipelines.image.families import Families, Family
from pipelines.image.likeness import adapter_file, adapter_width, word_width
from pipelines.image.loading import Opened
from pipelines.image.shortcuts import offered
from pipelines.image.tasks.table import TASKS
from pipelines.models.store import ModelStore

#: Pixels that a side of a model which is not here is taken to be a multiple of.
_USUAL_MULTIPLE = 8
#: What is told of how a picture was made, as the maker said it or else as it was asked for.
_SETTINGS = ("task", "width", "height", "steps", "guidance", "strength", "scheduler", "shortcuts", "seamless", "expand", "family")
#: Tasks whose pictures can be tiles: the edges of the others are given.
_TILES = frozenset({PictureTask.TEXT, PictureTask.IMAGE})


class PictureModel(Value):
    """ready: it is here and can be read. multiple: its sides are multiples of so many pixels. sizes: where it is at its best. steps 0,
    guidance below 0: its pipeline's own. samplers: names for a step's `scheduler`, none where the family has one way only. strengths: how
    far a start is left when nobody says, by task. shortcuts: ways to be faster that change the picture, by task. seamless: tasks whose
    pictures can be made as tiles. likeness: id of an IP-Adapter that is here and fits, "" for none. references: it takes pictures beside
    words."""

    id: str
    name: str
    ready: bool
    chosen: bool = False
    family: str
    licence: str = ""
    commercial: str = "unknown"
    tasks: tuple[PictureTask, ...] = ()
    multiple: int = _USUAL_MULTIPLE
    sizes: tuple[tuple[int, int], ...] = ()
    steps: int = 0
    guidance: float = -1.0
    negative: bool = True
    samplers: tuple[str, ...] = ()
    strengths: dict[str, float] = {}
    shortcuts: dict[str, tuple[Shortcut, ...]] = {}
    seamless: tuple[PictureTask, ...] = ()
    likeness: str = ""
    references: bool = False


class ModelFact(Value):
    """A model a picture was made with, and under which licence. commercial, terms: as in the catalogue."""

    id: str
    sha256: str
    name: str = ""
    licence: str = ""
    commercial: str = "unknown"
    terms: str = ""


class InputFact(Value):
    """A picture another one was made of. asset "" and title "" where it is not in the library by itself."""

    role: str
    asset: str = ""
    title: str = ""


class CharacterFact(Value):
    """Somebody whom a picture keeps alike. by: as domain/picture.py: Alike. asset "" where their picture is not in the library any more."""

    name: str
    by: str
    asset: str = ""
    title: str = ""


class MadeBy(Value):
    """How a picture was made. settings: size, numbers and names that were set, in order. characters: who is kept alike in it, and by what.
    recipe: its hash."""

    maker: str
    models: tuple[ModelFact, ...] = ()
    prompt: str = ""
    negative: str = ""
    seed: int
    settings: dict[str, JsonValue] = {}
    inputs: tuple[InputFact, ...] = ()
    characters: tuple[CharacterFact, ...] = ()
    device: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    recipe: str


def task_of(step: Step) -> PictureTask:
    """What a picture step asks for: what it says, else what its pictures say."""
    spec = step.spec
    if not isinstance(spec, PictureSpec):
        return PictureTask.TEXT
    if spec.task is not None:
        return spec.task
    roles = {given.role for given in step.inputs} | {given.role for given in spec.attached}
    return task_by(start="reference" in roles, mask="mask" in roles, expand=spec.expand.any)


@dataclass(frozen=True)
class PictureModels:
    """Args:
    opened: what an installed checkpoint is, by its id. runs: whether a maker here was built for a catalogue entry; one that was added
    since the start has none.
    chosen: id of the model that makes pictures from words now, "" while the illustrator does.
    """

    store: ModelStore
    families: Families
    opened: Callable[[str], Opened]
    runs: Callable[[Model], bool]
    chosen: Callable[[], str]
    _known: dict[tuple[str, str], Opened] = field(default_factory=dict)
    _widths: dict[tuple[str, str], int] = field(default_factory=dict)

    def all(self) -> tuple[PictureModel, ...]:
        """In the order of the catalogue; entries whose family nobody knows are left out until they are here."""
        chosen = self.chosen()
        found = (self._described(model) for model in self.store.catalogue.of(Task.PICTURE) if self.runs(model))
        return tuple(one.model_copy(update={"chosen": one.id == chosen}) for one in found if one is not None)

    def able(self, task: PictureTask) -> PictureModel | None:
        """The model that makes this task now: the chosen one if it can, else the first that is here."""
        can = [model for model in self.all() if model.ready and task in model.tasks]
        return next((model for model in can if model.chosen), can[0] if can else None)

    def require(self, task: PictureTask) -> PictureModel:
        """As `able`. Raises InputError naming the models that would."""
        found = self.able(task)
        if found is not None:
            return found
        would = ", ".join(model.name for model in self.all() if task in model.tasks)
        hint = "Fetch one of these, or add a checkpoint of yours by its path, in Settings, Models: {would}."
        raise InputError(
            "No picture model that is here can do the task {task}.", hint=hint, field="task", task=repr(task.value), would=would
        )

    def maker(self, step: Step) -> str:
        """The maker that a picture step gets, "illustrator" or "diffusion/<id>". What the illustrator cannot do goes to a model that is
        here and can, chosen or not."""
        task, chosen = task_of(step), self.chosen()
        if task is PictureTask.TEXT and not chosen:
            return "illustrator"
        found = self.able(task)
        if found is not None and (found.chosen or task is not PictureTask.TEXT):
            return f"diffusion/{found.id}"
        return f"diffusion/{chosen}" if chosen and task is not PictureTask.TEXT else "illustrator"

    def require_ways(self, step: Step) -> None:
        """Raises InputError at the field for a tile, or a shortcut, that the model which would make this picture has not."""
        spec = step.spec
        if not isinstance(spec, PictureSpec) or not (spec.seamless or spec.shortcuts):
            return
        name, task = self.maker(step), task_of(step)
        model = next((one for one in self.all() if name == f"diffusion/{one.id}"), None)
        told, hint = {"model": model.name if model is not None else "illustrator"}, "Leave it out, or choose another model."
        if spec.seamless and (model is None or task not in model.seamless):
            raise InputError("{model} makes no seamless tiles of this kind of picture.", hint=hint, field="seamless", given=told)
        there = model.shortcuts.get(task.value, ()) if model is not None else ()
        for wanted in spec.shortcuts:
            if wanted not in there:
                raise InputError(
                    "{model} has no shortcut {shortcut} for this kind of picture.",
                    hint=hint,
                    field="shortcuts",
                    given=told,
                    shortcut=wanted.value,
                )

    def model(self, model_id: str) -> Model:
        """An entry of the catalogue. Raises NotFound."""
        return self.store.catalogue.get(model_id)

    def _described(self, model: Model) -> PictureModel | None:
        ready = self.store.ready(model.id)
        opened = self._opened(model.id) if ready else None
        if opened is None and not model.family:
            return None
        family: Family = opened.family if opened is not None else self.families.get(model.family)
        # Enlarging by diffusion makes each tile anew from the picture, as the task "image" does.
        tasks = tuple(task for task in PictureTask if _pipeline_of(task) in family.pipelines)
        return PictureModel(
            id=model.id, name=model.name, ready=opened is not None, family=family.name, licence=model.licence, commercial=model.commercial,
            tasks=tasks, multiple=opened.multiple if opened is not None else _USUAL_MULTIPLE, sizes=family.sizes, steps=family.steps,
            guidance=family.guidance, negative=family.negative, samplers=tuple(self.families.schedulers) if family.words == "clip" else (),
            strengths={task.value: TASKS[task].strength for task in tasks if task in TASKS and task is not PictureTask.TEXT},
            shortcuts={task.value: offered(family, task) for task in tasks if task is not PictureTask.UPSCALE},
            seamless=tuple(task for task in tasks if task in _TILES) if seamless.can(family) else (),
            likeness=self._likeness(model.id, opened) if opened is not None else "",
            references="edit" in family.pipelines and family.pipelines["edit"] == family.pipelines.get("text"),
        )  # fmt: skip

    def _likeness(self, model_id: str, opened: Opened) -> str:
        """The first IP-Adapter that is here and was made for words as wide as this checkpoint's."""
        if opened.family.words != "clip" or "text" not in opened.family.pipelines:
            return ""
        beside = model_id if opened.single is None else f"{opened.family.fits}-config"
        width = self._width(beside, word_width)
        adapters = (model.id for model in self.store.catalogue.of(Task.IP_ADAPTER) if self.store.ready(model.id))
        return next((one for one in adapters if width and self._width(one, _adapter_width) == width), "")

    def _width(self, model_id: str, read: Callable[[Path], int]) -> int:
        """Read once for what a model holds; 0 for one that is not here, or cannot be read."""
        try:
            key = (model_id, self.store.ref(model_id).sha256)
            if key not in self._widths:
                self._widths[key] = read(self.store.folder(model_id))
            return self._widths[key]
        except (ModelError, InputError, NotFound):
            return 0

    def _opened(self, model_id: str) -> Opened | None:
        """None for one that is here and cannot be read; the Models page says why."""
        key = (model_id, self.store.ref(model_id).sha256)
        if key not in self._known:
            try:
                self._known[key] = self.opened(model_id)
            except (ModelError, InputError):
                return None
        return self._known[key]


def _adapter_width(folder: Path) -> int:
    file = adapter_file(folder)
    return adapter_width(file) if file is not None else 0


def made_by(asset: Asset, model: Callable[[str], Model], find: Callable[[str], Asset]) -> MadeBy:
    """How a stored picture was made, its models with their licences as the catalogue has them now.

    model: an entry of the catalogue; find: an asset of the library. Both raise NotFound.
    """
    recipe, facts, values = asset.recipe, asset.facts, asset.recipe.parameters
    settings: dict[str, JsonValue] = {}
    for name in _SETTINGS:
        if value := facts.get(name) or values.get(name):
            settings[name] = value
    return MadeBy(
        maker=f"{recipe.maker} v{recipe.maker_version}",
        models=tuple(_fact(ref, model) for ref in recipe.models),
        prompt=recipe.prompt,
        negative=str(values.get("negative") or ""),
        seed=recipe.seed,
        settings=settings,
        inputs=tuple(_input(given, find) for given in recipe.inputs),
        characters=tuple(_character(one, find) for one in alike(values)),
        device=asset.trace.device,
        seconds=asset.trace.seconds,
        notes=asset.trace.notes,
        recipe=recipe.sha256,
    )


def _fact(ref: ModelRef, model: Callable[[str], Model]) -> ModelFact:
    try:
        known = model(ref.id)
    except NotFound:  # it was made elsewhere, or the model was taken out of the catalogue
        return ModelFact(id=ref.id, sha256=ref.sha256)
    return ModelFact(id=ref.id, sha256=ref.sha256, name=known.name, licence=known.licence, commercial=known.commercial, terms=known.terms)


def _character(given: Alike, find: Callable[[str], Asset]) -> CharacterFact:
    try:
        title = find(given.picture).title
    except NotFound:
        title = ""
    return CharacterFact(name=given.name, by=given.by, asset=given.picture if title else "", title=title)


def _input(given: InputRef, find: Callable[[str], Asset]) -> InputFact:
    try:
        title = find(given.asset_id).title if given.asset_id else ""
    except NotFound:
        title = ""
    return InputFact(role=given.role, asset=given.asset_id if title else "", title=title)


def _pipeline_of(task: PictureTask) -> str:
    return PictureTask.IMAGE.value if task is PictureTask.UPSCALE else task.value
