"""Running plans: parallel, cancellable, resumable, and nothing made twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import Conflict, InputError
from domain.job import JobState
from tests.studio.bench import Bench, Hand, open_bench, step


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    opened = open_bench(home, Hand())
    opened.runner.start()
    yield opened
    for gate in opened.hand.gate.values():
        gate.set()
    opened.runner.stop()
    opened.library.close()


def test_every_step_is_made_after_its_inputs(bench: Bench) -> None:
    plan = bench.plan(step("speech-1", "article-1"), step("article-1", "copy-1"), step("copy-1"), step("music-1"))
    bench.plans.approve(plan.id)
    jobs = bench.wait(plan.id)
    assert {job.state for job in jobs.values()} == {JobState.DONE}
    made = bench.hand.made
    assert made.index("copy-1") < made.index("article-1") < made.index("speech-1")
    speech = bench.plans.result(plan.id, "speech-1")
    assert speech is not None
    assert "article-1" in speech.text
    assert speech.parents == (jobs["article-1"].asset_id,)


def test_independent_steps_run_side_by_side(bench: Bench) -> None:
    for name in ("copy-1", "music-1"):
        bench.hand.gate[name] = threading.Event()
    plan = bench.plan(step("copy-1"), step("music-1"))
    bench.plans.approve(plan.id)
    for name in ("copy-1", "music-1"):
        assert bench.hand.started.setdefault(name, threading.Event()).wait(20), name  # both are under way, neither has ended
    for gate in bench.hand.gate.values():
        gate.set()
    assert len(bench.wait(plan.id)) == 2


def test_a_failed_step_is_named_and_what_needs_it_fails_too_while_others_go_on(bench: Bench) -> None:
    bench.hand.failures["article-1"] = 2
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"), step("speech-1", "article-1"))
    bench.plans.approve(plan.id)
    jobs = bench.wait(plan.id)
    assert [jobs[s].state for s in ("copy-1", "article-1", "speech-1")] == [JobState.DONE, JobState.FAILED, JobState.FAILED]
    assert "article-1 broke" in jobs["article-1"].error
    assert "article-1" in jobs["speech-1"].error


def test_one_failure_is_tried_again(bench: Bench) -> None:
    bench.hand.failures["copy-1"] = 1
    plan = bench.plan(step("copy-1"))
    bench.plans.approve(plan.id)
    assert bench.wait(plan.id)["copy-1"].state is JobState.DONE


def test_cancel_stops_a_running_step_and_keeps_a_queued_one_from_starting(bench: Bench) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"))
    bench.plans.approve(plan.id)
    assert bench.hand.started.setdefault("copy-1", threading.Event()).wait(20)
    assert bench.plans.cancel(plan.id) == 2
    jobs = bench.wait(plan.id)
    assert {job.state for job in jobs.values()} == {JobState.CANCELLED}
    assert bench.plans.result(plan.id, "copy-1") is None


def test_a_redo_makes_a_new_version_and_remakes_only_what_depends_on_it(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"), step("music-1"))
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    bench.hand.made.clear()
    bench.plans.redo(plan.id, "copy-1", note="warmer")
    bench.wait(plan.id)
    assert sorted(bench.hand.made) == ["article-1", "copy-1"]
    first, second = bench.library.asset_for(plan.id, "copy-1", 0), bench.plans.result(plan.id, "copy-1")
    assert first is not None
    assert second is not None
    assert (second.previous, second.version, second.take) == (first.id, 2, 1)
    assert "warmer" in second.text
    assert second.recipe.seed != first.recipe.seed


def test_approving_again_makes_only_what_was_changed_since(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"), step("music-1"))
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    bench.hand.made.clear()
    bench.plans.change(plan.id, "music-1", {"seconds": 12})
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    assert bench.hand.made == ["music-1"]
    with pytest.raises(InputError, match="nothing to make"):
        bench.plans.approve(plan.id)


def test_a_plan_under_way_is_not_started_twice(bench: Bench) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    plan = bench.plan(step("copy-1"))
    bench.plans.approve(plan.id)
    with pytest.raises(Conflict, match="already"):
        bench.plans.approve(plan.id)


def test_what_was_under_way_when_the_studio_stopped_is_finished_by_the_next_and_nothing_is_made_twice(home: Path) -> None:
    hand = Hand(gate={"article-1": threading.Event()})
    first = open_bench(home, hand)
    first.runner.start()
    plan = first.plan(step("copy-1"), step("article-1", "copy-1"), step("speech-1", "article-1"))
    first.plans.approve(plan.id)
    assert hand.started.setdefault("article-1", threading.Event()).wait(20)
    first.runner.stop()
    first.library.close()
    hand.gate["article-1"].set()

    second = open_bench(home, hand)
    second.runner.start()
    jobs = second.wait(plan.id)
    second.runner.stop()
    second.library.close()
    assert {job.state for job in jobs.values()} == {JobState.DONE}
    assert sorted(hand.made) == ["article-1", "copy-1", "speech-1"]
    assert sorted(hand.prepared) == ["article-1", "copy-1", "speech-1"]


def test_the_cost_of_a_run_becomes_the_estimate_of_the_next(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"))
    assert bench.plans.estimate(plan).unknown == 1
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    after = bench.plans.estimate(plan)
    assert after.unknown == 0
    assert after.of("copy-1").runs == 1


def test_dropping_a_step_removes_the_inputs_that_named_it(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"))
    edited = bench.plans.drop(plan.id, "copy-1")
    assert [s.id for s in edited.steps] == ["article-1"]
    assert edited.steps[0].inputs == ()
    assert edited.version == 2


def test_a_spec_out_of_range_names_the_field(bench: Bench) -> None:
    plan = bench.plan(step("music-1"))
    with pytest.raises(InputError) as caught:
        bench.plans.change(plan.id, "music-1", {"seconds": 9000})
    assert caught.value.field == "music-1.seconds"
    assert bench.plans.get(plan.id).version == 1


@pytest.mark.parametrize("text", ["", "   \n", "a\x00b"])
def test_a_brief_that_is_no_text_is_refused(bench: Bench, text: str) -> None:
    with pytest.raises(InputError):
        bench.plans.submit(bench.project, text)


def test_a_brief_over_twenty_thousand_characters_is_refused_naming_the_limit(bench: Bench) -> None:
    with pytest.raises(InputError, match="20,000"):
        bench.plans.submit(bench.project, "x" * 20_001)
