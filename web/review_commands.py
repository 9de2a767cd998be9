"""Commands on what was made: where an asset comes from and what depends on it, and the preference pairs of a project."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from domain.errors import InputError, NotFound, StorageError
from domain.project import Project
from studio.family import Kin
from studio.studio import Studio

if TYPE_CHECKING:
    from web.cli import Entry


def add_review_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    lineage = commands.add_parser("lineage", help="where an asset comes from, what depends on it, and what making that again would cost")
    lineage.add_argument("asset", help="its id, as the Library and the packs name it")
    lineage.set_defaults(run=_lineage)
    preferences = commands.add_parser("preferences", help="write a project's preference pairs as JSONL: prompt, chosen, rejected")
    preferences.add_argument("project", help="its id or name")
    preferences.add_argument("--out", type=Path, required=True, help="the file to write; it must not exist yet")
    preferences.add_argument("--medium", choices=("text", "media"), default="text", help="texts, or the files of other results (text)")
    preferences.set_defaults(run=_preferences)


def _lineage(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        asset = studio.shelf.asset(arguments.asset)
        family = studio.lineage.of(asset.id)
        root = Tree(f"{escape(asset.title)} ({asset.recipe.kind.value}, version {asset.version}, {asset.id})")
        for name, kin in (("made from", family.sources), ("depends on it", family.users)):
            branch = root.add(f"{name}: {len(kin)}")
            _grow(branch, asset.id, kin)
        console.print(root, highlight=False)
        if asset.plan_id and asset.step_id:
            again = studio.lineage.rerun(asset.id)
            known = len(again.steps) - again.cost.unknown
            cost = f"about {again.cost.makespan:.0f} s" if known else "never measured here"
            console.print(f"To make it and what depends on it again: {len(again.steps)} steps, {cost}.", highlight=False, markup=False)
    return 0


def _grow(branch: Tree, of: str, kin: tuple[Kin, ...]) -> None:
    for one in kin:
        if one.of == of:
            about = f"{one.kind}, version {one.version}, {', '.join(one.roles) or 'input'}, {one.id}"
            newer = ", there is a newer version" if one.outdated else ""
            _grow(branch.add(escape(f"{one.title} ({about}{newer})")), one.id, kin)


def _preferences(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        project = _project(studio, arguments.project)
        lines = list(studio.preferences.lines(project.id, arguments.medium))
        found = studio.preferences.statistics(project.id)
    try:
        with arguments.out.open("x", encoding="utf-8") as file:
            file.writelines(lines)
    except FileExistsError as error:
        raise InputError("{out} exists already.", hint="Name a new file.", field="out", out=arguments.out) from error
    except OSError as error:
        raise StorageError("{out} cannot be written.", hint="Name a file in a folder that exists.", out=arguments.out) from error
    told = f"{arguments.out}: {len(lines)} of {found.pairs} pairs. Keeping pairs is {'on' if found.consent else 'off'}."
    console.print(told, highlight=False, markup=False, soft_wrap=True)
    return 0


def _project(studio: Studio, named: str) -> Project:
    """By id, else by name. Raises NotFound, InputError when several have the name."""
    every = [*studio.projects.all(), *studio.projects.all(archived=True)]
    found = [one for one in every if one.id == named] or [one for one in every if one.name == named]
    if not found:
        raise NotFound("There is no project {named}.", hint="Give its name or id as the studio shows it.", named=repr(named[:80]))
    if len(found) > 1:
        raise InputError("Several projects are called {named}.", hint="Give the id instead.", field="project", named=repr(named[:80]))
    return found[0]
