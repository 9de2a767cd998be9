"""The pages' JSON: the board with its actions, the library, the desk. A real studio whose makers write a few bytes."""

from __future__ import annotations

import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from agents.picture_safety import PictureRules
from agents.safety import SafetyRules
from agents.writers.calls import Desk as WritersDesk
from domain.capability import StepKind
from domain.errors import EngineFailed, MaquetteError
from domain.people import Caller
from domain.plan import Step
from domain.progress import Progress
from domain.settings import Settings
from domain.specs import PictureSpec
from domain.value import JsonValue
from library.library import Library
from pipelines.audio.recognition import Transcript
from pipelines.audio.voices import VoiceCatalogue
from pipelines.image.drawing_files import DrawingFiles
from pipelines.labels.authority import Authority
from pipelines.labels.formats import Formats
from pipelines.media.palette import palette_of
from pipelines.media.picture import decode
from pipelines.models.catalogue import Catalogue
from pipelines.models.profiles import Hardware, choose
from pipelines.models.store import ModelStore
from studio.attachments import Attachments
from studio.consents import Consents
from studio.conversation import Conversation
from studio.drawings import Drawings
from studio.engine import EngineRoom
from studio.export import Selection, export_pack
from studio.inspecting import Inspecting
from studio.labelling import Labeller
from studio.lines import Lines
from studio.mailing import Mailboxes
from studio.makers import Makers
from studio.media_makers import voices_of
from studio.models import ModelDesk
from studio.moderation import Moderation
from studio.pack_texts import PackSources
from studio.pictures import Pictures
from studio.pieces import Pieces
from studio.printing import Printing
from studio.projects import Projects
from studio.recordings import Recordings
from studio.shelf import Shelf
from studio.shortening import Shorter
from studio.sound import Sound
from studio.spots import Spots
from studio.studio import Studio
from studio.timelines import Timelines
from studio.transcripts import Transcripts
from studio.voices import VoicesDesk
from studio.waveforms import Waveforms
from studio.writing import Writing
from tests.opening import opening
from tests.studio.bench import Bench, Hand, open_bench, refuse_bombs, step
from tests.studio.labelled import Unlabelled
from web.api.board import board_router
from web.api.desk import models_router, projects_router
from web.api.files import files_router
from web.api.shelf import shelf_router
from web.api.tasks import Tasks, tasks_router
from web.errors import body_of, status_of


@dataclass
class Desk:
    """A client signed in as "ada", and the studio behind it."""

    client: TestClient
    bench: Bench
    studio: Studio
    tasks: Tasks

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.request(method, f"/api/{path}", json=body)
        assert response.status_code == status, response.text
        return response.json()

    def board(self) -> Any:
        return self.call("GET", f"projects/{self.bench.project}/board")

    def made(self, *ids: str) -> str:
        """A plan of these steps, approved and finished. Returns its id."""
        plan = self.bench.plan(*(step(name) for name in ids))
        self.call("POST", f"plans/{plan.id}/approve")
        self.bench.wait(plan.id)
        return plan.id

    def task(self, started: dict[str, str]) -> Any:
        while (state := self.call("GET", f"tasks/{started['task']}"))["state"] == "running":
            time.sleep(0.02)
        return state


def colours_of(data: bytes, name: str) -> tuple[str, ...]:
    return palette_of(np.asarray(decode(data, name).convert("RGB")))


def moderation_of(bench: Bench, assets: Path) -> Moderation:
    """The real rules; no model looks at pictures here."""
    rules, pictures = SafetyRules.load(assets), PictureRules.load(assets)
    moderation = Moderation(bench.library, rules, pictures, lambda: False, lambda data: 0.0, lambda: datetime.now(UTC))
    bench.library.judged_by(moderation.judge)
    return moderation


@cache
def writers_desk(assets: Path) -> WritersDesk:
    return WritersDesk(assets)


