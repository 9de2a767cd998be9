"""How many results a link may show: told as an error, before any of them is looked up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import LimitError
from domain.people import LINK_ASSETS_MAX
from domain.recipe import OutputFile, Recipe
from domain.settings import sqlite_url
from library.library import Library
from studio.links import Links, LinkWish


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(sqlite_url(home / "maquette.db"), home) as opened:
        yield opened


def test_more_results_than_a_link_shows_are_refused(library: Library) -> None:
    project = library.create_project("P", person="Ann").id
    many = tuple(f"a{number}" for number in range(LINK_ASSETS_MAX + 1))
    with pytest.raises(LimitError, match="1000 results at most") as refused:
        Links(library).make(project, LinkWish(assets=many), "Ann")
    assert refused.value.field == "assets"


def test_a_result_that_is_named_many_times_is_shown_once(library: Library) -> None:
    project = library.create_project("P", person="Ann").id
    recipe = Recipe(kind=StepKind.COPY, maker="writer", maker_version=1, prompt="tea")
    draft = Asset(id="", project_id=project, title="T", files=(), recipe=recipe, created=datetime.now(UTC))
    asset = library.add_asset(draft, [OutputFile("a.txt", "text/plain", b"a")]).id
    link, _ = Links(library).make(project, LinkWish(assets=(asset,) * 2000), "Ann")
    assert link.assets == (asset,)
