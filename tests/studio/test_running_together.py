"""Several people at once: batches across plans, cancels inside a batch, fairness, a database that goes away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import StorageError
from domain.job import Job, JobState
from library.library import Library
from tests.studio.bench import Bench, Hand, open_bench, step


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    opened = open_bench(home, Hand(most=4), lanes=1)
    opened.runner.start()
    yield opened
    for gate in opened.hand.gate.values():
        gate.set()
    opened.runner.stop()
    opened.library.close()


def states(jobs: dict[str, Job]) -> set[JobState]:
    return {job.state for job in jobs.values()}


def test_takes_of_different_plans_are_made_in_one_go(bench: Bench) -> None:
    plans = [bench.plan(step("music-1"), project=bench.another_project()) for _ in range(3)]
    for plan in plans:
        bench.plans.approve(plan.id, person=plan.id)
    for plan in plans:
        assert states(bench.wait(plan.id)) == {JobState.DONE}
    assert max(len(batch) for batch in bench.hand.batches) >= 2
    texts = [asset.text for plan in plans if (asset := bench.plans.result(plan.id, "music-1")) is not None]
    assert len(texts) == 3


def test_a_batch_that_fails_is_made_one_by_one_and_only_the_guilty_take_fails(bench: Bench) -> None:
    good, bad = bench.plan(step("music-1")), bench.plan(step("music-2"))
    bench.hand.failures["music-2"] = 2  # once with the other, once alone
    for plan in (good, bad):
        bench.plans.approve(plan.id)
    assert states(bench.wait(good.id)) == {JobState.DONE}
    assert states(bench.wait(bad.id)) == {JobState.FAILED}


def test_cancelling_one_of_a_batch_lets_the_others_end(bench: Bench) -> None:
    bench.hand.gate["music-1"] = threading.Event()
    kept, dropped = bench.plan(step("music-1")), bench.plan(step("music-2"))
    for plan in (kept, dropped):
        bench.plans.approve(plan.id)
    assert bench.hand.started.setdefault("music-1", threading.Event()).wait(20)
    assert ["music-1", "music-2"] in [sorted(batch) for batch in bench.hand.batches]
    assert bench.plans.cancel(dropped.id) == 1
    bench.hand.gate["music-1"].set()
    assert states(bench.wait(kept.id)) == {JobState.DONE}
    assert states(bench.wait(dropped.id)) == {JobState.CANCELLED}
    assert bench.plans.result(dropped.id, "music-2") is None


def test_cancelling_all_of_a_batch_stops_it(bench: Bench) -> None:
    bench.hand.gate["music-1"] = threading.Event()  # never opened: only a stop ends it
    plans = [bench.plan(step("music-1")), bench.plan(step("music-2"))]
    for plan in plans:
        bench.plans.approve(plan.id)
    assert bench.hand.started.setdefault("music-1", threading.Event()).wait(20)
    for plan in plans:
        bench.plans.cancel(plan.id)
    for plan in plans:
        assert states(bench.wait(plan.id)) == {JobState.CANCELLED}
    after = bench.plan(step("copy-1"))
    bench.plans.approve(after.id)  # the only place of the lane is free again
    assert states(bench.wait(after.id)) == {JobState.DONE}


def test_a_small_plan_is_done_long_before_a_greedy_one(home: Path) -> None:
    hand = Hand(gate={"copy-1": threading.Event()})
    bench = open_bench(home, hand, lanes=1)
    bench.runner.start()
    greedy = bench.plan(*(step(f"copy-{number}") for number in range(1, 31)))
    bench.plans.approve(greedy.id, person="greedy")
    assert hand.started.setdefault("copy-1", threading.Event()).wait(20)
    small = bench.plan(step("music-1"), project=bench.another_project())
    bench.plans.approve(small.id, person="modest")
    hand.gate["copy-1"].set()
    assert states(bench.wait(small.id)) == {JobState.DONE}
    assert hand.made.index("music-1") <= 4
    bench.plans.cancel(greedy.id)
    bench.runner.stop()
    bench.library.close()


def test_a_database_that_fails_for_a_moment_loses_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real, faults = Library.add_asset, iter([StorageError("The database is away."), StorageError("Still away.")])

    def sometimes(self: Library, *given: object) -> object:
        for fault in faults:
            raise fault
        return real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Library, "add_asset", sometimes)
    plan = bench.plan(step("copy-1"))
    bench.plans.approve(plan.id)
    assert states(bench.wait(plan.id)) == {JobState.DONE}
    assert bench.hand.made == ["copy-1"]  # what was made is kept, not made again


def test_work_that_cannot_begin_is_put_off_said_and_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.dispatch.RETRY_SECONDS", 0.5)
    real, faults = Library.move_job, iter([StorageError("The database is away.")] * 2)
    troubled = threading.Event()

    def sometimes(self: Library, *given: object, **named: object) -> object:
        for fault in faults:
            troubled.set()
            raise fault
        return real(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Library, "move_job", sometimes)
    plan = bench.plan(step("copy-1"))
    bench.plans.approve(plan.id)
    assert troubled.wait(20)
    assert states(bench.wait(plan.id)) == {JobState.DONE}
    assert bench.runner.trouble == ""


def test_the_lanes_say_who_works_and_who_waits(bench: Bench) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    plan = bench.plan(step("copy-1"), *(step(f"music-{number}") for number in range(1, 6)))
    bench.plans.approve(plan.id)
    assert bench.hand.started.setdefault("copy-1", threading.Event()).wait(20)
    (hand,) = [lane for lane in bench.runner.lanes() if lane.lane == "hand"]
    assert (hand.places, hand.working) == (1, 1)
    bench.plans.cancel(plan.id)
    bench.wait(plan.id)
    assert all(lane.waiting == 0 for lane in bench.runner.lanes())
