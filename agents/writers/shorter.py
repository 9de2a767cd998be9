"""Copy that is too long for its voice-over is asked for again, shorter: once for each of two goals, and what still does not fit stays.

Only words of another step are shortened; what a person typed into the step is spoken as it stands. Nothing is cut: the chat model says
it in fewer words, and its version is taken only when it fits, is no stub, and brings no figure that the copy does not have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from agents.writers.calls import Desk, message
from agents.writers.spoken import Spoken, count_units, spare_units
from domain.chat import ChatModel, ChatRequest
from domain.context import StepContext
from domain.progress import CancelToken
from domain.said import Said
from domain.specs import SpeechSpec
from domain.value import JsonValue


def fitted(spoken: Spoken, context: StepContext, chats: Callable[[], ChatModel | None], cancel: CancelToken, desk: Desk) -> Spoken:
    """The same speech with copy that its seconds hold, where there was too much and the chat model could say it shorter; else as it was.

    Raises ModelError, Cancelled.
    """
    spec = context.spec
    if not isinstance(spec, SpeechSpec) or not spec.seconds or spec.text.strip():
        return spoken
    data = desk.prompts("spoken")
    over = spare_units(spoken.text, spoken.language, spoken.speed, spec.seconds, data["pace"])
    chat = chats() if over else None
    if chat is None:
        return spoken
    chinese = spoken.language.startswith("zh")
    most = count_units(spoken.text, spoken.language) - over
    for share in data["shorter"]["goals"]:
        cancel.check()
        goal = max(1, int(most * float(share)))
        text = _asked(spoken.text, goal, chinese, chat, cancel, data["shorter"])
        if _usable(text, spoken.text, most, spoken.language):
            before, after = (count_units(one, spoken.language) for one in (spoken.text, text))
            unit = Said.of("characters") if chinese else Said.of("words")
            told = "The copy was shortened from {before} to {after} {unit}, so that it fits {seconds} s."
            note = Said.of(told, before=before, after=after, unit=unit, seconds=f"{spec.seconds:g}")
            kept = tuple(one for one in spoken.notes if not one.message_id.startswith("The text takes about"))
            return spoken.model_copy(update={"text": text, "notes": (*kept, note)})
    return spoken


def _asked(text: str, goal: int, chinese: bool, chat: ChatModel, cancel: CancelToken, data: dict[str, str]) -> str:
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {"text": {"type": "string", "minLength": 1, "maxLength": max(80, len(text))}},
        "required": ["text"],
        "additionalProperties": False,
    }
    ask = data["ask_zh" if chinese else "ask"].replace("{text}", text).replace("{goal}", str(goal))
    messages = (message("system", data["system"]), message("user", ask))
    request = ChatRequest(messages=messages, json_schema=schema, max_tokens=int(data["max_tokens"]))
    try:
        return str(json.loads(chat.complete(request, cancel).text)["text"]).strip()
    except (ValueError, KeyError, TypeError):  # cut off in the middle: no version at all
        return ""


def _usable(text: str, before: str, most: int, language: str) -> bool:
    """It fits, half of what would fit is there, and every figure stands in the copy."""
    units = count_units(text, language)
    return most / 2 <= units <= most and set(re.findall(r"\d+", text)) <= set(re.findall(r"\d+", before))
