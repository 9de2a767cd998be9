"""Prepares a picture step: a Scene for the illustrator.

The grammar reads the words (grammar.py), the chat model chooses among what they leave open, and code has the last word: a subject is
always a thing the wish names, colours come from the step, the brand, a reference, the words or the mood. A scene that a person edited is
taken as it stands. A note ("at night", "换成蓝色") wins over all of these for this take (scene_note.py). Without a chat model the rules
alone prepare the scene.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import Template
from typing import Any, cast

from agents.writers.bounds import Bounds
from agents.writers.calls import Desk, message
from agents.writers.candour import Candour
from agents.writers.company import Company
from agents.writers.grammar import Grammar, Reading
from agents.writers.habitats import BARE, INDOORS, habitats, homes
from agents.writers.places import settings_of
from agents.writers.scene_given import require_drawable
from agents.writers.scene_note import noted
from agents.writers.sights import Sight, Sights
from agents.writers.wishes import strongest
from domain.chat import ChatModel, ChatRequest, Message
from domain.context import StepContext
from domain.errors import InputError, InvalidOutput
from domain.progress import CancelToken
from domain.said import Said
from domain.scene import Scene, Setting, Subject
from domain.specs import PictureSpec
from domain.value import JsonValue

_NONE = "none"
#: A square picture up to this side is an item: it stands alone on a plain ground.
_ITEM_SIDE = 640
#: From so many alike on, they stand as a crowd.
_CROWD = 13
#: Words for snow that name a season rather than what lies on the ground.
_SEASONS = frozenset({"christmas", "圣诞", "winter", "冬天", "冬季"})
#: What a form stands on unless the words say where.
_GROUNDS = {
    "icon": "plain",
    "sticker": "plain",
    "spot": "plain",
    "isometric": "plain",
    "sheet": "plain",
    "tile": "pattern",
    "portrait": "plain",
}


@dataclass(frozen=True)
class Drafted:
    """A scene, and what a person should know of how it came about."""

    scene: Scene
    notes: tuple[Said, ...] = ()


@dataclass(frozen=True)
class _Tools:
    """Everything that reads words, made from the shipped lists."""

    data: Mapping[str, Any]
    words: Mapping[str, Any]
    sights: Sights
    grammar: Grammar
    bounds: Bounds
    candour: Candour
    company: Company
    families: frozenset[str]

    @staticmethod
    def of(desk: Desk) -> _Tools:
        tools: _Tools = desk.once("scene", lambda: _Tools._made(desk))
        return tools

    @staticmethod
    def _made(desk: Desk) -> _Tools:
        data, words = desk.prompts("scene"), desk.prompts("scene_words")
        nouns = desk.prompts("scene_nouns")["nouns"]
        sights = Sights(data, words, nouns, desk.colours)
        bounds = Bounds(desk.prompts("scene_bounds"), lambda phrase: sights.named(phrase) is not None)
        lexicon = [word for _, _, english, _ in nouns for word in english] + [w for listed in words["stops"].values() for w in listed]
        materials, poses = ([w for listed in words[table].values() for w in listed] for table in ("materials", "poses"))
        candour = Candour(desk.prompts("scene_candour"), materials, poses, lexicon)
        return _Tools(data, words, sights, Grammar(data, words, sights), bounds, candour, Company(words), desk.families)


@dataclass(frozen=True)
class _Choice:
    """What the chat model chose among the options it was given; "" is no choice."""

    subject: str = ""
    companion: str = ""
    setting: str = ""
    time: str = ""
    mood: str = ""


def prepare_scene(context: StepContext, chat: ChatModel | None, cancel: CancelToken, desk: Desk) -> Scene:
    """The scene of draft_scene, without its notes."""
    return draft_scene(context, chat, cancel, desk).scene


def draft_scene(context: StepContext, chat: ChatModel | None, cancel: CancelToken, desk: Desk) -> Drafted:
    """Everything the illustrator reads. The same context and model give the same scene.

    Raises InputError naming the field for a step of another kind and for what cannot be drawn, ContentRefused for real people and
    brands, InvalidOutput when the model answers in another form, Cancelled, what the chat raises.
    """
    spec = picture_spec(context)
    tools = _Tools.of(desk)
    if spec.scene is not None:
        given = require_drawable(spec.scene, tools.sights, tools.bounds, tools.families, context.brand.name)
        return Drafted(noted(given, context.note, tools.sights, tools.data, tools.words, keep_palette=True), _palette_notes(given.palette))
    # 1. what the words say
    tools.bounds.require(spec.about, own=context.brand.name)
    about, notes = _plainly(spec.about, tools)
    reading = _read(context, about, tools)
    # 2. the model chooses what no word decides, and names a thing where the words name none
    choice = _Choice()
    if chat is not None:
        cancel.check()
        choice = _chosen(context, about, reading, chat, cancel, tools)
        if not reading.things:
            reading = replace(reading, subjects=_named(context, chat, cancel, tools))
    # 3. both together; the note last
    reading = _led(reading, choice)
    scene = _scene(context, about, reading, choice, tools)
    given_palette = bool(spec.palette or context.brand.palette or context.reference_palette)
    scene = noted(scene, context.note, tools.sights, tools.data, tools.words, keep_palette=given_palette)
    return Drafted(scene, (*notes, *_notes(context, about, reading, scene, tools)))


def require_picture(spec: PictureSpec, desk: Desk, own: str = "") -> None:
    """Raise what draft_scene would raise for the words or the edited scene of a step, before anything is made. own: the brand's name."""
    tools = _Tools.of(desk)
    if spec.scene is not None:
        require_drawable(spec.scene, tools.sights, tools.bounds, tools.families, own)
        return
    tools.bounds.require(spec.about, own=own)
    about = _plainly(spec.about, tools)[0]
    _require_sense(about, tools.grammar.read(about), tools)


