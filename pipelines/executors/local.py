"""Runs Work in this process, a bounded number at a time, and measures it. Knows nothing of plans or people."""

from __future__ import annotations

import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from domain.capability import StepKind
from domain.errors import EngineFailed
from domain.progress import Progress
from domain.recipe import Measurement, Output, Work


class Generator(Protocol):
    """Whatever turns Work into Output: a Pipeline, or a writer with its chat model."""

    @property
    def kind(self) -> StepKind: ...

    @property
    def name(self) -> str: ...

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]: ...


class LocalExecutor:
    """Threads enter a lane before they work, so that a plan of sixty steps does not start sixty models.

    Args:
        lanes: how many may work at once, by lane name. A lane that is not named admits one at a time.
        measured: called with what each run cost, after it ended well.
    """

    def __init__(self, lanes: Mapping[str, int], measured: Callable[[Measurement], None]) -> None:
        self._lanes = {name: threading.BoundedSemaphore(count) for name, count in lanes.items()}
        self._measured = measured
        self._guard = threading.Lock()

    @contextmanager
    def lane(self, name: str, progress: Progress) -> Iterator[None]:
        """Wait for a place in a lane; cancellable while waiting."""
        with self._guard:
            places = self._lanes.setdefault(name, threading.BoundedSemaphore(1))
        while not places.acquire(timeout=0.1):
            progress.check()
        try:
            yield
        finally:
            places.release()

    def run(self, generator: Generator, work: Work, *, lane: str, size: float, progress: Progress, before: float = 0.0) -> Output:
        """One Work, one Output. size is what its cost grows with (see Measurement); before: seconds already spent preparing it.

        Raises what the generator raises, and EngineFailed when it returned another number of outputs than works.
        """
        with self.lane(lane, progress):
            progress.check()
            started = time.monotonic()
            outputs = generator.generate([work], progress)
            seconds = time.monotonic() - started
        if len(outputs) != 1:
            raise EngineFailed(f"{generator.name} returned {len(outputs)} results for one request.", hint="Run the step again.")
        models = work.recipe.models
        self._measured(
            Measurement(
                kind=generator.kind,
                maker=generator.name,
                model=models[0].id if models else "",
                device=outputs[0].trace.device,
                size=size,
                seconds=seconds + before,
                peak_bytes=peak_memory(),
            )
        )
        return outputs[0]


def peak_memory() -> int:
    """The largest resident size of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
