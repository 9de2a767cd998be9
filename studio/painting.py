"""Pictures that are changed where a person painted: pictures taken in from files, masks, and takes that inpaint or extend a picture.

A take becomes a new version of the step that made the picture; a picture of no plan gets a plan of its own. Nothing here makes pixels
anew; plans and the runner do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from pydantic import Field

from domain.asset import Asset, Labels
from domain.capability import StepKind
from domain.errors import InputError, LimitError, NotFound
from domain.events import EventKind
from domain.picture import AttachedPicture, Expand, PictureTask
from domain.plan import Step
from domain.recipe import InputRef, OutputFile, Recipe
from domain.specs import PictureSpec
from domain.value import JsonValue, Value
from pipelines.image.asking import grey
from pipelines.image.tasks.inpaint import check_mask
from pipelines.media.picture import encode, examine
from studio.picture_models import PictureModel
from studio.pictures import Pictures
from studio.plans import new_plan
from studio.quotas import require_room
from studio.spec_changes import change_spec, placed

#: Makers of what a person brought: a picture from a file, and a mask.
IMPORTED, MASK = "import", "mask"
_ENDING = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
#: Pixels of a side that diffusion models make at most, as pipelines/image/diffusion.py offers.
SIDE_MAX = 2048
#: What a painted take sets by itself.
_OWN = frozenset({"attached", "controls", "width", "height", "task", "expand", "scene", "kind"})


class Painting(Value):
    """mask: id of a mask of the picture, "" for none: then its borders are made, or the whole of it by the task "image" or "edit".

    values: fields of the step: about (what is to be seen), prompt, negative, strength, steps, guidance, scheduler, seed.
    """

    mask: str = Field(default="", max_length=80)
    expand: Expand = Expand()
    task: PictureTask | None = None
    values: dict[str, JsonValue] = {}


class Painted(Value):
    """A take under way. width, height: of what is made. resized: the picture is made smaller to a size that the model can make."""

    plan: str
    step: str
    task: PictureTask
    model: str
    width: int
    height: int
    resized: bool = False


@dataclass(frozen=True)
class Easel:
    """What a person can do to a picture by hand."""

    pictures: Pictures

    def take_in(self, project_id: str, name: str, data: bytes, person: str = "") -> Asset:
        """Keep a picture from a file in the library: PNG, JPEG or WebP by content, 25 MB and 40 megapixels at most.

        Raises NotFound, AttachmentError (what it is instead, too large, damaged), LimitError for a full quota.
        """
        name = PurePath(name.replace("\\", "/")).name[:120] or "picture"
        self.pictures.library.project(project_id)
        require_room(self.pictures.library, person)
        facts = examine(data, name)
        self.pictures.opened(data, name)  # damaged ones are refused here, not when they are used
        said = self.pictures.told(data, name)
        ours = said.tool in ("maquette", "a1111", "comfyui")
        recipe = Recipe(
            kind=StepKind.PICTURE, maker=IMPORTED, maker_version=1, prompt=said.prompt[:2000] or name, parameters={"file": name}
        )
        labels = Labels() if ours else Labels(ai_generated=False, digital_source_type="")
        file = OutputFile(f"picture{_ENDING[facts.media_type]}", facts.media_type, data)
        return self._store(project_id, PurePath(name).stem[:200] or name, recipe, labels, file, person)

    def add_mask(self, asset_id: str, data: bytes, person: str = "") -> Asset:
        """Keep a mask of a picture: a picture of the same size, white where it may change; what is transparent is black.

        Raises NotFound, InputError at the mask (another size, nothing white), AttachmentError, LimitError for a full quota.
        """
        picture = self.pictures.picture(asset_id)
        require_room(self.pictures.library, person)
        mask = grey(self.pictures.opened(data, "mask"))
        check_mask(mask, self.pictures.opened(self.pictures.data(picture), picture.main.name))
        share = float(np.asarray(mask, dtype=np.float32).mean() / 255)
        before = [child for child in self.pictures.library.children(asset_id) if child.recipe.maker == MASK]
        recipe = Recipe(
            kind=StepKind.PICTURE,
            maker=MASK,
            maker_version=1,
            prompt=f"mask of {picture.title}"[:200],
            inputs=(InputRef(role="source", sha256=picture.main.sha256, media_type=picture.main.media_type, asset_id=picture.id),),
        )
        labels = Labels(ai_generated=False, digital_source_type="")
        facts: dict[str, JsonValue] = {"white": round(share, 4), "width": mask.width, "height": mask.height}
        # A later mask of the same picture is its next version, so that lists of the newest show one.
        previous = before[-1].id if before else ""
        file = OutputFile("mask.png", "image/png", encode(mask))
        return self._store(picture.project_id, f"Mask: {picture.title}"[:200], recipe, labels, file, person, facts, previous)

    def paint(self, asset_id: str, wish: Painting, person: str = "") -> Painted:
        """Make a new version of a picture: inside its mask, beyond its edges, or the whole of it from itself.

        Raises NotFound, InputError at the field (no model that can, a mask of another picture, a size that cannot be made), LimitError,
        ContentRefused, Conflict while the step is being made.
        """
        picture = self.pictures.picture(asset_id)
        task = self._task(wish)
        model = self._able(task)
        size = self.pictures.opened(self.pictures.data(picture), picture.main.name).size
        width, height, expand = _fitted(size, wish.expand, model)
        attached = [AttachedPicture(role="reference", asset=picture.id)]
        if wish.mask:
            attached.append(AttachedPicture(role="mask", asset=self._mask(wish.mask, picture).id))
        values: dict[str, JsonValue] = {
            **{name: value for name, value in wish.values.items() if name not in _OWN},
            "task": task.value, "width": width, "height": height, "expand": expand.model_dump(mode="json"), "controls": [],
            "scene": None, "attached": [one.model_dump(mode="json") for one in attached],
        }  # fmt: skip
        if not str(values.get("about") or values.get("prompt") or "").strip():
            raise InputError("Nothing is said of what is to be seen there.", hint="Say what it shows.", field="about")
        values["about"] = str(values.get("about") or values["prompt"]).strip()[:2000]
        plan_id, step_id = self._start(picture, values, person)
        resized = not expand.any and (width, height) != size
        return Painted(plan=plan_id, step=step_id, task=task, model=model.id, width=width, height=height, resized=resized)

    def _start(self, picture: Asset, values: dict[str, JsonValue], person: str) -> tuple[str, str]:
        """The step that makes it now: that of the picture, else the only one of a new plan."""
        plans = self.pictures.plans
        step = self._step_of(picture)
        if step is not None:
            # Words of the picture before that a person did not change would be drawn once more where they painted.
            change = {"prompt": "", "negative": "", "strength": 0.0, "scheduler": "", "steps": 0, "guidance": 0.0, "seed": -1, **values}
            plans.redo(picture.plan_id, step.id, values=change, person=person)
            return picture.plan_id, step.id
        about = str(values["about"])
        plans.require_safe(placed(values))
        any_step = Step(id="picture-1", title=f"{picture.title}: {about}"[:80], spec=PictureSpec(about=about))
        painted = any_step.model_copy(update={"spec": change_spec(any_step, values)})
        brief = plans.draft(picture.project_id, about, person=person)
        plan = new_plan(brief, painted.title, (painted,))
        plans.require(plan, painted, "about")
        plans.keep(brief, plan)
        plans.approve(plan.id, person=person)
        return plan.id, painted.id

    def _step_of(self, picture: Asset) -> Step | None:
        """The picture step of a plan that was approved, which made this picture; None for any other."""
        plans = self.pictures.plans
        if not picture.plan_id or picture.recipe.kind is not StepKind.PICTURE or not plans.approved(picture.plan_id):
            return None
        try:
            step = plans.get(picture.plan_id).step(picture.step_id)
        except NotFound:  # dropped since
            return None
        return step if isinstance(step.spec, PictureSpec) else None

    def _task(self, wish: Painting) -> PictureTask:
        if wish.expand.any:
            return PictureTask.OUTPAINT
        if wish.mask:
            return PictureTask.INPAINT
        if wish.task in (PictureTask.IMAGE, PictureTask.EDIT):
            return wish.task
        raise InputError("Nothing of the picture may change.", hint="Paint where it may, or say how far it is to go on.", field="mask")

    def _able(self, task: PictureTask) -> PictureModel:
        if self.pictures.models is None:
            raise InputError("Nothing here can do the task {task}.", hint="Fetch a picture model.", field="task", task=repr(task.value))
        return self.pictures.models.require(task)

    def _mask(self, mask_id: str, picture: Asset) -> Asset:
        mask = self.pictures.picture(mask_id)
        if mask.recipe.maker != MASK or picture.id not in mask.parents:
            raise InputError(
                "{title} is no mask of {picture}.", hint="Paint one on this picture.", field="mask", title=mask.title, picture=picture.title
            )
        return mask

    def _store(
        self, project_id: str, title: str, recipe: Recipe, labels: Labels, file: OutputFile, person: str,
        facts: dict[str, JsonValue] | None = None, previous: str = "",
    ) -> Asset:  # fmt: skip
        draft = Asset(
            id="", project_id=project_id, title=title, files=(), recipe=recipe, labels=labels, facts=facts or {}, previous=previous,
            person=person, created=self.pictures.now(),
        )  # fmt: skip
        stored = self.pictures.library.add_asset(draft, [file])
        self.pictures.library.add_event(project_id, EventKind.ASSET, stored.id, {"person": person})
        return stored


def _fitted(size: tuple[int, int], expand: Expand, model: PictureModel) -> tuple[int, int, Expand]:
    """The size that this model makes of a picture and its new borders.

    A picture that goes on keeps its very size, and a border grows to the model's grid; one that does not is made to the grid below its
    size. Raises LimitError for what is too large.
    """
    width, height = size
    if expand.any:
        right = expand.right + -(width + expand.left + expand.right) % model.multiple
        bottom = expand.bottom + -(height + expand.top + expand.bottom) % model.multiple
        expand = Expand(left=expand.left, top=expand.top, right=right, bottom=bottom)
        width, height = width + expand.left + expand.right, height + expand.top + expand.bottom
    else:
        width, height = width - width % model.multiple, height - height % model.multiple
    if max(width, height) > SIDE_MAX:
        raise LimitError(
            "The picture would have {width} x {height} pixels; a side may have {side_max}.",
            hint="Take narrower borders, or a smaller picture.", field="expand", width=width, height=height, side_max=SIDE_MAX,
        )  # fmt: skip
    return width, height, expand
