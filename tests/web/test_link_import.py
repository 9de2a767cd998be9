"""A picture from a link, through the route: off unless the owner of the machine says so."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from studio.fetching import Fetcher, Guarded
from tests.hostile.links import answering
from tests.studio.bench import Hand, open_bench
from tests.web.test_board import app_of_ada, studio_of
from tests.web.test_painting import png
from web.api.painting import painting_router
from web.ui.pages import head
from web.ui.words import Words


@pytest.mark.parametrize("on", [False, True])
def test_a_link_is_fetched_only_where_links_are_on(home: Path, assets: Path, on: bool) -> None:
    bench = open_bench(home, Hand())
    try:
        fetcher = Fetcher(Guarded(lambda address: address == "127.0.0.2", lambda host, port: ["127.0.0.2"]), ports=None)
        studio = dataclasses.replace(studio_of(bench, home, assets), fetcher=fetcher if on else None)
        app = app_of_ada()
        app.include_router(painting_router(studio))
        with answering(png((16, 8)), "image/png") as server:
            link = f"http://pictures.example.org:{server.port}/red%20fox.png"
            answer = TestClient(app).post(f"/api/projects/{bench.project}/pictures/link", json={"url": link})
            asked = len(server.asked)
        if on:
            assert (answer.status_code, answer.json()["title"], asked) == (200, "red fox", 1)
            assert studio.library.asset(answer.json()["id"]).person == "ada"
        else:
            assert (answer.status_code, answer.json()["field"], asked) == (403, "url", 0)
        fetcher.close()
    finally:
        bench.library.close()


def test_the_pages_know_whether_links_are_on(assets: Path) -> None:
    words = Words.read(assets, "en")
    assert '<meta name="maquette-links"' not in head(words, assets)
    assert '<meta name="maquette-links" content="on"' in head(words, assets, links=True)
