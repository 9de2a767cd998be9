"""The one shape of everything that runs makers: in this process, in worker processes, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.engine import ExecutorState
from domain.progress import Progress
from domain.recipe import Output, Work
from pipelines.audio.recognition import Transcript
from pipelines.text.chats import LocalChat

__all__ = ["Executor", "LocalChat"]


class Executor(Protocol):
    """Thread-safe. Knows nothing of plans, people or queues: who may come in, and when, is decided by studio/queue.py."""

    @property
    def lanes(self) -> Mapping[str, int]:
        """How many pieces of work each lane of the queue bears at once. Read it again each time: replicas and models come and go."""

    def generate(self, maker: str, works: Sequence[Work], progress: Progress) -> list[Output]:
        """One Output per Work, in order, by the pipeline of this name ("illustrator", "kokoro", "diffusion/sdxl").

        Files of an Output may lie on disk (OutputFile.path), written for the caller, who moves them away.
        Raises what the pipeline raises, Cancelled, and WorkerLost when whoever was making it died or stood still.
        """

    def chat(self, model_id: str) -> LocalChat:
        """The chat LLM of this catalogue entry. Loads nothing yet. Raises ModelMissing, ModelUnusable."""

    def transcribe(self, data: bytes) -> Transcript:
        """Words of a recording. Raises InputError, ModelError, WorkerLost."""

    def caption(self, model_id: str, picture: bytes) -> str:
        """What a picture shows, in a sentence, by this caption model. Raises AttachmentError, ModelError, WorkerLost."""

    def state(self) -> ExecutorState: ...

    def release_idle(self) -> None:
        """Give back the memory of everything nobody is using."""

    def close(self) -> None:
        """Stop what runs and end every process that was started. Idempotent."""