def _plainly(text: str, tools: _Tools) -> tuple[str, tuple[Said, ...]]:
    """The wish without names, and with the nearest in place of what is not drawn here; a note for each."""
    about, notes = tools.bounds.anonymous(text)
    about, more = tools.candour.plainly(tools.company.one_by_one(about))
    return about, (*notes, *more)


def _require_sense(about: str, reading: Reading, tools: _Tools) -> None:
    """Raises InputError for words that mean nothing: no thing of a list, no place."""
    if not reading.setting and all(not s.group for s in reading.things):
        tools.candour.require_sense(about)


def picture_spec(context: StepContext) -> PictureSpec:
    if not isinstance(context.spec, PictureSpec):
        raise InputError("A picture was to be prepared from a {kind} step.", field="spec.kind", kind=context.spec.kind)
    return context.spec


def _read(context: StepContext, about: str, tools: _Tools) -> Reading:
    """The wish; where it names nothing, things of the title, then of the brief and of finished texts."""
    reading = tools.grammar.read(about)
    if reading.things or reading.setting in tools.words["places"]:
        _require_sense(about, reading, tools)
        return reading
    given = "\n".join(i.text for i in context.inputs)
    _require_sense(about, reading, tools)
    for text in (context.title, context.material[:4000], given[:4000]):
        found = tools.grammar.things(text)
        if found.things:
            return replace(reading, subjects=found.subjects, props=found.props[:2], relations=(), settled=False)
    return reading


def _chosen(context: StepContext, about: str, reading: Reading, chat: ChatModel, cancel: CancelToken, tools: _Tools) -> _Choice:
    """One short call under a schema of enums for what is open: it can only name what the words name, and nothing they decide."""
    data = tools.data
    names = list(dict.fromkeys(s.what for s in reading.things))[:10]
    options: dict[str, list[str]] = {}
    if len(names) > 1 and not reading.settled:
        options |= {"subject": names, "companion": [*names, _NONE]}
    if not reading.setting and reading.form not in _GROUNDS:
        falls = _nearest(context, about, data["falling"]) != ""
        options["setting"] = homes(reading, falls, tools.data["habitats"])
    if not _nearest(context, about, data["times"]):
        options["time"] = list(data["times"])
    if not _nearest(context, about, {name: entry["words"] for name, entry in data["moods"].items()}):
        options["mood"] = [*data["moods"], _NONE]
    if not options:
        return _Choice()
    wish = ". ".join(part for part in (context.title, about[:400], context.note) if part)
    ask = Template(data["llm"]["row"]).substitute(wish=wish, things=", ".join(names) or _NONE)
    answer = answered(chat, cancel, data["llm"], ask, {name: {"type": "string", "enum": list(values)} for name, values in options.items()})
    if any(answer.get(name) not in values for name, values in options.items()):
        raise InvalidOutput(
            "The chat model chose a scene that does not exist: {answer}.", hint="Say in the step what to show.", answer=answer
        )
    return _Choice(**{name: "" if answer[name] == _NONE else answer[name] for name in options})


def _named(context: StepContext, chat: ChatModel, cancel: CancelToken, tools: _Tools) -> tuple[Sight, ...]:
    """The model names a thing of its own for a wish that names none; taken only when it is a thing we know."""
    shape: dict[str, JsonValue] = {"thing": {"type": "string", "pattern": "^[a-z -]+$", "minLength": 3, "maxLength": 30}}
    answer = answered(chat, cancel, tools.data["naming"], picture_spec(context).about[:400], shape)
    what = answer.get("thing", "").strip(" -")
    noun = tools.sights.named(what)
    return (Sight(what, noun.what, noun.group, 0, 0, False),) if noun is not None else ()