def studio_of(bench: Bench, home: Path, assets: Path, labelling: Labeller | None = None) -> Studio:
    """labelling: who labels what leaves; by itself a stand-in that hands files over as they are stored."""
    catalogue = Catalogue.read(assets / "models.toml")
    store = ModelStore(catalogue, home / "cache", offline=True)
    settings = Settings(home=home, cache=home / "cache")
    labelling = labelling or Unlabelled(bench.library, home)
    sources = PackSources(model=lambda model_id: None, labelling=labelling)
    drawings = Drawings(bench.library, lambda maker, works, progress: DrawingFiles().generate(works, progress), home / "drawings")
    makers = Makers([bench.hand.maker(kind) for kind in StepKind], lambda step, brand: "")

    def export(library: Library, selection: Selection, out: Path, progress: Progress) -> Path:
        return export_pack(library, selection, out, progress, sources)

    projects = Projects(bench.library)
    moderation = moderation_of(bench, assets)
    consents = Consents(bench.library, lambda: frozenset({"csm-1b"}))
    casting = VoicesDesk(
        bench.library,
        projects,
        VoiceCatalogue.read(assets / "voices.toml"),
        lambda: frozenset({"kokoro", "hibari"}),
        lambda: voices_of(VoiceCatalogue.read(assets / "voices.toml"), frozenset({"kokoro", "hibari"})),
        lambda engine: bench.hand.maker(StepKind.SPEECH).generate,
        lambda engine: 1,
        writers_desk(assets),
        home / "cache" / "voices",
        consents,
        labelling,
        moderation.spoken,
    )
    makers = Makers([bench.hand.maker(kind) for kind in StepKind], lambda step, brand: "")
    recordings = Recordings(lambda data: Transcript(text="", language="en", seconds=1.0))
    return Studio(
        library=bench.library,
        projects=projects,
        attachments=Attachments(bench.library, colours_of, lambda data, name: ""),
        plans=bench.plans,
        chat=cast(Conversation, None),  # no route here talks
        shelf=Shelf(
            bench.library,
            packs=home / "packs",
            thumbnails=home / "thumbnails",
            shrink=lambda source, target: None,
            export=export,
            now=lambda: datetime.now(UTC),
            labelling=labelling,
        ),
        drawings=drawings,
        models=ModelDesk(bench.library, settings, store, lambda own: choose(catalogue, "embedded", Hardware(cores=2), store.ready, own)),
        makers=makers,
        runner=bench.runner,
        engine=cast(EngineRoom, None),  # no route here asks
        writing=Writing(
            bench.library, bench.plans, writers_desk(assets), lambda: datetime.now(UTC), Printing(assets / "fonts", store).article
        ),
        pictures=Pictures(bench.library, bench.plans, makers, writers_desk(assets), drawings, lambda: None, lambda: datetime.now(UTC)),
        casting=casting,
        consents=consents,
        lines=Lines(bench.library, bench.plans, casting, makers.capabilities, refuse_bombs, home / "packs", labelling),
        recordings=recordings,
        sound=Sound(
            pieces=Pieces(bench.plans, makers, writers_desk(assets), home / "cache" / "voices"),
            spots=Spots(bench.plans, casting),
            mixes=Timelines(bench.library, bench.plans),
            shorter=Shorter(bench.library, bench.plans, writers_desk(assets)),
            waves=Waveforms(bench.library, home / "cache" / "waves"),
            transcripts=Transcripts(bench.library, recordings, lambda: None, writers_desk(assets), lambda: datetime.now(UTC)),
        ),
        inspecting=Inspecting(Formats.of(assets), Authority(home / "authority")),
        moderation=moderation,
        opening=opening(),
        voices=lambda: ("amy", "ben"),
        fonts=lambda: ("Inter",),
        families=lambda: ("fluent", "noto"),
        warm=lambda: None,
        close=lambda: None,
        mailboxes=Mailboxes(bench.library),
    )


def app_of_ada() -> FastAPI:
    """An app without routes yet: Ada is signed in, and errors are told as the server tells them."""
    app = FastAPI()

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error), status_code=status_of(error))

    @app.middleware("http")
    async def ada(request: Request, call_next: Any) -> Any:
        request.state.person = "ada"
        request.state.caller = Caller(person="ada", everything=True)
        return await call_next(request)

    app.add_exception_handler(MaquetteError, known)
    return app


