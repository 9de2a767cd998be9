"""Prepares a picture step: a Scene for the illustrator, or a prompt for a diffusion model.

Rules read the words (sights.py), the chat model chooses among what the rules found, and code has the last word: a subject is
always a thing the wish names, colours come from the step, the brand, a reference or the mood, the margin from the step. A note of the
person ("at night", "换成蓝色") wins over all of these for this take. Without a chat model the rules alone prepare the scene.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from string import Template
from typing import Any, cast

from agents.writers.calls import Desk, message
from agents.writers.sights import Sight, Sights, joined
from agents.writers.wishes import strongest, without
from domain.chat import ChatModel, ChatRequest, Message
from domain.context import StepContext
from domain.errors import InputError, InvalidOutput
from domain.progress import CancelToken
from domain.scene import Scene, Setting, Subject
from domain.specs import PictureSpec
from domain.value import JsonValue

_NONE = "none"
_MOST_SUBJECTS, _MOST_PROPS = 6, 3
#: A square picture up to this side is an item: it stands alone on a plain ground.
_ITEM_SIDE = 640
_BARE = (Setting.PLAIN, Setting.GRADIENT, Setting.PATTERN, Setting.STUDIO)
#: What follows is whose it is, not what is seen: "sword of the fire king".
_OWNER = re.compile(r"\bof (?:the|our|your|his|her|their) (?:[\w-]+ )?$", re.IGNORECASE)
_WARM, _COOL, _PALE, _DEEP = "#ff9a4a", "#4a8cff", "#ffffff", "#141420"


@dataclass(frozen=True)
class _Choice:
    """What the chat model chose among the options it was given; "" is no choice."""

    subject: str = ""
    companion: str = ""
    setting: str = ""
    time: str = ""
    mood: str = ""


@dataclass(frozen=True)
class _Cast:
    subjects: tuple[Sight, ...] = ()
    props: tuple[Sight, ...] = ()

    @property
    def main(self) -> Sight | None:
        return self.subjects[0] if self.subjects else None


def prepare_scene(context: StepContext, chat: ChatModel | None, cancel: CancelToken, desk: Desk) -> Scene:
    """Everything the illustrator reads. The same context and model give the same scene.

    Raises InputError for a step of another kind, InvalidOutput when the model answers in another form, Cancelled, what the chat raises.
    """
    spec = _spec(context)
    data = desk.prompts("scene")
    sights = Sights(data, desk.prompts("scene_nouns")["nouns"])
    # 1. the things the words name
    wish = without(spec.about, data["ignore"]["words"])
    things = _things(context, wish, sights, data)
    # 2. the model chooses among them, and what no word decides
    choice = _Choice()
    if chat is not None:
        cancel.check()
        choice = _chosen(context, things, chat, cancel, data)
        if not things:
            things = _named(context, chat, cancel, sights, data)
    # 3. rules and choice reconciled; the note last
    cast_ = _noted(_cast(things, choice, wish), context.note, sights, data)
    setting = _setting(context, wish, cast_, choice, data)
    return Scene(
        subjects=tuple(_subject(s) for s in cast_.subjects[:_MOST_SUBJECTS]),
        props=tuple(_subject(s) for s in cast_.props[:_MOST_PROPS]),
        setting=setting,
        time=_time(context, wish, setting, choice, data),
        weather=cast("Any", _nearest(context, wish, data["weathers"]) or "clear"),
        mood=_mood(context, wish, choice, data),
        palette=_palette(context, wish, cast_, setting, choice, sights, data),
        margin=cast("Any", strongest(context.note, data["margins"]) or spec.margin),
        composition=_composition(context, wish, cast_, setting, data),
    )


def prepare_prompt(context: StepContext, chat: ChatModel | None, desk: Desk, cancel: CancelToken | None = None) -> dict[str, JsonValue]:
    """prompt, negative, width, height, steps and guidance for a diffusion maker. The prompt is English: models read little else.

    Raises InputError for a step of another kind, Cancelled, InvalidOutput, what the chat raises.
    """
    stop = cancel or CancelToken()
    stop.check()
    spec = _spec(context)
    data = desk.prompts("scene")
    words = data["diffusion"]
    scene = prepare_scene(context, None, stop, desk)
    about = spec.about.strip().rstrip(".。")
    seen = ", ".join(_phrase(s, data) for s in (*scene.subjects, *scene.props)) or scene.setting.value
    if not about.isascii() or strongest(about, {"request": words["requests"]}):
        about = _described(about, chat, stop, words) if chat is not None else seen
    if context.note.isascii() and context.note.strip():
        about = f"{about}, {context.note.strip()}"
    said = about.lower()
    place = words["places"].get(scene.setting.value, "")
    place = f"{place}, " if place and scene.setting.value not in said else ""
    light = "" if scene.time == "day" or scene.time in said else Template(words["light"]).substitute(time=scene.time)
    colours = spec.palette or context.brand.palette
    light += Template(words["colours"]).substitute(colours=" and ".join(_colour_names(colours, data))) if colours else ""
    light += Template(words["space"]).substitute(margin=scene.margin) if scene.margin != _NONE else ""
    prompt = Template(words["frame"]).substitute(about=about, place=place, light=light, style=spec.style or words["style"])
    negative = ", ".join(part for part in (spec.negative.strip(), words["negative"]) if part)
    return {
        "prompt": prompt, "negative": negative, "width": spec.width, "height": spec.height, "steps": spec.steps, "guidance": spec.guidance,
    }  # fmt: skip


def _spec(context: StepContext) -> PictureSpec:
    if not isinstance(context.spec, PictureSpec):
        raise InputError(f"A picture was to be prepared from a {context.spec.kind} step.", field="spec.kind")
    return context.spec


def _things(context: StepContext, wish: str, sights: Sights, data: Mapping[str, Any]) -> list[Sight]:
    """From the wish; where it names nothing, from the title; then from the brief and finished texts."""
    given = "\n".join(i.text for i in context.inputs)
    places = frozenset(word for words in data["settings"].values() for word in words)
    for text in (wish, context.title, context.material, given):
        found = _heads(text, sights.read(text), places)
        if any(not s.doubtful for s in found) or (found and text is wish):
            return found
    return []


def _heads(text: str, found: Sequence[Sight], places: frozenset[str]) -> list[Sight]:
    """Without what only describes the next word ("ruby sword") and, where there is anything else, what names the place."""
    kept = []
    for index, sight in enumerate(found):
        after = found[index + 1] if index + 1 < len(found) else None
        if after is None or text[sight.end : after.start].strip(" -") or not text[sight.start : sight.end].isascii():
            kept.append(sight)
    things = [s for s in kept if text[s.start : s.end].lower() not in places and not _OWNER.search(text[: s.start])]
    return things or kept


def _chosen(context: StepContext, things: Sequence[Sight], chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any]) -> _Choice:
    """One short call under a schema of enums: it can only name what the words name."""
    names = list(dict.fromkeys(s.what for s in things))[:10]
    options: dict[str, list[str]] = {
        "subject": names or [_NONE],
        "companion": [*names[:10], _NONE],
        "setting": _homes(things, data),
        "time": list(data["times"]),
        "mood": [*data["moods"], _NONE],
    }
    wish = ". ".join(part for part in (context.title, _spec(context).about[:400], context.note) if part)
    ask = Template(data["llm"]["row"]).substitute(wish=wish, things=", ".join(names) or _NONE)
    answer = _asked(chat, cancel, data["llm"], ask, {name: {"type": "string", "enum": list(values)} for name, values in options.items()})
    if any(answer.get(name) not in values for name, values in options.items()):
        raise InvalidOutput(f"The chat model chose a scene that does not exist: {answer}.", hint="Say in the step what to show.")
    return _Choice(**{name: "" if answer[name] == _NONE else answer[name] for name in options})


def _named(context: StepContext, chat: ChatModel, cancel: CancelToken, sights: Sights, data: Mapping[str, Any]) -> list[Sight]:
    """The model names a thing of its own for a wish that names none; taken only when it is a thing we know."""
    shape: dict[str, JsonValue] = {"thing": {"type": "string", "pattern": "^[a-z -]+$", "minLength": 3, "maxLength": 30}}
    answer = _asked(chat, cancel, data["naming"], _spec(context).about[:400], shape)
    what = answer.get("thing", "").strip(" -")
    noun = sights.named(what)
    return [Sight(what, noun.what, noun.group, 0, 0, False)] if noun is not None else []


def _asked(chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any], ask: str, slots: dict[str, JsonValue]) -> dict[str, str]:
    turns: list[Message] = [message("system", data["system"])]
    for example in data["example"]:
        turns += [message("user", example["ask"]), message("assistant", json.dumps(example["answer"], ensure_ascii=False))]
    schema: dict[str, JsonValue] = {"type": "object", "properties": slots, "required": list(slots), "additionalProperties": False}
    request = ChatRequest(messages=(*turns, message("user", ask)), json_schema=schema, max_tokens=data["max_tokens"])
    reply = chat.complete(request, cancel)
    try:
        answer = json.loads(reply.text)
        return {name: str(answer[name]) for name in slots}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        hint = "Say in the step what to show, or use another model."
        raise InvalidOutput("The chat model did not choose the scene in the form asked for.", hint=hint) from error


def _described(about: str, chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any]) -> str:
    shape: dict[str, JsonValue] = {"phrase": {"type": "string", "pattern": "^[A-Za-z0-9 ,'-]+$", "minLength": 3, "maxLength": 240}}
    request = {"system": data["describe"], "example": data["example"], "max_tokens": data["max_tokens"]}
    return _asked(chat, cancel, request, about[:400], shape)["phrase"].strip()


def _cast(things: Sequence[Sight], choice: _Choice, wish: str) -> _Cast:
    """The main thing: the model's choice, else the first named. What "and" joins to it stands beside it, the rest are props."""
    if not things:
        return _Cast()
    order = list(things)
    # The first thing named leads unless the model picked another that stands in the same words.
    lead = next((s for s in order if s.what == choice.subject), order[0])
    subjects = [lead]
    for before, after in pairwise(order):
        if before.key == subjects[-1].key and joined(wish, before, after):
            subjects.append(after)
    rest = [s for s in order if s not in subjects]
    rest.sort(key=lambda s: s.what != choice.companion)
    return _Cast(tuple(subjects), tuple(rest[:2]))


