"""What is deleted can be taken back for a while; what is deleted for good is nowhere any more, and nothing else is touched."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from domain.asset import Asset
from domain.brief import Attachment, AttachmentUse, Brief
from domain.comment import Comment
from domain.consent import VoiceConsent
from domain.conversation import Turn
from domain.errors import AssetDamaged, Conflict, NotFound
from domain.job import Job, JobState
from domain.people import AuditEntry, Link, Person
from domain.plan import Plan
from domain.preference import Preference
from domain.progress import Silent
from domain.project import Role
from domain.recipe import InputRef, OutputFile
from domain.retention import Hold, PurgeItem, Trashed
from domain.review import Review, ReviewRecord, ReviewState, Verdict
from library.check import check
from library.database import stamp
from library.files import FileStore
from library.library import AssetQuery, Library
from library.purging import BACKUP
from tests.library.samples import WHEN, png

Draft = Callable[..., Asset]
LATER = WHEN + timedelta(days=31)


def audited(asset: Asset) -> AuditEntry:
    data = {"title": asset.title, "files": [file.sha256 for file in asset.files]}
    return AuditEntry(person="ann", action="asset_deleted", subject=asset.id, project_id=asset.project_id, data=data, created=WHEN)


def told(item: Trashed) -> AuditEntry:
    return AuditEntry(person="ann", action="restored", subject=item.id, project_id=item.project_id, created=WHEN)


def delete(library: Library, asset: Asset, *, dependents: bool = False) -> tuple[Asset, ...]:
    return library.delete_asset(asset.id, None, WHEN, audited, dependents=dependents)


def purge(library: Library, *ids: str) -> None:
    library.purge(library.purgeable(ids or None, LATER), "ann", LATER)
    assert library.finish_purge(LATER)[2]


def holding(home: Path, *needles: bytes) -> list[str]:
    """Files below the home that hold any of these bytes, the database and its logs included."""
    files = [path for path in sorted(home.rglob("*")) if path.is_file()]
    return [str(path) for path in files if any(needle in path.read_bytes() for needle in needles)]


def test_what_is_in_the_trash_comes_back_as_it_was(library: Library, draft: Draft, plan: Plan) -> None:
    kept, gone = library.add_asset(draft(), png(b"one")), library.add_asset(draft(title="Blue heron"), png(b"two"))
    library.put_job(Job(plan_id=plan.id, step_id="picture-1", take=gone.take, state=JobState.DONE, asset_id=gone.id, created=WHEN))
    library.add_review(Review(id="", asset_id=gone.id, verdict=Verdict.REJECT, note="Dull.", created=WHEN))
    library.add_review(Review(id="", asset_id=kept.id, verdict=Verdict.PREFER, over=gone.id, created=WHEN))
    library.add_comment(Comment(asset_id=gone.id, text="No.", created=WHEN))
    pair = Preference(
        project_id=gone.project_id, chosen=kept.id, rejected=gone.id, source="pick", person="ann", prompt="a fox", created=WHEN
    )
    library.add_preferences([pair])
    before = (library.reviews(gone.id), library.reviews(kept.id), library.comments(gone.id), library.preferences(gone.project_id))
    delete(library, gone)
    assert [item.title for item in library.trash(gone.project_id)] == ["Blue heron"]
    assert check(library, Silent()).sound
    assert [item.id for item in library.restore(gone.id, told).items] == [gone.id]
    assert library.asset(gone.id) == gone
    assert library.assets(AssetQuery(text="heron")) == (gone,)
    assert (library.reviews(gone.id), library.reviews(kept.id), library.comments(gone.id), library.preferences(gone.project_id)) == before
    job = library.job(plan.id, "picture-1", gone.take)
    assert job is not None
    assert job.asset_id == gone.id
    assert library.trash() == ()
    assert check(library, Silent()).sound


def test_with_what_was_made_from_it_and_back_again(library: Library, draft: Draft) -> None:
    first = library.add_asset(draft(), png(b"one"))
    second = library.add_asset(draft(previous=first.id, title="Second"), png(b"two"))
    third = library.add_asset(draft(parents=(second.id,), title="Poster"), png(b"three"))
    assert [one.title for one in library.consequences(first.id, WHEN).dependents] == ["Poster", "Second"]
    with pytest.raises(Conflict):
        delete(library, first)
    assert delete(library, first, dependents=True) == (third, second, first)
    assert library.assets(AssetQuery()) == ()
    assert [item.id for item in library.restore(third.id, told).items] == [first.id, second.id, third.id]
    assert library.lineage(third.id).ancestors == (first, second)


def test_one_approved_dependent_keeps_them_all(library: Library, draft: Draft) -> None:
    first = library.add_asset(draft(), png(b"one"))
    second = library.add_asset(draft(previous=first.id), png(b"two"))

    def approve(record: object, asset: object) -> object:
        return record.model_copy(update={"state": ReviewState.APPROVED}), None  # type: ignore[attr-defined]

    library.change_review(second.id, None, approve, lambda _before, _after: audited(second))  # type: ignore[arg-type]
    assert library.consequences(first.id, WHEN).kept
    with pytest.raises(Conflict, match="approved"):
        delete(library, first, dependents=True)
    assert library.trash() == ()


def test_a_take_that_was_made_again_is_not_overwritten(library: Library, draft: Draft) -> None:
    gone = library.add_asset(draft(take=7), png(b"one"))
    delete(library, gone)
    again = library.add_asset(draft(take=7), png(b"two"))
    with pytest.raises(Conflict, match="made again"):
        library.restore(gone.id, told)
    assert (library.asset(again.id), len(library.trash())) == (again, 1)


def test_after_deleting_for_good_nothing_of_it_is_anywhere(library: Library, draft: Draft, home: Path) -> None:
    secret, words = b"secret bytes 8431 " * 40, "zebrafinch quagmire"
    kept = library.add_asset(draft(), png(b"kept bytes"))
    gone = library.add_asset(draft(title=words, prompt=words, text=words), png(secret))
    delete(library, gone)
    library.finish_purge(LATER)
    assert library.file_path(gone.main.sha256).read_bytes() == secret
    purge(library)
    with pytest.raises(AssetDamaged):
        library.file_path(gone.main.sha256)
    assert holding(home, b"secret bytes 8431", b"zebrafinch", b"quagmire") == [] or "postgres" in str(library.database.engine.url)
    assert library.tombstones([gone.id])[gone.id].person == "ann"
    assert "title" not in next(one for one in library.audited() if one.action == "asset_deleted").data
    assert library.file_path(kept.main.sha256).read_bytes() == b"kept bytes"
    report = check(library, Silent())
    assert (report.sound, report.extra) == (True, ())


def test_deleting_for_good_again_and_again_leaves_the_index_of_words_as_it_was(library: Library, draft: Draft, home: Path) -> None:
    """FTS5's 'optimize' adds a level each time, and no index with more than 2,000 opens again."""
    if not (home / "maquette.db").is_file():
        pytest.skip("words lie in a column on Postgres")
    for number in range(200):  # what few words give has one level whatever is done to it
        library.add_asset(draft(title=f"stays {number}"), png())
    doomed = [library.add_asset(draft(title=f"goes {number}"), png(b"goes %d" % number)) for number in range(4)]
    for asset in doomed:
        delete(library, asset)
    sizes = []
    for asset in doomed:
        library.add_asset(draft(title=f"stays beside {asset.id}"), png(asset.id.encode()))
        purge(library, asset.id)
        with contextlib.closing(sqlite3.connect(home / "maquette.db")) as connection:
            [(size,)] = connection.execute("SELECT length(block) FROM asset_search_data WHERE id = 10")
        sizes.append(size)
    assert max(sizes[1:]) <= sizes[0]


