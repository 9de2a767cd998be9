"""What a team may rely on: python -m benchmarks.trust [PART ...] [--small]. Exits with 1 when a part finds anything wrong.

kill      a process that stores things is killed with SIGKILL at seeded moments; what it said was kept is there, whole, and the
          library is sound; on SQLite and, where it is installed, on Postgres
purge     the same while things are deleted for good: what was not deleted is there, and after one more run nothing of the rest is
full      the disk is full at every single write of storing, deciding and deleting, one after the other (benchmarks/trust_full.py)
library   a library of 100,000 assets: how long its pages and searches take, through the route; `check` finds what was planted
crowd     50 people look and 10 generate on one studio with accounts; then one is greedy (benchmarks/trust_crowd.py)

python -m benchmarks.trust kill purge --times 300
python -m benchmarks.trust full
python -m benchmarks.trust library --assets 100000
python -m benchmarks.trust crowd --seconds 60
python -m benchmarks.trust --small              # every part, in a minute or two: proves that it runs
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import insert

import app
from benchmarks.trust_full import compiled, filled
from benchmarks.trust_purge import killed_purging, said_until_killed
from domain.asset import Asset, FileRef
from domain.capability import StepKind
from domain.progress import Silent
from domain.recipe import OutputFile, Recipe
from domain.review import Verdict
from domain.settings import sqlite_url
from library.assets import searchable
from library.check import check
from library.database import dump
from library.library import AssetQuery, Library
from library.tables import assets as assets_table
from tests.postgres import installed, postgres_server

WORDS = ("lamp", "river", "fox", "market", "winter", "咖啡", "lighthouse", "garden", "engine", "paper", "海报", "night", "bridge", "song")
SEARCHES = ("", "fox", "light", "咖啡", "river night", "paper 17", "nothing-has-this-word")


@dataclass(frozen=True)
class Size:
    """times: kills of each part. every: so many writes are between two full disks. assets: of the library. seconds: of each part of the
    crowd. people, makers: of the crowd.
    """

    times: int = 300
    assets: int = 100_000
    seconds: float = 60.0
    people: int = 50
    makers: int = 10
    every: int = 1


def kill(size: Size) -> dict[str, Any]:
    """Half of the kills on each database, where there are two."""
    return _on_each("kill", lambda url, home, share: _killed(url, home, size.times // share))


def purge(size: Size) -> dict[str, Any]:
    return _on_each("purge", lambda url, home, share: killed_purging(url, home, size.times // share))


def full(size: Size) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        shim = compiled(Path(folder))
        if shim is None:
            return {"part": "full", "skipped": "there is no C compiler (cc)"}
        return _on_each("full", lambda url, home, _share: filled(url, home, shim, size.every))


def _on_each(part: str, run: Callable[[str, Path, int], dict[str, Any]]) -> dict[str, Any]:
    """A part on each database there is; it is told of how many."""
    told: dict[str, Any] = {"part": part}
    databases: list[tuple[str, contextlib.AbstractContextManager[Callable[[Path], str]]]] = [("sqlite", _sqlite())]
    if installed("initdb") is not None:
        databases.append(("postgres", _postgres()))
    for name, opened in databases:
        with opened as url_of, tempfile.TemporaryDirectory() as folder:
            told[name] = run(url_of(Path(folder)), Path(folder), len(databases))
    told["wrong"] = sum(told[name]["lost"] + told[name]["unsound"] for name, _ in databases)
    return told


@contextlib.contextmanager
def _sqlite() -> Iterator[Callable[[Path], str]]:
    yield lambda folder: sqlite_url(folder / "maquette.db")


@contextlib.contextmanager
def _postgres() -> Iterator[Callable[[Path], str]]:
    with postgres_server() as server, server.database() as url:
        yield lambda _folder: url


def _killed(url: str, home: Path, times: int) -> dict[str, int]:
    kept = said_until_killed("benchmarks.trust_writer", url, home, times)
    with Library.open(url, home) as library:
        there = {asset.id for asset in _all(library)}
        lost = sum(one not in there for kind, one in kept if kind == "asset")
        reviewed = library.verdicts([one for kind, one in kept if kind == "review"])
        lost += sum(reviewed.get(one) is not Verdict.APPROVE for kind, one in kept if kind == "review")
        report = check(library, Silent())
    unsound = len(report.missing) + len(report.altered) + len(report.dangling)
    return {"kills": times, "said_kept": len(kept), "lost": lost, "unsound": unsound, "left_over_files": len(report.extra)}


def _all(library: Library) -> Iterator[Asset]:
    offset = 0
    while page := library.assets(AssetQuery(limit=1000, offset=offset)):
        yield from page
        offset += len(page)


def library_pages(size: Size) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = app.settings_from({"MAQUETTE_HOME": str(home), "MAQUETTE_CACHE": str(home / "cache"), "MAQUETTE_OFFLINE": "1"})
        studio = app.open_studio(settings)
        try:
            project = _fill(studio.library, size.assets)
            seconds = _pages(_served(studio), project, size.assets)
            planted = _planted(studio.library, home)
        finally:
            studio.close()
    slowest = max(one["p95"] for one in seconds.values())
    return {"part": "library", "assets": size.assets, "milliseconds": seconds, "slowest_p95": slowest, **planted}


def _fill(library: Library, count: int) -> str:
    """A project of many assets that share one file: what a page costs hangs on rows."""
    chance = random.Random(3)
    project = library.create_project("Many")
    recipe = Recipe(kind=StepKind.PICTURE, maker="writer", maker_version=1)
    draft = Asset(id="", project_id=project.id, title="first", files=(), recipe=recipe, created=datetime.now(UTC))
    first = library.add_asset(draft, [OutputFile("a.png", "image/png", b"picture")])
    for start in range(1, count, 1000):
        with library.database.write("fill the library") as connection:
            for number in range(start, min(start + 1000, count)):
                words = " ".join(chance.choices(WORDS, k=4))
                kind = chance.choice(tuple(StepKind))
                made = recipe.model_copy(update={"kind": kind, "prompt": words})
                asset = first.model_copy(update={"id": f"{number:032x}", "title": f"{words} {number}", "recipe": made})
                _insert(library, connection, asset)
    return project.id


def _insert(library: Library, connection: Any, asset: Asset) -> None:
    row = {"id": asset.id, "project_id": asset.project_id, "step_id": "", "take": 1, "kind": asset.recipe.kind.value}
    done = connection.execute(insert(assets_table).values(**row, document=dump(asset)))
    library.database.search.add(connection, done.inserted_primary_key[0], searchable(asset))


def _served(studio: Any) -> TestClient:
    from web.api.shelf import shelf_router
    from web.api.tasks import Tasks

    api = FastAPI()

    @api.middleware("http")
    async def known(request: Request, answer: Any) -> Any:
        request.state.person = "ada"
        return await answer(request)

    api.include_router(shelf_router(studio, Tasks()))
    return TestClient(api)


def _pages(client: TestClient, project: str, count: int) -> dict[str, dict[str, float]]:
    """Milliseconds: the first page, one in the middle, the last, and searches, each 20 times."""
    asked: dict[str, dict[str, Any]] = {
        "first page": {},
        "middle page": {"offset": count // 2},
        "last page": {"offset": max(0, count - 24)},
        "pictures": {"kind": "picture"},
        "open": {"verdict": "open"},
        **{f"search {words!r}": {"text": words} for words in SEARCHES if words},
    }
    found: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(20):
        for name, query in asked.items():
            began = time.perf_counter()
            client.get(f"/api/projects/{project}/assets", params=query).raise_for_status()
            found[name].append((time.perf_counter() - began) * 1000)
    return {name: _times(values) for name, values in found.items()}


def _times(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}


def _planted(library: Library, home: Path) -> dict[str, Any]:
    """Files that are gone, were changed, and that nobody needs: does the check name each, and nothing else?"""
    refs: list[FileRef] = [library.store_file(f"file {number}".encode(), "a.txt", "text/plain") for number in range(30)]
    gone, changed = {ref.sha256 for ref in refs[:10]}, {ref.sha256 for ref in refs[10:20]}
    for sha256 in gone | changed:
        path = library.file_path(sha256)
        path.chmod(0o600)
        if sha256 in gone:
            path.unlink()
        else:
            path.write_bytes(b"changed")
    extra = home / "files" / "ab" / ("ab" + "0" * 62)
    extra.parent.mkdir(exist_ok=True)
    shutil.copy(library.file_path(refs[-1].sha256), extra)
    report = check(library, Silent())
    named = {one.sha256 for one in report.missing} == gone and {one.sha256 for one in report.altered} == changed
    return {"planted_found": named and len(report.extra) == 1 and not report.dangling}


def crowd(size: Size) -> dict[str, Any]:
    from benchmarks.trust_crowd import crowded

    return crowded(size.people, size.makers, size.seconds)


PARTS: dict[str, Callable[[Size], dict[str, Any]]] = {
    "kill": kill,
    "purge": purge,
    "full": full,
    "library": library_pages,
    "crowd": crowd,
}


def main() -> int:
    read = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    read.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    read.add_argument("--times", type=int, default=300)
    read.add_argument("--assets", type=int, default=100_000)
    read.add_argument("--seconds", type=float, default=60.0)
    read.add_argument("--every", type=int, default=1, help="full: so many writes are between two full disks")
    read.add_argument("--small", action="store_true")
    given = read.parse_args()
    size = Size(6, 2000, 6.0, 5, 2, 40) if given.small else Size(given.times, given.assets, given.seconds, every=given.every)
    wrong = 0
    for name in given.parts or PARTS:
        told = PARTS[name](size)
        print(json.dumps(told, indent=1, ensure_ascii=False), flush=True)
        wrong += int(told.get("wrong", 0)) + (told.get("planted_found") is False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
