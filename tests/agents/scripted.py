"""Chat models for tests of control flow: they implement the protocol and enter by constructor. What they say is scripted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from domain.brief import Attachment, AttachmentUse, Brief
from domain.capability import Capability, StepKind
from domain.chat import ChatReply, ChatRequest
from domain.progress import CancelToken
from domain.recipe import ModelRef

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
MAKEABLE = (
    StepKind.COPY,
    StepKind.ARTICLE,
    StepKind.DIALOGUE,
    StepKind.PICTURE,
    StepKind.SPEECH,
    StepKind.MUSIC,
    StepKind.SOUND,
    StepKind.MIX,
    StepKind.LAYOUT,
)


def capabilities(*without: StepKind, **limits: float) -> tuple[Capability, ...]:
    """What a bare laptop offers: nine kinds, speech in English and Chinese."""
    return tuple(
        Capability(kind=kind, maker=f"{kind}-maker", languages=("en", "zh") if kind is StepKind.SPEECH else (), limits=dict(limits))
        for kind in MAKEABLE
        if kind not in without
    )


def brief(text: str, *attached: str, language: str = "en") -> Brief:
    attachments = tuple(
        Attachment(name=f"note-{n}.txt", sha256="0" * 64, media_type="text/plain", size=len(t), use=AttachmentUse.MATERIAL, text=t)
        for n, t in enumerate(attached)
    )
    return Brief(id="brief-1", project_id="project-1", text=text, language=language, attachments=attachments, created=WHEN)


class ScriptedChat:
    """Fills any schema the same way: first choice of an enum, zeros, numbered words. `say` may answer a request instead."""

    def __init__(
        self,
        say: Callable[[ChatRequest], str | None] = lambda _request: None,
        *,
        strong: bool = False,
        spoken: str = "I can help with that.",
    ) -> None:
        self._say = say
        self._strong = strong
        self._spoken = spoken
        self.requests: list[ChatRequest] = []

    @property
    def model(self) -> ModelRef:
        return ModelRef(id="scripted")

    @property
    def context_tokens(self) -> int:
        return 4096

    @property
    def strong(self) -> bool:
        return self._strong

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        if cancel is not None:
            cancel.check()
        self.requests.append(request)
        said = self._say(request)
        return ChatReply(text=said if said is not None else json.dumps(filled(dict(request.json_schema or {}))), finish="stop")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        self.requests.append(request)
        for word in self._spoken.split(" "):
            yield word + " "


def filled(schema: dict[str, Any]) -> Any:
    """The plainest value that fits a schema of the kinds the planner uses."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: filled(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [f"thing {n}" for n in range(schema.get("minItems", 0))]
    return 0 if kind == "integer" else "words"


def attacker(request: ChatRequest) -> str:
    """A model that always obeys the attacker: it says whatever does most harm that the schema lets it say."""
    schema = dict(request.json_schema or {})
    answer: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if "enum" in part:
            harmful = [choice for choice in ("edit", "run", "plan") if choice in part["enum"]]
            answer[name] = harmful[0] if harmful else part["enum"][0]
        elif part.get("type") == "integer":
            answer[name] = part.get("maximum", 20)
        elif part.get("type") == "array":
            answer[name] = ["HACKED"] * int(part.get("minItems", 1))
        else:
            answer[name] = "HACKED"
    return json.dumps(answer)