def test_bytes_that_something_else_names_stay(library: Library, draft: Draft, plan: Plan) -> None:
    one, two = library.add_asset(draft(), png(b"shared")), library.add_asset(draft(), png(b"shared"))
    read = library.add_asset(draft(), png(b"read by a recipe"))
    named = library.add_asset(draft(), png(b"attached"))
    given = InputRef(role="reference", sha256=read.main.sha256, media_type="image/png")
    user = draft(title="User")
    library.add_asset(user.model_copy(update={"recipe": user.recipe.model_copy(update={"inputs": (given,)})}), png(b"user"))
    attachment = Attachment(name="a.png", sha256=named.main.sha256, media_type="image/png", size=8, use=AttachmentUse.REFERENCE)
    library.add_brief(Brief(id="", project_id=plan.project_id, text="x", attachments=(attachment,), created=WHEN))
    for asset in (one, read, named):
        delete(library, asset)
    purge(library)
    for sha256 in (two.main.sha256, read.main.sha256, named.main.sha256):
        assert library.file_path(sha256).is_file()
    delete(library, two)
    purge(library)
    with pytest.raises(AssetDamaged):
        library.file_path(two.main.sha256)
    assert check(library, Silent()).sound


def test_a_file_stored_again_while_it_is_deleted_stays(library: Library, draft: Draft) -> None:
    gone = library.add_asset(draft(), png(b"again"))
    delete(library, gone)
    library.purge(library.purgeable(), "ann", LATER)
    # Its rows are gone, its bytes not yet.
    again = library.add_asset(draft(), png(b"again"))
    assert library.finish_purge(LATER)[:2] == (0, 0)
    assert library.file_path(again.main.sha256).read_bytes() == b"again"
    assert check(library, Silent()).sound


