"""`picture`: a drawn picture of the library as SVG, PNG, WebP, cut-out, layers or credits."""

from __future__ import annotations

import argparse
import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from domain.drawing import DrawingFormat
from domain.errors import InputError

if TYPE_CHECKING:
    from web.cli import Entry


def add_picture_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    picture = commands.add_parser("picture", help="write a drawn picture as SVG, PNG, WebP, cut-out, layers or credits, and print its path")
    picture.add_argument("id", help="the picture's id, as it stands in a pack's manifest.json")
    picture.add_argument("--as", dest="form", choices=[form.value for form in DrawingFormat], default="svg", help="what to write (svg)")
    picture.add_argument("--side", type=int, default=0, help="pixels of the longer side, 64 to 4096 (as it was made)")
    picture.add_argument("--out", type=Path, default=Path(), help="folder for the file (the current one)")
    picture.set_defaults(run=_picture)


def _picture(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    with contextlib.closing(entry.open_studio(entry.settings)) as studio, console.status("Drawing…"):
        file = studio.drawings.file(arguments.id, DrawingFormat(arguments.form), side=arguments.side)
        target = arguments.out / file.name
        try:
            arguments.out.mkdir(parents=True, exist_ok=True)
            leaving = studio.shelf.given(arguments.id, file.name, file.media_type, file.path.read_bytes())
            shutil.copyfile(leaving.path, target)
        except OSError as error:
            raise InputError(
                "{target} cannot be written: {strerror}.",
                hint="Name another folder with --out.",
                field="out",
                target=target,
                strerror=error.strerror,
            ) from error
    print(target)
    return 0