@pytest.fixture
def desk(home: Path, assets: Path) -> Iterator[Desk]:
    bench = open_bench(home, Hand())
    bench.runner.start()
    studio, tasks, app = studio_of(bench, home, assets), Tasks(), app_of_ada()
    for router in (board_router(studio), shelf_router(studio, tasks), models_router(studio, tasks), projects_router(studio)):
        app.include_router(router)
    app.include_router(tasks_router(tasks))
    app.include_router(files_router(studio))
    with TestClient(app) as client:
        yield Desk(client, bench, studio, tasks)
    bench.runner.stop()
    bench.library.close()


# The board


def test_a_project_without_a_plan_has_an_empty_board(desk: Desk) -> None:
    board = desk.board()
    assert (board["plan"], board["steps"]) == (None, [])


def test_the_board_says_what_a_plan_would_cost_and_that_it_is_unknown_before_the_first_run(desk: Desk) -> None:
    desk.bench.plan(step("copy-1"), step("music-1"))
    board = desk.board()
    assert (board["plan"]["unknown"], board["plan"]["approved"]) == (2, False)
    assert [s["seconds"] for s in board["steps"]] == [None, None]


def test_results_stand_on_the_board_under_the_name_of_who_approved(desk: Desk) -> None:
    desk.made("copy-1", "music-1")
    steps = desk.board()["steps"]
    assert [s["job"]["state"] for s in steps] == ["done", "done"]
    assert [s["asset"]["person"] for s in steps] == ["ada", "ada"]
    file = desk.client.get("/" + steps[0]["asset"]["files"][0]["url"])
    assert file.text.startswith("copy-1")
    assert file.headers["content-disposition"].startswith("attachment")


def test_a_changed_step_is_marked_until_it_is_made_again(desk: Desk) -> None:
    plan = desk.made("copy-1", "music-1")
    desk.call("PATCH", f"plans/{plan}/steps/music-1", {"values": {"seconds": 9}})
    board = desk.board()
    assert board["plan"]["changed"]
    assert [s["changed"] for s in board["steps"]] == [False, True]
    desk.call("POST", f"plans/{plan}/approve")
    desk.bench.wait(plan)
    assert not desk.board()["plan"]["changed"]


def test_a_step_is_seen_by_who_asks_while_it_is_made(desk: Desk) -> None:
    gate = desk.bench.hand.gate["music-1"] = threading.Event()
    plan = desk.bench.plan(step("music-1"))
    path = f"/api/plans/{plan.id}/steps/music-1/preview"
    assert desk.client.get(path).status_code == 204
    desk.call("POST", f"plans/{plan.id}/approve")
    while (seen := desk.client.get(path)).status_code == 204:
        time.sleep(0.02)
    assert (seen.content, seen.headers["content-type"], seen.headers["cache-control"]) == (b"music-1", "image/webp", "no-store")
    gate.set()
    desk.bench.wait(plan.id)
    assert desk.client.get(path).status_code == 204
    assert desk.client.get("/api/plans/none/steps/music-1/preview").status_code == 404


def test_a_card_decides_only_over_what_it_shows(desk: Desk) -> None:
    desk.made("copy-1")
    shown = desk.board()["steps"][0]["asset"]
    assert (shown["state"], shown["revision"]) == ("draft", 0)
    path = f"assets/{shown['id']}/review"
    desk.call("POST", path, {"verdict": "reject", "seen": shown["revision"]})
    desk.call("POST", path, {"verdict": "approve", "seen": shown["revision"]}, status=409)
    now = desk.board()["steps"][0]["asset"]
    assert (now["state"], now["verdict"], now["revision"]) == ("changes_requested", "reject", 1)
    desk.call("POST", path, {"verdict": "approve", "seen": 1})
    assert desk.board()["steps"][0]["asset"]["state"] == "approved"


