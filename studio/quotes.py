"""What was quoted before a run, and what it took: the estimate of a plan as its makers stand now, kept at approval, corrected after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from domain.capability import StepKind
from domain.engine import ExecutorState, Resident
from domain.errors import MaquetteError
from domain.job import Job, JobState
from domain.plan import Plan
from domain.recipe import Measurement, ModelRef, Trace
from domain.value import Value
from library.library import Library
from studio.estimate import NEWEST, Machine, PlanEstimate, Route, StepEstimate, estimate
from studio.makers import Maker, Makers

#: Runs asked of the library: those of other devices are left out afterwards.
ASKED = 4 * NEWEST


class Quote(Value):
    """What was quoted when a run was let go. takes: the takes of that run, by step id."""

    plan_id: str
    version: int
    estimate: PlanEstimate
    takes: dict[str, int]


class StepCorrection(Value):
    """quoted None: it was never measured. took: seconds of work, None where the asset does not say."""

    step_id: str
    quoted: float | None
    took: float | None


class Correction(Value):
    """A run that was made whole: what was quoted (see PlanEstimate) and what it took, in seconds from the first start to the last end.

    unknown: steps that were not in the quoted numbers, because they had never been measured. joules: None where energy was not readable.
    """

    quoted: float
    low: float
    p90: float
    unknown: int
    took: float
    joules: float | None = None
    peak_bytes: int = 0
    steps: tuple[StepCorrection, ...] = ()

    def of(self, step_id: str) -> StepCorrection | None:
        return next((step for step in self.steps if step.step_id == step_id), None)


class Quotes:
    """Args:
    places: how many work at once, by lane.
    state: what the executor knows: which devices are here and which weights are loaded.
    """

    def __init__(self, library: Library, makers: Makers, places: Mapping[str, int], state: Callable[[], ExecutorState]) -> None:
        self._library = library
        self._makers = makers
        self._places = places
        self._state = state

    def estimate(self, plan: Plan, only: Collection[str] | None = None) -> PlanEstimate:
        """What these steps (None: all) would cost with the makers, models and devices that are here now."""
        brand = self._library.project(plan.project_id).brand
        available = {capability.kind for capability in self._makers.capabilities()}
        chosen = {step.id: self._makers.choose(step, brand) for step in plan.steps if step.kind in available}
        state = self._state()
        routes = {(maker.kind, maker.name): route_of(maker, state.residents) for maker in chosen.values()}
        machine = Machine(places=self._places, routes=routes, devices=frozenset(device.name for device in state.devices))

        def measured(kind: StepKind, maker: str) -> Sequence[Measurement]:
            return self._library.measurements(kind=kind, maker=maker, model=routes[kind, maker].model, limit=ASKED)

        return estimate(plan, {step_id: maker.name for step_id, maker in chosen.items()}, measured, machine, only=only)


def route_of(maker: Maker, residents: Sequence[Resident]) -> Route:
    """How a maker's takes pass through the machine now."""
    models = _models(maker)
    return Route(
        lane=maker.lane,
        prepare_lane="chat" if maker.prepares_with_chat else "prepare",
        model=models[0].id if models else "",
        loaded=any(_holds(resident, maker.name, models) for resident in residents),
    )


def _models(maker: Maker) -> tuple[ModelRef, ...]:
    try:
        return maker.models({})
    except MaquetteError:  # the models depend on what is prepared, or are being exchanged: the runs of all count
        return ()


def _holds(resident: Resident, name: str, models: Sequence[ModelRef]) -> bool:
    """Keys of weights carry the maker's name, the model's id or the first half of its hash (pipelines: Weights.key)."""
    marks = {f"{name}/", *(model.id for model in models), *(model.sha256[:16] for model in models if model.sha256)}
    return any(mark in f"{resident.key}/" for mark in marks)


def keep_quote(library: Library, plan: Plan, quoted: PlanEstimate, takes: Mapping[str, int]) -> Quote:
    """Keep what was quoted for a run that is let go now; it replaces the quote of the plan's run before.

    Steps that an unfinished run before it is still making keep their own line, so that what they will cost is still known.
    """
    before = quote_of(library, plan.id)
    others = [] if before is None else [row for row in before.estimate.steps if row.step_id not in {new.step_id for new in quoted.steps}]
    whole = quoted.model_copy(update={"steps": (*quoted.steps, *others)})
    quote = Quote(plan_id=plan.id, version=plan.version, estimate=whole, takes=dict(takes))
    library.put_setting(_key(plan.id), quote.model_dump(mode="json"))
    return quote


def quote_of(library: Library, plan_id: str) -> Quote | None:
    """The quote of the plan's newest run, None before the first."""
    stored = library.get_setting(_key(plan_id))
    return None if stored is None else Quote.model_validate(stored)


def corrected(quote: Quote, jobs: Mapping[str, Job], traces: Mapping[tuple[str, int], Trace]) -> Correction | None:
    """What the quoted run took, None until all of it is made (and for ever when a step failed or was stopped). Pure.

    Args:
        jobs: the newest job of each step, by step id.
        traces: of the assets that were made, by step id and take.
    """
    mine = {step_id: jobs.get(step_id) for step_id in quote.takes}
    made = [job for step_id, job in mine.items() if job is not None and job.take == quote.takes[step_id] and job.state is JobState.DONE]
    times = [(job.started, job.ended) for job in made if job.started is not None and job.ended is not None]
    if not times or len(times) < len(mine):
        return None
    found = {step_id: traces.get((step_id, take)) for step_id, take in quote.takes.items()}
    known = [trace for trace in found.values() if trace is not None]
    energies = [trace.joules for trace in known]
    return Correction(
        quoted=quote.estimate.makespan,
        low=quote.estimate.low,
        p90=quote.estimate.p90,
        unknown=quote.estimate.unknown,
        took=max((max(ended for _, ended in times) - min(started for started, _ in times)).total_seconds(), 0.0),
        joules=sum(e for e in energies if e is not None) if energies and None not in energies else None,
        peak_bytes=max((trace.peak_bytes for trace in known), default=0),
        steps=tuple(_step(quote.estimate.of(step_id), trace) for step_id, trace in found.items()),
    )


def _step(row: StepEstimate, trace: Trace | None) -> StepCorrection:
    return StepCorrection(step_id=row.step_id, quoted=row.seconds, took=None if trace is None else worked(trace))


def worked(trace: Trace) -> float | None:
    """Seconds of preparing and making behind an asset (of a batch, its share), without waiting; None where its trace has none."""
    if "make" in trace.stages:
        return trace.stages.get("prepare", 0.0) + trace.stages["make"]
    return trace.seconds or None


def _key(plan_id: str) -> str:
    return f"quote.{plan_id}"
