"""What only a server can do: stop for a minute, refuse what it cannot hold. SQLite's part of the same promises is beside it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import InputError, MaquetteError, NotFound, StorageError
from domain.events import EventKind
from domain.recipe import OutputFile, Recipe
from library.library import Library
from tests.library.samples import WHEN, png
from tests.postgres import PostgresServer


def test_a_database_that_stops_for_a_while_fails_clearly_and_works_again_by_itself(
    postgres: PostgresServer, postgres_url: str, home: Path
) -> None:
    with Library.open(postgres_url, home) as library:
        kept = library.create_project("kept")
        with ThreadPoolExecutor(4) as pool:  # several connections wait in the pool
            list(pool.map(lambda _: library.projects(), range(20)))
        postgres.stop()
        try:
            for call in (library.projects, lambda: library.create_project("lost"), lambda: Library.open(postgres_url, home)):
                with pytest.raises(StorageError, match="does not answer") as caught:
                    call()
                assert "works again" in caught.value.hint
        finally:
            postgres.start()
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda _: library.projects(), range(20))) == [(kept,)] * 20
        assert library.create_project("after").name == "after"


def test_a_server_that_stops_in_the_middle_of_a_write_leaves_nothing_of_it(postgres: PostgresServer, postgres_url: str, home: Path) -> None:
    with Library.open(postgres_url, home) as library:
        with pytest.raises(StorageError, match="does not answer"), library.database.write("store two things") as connection:
            library.database.search.add(connection, 1, "half")
            postgres.stop()
            postgres.start()
            library.database.search.add(connection, 2, "whole")
        with library.database.read("look") as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM asset_search").scalar() == 0
        assert library.add_event("", EventKind.MODEL, "qwen").number == 1


def test_an_asset_made_while_the_database_was_away_is_stored_when_it_is_back(
    postgres: PostgresServer, postgres_url: str, home: Path, tmp_path: Path
) -> None:
    made = tmp_path / "out-1"
    made.write_bytes(b"made")
    with Library.open(postgres_url, home) as library:
        project = library.create_project("x")
        recipe = Recipe(kind=StepKind.PICTURE, maker="m", maker_version=1)
        draft = Asset(id="", project_id=project.id, title="Key visual", files=(), recipe=recipe, created=WHEN)
        files = (OutputFile(name="a.png", media_type="image/png", path=made),)
        postgres.stop()
        try:
            with pytest.raises(StorageError):
                library.add_asset(draft, files)
        finally:
            postgres.start()
        asset = library.add_asset(draft, files)
        assert library.file_path(asset.main.sha256).read_bytes() == b"made"
        assert not made.exists()


@pytest.mark.parametrize("given", ["\x00", "x" * 5000, "\ud800", "a\x00b"])
def test_ids_no_database_can_hold_are_answered_like_any_unknown_or_unusable_one(library: Library, given: str) -> None:
    for call in (library.project, library.asset, library.plan, library.brief):
        with pytest.raises((NotFound, InputError)):
            call(given)


@pytest.mark.parametrize("given", ["\x00", "\ud800", "a\x00b"])
def test_texts_no_database_can_hold_are_stored_whole_or_refused(library: Library, draft: Callable[..., Asset], given: str) -> None:
    try:
        asset = library.add_asset(draft(title="odd", text=given), png())
    except MaquetteError as error:
        assert isinstance(error, InputError)
        assert library.count() == 0
    else:
        assert library.asset(asset.id).text == given
