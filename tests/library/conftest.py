"""A library per test: on SQLite always, on Postgres too when MAQUETTE_TEST_POSTGRES is set.

MAQUETTE_TEST_POSTGRES is the URL of a server whose user may create databases, such as postgresql+psycopg://me@127.0.0.1/postgres.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import create_engine, make_url, text

from domain.asset import Asset
from domain.capability import StepKind
from domain.plan import Plan, Step
from domain.recipe import Recipe
from domain.specs import CopySpec
from library.library import Library
from tests.library.samples import WHEN

POSTGRES = os.environ.get("MAQUETTE_TEST_POSTGRES", "")


@pytest.fixture(params=["sqlite", *(["postgres"] if POSTGRES else [])])
def database_url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{home / 'maquette.db'}"
        return
    name = f"maquette_{token_hex(6)}"
    server = create_engine(make_url(POSTGRES), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    server.dispose()


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
