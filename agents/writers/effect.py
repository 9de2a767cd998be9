"""Prepares a sound step: from a description to an Effect. Rules first; the chat model is asked only when no word names an effect.

Knows the names of the effects and word lists, nothing of how one is made.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.writers.calls import Desk, message
from agents.writers.wishes import counted, strongest
from domain.chat import ChatModel, ChatRequest, Message
from domain.context import StepContext
from domain.effect import Effect
from domain.errors import InputError, InvalidOutput
from domain.progress import CancelToken
from domain.said import Said
from domain.specs import SoundSpec
from domain.value import JsonValue

_NONE = "none"
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-\s*)?(?:seconds?\b|secs?\b|s\b|秒)", re.IGNORECASE)


@dataclass(frozen=True)
class NamedEffect:
    """What an agent knows of an effect. words: what people call it, both languages."""

    id: str
    name: Mapping[str, str]
    words: tuple[str, ...]
    loops: bool


@dataclass(frozen=True)
class ChosenEffect:
    """effect: the choices. name: in the step's language. notes: for the person."""

    effect: Effect
    name: str
    notes: tuple[Said, ...] = field(default=())


def read_names(assets: Path) -> tuple[NamedEffect, ...]:
    entries = tomllib.loads((assets / "effects.toml").read_text(encoding="utf-8"))["effect"]
    return tuple(
        NamedEffect(e["id"], e["name"], (*e["en"], *e["zh"], e["id"].replace("_", " ")), bool(e.get("loops", False))) for e in entries
    )


def _names(desk: Desk) -> tuple[NamedEffect, ...]:
    names: tuple[NamedEffect, ...] = desk.once("effects", lambda: read_names(desk.folder))
    return names


def prepare_effect(context: StepContext, chat: ChatModel | None, cancel: CancelToken, desk: Desk) -> ChosenEffect:
    """The choices of one sound step.

    Raises InputError for a step of another kind, for a description that no effect answers (the hint names the nearest), and for a loop of
    what happens once; InvalidOutput when the chat model answers in another form.
    """
    spec = context.spec
    if not isinstance(spec, SoundSpec):
        raise InputError("An effect was to be prepared from a {kind} step.", field="spec.kind", kind=spec.kind)
    names, data = _names(desk), desk.prompts("effect")
    chinese = bool(re.search(r"[\u3400-\u9fff]", spec.about))
    told = "zh" if chinese else "en"
    wish = f"{context.note} {spec.about}".strip()
    chosen = _chosen(spec, context.title, names)
    notes: tuple[Said, ...] = ()
    if chosen is None and chat is not None:
        cancel.check()
        chosen = _asked(wish, names, chat, cancel, data["llm"])
        if chosen is not None:
            took = "No effect has a word of “{about}”; the chat model took “{name}”."
            notes = (Said.of(took, about=spec.about[:80], name=chosen.name[told]),)
    if chosen is None:
        near = ", ".join(name.name[told] for name in nearest(spec.about, names))
        raise InputError(
            "There is no effect for “{about}”.",
            hint="The nearest are: {near}. Say one of them in the step.",
            field="about",
            about=spec.about[:80],
            near=near,
        )
    loop = spec.loop or (chosen.loops and bool(strongest(wish, data["loop"])))
    if loop:
        _require_loop(chosen, names, told)
    given = _SECONDS.search(spec.about)
    seconds = spec.seconds or (min(60.0, max(0.1, float(given[1]))) if given else 0.0)
    # What a person set wins over the words of the description, and the note of this take over both.
    shape = _shaped(wish, chosen, data) | _set(spec) | _shaped(context.note, chosen, data)
    effect = Effect(id=chosen.id, seconds=seconds, loop=loop, count=spec.variations, **shape)
    return ChosenEffect(effect, chosen.name[told], notes)


def require_effect(spec: SoundSpec, desk: Desk) -> None:
    """Raises InputError for an id that no effect has, and for a loop of what happens once."""
    names = _names(desk)
    if spec.effect:
        chosen = _chosen(spec, "", names)
        if chosen is not None and spec.loop:
            _require_loop(chosen, names, "en")


