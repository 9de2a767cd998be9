"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

if TYPE_CHECKING:
    from tests.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent

# No test judges speed: a busy machine makes no example wrong. What is slow shows in benchmarks/.
settings.register_profile("maquette", deadline=None)
settings.load_profile("maquette")


@pytest.fixture(scope="session")
def assets() -> Path:
    return ROOT / "assets"


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where fetched models lie; shared between test runs because they are large and verified by hash."""
    return Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def store(assets: Path, cache: Path) -> ModelStore:
    """The real store on the shared cache. `make models` fills it; a model that is absent fails the test by name."""
    return ModelStore(Catalogue.read(assets / "models.toml"), cache)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server of our own, started when a test first asks for it. A test that stops it starts it again."""
    # Here, so that tests of a GPU run where no database driver is.
    from tests.postgres import postgres_server

    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database on it, which goes with the test."""
    with postgres.database() as url:
        yield url
