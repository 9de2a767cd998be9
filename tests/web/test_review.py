"""The review routes and commands: a real library, runner and studio; two people, told apart by a header of the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from agents.checklists import Checklists
from domain.asset import Asset
from domain.errors import MaquetteError
from domain.people import Caller
from domain.project import Role
from domain.recipe import OutputFile, Recipe
from domain.settings import Settings
from studio.studio import Studio
from tests.studio.bench import Bench, Hand, open_bench, step
from tests.web.test_board import studio_of
from tests.web.test_writing import CONTEXT, copy_document
from web.api.review import review_router
from web.api.shelf import shelf_router
from web.api.tasks import Tasks
from web.api.writing import writing_router
from web.cli import Entry, main
from web.errors import body_of, status_of


@dataclass
class Office:
    client: TestClient
    bench: Bench
    studio: Studio

    def call(self, who: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.request(method, f"/api/{path}", json=body, headers={"x-person": who})
        assert response.status_code == status, response.text
        return response.json()

    def made(self) -> dict[str, Asset]:
        """article-1 made from copy-1, by step id."""
        plan = self.bench.plan(step("copy-1"), step("article-1", "copy-1"))
        self.bench.plans.approve(plan.id)
        self.bench.wait(plan.id)
        return self.bench.library.latest_assets(plan.id)


@pytest.fixture
def office(home: Path, assets: Path) -> Iterator[Office]:
    bench = open_bench(home, Hand())
    studio, app = studio_of(bench, home, assets), FastAPI()
    studio.people.add("Ada", "correct horse")
    for name, role in (("Ed", Role.EDITOR), ("Rev", Role.REVIEWER)):
        studio.people.add(name, "correct horse")
        studio.people.set_role(bench.project, name, role)

    async def told(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error), status_code=status_of(error))

    @app.middleware("http")
    async def known(request: Request, call_next: Any) -> Any:
        request.state.person = request.headers["x-person"]
        request.state.caller = Caller(person=request.state.person)
        return await call_next(request)

    app.add_exception_handler(MaquetteError, told)
    for router in (shelf_router(studio, Tasks()), review_router(studio, Checklists.load(assets)), writing_router(studio)):
        app.include_router(router)
    bench.runner.start()
    with TestClient(app) as client:
        yield Office(client, bench, studio)
    bench.runner.stop()
    bench.library.close()


def test_the_whole_loop_of_two_people(office: Office) -> None:
    asset = office.made()["copy-1"]
    path = f"assets/{asset.id}/review"
    shown = office.call("Ed", "GET", path)
    assert (shown["state"], shown["revision"], shown["since"]) == ("draft", 0, [])
    assigned = office.call("Ed", "PUT", f"{path}/assignment", {"assignee": "Rev", "due": "2026-01-09", "seen": 0})
    handed = office.call("Ed", "POST", f"{path}/state", {"to": "in_review", "seen": assigned["revision"]})
    (waiting,) = office.call("Rev", "GET", "me/reviews")
    assert (waiting["id"], waiting["due"], waiting["project_name"]) == (asset.id, "2026-01-09", "Test")
    assert office.call("Ed", "GET", "me/reviews") == []
    wish = {"to": "changes_requested", "seen": handed["revision"], "note": "Warmer, please", "redo": True}
    asked = office.call("Rev", "POST", f"{path}/state", wish)
    assert (asked["state"], sorted(asked["redo"]["steps"]), asked["redo"]["error"]) == ("changes_requested", ["article-1", "copy-1"], "")
    office.bench.wait(asset.plan_id)
    later = office.bench.library.latest_assets(asset.plan_id)["copy-1"]
    assert "Warmer, please" in later.text
    office.call("Ed", "POST", f"assets/{later.id}/review/state", {"to": "in_review", "seen": 0})
    assert [one["id"] for one in office.call("Rev", "GET", "me/reviews")] == [later.id]
    approved = office.call("Rev", "POST", f"assets/{later.id}/review/state", {"to": "approved", "seen": 1})
    assert (approved["state"], approved["person"], approved["moves"]) == ("approved", "Rev", ["changes_requested"])
    late = office.call("Ed", "POST", f"assets/{later.id}/review/state", {"to": "approved", "seen": 1}, status=409)
    assert late["message"].startswith("Rev was first: it is now approved.")
    listed = office.call("Ed", "GET", f"projects/{office.bench.project}/assets")
    assert {one["id"]: one["state"] for one in listed["assets"]}[later.id] == "approved"


def test_a_reviewer_may_neither_hand_in_nor_publish(office: Office) -> None:
    asset = office.made()["copy-1"]
    path = f"assets/{asset.id}/review/state"
    assert office.call("Rev", "POST", path, {"to": "in_review", "seen": 0}, status=403)["code"] == "not_allowed"
    office.call("Rev", "POST", path, {"to": "approved", "seen": 0})
    office.call("Rev", "POST", path, {"to": "published", "seen": 1}, status=403)
    office.call("Ed", "POST", path, {"to": "published", "seen": 1})
    office.call("Ed", "POST", path, {"to": "approved", "seen": 2}, status=403)
    office.call("Ada", "POST", path, {"to": "approved", "seen": 2})


def test_the_checklist_of_kind_and_channel_is_ticked_by_name(office: Office) -> None:
    ad = add_copy(office)
    shown = office.call("Rev", "GET", f"assets/{ad}/review")
    assert [(one["id"], one["by"]) for one in shown["checklist"]] == [("facts", ""), ("claims", ""), ("target", "")]
    office.call("Rev", "PUT", f"assets/{ad}/review/checklist/claims", {"done": True, "seen": 0})
    shown = office.call("Ed", "GET", f"assets/{ad}/review")
    assert {one["id"]: one["by"] for one in shown["checklist"]} == {"facts": "", "claims": "Rev", "target": ""}
    assert (shown["state"], shown["revision"]) == ("draft", 1)
    office.call("Ed", "PUT", f"assets/{ad}/review/checklist/claims", {"done": False, "seen": 0}, status=409)
    office.call("Ed", "PUT", f"assets/{ad}/review/checklist/heard", {"done": True, "seen": 1}, status=404)


def test_many_are_approved_at_once(office: Office) -> None:
    made = office.made()
    office.call("Rev", "POST", f"assets/{made['copy-1'].id}/review", {"verdict": "approve"})
    wish = {"asset_ids": [asset.id for asset in made.values()], "to": "approved"}
    done = {one["id"]: one for one in office.call("Rev", "POST", f"projects/{office.bench.project}/reviews", wish)}
    assert (done[made["article-1"].id]["state"], done[made["article-1"].id]["error"]) == ("approved", "")
    assert "cannot become approved" in done[made["copy-1"].id]["error"]


def test_comments_are_said_answered_and_resolved(office: Office) -> None:
    asset = office.made()["copy-1"]
    path = f"assets/{asset.id}/comments"
    start = office.call("Rev", "POST", path, {"text": "Shorter.", "anchor": {"kind": "text", "line": 1, "quote": "copy-1"}})
    office.call("Ed", "POST", path, {"text": "Done.", "thread": start["id"]})
    office.call("Ed", "PUT", f"{path}/{start['id']}", {"resolved": True})
    (thread,) = office.call("Rev", "GET", path)
    assert (thread["person"], thread["anchor"]["quote"], thread["resolved"]) == ("Rev", "copy-1", "Ed")
    assert [answer["text"] for answer in thread["answers"]] == ["Done."]
    office.call("Rev", "POST", path, {"text": "x", "anchor": {"kind": "region", "x": 0, "y": 0, "w": 1, "h": 1}}, status=400)
    for anchor in ({"kind": "region", "x": 2, "y": 0, "w": 1, "h": 1}, {"kind": "place"}, {"kind": "time", "start": 3, "end": 1}):
        office.call("Rev", "POST", path, {"text": "x", "anchor": anchor}, status=422)


def test_where_it_comes_from_and_making_it_again(office: Office) -> None:
    made = office.made()
    family = office.call("Ed", "GET", f"assets/{made['article-1'].id}/family")
    assert [(kin["id"], kin["roles"]) for kin in family["sources"]] == [(made["copy-1"].id, ["source"])]
    rerun = office.call("Ed", "GET", f"assets/{made['copy-1'].id}/rerun")
    assert (rerun["steps"], rerun["cost"]["unknown"]) == (["copy-1", "article-1"], 0)
    queued = office.call("Ed", "POST", f"assets/{made['copy-1'].id}/rerun", {"note": ""})
    assert sorted(queued["queued"]) == ["article-1", "copy-1"]
    office.bench.wait(made["copy-1"].plan_id)
    newer = office.bench.library.latest_assets(made["copy-1"].plan_id)["copy-1"]
    changes = office.call("Ed", "GET", f"assets/{newer.id}/comparison?before={made['copy-1'].id}")
    assert {change["kind"] for change in changes} == {"same", "old", "new"}


def test_what_was_used_is_not_deleted(office: Office) -> None:
    made = office.made()
    refused = office.call("Ed", "DELETE", f"assets/{made['copy-1'].id}", {"seen": 0}, status=409)
    assert ("article-1" in refused["message"], bool(refused["hint"])) == (True, True)
    office.call("Ed", "DELETE", f"assets/{made['article-1'].id}", {"seen": 0})
    office.call("Ed", "GET", f"assets/{made['article-1'].id}", status=404)


def add_copy(office: Office) -> str:
    recipe = Recipe(
        kind=CONTEXT.spec.kind,
        maker="writer",
        maker_version=2,
        prompt="Cold brew in Leeds",
        parameters={"context": CONTEXT.model_dump(mode="json")},
    )
    fields = {"id": "", "project_id": office.bench.project, "title": "Ad", "files": (), "recipe": recipe, "created": datetime.now(UTC)}
    document = copy_document()
    asset = Asset.model_validate({**fields, "text": "Cold brew from Leeds"})
    data = document.model_dump_json().encode()
    return office.bench.library.add_asset(asset, [OutputFile("copy.json", "application/vnd.maquette.copy+json", data)]).id


def test_an_edit_is_kept_as_a_pair_only_after_consent_and_taken_out_as_jsonl(
    office: Office, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add_copy(office)
    second = office.call("Ed", "POST", f"assets/{first}/writing", {"texts": {"A.0.0": "Slow coffee from Leeds"}})["id"]
    base = f"projects/{office.bench.project}/preferences"
    assert office.call("Ed", "GET", base)["pairs"] == 0
    assert office.call("Ada", "PUT", base, {"agreed": True})["consent"]
    third = office.call("Ed", "POST", f"assets/{second}/writing", {"texts": {"A.0.0": "Cold coffee from Leeds"}})["id"]
    found = office.call("Ed", "GET", base)
    assert (found["pairs"], found["by_source"], found["texts"]) == (1, {"edit": 1}, 1)
    answer = office.client.get(f"/api/{base}.jsonl", headers={"x-person": "Ed"})
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    (line,) = [json.loads(line) for line in answer.text.splitlines()]
    texts = {name: office.bench.library.asset(asset_id).text for name, asset_id in (("chosen", third), ("rejected", second))}
    assert line == {"prompt": "Cold brew in Leeds", **texts}
    out = tmp_path / "pairs.jsonl"
    entry = Entry(Settings(home=home, cache=home / "cache"), Path(), lambda _: office.studio)
    assert main(["preferences", "Test", "--out", str(out)], entry) == 0
    assert out.read_text(encoding="utf-8") == answer.text
    assert main(["preferences", "Test", "--out", str(out)], entry) == 1
    assert main(["preferences", "Nobody's", "--out", str(out)], entry) == 1
    assert "exists already" in capsys.readouterr().err


def test_the_command_line_tells_where_an_asset_comes_from(office: Office, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = office.made()
    entry = Entry(Settings(home=home, cache=home / "cache"), Path(), lambda _: office.studio)
    assert main(["lineage", made["copy-1"].id], entry) == 0
    told = capsys.readouterr().err
    assert "depends on it: 1" in told and made["article-1"].id in told.replace("\n", "")
    assert "2 steps, about" in told
    assert main(["lineage", "nope"], entry) == 1
