"""`accounts`: who may sign in. People are added, listed, closed out and let in again in the library, or in an accounts file."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from studio.people import clean_name

if TYPE_CHECKING:
    from web.cli import Entry


def add_people_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    accounts = commands.add_parser("accounts", help="who may sign in")
    actions = accounts.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person, or change their password and let them in again; the first one owns the studio")
    add.add_argument("name")
    add.add_argument("--owner", action="store_true", help="of the studio: sees every project, and changes people and models")
    add.add_argument("--file", type=Path, help="write to this accounts file instead of the library")
    add.set_defaults(run=_add)
    listed = actions.add_parser("list", help="the people of this studio")
    listed.set_defaults(run=_list)
    close = actions.add_parser("close", help="let a person in no more; what they made stays")
    close.add_argument("name")
    close.set_defaults(run=_close)
    erase = actions.add_parser("delete", help="delete an account: projects of theirs alone go to the trash, elsewhere their name goes")
    erase.add_argument("name")
    erase.add_argument("--dry-run", action="store_true", help="only say what would go")
    erase.set_defaults(run=_erase)


def _add(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    password = getpass.getpass(f"Password for {arguments.name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if arguments.file is not None:
        from web.accounts import add_account

        add_account(arguments.file, arguments.name, password)
        told = f"{arguments.name} may sign in. Start with: python app.py serve --accounts {arguments.file}"
        console.print(told, highlight=False, markup=False)
        return 0
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        name = clean_name(arguments.name)
        known = {person.name: person for person in studio.people.all()}.get(name)
        if known is None:
            person = studio.people.add(name, password, owner=arguments.owner, by="command line")
        else:
            studio.people.set_password(name, password, by="command line")
            person = studio.people.change(name, active=True, owner=known.owner or arguments.owner, by="command line")
    console.print(f"{person.name} may sign in{' and owns the studio' if person.owner else ''}.", highlight=False, markup=False)
    return 0


def _list(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    table = Table("name", "studio", "state", "since")
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        for person in studio.people.all():
            state = "may sign in" if person.active else "closed out"
            table.add_row(person.name.replace("[", "\\["), "owner" if person.owner else "", state, f"{person.created:%Y-%m-%d}")
    console.print(table)
    return 0


def _close(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        person = studio.people.change(arguments.name, active=False, by="command line")
    console.print(f"{person.name} may not sign in any more.", highlight=False, markup=False)
    return 0


def _erase(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        name = studio.people.get(arguments.name).name
        leaving = studio.retaining.leaving(name)
        for project in leaving.theirs:
            console.print(f"To the trash: {project.name}", highlight=False, markup=False)
        for project in leaving.shared:
            console.print(f"Needs another owner first: {project.name}", highlight=False, markup=False)
        if arguments.dry_run:
            return 1 if leaving.shared else 0
        alias = studio.retaining.erase_person(name, "command line")
    console.print(f"{name} is gone; what they made for others is now by {alias}.", highlight=False, markup=False)
    return 0
