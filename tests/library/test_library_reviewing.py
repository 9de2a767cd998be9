"""Review records, comments, preference pairs and deletion in the library, on SQLite and Postgres."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from domain.asset import Asset
from domain.comment import Comment, NodeLine, Region, TextSpan, TimeRange
from domain.errors import Conflict, InputError, NotFound
from domain.job import Job, JobState
from domain.people import AuditEntry, Link
from domain.plan import Plan
from domain.preference import Preference, PreferenceSource
from domain.progress import Silent
from domain.review import Review, ReviewRecord, ReviewState, Verdict, frozen_hash
from library.check import check
from library.database import migrate
from library.library import AssetQuery, Library
from tests.library.samples import WHEN, png

Draft = Callable[..., Asset]


def audited(asset: Asset, person: str = "Ann") -> AuditEntry:
    return AuditEntry(person=person, action="review_moved", subject=asset.id, project_id=asset.project_id, created=WHEN)


def move(library: Library, asset: Asset, to: ReviewState, person: str = "Ann", seen: int | None = None, note: str = "") -> ReviewRecord:
    def change(record: ReviewRecord, stored: Asset) -> tuple[ReviewRecord, Review]:
        verdict = Verdict.APPROVE if to is ReviewState.APPROVED else Verdict.REQUEST_CHANGES
        review = Review(id="", asset_id=stored.id, verdict=verdict, note=note, person=person, created=WHEN)
        return record.model_copy(update={"state": to, "person": person, "note": note}), review

    return library.change_review(asset.id, seen, change, lambda before, after: audited(asset, person))


def put(library: Library, asset: Asset, update: dict[str, object]) -> None:
    library.change_review(asset.id, 0, lambda record, _: (record.model_copy(update=update), None), lambda before, after: audited(asset))


def delete(library: Library, asset: Asset) -> None:
    library.delete_asset(asset.id, None, WHEN, lambda found: audited(found))


def test_an_asset_nobody_reviewed_is_a_draft(library: Library, draft: Draft) -> None:
    asset = library.add_asset(draft(), png())
    assert library.review_record(asset.id) == ReviewRecord(asset_id=asset.id, project_id=asset.project_id)
    assert library.review_records([asset.id]) == {}
    with pytest.raises(NotFound):
        library.review_record("nope")


def test_a_move_is_stored_with_its_verdict_audit_entry_and_event(library: Library, draft: Draft) -> None:
    asset = library.add_asset(draft(), png())
    record = move(library, asset, ReviewState.APPROVED, seen=0, note="Good.")
    assert (record.revision, record.state, record.note) == (1, ReviewState.APPROVED, "Good.")
    assert library.review_record(asset.id) == record == library.review_records([asset.id])[asset.id]
    assert library.verdicts([asset.id]) == {asset.id: Verdict.APPROVE}
    assert [entry.person for entry in library.audited(asset.project_id)] == ["Ann"]
    assert library.events(asset.project_id)[-1].data["state"] == "approved"


def test_of_two_who_decide_at_once_the_second_is_told_and_nothing_is_lost(library: Library, draft: Draft) -> None:
    asset = library.add_asset(draft(), png())

    def decide(person: str) -> str:
        to = ReviewState.APPROVED if person == "Ann" else ReviewState.CHANGES_REQUESTED
        try:
            move(library, asset, to, person, seen=0, note=f"{person} says so.")
        except Conflict as error:
            return str(error)
        return ""

    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            told = dict(zip(("Ann", "Bo"), pool.map(decide, ("Ann", "Bo")), strict=True))
        first = library.review_record(asset.id)
        second = "Bo" if first.person == "Ann" else "Ann"
        assert told[first.person] == ""
        assert f"{first.person} was first" in told[second]
        assert f"{first.person} says so." in told[second]
        assert [review.person for review in library.reviews(asset.id)] == [first.person]
        assert first.revision == 1
        asset = library.add_asset(draft(), png())


def test_a_refused_change_stores_nothing(library: Library, draft: Draft) -> None:
    asset = library.add_asset(draft(), png())

    def refuse(record: ReviewRecord, stored: Asset) -> tuple[ReviewRecord, None]:
        raise InputError("No.")

    with pytest.raises(InputError):
        library.change_review(asset.id, 0, refuse, lambda before, after: audited(asset))
    assert library.review_record(asset.id).revision == 0
    assert library.audited(asset.project_id) == ()


def test_what_waits_for_a_person_is_theirs_or_nobodys_the_first_due_first(library: Library, draft: Draft) -> None:
    due = {"late": WHEN.date(), "later": WHEN.date() + timedelta(days=3), "undated": None, "others": WHEN.date(), "done": WHEN.date()}
    for title, day in due.items():
        asset = library.add_asset(draft(title=title), png())
        state = ReviewState.APPROVED if title == "done" else ReviewState.IN_REVIEW
        update: dict[str, object] = {"state": state, "due": day, "assignee": {"others": "Cy", "later": "Bo"}.get(title, "")}
        put(library, asset, update)
    waiting = library.to_review("Bo", [asset.project_id])
    assert [library.asset(record.asset_id).title for record in waiting] == ["late", "later", "undated"]
    assert library.to_review("Bo", []) == ()


def test_comments_keep_their_place_and_their_thread(library: Library, draft: Draft) -> None:
    asset, other = library.add_asset(draft(), png()), library.add_asset(draft(), png())
    places = (Region(x=0.1, y=0.2, w=0.3, h=0.4), TimeRange(start=1.5, end=2), TextSpan(line=3, quote="cold"), NodeLine(node="gate"), None)
    said = [library.add_comment(Comment(asset_id=asset.id, text="Look.", anchor=place, created=WHEN)) for place in places]
    answer = library.add_comment(Comment(asset_id=asset.id, thread=said[0].id, text="I do.", created=WHEN))
    assert library.comments(asset.id) == (*said, answer)
    assert library.comments(other.id) == ()
    resolved = library.resolve_comment(asset.id, said[0].id, "Ann", WHEN)
    assert (resolved.resolved, resolved.resolved_at, resolved.anchor) == ("Ann", WHEN, places[0])
    assert library.resolve_comment(asset.id, said[0].id, "Bo", None) == said[0]
    for comment in (answer.model_copy(update={"id": "", "thread": answer.id}), answer.model_copy(update={"id": "", "asset_id": other.id})):
        with pytest.raises((InputError, NotFound)):
            library.add_comment(comment)
    for asset_id, comment_id in ((asset.id, answer.id), (other.id, said[0].id), (asset.id, "nope")):
        with pytest.raises((InputError, NotFound)):
            library.resolve_comment(asset_id, comment_id, "Ann", WHEN)


def pair(chosen: Asset, rejected: Asset, reason: str = "") -> Preference:
    return Preference(
        project_id=chosen.project_id,
        source=PreferenceSource.PICK,
        prompt="a red fox",
        chosen=chosen.id,
        rejected=rejected.id,
        reason=reason,
        created=WHEN,
    )


def test_the_last_word_on_a_pair_counts(library: Library, draft: Draft) -> None:
    one, two, three = (library.add_asset(draft(), png()) for _ in range(3))
    library.add_preferences([pair(one, two), pair(one, three)])
    library.add_preferences([pair(two, one, "sharper")])
    assert [(p.chosen, p.reason) for p in library.preferences(one.project_id)] == [(one.id, ""), (two.id, "sharper")]
    assert library.forget_preferences(one.project_id) == 2
    assert library.preferences(one.project_id) == ()


def test_a_deleted_asset_leaves_nothing_that_points_to_it(library: Library, draft: Draft, plan: Plan) -> None:
    kept, gone = library.add_asset(draft(), png(b"one")), library.add_asset(draft(title="Blue heron"), png(b"two"))
    library.put_job(Job(plan_id=plan.id, step_id="picture-1", take=gone.take, state=JobState.DONE, asset_id=gone.id, created=WHEN))
    move(library, gone, ReviewState.CHANGES_REQUESTED)
    library.add_review(Review(id="", asset_id=kept.id, verdict=Verdict.PREFER, over=gone.id, created=WHEN))
    library.add_comment(Comment(asset_id=gone.id, text="No.", created=WHEN))
    library.add_preferences([pair(kept, gone)])
    delete(library, gone)
    with pytest.raises(NotFound):
        library.asset(gone.id)
    assert library.assets(AssetQuery(text="heron")) == ()
    assert library.assets(AssetQuery(text="key visual")) == (kept,)
    assert (library.reviews(kept.id), library.preferences(kept.project_id)) == ((), ())
    assert library.audited(kept.project_id, limit=1)[0].subject == gone.id
    report = check(library, Silent())
    assert report.sound, report


@pytest.mark.parametrize("why", ["approved", "published", "used", "redone", "plan", "link"])
def test_what_is_approved_or_used_is_not_deleted(library: Library, draft: Draft, plan: Plan, why: str) -> None:
    asset = library.add_asset(draft(), png())
    if why in ("approved", "published"):
        move(library, asset, ReviewState(why))
    elif why == "used":
        library.add_asset(draft(parents=(asset.id,), title="Poster"), png())
    elif why == "redone":
        library.add_asset(draft(previous=asset.id), png())
    elif why == "plan":
        step = plan.steps[0].model_copy(update={"title": asset.id})
        library.save_plan(plan.model_copy(update={"version": 2, "steps": (step,)}))
    else:
        link = Link(project_id=asset.project_id, assets=(asset.id,), label="Client", created=WHEN, expires=WHEN + timedelta(days=1))
        library.add_link(link, "a" * 64)
    with pytest.raises(Conflict) as refused:
        delete(library, asset)
    assert refused.value.hint
    assert library.asset(asset.id) == asset


def test_verdicts_from_before_there_were_states_become_states(database_url: str, home: Path) -> None:
    migrate(database_url, to="0004")
    asset = {"id": "a", "project_id": "x", "title": "Key 视觉", "text": "é", "files": [{"name": "a.png", "sha256": "b" * 64}]}
    reviews = (("a", "approve", "Good."), ("b", "approve", ""), ("b", "reject", "Too dark."), ("c", "comment", "Hm."))
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO projects (id, archived, document) VALUES ('x', false, '{}')"))
        for name in "abc":
            values = {"id": name, "document": json.dumps(asset | {"id": name})}
            row = "INSERT INTO assets (id, project_id, step_id, take, kind, document) VALUES (:id, 'x', '', 0, 'picture', :document)"
            connection.execute(text(row), values)
        for number, (asset_id, verdict, note) in enumerate(reviews):
            document = json.dumps({"note": note, "person": "Ann", "created": "2026-01-02T03:04:05Z"})
            values = {"id": str(number), "asset": asset_id, "verdict": verdict, "document": document}
            connection.execute(
                text("INSERT INTO reviews (id, asset_id, verdict, document) VALUES (:id, :asset, :verdict, :document)"), values
            )
    engine.dispose()
    with Library.open(database_url, home) as library:
        records = library.review_records("abc")
    assert {name: (record.state, record.note) for name, record in records.items()} == {
        "a": (ReviewState.APPROVED, "Good."),
        "b": (ReviewState.CHANGES_REQUESTED, "Too dark."),
    }
    whole = Asset.model_validate(
        asset
        | {
            "files": [{"name": "a.png", "sha256": "b" * 64, "media_type": "image/png", "size": 1}],
            "recipe": {"kind": "picture", "maker": "m", "maker_version": 1},
            "created": WHEN,
        }
    )
    assert records["a"].frozen == frozen_hash(whole)
