"""What every chat LLM of this process does alike: it answers in a thread of its own, so that its caller can leave at once."""

from __future__ import annotations

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Final, Generic, Protocol, TypeVar

from domain.chat import ChatReply, ChatRequest, Message
from domain.errors import EngineFailed, MaquetteError
from domain.progress import CancelToken
from domain.recipe import ModelRef
from pipelines.devices import Devices, Weights

Emit = Callable[[str], None]
Events = Generator[str | ChatReply, None, None]

#: Seconds between looks at the cancel token while the engine works.
_POLL: Final = 0.05


class ChatEngine(Protocol):
    """Loaded weights that answer. Thread-safe. Both raise Cancelled soon after `stop` was cancelled."""

    def run(self, request: ChatRequest, emit: Emit, stop: CancelToken) -> ChatReply: ...

    def warm(self, messages: Sequence[Message], stop: CancelToken) -> ChatReply: ...


E = TypeVar("E", bound=ChatEngine)


def followed(events: queue.SimpleQueue[str | ChatReply | MaquetteError], cancel: CancelToken | None) -> Events:
    """What comes through a queue, up to the reply. Raises the error that comes instead, and Cancelled."""
    while True:
        if cancel is not None:
            cancel.check()
        try:
            event = events.get(timeout=_POLL)
        except queue.Empty:
            continue
        if isinstance(event, MaquetteError):
            raise event
        yield event
        if isinstance(event, ChatReply):
            return


class AnsweringChat(ABC, Generic[E]):
    """A LocalChat over weights of pipelines/devices.py. context_tokens and strong: see ChatModel."""

    def __init__(self, model: ModelRef, devices: Devices, context_tokens: int, *, strong: bool) -> None:
        self._model = model
        self._devices = devices
        self._context_tokens = context_tokens
        self._strong = strong

    @property
    def model(self) -> ModelRef:
        return self._model

    @property
    def context_tokens(self) -> int:
        return self._context_tokens

    @property
    def strong(self) -> bool:
        return self._strong

    @abstractmethod
    def _weights(self) -> Weights[E]: ...

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        """The whole reply. Raises Cancelled, InputError, LimitError (prompt over the context), ModelError, OutOfMemory, EngineFailed."""
        with closing(self.answer(request, cancel)) as events:
            for event in events:
                if isinstance(event, ChatReply):
                    return event
        raise EngineFailed(f"{self._model.id} ended without a reply.")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        """Text pieces as they are decoded. Closing the iterator stops the decoding. Raises like `complete`."""
        with closing(self.answer(request, cancel)) as events:
            for event in events:
                if isinstance(event, str) and event:
                    yield event

    def answer(self, request: ChatRequest, cancel: CancelToken | None = None) -> Events:
        """Text pieces as they are decoded, then the reply; an empty piece says that the prompt is still being read.

        Raises like `complete`. Closing the iterator stops the decoding.
        """
        return self._events(lambda engine, emit, stop: engine.run(request, emit, stop), cancel)

    def warm(self, messages: Sequence[Message], cancel: CancelToken | None = None) -> int:
        """Load the weights and evaluate `messages` ahead of time, so that requests beginning with them answer at once.

        Returns the tokens evaluated: 0 when they were kept already, and in reproduce mode. Raises like `complete`.
        """
        with closing(self._events(lambda engine, _emit, stop: engine.warm(messages, stop), cancel)) as events:
            for event in events:
                if isinstance(event, ChatReply):
                    return event.prompt_tokens
        return 0

    def _events(self, work: Callable[[E, Emit, CancelToken], ChatReply], cancel: CancelToken | None) -> Events:
        """Run `work` in a thread of its own: the engine needs up to a batch to notice a cancel, and loading cannot be interrupted."""
        events: queue.SimpleQueue[str | ChatReply | MaquetteError] = queue.SimpleQueue()
        stop = CancelToken()

        def run() -> None:
            try:
                with self._devices.acquire(self._weights(), check=stop.check) as engine:
                    stop.check()
                    events.put(work(engine, events.put, stop))
            except MaquetteError as error:
                events.put(error)
            except Exception as error:
                failure = EngineFailed(f"{self._model.id} failed: {error}.")
                failure.__cause__ = error
                events.put(failure)

        threading.Thread(target=run, name=f"chat {self._model.id}", daemon=True).start()
        try:
            yield from followed(events, cancel)
        finally:
            stop.cancel()