class Slow(FileStore):
    """Between storing bytes and noting them, once, what was doomed is taken away."""

    meanwhile: Callable[[], object] | None = None

    def add(self, data: bytes | Path) -> tuple[str, int]:
        stored = super().add(data)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return stored


def test_bytes_taken_away_between_storing_and_noting_are_stored_again(library: Library, draft: Draft, home: Path) -> None:
    gone = library.add_asset(draft(), png(b"again"))
    delete(library, gone)
    library.purge(library.purgeable(), "ann", LATER)
    files = Slow(home / "files")
    files.meanwhile = lambda: library.finish_purge(LATER)
    again = Library(library.database, files).add_asset(draft(), png(b"again"))
    assert files.meanwhile is None
    assert library.file_path(again.main.sha256).read_bytes() == b"again"
    assert check(library, Silent()).sound


def test_what_a_brief_names_is_refused_while_it_is_deleted(library: Library, draft: Draft, plan: Plan) -> None:
    gone = library.add_asset(draft(), png(b"again"))
    delete(library, gone)
    purge(library)
    attachment = Attachment(name="a.png", sha256=gone.main.sha256, media_type="image/png", size=5, use=AttachmentUse.REFERENCE)
    with pytest.raises(Conflict, match="deleted for good"):
        library.add_brief(Brief(id="", project_id=plan.project_id, text="x", attachments=(attachment,), created=WHEN))


def test_no_bytes_go_while_a_backup_copies_them(library: Library, draft: Draft) -> None:
    gone = library.add_asset(draft(), png(b"in the backup"))
    delete(library, gone)
    library.put_setting(BACKUP, stamp(LATER))
    library.purge(library.purgeable(), "ann", LATER)
    assert library.finish_purge(LATER)[:2] == (0, 0)
    assert library.files.open(gone.main.sha256).read_bytes() == b"in the backup"
    library.put_setting(BACKUP, None)
    assert library.finish_purge(LATER)[0] == 1


