"""Prepares a picture step for a diffusion model: an English prompt from the same scene the illustrator would draw, as the family reads it.

The person's own words lead where they are English; else the chat model says in English what is seen, or the scene does. The chat model
adds how it looks; place, light, colours, room for text and style are put in by templates (assets/prompts/picture.toml). A prompt that a
person finished is taken as it stands. Pixels and models are not known here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from string import Template
from typing import Any

from agents.presets import Preset
from agents.writers.calls import Desk
from agents.writers.scene import answered, draft_scene, picture_spec
from agents.writers.wishes import strongest
from domain.chat import ChatModel
from domain.colours import ColourWords
from domain.context import StepContext
from domain.errors import InvalidOutput
from domain.progress import CancelToken
from domain.said import Said
from domain.scene import Scene, Subject
from domain.value import JsonValue

_PHRASE_MAX, _DETAILS_MAX = 240, 320
#: What a chat model adds to a prompt may hold no markup, no numbers and no foreign script: it goes to a model that reads English.
_SHAPE: Mapping[str, JsonValue] = {
    "phrase": {"type": "string", "pattern": "^[A-Za-z0-9 ,'-]+$", "minLength": 3, "maxLength": _PHRASE_MAX},
    "details": {"type": "string", "pattern": "^[A-Za-z ,;'-]+$", "minLength": 3, "maxLength": _DETAILS_MAX},
}


def prepare_prompt(context: StepContext, chat: ChatModel | None, desk: Desk, cancel: CancelToken | None = None) -> dict[str, JsonValue]:
    """prompt, negative, width, height, steps and guidance for a diffusion maker. The prompt is English: models read little else.

    context.maker says which model is written for ("diffusion/sdxl"); for one of no known family the prompt is phrases without details.
    Raises InputError for a step of another kind and an unknown preset, Cancelled, InvalidOutput, what the chat raises.
    """
    stop = cancel or CancelToken()
    stop.check()
    spec = picture_spec(context)
    preset = desk.presets.get(spec.preset) if spec.preset else None
    words = desk.prompts("scene")["diffusion"]
    note = context.note.strip() if context.note.isascii() else ""
    if spec.prompt.strip():
        prompt = ", ".join(part for part in (spec.prompt.strip(), note) if part)
    else:
        prompt = _written(context, preset, chat, stop, desk)
    negative = _listed(spec.negative, preset.negative if preset else "", words["negative"])
    return {
        "prompt": prompt, "negative": negative, "width": spec.width, "height": spec.height, "steps": spec.steps, "guidance": spec.guidance,
    }  # fmt: skip


def beside_reference(prompt: str, desk: Desk) -> str:
    """The same prompt for a model that is given a picture of whom it names, too."""
    return Template(desk.prompts("picture")["beside"]["reference"]).substitute(prompt=prompt)


def family_of(maker: str, desk: Desk) -> tuple[str, str]:
    """The family of a maker's model ("diffusion/sdxl-turbo") and its dialect; "" and "phrases" for one that no pattern fits."""
    model = maker.rpartition("/")[2]
    for family in desk.prompts("picture")["family"]:
        if any(fnmatch(model, pattern) for pattern in family["models"]):
            return str(family["id"]), str(family["dialect"])
    return "", "phrases"


def preset_notes(context: StepContext, desk: Desk) -> tuple[Said, ...]:
    """Whether the preset of a step comes out well with the model that makes it."""
    spec = picture_spec(context)
    if not spec.preset:
        return ()
    preset, (family, _) = desk.presets.get(spec.preset), family_of(context.maker, desk)
    told = "preset: {preset} comes out better with {suited} than with {family}."
    return () if preset.suits(family) else (Said.of(told, preset=preset.id, suited=list(preset.families), family=family),)


