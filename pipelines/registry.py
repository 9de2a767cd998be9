"""What this machine can make. Asks every pipeline; imports no model library."""

from __future__ import annotations

from collections.abc import Iterable

from domain.capability import Capability, StepKind
from domain.errors import NotFound
from pipelines.pipeline import Pipeline


class Registry:
    """All makers of media that were built, whether or not their models are installed, in order of preference."""

    def __init__(self, pipelines: Iterable[Pipeline]) -> None:
        self._pipelines = tuple(pipelines)

    def all(self) -> tuple[Pipeline, ...]:
        return self._pipelines

    def of(self, kind: StepKind) -> tuple[Pipeline, ...]:
        return tuple(p for p in self._pipelines if p.kind is kind)

    def get(self, name: str) -> Pipeline:
        for pipeline in self._pipelines:
            if pipeline.name == name:
                return pipeline
        raise NotFound(f"There is no maker called {name!r}.", hint=f"Makers: {', '.join(p.name for p in self._pipelines)}.")

    def capabilities(self) -> tuple[Capability, ...]:
        """Only what can run now."""
        found = (pipeline.capability() for pipeline in self._pipelines)
        return tuple(c for c in found if c is not None)
