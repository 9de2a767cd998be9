"""The routes of content review: real rules, library and runner; people told apart by a header of the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import MaquetteError
from domain.people import Caller
from domain.project import Role
from domain.recipe import OutputFile, Recipe
from studio.export import Selection
from tests.studio.bench import Hand, open_bench
from tests.studio.labelled import Leaving
from tests.web.test_board import studio_of
from tests.web.test_review import Office
from web.api.desk import projects_router
from web.api.files import files_router
from web.api.moderation import moderation_router
from web.api.shelf import shelf_router
from web.api.tasks import Tasks
from web.errors import body_of, status_of

WORDS = "They beheaded the prisoner at noon."


@pytest.fixture
def office(home: Path, assets: Path) -> Iterator[Office]:
    bench = open_bench(home, Hand())
    studio, app = studio_of(bench, home, assets, Leaving(bench.library, home, assets).labelling), FastAPI()
    studio.people.add("Ada", "correct horse")
    for name, role in (("Ed", Role.EDITOR), ("Rev", Role.REVIEWER), ("Vic", Role.VIEWER)):
        studio.people.add(name, "correct horse")
        studio.people.set_role(bench.project, name, role)

    async def told(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error), status_code=status_of(error))

    @app.middleware("http")
    async def known(request: Request, call_next: Any) -> Any:
        request.state.caller = Caller(person=request.headers["x-person"])
        return await call_next(request)

    app.add_exception_handler(MaquetteError, told)
    for router in (moderation_router(studio), shelf_router(studio, Tasks()), projects_router(studio), files_router(studio)):
        app.include_router(router)
    with TestClient(app) as client:
        yield Office(client, bench, studio)
    bench.library.close()


def add(office: Office) -> Asset:
    recipe = Recipe(kind=StepKind.COPY, maker="edited", maker_version=1)
    draft = Asset(
        id="", project_id=office.bench.project, title="Noon", files=(), recipe=recipe, text=WORDS, person="Ed", created=datetime.now(UTC)
    )  # fmt: skip
    return office.bench.library.add_asset(draft, [OutputFile("noon.txt", "text/plain", WORDS.encode())])


def test_a_held_result_is_listed_decided_and_only_then_downloaded(office: Office) -> None:
    asset, project = add(office), office.bench.project
    (tile,) = office.call("Ed", "GET", f"projects/{project}/assets")["assets"]
    assert tile["held"] == "held"
    refused = office.client.get(f"/files/{asset.id}/0?download=1", headers={"x-person": "Ed"})
    assert (refused.status_code, refused.json()["code"]) == (409, "content_held")
    (case,) = office.call("Rev", "GET", f"projects/{project}/moderation")
    assert (case["may_decide"], case["may_appeal"], case["findings"][0]["rule"]) == (True, False, "gore")
    path = f"projects/{project}/moderation/{case['id']}"
    assert office.call("Vic", "POST", f"{path}/decision", {"allow": True, "seen": 0}, 403)["code"] == "not_allowed"
    assert office.call("Ed", "POST", f"{path}/decision", {"allow": True, "seen": 0}, 403)["code"] == "not_allowed"
    assert office.call("Rev", "POST", f"{path}/decision", {"allow": False, "seen": 0}, 400)["field"] == "note"
    assert office.call("Rev", "POST", f"{path}/decision", {"allow": False, "note": "Too much.", "seen": 0})["revision"] == 1
    assert office.call("Ada", "POST", f"{path}/decision", {"allow": True, "seen": 0}, 409)["message"].startswith("Rev was first")
    assert office.call("Ed", "POST", f"{path}/appeal", {"note": "A chronicle.", "seen": 1})["state"] == "appealed"
    assert office.call("Ada", "POST", f"{path}/decision", {"allow": True, "seen": 2})["state"] == "allowed"
    assert office.client.get(f"/files/{asset.id}/0?download=1", headers={"x-person": "Ed"}).content == WORDS.encode()
    assert office.call("Rev", "GET", f"projects/{project}/moderation") == []
    assert [one["state"] for one in office.call("Rev", "GET", f"projects/{project}/moderation?waiting=false")] == ["allowed"]


def test_how_a_result_was_judged_is_told(office: Office) -> None:
    asset = add(office)
    told = office.call("Vic", "GET", f"assets/{asset.id}/moderation")
    assert told["judged"] == {"level": "standard", "text": True, "picture": "none", "score": None, "model": ""}
    assert (told["held"], told["case"]["state"], told["case"]["may_appeal"]) == (True, "held", False)


def test_a_case_of_another_project_is_not_decided_by_this_one(office: Office) -> None:
    add(office)
    (case,) = office.call("Rev", "GET", f"projects/{office.bench.project}/moderation")
    other = office.bench.another_project()
    office.call("Ada", "POST", f"projects/{other}/moderation/{case['id']}/decision", {"allow": True, "seen": 0}, 404)


def test_the_level_is_changed_and_audited(office: Office) -> None:
    project = office.bench.project
    assert office.call("Ada", "GET", f"projects/{project}")["moderation"] == "standard"
    assert office.call("Ada", "PATCH", f"projects/{project}", {"moderation": "open"})["moderation"] == "open"
    office.call("Ada", "PATCH", f"projects/{project}", {"moderation": "off"}, 422)
    (entry,) = [one for one in office.studio.people.audited(project) if one.action == "moderation_level"]
    assert (entry.person, entry.data) == ("Ada", {"from": "standard", "to": "open"})
    assert office.bench.library.blocked(project) == {}
    add(office)
    assert office.bench.library.blocked(project) == {}


def test_a_refused_wish_is_appealed_by_its_words(office: Office) -> None:
    path = f"projects/{office.bench.project}/moderation/appeals"
    assert office.call("Ed", "POST", path, {"text": "Bread at six.", "note": "Please."}, 400)["field"] == "text"
    words = "Slogans saying refugees are vermin"
    assert office.call("Ed", "POST", path, {"text": words, "note": "For a museum."})["state"] == "appealed"
    (case,) = office.call("Rev", "GET", f"projects/{office.bench.project}/moderation")
    assert (case["text"], case["grave"], case["may_decide"]) == (words, True, False)
    assert office.call("Vic", "GET", f"projects/{office.bench.project}/moderation") == []


def test_a_pack_written_before_a_refusal_is_not_handed_over_after_it(office: Office) -> None:
    asset, project, shelf = add(office), office.bench.project, office.studio.shelf
    (case,) = office.call("Rev", "GET", f"projects/{project}/moderation")
    path = f"projects/{project}/moderation/{case['id']}/decision"
    office.call("Rev", "POST", path, {"allow": True, "seen": 0})
    pack = shelf.export(Selection(project_id=project))

    def fetched() -> Any:
        return office.client.get(f"/packs/{project}/{pack.name}", headers={"x-person": "Ed"})

    assert fetched().content == pack.read_bytes()
    office.call("Rev", "POST", path, {"allow": False, "note": "Too much.", "seen": 1})
    assert (fetched().status_code, fetched().json()["code"]) == (409, "content_held")
    # Deleted, it has no case any more; the pack stays closed.
    office.studio.reviews.delete(asset.id, "Ed", seen=0)
    assert fetched().status_code == 404
    assert "deleted" in fetched().json()["message"]


def test_two_packs_of_one_second_are_two_files_and_what_is_no_pack_is_none(office: Office) -> None:
    recipe = Recipe(kind=StepKind.COPY, maker="edited", maker_version=1)
    draft = Asset(id="", project_id=office.bench.project, title="Six", files=(), recipe=recipe, created=datetime.now(UTC))
    office.bench.library.add_asset(draft, [OutputFile("six.txt", "text/plain", b"Bread at six.")])
    packs = [office.studio.shelf.export(Selection(project_id=office.bench.project)) for _ in range(4)]
    assert len(set(packs)) == 4
    (packs[0].parent / "broken.zip").write_bytes(b"PK")
    answer = office.client.get(f"/packs/{office.bench.project}/broken.zip", headers={"x-person": "Ed"})
    assert answer.status_code == 404


def test_the_newest_packs_of_a_project_are_kept_and_none_over_a_week(office: Office) -> None:
    recipe = Recipe(kind=StepKind.COPY, maker="edited", maker_version=1)
    draft = Asset(id="", project_id=office.bench.project, title="Six", files=(), recipe=recipe, created=datetime.now(UTC))
    office.bench.library.add_asset(draft, [OutputFile("six.txt", "text/plain", b"Bread at six.")])
    selection = Selection(project_id=office.bench.project)
    first = office.studio.shelf.export(selection)
    now = datetime.now(UTC).timestamp()
    for hours in range(1, 30):
        older = first.with_name(f"older-{hours}.zip")
        older.write_bytes(b"")
        os.utime(older, (now - 3600 * hours, now - 3600 * hours))
    os.utime(first, (now - 8 * 86_400, now - 8 * 86_400))
    last = office.studio.shelf.export(selection)
    assert {path.name for path in first.parent.iterdir()} == {last.name, *(f"older-{hours}.zip" for hours in range(1, 20))}
    os.utime(last, (now - 8 * 86_400, now - 8 * 86_400))
    office.studio.shelf.export(selection)
    assert not last.exists()
