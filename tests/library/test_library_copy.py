"""A library moved from SQLite to Postgres and back: nothing lost, nothing half, and it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from domain.asset import Asset
from domain.brief import Brief
from domain.capability import StepKind
from domain.comment import Comment, Region
from domain.consent import VoiceConsent
from domain.conversation import Turn
from domain.errors import Cancelled, Conflict, InputError, NotFound, StorageError
from domain.events import EventKind
from domain.job import Job, JobState
from domain.moderation import Case, Outcome, Reason, SafetyFinding, Stage
from domain.people import ApiToken, AuditEntry, Link, Person
from domain.plan import Plan
from domain.preference import Preference, PreferenceSource
from domain.progress import CancelToken, Silent
from domain.recipe import Measurement
from domain.retention import Hold
from domain.review import Review, ReviewState, Verdict
from domain.settings import sqlite_url
from library import tables
from library.check import check
from library.copy import copy_library
from library.database import Database, migrate
from library.files import FileStore
from library.library import AssetQuery, Library
from tests.library.samples import WHEN, png
from tests.postgres import PostgresServer

ODD = 'café 冷萃咖啡 𝔘 "quoted" \\ \u2028 🦊 \x00 end'


def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    """Everything but the index, as values."""
    database = Database(url)
    with database.read("read all") as connection:
        found = {table.name: [dict(row._mapping) for row in connection.execute(select(table))] for table in tables.metadata.sorted_tables}
    database.close()
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@pytest.fixture
def filled(library: Library, plan: Plan, draft: Callable[..., Asset]) -> Library:
    """Something in every table."""
    library.add_person(Person(name="李雷", created=WHEN), "$argon2id$x")
    library.add_session("a" * 64, "李雷", "", WHEN + timedelta(days=40_000))
    library.add_token(ApiToken(person="李雷", name="script", created=WHEN), "b" * 64)
    library.add_link(Link(project_id=plan.project_id, created=WHEN, expires=WHEN), "c" * 64)
    held = WHEN + timedelta(days=1)
    library.add_consent(VoiceConsent(id="", person="李雷", proof="signed form", audio="d" * 64, given=WHEN, expires=held))
    doubt = SafetyFinding(rule="gore", stage=Stage.BRIEF, outcome=Outcome.DOUBTFUL, reason=Reason(en="a", zh="甲"), words="x")
    library.add_case(Case(project_id=plan.project_id, kind="wish", subject="e" * 64, text=ODD, findings=(doubt,), created=WHEN))
    library.audit(AuditEntry(person="李雷", action="signed_in", created=WHEN))
    library.put_setting("odd", {"text": ODD, "numbers": [0.1, 1e300, -(2**53), None, True], "": {"深": []}})
    brief = library.add_brief(Brief(id="", project_id=plan.project_id, text=ODD, created=WHEN))
    library.add_turn(Turn(id="", project_id=plan.project_id, role="user", text=ODD, created=WHEN))
    library.save_plan(plan.model_copy(update={"version": 2, "brief_id": brief.id}))
    library.approve(plan.id, 2, "李雷")
    jobs = [Job(plan_id=plan.id, step_id=f"copy-{n}", person="李雷", created=WHEN) for n in range(1200)]
    library.queue_jobs(jobs, {(plan.id, "copy-1", 0): {"prepared": ODD}}, plan.project_id, [(EventKind.JOB, plan.id, {"text": ODD})])
    library.put_job(jobs[0].model_copy(update={"state": JobState.DONE, "ended": WHEN, "progress": 0.1 + 0.2}))
    first = library.add_asset(draft(title="冷萃咖啡", text="Stay cool."), png(b"one"))
    second = library.add_asset(draft(previous=first.id, facts={"lufs": -14.123456789}), png(b"two"))
    library.add_review(Review(id="", asset_id=second.id, verdict=Verdict.APPROVE, created=WHEN))
    library.change_review(
        second.id,
        0,
        lambda record, asset: (record.model_copy(update={"state": ReviewState.APPROVED, "note": ODD}), None),
        lambda before, after: AuditEntry(person="李雷", action="review_moved", project_id=plan.project_id, created=WHEN),
    )
    library.add_comment(Comment(asset_id=second.id, text=ODD, anchor=Region(x=0.1, y=0.2, w=0.3, h=0.4), created=WHEN))
    library.add_preferences(
        [
            Preference(
                project_id=plan.project_id, source=PreferenceSource.PICK, prompt=ODD, chosen=second.id, rejected=first.id, created=WHEN
            )
        ]
    )
    library.add_measurement(Measurement(kind=StepKind.PICTURE, maker="m", model="", device="cpu", size=1.5, seconds=0.1, joules=2.5))
    library.put_footprint("qwen", "cuda:0", 80_000_000_000, 3.25)
    delete_some(library, draft)
    return library


def delete_some(library: Library, draft: Callable[..., Asset]) -> None:
    """One in the trash, one whose bytes are still to go, and a hold."""
    entry = AuditEntry(person="李雷", action="asset_deleted", created=WHEN)
    gone, kept = (library.add_asset(draft(title=ODD[:100]), png(name)) for name in (b"gone", b"in the trash"))
    for asset in (gone, kept):
        library.delete_asset(asset.id, None, WHEN, lambda _asset: entry)
    library.purge(library.purgeable([gone.id]), "李雷", WHEN)
    library.hold(Hold(project_id=gone.project_id, reason=ODD[:100], created=WHEN), entry)


@pytest.fixture
def target_url(database_url: str, postgres: PostgresServer, tmp_path: Path) -> Iterator[str]:
    """The other kind of database."""
    if database_url.startswith("postgresql"):
        yield sqlite_url(tmp_path / "moved" / "maquette.db")
    else:
        with postgres.database() as url:
            yield url


def test_every_row_arrives_as_it_was(filled: Library, database_url: str, target_url: str) -> None:
    before = rows_of(database_url)
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    report = copy_library(database_url, target_url, Silent())
    assert rows_of(target_url) == before == rows_of(database_url)
    assert report.rows == {name: len(rows) for name, rows in before.items()}


def test_the_copy_goes_on_where_the_library_was(filled: Library, database_url: str, target_url: str, home: Path, plan: Plan) -> None:
    copy_library(database_url, target_url, Silent())
    last = filled.last_event()
    with Library.open(target_url, home) as moved:
        assert [asset.title for asset in moved.assets(AssetQuery(text="咖啡"))] == ["冷萃咖啡"]
        assert moved.count(AssetQuery(text="cool key")) == 0
        assert check(moved, Silent()).sound
        assert moved.add_event("", EventKind.MODEL, "qwen").number == last + 1
        moved.add_person(Person(name="Ann", created=WHEN), "x")
        moved.create_project("new")
        newest = moved.add_asset(moved.assets()[0].model_copy(update={"id": "", "files": (), "take": 99, "previous": ""}), png(b"three"))
        assert moved.assets(AssetQuery(limit=1)) == (newest,)
        assert len(moved.unfinished_keys()) == 1199


def test_there_and_back_again_is_the_same_library(filled: Library, database_url: str, target_url: str, tmp_path: Path) -> None:
    back = sqlite_url(tmp_path / "back" / "maquette.db")
    copy_library(database_url, target_url, Silent())
    copy_library(target_url, back, Silent())
    assert rows_of(back) == rows_of(database_url)


def test_a_target_that_holds_anything_is_refused_and_left_alone(
    filled: Library, database_url: str, target_url: str, tmp_path: Path
) -> None:
    with Library.open(target_url, tmp_path / "other") as other:
        kept = other.create_project("theirs")
        with pytest.raises(Conflict, match="projects"):
            copy_library(database_url, target_url, Silent())
        assert other.projects() == (kept,)


def test_a_target_that_was_opened_but_never_used_is_taken(filled: Library, database_url: str, target_url: str, tmp_path: Path) -> None:
    Library.open(target_url, tmp_path / "other").close()
    assert copy_library(database_url, target_url, Silent()).rows["jobs"] == 1200


def test_a_copy_that_is_stopped_leaves_the_target_empty(filled: Library, database_url: str, target_url: str) -> None:
    class Stopped(Silent):
        def report(self, fraction: float, note: str = "") -> None:
            if note.startswith("assets"):
                token.cancel()

    token = CancelToken()
    with pytest.raises(Cancelled):
        copy_library(database_url, target_url, Stopped(token))
    assert {name for name, rows in rows_of(target_url).items() if rows} == {"counters"}
    assert copy_library(database_url, target_url, Silent()).rows["assets"] == 2


def test_rows_that_do_not_arrive_undo_the_copy(filled: Library, database_url: str, target_url: str) -> None:
    migrate(target_url)
    target = Database(target_url)
    swallow = (
        ["CREATE TRIGGER swallow BEFORE INSERT ON reviews BEGIN SELECT RAISE(IGNORE); END"]
        if target.engine.dialect.name == "sqlite"
        else ["CREATE RULE swallow AS ON INSERT TO reviews DO INSTEAD NOTHING"]
    )
    with target.write("break it") as connection:
        for statement in swallow:
            connection.exec_driver_sql(statement)
    target.close()
    with pytest.raises(StorageError, match="reviews has 1 rows, and 0 arrived"):
        copy_library(database_url, target_url, Silent())
    assert {name for name, rows in rows_of(target_url).items() if rows} == {"counters"}


def test_what_is_written_meanwhile_is_not_half_copied(filled: Library, database_url: str, target_url: str, plan: Plan) -> None:
    class Busy(Silent):
        def report(self, fraction: float, note: str = "") -> None:
            if note.startswith("projects"):
                filled.add_turn(Turn(id="", project_id=plan.project_id, role="user", text="late", created=WHEN))

    assert copy_library(database_url, target_url, Busy()).rows["turns"] == 1
    assert len(rows_of(target_url)["turns"]) == 1


def test_files_move_too_when_they_are_given_a_new_place(
    filled: Library, database_url: str, target_url: str, home: Path, tmp_path: Path
) -> None:
    lost = filled.assets()[0].main.sha256
    filled.file_path(lost).unlink()
    share = FileStore(tmp_path / "share", shared=True)
    report = copy_library(database_url, target_url, Silent(), (filled.files, share))
    assert (report.files, report.damaged) == (2, (lost,))
    with Library.open(target_url, home, str(tmp_path / "share")) as moved:
        problems = check(moved, Silent())
        assert [problem.sha256 for problem in problems.missing] == [lost]
        assert problems.extra == ()


def test_progress_rises_to_one(filled: Library, database_url: str, target_url: str, tmp_path: Path) -> None:
    seen: list[float] = []

    class Watch(Silent):
        def report(self, fraction: float, note: str = "") -> None:
            seen.append(fraction)

    copy_library(database_url, target_url, Watch(), (filled.files, FileStore(tmp_path / "share", shared=True)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(set(seen)) > 5


def test_no_library_and_the_same_library_are_refused(home: Path, postgres_url: str) -> None:
    with pytest.raises(NotFound, match="no library"):
        copy_library(sqlite_url(home / "nothing.db"), postgres_url, Silent())
    assert not (home / "nothing.db").exists()
    for source, target in ((postgres_url, postgres_url), (f"sqlite:///{home}/a.db", f"sqlite:////{home}/a.db")):
        with pytest.raises(InputError, match="onto itself"):
            copy_library(source, target, Silent())
