"""A chat LLM that runs in a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from domain.chat import ChatReply, ChatRequest, Message
from domain.errors import EngineFailed
from domain.progress import CancelToken
from domain.recipe import ModelRef
from domain.tracing import span
from pipelines.executors.channel import Frame
from pipelines.text.chats import LocalChat

#: Sends a request of this model, and gives its frames until the context is left.
Ask = Callable[[Mapping[str, Any], Callable[[], None]], AbstractContextManager[Iterator[Frame]]]


class WorkerChat:
    """A LocalChat without state: a worker that is replaced, or a model that is pulled again, changes nothing here.

    model_id: of the catalogue. described: the same model as it would be built in this process; it is asked what it is, and never
    run. ask: see Ask.
    """

    def __init__(self, model_id: str, described: Callable[[], LocalChat], ask: Ask) -> None:
        self._model_id = model_id
        self._described = described
        self._ask = ask

    @property
    def model(self) -> ModelRef:
        return self._described().model

    @property
    def context_tokens(self) -> int:
        return self._described().context_tokens

    @property
    def strong(self) -> bool:
        return self._described().strong

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        """Raises what the model raises, and WorkerLost."""
        with span("executor.chat", model=self._model_id, constrained=request.json_schema is not None) as note:
            reply = ChatReply.model_validate(self._result(self._chat(request), cancel))
            note(prompt_tokens=reply.prompt_tokens, cached_tokens=reply.cached_tokens, completion_tokens=reply.completion_tokens)
        return reply

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        """Raises like `complete`. Closing the iterator stops the decoding."""
        said = False
        with self._ask(self._chat(request), _check(cancel)) as frames:
            for frame in frames:
                if frame["is"] == "piece" and frame["text"]:
                    said = True
                    yield frame["text"]
                elif frame["is"] == "done" and not said:  # a model that does not tell pieces
                    yield ChatReply.model_validate(frame["result"]).text

    def warm(self, messages: Sequence[Message], cancel: CancelToken | None = None) -> int:
        """Raises like `complete`."""
        told = [message.model_dump(mode="json") for message in messages]
        return int(self._result({"do": "warm", "model": self._model_id, "messages": told}, cancel))

    def _chat(self, request: ChatRequest) -> Frame:
        return {"do": "chat", "model": self._model_id, "request": request.model_dump(mode="json")}

    def _result(self, frame: Frame, cancel: CancelToken | None) -> Any:
        with self._ask(frame, _check(cancel)) as frames:
            for answer in frames:
                if answer["is"] == "done":
                    return answer["result"]
        raise EngineFailed(f"{self._model_id} ended without a reply.", hint="Try again.")


def _check(cancel: CancelToken | None) -> Callable[[], None]:
    return cancel.check if cancel is not None else lambda: None
