"""A library that fails for a moment, rows that cannot be read, cancels at bad moments: nothing stands for ever, nobody else suffers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.errors import PlanError, StorageError
from domain.job import JobState
from domain.plan import Plan
from studio.making import Item
from tests.studio.bench import Bench, Hand, open_bench, step


class Ailing:
    """The real library. `before`: called before a method of this name, and may raise."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.before: dict[str, Callable[..., None]] = {}

    def fail(self, name: str, error: Exception, times: int = 1, when: Callable[..., bool] = lambda *given: True) -> None:
        left = [times]

        def before(*given: Any) -> None:
            if left[0] > 0 and when(*given):
                left[0] -= 1
                raise error

        self.before[name] = before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def called(*given: Any, **named: Any) -> Any:
            self.before.get(name, lambda *_: None)(*given)
            return found(*given, **named)

        return called


def ail(bench: Bench) -> Ailing:
    """Let the runner, and what makes for it, see an ailing library; the test itself sees the real one."""
    ailing, runner = Ailing(bench.library), bench.runner
    for owner in (runner, runner._takes, runner._making, runner._making._takes):
        owner._library = ailing  # type: ignore[assignment]
    return ailing


@pytest.fixture
def bench(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("studio.dispatch.RETRY_SECONDS", 0.3)
    opened = open_bench(home, Hand(), lanes=2)
    yield opened
    for gate in opened.hand.gate.values():
        gate.set()
    opened.runner.stop()
    opened.library.close()


def approved(bench: Bench, *steps: str) -> Plan:
    plan = bench.plan(*(step(*name.split(" < ")) for name in steps))
    bench.plans.approve(plan.id)
    return plan


def states(bench: Bench, plan: Plan) -> dict[str, JobState]:
    return {step_id: job.state for step_id, job in bench.wait(plan.id).items()}


def begun(bench: Bench, title: str) -> None:
    assert bench.hand.started.setdefault(title, threading.Event()).wait(20)


def test_a_progress_that_cannot_be_written_does_not_end_what_is_being_made(bench: Bench) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    ailing = ail(bench)
    bench.runner.start()
    plan = approved(bench, "copy-1")
    begun(bench, "copy-1")
    failed = threading.Event()

    def once(*given: Any) -> None:
        if not failed.is_set():
            failed.set()
            raise StorageError("away")

    ailing.before["move_job"] = once
    assert failed.wait(20)
    bench.hand.gate["copy-1"].set()
    assert states(bench, plan) == {"copy-1": JobState.DONE}
    assert bench.hand.made == ["copy-1"]


def test_a_read_that_fails_before_anything_is_made_puts_the_take_off(bench: Bench) -> None:
    ailing = ail(bench)
    ailing.fail("file_path", StorageError("away"))
    ailing.fail("asset_for", StorageError("away"), times=2)
    bench.runner.start()
    assert states(bench, approved(bench, "copy-1")) == {"copy-1": JobState.DONE}


def test_a_run_whose_rows_stand_goes_on_whatever_the_database_does_next(bench: Bench) -> None:
    ailing = ail(bench)
    bench.runner.start()
    ailing.fail("project", StorageError("away"))
    assert states(bench, approved(bench, "copy-1")) == {"copy-1": JobState.DONE}


def test_a_take_that_cannot_be_read_fails_alone(bench: Bench) -> None:
    ail(bench).fail("prepared", ValueError("of another version"), times=9, when=lambda plan_id, step_id, take: step_id == "copy-1")
    bench.runner.start()
    plan = approved(bench, "copy-1", "copy-2", "article-1 < copy-1")
    assert states(bench, plan) == {"copy-1": JobState.FAILED, "copy-2": JobState.DONE, "article-1": JobState.FAILED}


def test_a_studio_with_an_unreadable_take_starts_and_says_which(bench: Bench) -> None:
    plan = approved(bench, "copy-1", "copy-2")
    bench.library.set_prepared(plan.id, "copy-1", 0, {"of": "another version"})
    bench.runner.start()
    assert states(bench, plan) == {"copy-1": JobState.FAILED, "copy-2": JobState.DONE}


def test_a_foreign_error_does_not_end_the_thread_that_hands_out_work(bench: Bench) -> None:
    ailing = ail(bench)
    bench.runner.start()
    errors = iter([StorageError("away"), OSError(5, "I/O")])

    def sometimes(*given: Any) -> None:
        for error in errors:
            raise error

    ailing.before["prepared"] = sometimes
    first = approved(bench, "copy-1")
    bench.wait(first.id)
    assert states(bench, approved(bench, "copy-2")) == {"copy-2": JobState.DONE}


def test_a_worker_that_is_lost_while_it_prepares_is_replaced_once(bench: Bench) -> None:
    bench.hand.lost |= {"copy-1": 1, "copy-2": 2}
    bench.runner.start()
    plan = approved(bench, "copy-1", "copy-2")
    assert states(bench, plan) == {"copy-1": JobState.DONE, "copy-2": JobState.FAILED}
    assert [bench.hand.prepared.count(name) for name in ("copy-1", "copy-2")] == [2, 2]
    assert bench.wait(plan.id)["copy-2"].error_code == "worker_lost"


def test_a_cancel_reaches_a_take_that_passes_from_prepare_to_make(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    preparing, go_on = threading.Event(), threading.Event()
    prepare, remove = bench.runner._making.prepare, bench.runner._dispatcher.remove

    def slowly(item: Item) -> Any:
        preparing.set()
        go_on.wait(20)
        return prepare(item)

    def in_between(keys: Any) -> None:
        remove(keys)
        go_on.set()
        begun(bench, "copy-1")  # it is being made now, by another attempt than the cancel has read of

    monkeypatch.setattr(bench.runner._making, "prepare", slowly)
    monkeypatch.setattr(bench.runner._dispatcher, "remove", in_between)
    bench.runner.start()
    plan = approved(bench, "copy-1")
    assert preparing.wait(20)
    assert bench.plans.cancel(plan.id) == 1
    assert states(bench, plan) == {"copy-1": JobState.CANCELLED}
    assert bench.plans.result(plan.id, "copy-1") is None


def test_a_cancelled_plan_is_cancelled_throughout(bench: Bench) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    bench.runner.start()
    plan = approved(bench, "copy-1", "speech-1 < copy-1", "speech-2 < copy-1")
    begun(bench, "copy-1")
    assert bench.plans.cancel(plan.id) == 3
    assert set(states(bench, plan).values()) == {JobState.CANCELLED}


def test_an_input_cancelled_as_soon_as_it_can_be_seen_leaves_nobody_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.runner.start()
    ticket = bench.runner._ticket
    cancelled: list[int] = []

    def first_a_cancel(*given: Any) -> None:
        if not cancelled:
            cancelled.append(0)
            bench.plans.cancel(bench.plans.all(bench.project)[0].id, "copy-1")
        ticket(*given)

    monkeypatch.setattr(bench.runner, "_ticket", first_a_cancel)
    plan = approved(bench, "copy-1", "speech-1 < copy-1")
    assert states(bench, plan) == {"copy-1": JobState.CANCELLED, "speech-1": JobState.FAILED}


def test_work_that_is_put_off_is_not_given_up_by_who_watches(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.plans.STANDSTILL_SECONDS", 0.5)
    until, submit = time.monotonic() + 2.0, bench.runner._dispatcher._submit

    def full(piece: Any) -> None:
        if time.monotonic() < until:
            raise StorageError("No space left on the device.")
        submit(piece)

    monkeypatch.setattr(bench.runner._dispatcher, "_submit", full)
    bench.runner.start()
    plan = approved(bench, "copy-1")
    assert states(bench, plan) == {"copy-1": JobState.DONE}


def test_a_dropped_step_is_no_longer_made(bench: Bench) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    bench.runner.start()
    plan = approved(bench, "copy-1", "copy-2", "copy-3", "music-1")
    begun(bench, "copy-1")
    bench.plans.drop(plan.id, "copy-1")
    assert states(bench, plan)["copy-1"] is JobState.CANCELLED


def test_a_drop_that_is_refused_stops_nothing(bench: Bench) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    bench.runner.start()
    plan = approved(bench, "copy-1")
    begun(bench, "copy-1")
    with pytest.raises(PlanError):
        bench.plans.drop(plan.id, "copy-1")  # nothing would be left of the plan
    bench.hand.gate["copy-1"].set()
    assert states(bench, plan) == {"copy-1": JobState.DONE}


def test_a_run_whose_end_cannot_be_noted_is_made_once_and_frees_its_place(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database of runs goes away after a piece was noted, with an error that DBOS does not wait out."""
    from dbos._dbos import _get_dbos_instance
    from sqlalchemy.exc import ProgrammingError

    bench.runner.start()
    runs = _get_dbos_instance()._sys_db
    note, left = runs.update_workflow_outcome, [3]

    def away(*given: Any, **named: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise ProgrammingError("UPDATE", {}, Exception("the server closed the connection"))
        return note(*given, **named)

    monkeypatch.setattr(runs, "update_workflow_outcome", away)
    plan = approved(bench, "copy-1", "copy-2", "copy-3 < copy-1")
    assert set(states(bench, plan).values()) == {JobState.DONE}
    assert left == [0] and sorted(bench.hand.made) == ["copy-1", "copy-2", "copy-3"]
    assert all(lane.working == 0 for lane in bench.runner.lanes())