def answered(chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any], ask: str, slots: dict[str, JsonValue]) -> dict[str, str]:
    """One short call under a schema of these slots; the examples show no other slot. Raises InvalidOutput."""
    turns: list[Message] = [message("system", data["system"])]
    for example in data["example"]:
        shown = {name: example["answer"][name] for name in slots if name in example["answer"]}
        turns += [message("user", example["ask"]), message("assistant", json.dumps(shown, ensure_ascii=False))]
    schema: dict[str, JsonValue] = {"type": "object", "properties": slots, "required": list(slots), "additionalProperties": False}
    request = ChatRequest(messages=(*turns, message("user", ask)), json_schema=schema, max_tokens=data["max_tokens"])
    reply = chat.complete(request, cancel)
    try:
        answer = json.loads(reply.text)
        return {name: str(answer[name]) for name in slots}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        hint = "Say in the step what to show, or use another model."
        raise InvalidOutput("The chat model did not choose the scene in the form asked for.", hint=hint) from error


def _led(reading: Reading, choice: _Choice) -> Reading:
    """The model's main thing first, where the words leave open which of several leads."""
    if reading.settled or not choice.subject:
        return reading
    lead = next((s for s in reading.things if s.what == choice.subject), None)
    if lead is None or lead in reading.subjects:
        return reading
    props = tuple(s for s in (*reading.subjects, *reading.props) if s is not lead)
    return replace(reading, subjects=(lead,), props=tuple(sorted(props, key=lambda s: s.what != choice.companion)))


def _scene(context: StepContext, about: str, reading: Reading, choice: _Choice, tools: _Tools) -> Scene:
    spec, data = picture_spec(context), tools.data
    setting = _setting(context, reading, choice, tools)
    mood = _mood(context, about, choice, data)
    most = max((s.count for s in reading.things), default=1)
    return Scene(
        subjects=tuple(subject_of(s) for s in reading.subjects),
        props=tuple(subject_of(s) for s in reading.props),
        foreground=tuple(subject_of(s) for s in reading.foreground),
        relations=reading.related(),
        setting=setting,
        time=_time(context, about, reading, setting, choice, data),
        weather=cast("Any", _nearest(context, about, data["weathers"]) or "clear"),
        mood=mood,
        palette=_palette(context, reading, setting, choice, mood, data),
        margin=cast("Any", spec.margin if spec.margin != _NONE else reading.margin or _NONE),
        composition=_composition(context, about, reading, setting, data),
        camera=reading.camera(),
        form=cast("Any", reading.form or "scene"),
        arrangement=cast("Any", reading.arrangement or ("crowd" if most >= _CROWD else "free")),
        frame=cast("Any", reading.frame or _NONE),
        texture=cast("Any", reading.texture or strongest(spec.style, tools.words["textures"]) or _NONE),
        family=_family(spec, reading, tools),
        character=reading.character,
    )


def _nearest(context: StepContext, wish: str, lists: Mapping[str, Sequence[str]]) -> str:
    """The wish decides, then the title and style."""
    return next((f for text in (wish, f"{context.title} {picture_spec(context).style}") if (f := strongest(text, lists))), "")


def _setting(context: StepContext, reading: Reading, choice: _Choice, tools: _Tools) -> Setting:
    spec = picture_spec(context)
    said = reading.setting or strongest(f"{context.title} {spec.style}", tools.grammar.settings) or _GROUNDS.get(reading.form, "")
    if said:
        return Setting(said)
    if spec.width == spec.height and spec.width <= _ITEM_SIDE:
        return Setting.PLAIN
    if _nearest(context, spec.about, {"snow": [w for w in tools.data["weathers"]["snow"] if w not in _SEASONS]}):
        return Setting.SNOWFIELD
    options = habitats(reading, _nearest(context, spec.about, tools.data["falling"]) != "", tools.data["habitats"])
    turn = {"": 0, "second": 1, "third": 2}[strongest(f"{context.title}. {spec.about}", tools.data["turns"])]
    if choice.setting and turn == 0:
        return Setting(choice.setting)
    return Setting(options[turn % len(options)])


def _time(context: StepContext, wish: str, reading: Reading, setting: Setting, choice: _Choice, data: Mapping[str, Any]) -> Any:
    """Night only where words say so, or things that are seen at night; the model may choose another hour outdoors."""
    offered = choice.time if choice.time != "night" and setting.value not in BARE | INDOORS else ""
    night = data["by_night"]
    seen = any(s.what in night["things"] for s in reading.things) or strongest(wish, {"moon": night["words"]})
    dark = "night" if setting.value not in BARE and seen else ""
    return _nearest(context, wish, data["times"]) or dark or offered or "day"