def test_a_project_goes_and_comes_back_with_everything(library: Library, draft: Draft, plan: Plan) -> None:
    library.add_asset(draft(), png(b"one"))
    link = library.add_link(Link(project_id=plan.project_id, label="c", created=WHEN, expires=LATER), "a" * 64)
    entry = AuditEntry(person="ann", action="project_deleted", project_id=plan.project_id, created=WHEN)
    library.delete_project(plan.project_id, WHEN, entry)
    assert library.projects(archived=None) == ()
    assert library.link(link.id) is None
    for kind, row in (("project", plan.project_id), ("plan", plan.id)):
        with pytest.raises(NotFound):
            library.project_of(kind, row)  # type: ignore[arg-type]
    library.restore(plan.project_id, told)
    assert [one.id for one in library.projects()] == [plan.project_id]
    assert library.link(link.id) == link


def test_of_a_project_that_is_gone_for_good_nothing_is_left(library: Library, draft: Draft, plan: Plan, home: Path) -> None:
    other = library.create_project("Other")
    shared = library.store_file(b"shared logo", "logo.png", "image/png")
    library.save_project(other.model_copy(update={"brand": other.brand.model_copy(update={"logo": shared.sha256})}))
    first = library.add_asset(draft(title="wolverine"), png(b"pangolin bytes"))
    library.add_asset(draft(previous=first.id), [OutputFile("a.png", "image/png", b"shared logo")])
    delete(library, library.add_asset(draft(title="wolverine"), png(b"pangolin trash")))
    file = library.store_file(b"pangolin note", "note.txt", "text/plain")
    library.add_turn(Turn(id="", project_id=plan.project_id, role="user", text="wolverine", files=(file,), created=WHEN))
    library.put_job(Job(plan_id=plan.id, step_id="copy-1", state=JobState.DONE, created=WHEN))
    library.add_comment(Comment(asset_id=first.id, text="wolverine", created=WHEN))
    entry = AuditEntry(person="ann", action="project_deleted", project_id=plan.project_id, data={"name": "wolverine"}, created=WHEN)
    library.delete_project(plan.project_id, WHEN, entry)
    purge(library)
    assert [one.id for one in library.projects(archived=None)] == [other.id]
    assert library.file_path(shared.sha256).read_bytes() == b"shared logo"
    if "postgres" not in str(library.database.engine.url):
        assert holding(home, b"wolverine", b"pangolin") == []
    report = check(library, Silent())
    assert (report.sound, report.extra) == (True, ())


def test_a_held_project_loses_nothing(library: Library, draft: Draft, plan: Plan) -> None:
    asset, gone = library.add_asset(draft(), png(b"one")), library.add_asset(draft(), png(b"two"))
    delete(library, gone)
    entry = AuditEntry(person="ann", action="held", project_id=plan.project_id, created=WHEN)
    library.hold(Hold(project_id=plan.project_id, reason="Case 12", created=WHEN), entry)
    with pytest.raises(Conflict, match="Case 12"):
        delete(library, asset)
    with pytest.raises(Conflict, match="Case 12"):
        library.delete_project(plan.project_id, WHEN, entry)
    assert [item.kept for item in library.purgeable()] == ["held"]
    purge(library)
    assert len(library.trash()) == 1
    library.purge([PurgeItem(kind="asset", id=gone.id)], "ann", LATER)
    assert len(library.trash()) == 1
    library.lift_hold(plan.project_id, entry)
    purge(library)
    assert library.trash() == ()


def consent(audio: str, project_id: str, **changes: object) -> VoiceConsent:
    about = {"id": "", "person": "Ada", "proof": "form", "audio": audio, "project_id": project_id, "kept": True}
    return VoiceConsent.model_validate({**about, "given": WHEN, "expires": WHEN + timedelta(days=10), **changes})


def test_a_recording_goes_with_its_last_consent_and_what_was_made_with_it_stays(library: Library, draft: Draft, plan: Plan) -> None:
    file = library.store_file(b"a voice", "voice.wav", "audio/*")
    one, two = (library.add_consent(consent(file.sha256, plan.project_id)) for _ in range(2))
    given = InputRef(role="reference", sha256=file.sha256, media_type="audio/*")
    line = draft(title="A line")
    library.add_asset(line.model_copy(update={"recipe": line.recipe.model_copy(update={"inputs": (given,)})}), png(b"line"))
    library.revoke_consent(one.id, WHEN)
    assert library.forget_recordings([one.id], "consent", WHEN) == 0
    assert library.file_path(file.sha256).is_file()
    library.revoke_consent(two.id, WHEN)
    assert library.forget_recordings([two.id], "consent", WHEN) == 1
    library.finish_purge(WHEN)
    with pytest.raises(AssetDamaged):
        library.file_path(file.sha256)
    assert check(library, Silent()).sound
    assert not any(found.kept for found in library.consents())