def test_the_library_lists_by_how_far_the_review_is(desk: Desk) -> None:
    desk.made("copy-1", "copy-2")
    first, second = (one["asset"]["id"] for one in desk.board()["steps"])
    desk.call("POST", f"assets/{first}/review", {"verdict": "approve"})

    def listed(state: str) -> list[str]:
        found = desk.call("GET", f"projects/{desk.bench.project}/assets?state={state}")
        assert found["total"] == len(found["assets"])
        return [one["id"] for one in found["assets"]]

    assert listed("approved") == [first]
    assert listed("draft") == [second]
    assert listed("published") == []
    assert sorted(listed("")) == sorted([first, second])


def test_a_field_that_does_not_fit_is_named(desk: Desk) -> None:
    plan = desk.bench.plan(step("music-1"))
    answer = desk.call("PATCH", f"plans/{plan.id}/steps/music-1", {"values": {"seconds": -4}}, status=400)
    assert answer["field"] == "music-1.seconds"
    assert answer["hint"]


def test_a_variation_adds_a_version_and_keeps_the_verdict_of_the_old_one(desk: Desk) -> None:
    plan = desk.made("copy-1")
    first = desk.board()["steps"][0]["asset"]["id"]
    desk.call("POST", f"assets/{first}/review", {"verdict": "approve"})
    desk.call("POST", f"plans/{plan}/steps/copy-1/redo", {"note": "warmer"})
    desk.bench.wait(plan)
    row = desk.board()["steps"][0]
    assert [v["verdict"] for v in row["versions"]] == ["", "approve"]
    assert "warmer" in row["asset"]["text"]
    assert desk.call("GET", f"assets/{first}")["verdict"] == "approve"


def test_an_earlier_plan_of_the_project_can_be_opened_again(desk: Desk) -> None:
    first = desk.bench.plan(step("copy-1"))
    second = desk.bench.plan(step("music-1"))
    board = desk.call("GET", f"projects/{desk.bench.project}/board?plan={first.id}")
    assert board["plan"]["id"] == first.id
    assert {p["id"] for p in board["plans"]} == {first.id, second.id}
    assert desk.board()["plan"]["id"] == second.id


def test_what_does_not_exist_is_not_found(desk: Desk) -> None:
    for path in ("projects/none/board", "assets/none", "assets/none/story", "projects/none/assets", "tasks/none"):
        assert desk.call("GET", path, status=404)["code"] == "not_found"


# The library


def test_the_library_is_narrowed_by_kind_verdict_words_and_page(desk: Desk) -> None:
    desk.made("copy-1", "music-1", "article-1")
    base = f"projects/{desk.bench.project}/assets"
    assert desk.call("GET", base)["total"] == 3
    music = desk.call("GET", f"{base}?kind=music")
    assert [a["kind"] for a in music["assets"]] == ["music"]
    desk.call("POST", f"assets/{music['assets'][0]['id']}/review", {"verdict": "reject"})
    assert desk.call("GET", f"{base}?verdict=reject")["total"] == 1
    assert desk.call("GET", f"{base}?verdict=open")["total"] == 2
    assert [a["title"] for a in desk.call("GET", f"{base}?text=article")["assets"]] == ["article-1"]
    page = desk.call("GET", f"{base}?limit=2&offset=2")
    assert (page["total"], len(page["assets"])) == (3, 1)


def test_the_story_of_an_asset_names_its_sources_its_versions_and_its_recipe(desk: Desk) -> None:
    plan = desk.bench.plan(step("copy-1"), step("article-1", "copy-1"))
    desk.call("POST", f"plans/{plan.id}/approve")
    desk.bench.wait(plan.id)
    rows = {s["id"]: s["asset"]["id"] for s in desk.board()["steps"]}
    copy, article = (desk.call("GET", f"assets/{rows[name]}/story") for name in ("copy-1", "article-1"))
    assert [a["title"] for a in copy["descendants"]] == ["article-1"]
    assert [a["title"] for a in article["ancestors"]] == ["copy-1"]
    assert article["recipe"]["sha256"] == desk.studio.shelf.asset(rows["article-1"]).recipe.sha256
    assert [v["id"] for v in article["versions"]] == [rows["article-1"]]


