"""Commands on the library as a whole: `library copy` moves it to another database, `backup` and `restore` keep it, `purge` deletes
for good (web/purge_commands.py).
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from domain.settings import Settings
from library.backup import back_up, restore
from library.copy import CopyReport, copy_library
from library.database import hide_password, sqlite_file
from library.files import Files
from library.lock import hold
from library.remote import open_files
from web.purge_commands import add_purge_commands

if TYPE_CHECKING:
    from web.cli import Entry


def add_library_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    library = commands.add_parser("library", help="move, back up, restore or purge the library")
    actions = library.add_subparsers(required=True, metavar="ACTION")
    copy = actions.add_parser(
        "copy", help="copy everything into an empty database, from SQLite to Postgres or back; the studio must be stopped"
    )
    copy.add_argument("--to", required=True, metavar="URL", help="postgresql://… or sqlite:///…")
    copy.add_argument("--files", metavar="PLACE", help="copy the files too, to a folder or a URL such as s3://bucket/folder")
    copy.set_defaults(run=_copy)
    backup = actions.add_parser("backup", help="write everything into a new folder; the studio may run")
    backup.add_argument("folder", type=Path)
    backup.set_defaults(run=_back_up)
    put_back = actions.add_parser("restore", help="put a backup into an empty library; the studio must be stopped")
    put_back.add_argument("folder", type=Path)
    put_back.set_defaults(run=_restore)
    add_purge_commands(actions)


class _Bar:
    """Progress shown on a terminal; Ctrl-C stops what it is about."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task = shown.add_task("copying", total=1.0, note="")

    def report(self, fraction: float, note: str = "") -> None:
        self._shown.update(self._task, completed=fraction, note=note)

    def check(self) -> None:
        """Ctrl-C raises where it strikes."""


def _copy(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    settings = entry.settings
    moved = arguments.files is not None and arguments.files != settings.files
    files = _places(settings, arguments.files) if moved else None
    with _both_held(settings, arguments.to), _shown(console) as bar:
        report = copy_library(settings.database_url, arguments.to, bar, files)
    _tell(report.rows, report.damaged, console)
    place = f" MAQUETTE_FILES={arguments.files}" if moved else ""
    console.print(
        f"Copied. The old library is as it was. Start the studio with MAQUETTE_DATABASE={hide_password(arguments.to)}{place}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 1 if report.damaged else 0


def _back_up(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    settings = entry.settings
    here = open_files(settings.files, settings.home, settings.cache)
    with _shown(console) as bar:
        note = back_up(settings.database_url, here, settings.home, arguments.folder.absolute(), datetime.now(UTC), bar)
    _tell(note.rows, note.damaged, console)
    console.print(
        f"{note.files} files. Keep {arguments.folder} as you keep passwords: it holds the accounts.", highlight=False, markup=False
    )
    return 1 if note.damaged else 0


def _restore(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    settings = entry.settings
    there = open_files(settings.files, settings.home, settings.cache)
    lock = None if settings.runs_file is None else settings.runs_file.with_suffix(".lock")
    held = hold(settings.database_url, lock)
    try:
        with _shown(console) as bar:
            report: CopyReport = restore(arguments.folder.absolute(), settings.database_url, there, settings.home, bar)
    finally:
        held.release()
    _tell(report.rows, report.damaged, console)
    console.print("Restored. `python app.py check` looks through every file.", highlight=False, markup=False)
    return 1 if report.damaged else 0


@contextlib.contextmanager
def _shown(console: Console) -> Iterator[_Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as shown:
        yield _Bar(shown)


def _tell(rows: dict[str, int], damaged: tuple[str, ...], console: Console) -> None:
    for table, count in rows.items():
        if count:
            console.print(f"{table}: {count}", highlight=False)
    for sha256 in damaged:
        console.print(f"[red]The file {sha256} is missing or altered and was not copied.[/red]", highlight=False)


def _places(settings: Settings, target: str) -> tuple[Files, Files]:
    """The present and the new place of files."""
    return open_files(settings.files, settings.home, settings.cache), open_files(target, settings.home, settings.cache)


@contextlib.contextmanager
def _both_held(settings: Settings, target: str) -> Iterator[None]:
    """No studio may work on either: raises Conflict."""
    with contextlib.ExitStack() as held:
        lock = None if settings.runs_file is None else settings.runs_file.with_suffix(".lock")
        held.callback(hold(settings.database_url, lock).release)
        folder = sqlite_file(target)
        if folder is None or folder.parent / "runs.lock" != lock:
            held.callback(hold(target, None if folder is None else folder.parent / "runs.lock").release)
        yield