def test_a_recording_that_is_a_result_in_the_trash_or_attached_stays(library: Library, draft: Draft, plan: Plan) -> None:
    gone = library.add_asset(draft(title="A voice"), [OutputFile("a.wav", "audio/wav", b"a result")])
    sent = library.store_file(b"sent in the chat", "voice.wav", "audio/wav")
    library.add_turn(Turn(id="", project_id=plan.project_id, role="user", text="x", files=(sent,), created=WHEN))
    given = library.store_file(b"attached", "voice.wav", "audio/wav")
    attachment = Attachment(name="a.wav", sha256=given.sha256, media_type="audio/wav", size=8, use=AttachmentUse.TRANSCRIPT)
    library.add_brief(Brief(id="", project_id=plan.project_id, text="x", attachments=(attachment,), created=WHEN))
    delete(library, gone)
    for sha256 in (gone.main.sha256, sent.sha256, given.sha256):
        one = library.add_consent(consent(sha256, plan.project_id))
        library.revoke_consent(one.id, WHEN)
        assert library.forget_recordings([one.id], "consent", WHEN) == 0
    library.finish_purge(LATER)
    assert [item.id for item in library.restore(gone.id, told).items] == [gone.id]
    for sha256 in (gone.main.sha256, sent.sha256, given.sha256):
        assert library.file_path(sha256).is_file()
    assert check(library, Silent()).sound


def test_a_line_in_the_trash_does_not_keep_the_recording_it_was_spoken_from(library: Library, draft: Draft, plan: Plan) -> None:
    file = library.store_file(b"a voice", "voice.wav", "audio/*")
    given = InputRef(role="reference", sha256=file.sha256, media_type="audio/*")
    line = draft(title="A line")
    spoken = line.model_copy(update={"recipe": line.recipe.model_copy(update={"inputs": (given,)})})
    delete(library, library.add_asset(spoken, png(b"line")))
    one = library.add_consent(consent(file.sha256, plan.project_id))
    library.revoke_consent(one.id, WHEN)
    assert library.forget_recordings([one.id], "consent", WHEN) == 1


def test_a_consent_is_refused_while_the_recording_it_keeps_is_deleted(library: Library, draft: Draft, plan: Plan) -> None:
    gone = library.add_asset(draft(), png(b"a voice"))
    delete(library, gone)
    purge(library)
    with pytest.raises(Conflict, match="deleted for good"):
        library.add_consent(consent(gone.main.sha256, plan.project_id))
    assert library.add_consent(consent(gone.main.sha256, plan.project_id, kept=False)).id


def test_drafts_that_nobody_chose_are_found_and_no_others(library: Library, draft: Draft, plan: Plan) -> None:
    old, seen, used = (library.add_asset(draft(), png(f"{number}".encode())) for number in range(3))
    newest = library.add_asset(draft(previous=old.id), png(b"newest"))
    library.add_comment(Comment(asset_id=seen.id, text="Hm.", created=WHEN))
    library.add_asset(draft(step_id="layout-1", parents=(used.id,)), png(b"layout"))
    assert [item.id for item in library.old_drafts(LATER)] == [old.id]
    assert library.old_drafts(WHEN - timedelta(days=1)) == ()
    # A later take that replaced it stands without it, and has it again when it comes back.
    library.delete_asset(old.id, None, WHEN, audited, replaced=True)
    assert library.lineage(newest.id).ancestors == ()
    library.restore(old.id, told)
    assert library.lineage(newest.id).ancestors == (old,)
    library.delete_asset(old.id, None, WHEN, audited, replaced=True)
    purge(library)
    assert library.asset(newest.id).previous == old.id
    assert check(library, Silent()).sound


