"""What is made of a picture once it is there: enlarged, then its main thing without the background. Each is a step of its own.

Says which of it can be done here, and draws up the steps. Makes and stores nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.capability import Capability, StepKind
from domain.errors import InputError
from domain.picture import Finish, PictureTask
from domain.plan import Plan, Step, StepInput
from domain.specs import CutoutSpec, PictureSpec, UpscaleSpec
from domain.value import Value
from studio.enlarging import ROLE
from studio.picture_models import PictureModels
from studio.spec_changes import change_spec

#: Pixels of a picture's longer side, at most.
SIDE_MAX = 4096


class Finishes(Value):
    """network, transparent: whether a model for it is here. model: name of the picture model that would draw it again, "" for none."""

    network: bool = False
    model: str = ""
    transparent: bool = False


def finishes(capabilities: Iterable[Capability], models: PictureModels | None) -> Finishes:
    """What can be done here now."""
    kinds = {capability.kind for capability in capabilities}
    able = models.able(PictureTask.UPSCALE) if models is not None else None
    return Finishes(network=StepKind.UPSCALE in kinds, model=able.name if able else "", transparent=StepKind.CUTOUT in kinds)


def require_finish(finish: Finish, there: Finishes) -> None:
    """Raises InputError at the field for what no model that is here does."""
    hint = "Fetch a model for it in Settings, Models."
    if finish.enlarge == "network" and not there.network:
        raise InputError("Nothing installed enlarges pictures.", hint=hint, field="enlarge")
    if finish.enlarge == "model" and not there.model:
        raise InputError("No picture model that is here can draw a picture again.", hint=hint, field="enlarge")
    if finish.transparent and not there.transparent:
        raise InputError("Nothing installed cuts pictures out.", hint=hint, field="transparent")


def finished(plan: Plan, step: Step, finish: Finish) -> tuple[Step, ...]:
    """The steps that follow a step of pictures, in order. plan: with the step in it. Raises InputError at the field."""
    made: list[Step] = []
    if finish.enlarge:
        made.append(_enlarged(plan, step, finish))
        plan = plan.model_copy(update={"steps": (*plan.steps, made[-1])})
    if finish.transparent:
        source = made[-1] if made else step
        if source.kind is StepKind.CUTOUT:
            raise InputError("{title} is cut out already.", hint="Choose another picture.", field="transparent", title=source.title)
        given = (StepInput(role=ROLE, step=source.id),)
        made.append(Step(id=plan.next_id(StepKind.CUTOUT), title=f"{source.title[:190]} ✂", spec=CutoutSpec(), inputs=given))
    return tuple(made)


def _enlarged(plan: Plan, step: Step, finish: Finish) -> Step:
    title = f"{step.title[:190]} {finish.scale}×"
    if finish.enlarge == "network":
        if step.kind is StepKind.UPSCALE:
            raise InputError("{title} is enlarged already.", hint="Choose another picture.", field="enlarge", title=step.title)
        spec = UpscaleSpec(scale=finish.scale)
        return Step(id=plan.next_id(StepKind.UPSCALE), title=title, spec=spec, inputs=(StepInput(role=ROLE, step=step.id),))
    if not isinstance(step.spec, PictureSpec):
        raise InputError("{title} was not made from words.", hint="Enlarge it by Real-ESRGAN.", field="enlarge", title=step.title)
    width, height = step.spec.width * finish.scale, step.spec.height * finish.scale
    if max(width, height) > SIDE_MAX:
        raise InputError(
            "Enlarged {scale} times this picture has {width} x {height} pixels; {most} on a side are the most.",
            hint="Enlarge it less, or by Real-ESRGAN.",
            field="enlarge",
            scale=finish.scale,
            width=width,
            height=height,
            most=SIDE_MAX,
        )
    drawn = change_spec(
        step,
        {
            "task": PictureTask.UPSCALE.value, "width": width, "height": height, "scene": None, "strength": 0.0, "expand": {},
            "attached": [], "controls": [], "likeness": None, "shortcuts": [], "seamless": False,
        },
    )  # fmt: skip
    given = (StepInput(role="reference", step=step.id),)
    return Step(id=plan.next_id(StepKind.PICTURE), title=title, spec=drawn, inputs=given)
