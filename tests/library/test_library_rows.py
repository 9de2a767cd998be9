"""Projects, plans, jobs, reviews, events, measurements and settings: what is stored comes back, and no one overwrites another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from domain.asset import Asset
from domain.brand import BrandKit
from domain.brief import Attachment, AttachmentUse, Brief
from domain.capability import StepKind
from domain.conversation import Turn
from domain.engine import Footprint
from domain.errors import Conflict, InputError, MaquetteError, NotFound
from domain.events import EventKind
from domain.job import Job, JobState
from domain.people import Member
from domain.plan import Plan
from domain.project import Role
from domain.recipe import Measurement
from domain.review import Review, Verdict
from library.database import Database
from library.files import FileStore
from library.library import Library, Spent
from tests.library.samples import WHEN, png


def test_a_project_is_owned_by_who_made_it_and_its_brand_is_kept(library: Library) -> None:
    project = library.create_project("茶", language="zh", person="Ann")
    assert library.members(project.id) == (Member(person="Ann", role=Role.OWNER),)
    branded = library.save_project(project.model_copy(update={"brand": BrandKit(name="Tea & Co", glossary={"tea": "茶"})}))
    assert library.project(project.id) == branded


def test_archived_projects_leave_the_list_and_stay_readable(library: Library) -> None:
    first, second = library.create_project("One"), library.create_project("Two")
    hidden = library.save_project(first.model_copy(update={"archived": True}))
    assert [p.id for p in library.projects()] == [second.id]
    assert library.projects(archived=True) == (hidden,)
    assert [p.id for p in library.projects(archived=None)] == [second.id, first.id]
    assert library.project(first.id).archived


def test_an_unknown_project_is_not_found(library: Library) -> None:
    with pytest.raises(NotFound):
        library.project("nope")
    with pytest.raises(NotFound):
        library.save_project(library.create_project("x").model_copy(update={"id": "nope"}))


def test_settings_hold_any_json_and_none_removes(library: Library) -> None:
    library.put_setting("models", {"chat": "qwen", "sizes": [1, 2.5, None]})
    library.put_setting("models", {"chat": "smol"})
    assert library.get_setting("models") == {"chat": "smol"}
    library.put_setting("models", None)
    assert library.get_setting("models", "unset") == "unset"


def test_a_number_that_json_cannot_hold_is_refused(library: Library) -> None:
    with pytest.raises(InputError):
        library.put_setting("loudness", float("-inf"))
    assert library.get_setting("loudness") is None


def test_a_brief_keeps_its_attachments(library: Library) -> None:
    project = library.create_project("x")
    ref = library.store_file(b"notes", "notes.txt", "text/plain")
    attachment = Attachment(
        name=ref.name, sha256=ref.sha256, media_type=ref.media_type, size=ref.size, use=AttachmentUse.MATERIAL, text="notes"
    )
    brief = library.add_brief(Brief(id="", project_id=project.id, text="a fox \x00 🦊", attachments=(attachment,), created=WHEN))
    assert brief.id
    assert library.brief(brief.id) == brief
    assert library.file_path(ref.sha256).read_bytes() == b"notes"


def test_a_brief_of_an_unknown_project_is_refused(library: Library) -> None:
    with pytest.raises(NotFound):
        library.add_brief(Brief(id="", project_id="nope", text="x", created=WHEN))


@pytest.mark.parametrize("name", ["", "../a.png", "a/b.png", "a\\b.png", "..", "a\x00b", "a\nb", "x" * 300])
def test_a_file_name_is_only_a_name(library: Library, name: str) -> None:
    with pytest.raises(InputError):
        library.store_file(b"x", name, "image/png")


def test_the_last_turns_come_oldest_first(library: Library) -> None:
    project = library.create_project("x")
    for number in range(5):
        library.add_turn(Turn(id="", project_id=project.id, role="user", text=str(number), created=WHEN))
    assert [turn.text for turn in library.turns(project.id, limit=3)] == ["2", "3", "4"]


def test_every_version_of_a_plan_is_kept(library: Library, plan: Plan) -> None:
    edited = library.save_plan(plan.model_copy(update={"version": 2, "title": "Launch, warmer"}))
    assert library.plan(plan.id) == edited
    assert library.plan(plan.id, 1) == plan
    assert library.latest_plan(plan.project_id) == edited
    with pytest.raises(NotFound):
        library.plan(plan.id, 3)


def test_plans_are_listed_in_their_newest_version(library: Library, plan: Plan) -> None:
    other = library.save_plan(plan.model_copy(update={"id": "", "title": "Other"}))
    edited = library.save_plan(plan.model_copy(update={"version": 2}))
    assert library.plans(plan.project_id) == (other, edited)
    assert library.plans("nope") == ()
    assert library.latest_plan("nope") is None


@pytest.mark.parametrize("version", [1, 3])
def test_an_edit_of_an_older_version_is_a_conflict(library: Library, plan: Plan, version: int) -> None:
    with pytest.raises(Conflict):
        library.save_plan(plan.model_copy(update={"version": version, "title": "late"}))
    assert library.plan(plan.id) == plan


def test_of_two_edits_at_once_one_wins_whole(library: Library, plan: Plan) -> None:
    start = threading.Barrier(4)

    def edit(number: int) -> str:
        start.wait()
        try:
            return library.save_plan(plan.model_copy(update={"version": 2, "title": f"edit {number}"})).title
        except Conflict:
            return ""

    with ThreadPoolExecutor(4) as pool:
        titles = [title for title in pool.map(edit, range(4)) if title]
    assert titles == [library.plan(plan.id).title]


def test_only_the_newest_version_can_be_approved_and_the_first_approval_stands(library: Library, plan: Plan) -> None:
    assert library.approval(plan.id) is None
    first = library.approve(plan.id, 1, "Ann", WHEN)
    assert library.approve(plan.id, 1, "Bob") == first
    assert library.approval(plan.id) == first
    library.save_plan(plan.model_copy(update={"version": 2}))
    with pytest.raises(Conflict):
        library.approve(plan.id, 1, "Ann")
    with pytest.raises(NotFound):
        library.approve("nope", 1)
    library.approve(plan.id, 2, "Bob")
    approval = library.approval(plan.id)
    assert approval is not None
    assert (approval.version, approval.person) == (2, "Bob")


def job(plan: Plan, step: str = "copy-1", take: int = 0, **changes: object) -> Job:
    return Job.model_validate({"plan_id": plan.id, "step_id": step, "take": take, "created": WHEN, **changes})


def test_a_job_is_one_row_per_take(library: Library, plan: Plan) -> None:
    library.put_job(job(plan))
    done = job(plan, state=JobState.DONE, progress=1.0, asset_id="a")
    library.put_job(done)
    again = job(plan, take=1, state=JobState.RUNNING)
    library.put_job(again)
    other = job(plan, "picture-1", state=JobState.FAILED, error="no")
    library.put_job(other)
    assert library.jobs(plan.id) == (done, again, other)
    assert library.latest_jobs(plan.id) == {"copy-1": again, "picture-1": other}
    assert library.job(plan.id, "copy-1") == done
    assert library.job(plan.id, "copy-1", 7) is None
    assert library.unfinished_jobs() == (again,)


def test_a_job_of_an_unknown_plan_is_refused(library: Library) -> None:
    with pytest.raises(NotFound):
        library.put_job(Job(plan_id="nope", step_id="copy-1", created=WHEN))


def test_the_late_result_of_a_replaced_attempt_is_refused(library: Library, plan: Plan) -> None:
    library.put_job(job(plan, attempt="two", state=JobState.RUNNING))

    def late(current: Job) -> Job | None:
        return current.model_copy(update={"state": JobState.DONE}) if current.attempt == "one" else None

    assert library.move_job(plan.id, "copy-1", 0, late) is None
    stored = library.job(plan.id, "copy-1")
    assert stored is not None
    assert (stored.attempt, stored.state) == ("two", JobState.RUNNING)


def test_prepared_parameters_are_kept_per_take(library: Library, plan: Plan) -> None:
    assert library.prepared(plan.id, "picture-1", 0) is None
    library.set_prepared(plan.id, "picture-1", 0, {"scene": {"subjects": [{"what": "fox"}]}})
    library.set_prepared(plan.id, "picture-1", 0, {"scene": {"subjects": []}})
    library.set_prepared(plan.id, "picture-1", 1, {})
    assert library.prepared(plan.id, "picture-1") == {"scene": {"subjects": []}}
    assert library.prepared(plan.id, "picture-1", 1) == {}


def review(asset: Asset, verdict: Verdict, **changes: object) -> Review:
    return Review.model_validate({"id": "", "asset_id": asset.id, "verdict": verdict, "created": WHEN, **changes})


def test_the_last_verdict_stands_and_a_preference_is_none(library: Library, draft: Callable[..., Asset]) -> None:
    one, two = library.add_asset(draft(), png()), library.add_asset(draft(), png())
    library.add_review(review(one, Verdict.REJECT, note="too dark"))
    last = library.add_review(review(one, Verdict.APPROVE))
    pick = library.add_review(review(one, Verdict.PREFER, over=two.id))
    library.add_review(review(two, Verdict.PREFER, over=one.id))
    assert [r.verdict for r in library.reviews(one.id)] == [Verdict.REJECT, Verdict.APPROVE, Verdict.PREFER]
    assert library.reviews(one.id)[1:] == (last, pick)
    assert library.verdicts([one.id, two.id, "nope"]) == {one.id: Verdict.APPROVE}
    assert library.verdicts([]) == {}
    assert library.verdicts([*(f"nope {number}" for number in range(40_000)), one.id]) == {one.id: Verdict.APPROVE}
    with pytest.raises(NotFound):
        library.add_review(review(one.model_copy(update={"id": "nope"}), Verdict.APPROVE))


def test_events_are_numbered_without_gaps_whoever_writes(library: Library) -> None:
    project = library.create_project("x")
    assert library.last_event() == 0

    def write(number: int) -> int:
        return library.add_event(project.id if number % 2 else "", EventKind.JOB, "copy-1", {"n": number}).number

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(write, range(40)))
    assert numbers == list(range(1, 41))
    assert [event.number for event in library.events(after=38)] == [39, 40]
    mine = library.events(project.id, limit=1000)
    assert len(mine) == 20
    assert {event.project_id for event in mine} == {project.id}
    assert library.last_event(project.id) == mine[-1].number


def test_a_listener_never_misses_an_event(library: Library) -> None:
    seen: list[int] = []
    done = threading.Event()

    def listen() -> None:
        while not done.is_set() or library.last_event() > len(seen):
            seen.extend(event.number for event in library.events(after=seen[-1] if seen else 0, limit=7))

    listener = threading.Thread(target=listen)
    listener.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: library.add_event("", EventKind.MODEL, str(n)), range(60)))
    done.set()
    listener.join()
    assert seen == list(range(1, 61))


def test_measurements_are_found_by_what_they_measure(library: Library) -> None:
    for seconds, device in ((1.0, "cpu"), (2.0, "cpu"), (0.1, "cuda")):
        library.add_measurement(Measurement(kind=StepKind.PICTURE, maker="illustrator", model="", device=device, size=1e6, seconds=seconds))
    assert [m.seconds for m in library.measurements(StepKind.PICTURE, device="cpu")] == [2.0, 1.0]
    assert [m.seconds for m in library.measurements(limit=1)] == [0.1]
    assert library.measurements(StepKind.MUSIC) == ()
    assert library.measurements(maker="diffusion") == ()


def test_many_threads_write_at_once_and_all_is_kept(library: Library, plan: Plan) -> None:
    def work(number: int) -> None:
        library.put_job(job(plan, f"copy-{number % 4}", state=JobState.RUNNING, note=str(number)))
        library.set_prepared(plan.id, "copy-1", number, {"n": number})
        library.add_turn(Turn(id="", project_id=plan.project_id, role="user", text=str(number), created=WHEN))

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(work, range(48)))
    assert len(library.jobs(plan.id)) == 4
    assert all(library.prepared(plan.id, "copy-1", number) == {"n": number} for number in range(48))
    assert len(library.turns(plan.project_id)) == 48


def test_two_processes_may_have_the_library_open(library: Library, database_url: str, home: Path) -> None:
    with Library.open(database_url, home) as other:
        project = other.create_project("from the other")
    assert library.project(project.id) == project


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "nosuch://x"])
def test_a_database_url_that_cannot_be_used_is_named(url: str, home: Path) -> None:
    with pytest.raises(MaquetteError) as caught:
        Library.open(url, home)
    assert isinstance(caught.value, InputError)


def test_what_runs_took_is_summed_for_a_plan_and_for_a_person(database_url: str, home: Path) -> None:
    moments = iter(WHEN + timedelta(days=day) for day in range(3))
    Library.open(database_url, home).close()
    database = Database(database_url)
    library = Library(database, FileStore(home / "files"), clock=lambda: next(moments))
    run = Measurement(kind=StepKind.PICTURE, maker="illustrator", model="", device="cpu", size=1e6, seconds=2.0, plan_id="p", person="Ann")
    library.add_measurement(run)
    library.add_measurement(run.model_copy(update={"joules": 30.0}))
    library.add_measurement(run.model_copy(update={"plan_id": "q", "seconds": 5.0}))
    assert library.spent(plan_id="p") == Spent(runs=2, seconds=4.0, joules=30.0)
    assert library.spent(person="Ann") == Spent(runs=3, seconds=9.0, joules=30.0)
    assert library.spent(person="Ann", since=WHEN + timedelta(days=2)) == Spent(runs=1, seconds=5.0)
    assert library.spent(plan_id="p", person="Bob") == Spent()
    database.close()


def test_the_footprint_measured_last_stands(library: Library) -> None:
    library.put_footprint("qwen", "cuda:0", 5_000_000_000, 3.5)
    library.put_footprint("bark", "cpu", 700_000_000, 1.0)
    library.put_footprint("qwen", "cuda:0", 5_200_000_000, 4.0)
    assert library.footprints() == [
        Footprint(key="bark", device="cpu", bytes=700_000_000, load_seconds=1.0),
        Footprint(key="qwen", device="cuda:0", bytes=5_200_000_000, load_seconds=4.0),
    ]
