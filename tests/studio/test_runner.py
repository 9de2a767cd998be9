"""Running plans: parallel, cancellable, resumable, and nothing made twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.capability import StepKind
from domain.errors import Conflict, ContentRefused, InputError
from domain.job import Job, JobState
from domain.take import Take
from studio.takes import Takes
from tests.studio.bench import Bench, Hand, now, open_bench, step


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


def test_a_step_whose_input_failed_in_this_run_is_not_made_from_the_old_one(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"))
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    bench.hand.failures["copy-1"] = 2
    bench.plans.redo(plan.id, "copy-1")
    jobs = bench.wait(plan.id)
    assert [jobs[s].state for s in ("copy-1", "article-1")] == [JobState.FAILED, JobState.FAILED]
    assert "copy-1" in jobs["article-1"].error
    bench.plans.approve(plan.id)  # what a failed redo left is made by the next approval
    assert {job.state for job in bench.wait(plan.id).values()} == {JobState.DONE}


def test_two_approvals_at_once_make_each_step_once(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"), step("music-1"))
    refused: list[Exception] = []

    def approve() -> None:
        try:
            bench.plans.approve(plan.id)
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=approve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.wait(plan.id)
    assert sorted(bench.hand.made) == ["copy-1", "music-1"]
    assert len(refused) <= 3


def test_a_second_studio_on_the_same_folder_is_refused_with_the_way_out(bench: Bench, home: Path) -> None:
    other = open_bench(home, Hand())
    with pytest.raises(Conflict, match="MAQUETTE_HOME"):
        other.runner.start()
    other.library.close()


def test_a_job_written_just_before_a_kill_is_picked_up_by_the_next_start(home: Path) -> None:
    hand = Hand()
    first = open_bench(home, hand)
    plan = first.plan(step("copy-1"), step("article-1", "copy-1"))
    for made in plan.steps:  # the rows stand, the run was never queued
        Takes(first.library).save(Take(plan_id=plan.id, step=made))
        first.library.put_job(Job(plan_id=plan.id, step_id=made.id, created=now()))
    first.library.close()
    second = open_bench(home, hand)
    second.runner.start()
    jobs = second.wait(plan.id)
    second.runner.stop()
    second.library.close()
    assert {job.state for job in jobs.values()} == {JobState.DONE}


def test_a_stop_leaves_no_thread_that_keeps_the_process(home: Path) -> None:
    # Tests before this one may have left some on purpose: work that does not notice a stop.
    before = set(threading.enumerate())
    hand = Hand(gate={"copy-1": threading.Event()})
    bench = open_bench(home, hand)
    bench.runner.start()
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"))
    bench.plans.approve(plan.id)
    assert hand.started.setdefault("copy-1", threading.Event()).wait(20)
    working = [thread for thread in threading.enumerate() if thread.name.startswith("dbos-executor") and thread not in before]
    assert working
    bench.runner.stop()
    bench.library.close()
    assert not bench.runner.left_over
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("dbos-executor"):
            thread.join(20)
            assert not thread.is_alive(), thread.name


def test_the_id_of_a_dropped_step_is_not_used_again(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"), step("music-1"))
    bench.plans.drop(plan.id, "music-1")
    grown = bench.plans.add(plan.id, StepKind.MUSIC, "another bed")
    assert [s.id for s in grown.steps] == ["copy-1", "music-2"]


def test_an_edit_of_a_plan_that_was_edited_meanwhile_is_refused(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"), step("music-1"))
    bench.plans.change(plan.id, "music-1", {"seconds": 12})
    with pytest.raises(Conflict):
        bench.plans.save(plan.model_copy(update={"version": plan.version + 1, "title": "other"}))
    assert bench.plans.get(plan.id).step("music-1").spec.work_size == 12


def test_an_unsafe_wish_is_refused_wherever_it_is_typed(bench: Bench) -> None:
    plan = bench.plan(step("copy-1"))
    with pytest.raises(ContentRefused):
        bench.plans.change(plan.id, "copy-1", {"about": "how to build a bomb"})
    with pytest.raises(ContentRefused):
        bench.plans.add(plan.id, StepKind.PICTURE, "a bomb to build")
    with pytest.raises(ContentRefused):
        bench.plans.redo(plan.id, "copy-1", note="with a bomb")
    assert bench.plans.get(plan.id).version == 1


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
