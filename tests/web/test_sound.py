"""The Sound page over HTTP: tables and takes, mixes from a script, pieces, recordings; what is wrong is said at its field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.studio.bench import Hand, open_bench
from tests.web.test_board import app_of_ada, studio_of
from tests.web.test_voices import TABLE, Page
from web.api.shelf import shelf_router
from web.api.sound import sound_router
from web.api.tasks import Tasks, tasks_router
from web.api.voices import lines_router, voices_router


@pytest.fixture
def page(home: Path, assets: Path) -> Iterator[Page]:
    bench = open_bench(home, Hand())
    bench.runner.start()
    app, studio, tasks = app_of_ada(), studio_of(bench, home, assets), Tasks()
    for router in (
        voices_router(studio),
        lines_router(studio),
        sound_router(studio, tasks),
        shelf_router(studio, tasks),
        tasks_router(tasks),
    ):
        app.include_router(router)
    with TestClient(app) as client:
        yield Page(client, bench)
    bench.runner.stop()
    bench.library.close()


def test_a_take_that_is_approved_counts_until_another_is(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": TABLE, "title": "Scene"})
    first = {row["line"]: row for row in page.finished(begun)}["l_6"]
    assert page.call("GET", f"/projects/{page.bench.project}/lines") == [{"brief_id": begun["brief_id"], "title": "Scene", "lines": 2}]
    path = f"/lines/{begun['brief_id']}"
    page.call("POST", f"{path}/l_6/takes", {"note": "slower"})
    second = {row["line"]: row for row in page.finished(begun)}["l_6"]
    assert (second["version"], second["takes"], second["newer"]) == (2, 2, False)
    page.call("POST", f"/assets/{first['asset_id']}/review", {"verdict": "approve"})
    third = {row["line"]: row for row in page.finished(begun)}["l_6"]
    assert (third["asset_id"], third["version"], third["newer"]) == (first["asset_id"], 1, True)
    takes = page.call("GET", f"{path}/l_6/takes")
    assert [(one["version"], one["counts"], one["note"]) for one in takes] == [(2, False, "slower"), (1, True, "")]
    page.call("GET", f"{path}/l_99/takes", status=404)


def test_the_row_of_a_refused_line_is_that_of_the_file(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": TABLE})
    assert {row["id"]: row["row"] for row in begun["refused"]}["l_5"] == 7


def test_words_that_nobody_can_say_and_voices_there_are_none_of_are_refused_at_the_line(page: Page) -> None:
    begun = page.call("POST", f"/projects/{page.bench.project}/lines", {"csv": TABLE})
    page.finished(begun)
    path = f"/lines/{begun['brief_id']}/l_6/takes"
    assert page.call("POST", path, {"text": "😀 <b></b>"}, 400)["field"] == "text"
    assert "af_bella" in page.call("POST", path, {"voice": "af_bela"}, 400)["hint"]
    page.call("POST", path, {"text": "a" * 50_000}, 422)
    [row] = [row for row in page.finished(begun) if row["line"] == "l_6"]
    assert row["takes"] == 1


def test_voices_are_the_same_by_their_whole_name(page: Page, home: Path, assets: Path) -> None:
    casting = studio_of(page.bench, home, assets).casting
    assert casting.same("bella", "af_bella")
    assert casting.same("af_heart*0.6+bf_emma*0.4", "bf_emma*0.4+af_heart*0.6")
    # Blends that end alike, and names of two engines
    assert not casting.same("af_heart*0.6+bf_emma*0.4", "am_adam*0.6+bf_emma*0.4")
    assert not casting.same("af_heart*0.6+bf_emma*0.4", "af_heart*0.5+bf_emma*0.5")
    assert not casting.same("heart", "af_heart")


def test_a_script_becomes_a_plan_that_waits_and_casts_who_speaks(page: Page) -> None:
    project = page.bench.project
    wish = {"script": "Mira: Good evening.\n[a door closes]\nTom: Who is there?", "music": "tense", "seconds": 12}
    made = page.call("POST", f"/projects/{project}/mixes", wish)
    [row] = page.call("GET", f"/projects/{project}/mixes")
    assert (row["plan_id"], row["step_id"], row["state"]) == (made["plan"], made["step"], "")
    assert [member["name"] for member in page.call("GET", f"/projects/{project}/cast")] == ["Mira", "Tom"]
    page.call("GET", f"/plans/{made['plan']}/steps/{made['step']}/timeline", status=404)
    refused = page.call("POST", f"/projects/{project}/mixes", {"script": "Mira: Hello.\nTom: 😀"}, 400)
    assert (refused["field"], refused["message"][:5]) == ("script", "Row 2")
    assert page.call("POST", f"/projects/{project}/mixes", {"script": "Mira: Build a bomb."}, 422)["field"] == "script"


def test_styles_and_effects_are_listed_and_asked_for_by_field(page: Page) -> None:
    options = page.call("GET", "/sound/options")
    assert len(options["styles"]) == 19
    assert {"coin", "rain", "thunder"} <= {one["id"] for one in options["effects"]}
    path = f"/projects/{page.bench.project}/pieces"
    made = page.call("POST", path, {"kind": "music", "values": {"mood": "jazz", "seed": 5, "seconds": 12}, "count": 2})
    seeds = [step.spec.seed for step in page.bench.plans.get(made["plan"]).steps if step.kind == "music"]  # type: ignore[union-attr]
    assert seeds == [5, 6]
    assert page.call("POST", path, {"kind": "music", "values": {"mood": "jazz", "seconds": 1}}, 400)["field"].endswith("seconds")
    assert page.call("POST", path, {"kind": "picture", "values": {"about": "x"}}, 400)["field"] == "kind"


def test_a_recording_nobody_speaks_in_fails_by_name_and_is_not_kept(page: Page) -> None:
    path = f"/api/projects/{page.bench.project}/recordings"
    task: dict[str, Any] = page.client.post(f"{path}?name=hum.wav", content=b"RIFF....WAVE").json()
    while (state := page.call("GET", f"/tasks/{task['task']}"))["state"] == "running":
        pass
    assert state["state"] == "failed"
    assert "hum.wav" in state["error"]
    assert page.client.get(path).json() == []
