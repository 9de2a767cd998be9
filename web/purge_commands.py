"""`library purge` deletes for good what the days of Settings > Deletion say; `library hold` keeps a project from being deleted.

The studio may run meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from rich.console import Console

from domain.retention import PurgeItem

if TYPE_CHECKING:
    from web.cli import Entry

BY = "command line"
WHY = {
    "trash": "long enough in the trash",
    "draft": "never chosen, and a later take is there: to the trash",
    "consent": "its consent was taken back or ended",
    "age": "old enough",
}
KEPT = {"held": "a hold", "used": "it is used"}


def add_purge_commands(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    purge = actions.add_parser("purge", help="delete for good what has been in the trash long enough, and what else is old enough")
    purge.add_argument("--dry-run", action="store_true", help="only say what would go, and why")
    purge.add_argument("--all", action="store_true", help="the whole trash, however young")
    purge.set_defaults(run=_purge)
    hold = actions.add_parser("hold", help="let nothing of a project be deleted; without a project: list those that are held")
    hold.add_argument("project", nargs="?", metavar="PROJECT", help="its id")
    hold.add_argument("--reason", default="", help="why, and by whose order")
    hold.add_argument("--lift", action="store_true", help="it may be deleted again")
    hold.set_defaults(run=_hold)


def _purge(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        report = studio.retaining.purge(BY, dry=arguments.dry_run, everything=arguments.all)
    for item in report.items:
        console.print(_line(item), highlight=False, markup=False, soft_wrap=True)
    if report.dry:
        console.print(f"{report.size / 1e6:.1f} MB at most would be free. Nothing was deleted.", highlight=False, markup=False)
        return 0
    console.print(f"Deleted for good: {report.files} files, {report.size / 1e6:.1f} MB.", highlight=False, markup=False)
    if not report.compacted:
        console.print("The database is in use and is written anew by the next run.", highlight=False, markup=False)
    return 0


def _line(item: PurgeItem) -> str:
    what = f"{item.kind} {item.id} {item.title}".rstrip() if item.id else f"{item.kind}: {item.count}"
    return f"{what}: stays, {KEPT.get(item.kept, item.kept)}" if item.kept else f"{what}: {WHY.get(item.why, item.why)}"


def _hold(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        if arguments.project and arguments.lift:
            studio.retaining.lift(arguments.project, BY)
        elif arguments.project:
            studio.retaining.hold(arguments.project, arguments.reason, BY)
        for one in studio.retaining.holds():
            console.print(f"{one.project_id}: {one.reason}", highlight=False, markup=False)
    return 0
