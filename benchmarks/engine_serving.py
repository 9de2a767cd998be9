"""What serving costs: makers that do nothing, or sleep a second, through the real runner and real worker processes."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.engine_house import House, load, now, open_house, resident, steps
from benchmarks.engine_table import Row
from domain.job import Job, JobState
from domain.plan import PLAN_MAX_STEPS, Plan
from pipelines.measuring import give_back


def costs(quick: bool) -> list[Row]:
    rounds, sleeping, queued = (20, 3, 600) if quick else (200, 20, 10_000)
    with tempfile.TemporaryDirectory() as folder:
        with open_house(Path(folder) / "latency") as house:
            house.warm(2)
            rows = [*_latency(house, rounds), *_overhead(house, sleeping)]
        with open_house(Path(folder) / "queue") as house:
            house.warm(2)
            rows += _queue(house, queued)
    return rows


def _one(house: House, seconds: float) -> float:
    """Seconds from approve to done of a plan of one step, as its row says: to ask every millisecond would be work of its own."""
    plan = house.plan(*steps("One", 1, seconds))
    started = now()
    house.plans.approve(plan.id)
    jobs = house.ended(plan, every=0.1)
    _require_done(jobs.values())
    return max((job.ended or started) - started for job in jobs.values()).total_seconds()


def _latency(house: House, rounds: int) -> list[Row]:
    taken = sorted(_one(house, 0.0) for _ in range(rounds))
    p50, p90 = statistics.median(taken), taken[int(0.9 * len(taken))]
    note = f"{rounds} plans of one step, one after the other, stored on disk; {load()}"
    return [
        Row("approve to done, a maker that does nothing, p50", f"{p50 * 1000:.0f} ms", note, "30 ms"),
        Row("the same, p90", f"{p90 * 1000:.0f} ms", note, ""),
    ]


def _overhead(house: House, rounds: int) -> list[Row]:
    alone = statistics.median(_one(house, 1.0) for _ in range(rounds)) - 1.0
    count = min(PLAN_MAX_STEPS, 2 * rounds)
    plan = house.plan(*steps("Busy", count, 1.0))
    started = time.perf_counter()
    house.plans.approve(plan.id)
    _require_done(house.ended(plan, every=0.005).values())
    busy = (time.perf_counter() - started) * 2 / count - 1.0
    return [
        Row("overhead beside a maker of 1 s, workers busy", f"{busy:.1%}", f"{count} takes on two workers; {load()}", "3%"),
        Row("the same, one take alone", f"{alone:.1%}", f"median of {rounds} plans of one step", ""),
    ]


def _queue(house: House, count: int) -> list[Row]:
    """Everything is queued before anything is made, then all of it is made."""
    plans = [house.plan(*steps(f"Queued {n}", min(PLAN_MAX_STEPS, count - n)), seed=n) for n in range(0, count, PLAN_MAX_STEPS)]
    house.gate.clear()
    give_back()
    before = resident()
    taken = [_approved(house, plan) for plan in plans]
    give_back()
    full = resident()
    waiting = sum(lane.waiting for lane in house.runner.lanes())
    started = time.perf_counter()
    house.gate.set()
    left = house.drained(3600.0)
    drained = time.perf_counter() - started
    give_back()
    after = resident()
    if left:
        raise SystemExit(f"{left} jobs never ended")
    per_job = sorted(1000 * seconds / len(plan.steps) for seconds, plan in zip(taken, plans, strict=True))
    note = f"{count} jobs in {len(plans)} plans; {waiting} waited at once"
    per_waiting, grown = (full - before) / count / 1000, f"{before / 1e6:.0f} to {full / 1e6:.0f} MB"
    return [
        Row("to queue one job, p50", f"{statistics.median(per_job):.2f} ms", f"{note}; {load()}", "5 ms"),
        Row("the same, of the slowest plan", f"{per_job[-1]:.2f} ms", note, "5 ms"),
        Row("memory of the studio per waiting job", f"{per_waiting:.1f} kB", grown, "flat"),
        Row("memory after all are done, against before", f"{(after - before) / 1e6:+.0f} MB", f"{after / 1e6:.0f} MB", "flat"),
        Row("jobs prepared, made and stored per second", f"{count / drained:.0f}", f"two workers; {load()}", ""),
    ]


def _approved(house: House, plan: Plan) -> float:
    started = time.perf_counter()
    house.plans.approve(plan.id)
    return time.perf_counter() - started


def _require_done(jobs: Iterable[Job]) -> None:
    failed = [job.error for job in jobs if job.state is not JobState.DONE]
    if failed:
        raise SystemExit(f"a job failed: {failed[0]}")
