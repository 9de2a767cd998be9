"""Review with a real library and runner: who may do what, what is frozen, what is made again, where things come from, preference pairs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.asset import Asset
from domain.capability import StepKind
from domain.comment import NodeLine, Region, TextSpan, TimeRange
from domain.dialogue import DIALOGUE_MEDIA_TYPE
from domain.errors import Conflict, InputError, NotAllowed, NotFound, PlanError
from domain.people import Caller
from domain.project import Role
from domain.recipe import OutputFile, Recipe
from domain.review import MOVES, ReviewState, Verdict
from studio.comments import Comments
from studio.family import Families
from studio.people import People
from studio.preferences import Preferences
from studio.projects import Projects
from studio.reviews import Reviews
from studio.rights import Rights
from tests.agents.writers.game.scenes import RICH
from tests.studio.bench import Bench, Hand, now, open_bench, step

DRAFT, IN_REVIEW, CHANGES, APPROVED, PUBLISHED = ReviewState
ED, REV, VIC = Caller(person="Ed"), Caller(person="Rev"), Caller(person="Vic")
OWNER = Caller(person="Ada")


@dataclass
class Table:
    bench: Bench
    reviews: Reviews
    preferences: Preferences

    def make(self) -> dict[str, Asset]:
        """A plan of article-1 made from copy-1, finished. By step id."""
        plan = self.bench.plan(step("copy-1"), step("article-1", "copy-1"))
        self.bench.plans.approve(plan.id)
        self.bench.wait(plan.id)
        return self.newest(plan.id)

    def newest(self, plan_id: str) -> dict[str, Asset]:
        return self.bench.library.latest_assets(plan_id)

    def move(self, asset: Asset, to: ReviewState, caller: Caller = REV, note: str = "") -> None:
        seen = self.bench.library.review_record(asset.id).revision
        self.reviews.move(asset.id, to, caller, seen=seen, note=note)

    def redo(self, asset: Asset, note: str = "warmer") -> Asset:
        self.bench.plans.redo(asset.plan_id, asset.step_id, note=note)
        self.bench.wait(asset.plan_id)
        return self.newest(asset.plan_id)[asset.step_id]


@pytest.fixture
def table(home: Path) -> Iterator[Table]:
    bench = open_bench(home, Hand())
    people = People(bench.library)
    for name, role in (("Ada", None), ("Ed", Role.EDITOR), ("Rev", Role.REVIEWER), ("Vic", Role.VIEWER)):
        people.add(name, "correct horse")
        if role is not None:
            people.set_role(bench.project, name, role)
    bench.runner.start()
    yield Table(bench, Reviews(bench.library, bench.plans, Rights(bench.library), now), Preferences(bench.library, now))
    bench.runner.stop()
    bench.library.close()


def test_what_can_be_done_follows_from_state_and_role(table: Table) -> None:
    asset = table.make()["copy-1"]
    assert table.reviews.shown(asset.id, VIC).moves == ()
    assert set(table.reviews.shown(asset.id, REV).moves) == {APPROVED, CHANGES}
    assert set(table.reviews.shown(asset.id, ED).moves) == {IN_REVIEW, APPROVED, CHANGES}
    with pytest.raises(NotAllowed):
        table.move(asset, IN_REVIEW, REV)
    table.move(asset, IN_REVIEW, ED)
    table.move(asset, APPROVED, REV)
    with pytest.raises(NotAllowed):
        table.move(asset, PUBLISHED, REV)
    table.move(asset, PUBLISHED, ED)
    assert table.reviews.shown(asset.id, ED).moves == ()
    table.move(asset, APPROVED, OWNER)
    for start, to in {(start, to) for start in ReviewState for to in ReviewState} - set(MOVES):
        if start is APPROVED:
            with pytest.raises(Conflict):
                table.move(asset, to, OWNER, note="x")


def test_every_move_is_written_down_with_who_and_why(table: Table) -> None:
    asset = table.make()["copy-1"]
    table.move(asset, IN_REVIEW, ED, "Please look.")
    table.move(asset, CHANGES, REV, "Too long.")
    entries = [entry for entry in table.bench.library.audited(asset.project_id) if entry.action == "review_moved"]
    told = [(entry.person, entry.subject, entry.data["from"], entry.data["to"], entry.data["note"]) for entry in reversed(entries)]
    assert told == [
        ("Ed", asset.id, "draft", "in_review", "Please look."),
        ("Rev", asset.id, "in_review", "changes_requested", "Too long."),
    ]
    assert [(review.verdict, review.note) for review in table.bench.library.reviews(asset.id)] == [(Verdict.REQUEST_CHANGES, "Too long.")]


def test_who_decides_on_what_they_no_longer_see_is_told_what_was_decided(table: Table) -> None:
    asset = table.make()["copy-1"]
    table.reviews.move(asset.id, APPROVED, REV, seen=0, note="Print it.")
    with pytest.raises(Conflict, match=r"Rev was first: it is now approved\. Print it\."):
        table.reviews.move(asset.id, CHANGES, ED, seen=0, note="Shorter.")
    assert table.bench.library.verdicts([asset.id]) == {asset.id: Verdict.APPROVE}


def test_a_verdict_of_a_card_moves_the_state_but_not_of_what_is_published(table: Table) -> None:
    asset = table.make()["copy-1"]
    for verdict, state in ((Verdict.APPROVE, APPROVED), (Verdict.REJECT, CHANGES), (Verdict.REQUEST_CHANGES, CHANGES)):
        table.reviews.give(asset.id, verdict, person="Rev")
        assert table.bench.library.review_record(asset.id).state is state
    table.reviews.give(asset.id, Verdict.COMMENT, note="Hm.", person="Rev")
    assert table.bench.library.review_record(asset.id).state is CHANGES
    table.move(asset, APPROVED)
    table.move(asset, PUBLISHED, ED)
    with pytest.raises(Conflict, match="published"):
        table.reviews.give(asset.id, Verdict.REJECT, person="Rev")


def test_an_approval_is_frozen_and_shows_what_changed_since(table: Table) -> None:
    asset = table.make()["copy-1"]
    table.move(asset, APPROVED)
    record = table.bench.library.review_record(asset.id)
    assert len(record.frozen) == 64
    assert table.reviews.changed(record) == ()
    later = table.redo(asset)
    changed = table.reviews.shown(asset.id, REV).changed
    assert [(change.kind, change.asset_id, change.version) for change in changed] == [("version", later.id, 2)]
    table.bench.plans.change(asset.plan_id, "copy-1", {"about": "something else"})
    assert [change.kind for change in table.reviews.shown(asset.id, REV).changed] == ["version", "spec"]
    forged = record.model_copy(update={"frozen": "0" * 64})
    assert table.reviews.changed(forged)[0].kind == "content"
    table.move(asset, PUBLISHED, ED)
    assert table.bench.library.review_record(asset.id).frozen == record.frozen
    assert table.bench.library.review_record(later.id).state is DRAFT


def test_asked_for_changes_make_a_new_take_by_the_note_and_the_editor_hands_it_in(table: Table) -> None:
    asset = table.make()["copy-1"]
    seen = table.reviews.assign(asset.id, "Rev", date(2026, 1, 9), ED, seen=0).revision
    table.reviews.move(asset.id, IN_REVIEW, ED, seen=seen)
    with pytest.raises(InputError, match="not said"):
        table.move(asset, CHANGES, REV)
    table.move(asset, CHANGES, REV, "Warmer, please")
    redone = table.reviews.redo(table.bench.library.review_record(asset.id), "Rev")
    assert (set(redone.steps), redone.error) == ({"copy-1", "article-1"}, ())
    table.bench.wait(asset.plan_id)
    later = table.newest(asset.plan_id)["copy-1"]
    assert "Warmer, please" in later.text
    assert (later.previous, later.person) == (asset.id, "Rev")
    table.move(later, IN_REVIEW, ED)
    record = table.bench.library.review_record(later.id)
    assert (record.assignee, record.due) == ("Rev", date(2026, 1, 9))


def test_a_redo_that_cannot_start_says_why_and_the_decision_stands(table: Table) -> None:
    asset = table.make()["copy-1"]
    table.move(asset, CHANGES, REV, "A bomb in it")
    record = table.bench.library.review_record(asset.id)
    assert "Weapons" in str(table.reviews.redo(record, "Rev").error[0])
    assert table.bench.library.review_record(asset.id).state is CHANGES


def test_the_list_of_what_waits_is_of_each_reviewer(table: Table) -> None:
    made = table.make()
    for asset in made.values():
        table.move(asset, IN_REVIEW, ED)
    seen = table.bench.library.review_record(made["copy-1"].id).revision
    table.reviews.assign(made["copy-1"].id, "Ed", None, REV, seen=seen)
    listed = {
        caller.person: {asset.step_id for _, asset in table.reviews.waiting(caller, [table.bench.project])} for caller in (ED, REV, VIC)
    }
    assert listed == {"Ed": {"copy-1", "article-1"}, "Rev": {"article-1"}, "Vic": set()}
    with pytest.raises(InputError, match="may not review"):
        table.reviews.assign(made["copy-1"].id, "Vic", None, REV, seen=seen + 1)


def test_many_at_once_and_what_cannot_be_moved_is_told_apart(table: Table) -> None:
    made = table.make()
    table.move(made["copy-1"], APPROVED)
    done = table.reviews.move_many([asset.id for asset in made.values()] + ["nope"], APPROVED, REV)
    told = {one.asset_id: one.record.state if one.record else str(one.error[0]) for one in done}
    assert told[made["article-1"].id] is APPROVED
    assert "cannot become approved" in str(told[made["copy-1"].id])
    assert "nope" in str(told["nope"])
    with pytest.raises(InputError):
        table.reviews.move_many([], APPROVED, REV)


def test_what_is_approved_or_used_is_deleted_only_after_the_way_out(table: Table) -> None:
    made = table.make()
    copy, article = made["copy-1"], made["article-1"]
    table.move(article, APPROVED)
    with pytest.raises(Conflict, match="was used for article-1"):
        table.reviews.delete(copy.id, "Ed", seen=0)
    with pytest.raises(Conflict, match="is approved"):
        table.reviews.delete(article.id, "Ed", seen=1)
    table.move(article, CHANGES, REV, "Not this one.")
    with pytest.raises(Conflict, match="was first"):
        table.reviews.delete(article.id, "Ed", seen=1)
    table.reviews.delete(article.id, "Ed", seen=2)
    table.reviews.delete(copy.id, "Ed", seen=0)
    assert table.newest(copy.plan_id) == {}
    assert table.bench.plans.stale(table.bench.plans.get(copy.plan_id)) == {"copy-1", "article-1"}


# Comments


def stored(table: Table, kind: StepKind, media_type: str, data: bytes, text: str = "", **facts: float) -> Asset:
    recipe = Recipe(kind=kind, maker="m", maker_version=1)
    draft = Asset(id="", project_id=table.bench.project, title="It", files=(), recipe=recipe, text=text, facts=dict(facts), created=now())
    return table.bench.library.add_asset(draft, [OutputFile("it.bin", media_type, data)])


def test_a_comment_is_pinned_only_where_there_is_something(table: Table) -> None:
    comments = Comments(table.bench.library, now)
    picture = stored(table, StepKind.PICTURE, "image/png", b"1")
    sound = stored(table, StepKind.MUSIC, "audio/wav", b"2", seconds=10.0)
    words = stored(table, StepKind.ARTICLE, "text/plain", b"3", "One line.\nA second one.")
    play = stored(table, StepKind.DIALOGUE, DIALOGUE_MEDIA_TYPE, RICH.model_dump_json().encode())
    node = RICH.nodes[0]
    fitting = (
        (picture, Region(x=0.5, y=0.5, w=0.5, h=0.5)),
        (sound, TimeRange(start=2.0, end=10.0)),
        (words, TextSpan(line=2, quote="second")),
        (play, NodeLine(node=node.id)),
        (play, NodeLine(node=node.id, line=node.lines[0].id)),
    )
    for asset, anchor in fitting:
        assert comments.say(asset.id, "Here.", person="Rev", anchor=anchor).anchor == anchor
    wrong = (
        (sound, Region(x=0, y=0, w=0.5, h=0.5)),
        (picture, TimeRange(start=0, end=1)),
        (sound, TimeRange(start=9, end=12)),
        (words, TextSpan(line=3)),
        (words, TextSpan(line=1, quote="second")),
        (play, NodeLine(node="nowhere")),
        (play, NodeLine(node=node.id, line="nobody")),
        (words, NodeLine(node=node.id)),
    )
    for asset, anchor in wrong:
        with pytest.raises(InputError):
            comments.say(asset.id, "Here.", person="Rev", anchor=anchor)


def test_a_thread_is_answered_resolved_and_opened_again(table: Table) -> None:
    comments = Comments(table.bench.library, now)
    asset = stored(table, StepKind.PICTURE, "image/png", b"1")
    start = comments.say(asset.id, " Crop it. ", person="Rev", anchor=Region(x=0, y=0, w=1, h=1))
    answer = comments.say(asset.id, "Done.", person="Ed", thread=start.id)
    (thread,) = comments.threads(asset.id)
    assert (thread.start, thread.answers, thread.start.text) == (start, (answer,), "Crop it.")
    assert comments.resolve(asset.id, start.id, "Ed", resolved=True).resolved == "Ed"
    assert comments.resolve(asset.id, start.id, "Rev", resolved=False) == start
    with pytest.raises(InputError):
        comments.say(asset.id, " ", person="Rev")
    with pytest.raises(InputError):
        comments.resolve(asset.id, answer.id, "Ed", resolved=True)


@pytest.mark.parametrize("box", [(0.9, 0, 0.2, 0.1), (0, 0, 0, 1), (float("nan"), 0, 1, 1)])
def test_a_region_lies_in_the_picture(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValidationError):
        Region.model_validate(dict(zip("xywh", box, strict=True)))


# Where it comes from


def test_sources_and_users_are_named_with_what_they_were_used_as(table: Table) -> None:
    made = table.make()
    families = Families(table.bench.library, table.bench.plans)
    family = families.of(made["article-1"].id)
    assert [(kin.id, kin.roles, kin.depth, kin.outdated) for kin in family.sources] == [(made["copy-1"].id, ("source",), 1, False)]
    later = table.redo(made["copy-1"])
    newer = table.newest(later.plan_id)["article-1"]
    family = families.of(made["copy-1"].id)
    assert {(kin.id, kin.roles, kin.depth) for kin in family.users} == {
        (made["article-1"].id, ("source",), 1),
        (later.id, ("version",), 1),
        (newer.id, ("version",), 2),
    }
    assert {kin.id: kin.outdated for kin in families.of(newer.id).sources}[made["article-1"].id]
    with pytest.raises(NotFound):
        families.of("nope")


def test_making_again_names_exactly_what_depends_on_it_and_its_cost_first(table: Table) -> None:
    plan = table.bench.plan(step("copy-1"), step("article-1", "copy-1"), step("music-1"))
    table.bench.plans.approve(plan.id)
    table.bench.wait(plan.id)
    made, families = table.newest(plan.id), Families(table.bench.library, table.bench.plans)
    rerun = families.rerun(made["copy-1"].id)
    assert (rerun.steps, rerun.cost.unknown) == (("copy-1", "article-1"), 0)
    assert rerun.cost.makespan > 0
    assert families.rerun(made["article-1"].id).steps == ("article-1",)
    before = list(table.bench.hand.made)
    assert {job.step_id for job in families.run_again(made["copy-1"].id, person="Ed")} == set(rerun.steps)
    table.bench.wait(plan.id)
    assert sorted(table.bench.hand.made[len(before) :]) == ["article-1", "copy-1"]
    with pytest.raises(PlanError):
        families.rerun(stored(table, StepKind.PICTURE, "image/png", b"1").id)


def test_two_texts_are_compared_word_by_word(table: Table) -> None:
    one = stored(table, StepKind.ARTICLE, "text/plain", b"1", "Cold brew from Leeds.")
    two = stored(table, StepKind.ARTICLE, "text/plain", b"2", "Cold coffee from Leeds.")
    changes = Families(table.bench.library, table.bench.plans).compare(two.id, one.id)
    assert [(change.kind, change.text) for change in changes if change.kind != "same"] == [("old", "brew"), ("new", "coffee")]


# Preference pairs


def test_without_consent_nothing_is_kept(table: Table) -> None:
    asset = table.make()["copy-1"]
    table.move(asset, CHANGES, REV, "Too cold.")
    table.move(table.redo(asset), APPROVED)
    table.reviews.give(asset.id, Verdict.PREFER, over=table.newest(asset.plan_id)["copy-1"].id, person="Rev")
    found = table.preferences.statistics(table.bench.project)
    assert (found.consent, found.pairs) == (False, 0)
    assert list(table.preferences.lines(table.bench.project)) == []


def test_verdicts_and_picks_become_pairs_in_the_dpo_form(table: Table) -> None:
    projects = Projects(table.bench.library)
    projects.keep_preferences(table.bench.project, agreed=True)
    asset = table.make()["copy-1"]
    table.move(asset, CHANGES, REV, "Too cold.")
    later = table.redo(asset)
    table.move(later, APPROVED)
    (line,) = table.preferences.lines(table.bench.project)
    assert json.loads(line) == {"prompt": asset.recipe.prompt, "chosen": later.text, "rejected": asset.text}
    (pair,) = table.bench.library.preferences(table.bench.project)
    assert (pair.source, pair.reason, pair.person) == ("verdict", "Too cold.", "Rev")
    table.reviews.give(asset.id, Verdict.PREFER, over=later.id, note="After all.", person="Ed")
    found = table.preferences.statistics(table.bench.project)
    assert (found.pairs, found.by_source, found.by_kind, found.with_reason) == (1, {"pick": 1}, {"copy": 1}, 1)
    pictures = [stored(table, StepKind.PICTURE, "image/png", data) for data in (b"1", b"2")]
    table.reviews.give(pictures[0].id, Verdict.PREFER, over=pictures[1].id, person="Rev")
    assert len(list(table.preferences.lines(table.bench.project))) == 1
    (media,) = table.preferences.lines(table.bench.project, "media")
    assert json.loads(media)["chosen"] == f"{pictures[0].main.sha256}/it.bin"
    projects.keep_preferences(table.bench.project, agreed=False)
    assert table.bench.library.preferences(table.bench.project) == ()
