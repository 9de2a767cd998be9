"""Downloads are exports, what is shown in the page is not; a file may be looked into over the web and by the command line."""

from __future__ import annotations

import io
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.testclient import TestClient

from agents.telling import templates
from domain.errors import MaquetteError
from domain.people import Caller, Person
from domain.recipe import OutputFile
from domain.settings import Settings
from library.library import Library
from pipelines.labels.credentials import opened, read_credentials
from studio.projects import Projects
from studio.rights import Rights
from studio.shelf import Shelf
from studio.studio import Studio
from tests.pipelines.labels.samples import SAMPLES, png_with
from tests.pipelines.labels.scenes import flat
from tests.studio.labelled import WHEN, Leaving
from web.api.files import files_router
from web.api.labels import labels_router
from web.cli import Entry, main
from web.errors import Speaking, body_of, status_of, words_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def leaving(home: Path, assets: Path) -> Iterator[Leaving]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        yield Leaving(library, home, assets)


@pytest.fixture
def studio(leaving: Leaving) -> Studio:
    """What these routes and this command need of a studio."""

    def nothing(*_: object) -> Path:
        raise AssertionError("no pack is made here")

    shelf = Shelf(
        leaving.library,
        packs=leaving.home / "packs",
        thumbnails=leaving.home / "thumbnails",
        shrink=lambda source, target: None,
        export=nothing,
        now=lambda: datetime.now(UTC),
        labelling=leaving.labelling,
    )
    return cast(
        Studio,
        SimpleNamespace(
            shelf=shelf,
            inspecting=leaving.inspecting,
            close=lambda: None,
            rights=Rights(leaving.library),
            projects=Projects(leaving.library),
        ),
    )


