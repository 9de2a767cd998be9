"""`python app.py library copy`, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.settings import Settings, sqlite_url
from library.library import Library
from library.lock import hold
from studio.studio import Studio
from web.cli import Entry, main


def never(_settings: Settings) -> Studio:
    raise AssertionError("copying opens no studio")


@pytest.fixture
def entry(home: Path, tmp_path: Path) -> Entry:
    settings = Settings(home=home, cache=tmp_path / "cache")
    with Library.open(settings.database_url, home) as library:
        library.create_project("冷萃咖啡")
        library.store_file(b"notes", "a.txt", "text/plain")
    return Entry(settings=settings, assets=Path(), open_studio=never)


def moved(entry: Entry, url: str, files: str = "") -> Library:
    return Library.open(url, entry.settings.home, files, entry.settings.cache)


def test_a_library_moves_to_postgres_and_its_files_stay(entry: Entry, postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "copy", "--to", postgres_url], entry) == 0
    said = capsys.readouterr().err
    assert "projects: 1" in said
    assert f"MAQUETTE_DATABASE={postgres_url}" in said
    with moved(entry, postgres_url) as library:
        assert [project.name for project in library.projects()] == ["冷萃咖啡"]
        assert (entry.settings.home / "files").is_dir()


def test_and_back_with_its_files(entry: Entry, postgres_url: str, tmp_path: Path) -> None:
    share, back = str(tmp_path / "share"), sqlite_url(tmp_path / "back" / "maquette.db")
    assert main(["library", "copy", "--to", postgres_url, "--files", share], entry) == 0
    there = Entry(settings=entry.settings.model_copy(update={"database": postgres_url, "files": share}), assets=Path(), open_studio=never)
    assert main(["library", "copy", "--to", back], there) == 0
    with moved(entry, back, share) as library:
        assert [project.name for project in library.projects()] == ["冷萃咖啡"]
        assert len(list(library.files.names())) == 1


@pytest.mark.parametrize("held", ["source", "target"])
def test_a_library_somebody_works_on_is_left_alone(entry: Entry, postgres_url: str, capsys: pytest.CaptureFixture[str], held: str) -> None:
    studio = hold(entry.settings.database_url, entry.settings.home / "runs.lock") if held == "source" else hold(postgres_url, None)
    assert main(["library", "copy", "--to", postgres_url], entry) == 1
    assert "Another Maquette" in capsys.readouterr().err
    studio.release()
    assert main(["library", "copy", "--to", postgres_url], entry) == 0
    assert main(["library", "copy", "--to", postgres_url], entry) == 1
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "nonsense", "postgresql://127.0.0.1:1/x"])
def test_a_target_that_cannot_be_is_refused(entry: Entry, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["library", "copy", "--to", url], entry) == 1
    assert capsys.readouterr().err


def test_a_password_is_not_shown(entry: Entry, postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = postgres_url.replace("maquette@", "maquette:secret@")
    assert main(["library", "copy", "--to", url], entry) == 0
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err