def _noted(cast_: _Cast, note: str, sights: Sights, data: Mapping[str, Any]) -> _Cast:
    """What the note adds, takes away, replaces, recolours."""
    if not note.strip():
        return cast_
    subjects, props, words = list(cast_.subjects), list(cast_.props), data["notes"]
    named = sights.read(note)
    for sight in named:
        before = note[: sight.start].lower()
        known = next((s for s in (*subjects, *props) if s.key == sight.key), None)
        if _ends_with(before, words["remove"]):
            subjects, props = [s for s in subjects if s.key != sight.key], [s for s in props if s.key != sight.key]
        elif known is not None:
            changed = replace(known, colour=sight.colour or known.colour, count=max(sight.count, known.count))
            subjects = [changed if s is known else s for s in subjects]
            props = [changed if s is known else s for s in props]
        elif strongest(note, {"replace": words["replace"]}) and subjects:
            subjects[0] = sight
        elif not subjects:
            subjects = [sight]
        else:
            props.insert(0, sight)
    if strongest(note, {"simpler": words["simpler"]}):
        props = []
    colours = sights.colours_in(note)
    if colours and subjects and not named and not strongest(note, {"backdrop": words["backdrop"]}):
        subjects[0] = replace(subjects[0], colour=colours[0])
    return _Cast(tuple(subjects), tuple(props))


