"""Time quoted from this machine's own measured runs; unknown where nothing was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from domain.capability import StepKind
from domain.plan import Plan
from domain.recipe import Measurement
from domain.value import Value

#: Runs behind one estimate. Older ones tell of another machine load, model or version.
NEWEST = 50


class StepEstimate(Value):
    """seconds None: never measured here. runs: how many measured runs stand behind it."""

    step_id: str
    seconds: float | None
    runs: int = 0


class PlanEstimate(Value):
    """seconds sums the steps that are known; `unknown` counts the others. Steps may run side by side, so this is an upper guess."""

    steps: tuple[StepEstimate, ...]
    seconds: float
    unknown: int

    def of(self, step_id: str) -> StepEstimate:
        return next((s for s in self.steps if s.step_id == step_id), StepEstimate(step_id=step_id, seconds=None))


def estimate(plan: Plan, maker_of: Mapping[str, str], measured: Callable[[StepKind, str], Sequence[Measurement]]) -> PlanEstimate:
    """Pure but for `measured`, which is asked once per maker.

    Args:
        maker_of: the maker that would make each step, by step id; a step without one is unknown.
        measured: the runs of a maker for a kind, newest first; the first 50 count.
    """
    rates: dict[tuple[StepKind, str], list[float]] = {}
    rows: list[StepEstimate] = []
    for step in plan.steps:
        maker = maker_of.get(step.id, "")
        key = (step.kind, maker)
        if key not in rates:
            rates[key] = [m.seconds / max(m.size, 1e-9) for m in measured(*key)[:NEWEST]] if maker else []
        found = rates[key]
        rows.append(StepEstimate(step_id=step.id, seconds=median(found) * step.spec.work_size if found else None, runs=len(found)))
    known = [row.seconds for row in rows if row.seconds is not None]
    return PlanEstimate(steps=tuple(rows), seconds=sum(known), unknown=len(rows) - len(known))
