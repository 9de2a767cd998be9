"""`accounts` on the command line: people of the library, and of a file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest

from domain.errors import NotSignedIn
from domain.settings import Settings, sqlite_url
from library.library import Library
from studio.people import People
from studio.studio import Studio
from web.accounts import read_accounts
from web.cli import Entry, main


class Opened:
    """As much of a studio as the commands ask: its people. Each command opens the library anew, as in a process of its own."""

    def __init__(self, home: Path) -> None:
        self._library = Library.open(sqlite_url(home / "maquette.db"), home)
        self.people = People(self._library)

    def close(self) -> None:
        self._library.close()


@pytest.fixture
def entry(home: Path, assets: Path) -> Entry:
    return Entry(Settings(home=home, cache=home / "cache"), assets, lambda _: cast(Studio, Opened(home)))


def run(entry: Entry, monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return main(["accounts", *words], entry)


def test_people_are_added_listed_closed_out_and_let_in_again(
    entry: Entry, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(entry, monkeypatch, "add", "Mei", typed="a long password\n") == 0
    assert "owns the studio" in capsys.readouterr().err
    assert run(entry, monkeypatch, "add", "Bo", typed="another password\n") == 0
    assert run(entry, monkeypatch, "close", "Bo") == 0
    assert run(entry, monkeypatch, "list") == 0
    said = capsys.readouterr().err
    assert "Mei" in said and "closed out" in said
    with Library.open(sqlite_url(home / "maquette.db"), home) as library, pytest.raises(NotSignedIn):
        People(library).sign_in("Bo", "another password")
    assert run(entry, monkeypatch, "add", "Bo", typed="a third password\n") == 0
    with Library.open(sqlite_url(home / "maquette.db"), home) as library:
        assert People(library).sign_in("Bo", "a third password")


def test_the_last_owner_is_not_closed_out(entry: Entry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(entry, monkeypatch, "add", "Mei", typed="a long password\n") == 0
    assert run(entry, monkeypatch, "close", "Mei") == 1
    assert "another person an owner" in capsys.readouterr().err


def test_a_file_of_accounts_is_still_written(entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "accounts"
    assert run(entry, monkeypatch, "add", "Mei", "--file", str(file), typed="a long password\n") == 0
    assert set(read_accounts(file)) == {"Mei"}