def _written(context: StepContext, preset: Preset | None, chat: ChatModel | None, stop: CancelToken, desk: Desk) -> str:
    spec, words = picture_spec(context), desk.prompts("scene")["diffusion"]
    family, dialect = family_of(context.maker, desk)
    # 1. what is seen
    scene = draft_scene(context, None, stop, desk).scene
    about = spec.about.strip().rstrip(".。")
    foreign = not about.isascii() or bool(strongest(about, {"request": words["requests"]}))
    details = ""
    if chat is not None and family:
        phrase, details = _asked(about, chat, stop, desk.prompts("picture")["ask"][dialect], own=not foreign)
        about = phrase if foreign else about
    elif foreign:
        about = _described(about, chat, stop, words) if chat is not None else _seen(scene, desk.colours)
    if context.note.isascii() and context.note.strip():
        about = f"{about}, {context.note.strip()}"
    # 2. how it looks
    return _framed(context, scene, about, details, preset, dialect, desk)


def _framed(context: StepContext, scene: Scene, about: str, details: str, preset: Preset | None, dialect: str, desk: Desk) -> str:
    """The template of the dialect, filled: what is said already is not said again."""
    spec, words, frame = picture_spec(context), desk.prompts("scene")["diffusion"], desk.prompts("picture")["dialect"][dialect]
    said = f"{about} {details}".lower()
    place = words["places"].get(scene.setting.value, "")
    place = Template(frame.get("place", "$place, ")).substitute(place=place) if place and scene.setting.value not in said else ""
    light = "" if scene.time == "day" or scene.time in said else Template(frame["light"]).substitute(time=scene.time)
    colours = spec.palette or context.brand.palette
    light += Template(frame["colours"]).substitute(colours=" and ".join(_colour_names(colours, desk.colours))) if colours else ""
    light += Template(frame["space"]).substitute(margin=scene.margin) if scene.margin != "none" else ""
    style = _listed(spec.style, preset.prompt if preset else "") or words["style"]
    sentences = dialect == "sentences"
    if details:
        details = f" {details[0].upper()}{details[1:]}." if sentences else f"{details}, "
    style = Template(frame.get("style", "$style")).substitute(style=style)
    about = f"{about[0].upper()}{about[1:]}" if sentences else about
    text = Template(frame["frame"]).substitute(about=about, details=details, place=place, light=light, style=style)
    return re.sub(r"\s+", " ", text).strip()


def _asked(about: str, chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any], *, own: bool) -> tuple[str, str]:
    """phrase and details of the chat model. A list or sentence that the limit cut off ends at its last whole word.

    own: the person's words are English and lead, so that only the details are taken.
    """
    slots = {name: shape for name, shape in _SHAPE.items() if name == "details" or not own}
    cancel.check()
    try:
        answer = answered(chat, cancel, data, about[:400], slots)
    except InvalidOutput:
        if not own:
            raise
        return "", ""  # the person's words suffice
    details = " ".join(answer["details"].split())
    whole = details if len(details) < _DETAILS_MAX else details[: max(details.rfind(","), details.rfind(" "), 0)]
    return answer.get("phrase", "").strip(" ,"), whole.strip(" ,.;")


def _described(about: str, chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any]) -> str:
    request = {"system": data["describe"], "example": data["example"], "max_tokens": data["max_tokens"]}
    return answered(chat, cancel, request, about[:400], {"phrase": _SHAPE["phrase"]})["phrase"].strip()


def _seen(scene: Scene, colours: ColourWords) -> str:
    return ", ".join(_phrase(s, colours) for s in (*scene.subjects, *scene.props)) or scene.setting.value


def _listed(*parts: str) -> str:
    """Parts as one list, each item once."""
    items = [item.strip() for part in parts for item in part.split(",")]
    return ", ".join(dict.fromkeys(item for item in items if item))


def _phrase(subject: Subject, table: ColourWords) -> str:
    names = _colour_names((subject.colour,), table) if subject.colour else []
    return " ".join([*(["a"] if subject.count == 1 else [str(subject.count)]), *names, subject.what])


def _colour_names(colours: Sequence[str], table: ColourWords) -> list[str]:
    """The nearest colour word of each, each once."""

    def apart(first: str, second: str) -> int:
        return sum((int(first[i : i + 2], 16) - int(second[i : i + 2], 16)) ** 2 for i in (1, 3, 5))

    names = table.names
    return list(dict.fromkeys(min(names, key=lambda name: apart(names[name], colour)) for colour in colours))[:4]
