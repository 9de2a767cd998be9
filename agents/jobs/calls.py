"""The calls of one job: its prompts, its sampling, its seed and the room its text may take in the context.

Knows how a call is built and cleaned. Does not know what any job is for.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from agents.jobs.passages import tokens_in
from agents.jobs.retrieval import Finder
from agents.lexicon import Languages, Phrases
from agents.prompts import Prompt
from agents.sampling import SamplingBook
from domain.chat import ChatModel, ChatRequest, Message
from domain.errors import InvalidOutput
from domain.progress import CancelToken
from domain.value import JsonValue, seed_for

#: What a small model says before the text it was asked for.
_PREFACE = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok)[!,.]?\s*)?(?:here(?: is|'s| are)[^\n:]{0,60}:|"
    r"(?:new|corrected|rewritten|revised) (?:text|version|sentence):|"
    r"(?:好的|当然)[，,。！]?[^\n：:]{0,20}[：:]|(?:新的文字|改写后|译文|修改后)[^\n：:]{0,8}[：:])\s*",
    re.IGNORECASE,
)
_FENCED = re.compile(r"^```\w*\n(.*?)\n?```$", re.DOTALL)
_PAIRS = (("“", "”"), ('"', '"'), ("「", "」"), ("'", "'"))
#: Tokens the frame, system message and template may take beside text and reply.
_FRAME = 220


@dataclass(frozen=True)
class Calls:
    """told: the interface language of the answer ("en", "zh"); language: the code of the language to write in."""

    chat: ChatModel
    prompts: dict[str, Prompt]
    sampling: SamplingBook
    phrases: Phrases
    languages: Languages
    told: str
    language: str
    seed: int
    again: bool = False
    cancel: CancelToken | None = None
    finder: Finder = field(default_factory=Finder)

    def say(self, key: str, /, **values: object) -> str:
        return self.phrases.say(f"job_{key}", self.told, **values)

    def name(self, code: str = "") -> str:
        """The name of a language as the prompts say it."""
        return self.languages.name(code or self.language, self.told)

    def room(self, prompt: str, reply_tokens: int = 0) -> int:
        """Tokens a text may have in one call of a prompt, so that prompt and reply stay within the context."""
        asked = self.prompts[prompt]
        fixed = sum(tokens_in(m.content) + 6 for m in asked.prefix) + (reply_tokens or asked.max_tokens) + _FRAME
        return max(200, self.chat.context_tokens - fixed)

    def text(self, prompt: str, task: str, label: str, *, max_tokens: int = 0, as_said: bool = False, **values: object) -> str:
        """One free reply, without preface, fence or quotes around it unless it is wanted as_said.

        Raises Cancelled, ModelError, LimitError.
        """
        reply = self.chat.complete(self._request(prompt, task, label, None, max_tokens, values), self.cancel)
        return reply.text.strip() if as_said else cleaned(reply.text)

    def form(
        self, prompt: str, task: str, label: str, schema: dict[str, JsonValue], *, max_tokens: int = 0, **values: object
    ) -> dict[str, Any]:
        """One reply under a schema of properties; {} when the model ignored it."""
        full: dict[str, JsonValue] = {
            "type": "object",
            "properties": schema,
            "required": list(schema),
            "additionalProperties": False,
        }
        try:
            value = json.loads(self.chat.complete(self._request(prompt, task, label, full, max_tokens, values), self.cancel).text)
        except (InvalidOutput, json.JSONDecodeError):
            return {}
        return value if isinstance(value, dict) else {}

    def _request(
        self, prompt: str, task: str, label: str, schema: dict[str, JsonValue] | None, max_tokens: int, values: dict[str, object]
    ) -> ChatRequest:
        if self.cancel is not None:
            self.cancel.check()
        asked = self.prompts[prompt]
        frame = asked.frame(self.told, **values)
        prefix = [m.model_copy(update={"content": m.content.replace("{language}", self.name())}) for m in asked.prefix]
        return ChatRequest(
            messages=(*prefix, Message(role="user", content=frame)),
            json_schema=schema,
            sampling=self.sampling.of(task).at(seed_for(self.seed, label, 0), again=self.again),
            max_tokens=max_tokens or asked.max_tokens,
        )


def cleaned(text: str) -> str:
    """A reply without preface, a fence around all of it, and one pair of quotes around all of it."""
    text = _PREFACE.sub("", text.strip()).strip()
    fenced = _FENCED.match(text)
    text = fenced.group(1).strip() if fenced else text
    for opening, closing in _PAIRS:
        if (
            len(text) > 2
            and text.startswith(opening)
            and text.endswith(closing)
            and opening not in text[1:-1]
            and closing not in text[1:-1]
        ):
            return text[1:-1].strip()
    return text


def listed(value: object) -> list[str]:
    """The non-empty strings of a list that a model gave, in order, each once whatever its case."""
    found: dict[str, str] = {}
    for item in value if isinstance(value, list) else ():
        text = " ".join(str(item).split())
        if text:
            found.setdefault(text.casefold(), text)
    return list(found.values())


def texts(most: int, length: int, least: int = 1) -> JsonValue:
    """The schema of a list of short strings."""
    return {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": length}, "minItems": least, "maxItems": most}


def same(a: str, b: str) -> bool:
    """Whether two answers say the same but for case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", a).casefold() == re.sub(r"[\W_]+", "", b).casefold()
