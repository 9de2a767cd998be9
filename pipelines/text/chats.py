"""Which chat model answers now: the endpoint a person configured, or the local model chosen for this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from domain.chat import ChatModel, ChatReply, ChatRequest, Message
from domain.errors import ModelMissing, ModelUnusable
from domain.model import Model
from domain.progress import CancelToken
from domain.recipe import ModelRef
from pipelines.devices import Devices
from pipelines.models.profiles import Choice
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from pipelines.text.openai import OpenAICompatibleChat
from pipelines.text.transformers_chat import TransformersChat

#: Replies that llama.cpp decodes at once: two writers, and a place that stays free for somebody who waits at the screen.
LLAMA_SLOTS = 3

CONNECT_SECONDS = 10.0
READ_SECONDS = 300.0

#: A model of this many billion weights writes whole plans; smaller ones fill the slots of a recipe.
STRONG_BYTES = 2_000_000_000


def gguf_file(model: Model) -> str:
    """The file that llama.cpp loads, "" for a model in another format, which no engine here runs."""
    return next((file.name for file in model.files if file.name.endswith(".gguf")), "")


def chat_runs(model: Model) -> bool:
    """Whether a chat engine here runs this entry: llama.cpp a GGUF, transformers a folder of safetensors."""
    return bool(gguf_file(model)) or _is_folder(model)


def accelerated(model: Model) -> bool:
    """Whether it runs on a GPU where there is one. llama.cpp works on the CPU here."""
    return not gguf_file(model) and _is_folder(model)


def _is_folder(model: Model) -> bool:
    return any(file.name.endswith(".safetensors") for file in model.files)


class LocalChat(ChatModel, Protocol):
    """A chat LLM that this studio runs itself: it can be warmed."""

    def warm(self, messages: Sequence[Message], cancel: CancelToken | None = None) -> int:
        """Load it and evaluate a prefix. Returns the tokens evaluated."""


@runtime_checkable
class Answering(Protocol):
    """A chat LLM that gives the pieces and the reply in one go: a worker shows with each piece that it does not stand still."""

    def answer(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str | ChatReply]:
        """Text pieces as they are decoded, then the reply. An empty piece says that the prompt is still being read.

        Raises like `complete`; closing the iterator stops the decoding.
        """


@dataclass(frozen=True)
class Remote:
    """An OpenAI-compatible server. url "" means none."""

    url: str = ""
    model: str = ""
    key: str = ""


class Chats:
    """Args:
    chosen: the model picked for the chat task, with its reason.
    remote: the configured endpoint, read at every call so that a change on the Models page counts at once.
    chat: where a local model runs (Executor.chat); None runs it in this process.
    slots: replies that llama.cpp decodes at once.
    """

    def __init__(
        self,
        store: ModelStore,
        devices: Devices,
        chosen: Callable[[], Choice | None],
        remote: Callable[[], Remote],
        *,
        chat: Callable[[str], LocalChat] | None = None,
        threads: int = 0,
        slots: int = LLAMA_SLOTS,
        context_tokens: int = 4096,
    ) -> None:
        self._store = store
        self._devices = devices
        self._chosen = chosen
        self._remote = remote
        self._chat = chat or self.local
        self._threads = threads
        self._slots = slots
        self._context_tokens = context_tokens
        self._built: dict[str, LocalChat] = {}
        self._distant: tuple[Remote, ChatModel] | None = None
        self._guard = threading.Lock()

    def available(self) -> bool:
        """Whether `current` would give a model. Loads nothing."""
        return self.answering() is not None

    def answering(self) -> tuple[str, str] | None:
        """The id of the model that would answer, and why that one in a sentence; None where none would. Loads nothing."""
        remote = self._remote()
        if remote.url:
            return f"openai:{remote.model}", f"You pointed the chat at {remote.url}."
        choice = self._chosen()
        if choice is None or not self._store.ready(choice.model.id):
            return None
        return choice.model.id, choice.reason

    def current(self) -> ChatModel:
        """The chat model to use now. Raises ModelMissing when none is installed and no endpoint is set."""
        remote = self._remote()
        return self._endpoint(remote) if remote.url else self._chat(self._installed().id)

    def warm(self, messages: tuple[Message, ...], cancel: CancelToken) -> None:
        """Evaluate a prefix ahead of time, so that the first answer starts quickly. Remote servers keep their own."""
        if not self._remote().url:
            self._chat(self._installed().id).warm(messages, cancel)

    def local(self, model_id: str) -> LocalChat:
        """A chat model of the catalogue in this process; loads nothing yet. A model that was pulled again with other files is a new one.

        Raises NotFound, ModelMissing, ModelCorrupt, ModelUnusable.
        """
        model = self._store.catalogue.get(model_id)
        folder, ref = self._store.folder(model_id), self._store.ref(model_id)
        with self._guard:
            key = f"{folder} {ref.sha256}"
            if key not in self._built:
                self._built[key] = self._build(model, folder, ref)
            return self._built[key]

    def _installed(self) -> Model:
        choice = self._chosen()
        if choice is None:
            raise ModelMissing("No chat model is chosen.", hint="Pull one on the Models page, or set an OpenAI-compatible endpoint.")
        self._store.folder(choice.model.id)  # says what is wrong: missing, or damaged
        return choice.model

    def _endpoint(self, remote: Remote) -> ChatModel:
        import httpx

        with self._guard:
            if self._distant is None or self._distant[0] != remote:
                timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
                client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)
                self._distant = remote, OpenAICompatibleChat(remote.url, remote.model, client, key=remote.key)
            return self._distant[1]

    def _build(self, model: Model, folder: Path, ref: ModelRef) -> LocalChat:
        strong, file = model.disk >= STRONG_BYTES, gguf_file(model)
        if file:
            return LlamaCppChat(
                folder / file,
                ref,
                self._devices,
                context_tokens=self._context_tokens,
                slots=self._slots,
                threads=self._threads,
                strong=strong,
            )
        if _is_folder(model):
            return TransformersChat(folder, ref, self._devices, context_tokens=self._context_tokens, strong=strong)
        raise ModelUnusable(
            f"{model.name} is neither a GGUF file nor a folder of safetensors, and no engine here runs it.",
            hint="Serve it with vLLM or SGLang and set its address as endpoint, or choose another model on the Models page.",
        )


class CurrentChat:
    """A ChatModel that is whichever one is chosen at the moment of the call. Raises ModelMissing while there is none."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats

    @property
    def model(self) -> ModelRef:
        return self._chats.current().model

    @property
    def context_tokens(self) -> int:
        return self._chats.current().context_tokens

    @property
    def strong(self) -> bool:
        return self._chats.current().strong

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        return self._chats.current().complete(request, cancel)

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        return self._chats.current().stream(request, cancel)