def _ends_with(before: str, words: Sequence[str]) -> bool:
    tail = before.rstrip().removesuffix(" the").removesuffix(" a").rstrip()
    return any(tail.endswith(word) and (not word.isascii() or not tail[: -len(word)][-1:].isalpha()) for word in words)


def _nearest(context: StepContext, wish: str, lists: Mapping[str, Sequence[str]]) -> str:
    """The note decides, then the wish, then the title and style."""
    return next((f for text in (context.note, wish, f"{context.title} {_spec(context).style}") if (f := strongest(text, lists))), "")


def _setting(context: StepContext, wish: str, cast_: _Cast, choice: _Choice, data: Mapping[str, Any]) -> Setting:
    said = _nearest(context, wish, data["settings"])
    if said:
        return Setting(said)
    spec = _spec(context)
    if spec.width == spec.height and spec.width <= _ITEM_SIDE:
        return Setting.PLAIN
    options = _habitat(cast_.main, data)
    turn = {"": 0, "second": 1, "third": 2}[strongest(f"{context.title}. {spec.about}", data["turns"])]
    if choice.setting and turn == 0:
        return Setting(choice.setting)
    return Setting(options[turn % len(options)])


def _habitat(main: Sight | None, data: Mapping[str, Any]) -> list[str]:
    """Settings that suit a thing, best first: by its name, else by the nearest group."""
    table: Mapping[str, list[str]] = data["habitats"]
    if main is None:
        return list(table["default"])
    keys = [key for key in table if main.group.startswith(key)]
    return list(table.get(main.key) or table[max(keys, key=len) if keys else "default"])


