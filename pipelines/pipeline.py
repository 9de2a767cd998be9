"""The one shape of every maker of media."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.capability import Capability, StepKind
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue


@dataclass(frozen=True)
class Company:
    """Works of equal keys may be made in one go, `most` at once; `window`: seconds worth waiting for another one."""

    key: str
    most: int
    window: float


class Batching(Protocol):
    """A pipeline that gains from making several works in one go."""

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        """Which works share a batch with one of these prepared parameters; None where a batch does not pay. Imports nothing heavy."""


class Pipeline(Protocol):
    """A maker: recipes and opened input files in, bytes out.

    name: unique over all pipelines, written into Recipe.maker ("illustrator", "diffusion", "kokoro").
    version: an integer raised when the output for the same recipe changes, written into Recipe.maker_version.
    """

    @property
    def kind(self) -> StepKind: ...

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    def capability(self) -> Capability | None:
        """What it can do with what is installed now, None when a model is missing. Imports nothing heavy."""

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        """The models a run with these prepared parameters would use, by content. Imports nothing heavy."""

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """One Output per Work, in order. Each is the same whatever it was batched with, up to rounding.

        Raises InputError for parameters it cannot use, Cancelled, ModelError, GenerationError.
        """
