"""Chat models for tests of the writers' control flow. They implement the protocol; what they say is scripted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from domain.chat import ChatReply, ChatRequest
from domain.progress import CancelToken
from domain.recipe import ModelRef


class Speaker:
    """Answers every request with what `say` returns for it, as JSON unless it is text already."""

    model = ModelRef(id="speaker")
    context_tokens = 4096
    strong = False

    def __init__(self, say: Callable[[ChatRequest], Any]) -> None:
        self._say = say
        self.requests: list[ChatRequest] = []

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        if cancel is not None:
            cancel.check()
        self.requests.append(request)
        said = self._say(request)
        return ChatReply(text=said if isinstance(said, str) else json.dumps(said, ensure_ascii=False), finish="stop")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        yield self.complete(request, cancel).text

    @property
    def asked(self) -> list[str]:
        """The last message of every request."""
        return [request.messages[-1].content for request in self.requests]


def in_turn(*replies: Any) -> Callable[[ChatRequest], Any]:
    """One reply after the other, the last one for ever."""
    left = list(replies)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]