@pytest.fixture
def client(studio: Studio, assets: Path) -> Iterator[TestClient]:
    app = FastAPI()

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, MaquetteError)
        return JSONResponse(body_of(error, words_of(request)), status_code=status_of(error))

    @app.middleware("http")
    async def called_by(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.caller = Caller(person=request.headers.get("x-person", ""))
        return await call_next(request)

    app.add_exception_handler(MaquetteError, known)
    app.include_router(files_router(studio))
    app.include_router(labels_router(studio))
    app.add_middleware(Speaking, tables=templates(assets))
    with TestClient(app) as opened_client:
        yield opened_client


def test_whose_mark_it_is_is_told_to_those_who_may_see_it(client: TestClient, leaving: Leaving) -> None:
    leaving.library.save_project(leaving.project.model_copy(update={"watermark": True}))
    picture = io.BytesIO()
    flat(5, (400, 300)).save(picture, "PNG")
    asset = leaving.add(OutputFile("p.png", "image/png", picture.getvalue()))
    taken = client.get(f"/files/{asset.id}/0?download=1").content
    for name, owner in (("ann", True), ("bo", False)):
        leaving.library.add_person(Person(name=name, owner=owner, created=WHEN), "$argon2id$x")
    told = {name: client.post("/api/inspect?name=p.png", content=taken, headers={"x-person": name}).json() for name in ("ann", "bo")}
    assert {name: found["watermark"] for name, found in told.items()} == {"ann": asset.id[:6], "bo": asset.id[:6]}
    assert [one["title"] for one in told["ann"]["marked"]] == [asset.title]
    assert told["bo"]["marked"] == []


def test_what_a_download_will_say_is_told_before_it_is_fetched(client: TestClient, leaving: Leaving) -> None:
    png = leaving.add(OutputFile("p.png", "image/png", SAMPLES["png"]()))
    ink = leaving.add(OutputFile("scene.ink", "text/x-ink", SAMPLES["engine"]()))
    photo = leaving.upload(OutputFile("photo.jpg", "image/jpeg", SAMPLES["jpeg"]()))
    found = {one.id: client.get(f"/files/{one.id}/0?label=told").json() for one in (png, ink, photo)}
    assert "It says of itself that AI made it." in found[png.id]["said"]
    assert "It was not altered since it was signed." in found[png.id]["said"]
    assert (found[png.id]["beside"], found[ink.id]["beside"]) == (False, True)
    assert "It is a statement about the file scene.ink." in found[ink.id]["said"]
    assert "It carries no signature: nothing shows whether it was altered." in found[photo.id]["said"]
    chinese = client.get(f"/files/{png.id}/0?label=told", headers={"accept-language": "zh"}).json()
    assert chinese["said"][0] == "它自称由 AI 生成。"


def test_a_picture_is_shown_as_it_is_stored_and_downloaded_with_its_marks(leaving: Leaving, client: TestClient) -> None:
    asset = leaving.add(OutputFile("fox.png", "image/png", SAMPLES["png"]()))
    shown = client.get(f"/files/{asset.id}/0")
    assert (shown.content, shown.headers["content-disposition"].split(";")[0]) == (SAMPLES["png"](), "inline")
    taken = client.get(f"/files/{asset.id}/0?download=1")
    found = read_credentials(taken.content, "image/png", leaving.authority.anchors())
    assert found is not None
    assert (found.state, taken.headers["content-disposition"]) == ("intact", "attachment; filename*=UTF-8''fox.png")
    assert "link" not in taken.headers
    assert client.get(f"/files/{asset.id}/0?label=1").status_code == 404


@pytest.mark.parametrize("query", ["", "?download=1"])
def test_what_is_always_a_download_is_always_an_export(leaving: Leaving, client: TestClient, query: str) -> None:
    asset = leaving.add(OutputFile("page.pdf", "application/pdf", SAMPLES["pdf"]()))
    taken = client.get(f"/files/{asset.id}/0{query}").content
    assert b"/AIGC" in taken
    assert read_credentials(taken, "application/pdf", leaving.authority.anchors()) is not None


def test_a_file_without_a_place_for_marks_names_the_statement_beside_it(leaving: Leaving, client: TestClient) -> None:
    asset = leaving.add(OutputFile("scene.ink", "text/x-ink", SAMPLES["engine"]()))
    taken = client.get(f"/files/{asset.id}/0?download=1")
    assert taken.content == SAMPLES["engine"]()
    assert taken.headers["link"] == '<0?label=1>; rel="describedby"'
    beside = client.get(f"/files/{asset.id}/0?label=1")
    read = opened(beside.content, leaving.authority.anchors())
    assert read is not None
    assert (read[1].state, read[0]["file"]) == ("intact", "scene.ink")


def test_a_download_whose_mark_cannot_be_written_is_refused_with_the_reason(leaving: Leaving, client: TestClient) -> None:
    asset = leaving.add(OutputFile("fox.png", "image/png", b"not a picture"))
    refused = client.get(f"/files/{asset.id}/0?download=1")
    assert (refused.status_code, refused.json()["code"]) == (500, "label_error")
    assert "its bytes are no PNG" in refused.json()["message"]


def test_a_file_is_looked_into_over_the_web_in_the_language_of_the_page(client: TestClient) -> None:
    data = png_with(parameters="a red fox\nSteps: 20, Seed: 7")
    told = client.post("/api/inspect?name=fox.png", content=data).json()
    assert (told["ai"], told["tool"], told["prompt"], told["name"]) == ("possibly", "a1111", "a red fox", "fox.png")
    assert told["said"][0] == "It carries signs that AI may have made it."
    chinese = client.post("/api/inspect?name=fox.png", content=data, headers={"accept-language": "zh-CN"}).json()
    assert chinese["said"][0] == "它带有可能由 AI 生成的迹象。"


Run = Callable[..., int]


@pytest.fixture
def run(studio: Studio, leaving: Leaving) -> Run:
    entry = Entry(Settings(home=leaving.home, cache=leaving.home / "cache"), ROOT / "assets", lambda _: studio)
    return lambda *arguments: main(["inspect", *(str(one) for one in arguments)], entry)


def test_the_command_says_it_in_words_and_as_json(run: Run, leaving: Leaving, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asset = leaving.add(OutputFile("fox.png", "image/png", SAMPLES["png"]()))
    file = tmp_path / "fox.png"
    file.write_bytes(leaving.labelling.file(asset, asset.main).path.read_bytes())
    assert run(file) == 0
    assert capsys.readouterr().out.splitlines()[0] == "It says of itself that AI made it."
    assert run(file, "--language", "zh") == 0
    assert capsys.readouterr().out.splitlines()[0] == "它自称由 AI 生成。"
    assert run(file, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ai"], told["credentials"]["state"], told["aigc"]["ProduceID"]) == ("yes", "intact", asset.id)
    altered = bytearray(file.read_bytes())
    altered[altered.find(b"IDAT") + 12] ^= 4
    file.write_bytes(altered)
    assert run(file) == 1
    assert "It was altered after it was signed." in capsys.readouterr().out


def test_the_command_names_a_file_that_is_not_there(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none.png") == 1
    assert "cannot be read" in " ".join(capsys.readouterr().err.split())
