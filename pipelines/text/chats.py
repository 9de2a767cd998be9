"""Which chat model answers now: the endpoint a person configured, or the local model chosen for this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

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

CONNECT_SECONDS = 10.0
READ_SECONDS = 300.0

#: A model of this many billion weights writes whole plans; smaller ones fill the slots of a recipe.
STRONG_BYTES = 2_000_000_000


def gguf_file(model: Model) -> str:
    """The file that llama.cpp loads, "" for a model in another format, which no engine here runs."""
    return next((file.name for file in model.files if file.name.endswith(".gguf")), "")


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
    """

    def __init__(
        self,
        store: ModelStore,
        devices: Devices,
        chosen: Callable[[], Choice | None],
        remote: Callable[[], Remote],
        *,
        threads: int = 0,
        slots: int = 2,
        context_tokens: int = 4096,
    ) -> None:
        self._store = store
        self._devices = devices
        self._chosen = chosen
        self._remote = remote
        self._threads = threads
        self._slots = slots
        self._context_tokens = context_tokens
        self._built: dict[str, ChatModel] = {}
        self._guard = threading.Lock()

    def available(self) -> bool:
        """Whether `current` would give a model. Loads nothing."""
        choice = self._chosen()
        return bool(self._remote().url) or (choice is not None and self._store.ready(choice.model.id))

    def name(self) -> str:
        """The id of the model that would answer."""
        remote = self._remote()
        choice = self._chosen()
        return f"openai:{remote.model}" if remote.url else choice.model.id if choice is not None else ""

    def reason(self) -> str:
        """Why that one, in a sentence."""
        remote = self._remote()
        choice = self._chosen()
        return f"You pointed the chat at {remote.url}." if remote.url else choice.reason if choice is not None else ""

    def current(self) -> ChatModel:
        """The chat model to use now. Raises ModelMissing when none is installed and no endpoint is set."""
        remote = self._remote()
        if remote.url:
            return self._once(f"{remote.url} {remote.model} {remote.key}", lambda: self._distant(remote))
        choice = self._chosen()
        if choice is None:
            raise ModelMissing("No chat model is chosen.", hint="Pull one on the Models page, or set an OpenAI-compatible endpoint.")
        self._store.folder(choice.model.id)  # says what is wrong: missing, or damaged
        return self._once(choice.model.id, lambda: self._local(choice.model))

    def warm(self, messages: tuple[Message, ...], cancel: CancelToken) -> None:
        """Evaluate a prefix ahead of time, so that the first answer starts quickly. Remote servers keep their own."""
        chat = self.current()
        if isinstance(chat, LlamaCppChat):
            chat.warm(messages, cancel)

    def _distant(self, remote: Remote) -> ChatModel:
        import httpx

        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)
        return OpenAICompatibleChat(remote.url, remote.model, client, key=remote.key)

    def _local(self, model: Model) -> ChatModel:
        file = gguf_file(model)
        if not file:
            raise ModelUnusable(
                f"{model.name} is not a GGUF model, and no engine here runs it yet.",
                hint="Serve it with vLLM or SGLang and set its address as endpoint, or choose a GGUF model on the Models page.",
            )
        return LlamaCppChat(
            self._store.file(model.id, file),
            self._store.ref(model.id),
            self._devices,
            context_tokens=self._context_tokens,
            slots=self._slots,
            threads=self._threads,
            strong=model.disk >= STRONG_BYTES,
        )

    def _once(self, key: str, build: Callable[[], ChatModel]) -> ChatModel:
        with self._guard:
            if key not in self._built:
                self._built[key] = build()
            return self._built[key]


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