def test_a_selection_is_packed_and_handed_over(desk: Desk, tmp_path: Path) -> None:
    desk.made("copy-1", "music-1")
    chosen = desk.board()["steps"][0]["asset"]["id"]
    done = desk.task(desk.call("POST", f"projects/{desk.bench.project}/packs", {"asset_ids": [chosen]}))
    assert done["state"] == "done"
    pack = tmp_path / "pack.zip"
    pack.write_bytes(desk.client.get(f"/packs/{desk.bench.project}/{done['result']['name']}").content)
    names = zipfile.ZipFile(pack).namelist()
    assert any("copy-1" in name for name in names)
    assert not any("music-1" in name for name in names)


def test_a_pack_of_nothing_fails_in_words(desk: Desk) -> None:
    failed = desk.task(desk.call("POST", f"projects/{desk.bench.project}/packs", {}))
    assert failed["state"] == "failed"
    assert failed["error"]


def test_the_check_finds_a_lost_file(desk: Desk) -> None:
    desk.made("copy-1")
    assert desk.task(desk.call("POST", "check"))["result"]["sound"]
    asset = desk.studio.shelf.asset(desk.board()["steps"][0]["asset"]["id"])
    _, path = desk.studio.shelf.file(asset.id)
    path.chmod(0o600)
    path.unlink()
    report = desk.task(desk.call("POST", "check"))["result"]
    assert (report["sound"], [m["sha256"] for m in report["missing"]]) == (False, [asset.main.sha256])


# Tasks


def test_a_task_can_be_cancelled_and_a_broken_one_ends(desk: Desk) -> None:
    def endless(progress: Progress) -> JsonValue:
        while True:
            progress.report(0.5, "turning")
            time.sleep(0.005)

    def broken(progress: Progress) -> JsonValue:
        raise EngineFailed("The engine broke.", hint="Try again.")

    task = desk.tasks.start(endless)
    desk.call("DELETE", f"tasks/{task}")
    assert desk.task({"task": task})["state"] == "cancelled"
    failed = desk.task({"task": desk.tasks.start(broken)})
    assert (failed["state"], failed["error"]) == ("failed", "The engine broke. Try again.")


# The desk


def test_models_say_their_state_licence_and_why_they_are_used(desk: Desk) -> None:
    answer = desk.call("GET", "models")
    chat = [m for m in answer["models"] if m["model"]["task"] == "chat"]
    assert {m["state"] for m in chat} == {"absent"}
    assert [m["reason"] for m in chat if m["used"]] != [""]
    assert all(m["model"]["licence"] for m in answer["models"])
    assert all("files" not in m["model"] for m in answer["models"])


def test_a_choice_of_model_is_kept_and_one_of_another_task_refused(desk: Desk) -> None:
    desk.call("PUT", "models/choices/chat", {"model_id": "smollm2-135m-instruct-q4"})
    assert desk.call("GET", "models")["choices"] == {"chat": "smollm2-135m-instruct-q4"}
    desk.call("PUT", "models/choices/chat", {"model_id": "u2netp"}, status=400)
    desk.call("PUT", "models/choices/chat", {"model_id": ""})
    assert desk.call("GET", "models")["choices"] == {}


def test_the_key_of_an_endpoint_is_kept_but_never_told(desk: Desk) -> None:
    url = "http://127.0.0.1:9/v1"
    desk.call("PUT", "models/endpoint", {"url": url, "model": "m", "key": "secret-key"})
    assert "secret-key" not in desk.client.get("/api/models").text
    desk.call("PUT", "models/endpoint", {"url": url, "model": "other", "key": ""})
    assert desk.studio.models.endpoint().key == "secret-key"
    desk.call("PUT", "models/endpoint", {"url": "http://127.0.0.1:10/v1", "model": "other", "key": ""})
    assert desk.studio.models.endpoint().key == ""


