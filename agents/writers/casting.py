"""Who speaks in a scene: by the step, the brand's cast, or the LLM; and how they talk, what they want, what they know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import Template
from typing import Any

from agents.checks import text as wording
from agents.checks.language import language
from agents.checks.manners import profanity
from agents.writers.calls import Assignment, message, room, sampling_of, text_schema
from agents.writers.copy import sources_of
from domain.dialogue import Character
from domain.errors import InvalidOutput
from domain.specs import DialogueSpec
from domain.value import JsonValue

_TRAITS = ("voice", "goal", "secret")


def cast(run: Assignment, spec: DialogueSpec) -> tuple[Character, ...]:
    """Everybody who speaks, with voice, goals and knowledge: those the step gives stand as they are, the rest the LLM adds.

    Raises InvalidOutput when nobody speaks, Cancelled, and what the chat raises.
    """
    given = {one.name: one for one in spec.cast}
    notes = {member.name: member.note for member in run.context.brand.cast}
    people = [given.get(name) or Character(name=name, voice=notes.get(name, "")) for name in names_of(run, spec)]
    bare = [one for one in people if not (one.goals or one.knowledge)]
    traits = _traits(run, spec, bare) if bare else {}
    return tuple(_completed(one, traits.get(one.name, {})) if one in bare else one for one in people)


def person_rows(run: Assignment, people: Sequence[Character]) -> list[str]:
    """How each talks, what they want and know, as far as that is known: a row for each."""
    said, rows = run.desk.prompts("dialogue")[run.speaks], []
    for one in people:
        known = {"voice": one.voice, "goals": "; ".join(one.goals), "knowledge": "; ".join(one.knowledge)}
        parts = [Template(said[f"person_{key}"]).substitute(value=value) for key, value in known.items() if value]
        rows += [f"{one.name}: {' '.join(parts)}"] if parts else []
    return rows


def names_of(run: Assignment, spec: DialogueSpec) -> tuple[str, ...]:
    """The characters asked for; else those of the brand's cast that the brief names; else the LLM's choice."""
    asked = (*spec.characters, *(one.name for one in spec.cast))
    if asked:
        return tuple(dict.fromkeys(asked))
    wanted = f"{spec.about}\n{run.context.material}"
    known = [m.name for m in run.context.brand.cast if m.name.casefold() != "narrator" and wording.find_word(wanted, m.name)]
    if known:
        return tuple(dict.fromkeys(known))[:4]
    ask = Template(run.desk.prompts("dialogue")[run.speaks]["cast"]).substitute(about=spec.about)
    names: JsonValue = {"type": "array", "items": text_schema(24, run.script), "minItems": 1, "maxItems": 2}
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"characters": names},
        "required": ["characters"],
        "additionalProperties": False,
    }
    plain = sampling_of(run.desk.prompts("dialogue"), run.speaks).model_copy(update={"temperature": 0.0, "repeat_penalty": 1.0})
    reply = run.ask_json("cast", [message("user", ask)], plain, room(2, 24), schema)
    return _speaking(run, reply.get("characters", ()))


def _speaking(run: Assignment, named: Sequence[Any]) -> tuple[str, ...]:
    found = dict.fromkeys(re.sub(r"^(?:the|a|an) ", "", str(name).strip(" .,。，"), flags=re.IGNORECASE) for name in named)
    # Who the brief names speaks; whom the model made up speaks only when it names nobody.
    material = sources_of(run)
    found = {name: None for name in found if material.holds(name)} or dict.fromkeys(list(found)[:1])
    players = ("player", "the player", "you", "玩家", "我", "你")
    characters = tuple(name[:1].upper() + name[1:] for name in found if name and name.casefold() not in players)
    if not characters:
        raise InvalidOutput("The chat model named nobody who speaks.", hint="Name the characters in the step.", field="characters")
    return characters


def _traits(run: Assignment, spec: DialogueSpec, people: Sequence[Character]) -> dict[str, dict[str, str]]:
    """One call for all. What is not in the language, or leaks the instructions, is left out: a character may be bare."""
    said = run.desk.prompts("dialogue")
    longest = int(said["limits"][run.speaks]["trait"])
    one: dict[str, JsonValue] = {key: text_schema(longest, run.script, 2) for key in _TRAITS}
    each: JsonValue = {"type": "object", "properties": one, "required": list(_TRAITS), "additionalProperties": False}
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"people": {"type": "array", "items": each, "minItems": len(people), "maxItems": len(people)}},
        "required": ["people"],
        "additionalProperties": False,
    }
    comma = "、" if run.speaks == "zh" else ", "
    ask = Template(said[run.speaks]["traits"]).substitute(about=spec.about, characters=comma.join(one.name for one in people))
    reply = run.ask_json("traits", [message("user", ask)], sampling_of(said, run.speaks), room(3 * len(people), longest), schema)
    rows = [row for row in reply.get("people", ()) if isinstance(row, dict)]
    return {one.name: {key: _clean(run, row.get(key), ask) for key in _TRAITS} for one, row in zip(people, rows, strict=False)}


def _clean(run: Assignment, words: Any, ask: str) -> str:
    text = re.sub(r"\s+", " ", str(words or "")).strip(" ,;，；")
    lists = run.desk.words
    wrong = (*language(text, run.language, lists.languages), *wording.leakage(text, lists), *profanity(text, lists))
    # A small model may answer with the words of the question.
    return "" if wrong or text.strip(".。").casefold() in ask.casefold() else text


def _completed(one: Character, traits: dict[str, str]) -> Character:
    voice, goal, secret = (traits.get(key, "") for key in _TRAITS)
    return Character(name=one.name, voice=one.voice or voice, goals=(goal,) if goal else (), knowledge=(secret,) if secret else ())
