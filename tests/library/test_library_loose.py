"""What nobody names any more goes by itself: a logo at once, other files after a day. What is stored or named again meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from domain.asset import Asset, FileRef
from domain.brief import Attachment, AttachmentUse, Brief
from domain.consent import VoiceConsent
from domain.conversation import Turn
from domain.errors import AssetDamaged
from domain.people import AuditEntry
from domain.plan import Plan
from domain.progress import Silent
from domain.recipe import InputRef
from domain.retention import Hold
from library.check import check
from library.library import Library
from tests.library.samples import WHEN, png

Draft = Callable[..., Asset]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def gone(library: Library, sha256: str) -> bool:
    """Nowhere any more, and nobody misses it."""
    report = check(library, Silent())
    assert report.sound
    try:
        library.file_path(sha256)
    except AssetDamaged:
        assert report.extra == ()
        return True
    return False


def with_logo(library: Library, project_id: str, sha256: str) -> None:
    project = library.project(project_id)
    library.save_project(project.model_copy(update={"brand": project.brand.model_copy(update={"logo": sha256})}))


def brief_with(plan: Plan, file: FileRef) -> Brief:
    attachment = Attachment(name="a.txt", sha256=file.sha256, media_type="text/plain", size=file.size, use=AttachmentUse.MATERIAL)
    return Brief(id="", project_id=plan.project_id, text="x", attachments=(attachment,), created=WHEN)


def test_a_logo_goes_when_it_is_replaced_or_removed(library: Library, plan: Plan) -> None:
    first, second = (library.store_file(text, "logo.png", "image/png") for text in (b"first", b"second"))
    with_logo(library, plan.project_id, first.sha256)
    with_logo(library, plan.project_id, second.sha256)
    library.remove_bytes(WHEN)
    assert gone(library, first.sha256)
    with_logo(library, plan.project_id, "")
    library.remove_bytes(WHEN)
    assert gone(library, second.sha256)
    again = library.store_file(b"first", "logo.png", "image/png")
    with_logo(library, plan.project_id, again.sha256)
    library.remove_bytes(WHEN)
    assert library.file_path(again.sha256).read_bytes() == b"first"


def test_a_logo_that_a_poster_or_another_project_shows_stays(library: Library, draft: Draft, plan: Plan) -> None:
    shown, shared = (library.store_file(text, "logo.png", "image/png") for text in (b"shown", b"shared"))
    with_logo(library, library.create_project("Other").id, shared.sha256)
    poster = draft(title="Poster")
    given = InputRef(role="logo", sha256=shown.sha256, media_type="image/png")
    library.add_asset(poster.model_copy(update={"recipe": poster.recipe.model_copy(update={"inputs": (given,)})}), png())
    for sha256 in (shown.sha256, shared.sha256, ""):
        with_logo(library, plan.project_id, sha256)
    assert library.remove_bytes(WHEN) == (0, 0)
    assert not gone(library, shown.sha256)
    assert not gone(library, shared.sha256)


def test_a_poster_made_while_its_logo_goes_is_sound(library: Library, draft: Draft, plan: Plan) -> None:
    file = library.store_file(b"a logo", "logo.png", "image/png")
    with_logo(library, plan.project_id, file.sha256)
    with_logo(library, plan.project_id, "")
    given = InputRef(role="logo", sha256=file.sha256, media_type="image/png")
    poster = draft(title="Poster")
    library.add_asset(poster.model_copy(update={"recipe": poster.recipe.model_copy(update={"inputs": (given,)})}), png())
    library.remove_bytes(WHEN)
    assert gone(library, file.sha256)


def test_while_something_is_held_neither_logos_nor_loose_files_go(library: Library, plan: Plan) -> None:
    logo, loose = library.store_file(b"logo", "logo.png", "image/png"), library.store_file(b"loose", "a.txt", "text/plain")
    with_logo(library, plan.project_id, logo.sha256)
    entry = AuditEntry(person="ann", action="held", project_id=plan.project_id, created=WHEN)
    library.hold(Hold(project_id=plan.project_id, reason="Case 12", created=WHEN), entry)
    with_logo(library, plan.project_id, "")
    assert [library.sweep(WHEN + number * DAY) for number in range(3)] == [0, 0, 0]
    library.remove_bytes(WHEN)
    assert not gone(library, logo.sha256)
    library.lift_hold(plan.project_id, entry)
    assert [library.sweep(WHEN + number * DAY) for number in range(3, 6)] == [0, 2, 0]
    library.remove_bytes(WHEN)
    assert gone(library, logo.sha256)
    assert gone(library, loose.sha256)


def test_what_nobody_names_goes_after_a_day_and_what_is_named_stays(library: Library, draft: Draft, plan: Plan) -> None:
    loose, late, sent, given, kept = (
        library.store_file(text, "a.txt", "text/plain") for text in (b"loose", b"late", b"sent", b"given", b"a voice")
    )
    asset = library.add_asset(draft(), png(b"a picture"))
    library.add_turn(Turn(id="", project_id=plan.project_id, role="user", text="x", files=(sent,), created=WHEN))
    library.add_brief(brief_with(plan, given))
    about = {"id": "", "person": "Ada", "proof": "form", "audio": kept.sha256, "kept": True, "given": WHEN, "expires": WHEN + 9 * DAY}
    library.add_consent(VoiceConsent.model_validate(about))
    assert library.sweep(WHEN) == 0
    library.add_brief(brief_with(plan, late))
    assert library.sweep(WHEN + 23 * HOUR) == 0
    assert library.sweep(WHEN + DAY) == 1
    assert library.finish_purge(WHEN + DAY)[:2] == (1, 5)
    assert gone(library, loose.sha256)
    for file in (late, sent, given, kept, asset.main):
        assert not gone(library, file.sha256)


@pytest.mark.parametrize("named", [False, True])
def test_a_loose_file_that_is_stored_again_stays(library: Library, plan: Plan, named: bool) -> None:
    file = library.store_file(b"again", "a.txt", "text/plain")
    library.sweep(WHEN)
    library.store_file(b"again", "a.txt", "text/plain")
    assert library.sweep(WHEN + DAY) == 0
    # Between the look and the deletion too.
    busy = Busy(library.database, library.files)
    busy.meanwhile = lambda: library.add_brief(brief_with(plan, file)) if named else library.store_file(b"again", "a.txt", "text/plain")
    assert busy.sweep(WHEN + 2 * DAY) == 0
    assert busy.meanwhile is None
    library.remove_bytes(WHEN + 2 * DAY)
    assert not gone(library, file.sha256)
    assert [library.sweep(WHEN + number * DAY) for number in (3, 4)] == [0, 0 if named else 1]


class Busy(Library):
    """Between looking and deleting, once, something happens."""

    meanwhile: Callable[[], object] | None = None

    def _note(self, loose: set[str], now: datetime) -> list[str]:
        old = super()._note(loose, now)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            assert old
            meanwhile()
        return old


def test_a_clock_that_was_wrong_does_not_stop_it(library: Library) -> None:
    library.store_file(b"loose", "a.txt", "text/plain")
    assert library.sweep(WHEN + 400 * DAY) == 0
    assert [library.sweep(WHEN + number * DAY) for number in range(3)] == [0, 0, 1]