def test_a_brand_is_saved_and_a_fault_names_its_field(desk: Desk) -> None:
    path = f"projects/{desk.bench.project}/brand"
    desk.call("PUT", path, {"name": "North Pier", "palette": ["#AABBCC"], "lexicon": {"Leeds": "leedz"}})
    assert desk.call("GET", path)["brand"]["palette"] == ["#aabbcc"]
    fault = desk.call("PUT", path, {"palette": ["reddish"]}, status=422)["detail"][0]
    assert fault["loc"][:2] == ["body", "palette"]
    assert "reddish" in fault["msg"]


def test_a_brand_travels_as_toml_without_losing_its_logo(desk: Desk) -> None:
    path = f"projects/{desk.bench.project}"
    logo = b"\x89PNG\r\n\x1a\n" + bytes(64)
    hashed = desk.client.post(f"/api/{path}/logo?name=mark.png", content=logo).json()["logo"]
    desk.call("PUT", f"{path}/brand", {"name": "Pier", "voice": "calm"})
    text = desk.client.get(f"/api/{path}/brand.toml").text
    desk.call("PUT", f"{path}/brand", {"name": "Other"})
    desk.call("PUT", f"{path}/brand.toml", {"text": text})
    brand = desk.call("GET", f"{path}/brand")["brand"]
    assert (brand["name"], brand["voice"], brand["logo"]) == ("Pier", "calm", hashed)


def test_a_logo_that_is_no_png_or_too_large_is_refused_by_name(desk: Desk) -> None:
    path = f"/api/projects/{desk.bench.project}/logo?name=mark.svg"
    assert "mark.svg is not a PNG" in desk.client.post(path, content=b"<svg/>").json()["message"]
    large = desk.client.post(path, content=b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024 * 1024))
    assert (large.status_code, large.json()["code"]) == (413, "over_limit")


def test_a_project_is_renamed_archived_and_restored(desk: Desk) -> None:
    path = f"projects/{desk.bench.project}"
    assert desk.call("PATCH", path, {"name": "Harbour", "language": "zh"})["language"] == "zh"
    desk.call("PATCH", path, {"archived": True})
    assert desk.call("GET", "projects") == []
    assert [p["name"] for p in desk.call("GET", "projects?archived=true") if p["archived"]] == ["Harbour"]
    desk.call("PATCH", path, {"archived": False})
    assert [p["name"] for p in desk.call("GET", "projects")] == ["Harbour"]
    assert desk.call("PATCH", path, {"name": "  "}, status=400)["field"] == "name"


def test_a_picture_shows_its_scene_and_what_can_be_chosen_in_it(desk: Desk) -> None:
    picture = Step(id="picture-1", title="Key visual", spec=PictureSpec(about="three red foxes"))
    plan = desk.bench.plan(picture)
    board = desk.board()
    assert board["steps"][0]["scene"] is None  # not made yet, and nobody edited it
    assert {"forest", "plain"} <= set(board["scene_options"]["setting"])
    assert board["scene_options"]["margin"] == ["none", "left", "right", "top", "bottom"]
    scene = {"subjects": [{"what": "fox", "count": 2, "colour": "blue"}], "setting": "desert", "time": "sunset"}
    desk.call("PATCH", f"plans/{plan.id}/steps/picture-1", {"values": {"scene": scene}})
    shown = desk.board()["steps"][0]["scene"]
    assert (shown["subjects"][0]["what"], shown["subjects"][0]["count"], shown["setting"]) == ("fox", 2, "desert")
    bad = desk.call("PATCH", f"plans/{plan.id}/steps/picture-1", {"values": {"scene": scene | {"setting": "nowhere"}}}, status=400)
    assert bad["field"] == "picture-1.scene.setting"
    unsafe = {"values": {"scene": scene | {"subjects": [{"what": "a bomb"}]}}}
    assert desk.call("PATCH", f"plans/{plan.id}/steps/picture-1", unsafe, status=422)["code"] == "content_refused"
