"""The command line: the same Studio as the pages, without them."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from domain.brief import ATTACHMENT_MAX_BYTES
from domain.errors import InputError, LimitError, MaquetteError
from domain.job import JobState
from domain.model import ModelStatus
from domain.progress import CancelToken
from domain.settings import Settings
from studio.export import Selection
from studio.projects import brand_from_toml
from studio.studio import Studio
from web.cluster_commands import add_cluster_commands
from web.consent_commands import add_consent_commands
from web.inspect_commands import add_inspect_commands
from web.library_commands import add_library_commands
from web.logs import write_json
from web.people_commands import add_people_commands
from web.picture_commands import add_picture_commands
from web.review_commands import add_review_commands


@dataclass(frozen=True)
class Entry:
    """What app.py hands in: the settings from the environment, and how to construct."""

    settings: Settings
    assets: Path
    open_studio: Callable[[Settings], Studio]


def main(argv: Sequence[str], entry: Entry) -> int:
    """Run one command. Returns the exit status: 0 done, 1 a named error, 2 wrong usage, 130 stopped by the person."""
    given = list(argv)
    if not given or (given[0].startswith("-") and given[0] not in ("-h", "--help")):
        given.insert(0, "serve")  # `python app.py --share` opens the studio
    arguments = parser().parse_args(given)
    console = Console(stderr=True)
    try:
        with _terminated_like_interrupted():
            return int(arguments.run(arguments, entry, console))
    except MaquetteError as error:
        console.print(f"[red]{_escape(error.message)}[/red] {_escape(error.hint)}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM, as service managers and containers send it, ends the studio as Ctrl-C does: runs and files are closed in order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="maquette", description="One brief in, a reviewed and reproducible pack out.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="open the studio in the browser (the default)")
    serve.add_argument("--host", help="address to listen on (127.0.0.1); beyond this machine only with a password or accounts")
    serve.add_argument("--port", type=int, help="port (7860); 0 takes any free one")
    serve.add_argument("--share", action="store_true", help="also open a public link through Gradio's tunnel")
    serve.add_argument("--accounts", type=Path, help="file of people who may sign in (see: accounts add)")
    serve.add_argument("--root-path", help="path prefix when behind a reverse proxy")
    serve.set_defaults(run=_serve)

    make = commands.add_parser("make", help="plan a brief, make it, and export the pack")
    make.add_argument("brief", help='the brief, or "-" to read it from standard input')
    make.add_argument("--out", type=Path, default=Path(), help="folder for the ZIP (the current one)")
    make.add_argument("--attach", type=Path, action="append", default=[], help="a text, PNG, JPEG, WAV or MP3 file; may be repeated")
    make.add_argument("--brand", type=Path, help="a brand kit as TOML")
    make.add_argument("--project", default="", help="name of the project; made when it does not exist")
    make.add_argument("--seed", type=int, help="plan seed, for the same results again")
    make.add_argument("--plan-only", action="store_true", help="show the plan and stop")
    make.set_defaults(run=_make)

    add_picture_commands(commands)

    models = commands.add_parser("models", help="list, pull, verify or remove models")
    actions = models.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list", help="what is known, installed and used")
    listed.set_defaults(run=_models_list)
    pull = actions.add_parser("pull", help="fetch and verify")
    pull.add_argument("ids", nargs="*", help="model ids")
    pull.add_argument("--default", action="store_true", help="the default set")
    pull.add_argument("--tests", action="store_true", help="what the tests need besides")
    pull.set_defaults(run=_models_pull)
    add = actions.add_parser("add", help="take a checkpoint or adapter of this machine into the catalogue, by its path")
    add.add_argument("path", type=Path, help="a folder, or a safetensors or GGUF file")
    add.add_argument("--id", default="", help="what to call it; made of its name when left out")
    add.add_argument("--family", default="", help="of a checkpoint whose files do not say it (flux1-kontext)")
    add.set_defaults(run=_models_add)
    fit = actions.add_parser("fit", help="what each memory mode of a picture model needs, and what this machine has; loads nothing")
    fit.add_argument("ids", nargs="*", help="picture models; all that are installed when left out")
    fit.set_defaults(run=_models_fit)
    convert = actions.add_parser("convert", help="make safetensors of pickled weights, in a process without a network")
    convert.add_argument("file", type=Path, help="a .bin, .pt, .pth or .ckpt file")
    convert.add_argument("--out", type=Path, help="the safetensors file (beside it)")
    convert.set_defaults(run=_models_convert)
    verify = actions.add_parser("verify", help="hash every file of installed models again")
    verify.add_argument("ids", nargs="*")
    verify.set_defaults(run=_models_verify)
    remove = actions.add_parser("remove", help="delete a model's files")
    remove.add_argument("ids", nargs="+")
    remove.set_defaults(run=_models_remove)

    check = commands.add_parser("check", help="find missing, extra and altered files of the library")
    check.set_defaults(run=_check)

    add_inspect_commands(commands)
    add_library_commands(commands)
    add_consent_commands(commands)
    add_review_commands(commands)

    add_people_commands(commands)
    add_cluster_commands(commands)
    return top


def _serve(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    from web.server import accounts_of, build, open_doors, served

    given = {"host": arguments.host, "port": arguments.port, "accounts": arguments.accounts, "root_path": arguments.root_path}
    update: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    settings = entry.settings.model_copy(update={**update, "share": arguments.share or entry.settings.share})
    if settings.log == "json":
        write_json()
    if not 0 <= settings.port <= 65535:
        raise InputError("{port} is not a port.", hint="Use 0 to 65535.", field="port", port=settings.port)
    listener = open_doors(settings)  # whatever refuses does so before anything is started
    try:
        studio = entry.open_studio(settings)
        with contextlib.ExitStack() as until:
            until.callback(studio.close)
            app = build(studio, settings, accounts_of(studio, settings), entry.assets)
            until.pop_all()
        with studio, served(app, settings, listener, say=lambda text: console.print(text, highlight=False)) as server:
            server.wait()
    finally:
        listener.close()
    if studio.runner.left_over:
        # A take that does not look up would keep the process for as long as it runs; the next start makes it again.
        console.file.flush()
        os._exit(0)
    return 0


def _make(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    text = sys.stdin.read() if arguments.brief == "-" else arguments.brief
    if not arguments.plan_only:
        _require_folder(arguments.out)
    brand = _read(arguments.brand).decode("utf-8", errors="replace") if arguments.brand is not None else ""
    brand_from_toml(brand)
    with entry.open_studio(entry.settings) as studio:
        studio.plans.draft("", text)  # refuse what cannot be used before a project or file is stored
        attachments = tuple(studio.attachments.add(path.name, _read(path)) for path in arguments.attach)
        name = arguments.project or "Command line"
        projects = [p for p in studio.projects.all() if p.name == name]
        project = projects[0] if projects else studio.projects.create(name)
        if brand:
            studio.projects.import_brand(project.id, brand)
        brief = studio.plans.submit(project.id, text, attachments=attachments)
        with console.status("Planning…"):
            plan = studio.plans.propose(brief, seed=arguments.seed)
        table = Table("step", "kind", "title", title=_escape(plan.title))
        for step in plan.steps:
            table.add_row(step.id, step.kind.value, _escape(step.title))
        console.print(table)
        for gap in plan.unavailable:
            console.print(f"Cannot make {_escape(gap.asked)}. {_escape(gap.nearest)}", highlight=False)
        for note in plan.notes:
            console.print(_escape(note), highlight=False)
        if arguments.plan_only:
            return 0
        studio.plans.approve(plan.id)
        failed = _watch(studio, plan.id, console)
        for job in failed:
            console.print(f"[red]{job.step_id}[/red]: {_escape(job.error or job.state.value)}", highlight=False)
        if len(failed) == len(studio.plans.jobs(plan.id)):
            console.print("No step was made, so there is no pack.")
            return 1
        stem = re.sub(r"[^\w-]+", "-", project.name).strip("-")[:60] or "pack"
        target = arguments.out / f"{stem}-{datetime.now():%Y%m%d-%H%M%S}.zip"
        print(studio.shelf.export(Selection(project_id=project.id, plan_id=plan.id), out=target))
        return 1 if failed else 0


def _require_folder(folder: Path) -> None:
    """Before minutes of work go into a pack that could not be written. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            "{folder} cannot be written to: {strerror}.",
            hint="Name another folder with --out.",
            field="out",
            folder=folder,
            strerror=error.strerror,
        ) from error


