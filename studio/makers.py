"""The one place that maps a step kind to its makers: writers with a chat model, and media pipelines with their preparation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.brand import BrandKit
from domain.capability import Capability, StepKind
from domain.context import StepContext
from domain.errors import ModelMissing
from domain.finding import Finding
from domain.plan import Step
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.said import Said
from domain.take import Prepared
from domain.value import JsonValue
from pipelines.models.lately import Lately
from pipelines.pipeline import Company


class Generate(Protocol):
    def __call__(self, works: Sequence[Work], progress: Progress) -> list[Output]: ...


def no_company(parameters: Mapping[str, JsonValue]) -> Company | None:
    return None


#: What a person should know of a step before it is made; it stops nothing.
Remarks = Callable[[Step, BrandKit], tuple[Finding, ...]]


def no_remarks(step: Step, brand: BrandKit) -> tuple[Finding, ...]:
    return ()


@dataclass(frozen=True)
class Maker:
    """One way to make one kind.

    prepare: turns a StepContext into the values `generate` works from; may ask the chat model.
    models: the models a run with prepared parameters would use, by content.
    capability: what it can do now, None while a model is missing.
    lane: the resource class it works in. prepares_with_chat: preparing asks the chat model.
    company: says which works may be made in one go, and how many, where that pays.
    """

    kind: StepKind
    name: str
    version: int
    lane: str
    prepare: Callable[[StepContext, Progress], Prepared]
    models: Callable[[Mapping[str, JsonValue]], tuple[ModelRef, ...]]
    capability: Callable[[], Capability | None]
    make: Generate
    prepares_with_chat: bool = False
    company: Callable[[Mapping[str, JsonValue]], Company | None] = no_company

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        return self.make(works, progress)


class Makers:
    """All makers, in order of preference within a kind.

    Args:
        makers: those that were built, installed or not.
        prefer: says which of several available makers makes a step (a voice belongs to one engine, a person chose a
            picture model); returns a maker's name, or "" for the first that is available.
        depends: what capabilities depend on; while it stands they are asked once a second. None: each time.
    """

    def __init__(
        self, makers: Iterable[Maker], prefer: Callable[[Step, BrandKit], str], depends: Callable[[], object] | None = None
    ) -> None:
        self._makers = tuple(makers)
        self._prefer = prefer
        self._able = self._look if depends is None else Lately(self._look, depends)

    def _look(self) -> tuple[tuple[Maker, Capability], ...]:
        return tuple((maker, found) for maker in self._makers if (found := maker.capability()) is not None)

    def capabilities(self) -> tuple[Capability, ...]:
        """What can be made here and now."""
        return tuple(capability for _, capability in self._able())

    def choose(self, step: Step, brand: BrandKit) -> Maker:
        """The maker for a step. Raises ModelMissing when none of its kind is available."""
        available = [maker for maker, _ in self._able() if maker.kind is step.kind]
        if not available:
            raise ModelMissing(
                "Nothing installed can make {kind} ({step}).",
                hint="Open Models and pull one, or drop the step.",
                field=step.id,
                kind=Said(message_id=step.kind),
                step=step.id,
            )
        wanted = self._prefer(step, brand)
        return next((m for m in available if m.name == wanted), available[0])

    def named(self, kind: StepKind, name: str) -> Maker:
        """The maker a take was prepared for. Raises ModelMissing when it can no longer run."""
        for maker, _ in self._able():
            if maker.kind is kind and maker.name == name:
                return maker
        raise ModelMissing(
            "{name}, which was to make this {kind}, is not available any more.",
            hint="Redo the step with what is here.",
            name=name,
            kind=kind,
        )
