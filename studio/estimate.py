"""Time, energy and memory quoted from this machine's own measured runs; unknown where nothing was measured. Pure.

A maker's seconds grow with the size of the work (and, for diffusion, with the denoising steps): the newest runs of the same
maker, model and device give a line, or a rate when all had about the same size. Loading weights is quoted apart, once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median

from domain.capability import StepKind
from domain.plan import Plan, Step
from domain.recipe import Measurement
from domain.value import Value
from studio.makespan import Piece, makespan

#: Runs behind one estimate. Older ones tell of another machine load, model or version.
NEWEST = 50
#: A line is fitted from so many runs, when the largest was so many times the smallest; a rate through zero otherwise.
LINE_RUNS = 5
LINE_SPREAD = 1.5
LOW, HIGH = 0.1, 0.9

Measured = Callable[[StepKind, str], Sequence[Measurement]]


class StepEstimate(Value):
    """What one step is expected to cost. seconds: the median, without loading; None: never measured here.

    low and p90: a tenth of the measured runs were faster than the one, a tenth slower than the other, scaled to this step's size.
    runs: how many measured runs stand behind it. load_seconds: added once per plan when the weights are not in memory.
    joules: None where energy could not be read. peak_bytes: the most memory a run took.
    """

    step_id: str
    seconds: float | None
    low: float | None = None
    p90: float | None = None
    runs: int = 0
    load_seconds: float = 0.0
    joules: float | None = None
    peak_bytes: int = 0
    maker: str = ""
    model: str = ""
    device: str = ""


class PlanEstimate(Value):
    """seconds: the work of all known steps, loading included; `unknown` counts the others.

    makespan: expected seconds from the first start to the last end, with the lanes of this machine for this plan alone.
    low and p90: the same if every step were as fast as its fastest tenth, or as slow as its slowest: wider than chance alone,
    because what makes one step slow (a busy machine) makes the others slow too.
    joules: None unless the energy of every known step could be read.
    """

    steps: tuple[StepEstimate, ...]
    seconds: float
    unknown: int
    makespan: float = 0.0
    low: float = 0.0
    p90: float = 0.0
    load_seconds: float = 0.0
    joules: float | None = None
    peak_bytes: int = 0

    def of(self, step_id: str) -> StepEstimate:
        return next((s for s in self.steps if s.step_id == step_id), StepEstimate(step_id=step_id, seconds=None))


@dataclass(frozen=True)
class Route:
    """How the takes of one maker pass through the machine.

    lane: where it makes. prepare_lane: where its steps are prepared. model: id of the model it would use now, "" where that does not
    matter: then all its runs count. loaded: its weights are in memory.
    """

    lane: str = ""
    prepare_lane: str = ""
    model: str = ""
    loaded: bool = True


@dataclass(frozen=True)
class Machine:
    """What runs here. places: how many work at once, by lane. devices: those that are here; empty: not known, all runs count."""

    places: Mapping[str, int] = field(default_factory=dict)
    routes: Mapping[tuple[StepKind, str], Route] = field(default_factory=dict)
    devices: frozenset[str] = frozenset()

    def route(self, kind: StepKind, maker: str) -> Route:
        return self.routes.get((kind, maker), Route())


@dataclass(frozen=True)
class Cost:
    """What one maker's runs tell: seconds = fixed + rate * amount, where the amount is the size, times `steps` where runs have them.

    low and high: 10th and 90th percentile of a run's seconds over what the line says. prepared: share of the seconds spent preparing.
    """

    runs: int
    fixed: float
    rate: float
    low: float
    high: float
    load_seconds: float
    joules: float | None
    peak_bytes: int
    steps: int
    prepared: float
    model: str
    device: str

    def seconds(self, step: Step) -> float:
        return self.fixed + self.rate * self.amount(step)

    def amount(self, step: Step) -> float:
        """What the cost of this step grows with. A spec that leaves the denoising steps to the model is given those of earlier runs."""
        steps = int(getattr(step.spec, "steps", 0)) or self.steps
        return step.spec.work_size * (steps if self.steps else 1)


def estimate(
    plan: Plan,
    maker_of: Mapping[str, str],
    measured: Measured,
    machine: Machine | None = None,
    *,
    only: Collection[str] | None = None,
) -> PlanEstimate:
    """Pure but for `measured`, which is asked once per maker.

    Args:
        maker_of: the maker that would make each step, by step id; a step without one is unknown.
        measured: the runs of a maker for a kind, newest first; the first 50 of the present model and device count.
        machine: None: lanes of one place each, and the model and device that were used last.
        only: the steps that would be made; the others count as done. None: all.
    """
    machine = machine or Machine()
    costs: dict[tuple[StepKind, str], Cost | None] = {}
    wanted = [step for step in plan.steps if only is None or step.id in only]
    for step in wanted:
        maker = maker_of.get(step.id, "")
        if maker and (step.kind, maker) not in costs:
            costs[step.kind, maker] = cost_of(measured(step.kind, maker), machine.route(step.kind, maker).model, machine.devices)
    rows = [_row(step, maker_of.get(step.id, ""), costs.get((step.kind, maker_of.get(step.id, "")))) for step in wanted]
    return _total(wanted, rows, costs, machine)


def cost_of(runs: Sequence[Measurement], model: str = "", devices: frozenset[str] = frozenset()) -> Cost | None:
    """What the newest runs of one maker tell of the next; None when none of them is of this model and these devices.

    runs: newest first. Where several devices of this machine were used, those of the newest run count.
    """
    fitting = [run for run in runs if (not model or run.model == model) and (not devices or _here(run.device, devices))]
    newest = [run for run in fitting if run.device == fitting[0].device][:NEWEST]
    if not newest:
        return None
    # Runs from before steps were measured say nothing of what a step costs.
    newest = [run for run in newest if bool(run.steps) == bool(newest[0].steps)]
    amounts = [max(run.size, 1e-9) * (run.steps or 1) for run in newest]
    seconds = [max(run.seconds - run.load_seconds, 0.0) for run in newest]
    fixed, rate = _line(amounts, seconds)
    over = sorted(took / said if (said := fixed + rate * amount) > 0 else 1.0 for amount, took in zip(amounts, seconds, strict=True))
    # A batch loads once, and each of its outputs carries its share.
    loads = [run.load_seconds * run.batch for run in newest if run.load_seconds > 0]
    energies = [run.joules / amount for run, amount in zip(newest, amounts, strict=True) if run.joules is not None]
    shares = [run.stages["prepare"] / took for run, took in zip(newest, seconds, strict=True) if run.stages.get("prepare") and took > 0]
    return Cost(
        runs=len(newest),
        fixed=fixed,
        rate=rate,
        low=quantile(over, LOW),
        high=quantile(over, HIGH),
        load_seconds=median(loads) if loads else 0.0,
        joules=median(energies) if energies else None,
        peak_bytes=max(run.peak_bytes for run in newest),
        steps=round(median(run.steps for run in newest)),
        prepared=min(median(shares), 1.0) if shares else 0.0,
        model=newest[0].model,
        device=newest[0].device,
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the two nearest of these rising values (Hyndman and Fan's type 7, numpy's default). One value is every quantile."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _line(amounts: Sequence[float], seconds: Sequence[float]) -> tuple[float, float]:
    """fixed and rate, by Theil and Sen: the median of the slopes between all pairs, which a third of wild runs does not move."""
    rate = median(took / amount for amount, took in zip(amounts, seconds, strict=True))
    if len(amounts) < LINE_RUNS or max(amounts) < LINE_SPREAD * min(amounts):
        return 0.0, rate
    pairs = combinations(zip(amounts, seconds, strict=True), 2)
    slopes = [(after - before) / (more - less) for (less, before), (more, after) in pairs if more != less]
    slope = max(median(slopes), 0.0)
    fixed = median(took - slope * amount for amount, took in zip(amounts, seconds, strict=True))
    return (fixed, slope) if fixed >= 0 else (0.0, rate)


def _here(device: str, devices: frozenset[str]) -> bool:
    """The processor always is; a name without a number ("cuda") is any of its kind."""
    return device == "cpu" or any(device == one or device.partition(":")[0] == one or device == one.partition(":")[0] for one in devices)


def _row(step: Step, maker: str, cost: Cost | None) -> StepEstimate:
    if cost is None:
        return StepEstimate(step_id=step.id, seconds=None, maker=maker)
    seconds = cost.seconds(step)
    return StepEstimate(
        step_id=step.id,
        seconds=seconds,
        low=seconds * cost.low,
        p90=seconds * cost.high,
        runs=cost.runs,
        load_seconds=cost.load_seconds,
        joules=None if cost.joules is None else cost.joules * cost.amount(step),
        peak_bytes=cost.peak_bytes,
        maker=maker,
        model=cost.model,
        device=cost.device,
    )


def _total(
    steps: Sequence[Step], rows: Sequence[StepEstimate], costs: Mapping[tuple[StepKind, str], Cost | None], machine: Machine
) -> PlanEstimate:
    known = [row for row in rows if row.seconds is not None]
    loads = _loads(steps, rows, machine)
    energies = [row.joules for row in known]

    def span(seconds_of: Callable[[StepEstimate], float | None]) -> float:
        pieces: list[Piece] = []
        for step, row in zip(steps, rows, strict=True):
            cost = costs.get((step.kind, row.maker))
            route = machine.route(step.kind, row.maker)
            whole = seconds_of(row) or 0.0
            preparing = whole * cost.prepared if cost is not None else 0.0
            making = whole - preparing + loads.get(step.id, 0.0)
            needs = tuple(given.step for given in step.inputs)
            # A step that was never measured takes no place: its time is not guessed.
            lane = route.lane or row.maker if cost is not None else ""
            pieces.append(Piece(f"{step.id}/prepare", preparing, route.prepare_lane if preparing else "", needs))
            pieces.append(Piece(step.id, making, lane, (f"{step.id}/prepare",)))
        return makespan(pieces, machine.places)

    middle = span(lambda row: row.seconds)
    return PlanEstimate(
        steps=tuple(rows),
        seconds=sum(row.seconds or 0.0 for row in known) + sum(loads.values()),
        unknown=len(rows) - len(known),
        makespan=middle,
        # Shorter pieces can fall into a longer schedule (Graham's anomalies).
        low=min(span(lambda row: row.low), middle),
        p90=max(span(lambda row: row.p90), middle),
        load_seconds=sum(loads.values()),
        joules=sum(e for e in energies if e is not None) if energies and None not in energies else None,
        peak_bytes=max((row.peak_bytes for row in rows), default=0),
    )


def _loads(steps: Sequence[Step], rows: Sequence[StepEstimate], machine: Machine) -> dict[str, float]:
    """Seconds of loading by the step that would meet them first: once per maker, model and device, where the weights are not loaded."""
    loads: dict[str, float] = {}
    seen: set[tuple[str, str, str]] = set()
    for step, row in zip(steps, rows, strict=True):
        weights = (row.maker, row.model, row.device)
        if row.load_seconds and weights not in seen and not machine.route(step.kind, row.maker).loaded:
            loads[step.id] = row.load_seconds
        seen.add(weights)
    return loads