def _watch(studio: Studio, plan_id: str, console: Console) -> list[Any]:
    """Show a bar per step until all have ended; returns the jobs that did not succeed. Ctrl-C cancels the plan."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    bars: dict[str, TaskID] = {}
    with Progress(*columns, console=console) as shown:
        try:
            for jobs in studio.plans.watch(plan_id, patient=False):
                for job in jobs:
                    if job.step_id not in bars:
                        bars[job.step_id] = shown.add_task(job.step_id, total=1.0, note="")
                    shown.update(bars[job.step_id], completed=1.0 if job.state.ended else job.progress, note=job.note or job.state.value)
        except KeyboardInterrupt:
            studio.plans.cancel(plan_id)
            raise
    return [job for job in studio.plans.jobs(plan_id) if job.state is not JobState.DONE]


def _on_a_studio(run: Callable[[argparse.Namespace, Studio, Console], int]) -> Callable[[argparse.Namespace, Entry, Console], int]:
    """A command on a studio that is opened and closed, but not started: it makes nothing."""

    def command(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
        with contextlib.closing(entry.open_studio(entry.settings)) as studio:
            return run(arguments, studio, console)

    return command


@_on_a_studio
def _models_list(arguments: argparse.Namespace, studio: Studio, console: Console) -> int:
    table = Table("model", "task", "state", "size", "licence", "used")
    for status in studio.models.all():
        table.add_row(
            status.model.id,
            status.model.task.value,
            status.state.value,
            size(_size(status)),
            status.model.licence,
            "yes" if status.used else "",
        )
    console.print(table)
    return 0


@_on_a_studio
def _models_pull(arguments: argparse.Namespace, studio: Studio, console: Console) -> int:
    ids = list(arguments.ids)
    if arguments.default:
        ids += studio.models.default_ids()
    if arguments.tests:
        ids += studio.models.test_ids()
    if not ids:
        raise InputError("No model was named.", hint="Name some, or use --default.", field="ids")
    wanted = [model_id for model_id in dict.fromkeys(ids) if not studio.models.ready(model_id)]
    if not wanted:
        console.print(f"All {len(set(ids))} models are here and verified.", highlight=False)
        return 0
    console.print(f"Fetching {len(wanted)} models, {size(studio.models.download_size(wanted))} in all.", highlight=False)
    with Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), console=console) as shown:
        for model_id in wanted:
            bar = shown.add_task(model_id, total=1.0, note="")
            studio.models.pull(model_id, _Bar(lambda f, n, bar=bar: shown.update(bar, completed=f, note=n)))  # type: ignore[misc]
            shown.update(bar, completed=1.0, note="verified")
    return 0


class _Bar:
    """Progress shown on a terminal."""

    def __init__(self, show: Callable[[float, str], None]) -> None:
        self._show = show
        self._token = CancelToken()

    def report(self, fraction: float, note: str = "") -> None:
        self._show(fraction, note)

    def check(self) -> None:
        self._token.check()


@_on_a_studio
def _models_add(arguments: argparse.Namespace, studio: Studio, console: Console) -> int:
    model = studio.models.add(arguments.path, arguments.id, arguments.family)
    console.print(f"{model.id}: {model.task}{f', {model.family}' if model.family else ''}", highlight=False, markup=False)
    console.print(f"Next: models pull {model.id}, then start the studio again.", highlight=False)
    return 0


def _models_convert(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    from pipelines.models.converting import convert

    made = convert(arguments.file, arguments.out)
    left_out = f" Left out, being no tensors: {', '.join(made.left_out)}." if made.left_out else ""
    console.print(f"{made.path}: {made.tensors} tensors, {made.numbers:,} numbers.{left_out}", highlight=False, markup=False)
    return 0


@_on_a_studio
def _models_fit(arguments: argparse.Namespace, studio: Studio, console: Console) -> int:
    ids = arguments.ids or studio.models.pictured()
    if not ids:
        console.print("No picture model is installed.", highlight=False)
        return 0
    table, nothing = Table("model", "memory mode", "device", "needs", "RAM beside", "may use", "fits"), False
    for model_id in ids:
        fits = studio.models.fits(model_id)
        taken = next((one.mode for one in fits if one.fits), "")
        nothing = nothing or not taken
        for one in fits:
            answer = "taken" if one.mode == taken else "yes" if one.fits else "no"
            table.add_row(model_id, one.mode, one.device, size(one.footprint), size(one.host), size(one.budget or 0), answer)
    console.print(table)
    return 1 if nothing else 0


@_on_a_studio
def _models_verify(arguments: argparse.Namespace, studio: Studio, console: Console) -> int:
    ids = arguments.ids or [s.model.id for s in studio.models.all() if s.state.value != "absent"]
    problems = 0
    for model_id in ids:
        found = studio.models.verify(model_id)
        problems += len(found)
        console.print(f"{model_id}: {'; '.join(found) if found else 'every file has its hash'}", highlight=False, markup=False)
    return 1 if problems else 0


@_on_a_studio
def _models_remove(arguments: argparse.Namespace, studio: Studio, console: Console) -> int:
    for model_id in arguments.ids:
        console.print(f"{model_id}: {size(studio.models.remove(model_id))} freed", highlight=False, markup=False)
    return 0


@_on_a_studio
def _check(arguments: argparse.Namespace, studio: Studio, console: Console) -> int:
    report = studio.shelf.check()
    console.print(str(report), highlight=False, markup=False)
    return 0 if report.sound else 1


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > ATTACHMENT_MAX_BYTES:
            raise LimitError(
                "{path} has {st_size} MB; 25 MB are the most.",
                hint="Give a smaller file.",
                field=path.name,
                path=path.name,
                st_size=f"{path.stat().st_size / 1000000.0:.0f}",
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "{path} cannot be read: {strerror}.", hint="Check the path.", field=str(path), path=path, strerror=error.strerror
        ) from error


def _size(status: ModelStatus) -> int:
    return status.bytes_on_disk or status.model.disk


def size(count: int) -> str:
    """Bytes for people: 491 MB, 1.1 GB."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def _escape(text: str) -> str:
    return text.replace("[", "\\[")
