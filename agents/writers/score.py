"""Prepares a music step: from a wish in words to a Score. Rules first; the chat model is asked only when no word decides the mood.

What the spec says wins over what the texts suggest; a note of the person ("slower, darker") wins over both, for this take.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from agents.writers.calls import Desk, message
from agents.writers.wishes import strongest, without
from domain.chat import ChatModel, ChatRequest, Message
from domain.context import StepContext
from domain.errors import InputError, InvalidOutput
from domain.music import Mood, MusicForm, Score
from domain.progress import CancelToken
from domain.specs import MusicSpec
from domain.value import JsonValue, content_hash

_KEY = re.compile(r"^([A-Ga-g])\s*(#|b|♯|♭|-?sharp|-?flat)?\s*(m|min|minor|maj|major|小调|大调)?$")
_SIGNS = {"#": "#", "♯": "#", "sharp": "#", "b": "b", "♭": "b", "flat": "b"}
_BANDS = ("slow", "medium", "fast")
_INTENSITIES = ("low", "medium", "high")


@dataclass(frozen=True)
class _Choice:
    """What is decided so far; "" is undecided."""

    mood: str = ""
    tempo: str = ""
    mode: str = ""
    intensity: str = ""


def prepare_score(context: StepContext, chat: ChatModel | None, cancel: CancelToken, desk: Desk) -> Score:
    """The musical choices of one step. Without a chat model a wish that no word decides becomes a warm bed.

    Raises InputError for a step of another kind, a key or a tempo that cannot be, InvalidOutput when the model answers in another form.
    """
    spec = context.spec
    if not isinstance(spec, MusicSpec):
        raise InputError("A score was to be prepared from a {kind} step.", field="spec.kind", kind=spec.kind)
    data = desk.prompts("score")
    choice = _ruled(context, spec, data)
    if not choice.mood and chat is not None:
        cancel.check()
        asked = _asked(f"{context.title}. {spec.about} {spec.mood}".strip(". "), chat, cancel, data["llm"])
        if not data["moods"][asked.mood].get("either_mode"):
            asked = replace(asked, mode="")
        choice = _Choice(*(getattr(choice, name) or getattr(asked, name) for name in ("mood", "tempo", "mode", "intensity")))
    mood = Mood(choice.mood or Mood.WARM)
    tempo = _tempo(spec, choice.tempo, context.note, data, mood)
    return Score(
        mood=mood,
        tempo=tempo,
        key=_key(spec, choice.mode, mood, data),
        seconds=spec.seconds,
        intensity=_intensity(strongest(context.note, data["intensity"]) or spec.intensity or choice.intensity),
        lead=strongest(f"{context.note} {spec.mood} {spec.about}", data["lead"]),
        form=spec.form if spec.form != "bed" else cast(MusicForm, strongest(f"{context.note} {spec.about}", data["form"]) or "bed"),
    )


def _ruled(context: StepContext, spec: MusicSpec, data: Mapping[str, Any]) -> _Choice:
    """Word by word, the nearest source first: the note, the mood of the spec, what it is about with its title."""
    moods = {name: entry["words"] for name, entry in data["moods"].items()}
    sources = [context.note, spec.mood, without(f"{spec.about} {context.title}", data["ignore"])]

    def nearest(lists: Mapping[str, list[str]]) -> str:
        return next((found for text in sources if (found := strongest(text, lists))), "")

    exact = spec.mood.strip().lower()
    mood = exact if exact in moods and not strongest(context.note, moods) else nearest(moods)
    return _Choice(mood, nearest(data["tempo"]), nearest(data["mode"]), nearest(data["intensity"]))


def _asked(wish: str, chat: ChatModel, cancel: CancelToken, data: Mapping[str, Any]) -> _Choice:
    """One short call under a schema of enums, with worked examples."""
    turns: list[Message] = [message("system", data["system"])]
    for example in data["example"]:
        turns += [message("user", example["ask"]), message("assistant", json.dumps(example["answer"]))]
    options: dict[str, tuple[str, ...]] = {
        "mood": tuple(mood.value for mood in Mood),
        "tempo": _BANDS,
        "mode": ("major", "minor"),
        "intensity": _INTENSITIES,
    }
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {name: {"type": "string", "enum": list(values)} for name, values in options.items()},
        "required": list(options),
        "additionalProperties": False,
    }
    request = ChatRequest(messages=(*turns, message("user", wish[:600])), json_schema=schema, max_tokens=data["max_tokens"])
    reply = chat.complete(request, cancel).text
    try:
        answer = json.loads(reply)
        chosen = {name: answer[name] for name in options}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        hint = "Name a mood in the step, or use another model."
        raise InvalidOutput("The chat model did not choose the music in the form asked for.", hint=hint) from error
    if any(chosen[name] not in values for name, values in options.items()):
        raise InvalidOutput("The chat model chose music that does not exist: {chosen}.", hint="Name a mood in the step.", chosen=chosen)
    return _Choice(**chosen)


def _tempo(spec: MusicSpec, band: str, note: str, data: Mapping[str, Any], mood: Mood) -> int:
    """The spec's tempo, else a place in the mood's range; a note moves either."""
    low, high = data["moods"][mood.value]["tempo"]
    tempo = float(spec.tempo)
    if spec.tempo == 0:
        place = {"slow": -0.15, "fast": 1.15}.get(band, 0.35 + 0.3 * _fraction(spec.about))
        tempo = low + (high - low) * place
    elif not 40 <= spec.tempo <= 220:
        raise InputError(
            "A tempo of {tempo} beats per minute cannot be played.",
            hint="Use 40 to 220, or 0 to let the mood choose.",
            field="tempo",
            tempo=spec.tempo,
        )
    change = strongest(note, data["change"])
    return max(40, min(220, round(tempo * (data["factor"][change] if change else 1.0))))


def _key(spec: MusicSpec, mode: str, mood: Mood, data: Mapping[str, Any]) -> str:
    """ "Am", "c# minor", "F大调" as the score writes them; "" is chosen from the mood's keys, the same for the same wish."""
    if spec.key.strip():
        match = _KEY.match(spec.key.strip())
        if match is None:
            raise InputError("{key} is not a key.", hint='Write it like "C major", "F# minor" or "Am".', field="key", key=repr(spec.key))
        sign = _SIGNS[match[2].lstrip("-")] if match[2] else ""
        minor = match[3] in ("m", "min", "minor", "小调") or (match[3] is None and mode == "minor")
        return f"{match[1].upper()}{sign} {'minor' if minor else 'major'}"
    entry = data["moods"][mood.value]
    wanted = mode or entry["mode"]
    keys = [key for key in entry["keys"] if key.endswith(wanted)] or data["keys"][wanted]
    return str(keys[int(_fraction(spec.about + mood.value) * len(keys))])


def _intensity(word: str) -> Any:
    return word if word in _INTENSITIES else "medium"


def _fraction(text: str) -> float:
    """0 <= f < 1, the same for the same text on every machine."""
    return int(content_hash(text)[:8], 16) / 2**32
