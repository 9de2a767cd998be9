"""Deleting and keeping over the routes: what goes is shown first, what is in the trash comes back, what is gone for good is nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from agents.checklists import Checklists
from domain.errors import MaquetteError, NotAllowed
from domain.people import Caller
from domain.progress import Silent
from domain.project import Role
from domain.settings import Settings
from library.check import check
from pipelines.media import sound
from studio.derived import Derived
from studio.retaining import Retaining
from studio.studio import Studio
from tests.studio.bench import Bench, Hand, open_bench, step
from tests.web.test_board import studio_of
from web.access import Access
from web.api.people import members_router
from web.api.retaining import retaining_router
from web.api.review import review_router
from web.cli import Entry, main
from web.errors import body_of, status_of


@dataclass
class Office:
    client: TestClient
    bench: Bench
    studio: Studio
    home: Path

    def call(self, who: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.request(method, f"/api/{path}", json=body, headers={"x-person": who})
        assert response.status_code == status, response.text
        return response.json()

    @property
    def project(self) -> str:
        return self.bench.project

    def made(self) -> dict[str, Any]:
        """article-1 made from copy-1, by step id."""
        plan = self.bench.plan(step("copy-1"), step("article-1", "copy-1"))
        self.bench.plans.approve(plan.id)
        self.bench.wait(plan.id)
        return self.bench.library.latest_assets(plan.id)

    def later(self, days: int) -> Retaining:
        """The same, so many days from now."""
        now = datetime.now(UTC) + timedelta(days=days)
        return Retaining(self.bench.library, self.studio.rights, lambda _project: None, self.studio.derived, lambda: now)

    def holding(self, needle: bytes) -> list[Path]:
        return [path for path in self.home.rglob("*") if path.is_file() and needle in path.read_bytes()]


@pytest.fixture
def office(home: Path, assets: Path) -> Iterator[Office]:
    bench = open_bench(home, Hand())
    derived = Derived((home / "thumbnails", home / "cache" / "waves"), (home / "drawings",), (home / "labelled",), home / "packs")
    studio = replace(studio_of(bench, home, assets), derived=derived)
    studio.people.add("Ada", "correct horse")
    for name, role in (("Olga", Role.OWNER), ("Ed", Role.EDITOR), ("Vic", Role.VIEWER)):
        studio.people.add(name, "correct horse")
        studio.people.set_role(bench.project, name, role)
    studio.people.add("Out", "correct horse")
    access = Access(studio.rights, studio.links, studio.people)

    async def right(request: Request) -> None:
        request.state.caller = Caller(person=request.headers["x-person"])
        await access(request)

    app = FastAPI(dependencies=[Depends(right)])

    async def told(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error), status_code=status_of(error))

    app.add_exception_handler(MaquetteError, told)
    for router in (review_router(studio, Checklists.load(assets)), retaining_router(studio), members_router(studio)):
        app.include_router(router)
    bench.runner.start()
    with TestClient(app) as client:
        yield Office(client, bench, studio, home)
    bench.runner.stop()
    bench.library.close()


def test_what_goes_with_a_result_is_shown_and_comes_back_with_it(office: Office) -> None:
    made = office.made()
    copy, article = made["copy-1"], made["article-1"]
    shown = office.call("Ed", "GET", f"assets/{copy.id}/deletion")
    assert ([one["id"] for one in shown["dependents"]], shown["kept"]) == ([article.id], "")
    assert office.call("Ed", "DELETE", f"assets/{copy.id}", {"seen": 0, "dependents": True})["count"] == 2
    trash = office.call("Vic", "GET", f"projects/{office.project}/trash")
    assert [(one["id"], one["restore"], one["purge"]) for one in trash] == [(copy.id, False, False), (article.id, False, False)]
    assert all(one["purge"] for one in office.call("Olga", "GET", f"projects/{office.project}/trash"))
    office.call("Vic", "POST", f"trash/{article.id}/restore", status=404)
    office.call("Out", "POST", f"trash/{article.id}/restore", status=404)
    assert [one["id"] for one in office.call("Ed", "POST", f"trash/{article.id}/restore")] == [copy.id, article.id]
    assert office.bench.library.asset(article.id) == article


def test_for_good_is_for_owners_and_takes_copies_with_it(office: Office) -> None:
    article = office.made()["article-1"]
    sha256 = article.main.sha256
    for place in (f"thumbnails/{sha256}.webp", f"cache/waves/{sha256[:32]}-peaks-1.json", f"drawings/{article.id}-1-svg-0x0.svg"):
        (office.home / place).parent.mkdir(parents=True, exist_ok=True)
        (office.home / place).write_bytes(b"copy of it")
    pack = office.home / "packs" / office.project / "a.zip"
    pack.parent.mkdir(parents=True)
    pack.write_bytes(b"copy of it")
    (office.home / "thumbnails" / f"{'0' * 64}.webp").write_bytes(b"another")
    office.call("Ed", "DELETE", f"assets/{article.id}", {"seen": 0})
    office.call("Ed", "DELETE", f"trash/{article.id}", status=404)
    report = office.call("Olga", "DELETE", f"trash/{article.id}")
    assert (report["files"] >= 1, report["compacted"]) == (True, True)
    assert office.holding(b"copy of it") == []
    assert len(office.holding(b"another")) == 1
    assert office.call("Olga", "GET", f"projects/{office.project}/trash") == []
    actions = [entry.action for entry in office.studio.people.audited(office.project)]
    assert actions[:2] == ["purged", "asset_deleted"]
    assert check(office.bench.library, Silent()).sound


def test_the_trash_is_emptied_by_its_days_and_not_before(office: Office) -> None:
    article = office.made()["article-1"]
    office.call("Ed", "DELETE", f"assets/{article.id}", {"seen": 0})
    assert office.later(29).purge().items == ()
    would = office.later(31).purge(dry=True)
    assert ([item.id for item in would.items], len(office.bench.library.trash())) == ([article.id], 1)
    office.call("Ada", "PUT", "retention", {"trash": 0})
    assert office.later(4000).purge().items == ()
    office.call("Ada", "PUT", "retention", {"trash": 10})
    assert [item.id for item in office.later(11).purge().items] == [article.id]
    assert office.bench.library.trash() == ()


def test_drafts_nobody_chose_go_to_the_trash_when_that_is_asked_for(office: Office) -> None:
    old = office.made()["article-1"]
    office.bench.plans.redo(old.plan_id, "article-1", note="Shorter", person="Ed")
    office.bench.wait(old.plan_id)
    assert office.later(400).purge(dry=True).items == ()
    office.call("Ada", "PUT", "retention", {"drafts": 90})
    assert [(item.kind, item.id) for item in office.later(91).purge().items] == [("draft", old.id)]
    assert [item.id for item in office.bench.library.trash()] == [old.id]


def test_only_owners_of_the_studio_set_days_hold_and_purge(office: Office) -> None:
    for method, path, body in (
        ("PUT", "retention", {"trash": 1}),
        ("POST", "retention/purge", {"dry": True}),
        ("PUT", f"retention/holds/{office.project}", {"reason": "x"}),
        ("DELETE", "people/Ed", {"name": "Ed"}),
    ):
        office.call("Olga", method, path, body, status=status_of(NotAllowed("x")))
    assert office.call("Olga", "GET", "retention")["days"]["trash"] == 30
    office.call("Ada", "PUT", "retention", {"trash": -1}, status=422)


def test_a_project_goes_to_the_trash_and_its_owner_takes_it_out(office: Office) -> None:
    office.made()
    office.call("Ed", "DELETE", f"projects/{office.project}", {"name": "Test"}, status=403)
    office.call("Olga", "DELETE", f"projects/{office.project}", {"name": "Another"}, status=400)
    office.call("Olga", "DELETE", f"projects/{office.project}", {"name": "Test"})
    office.call("Olga", "GET", f"projects/{office.project}/trash", status=404)
    assert office.studio.projects.all() == ()
    assert office.call("Ed", "GET", "trash") == []
    office.call("Ed", "POST", f"trash/{office.project}/restore", status=404)
    assert [one["id"] for one in office.call("Olga", "GET", "trash")] == [office.project]
    office.call("Olga", "POST", f"trash/{office.project}/restore")
    assert [project.id for project in office.studio.projects.all()] == [office.project]


def test_what_is_being_made_stops_when_its_project_goes(office: Office) -> None:
    office.bench.hand.slow = 60.0
    plan = office.bench.plan(step("copy-1"), step("article-1", "copy-1"))
    office.bench.plans.approve(plan.id)
    office.call("Olga", "DELETE", f"projects/{office.project}", {"name": "Test"})
    assert {job.state.value for job in office.bench.library.jobs(plan.id)} == {"cancelled"}


def test_a_held_project_keeps_everything(office: Office) -> None:
    made = office.made()
    office.call("Ed", "DELETE", f"assets/{made['article-1'].id}", {"seen": 0})
    office.call("Ada", "PUT", f"retention/holds/{office.project}", {"reason": " "}, status=400)
    office.call("Ada", "PUT", f"retention/holds/{office.project}", {"reason": "Case 12"})
    assert "Case 12" in office.call("Ed", "GET", f"assets/{made['copy-1'].id}/deletion")["kept"]
    office.call("Olga", "DELETE", f"projects/{office.project}", {"name": "Test"}, status=409)
    office.call("Olga", "DELETE", f"trash/{made['article-1'].id}", status=409)
    assert [item.kept for item in office.later(31).purge().items] == ["held"]
    assert len(office.bench.library.trash()) == 1
    office.call("Ada", "DELETE", f"retention/holds/{office.project}")
    office.later(31).purge()
    assert office.bench.library.trash() == ()


def test_a_recording_is_gone_when_its_consent_is_taken_back(office: Office) -> None:
    wave = sound.wav_bytes(np.sin(np.arange(16_000, dtype=np.float32) / 20), 16_000)
    given = office.studio.consents.add("Grace", "form", wave, project_id=office.project, keep=True)
    assert len(office.holding(wave[100:400])) == 1
    office.studio.consents.revoke_in(office.project, given.id)
    assert office.holding(wave[100:400]) == []
    with pytest.raises(NotAllowed, match="taken back"):
        office.studio.consents.borrow(office.project, f"csm-1b@{given.audio[:12]}")
    assert check(office.bench.library, Silent()).sound


def test_a_file_that_no_message_ever_named_goes_by_itself(office: Office) -> None:
    file = office.bench.library.store_file(b"attached, and never sent", "note.txt", "text/plain")
    assert (office.later(0).purge().files, office.later(0).purge().files) == (0, 0)
    assert office.bench.library.file_path(file.sha256).is_file()
    assert office.later(2).purge().files == 1
    assert office.holding(b"attached, and never sent") == []
    assert check(office.bench.library, Silent()).sound


def test_an_account_goes_with_what_is_theirs_alone(office: Office) -> None:
    own = office.studio.projects.create("Olga's own", person="Olga")
    leaving = office.call("Ada", "GET", "people/Olga/leaving")
    assert leaving == {"theirs": ["Olga's own"], "shared": [office.studio.projects.get(office.project).name]}
    office.call("Ada", "DELETE", "people/Olga", {"name": "Ed"}, status=400)
    office.call("Ada", "DELETE", "people/Olga", {"name": "Olga"}, status=409)
    office.studio.people.set_role(office.project, "Ed", Role.OWNER)
    alias = office.call("Ada", "DELETE", "people/Olga", {"name": "Olga"})["alias"]
    assert [item.id for item in office.bench.library.trash(kind="project")] == [own.id]
    assert "Olga" not in {person.name for person in office.studio.people.all()}
    assert any(entry.subject == alias for entry in office.studio.people.audited())


def test_the_commands_say_what_goes_and_delete_it(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    article = office.made()["article-1"]
    office.call("Ed", "DELETE", f"assets/{article.id}", {"seen": 0})
    settings = Settings(home=office.home, cache=office.home / "cache")
    entry = Entry(settings, office.home, lambda _settings: replace(office.studio, close=lambda: None))
    assert main(["library", "purge", "--dry-run"], entry) == 0
    assert article.id not in capsys.readouterr().err
    assert main(["library", "hold", office.project, "--reason", "Case 12"], entry) == 0
    assert main(["library", "purge", "--all"], entry) == 0
    assert f"asset {article.id} {article.title}: stays, a hold" in capsys.readouterr().err
    assert main(["library", "hold", office.project, "--lift"], entry) == 0
    assert main(["library", "purge", "--dry-run", "--all"], entry) == 0
    assert "Nothing was deleted." in capsys.readouterr().err
    assert len(office.bench.library.trash()) == 1
    assert main(["library", "purge", "--all"], entry) == 0
    assert "Deleted for good:" in capsys.readouterr().err
    assert office.bench.library.trash() == ()
    assert main(["accounts", "delete", "Olga", "--dry-run"], entry) == 1
    assert main(["accounts", "delete", "Vic"], entry) == 0
    assert "Vic" not in {person.name for person in office.studio.people.all()}
