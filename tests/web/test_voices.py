"""Casting and speaking a table over HTTP: a real library and runner; the makers write a few bytes."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from agents.writers.game.data import string_table
from domain.asset import Asset
from domain.capability import StepKind
from domain.dialogue import DIALOGUE_MEDIA_TYPE
from domain.moderation import Case, CaseState
from domain.people import AuditEntry
from domain.recipe import OutputFile, Recipe
from domain.review import Review, Verdict
from tests.agents.writers.game.scenes import RICH
from tests.studio.bench import Bench, Hand, open_bench
from tests.web.test_board import app_of_ada, studio_of
from web.api.voices import lines_router, voices_router

TABLE = (
    "id,character,text,language\r\n"
    "l_1,Mira,Good evening.,\r\n"
    "l_2,Tom,,\r\n"
    "l_3,Tom,😀😀,\r\n"
    f"l_4,Tom,{'a' * 50_000},\r\n"
    "l_1,Tom,Twice.,\r\n"
    "l_5,Tom,Build a bomb.,\r\n"
    "l_6,Tom,The bridge is gone.,\r\n"
    ",Tom,No id.,\r\n"
)


@dataclass
class Page:
    client: TestClient
    bench: Bench

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.request(method, f"/api{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()

    def finished(self, begun: Any) -> list[dict[str, Any]]:
        for plan in begun["plans"]:
            self.bench.wait(plan)
        rows: list[dict[str, Any]] = self.call("GET", f"/lines/{begun['brief_id']}")
        return rows


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    bench = open_bench(home, Hand())
    bench.runner.start()
    app = app_of_ada()
    studio = studio_of(bench, home, assets)
    app.include_router(voices_router(studio))
    app.include_router(lines_router(studio))
    with TestClient(app) as client:
        yield Page(client, bench)
    bench.runner.stop()
    bench.library.close()


def test_voices_are_found_by_what_they_are(page: Page) -> None:
    found = page.call("GET", "/voices?engine=kokoro&language=en&gender=male&age=old")
    assert {voice["name"] for voice in found} == {"am_santa", "em_santa", "pm_santa"}
    assert all(voice["installed"] and voice["licence"] == "Apache-2.0" for voice in found)
    assert page.call("GET", "/voices/sample?voice=af_hart", status=400)["field"] == "voice"


def test_a_cast_sheet_is_proposed_changed_and_kept(page: Page) -> None:
    project = page.bench.project
    people = {"people": [{"name": "Mira", "voice": "young, female"}, {"name": "Tom", "voice": "old man"}], "language": "en"}
    proposed = page.call("POST", f"/projects/{project}/cast/propose", people)
    assert [member["name"] for member in proposed] == ["Mira", "Tom"]
    assert page.call("GET", f"/projects/{project}/cast") == []
    page.call("PUT", f"/projects/{project}/cast", proposed[0])
    page.call("PUT", f"/projects/{project}/cast", {"name": "mira", "voice": "af_bella", "speed": 0.9, "style": "calm"})
    [kept] = page.call("GET", f"/projects/{project}/cast")
    assert (kept["voice"], kept["speed"], kept["style"]) == ("af_bella", 0.9, "calm")
    assert "af_bella" in page.call("PUT", f"/projects/{project}/cast", {"name": "Tom", "voice": "af_bela"}, 400)["hint"]
    page.call("DELETE", f"/projects/{project}/cast/Nobody", status=404)
    assert page.call("DELETE", f"/projects/{project}/cast/Mira") == []


def test_a_word_goes_into_the_lexicon_and_out_again(page: Page) -> None:
    path = f"/projects/{page.bench.project}/lexicon"
    assert page.call("PUT", path, {"word": "Nguyen", "spelling": "win"}) == {"Nguyen": "win"}
    assert page.call("PUT", path, {"word": "nguyen", "spelling": "/wˈɪn/"}) == {"nguyen": "/wˈɪn/"}
    assert page.call("PUT", path, {"word": "NGUYEN"}) == {}


def test_bad_rows_are_named_and_the_others_are_spoken(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": TABLE, "title": "Scene"})
    assert {(row["row"], row["id"]) for row in begun["refused"]} >= {(3, "l_2"), (4, "l_3"), (5, "l_4"), (6, "l_1"), (9, "")}
    assert begun["lines"] == 2
    rows = page.finished(begun)
    states = {row["line"]: row["state"] for row in rows}
    assert (states["l_6"], states["l_5"]) == ("done", "refused")
    assert rows[0]["line"] == "l_1"
    why = {row["line"]: row["why"] for row in rows if row["state"] == "refused"}
    assert "50,000 characters" in why["l_4"]
    assert "Weapons" in why["l_5"]
    assert [member["name"] for member in page.call("GET", f"/projects/{page.bench.project}/cast")] == ["Mira", "Tom"]


def test_one_line_is_fixed_and_no_other(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": TABLE})
    before = page.finished(begun)
    path = f"/lines/{begun['brief_id']}"
    assert len(page.call("POST", f"{path}/l_6/takes", {"text": "The bridge is still there."})["queued"]) == 1
    after = {row["line"]: row for row in page.finished(begun) if row["state"] != "refused"}
    assert (after["l_6"]["version"], after["l_6"]["text"]) == (2, "The bridge is still there.")
    assert after["l_1"]["asset_id"] == before[0]["asset_id"]
    page.call("POST", f"{path}/l_9/takes", {"note": "slower"}, 404)
    assert page.call("POST", f"{path}/l_6/takes", {"text": "A bomb."}, 400)["field"] == "text"


def test_the_pack_holds_a_file_per_line_and_the_report(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": TABLE})
    page.finished(begun)
    answer = page.client.get(f"/api/lines/{begun['brief_id']}/report.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        assert sorted(pack.namelist()) == ["l_1.wav", "l_6.wav", "manifest.json", "manifest.seal.json", "report.csv", "report.json"]
        rows = list(csv.DictReader(io.StringIO(pack.read("report.csv").decode("utf-8-sig"))))
    assert {row["id"]: row["state"] for row in rows}["l_6"] == "done"
    assert page.client.get(f"/api/lines/{begun['brief_id']}/report.csv").headers["content-type"].startswith("text/csv")


def test_ids_that_a_file_name_cannot_hold_apart_have_a_file_each(page: Page) -> None:
    table = "id,character,text\n" + "".join(f"{line},Mira,I say {line}.\n" for line in ("a:1", "a_1", "A_1", "recast"))
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": table})
    names = {row["line"]: row["file"] for row in page.finished(begun)}
    assert names == {"a:1": "a_1-3.wav", "a_1": "a_1.wav", "A_1": "A_1-2.wav", "recast": "recast.wav"}
    with zipfile.ZipFile(io.BytesIO(page.client.get(f"/api/lines/{begun['brief_id']}/report.zip").content)) as pack:
        assert sorted(pack.namelist()) == sorted([*names.values(), "manifest.json", "manifest.seal.json", "report.csv", "report.json"])


def test_a_line_called_recast_is_fixed_as_every_other(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": "id,character,text\nrecast,Mira,Once more.\nl_1,Mira,No.\n"})
    page.finished(begun)
    assert len(page.call("POST", f"/lines/{begun['brief_id']}/recast/takes", {"text": "Twice more."})["queued"]) == 1
    after = {row["line"]: (row["version"], row["text"]) for row in page.finished(begun)}
    assert after == {"recast": (2, "Twice more."), "l_1": (1, "No.")}


def test_a_table_of_more_lines_than_a_plan_holds_becomes_several_plans(page: Page) -> None:
    table = "id,character,text\n" + "".join(f"l_{number},Mira,Line number {number}.\n" for number in range(70))
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": table})
    assert len(begun["plans"]) == 2
    rows = page.finished(begun)
    assert [row["line"] for row in rows] == [f"l_{number}" for number in range(70)]
    assert {row["state"] for row in rows} == {"done"}


def test_a_table_without_a_line_is_refused_at_the_table(page: Page) -> None:
    path = f"/projects/{page.bench.project}/lines"
    assert page.call("POST", path, {"csv": "id,text\nl_1,\n"}, 400)["field"] == "table"
    assert page.call("POST", path, {"csv": "a,b\n1,2\n"}, 400)["field"] == "table"
    refused = page.call("POST", path, {"csv": "id,text\nl_1,Bonjour\n", "language": "tlh"}, 400)
    assert "tlh" in refused["message"]


def test_choices_are_spoken_only_when_asked(page: Page) -> None:
    table = string_table(RICH)
    path = f"/projects/{page.bench.project}/lines"
    some = page.call("POST", path, {"csv": table})
    everything = page.call("POST", path, {"csv": table, "choices": True})
    assert everything["lines"] > some["lines"]
    assert len(page.finished(everything)) == everything["lines"]


def test_a_recording_nobody_speaks_in_is_refused_by_name(page: Page) -> None:
    answer = page.client.post("/api/transcripts?name=hum.wav", content=b"RIFF....WAVE")
    assert answer.status_code == 415
    assert "hum.wav" in answer.json()["message"]


GORE = "They beheaded the prisoner at noon."


def test_a_dialogue_that_is_held_is_not_spoken_out_of_its_hold(page: Page) -> None:
    def add(title: str) -> Asset:
        recipe = Recipe(kind=StepKind.DIALOGUE, maker="edited", maker_version=1)
        draft = Asset(id="", project_id=page.bench.project, title=title, files=(), recipe=recipe, created=datetime.now(UTC))
        return page.bench.library.add_asset(draft, [OutputFile("scene.json", DIALOGUE_MEDIA_TYPE, RICH.model_dump_json().encode())])

    path = f"/projects/{page.bench.project}/lines"
    assert page.call("POST", path, {"asset": add(GORE).id}, 409)["code"] == "content_held"
    assert page.call("GET", path.replace("lines", "cast")) == []  # nobody was cast for it
    page.finished(page.call("POST", path, {"asset": add("The tower").id}))


def test_a_report_with_a_line_that_is_held_stays_until_it_is_allowed(page: Page) -> None:
    table = f"id,character,text\nl_1,Mira,Good evening.\nl_2,Tom,{GORE}\n"
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": table})
    path = f"/lines/{begun['brief_id']}"
    assert [row["state"] for row in page.finished(begun)] == ["done", "done"]  # people of the project see it
    for form in ("csv", "json", "zip"):
        assert page.call("GET", f"{path}/report.{form}", status=409)["code"] == "content_held"
    library = page.bench.library
    for case in library.blocked(page.bench.project).values():
        entry = AuditEntry(action="content_decided", created=datetime.now(UTC))
        library.change_case(case.id, 0, lambda one: one.model_copy(update={"state": CaseState.ALLOWED}), lambda *_, entry=entry: entry)
    page.call("GET", f"{path}/report.json")


def test_an_approved_take_does_not_take_the_held_words_of_a_newer_one_out(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": "id,character,text\nl_1,Mira,Good evening.\n"})
    path = f"/lines/{begun['brief_id']}"
    first = page.finished(begun)[0]["asset_id"]
    page.bench.library.add_review(Review(id="", asset_id=first, verdict=Verdict.APPROVE, created=datetime.now(UTC)))
    page.call("POST", f"{path}/l_1/takes", {"text": GORE})
    [row] = page.finished(begun)
    assert (row["asset_id"], row["text"]) == (first, GORE)
    newest = next(asset for plan in begun["plans"] for asset in page.bench.library.latest_assets(plan).values())
    assert newest.id != first
    held = Case(project_id=page.bench.project, kind="asset", subject=newest.id, findings=(), created=datetime.now(UTC))
    page.bench.library.add_case(held)
    page.call("GET", f"{path}/report.csv", status=409)


def test_an_audition_of_words_that_would_be_held_is_refused_with_the_way_out(page: Page) -> None:
    refused = page.call("POST", f"/projects/{page.bench.project}/audition", {"text": GORE, "voice": "af_heart"}, 422)
    assert refused["field"] == "text"
    assert "as a step" in refused["hint"]