def _homes(things: Sequence[Sight], data: Mapping[str, Any]) -> list[str]:
    """The settings the model may choose among: those that suit what was named. A free choice of a small model is often absurd."""
    return list(dict.fromkeys(home for thing in [*things[:3], None] for home in _habitat(thing, data)))


def _time(context: StepContext, wish: str, setting: Setting, choice: _Choice, data: Mapping[str, Any]) -> Any:
    """Night only where words say so; the model may choose another hour outdoors."""
    offered = choice.time if choice.time != "night" and setting not in (*_BARE, Setting.INTERIOR, Setting.CAVE, Setting.SPACE) else ""
    return _nearest(context, wish, data["times"]) or offered or "day"


def _mood(context: StepContext, wish: str, choice: _Choice, data: Mapping[str, Any]) -> str:
    return _nearest(context, wish, {name: entry["words"] for name, entry in data["moods"].items()}) or choice.mood


def _palette(
    context: StepContext, wish: str, cast_: _Cast, setting: Setting, choice: _Choice, sights: Sights, data: Mapping[str, Any]
) -> tuple[str, ...]:
    """The step's colours, the brand's, the reference's, those the wish names as its scheme, the mood's; then what the note turns.

    A mood that only the model felt colours a bare ground or a room; a landscape keeps its own colours.
    """
    loose = tuple(sights.colours_in(wish))[:4] if strongest(wish, {"backdrop": data["notes"]["backdrop"]}) else ()
    given = _spec(context).palette or context.brand.palette or context.reference_palette or loose
    mood = _mood(context, wish, choice if setting in (*_BARE, Setting.INTERIOR) else _Choice(), data)
    palette = tuple(given) or (tuple(data["moods"][mood]["palette"]) if mood else ())
    words = data["notes"]
    turns = {name: words[name] for name in ("warmer", "cooler", "brighter", "darker")}
    turned = strongest(context.note, turns)
    if turned and palette and given:
        toward, amount = {"warmer": (_WARM, 0.22), "cooler": (_COOL, 0.22), "brighter": (_PALE, 0.2), "darker": (_DEEP, 0.3)}[turned]
        palette = tuple(_toward(colour, toward, amount) for colour in palette)
    asked = sights.colours_in(context.note)
    if asked and (strongest(context.note, {"backdrop": words["backdrop"]}) or not cast_.subjects):
        palette = tuple(dict.fromkeys((*asked[:2], _toward(asked[0], _PALE, 0.6), _toward(asked[0], _DEEP, 0.5))))
    return palette[:8]


def _toward(colour: str, other: str, amount: float) -> str:
    """A straight line in sRGB: near enough for a nudge."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * amount):02x}" for a, b in pairs)


def _composition(context: StepContext, wish: str, cast_: _Cast, setting: Setting, data: Mapping[str, Any]) -> Any:
    said = _nearest(context, wish, data["compositions"])
    if said:
        return said
    if len(cast_.subjects) >= 3:
        return "row"
    return "centre" if setting in _BARE or _spec(context).margin != _NONE else "thirds"


def _subject(sight: Sight) -> Subject:
    return Subject(what=sight.what[:60], count=sight.count, colour=sight.colour, size=sight.size)


def _phrase(subject: Subject, data: Mapping[str, Any]) -> str:
    names = _colour_names((subject.colour,), data) if subject.colour else []
    return " ".join([*(["a"] if subject.count == 1 else [str(subject.count)]), *names, subject.what])


def _colour_names(colours: Sequence[str], data: Mapping[str, Any]) -> list[str]:
    """The nearest colour word of each, each once."""

    def apart(first: str, second: str) -> int:
        return sum((int(first[i : i + 2], 16) - int(second[i : i + 2], 16)) ** 2 for i in (1, 3, 5))

    table = {words.split("|")[0]: value for words, value in data["colours"].items()}
    return list(dict.fromkeys(min(table, key=lambda name: apart(table[name], colour)) for colour in colours))[:4]
