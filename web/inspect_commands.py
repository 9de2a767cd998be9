"""The command `inspect`: what a file or a pack says of where it comes from."""

from __future__ import annotations

import argparse
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from agents.telling import templates
from domain.errors import InputError

if TYPE_CHECKING:
    from web.cli import Entry


def add_inspect_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    inspect = commands.add_parser("inspect", help="what a file or a pack says of where it comes from, and whether it was altered")
    inspect.add_argument("file", type=Path, help="any picture, sound, film, document, text or pack")
    inspect.add_argument("--json", action="store_true", help="everything that was found, as JSON")
    inspect.add_argument("--language", choices=("en", "zh"), default="en", help="the language of the words (en)")
    inspect.set_defaults(run=_inspect)


def _inspect(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    """0 whatever the file says; 1 when it was altered after it was signed, or a pack is not as its manifest says."""
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        raise InputError(
            "{file} cannot be read: {strerror}.", hint="Check the path.", field="file", file=arguments.file, strerror=error.strerror
        ) from error
    with contextlib.closing(entry.open_studio(entry.settings)) as studio:
        found = studio.inspecting.inspect(data, arguments.file.name)
    words = templates(entry.assets).get(arguments.language, {})
    lines = [one.told(words) for one in found.said]
    lines += [f"{one.id}  {one.title}" for one in found.marked]
    if arguments.json:
        print(json.dumps({**found.model_dump(mode="json"), "said": lines}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(lines))
    altered = found.credentials is not None and found.credentials.state != "intact"
    return 1 if altered or any(one.state in ("altered", "missing") for one in found.files) else 0
