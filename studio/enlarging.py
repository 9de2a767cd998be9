"""Which picture a step enlarges or cuts out: one of the plan, or one attached to the brief. Pure; opens no file."""

from __future__ import annotations

import re

from domain.brief import Attachment, Brief
from domain.capability import StepKind
from domain.errors import InputError
from domain.plan import Plan, Step, StepInput
from domain.specs import OF_PICTURES, CutoutSpec, UpscaleSpec

ROLE = "source"
_NAMED = re.compile(r"(?:picture|image|photo|图片|图|第)\s*-?\s*(\d{1,3})", re.IGNORECASE)


def source_named(plan: Plan, kind: StepKind, about: str) -> tuple[StepInput, ...]:
    """The picture of the plan that an added step of these kinds means: the one it names ("picture 2"), else the last. () for others.

    Raises InputError for a number the plan has no picture of.
    """
    pictures = [step for step in plan.steps if step.kind is StepKind.PICTURE]
    if kind not in OF_PICTURES or not pictures:
        return ()
    named = _NAMED.search(about)
    if named is None:
        return (StepInput(role=ROLE, step=pictures[-1].id),)
    wanted = f"{StepKind.PICTURE.value}-{int(named[1])}"
    if wanted not in {step.id for step in pictures}:
        known = ", ".join(step.id for step in pictures)
        raise InputError("The plan has no {wanted}.", hint="It has: {known}.", field="about", wanted=wanted, known=known)
    return (StepInput(role=ROLE, step=wanted),)


def attached_source(step: Step, brief: Brief) -> Attachment | None:
    """The attached picture that a step without an input is made of; None for other steps and where nothing fits."""
    if not isinstance(step.spec, UpscaleSpec | CutoutSpec) or any(given.role == ROLE for given in step.inputs):
        return None
    pictures = [a for a in brief.attachments if a.media_type in ("image/png", "image/jpeg")]
    wanted = step.spec.file.strip()
    return next((a for a in pictures if not wanted or a.name == wanted), None)


def require_source(step: Step, brief: Brief) -> None:
    """Raises InputError for an enlargement or cut-out without a picture, naming what is attached."""
    if (
        not isinstance(step.spec, UpscaleSpec | CutoutSpec)
        or any(given.role == ROLE for given in step.inputs)
        or attached_source(step, brief)
    ):
        return
    names = [a.name for a in brief.attachments if a.media_type.startswith("image/")]
    if step.spec.file and names:
        raise InputError(
            "No attached picture is called {file}.", hint="Attached are: {names}.", field="file", file=repr(step.spec.file), names=names
        )
    hint = "Add it to a plan that makes a picture, or attach a PNG or JPEG to the brief."
    told = "There is no picture to enlarge." if step.kind is StepKind.UPSCALE else "There is no picture to cut out."
    raise InputError(told, hint=hint, field="about")