def _mood(context: StepContext, wish: str, choice: _Choice, data: Mapping[str, Any]) -> str:
    return _nearest(context, wish, {name: entry["words"] for name, entry in data["moods"].items()}) or choice.mood


def _palette(
    context: StepContext, reading: Reading, setting: Setting, choice: _Choice, mood: str, data: Mapping[str, Any]
) -> tuple[str, ...]:
    """The step's colours, the brand's, the reference's, those the wish names as its scheme, the mood's.

    A mood that only the model felt colours a bare ground or a room; a landscape keeps its own colours.
    """
    given = picture_spec(context).palette or context.brand.palette or context.reference_palette or reading.palette
    felt = mood if setting.value in BARE | {"interior"} or mood != choice.mood else ""
    return (tuple(given) or (tuple(data["moods"][felt]["palette"]) if felt else ()))[:8]


def _composition(context: StepContext, wish: str, reading: Reading, setting: Setting, data: Mapping[str, Any]) -> Any:
    said = _nearest(context, wish, data["compositions"])
    if said or reading.distance in ("close", "wide"):
        return said or reading.distance
    if len(reading.subjects) >= 3 or reading.arrangement == "row":
        return "row"
    return "centre" if setting.value in BARE or picture_spec(context).margin != _NONE else "thirds"


def _family(spec: PictureSpec, reading: Reading, tools: _Tools) -> str:
    asked = reading.family or strongest(spec.style, tools.words["families"])
    return asked if asked in tools.families else ""


def subject_of(sight: Sight) -> Subject:
    values = {"what": sight.what[:60], "count": sight.count, "colour": sight.colour, "size": sight.size}
    return Subject.model_validate({**values, "material": sight.material, "pose": sight.pose})


# -- what a person should know ------------------------------------------------------------------------------------------------------


def _notes(context: StepContext, about: str, reading: Reading, scene: Scene, tools: _Tools) -> tuple[Said, ...]:
    notes = [*_palette_notes(scene.palette)]
    if reading.left_out:
        told = "A picture holds six main and six smaller things; left out: {left}. Make a second picture for them."
        notes.append(Said.of(told, left=list(reading.left_out)))
    if context.maker in ("", "illustrator"):
        notes += tools.candour.unshown(s.material for s in reading.things)
        notes += _style_notes(picture_spec(context).style, about, reading, tools)
    return tuple(notes)


def _palette_notes(palette: Sequence[str]) -> tuple[Said, ...]:
    one = Said.of("The palette has one colour: everything is drawn in its tints and shades.")
    return (one,) if len(set(palette)) == 1 else ()


def _style_notes(style: str, about: str, reading: Reading, tools: _Tools) -> list[Said]:
    """What of the style the illustrator cannot give: named, with what it can."""
    able = tools.candour.families
    asked = reading.family or strongest(style, tools.words["families"])
    if asked and asked not in tools.families:
        return [Said.of("style: there is no art of the family {asked} here; families are {able}.", asked=repr(asked), able=able)]
    plain, told = tools.candour.plainly(style)
    if told:
        return list(told)
    for text in (plain, about):
        impossible = strongest(text, {word: [word] for word in tools.words["styles"]["impossible"]})
        if impossible:
            told_plainly = "style: {asked} cannot be drawn here; pictures are composed of vector art of the families {able}."
            return [Said.of(told_plainly, asked=repr(impossible), able=able)]
    if style.strip() and not _understood(style, tools):
        unknown = "style: {asked} is no style known here and changed nothing; use {able}, a mood or a colour."
        return [Said.of(unknown, asked=repr(style.strip()[:60]), able=able)]
    return []


def _understood(style: str, tools: _Tools) -> bool:
    lists = {
        "known": tools.words["styles"]["known"],
        **{f"mood {name}": entry["words"] for name, entry in tools.data["moods"].items()},
        **{f"time {name}": words for name, words in tools.data["times"].items()},
        **{f"weather {name}": words for name, words in tools.data["weathers"].items()},
        **{f"place {name}": words for name, words in settings_of(tools.data, tools.words).items()},
        **{f"{table} {name}": words for table in ("textures", "families", "frames", "forms") for name, words in tools.words[table].items()},
        **{f"note {name}": words for name, words in tools.data["notes"].items()},
    }
    return bool(strongest(style, lists) or tools.sights.colours_in(style) or tools.sights.read(style))
