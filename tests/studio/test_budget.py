"""Quotes and budgets on a real library: what is kept at approval, what is said after, and what is refused before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.brand import BrandKit
from domain.brief import Brief
from domain.capability import Capability, StepKind
from domain.engine import DeviceState, ExecutorState, Resident
from domain.errors import LimitError, ModelMissing
from domain.job import Job, JobState
from domain.plan import Plan, Step
from domain.recipe import Measurement, ModelRef, Trace
from library.library import Library
from studio.budget import Budget, Budgets, Used, midnight
from studio.estimate import PlanEstimate, StepEstimate
from studio.makers import Maker, Makers
from studio.quotes import Quotes, corrected, keep_quote, quote_of, route_of, worked
from tests.studio.bench import Hand, step

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as opened:
        yield opened


def saved(library: Library, *steps: Step, plan_id: str = "p") -> Plan:
    project = library.create_project("Test")
    brief = library.add_brief(Brief(id="", project_id=project.id, text="Make it.", created=NOON))
    return library.save_plan(Plan(id=plan_id, project_id=project.id, brief_id=brief.id, title="Harbour", steps=steps))


def cost(seconds: float, unknown: int = 0, **steps: float | None) -> PlanEstimate:
    rows = tuple(StepEstimate(step_id=name.replace("_", "-"), seconds=value) for name, value in steps.items())
    return PlanEstimate(steps=rows, seconds=seconds, unknown=unknown, makespan=seconds, low=seconds / 2, p90=seconds * 2)


def job(step_id: str, state: JobState = JobState.DONE, *, start: float = 0, end: float | None = None, **more: object) -> Job:
    times = {"created": NOON, "started": NOON + timedelta(seconds=start), "ended": None if end is None else NOON + timedelta(seconds=end)}
    return Job.model_validate({"plan_id": "p", "step_id": step_id, "state": state, **times, **more})


def measured(library: Library, seconds: float, *, plan_id: str = "p", person: str = "ada") -> None:
    row = {"kind": "copy", "maker": "writer", "model": "m", "device": "cpu", "size": 1, "seconds": seconds}
    library.add_measurement(Measurement.model_validate({**row, "plan_id": plan_id, "person": person}))


# What a budget refuses

PLAN = Plan(id="p", project_id="x", brief_id="b", title="Harbour", steps=(step("copy-1"),))


def test_a_plan_within_its_budget_passes() -> None:
    Budget(plan_seconds=100, person_seconds=100).check(PLAN, cost(40), "ada", Used(plan=60, person=60))


def test_no_budget_refuses_nothing() -> None:
    Budget().check(PLAN, cost(1e9), "ada", Used(plan=1e9, person=1e9))


def test_the_refusal_names_what_is_over_by_how_much_and_the_way_out() -> None:
    with pytest.raises(LimitError) as refused:
        Budget(plan_seconds=100).check(PLAN, cost(50), "ada", Used(plan=80))
    assert "'Harbour' has 80 s of 1.7 min used" in refused.value.message and "30 s over" in refused.value.message
    assert "Drop steps" in refused.value.hint and "Settings" in refused.value.hint and refused.value.field == "budget"


def test_both_budgets_are_named_when_both_are_exceeded() -> None:
    with pytest.raises(LimitError) as refused:
        Budget(plan_seconds=10, person_seconds=3600).check(PLAN, cost(50), "ada", Used(person=3580))
    assert "'Harbour'" in refused.value.message and "ada has today 59.7 min of 60.0 min" in refused.value.message


def test_steps_that_were_never_measured_do_not_block_but_are_said() -> None:
    Budget(plan_seconds=100).check(PLAN, cost(0, unknown=3), "ada", Used(plan=99))
    with pytest.raises(LimitError, match="Not counted, because never measured: 3 of its steps"):
        Budget(plan_seconds=100).check(PLAN, cost(20, unknown=3), "ada", Used(plan=99))


def test_a_budget_that_is_used_up_lets_nothing_in_not_even_what_is_unknown() -> None:
    with pytest.raises(LimitError):
        Budget(person_seconds=100).check(PLAN, cost(0, unknown=1), "ada", Used(person=100))


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), 1e12])
def test_a_budget_is_a_number_of_seconds(wrong: float) -> None:
    with pytest.raises(ValidationError):
        Budget(plan_seconds=wrong)


# What is used


def test_a_budget_is_kept_and_taken_away(library: Library) -> None:
    budgets = Budgets(library, lambda: NOON)
    assert budgets.get() == Budget()
    budgets.set(Budget(plan_seconds=60, person_seconds=5))
    assert Budgets(library, lambda: NOON).get() == Budget(plan_seconds=60, person_seconds=5)
    budgets.set(Budget())
    assert library.get_setting("budget") is None


def test_what_others_or_other_plans_took_is_not_counted(library: Library) -> None:
    budgets = Budgets(library, lambda: datetime.now(UTC))
    budgets.set(Budget(plan_seconds=100, person_seconds=100))
    measured(library, 10)
    measured(library, 20, person="ben")
    measured(library, 40, plan_id="other")
    assert budgets.used("p", "ada") == Used(plan=30, person=50)
    assert budgets.used("p", "") == Used(plan=30, person=0)


def test_a_day_ends_at_midnight_and_a_plan_never(library: Library) -> None:
    budgets = Budgets(library, lambda: datetime.now(UTC) + timedelta(days=1))
    budgets.set(Budget(plan_seconds=100, person_seconds=100))
    measured(library, 10)
    assert budgets.used("p", "ada") == Used(plan=10, person=0)
    assert (midnight(NOON).hour, midnight(NOON).minute) == (0, 0) and midnight(NOON) <= NOON < midnight(NOON) + timedelta(days=1)


def test_what_is_being_made_counts_by_its_quote_so_that_two_plans_do_not_spend_the_same_seconds(library: Library) -> None:
    plan = saved(library, step("copy-1"), step("music-1"))
    budgets = Budgets(library, lambda: NOON)
    budgets.set(Budget(plan_seconds=100, person_seconds=100))
    keep_quote(library, plan, cost(70, copy_1=30.0, music_1=40.0), {"copy-1": 0, "music-1": 0})
    for step_id in ("copy-1", "music-1"):
        library.put_job(job(step_id, JobState.QUEUED, person="ada"))
    assert budgets.used("p", "ada") == Used(plan=70, person=70)
    with pytest.raises(LimitError):
        budgets.require(PLAN.model_copy(update={"id": "q"}), cost(31), "ada")
    budgets.require(PLAN.model_copy(update={"id": "q"}), cost(31), "ben")
    library.put_job(job("music-1", JobState.CANCELLED, end=1, person="ada"))
    assert budgets.used("p", "ada") == Used(plan=30, person=30)


# What was quoted, and what it took


def test_a_quote_is_kept_and_the_next_run_of_the_plan_replaces_it(library: Library) -> None:
    plan = saved(library, step("copy-1"), step("music-1"))
    assert quote_of(library, "p") is None
    keep_quote(library, plan, cost(70, copy_1=30.0, music_1=40.0), {"copy-1": 0, "music-1": 0})
    keep_quote(library, plan, cost(50, copy_1=50.0), {"copy-1": 1})
    found = quote_of(library, "p")
    assert found is not None and (found.takes, found.estimate.seconds) == ({"copy-1": 1}, 50)
    # The other step may still be in the making: what it will cost is still known.
    assert (found.estimate.of("copy-1").seconds, found.estimate.of("music-1").seconds) == (50, 40)


def test_after_the_run_the_quote_is_corrected(library: Library) -> None:
    plan = saved(library, step("copy-1"), step("music-1"))
    quote = keep_quote(library, plan, cost(62, unknown=1, copy_1=None, music_1=60.0), {"copy-1": 0, "music-1": 0})
    jobs = {"copy-1": job("copy-1", start=1, end=20), "music-1": job("music-1", start=3, end=59)}
    traces = {
        ("copy-1", 0): Trace(seconds=18, joules=5, peak_bytes=7),
        ("music-1", 0): Trace(stages={"queue": 9, "prepare": 2, "make": 50}),
    }
    found = corrected(quote, jobs, traces)
    assert found is not None
    assert (found.quoted, found.low, found.p90, found.unknown, found.took) == (62, 31, 124, 1, 58)
    assert [(s.step_id, s.quoted, s.took) for s in found.steps] == [("copy-1", None, 18), ("music-1", 60, 52)]
    # The energy of one of them could not be read: there is no sum.
    assert (found.joules, found.peak_bytes) == (None, 7)


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.FAILED, JobState.CANCELLED])
def test_a_run_that_is_not_made_whole_is_not_compared(library: Library, state: JobState) -> None:
    plan = saved(library, step("copy-1"), step("music-1"))
    quote = keep_quote(library, plan, cost(62), {"copy-1": 0, "music-1": 0})
    jobs = {"copy-1": job("copy-1", start=1, end=20), "music-1": job("music-1", state, start=3, end=59)}
    assert corrected(quote, jobs, {}) is None
    assert corrected(quote, {"copy-1": jobs["copy-1"]}, {}) is None


def test_another_take_is_not_what_was_quoted(library: Library) -> None:
    quote = keep_quote(library, saved(library, step("copy-1")), cost(62), {"copy-1": 1})
    assert corrected(quote, {"copy-1": job("copy-1", start=1, end=20, take=0)}, {}) is None


def test_waiting_is_no_work() -> None:
    assert worked(Trace(stages={"queue": 100, "prepare": 1, "load": 3, "make": 5})) == 6
    assert worked(Trace(seconds=4)) == 4
    assert worked(Trace()) is None


# The makers, models and devices that are here now


def test_runs_of_another_model_or_of_a_device_that_is_gone_are_not_quoted(library: Library) -> None:
    plan = saved(library, step("copy-1"))
    hand = Hand().maker(StepKind.COPY)
    maker = Maker(**{**vars(hand), "models": lambda parameters: (ModelRef(id="new"),)})
    makers = Makers([maker], lambda step, brand: "")
    state = ExecutorState(name="test", devices=(DeviceState(name="cpu"),))
    quotes = Quotes(library, makers, {"hand": 1}, lambda: state)
    row = {"kind": "copy", "maker": "hand-copy", "size": plan.step("copy-1").spec.work_size, "steps": 0}
    for model, device, seconds in (("new", "cpu", 3.0), ("old", "cpu", 9.0), ("new", "cuda:0", 1.0)):
        library.add_measurement(Measurement.model_validate({**row, "model": model, "device": device, "seconds": seconds}))
    found = quotes.estimate(plan)
    assert (found.makespan, found.of("copy-1").runs, found.of("copy-1").model) == (3, 1, "new")
    assert quotes.estimate(plan, only=()).steps == ()


def test_a_kind_that_nothing_here_can_make_is_unknown(library: Library) -> None:
    plan = saved(library, step("copy-1"), step("music-1"))
    quotes = Quotes(library, Makers([Hand().maker(StepKind.COPY)], lambda step, brand: ""), {}, lambda: ExecutorState(name="test"))
    assert quotes.estimate(plan).unknown == 2


def test_weights_in_memory_are_known_by_the_maker_the_model_or_its_hash() -> None:
    sha256 = "ab" * 32

    def maker(name: str, prepares_with_chat: bool = False) -> Maker:
        return Maker(
            kind=StepKind.SPEECH,
            name=name,
            version=1,
            lane="media",
            prepare=Hand().maker(StepKind.SPEECH).prepare,
            models=lambda parameters: (ModelRef(id="voice-82m", sha256=sha256),),
            capability=lambda: Capability(kind=StepKind.SPEECH, maker=name),
            make=lambda works, progress: [],
            prepares_with_chat=prepares_with_chat,
        )

    held = {
        key: route_of(maker("kokoro"), [Resident(key=key, device="cpu")]).loaded for key in ("kokoro/x", f"k/{sha256[:16]}", "voice-82m")
    }
    assert held == dict.fromkeys(held, True)
    assert not route_of(maker("kokoro"), [Resident(key="bark/x", device="cpu")]).loaded
    assert not route_of(maker("kokoro"), []).loaded
    route = route_of(maker("kokoro", prepares_with_chat=True), [])
    assert (route.lane, route.prepare_lane, route.model) == ("media", "chat", "voice-82m")


def test_a_maker_whose_models_are_not_known_yet_is_quoted_from_all_its_runs() -> None:
    def no_models(parameters: object) -> tuple[ModelRef, ...]:
        raise ModelMissing("The chat model is being fetched.")

    maker = Maker(**{**vars(Hand().maker(StepKind.COPY)), "models": no_models})
    assert route_of(maker, []).model == ""
    assert Makers([maker], lambda step, brand: "").choose(step("copy-1"), BrandKit()).name == "hand-copy"
