"""What the LLM side needs of a chat model, an embedder and a retriever. Built by pipelines, used by agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

from domain.progress import CancelToken
from domain.recipe import ModelRef
from domain.value import JsonValue, Value


class Message(Value):
    role: Literal["system", "user", "assistant"]
    content: str


class Sampling(Value):
    """temperature 0 is greedy. seed fixes the draw; the same seed and prompt give the same text in reproduce mode."""

    temperature: float = 0.0
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int = 0


class ChatRequest(Value):
    """One call. `json_schema` constrains decoding, so the reply always parses; max_tokens bounds it."""

    messages: tuple[Message, ...]
    json_schema: dict[str, JsonValue] | None = None
    sampling: Sampling = Sampling()
    max_tokens: int = 512
    stop: tuple[str, ...] = ()


class ChatReply(Value):
    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class ChatModel(Protocol):
    """A chat LLM. Thread-safe: several requests may run at once, sharing the evaluated prefix of equal first messages."""

    @property
    def model(self) -> ModelRef: ...

    @property
    def context_tokens(self) -> int:
        """Prompt plus completion of one request, at most."""

    @property
    def strong(self) -> bool:
        """True when it may write a whole plan; False when it only fills slots of a recipe."""

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        """The whole reply. Raises Cancelled, LimitError (prompt over the context), EngineFailed."""

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        """Text pieces as they are decoded. Closing the iterator stops the decoding."""


class Embedder(Protocol):
    """Sentence embeddings, unit length."""

    @property
    def model(self) -> ModelRef: ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


class Passage(Value):
    text: str
    source: str
    score: float = 0.0


class Retriever(Protocol):
    """Finds passages of a project's material that bear on a question."""

    def find(self, question: str, limit: int = 4) -> list[Passage]: ...
