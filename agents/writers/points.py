"""Key points of a transcript: the sentences a person who was not there has to know, picked by the chat model by number.

A point is always a sentence that was said, never one the model wrote. The transcript is material: what it asks for is not done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agents.writers.calls import Desk, message
from domain.chat import ChatModel, ChatRequest, Message
from domain.errors import InvalidOutput
from domain.progress import Progress, Watched
from domain.value import JsonValue


def pick_points(sentences: Sequence[str], chat: ChatModel, progress: Progress, desk: Desk) -> tuple[int, ...]:
    """Numbers of the sentences, from 0, in order; () for no sentences. A long transcript is read in windows, each gives a few.

    Raises InvalidOutput when the model answers in another form, Cancelled, ModelError.
    """
    data = desk.prompts("points")
    window = int(data["window"])
    found: list[int] = []
    for start in range(0, len(sentences), window):
        progress.check()
        progress.report(start / len(sentences), f"reading sentence {start + 1} of {len(sentences)}")
        part = sentences[start : start + window]
        found += [start + number - 1 for number in _picked(part, chat, progress, data)]
    return tuple(sorted(set(found)))


def _picked(part: Sequence[str], chat: ChatModel, progress: Progress, data: Mapping[str, Any]) -> list[int]:
    """Numbers from 1."""
    most = min(int(data["most"]), len(part))
    turns: list[Message] = [message("system", data["system"])]
    for example in data["examples"]:
        turns += [message("user", example["user"]), message("assistant", example["assistant"])]
    text = "\n".join(f"[{number}] {' '.join(sentence.split())[:400]}" for number, sentence in enumerate(part, start=1))
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {
            "sentences": {
                "type": "array",
                "items": {"type": "integer", "enum": [*range(1, len(part) + 1)]},
                "minItems": 1,
                "maxItems": most,
            }
        },
        "required": ["sentences"],
        "additionalProperties": False,
    }
    turns.append(message("user", data["ask"].replace("{text}", text).replace("{most}", str(most))))
    reply = chat.complete(ChatRequest(messages=tuple(turns), json_schema=schema, max_tokens=data["max_tokens"]), Watched(progress)).text
    try:
        numbers = [int(number) for number in json.loads(reply)["sentences"]]
    except (ValueError, KeyError, TypeError) as error:
        hint = "Try again, or use a stronger chat model."
        raise InvalidOutput("The chat model did not pick the key points in the form asked for.", hint=hint) from error
    return [number for number in numbers if 1 <= number <= len(part)]
