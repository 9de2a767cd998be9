"""A library per test, once on SQLite and once on Postgres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.asset import Asset
from domain.capability import StepKind
from domain.plan import Plan, Step
from domain.recipe import Recipe
from domain.settings import sqlite_url
from domain.specs import CopySpec
from library.library import Library
from tests.library.samples import WHEN


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, home: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(home / "maquette.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def library(database_url: str, home: Path) -> Iterator[Library]:
    with Library.open(database_url, home) as opened:
        yield opened


@pytest.fixture
def plan(library: Library) -> Plan:
    project = library.create_project("Cold brew", person="Ann")
    step = Step(id="copy-1", title="Headlines", spec=CopySpec(about="cold brew"))
    return library.save_plan(Plan(id="", project_id=project.id, brief_id="", title="Launch", steps=(step,)))


@pytest.fixture
def draft(plan: Plan) -> Callable[..., Asset]:
    """Build an asset that is not stored yet; each call is another take of picture-1 unless told otherwise."""
    takes = iter(range(1000))

    def build(**changes: object) -> Asset:
        prompt = str(changes.pop("prompt", "a red fox"))
        kind = changes.pop("kind", StepKind.PICTURE)
        recipe = Recipe(kind=StepKind(str(kind)), maker="illustrator", maker_version=1, prompt=prompt)
        fields: dict[str, object] = {
            "id": "",
            "project_id": plan.project_id,
            "plan_id": plan.id,
            "step_id": "picture-1",
            "take": next(takes),
            "title": "Key visual",
            "files": (),
            "recipe": recipe,
            "created": WHEN,
        }
        return Asset.model_validate({**fields, **changes})

    return build
