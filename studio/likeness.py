"""How the characters of a project that a picture names are kept alike in it: by their reference pictures where the model takes them, else
in words.

It decides and says so; it opens no picture. Words are put in by agents/writers/looks.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agents.writers.looks import named
from domain.context import StepContext
from domain.picture import CHARACTERS, Alike, Likeness, PictureTask, Shortcut
from domain.said import Said
from domain.specs import PictureSpec
from domain.value import JsonValue
from studio.picture_models import PictureModel, PictureModels

#: What is told of each way.
_TOLD = {
    "illustrator": "{name} is kept alike by words alone: the illustrator takes no reference picture.",
    "adapter": "{name} is kept alike by the reference picture, through {adapter}.",
    "reference": "{name} is kept alike by the reference picture, which {model} takes beside words.",
    "no_way": "{name} is kept alike by words alone: {model} takes no reference picture, and no IP-Adapter that is here fits it.",
    "settings": "{name} is kept alike by words alone: this picture's own settings leave no room for a reference picture.",
    "second": "{name} is kept alike by words alone: one picture takes one character's reference.",
}


@dataclass(frozen=True)
class Kept:
    """parameters: of the picture, on top of its own. notes: which way each is kept alike. beside: the picture is made beside a reference
    picture, and its prompt has to say so."""

    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: tuple[Said, ...] = ()
    beside: bool = False


#: Says how those named in a picture are kept alike, before their names give way to words.
KeepAlike = Callable[[StepContext], Kept]


def in_words(context: StepContext) -> Kept:
    """Where no model takes a picture of them."""
    return _kept(context, None)


def keeping(models: PictureModels) -> KeepAlike:
    """As the models that are here can."""

    def keep(context: StepContext) -> Kept:
        return _kept(context, next((one for one in models.all() if context.maker == f"diffusion/{one.id}"), None))

    return keep


def _kept(context: StepContext, model: PictureModel | None) -> Kept:
    spec = context.spec
    if not isinstance(spec, PictureSpec):
        return Kept()
    sheets = [sheet for sheet in named(f"{spec.about}\n{spec.prompt}", context.brand.characters) if sheet.picture]
    if not sheets:
        return Kept()
    by, told, more = _way(context, spec, model)
    ways = [(sheet, by if number == 0 else "words") for number, sheet in enumerate(sheets)]
    characters: list[JsonValue] = [
        Alike.model_validate({"name": sheet.name, "picture": sheet.picture, "by": way}).model_dump(mode="json") for sheet, way in ways
    ]
    models = {"model": model.name, "adapter": model.likeness} if model is not None else {}
    notes = tuple(Said.of(_TOLD[told if way == by else "second"], name=sheet.name, **models) for sheet, way in ways)
    return Kept({CHARACTERS: characters, **more}, notes, beside=by == "reference")


def _way(context: StepContext, spec: PictureSpec, model: PictureModel | None) -> tuple[str, str, dict[str, JsonValue]]:
    """How the first is kept alike, what is told of it, and the parameters that do it."""
    if model is None:
        return "words", "illustrator", {}
    if not model.likeness and not model.references:
        return "words", "no_way", {}
    roles = {given.role for given in context.inputs} | {given.role for given in spec.attached}
    plain = spec.task in (None, PictureTask.TEXT) and not roles & {"reference", "mask", "control"} and not spec.expand.any
    own = spec.likeness is not None or "likeness" in roles or Shortcut.GUIDANCE_INTERVAL in spec.shortcuts
    if not own and model.likeness and spec.task not in (PictureTask.EDIT, PictureTask.UPSCALE):
        return "adapter", "adapter", {"likeness": Likeness(model=model.likeness).model_dump(mode="json")}
    if not own and model.references and plain and not spec.controls:
        return "reference", "reference", {"task": PictureTask.EDIT.value}
    return "words", "settings", {}
