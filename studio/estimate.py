"""Time quoted from this machine's own measured runs; unknown where nothing was measured."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from domain.plan import Plan
from domain.recipe import Measurement
from domain.value import Value


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


def estimate(plan: Plan, maker_of: dict[str, str], measurements: Iterable[Measurement]) -> PlanEstimate:
    """maker_of: the maker that would make each step, by step id. Pure."""
    by_maker: dict[tuple[str, str], list[float]] = {}
    for m in measurements:
        by_maker.setdefault((m.kind.value, m.maker), []).append(m.seconds / max(m.size, 1e-9))
    rows: list[StepEstimate] = []
    for step in plan.steps:
        rates = by_maker.get((step.kind.value, maker_of.get(step.id, "")), [])[-50:]
        rows.append(StepEstimate(step_id=step.id, seconds=median(rates) * step.spec.work_size if rates else None, runs=len(rates)))
    known = [row.seconds for row in rows if row.seconds is not None]
    return PlanEstimate(steps=tuple(rows), seconds=sum(known), unknown=len(rows) - len(known))
