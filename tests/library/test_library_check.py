"""`python app.py check`: what is missing, altered, extra, or points nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, insert

from domain.asset import Asset
from domain.brand import BrandKit
from domain.brief import Attachment, AttachmentUse, Brief
from domain.errors import Cancelled
from domain.job import Job
from domain.plan import Plan
from domain.progress import CancelToken, Silent
from library import tables
from library.check import check
from library.library import Library
from tests.library.samples import WHEN, png


def test_a_sound_library_has_nothing_to_report(library: Library, draft: Callable[..., Asset]) -> None:
    library.add_asset(draft(), png(b"12345"))
    library.store_file(b"123", "a.txt", "text/plain")
    report = check(library, Silent())
    assert (report.files, report.bytes, report.sound) == (2, 8, True)
    assert (report.missing, report.altered, report.extra, report.dangling) == ((), (), (), ())


def test_missing_altered_and_extra_files_are_named_with_who_needs_them(library: Library, draft: Callable[..., Asset]) -> None:
    lost = library.add_asset(draft(), png(b"lost"))
    changed = library.add_asset(draft(), png(b"right"))
    library.file_path(lost.main.sha256).unlink()
    path = library.file_path(changed.main.sha256)
    path.chmod(0o644)
    path.write_bytes(b"wrong")
    (library.files.root / "stray.txt").write_text("?")
    report = check(library, Silent())
    assert [(p.sha256, p.used_by) for p in report.missing] == [(lost.main.sha256, (f"asset {lost.id}",))]
    assert [(p.sha256, p.used_by) for p in report.altered] == [(changed.main.sha256, (f"asset {changed.id}",))]
    assert report.extra == ("stray.txt",)
    assert not report.sound


def test_documents_that_name_what_was_never_stored_are_reported(library: Library, plan: Plan) -> None:
    missing = "0" * 64
    attachment = Attachment(name="a.txt", sha256=missing, media_type="text/plain", size=1, use=AttachmentUse.MATERIAL)
    brief = library.add_brief(Brief(id="", project_id=plan.project_id, text="x", attachments=(attachment,), created=WHEN))
    project = library.project(plan.project_id)
    library.save_project(project.model_copy(update={"brand": BrandKit(logo=missing)}))
    library.put_job(Job(plan_id=plan.id, step_id="copy-1", asset_id="gone", created=WHEN))
    text = "\n".join(check(library, Silent()).dangling)
    assert f"brief {brief.id} names file" in text
    assert f"project {project.id} names file" in text
    assert "'gone'" in text


def test_rows_whose_target_another_program_removed_are_reported(draft: Callable[..., Asset], library: Library, home: Path) -> None:
    asset = library.add_asset(draft(), png())
    url = library.database.engine.url
    if url.get_backend_name() == "sqlite":
        other = create_engine(url)
        with other.begin() as connection:
            connection.execute(delete(tables.projects))
            connection.execute(insert(tables.asset_parents).values(asset_id=asset.id, parent_id="nobody"))
        other.dispose()
        text = "\n".join(check(library, Silent()).dangling)
        assert "assets.project_id" in text
        assert "asset_parents.parent_id is 'nobody'" in text
    else:
        # A server enforces its keys whoever writes; there the loss cannot be made, and nothing is reported.
        assert check(library, Silent()).dangling == ()


def test_a_check_can_be_stopped(library: Library, draft: Callable[..., Asset]) -> None:
    library.add_asset(draft(), png())
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        check(library, Silent(token))


def test_progress_ends_at_one_and_never_falls(library: Library, draft: Callable[..., Asset]) -> None:
    class Watch:
        seen: list[float] = []

        def report(self, fraction: float, note: str = "") -> None:
            self.seen.append(fraction)

        def check(self) -> None: ...

    for number in range(4):
        library.add_asset(draft(), png(b"x" * (number + 1)))
    watch = Watch()
    check(library, watch)
    assert watch.seen == sorted(watch.seen)
    assert watch.seen[-1] == 1.0
