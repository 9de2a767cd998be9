"""Jobs by the hundred: queued together or not at all, told of in the transaction that changes them, counted cheaply."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.errors import NotFound
from domain.events import EventKind
from domain.job import Job, JobState
from domain.plan import Plan, Step
from domain.specs import CopySpec
from library.events import News
from library.library import Library
from tests.library.samples import WHEN


def jobs_of(plan: Plan, count: int, **fields: object) -> list[Job]:
    return [Job.model_validate({"plan_id": plan.id, "step_id": f"copy-{n}", "created": WHEN, **fields}) for n in range(count)]


def told(job: Job) -> tuple[EventKind, str, dict[str, str]]:
    return EventKind.JOB, f"{job.plan_id}/{job.step_id}", {"state": job.state.value}


def test_many_takes_are_queued_with_their_events_in_one_go(library: Library, plan: Plan) -> None:
    before = library.add_event(plan.project_id, EventKind.PLAN, plan.id).number
    jobs = jobs_of(plan, 60, person="Ann")
    library.queue_jobs(jobs, {(plan.id, job.step_id, 0): {"n": job.step_id} for job in jobs}, plan.project_id, [told(job) for job in jobs])
    assert set(library.jobs(plan.id)) == set(jobs)
    assert library.prepared(plan.id, "copy-59") == {"n": "copy-59"}
    events = library.events(plan.project_id, after=before)
    assert [event.number for event in events] == list(range(before + 1, before + 61))
    assert [event.subject for event in events] == [f"{plan.id}/copy-{n}" for n in range(60)]
    assert library.add_event("", EventKind.MODEL, "qwen").number == before + 61


def test_takes_of_an_unknown_plan_leave_nothing_behind(library: Library, plan: Plan) -> None:
    good, bad = jobs_of(plan, 1)[0], Job(plan_id="nowhere", step_id="copy-1", created=WHEN)
    with pytest.raises(NotFound):
        library.queue_jobs([good, bad], {(plan.id, "copy-0", 0): {}}, plan.project_id, [told(good)])
    assert library.jobs(plan.id) == ()
    assert library.prepared(plan.id, "copy-0") is None
    assert library.last_event() == 0


def test_queueing_again_starts_a_take_afresh(library: Library, plan: Plan) -> None:
    (job,) = jobs_of(plan, 1)
    library.put_job(job.model_copy(update={"state": JobState.FAILED, "ended": WHEN}))
    library.queue_jobs([job], {(plan.id, "copy-0", 0): {"second": True}}, plan.project_id)
    assert library.job(plan.id, "copy-0") == job
    assert library.prepared(plan.id, "copy-0") == {"second": True}
    assert library.last_event() == 0


def test_nothing_to_queue_is_nothing(library: Library, plan: Plan) -> None:
    library.queue_jobs([], {}, plan.project_id)
    assert library.jobs(plan.id) == ()


def test_a_change_and_its_event_are_stored_together(library: Library, plan: Plan) -> None:
    (job,) = jobs_of(plan, 1)
    library.put_job(job)

    def done(current: Job) -> Job:
        return current.model_copy(update={"state": JobState.DONE})

    def tell(changed: Job) -> News:
        return plan.project_id, EventKind.JOB, f"{plan.id}/copy-0", {"state": changed.state.value}

    def broken(changed: Job) -> News:
        raise RuntimeError(changed.state.value)

    with pytest.raises(RuntimeError, match="done"):
        library.move_job(plan.id, "copy-0", 0, done, broken)
    assert library.job(plan.id, "copy-0") == job
    library.move_job(plan.id, "copy-0", 0, lambda _current: None, tell)
    assert library.last_event() == 0
    library.move_job(plan.id, "copy-0", 0, done, tell)
    (event,) = library.events()
    assert event.data == {"state": "done"}
    assert library.move_job(plan.id, "copy-0", 0, done) is not None
    assert library.last_event() == event.number


def test_what_has_not_ended_is_known_without_its_documents_oldest_first(library: Library, plan: Plan) -> None:
    other = library.save_plan(
        Plan(id="", project_id=plan.project_id, brief_id="", title="B", steps=(Step(id="copy-1", title="t", spec=CopySpec(about="x")),))
    )
    east = timezone(timedelta(hours=8))
    library.put_job(Job(plan_id=plan.id, step_id="b", state=JobState.RUNNING, person="Ann", created=WHEN.astimezone(east)))
    library.put_job(Job(plan_id=other.id, step_id="a", take=2, created=WHEN - timedelta(milliseconds=1)))
    for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED):
        library.put_job(Job(plan_id=plan.id, step_id=state.value, state=state, created=WHEN))
    first, second = library.unfinished_keys()
    assert first[:4] == (other.id, "a", 2, "queued")
    assert second[:4] == (plan.id, "b", 0, "running")
    assert (second.person, second.project_id) == ("Ann", plan.project_id)
    assert datetime.fromisoformat(second.created) == WHEN
    assert [job.step_id for job in library.unfinished_jobs()] == ["a", "b"]


def test_jobs_that_ended_well_are_counted_from_a_moment_on(library: Library, plan: Plan) -> None:
    for number, state in enumerate((JobState.DONE, JobState.DONE, JobState.FAILED, JobState.DONE)):
        library.put_job(Job(plan_id=plan.id, step_id=f"s{number}", state=state, created=WHEN, ended=WHEN + timedelta(minutes=number)))
    assert library.jobs_done_since(WHEN) == 3
    assert library.jobs_done_since((WHEN + timedelta(minutes=1)).astimezone(UTC)) == 2
    assert library.jobs_done_since(WHEN + timedelta(hours=1)) == 0


def test_many_queue_and_move_at_once_and_every_event_is_there_once(library: Library, plan: Plan) -> None:
    library.queue_jobs(jobs_of(plan, 20), {}, plan.project_id)

    def work(number: int) -> None:
        if number % 3 == 0:
            library.queue_jobs(jobs_of(plan, 20, take=1), {}, plan.project_id, [told(job) for job in jobs_of(plan, 20)])
        else:
            tell: News = (plan.project_id, EventKind.JOB, plan.id, {"n": number})
            library.move_job(plan.id, f"copy-{number % 20}", 0, lambda job: job.model_copy(update={"note": str(number)}), lambda _job: tell)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(60)))
    assert [event.number for event in library.events(limit=1000)] == list(range(1, 20 * 20 + 40 + 1))
    assert len(library.jobs(plan.id)) == 40
