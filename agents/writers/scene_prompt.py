"""Prepares a picture step for a diffusion model: an English prompt from the same scene the illustrator would draw.

The person's own words lead where they are English; else the chat model says in English what is seen, or the scene does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from agents.writers.calls import Desk
from agents.writers.scene import answered, draft_scene, picture_spec
from agents.writers.wishes import strongest
from domain.chat import ChatModel
from domain.colours import ColourWords
from domain.context import StepContext
from domain.progress import CancelToken
from domain.scene import Subject
from domain.value import JsonValue


def prepare_prompt(context: StepContext, chat: ChatModel | None, desk: Desk, cancel: CancelToken | None = None) -> dict[str, JsonValue]:
    """prompt, negative, width, height, steps and guidance for a diffusion maker. The prompt is English: models read little else.

    Raises InputError for a step of another kind, Cancelled, InvalidOutput, what the chat raises.
    """
    stop = cancel or CancelToken()
    stop.check()
    spec = picture_spec(context)
    data = desk.prompts("scene")
    words = data["diffusion"]
    scene = draft_scene(context, None, stop, desk).scene
    about = spec.about.strip().rstrip(".。")
    seen = ", ".join(_phrase(s, desk.colours) for s in (*scene.subjects, *scene.props)) or scene.setting.value
    if not about.isascii() or strongest(about, {"request": words["requests"]}):
        about = _described(about, chat, stop, words) if chat is not None else seen
    if context.note.isascii() and context.note.strip():
        about = f"{about}, {context.note.strip()}"
    said = about.lower()
    place = words["places"].get(scene.setting.value, "")
    place = f"{place}, " if place and scene.setting.value not in said else ""
    light = "" if scene.time == "day" or scene.time in said else Template(words["light"]).substitute(time=scene.time)
    colours = spec.palette or context.brand.palette
    light += Template(words["colours"]).substitute(colours=" and ".join(_colour_names(colours, desk.colours))) if colours else ""
    light += Template(words["space"]).substitute(margin=scene.margin) if scene.margin != "none" else ""
    prompt = Template(words["frame"]).substitute(about=about, place=place, light=light, style=spec.style or words["style"])
    negative = ", ".join(part for part in (spec.negative.strip(), words["negative"]) if part)
    return {
        "prompt": prompt, "negative": negative, "width": spec.width, "height": spec.height, "steps": spec.steps, "guidance": spec.guidance,
    }  # fmt: skip


def _described(about: str, chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any]) -> str:
    shape: dict[str, JsonValue] = {"phrase": {"type": "string", "pattern": "^[A-Za-z0-9 ,'-]+$", "minLength": 3, "maxLength": 240}}
    request = {"system": data["describe"], "example": data["example"], "max_tokens": data["max_tokens"]}
    return answered(chat, cancel, request, about[:400], shape)["phrase"].strip()


def _phrase(subject: Subject, table: ColourWords) -> str:
    names = _colour_names((subject.colour,), table) if subject.colour else []
    return " ".join([*(["a"] if subject.count == 1 else [str(subject.count)]), *names, subject.what])


def _colour_names(colours: Sequence[str], table: ColourWords) -> list[str]:
    """The nearest colour word of each, each once."""

    def apart(first: str, second: str) -> int:
        return sum((int(first[i : i + 2], 16) - int(second[i : i + 2], 16)) ** 2 for i in (1, 3, 5))

    names = table.names
    return list(dict.fromkeys(min(names, key=lambda name: apart(names[name], colour)) for colour in colours))[:4]
