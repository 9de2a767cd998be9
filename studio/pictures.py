"""Tools for people who work on pictures: styles, prompts to be edited, what files say, grids, tables of prompts, sheets of sprites.

Nothing here makes a picture; plans and the runner do. A sheet is put together of pictures that are there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from PIL.Image import Image
from pydantic import Field

from agents.presets import Preset, Size, picture_sizes
from agents.writers.calls import Desk
from agents.writers.looks import described
from agents.writers.scene_prompt import family_of, prepare_prompt, preset_notes
from domain.asset import Asset, Labels
from domain.capability import StepKind
from domain.chat import ChatModel
from domain.context import StepContext
from domain.drawing import DrawingFormat
from domain.errors import ContentRefused, InputError, MaquetteError, NotFound
from domain.events import EventKind
from domain.metadata import PictureMetadata
from domain.model import Model
from domain.picture import Finish, PictureTask, Shortcut
from domain.plan import PLAN_MAX_STEPS, Plan, Step, StepInput
from domain.progress import CancelToken
from domain.recipe import InputRef, Output, Recipe, Trace
from domain.said import Said, joined
from domain.specs import PictureSpec
from domain.value import JsonValue, Value
from library.library import Library
from pipelines.image import sheet as sheets
from pipelines.image.sheet import SheetOrder, Sprite
from pipelines.image.shortcuts import Measured, Shortcuts
from pipelines.media.carried import carrying
from pipelines.media.metadata import read_metadata
from pipelines.media.picture import decode
from pipelines.media.seams import Seams, seams
from studio.attaching import attached_pictures
from studio.drawings import Drawings, drawing_of
from studio.finishing import Finishes, finished, finishes, require_finish
from studio.makers import Makers
from studio.picture_models import MadeBy, PictureModels, made_by, task_of
from studio.picture_sets import Axis, BadRow, Cell, grid, read_table
from studio.plans import Plans, new_id, new_plan
from studio.spec_changes import change_spec, numbered, placed

#: New pictures that can start from one at a time.
REFERENCES_MAX = 12
#: Stands for a picture that is in no plan yet: what is not said of it is as a step has it.
_ANY = Step(id="picture-1", title="any", spec=PictureSpec(about="any"))


class PromptDraft(Value):
    """maker: who would make the picture. family: of its model, "" for none that is known. read: whether that maker reads prompts at all;
    the illustrator reads the wish itself."""

    prompt: str
    negative: str
    maker: str
    family: str = ""
    read: bool = True
    notes: tuple[Said, ...] = ()


class SheetWish(Value):
    """assets: ids of pictures of one project, in order. cutout: drawn pictures are taken without their background, exactly.

    cell, columns, padding, trim: as pipelines/image/sheet.py: SheetOrder.
    """

    assets: tuple[str, ...] = Field(min_length=1, max_length=sheets.PICTURES_MAX)
    title: str = Field(default="", max_length=200)
    cutout: bool = True
    cell: int = 256
    columns: int = 0
    padding: int = 2
    trim: bool = True


class TableRead(Value):
    """plans: ids of the plans that were proposed, of 60 pictures at most each. steps: how many pictures are in them."""

    plans: tuple[str, ...]
    steps: int
    bad: tuple[BadRow, ...] = ()


@dataclass(frozen=True)
class Pictures:
    """chat: the chat model that is installed now, None while there is none. now: the clock, for stored times. models: of pictures; None
    where nobody says what they can do. opened, told: how a picture is opened, and what it says of itself."""

    library: Library
    plans: Plans
    makers: Makers
    desk: Desk
    drawings: Drawings
    chat: Callable[[], ChatModel | None]
    now: Callable[[], datetime]
    models: PictureModels | None = None
    opened: Callable[[bytes, str], Image] = decode
    told: Callable[[bytes, str], PictureMetadata] = read_metadata

    def presets(self, words: str = "", family: str = "") -> tuple[Preset, ...]:
        """Styles whose names hold all these words, English or Chinese; all of them for ""."""
        return self.desk.presets.search(words, family)

    def sizes(self) -> tuple[Size, ...]:
        """Sizes by where a picture goes."""
        return picture_sizes(self.desk.folder)

    def maker(self, project_id: str) -> str:
        """Who makes pictures here now: "illustrator", or "diffusion/" and a model. Raises NotFound, ModelMissing."""
        brand = self.library.project(project_id).brand
        return self.makers.choose(_ANY, brand).name

    def able(self) -> dict[str, str]:
        """The model that would make each task now, by its id; "" where none that is here can. Words alone are the illustrator's too."""
        if self.models is None:
            return {}
        found = {task: self.models.able(task) for task in PictureTask}
        return {task.value: model.id if model is not None else "" for task, model in found.items()}

    def shortcuts(self) -> dict[str, Measured]:
        """What each way to be faster was measured to change, by its name. Raises InputError for data that cannot be read."""
        known = Shortcuts.read(self.desk.folder / "pictures" / "shortcuts.toml")
        return {name.value: known.measured(name) for name in Shortcut}

    def finishes(self) -> Finishes:
        """What can be made of a picture that is there."""
        return finishes(self.makers.capabilities(), self.models)

    def plan_pictures(
        self, project_id: str, values: dict[str, JsonValue], count: int = 1, person: str = "", finish: Finish | None = None
    ) -> Plan:
        """Propose a plan of `count` pictures of these fields, each with a seed of its own; with a seed named, counted up from it.

        finish: what is then made of each. Raises NotFound, InputError at the field, LimitError, ContentRefused.
        """
        wish = finish or Finish()
        require_finish(wish, self.finishes())
        most = PLAN_MAX_STEPS // (1 + bool(wish.enlarge) + wish.transparent)
        if not 1 <= count <= most:
            raise InputError(
                "{count} pictures are asked for.",
                hint="Ask for 1 to {plan_max_steps}.",
                field="count",
                count=count,
                plan_max_steps=most,
            )
        about = str(values.get("about") or values.get("prompt") or "").strip()
        brief = self.plans.draft(project_id, about, person=person)
        self.plans.require_safe(placed(values))
        spec = change_spec(_ANY, {**values, "about": about[:2000]})
        assert isinstance(spec, PictureSpec)
        seeds = [(spec.seed + n) % 2**31 if spec.seed >= 0 else -1 for n in range(count)]
        steps = tuple(
            Step(id=f"picture-{n}", title=f"{about[:70]}{f' ({n})' if count > 1 else ''}", spec=spec.model_copy(update={"seed": seed}))
            for n, seed in enumerate(seeds, start=1)
        )
        plan = new_plan(brief, about[:80], steps)
        for step in steps:
            plan = plan.model_copy(update={"steps": (*plan.steps, *finished(plan, step, wish))})
        self._require_possible(steps[0])
        attached_pictures(spec, brief, self.library.asset)
        self.plans.require(plan, steps[0], "about")
        return self.plans.keep(brief, plan)

    def add_reference(self, plan_id: str, step_id: str, values: dict[str, JsonValue], count: int = 1) -> tuple[Step, ...]:
        """New pictures of the plan that start from this one, with some fields changed, each with a seed of its own; nothing is made yet.

        Raises NotFound, InputError (no picture, a field that does not fit, no model that takes a picture to start from), ContentRefused.
        """
        if not 1 <= count <= REFERENCES_MAX:
            raise InputError(
                "{count} pictures are asked for.",
                hint="Ask for 1 to {references_max}.",
                field="count",
                count=count,
                references_max=REFERENCES_MAX,
            )
        plan = self.plans.get(plan_id)
        if self.models is None and self.maker(plan.project_id) == "illustrator":
            hint = "Install a diffusion model on the Models page; the illustrator draws from words and scenes."
            raise InputError("The illustrator takes no picture to start from.", hint=hint, field="reference")

        def draw(plan: Plan) -> tuple[Step, ...]:
            step = plan.step(step_id)
            if not isinstance(step.spec, PictureSpec):
                raise InputError(
                    "{step_id} is a {kind} step and no picture.",
                    hint="Choose a picture.",
                    field="reference",
                    step_id=step_id,
                    kind=step.kind.value,
                )
            given = (StepInput(role="reference", step=step_id),)
            # Seen only by this model, so that a copy of a picture that was painted on starts from the whole of it.
            spec = change_spec(step, {"task": None, "expand": {}, "attached": [], "seed": -1, "scene": None, **values})
            steps: list[Step] = []
            for _ in range(count):
                update = {"id": plan.next_id(step.kind), "spec": spec, "title": numbered(step.title, plan), "inputs": given}
                steps.append(step.model_copy(update=update))
                plan = plan.model_copy(update={"steps": (*plan.steps, steps[-1])})
            self._require_possible(steps[0])
            return tuple(steps)

        return self.plans.extend(plan_id, draw).steps[-count:]

    def add_finish(self, plan_id: str, step_id: str, finish: Finish) -> tuple[Step, ...]:
        """New steps of the plan that enlarge a picture or cut it out; nothing is made yet.

        Raises NotFound, InputError at the field (nothing is asked for, no model that is here, too large), LimitError, PlanError.
        """
        if not finish.enlarge and not finish.transparent:
            raise InputError("Nothing is to be made of this picture.", hint="Choose what is made of it.", field="enlarge")
        require_finish(finish, self.finishes())
        made: list[Step] = []

        def draw(plan: Plan) -> tuple[Step, ...]:
            made[:] = finished(plan, plan.step(step_id), finish)
            return tuple(made)

        self.plans.extend(plan_id, draw)
        return tuple(made)

    def write_prompt(self, plan_id: str, step_id: str, values: dict[str, JsonValue], cancel: CancelToken | None = None) -> PromptDraft:
        """A prompt as it would be written for this step with some fields changed; nothing is kept.

        A prompt the step has already is written anew. Raises NotFound, InputError at the field (another kind, an unknown preset),
        ContentRefused, Cancelled, what the chat raises.
        """
        plan = self.plans.get(plan_id)
        step = plan.step(step_id)
        if not isinstance(step.spec, PictureSpec):
            raise InputError(
                "{step_id} is a {kind} step; prompts are written for pictures.",
                hint="Choose a picture step.",
                step_id=step_id,
                kind=step.kind.value,
            )
        return self._draft(plan.project_id, step, values, self.library.brief(plan.brief_id).material, cancel)

    def draft_prompt(self, project_id: str, values: dict[str, JsonValue], cancel: CancelToken | None = None) -> PromptDraft:
        """The same for a picture that is in no plan yet. Raises NotFound, InputError at the field, ContentRefused."""
        about = str(values.get("about") or "").strip()
        if not about:
            raise InputError("Nothing is said of the picture.", hint="Say what it shows.", field="about")
        step = _ANY.model_copy(update={"title": about[:200]})
        return self._draft(project_id, step, values, about, cancel)

    def _draft(self, project_id: str, step: Step, values: dict[str, JsonValue], material: str, cancel: CancelToken | None) -> PromptDraft:
        self.plans.require_safe(placed(values))
        spec = change_spec(step, {**values, "prompt": ""})
        brand = self.library.project(project_id).brand
        maker = self.makers.choose(step.model_copy(update={"spec": spec}), brand).name
        context = described(StepContext(spec=spec, title=step.title, material=material, brand=brand, maker=maker))
        written = prepare_prompt(context, self.chat(), self.desk, cancel)
        family, _ = family_of(maker, self.desk)
        return PromptDraft(
            prompt=str(written["prompt"]),
            negative=str(written["negative"]),
            maker=maker,
            family=family,
            read=maker != "illustrator",
            notes=preset_notes(context, self.desk),
        )

    def metadata(self, name: str, data: bytes) -> PictureMetadata:
        """What a PNG, JPEG or WebP says of how it was made; nothing is kept. Raises AttachmentError for what is no picture."""
        return self.told(data, name[:120] or "picture")

    def metadata_of(self, asset_id: str) -> PictureMetadata:
        """The same of a picture in the library. Raises NotFound, InputError for what is no picture, AssetDamaged."""
        asset = self.picture(asset_id)
        return self.told(self.data(asset), asset.main.name)

    def seams(self, asset_id: str) -> Seams:
        """Whether a picture of the library repeats without a seam. Raises NotFound, InputError for what is no picture, AssetDamaged."""
        asset = self.picture(asset_id)
        return seams(self.opened(self.data(asset), asset.main.name))

    def add_grid(self, plan_id: str, step_id: str, x: Axis, y: Axis | None = None) -> tuple[Cell, ...]:
        """New pictures of the plan, like this step but for what the axes say; nothing is made yet. Raises as picture_sets.grid does."""
        cells: list[Cell] = []

        def draw(plan: Plan) -> tuple[Step, ...]:
            cells[:] = grid(plan, step_id, x, y)
            return tuple(cell.step for cell in cells)

        self.plans.extend(plan_id, draw)
        return tuple(cells)

    def plan_table(self, project_id: str, name: str, data: bytes, person: str = "") -> TableRead:
        """Propose plans of the pictures in a CSV table; bad rows are left out and named. Raises NotFound, InputError, LimitError."""
        self.library.project(project_id)
        name = PurePath(name.replace("\\", "/")).name[:120] or "table.csv"
        empty = Plan(id="", project_id=project_id, brief_id="", title=name, seed=0)

        def fault(step: Step) -> MaquetteError | None:
            try:
                self.plans.require_safe(placed(step.spec.model_dump(mode="json")))
            except ContentRefused as error:
                return error
            return self.plans.fault(empty, step)

        table = read_table(data, name, fault)
        if not table.steps:
            first = _first(table.bad[0]) if table.bad else Said(message_id="it has no rows")
            raise InputError("No row of {name} can be made; {first}", hint="Correct the table.", field="table", name=name, first=first)
        made: list[str] = []
        for start in range(0, len(table.steps), PLAN_MAX_STEPS):
            part = table.steps[start : start + PLAN_MAX_STEPS]
            brief = self.plans.draft(project_id, f"{len(part)} pictures of the table {name}", person=person)
            notes = tuple(f"{name}, row {bad.row}: {bad.message}" for bad in table.bad) if not made else ()
            plan = empty.model_copy(update={"id": new_id(), "brief_id": brief.id, "seed": start, "steps": part, "notes": notes})
            made.append(self.plans.keep(brief, plan).id)
        return TableRead(plans=tuple(made), steps=len(table.steps), bad=table.bad)

    def make_sheet(self, wish: SheetWish, person: str = "") -> Asset:
        """Put pictures on one sheet with an atlas and store both as an asset of their project.

        Raises NotFound, InputError for what is no picture or of another project, LimitError, AssetDamaged, what drawing a cut-out raises.
        """
        assets = [self.picture(asset_id) for asset_id in wish.assets]
        project_id = assets[0].project_id
        if any(asset.project_id != project_id for asset in assets):
            raise InputError("These pictures are of several projects.", hint="Choose pictures of one project.", field="assets")
        order = SheetOrder(wish.cell, wish.columns, wish.padding, wish.trim)
        files = sheets.sheet([self._sprite(asset, wish.cutout) for asset in assets], order)
        recipe = Recipe(
            kind=StepKind.PICTURE,
            maker="sheet",
            maker_version=sheets.VERSION,
            prompt=wish.title or "sheet",
            parameters={**wish.model_dump(mode="json", exclude={"assets", "title"}), "names": [asset.title for asset in assets]},
            inputs=tuple(
                InputRef(role="sprite", sha256=asset.main.sha256, media_type=asset.main.media_type, asset_id=asset.id) for asset in assets
            ),
        )
        credits_ = tuple(dict.fromkeys(credit for asset in assets for credit in asset.credits))
        labels = Labels(ai_generated=any(asset.labels.ai_generated for asset in assets))
        source_type = labels.digital_source_type if labels.ai_generated else ""
        output = carrying(Output(files, Trace(), credits_), recipe, source_type)
        draft = Asset(
            id="",
            project_id=project_id,
            title=wish.title.strip() or f"Sheet of {len(assets)} pictures",
            files=(),
            recipe=recipe,
            labels=labels,
            credits=credits_,
            facts={"pictures": len(assets)},
            parents=tuple(dict.fromkeys(wish.assets)),
            person=person,
            created=self.now(),
        )
        stored = self.library.add_asset(draft, output.files)
        self.library.add_event(project_id, EventKind.ASSET, stored.id, {"person": person})
        return stored

    def _sprite(self, asset: Asset, cutout: bool) -> Sprite:
        if cutout and drawing_of(asset) is not None:
            return Sprite(asset.title, self.drawings.file(asset.id, DrawingFormat.CUTOUT).path.read_bytes())
        return Sprite(asset.title, self.data(asset))

    def made_by(self, asset_id: str) -> MadeBy:
        """How a picture of the library was made, and with which models. Raises NotFound, InputError for what is no picture."""
        asset = self.picture(asset_id)
        return made_by(asset, self.models.model if self.models is not None else _unknown, self.library.asset)

    def _require_possible(self, step: Step) -> None:
        """Raises InputError naming the models that would, where none that is here can do the step's task; and at a way of making it that
        its model has not."""
        task = task_of(step)
        if self.models is None:
            return
        if task is not PictureTask.TEXT:
            self.models.require(task)
        self.models.require_ways(step)

    def picture(self, asset_id: str) -> Asset:
        """An asset that is one. Raises NotFound, InputError at the asset."""
        asset = self.library.asset(asset_id)
        if asset.main.media_type not in ("image/png", "image/jpeg", "image/webp"):
            raise InputError(
                "{asset} is no picture: it is {media_type}.",
                hint="Choose a picture.",
                field="asset",
                asset=asset.title,
                media_type=asset.main.media_type,
            )
        return asset

    def data(self, asset: Asset) -> bytes:
        """The bytes of its main file. Raises AssetDamaged."""
        return self.library.file_path(asset.main.sha256).read_bytes()


def _first(bad: BadRow) -> Said:
    return Said.of("row {row}: {message}", row=bad.row, message=joined(bad.said))


def _unknown(model_id: str) -> Model:
    raise NotFound("Nobody knows the model {model_id} here.", model_id=repr(model_id))