def test_old_lines_go_and_young_ones_stay(library: Library) -> None:
    for day in range(5):
        library.audit(AuditEntry(person="ann", action=f"day {day}", created=WHEN + timedelta(days=day)))
    cut = WHEN + timedelta(days=2)
    assert [(one.kind, one.count) for one in library.old_lines(LATER, cut, None, None, dry=True)] == [("audit", 3)]
    assert len(library.audited()) == 5
    library.old_lines(LATER, cut, None, None, dry=False)
    assert [one.action for one in library.audited()] == ["day 4", "day 3"]


def test_of_a_person_who_leaves_no_name_is_left(library: Library, draft: Draft, plan: Plan, home: Path) -> None:
    for name in ("Ann", 'Zoë "Z" O\'Neil'):
        library.add_person(Person(name=name, owner=name == "Ann", created=WHEN), "hash")
    name = 'Zoë "Z" O\'Neil'
    asset = library.add_asset(draft(), png())
    library.add_comment(Comment(asset_id=asset.id, text="Mine.", person=name, created=WHEN))
    library.add_review(Review(id="", asset_id=asset.id, verdict=Verdict.APPROVE, person=name, created=WHEN))
    library.put_job(Job(plan_id=plan.id, step_id="copy-1", state=JobState.DONE, person=name, created=WHEN))
    library.audit(AuditEntry(person="Ann", action="person_added", subject=name, created=WHEN))
    library.set_member(plan.project_id, name, Role.EDITOR)
    library.set_prepared(plan.id, "copy-1", 0, {"person": name, "step": {"title": "A line"}})

    def tick(record: ReviewRecord, _asset: Asset) -> tuple[ReviewRecord, None]:
        return record.model_copy(update={"ticked": {"rights": name, "faces": "Ann"}, "touched": name}), None

    library.change_review(asset.id, None, tick, lambda _before, _after: audited(asset))
    mine = library.create_project("Mine", person=name)
    entry = AuditEntry(person="Ann", action="person_erased", subject="left-1", created=WHEN)
    with pytest.raises(Conflict, match="last owner"):
        library.erase_person(name, "left-1", entry)
    assert [(project.id, shared) for project, shared in library.projects_of(name)] == [(mine.id, False)]
    library.set_member(mine.id, "Ann", Role.OWNER)
    library.erase_person(name, "left-1", entry)
    assert library.finish_purge(LATER)[2]
    assert library.comments(asset.id)[0].person == "left-1"
    assert {one.person for one in library.reviews(asset.id)} == {"left-1"}
    assert [one.name for one in library.people()] == ["Ann"]
    assert library.prepared(plan.id, "copy-1") == {"person": "left-1", "step": {"title": "A line"}}
    assert library.review_record(asset.id).ticked == {"rights": "left-1", "faces": "Ann"}
    if "postgres" not in str(library.database.engine.url):
        assert holding(home, "Zoë".encode()) == []
    for project in library.projects():
        library.set_member(project.id, "somebody", Role.OWNER)
    with pytest.raises(Conflict, match="own the studio"):
        library.erase_person("Ann", "left-2", entry)


def test_whose_voice_it_is_stays_in_a_consent_when_somebody_of_that_name_leaves(library: Library, plan: Plan) -> None:
    for name in ("Owner", "Bea"):
        library.add_person(Person(name=name, created=WHEN), "hash")
    library.add_consent(consent("a" * 64, plan.project_id, person="Bea", kept=False, recorded_by="Bea"))
    entry = AuditEntry(person="Owner", action="person_erased", subject="left-1", created=WHEN)
    library.erase_person("Bea", "left-1", entry)
    assert [(one.person, one.recorded_by) for one in library.consents()] == [("Bea", "left-1")]