def _require_loop(chosen: NamedEffect, names: Sequence[NamedEffect], told: str) -> None:
    if not chosen.loops:
        able = ", ".join(name.name[told] for name in names if name.loops)
        raise InputError(
            "“{chosen}” happens once and cannot loop.", hint="These can: {able}.", field="loop", chosen=chosen.name[told], able=able
        )


def nearest(about: str, names: Sequence[NamedEffect], most: int = 3) -> tuple[NamedEffect, ...]:
    """The effects whose words share most pairs of letters with the description, the most like first. Always some."""

    def pairs(text: str) -> set[str]:
        folded = re.sub(r"\s+", " ", text.lower())
        return {folded[i : i + 2] for i in range(len(folded) - 1)} or {folded}

    wanted = pairs(about)

    def likeness(word: str) -> float:
        own = pairs(word)
        return 2 * len(own & wanted) / (len(own) + len(wanted))

    ranked = sorted(names, key=lambda name: (-max(likeness(word) for word in name.words), name.id))
    return tuple(ranked[:most])


def _chosen(spec: SoundSpec, title: str, names: Sequence[NamedEffect]) -> NamedEffect | None:
    """By id, by the words of the description, then of the title; None when nothing is named."""
    by_id = {name.id: name for name in names}
    if spec.effect:
        if spec.effect not in by_id:
            near = ", ".join(name.id for name in nearest(spec.effect, names))
            raise InputError(
                "There is no effect {effect}.", hint="The nearest are: {near}.", field="effect", effect=repr(spec.effect), near=near
            )
        return by_id[spec.effect]
    lists = {name.id: name.words for name in names}
    for text in (spec.about, title):
        # Of two as often named the one with the longer word wins: "heavy rain" is no "rain", "door slam" no "slam".
        found = counted(text.lower(), lists)
        if found:
            longest = {i: max((len(w) for w in lists[i] if w in text.lower()), default=0) for i in found}
            return by_id[max(found, key=lambda i: (found[i], longest[i], -list(lists).index(i)))]
    return None


def _asked(wish: str, names: Sequence[NamedEffect], chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any]) -> NamedEffect | None:
    """One short call under a schema of the ids; None for "none"."""
    listed = ", ".join(f"{name.id} ({name.words[0]})" for name in names)
    turns: list[Message] = [message("system", f"{data['system']} Effects: {listed}.")]
    for example in data["example"]:
        turns += [message("user", example["ask"]), message("assistant", json.dumps(example["answer"]))]
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"effect": {"type": "string", "enum": [*(name.id for name in names), _NONE]}},
        "required": ["effect"],
        "additionalProperties": False,
    }
    request = ChatRequest(messages=(*turns, message("user", wish[:400])), json_schema=schema, max_tokens=data["max_tokens"])
    try:
        answer = str(json.loads(chat.complete(request, cancel).text)["effect"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InvalidOutput("The chat model did not choose an effect in the form asked for.", hint="Name an effect in the step.") from error
    return next((name for name in names if name.id == answer), None)


def _set(spec: SoundSpec) -> dict[str, float]:
    """What of the shape the spec says; at its default it leaves it to the words."""
    return dict(spec.model_dump(include={"size", "distance", "pace"}, exclude_defaults=True))


def _shaped(wish: str, chosen: NamedEffect, data: Mapping[str, Any]) -> dict[str, float]:
    """size, distance and pace as the words say; a word that already chose the effect ("heavy rain") says nothing more."""
    rest = wish.lower()
    for word in sorted(chosen.words, key=len, reverse=True):
        if " " in word or len(word) > 2:
            rest = rest.replace(word, " ") if word not in ("running",) else rest
    values = data["values"]
    shape = {"size": strongest(rest, data["size"]), "distance": strongest(rest, data["distance"]), "pace": strongest(rest, data["pace"])}
    return {name: float(values[word]) for name, word in shape.items() if word}
