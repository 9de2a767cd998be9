"""Killed while it deletes for good: a process that stores, deletes and purges, over and over, and what must be true afterwards.

python -m benchmarks.trust_purge DATABASE_URL HOME SEED is the process. It says what it is about to delete before it begins, so that what
was said to be kept and was never about to go must be there, whole; and what it said was gone must have no bytes left.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.asset import Asset
from domain.capability import StepKind
from domain.people import AuditEntry
from domain.progress import Silent
from domain.recipe import OutputFile, Recipe
from library.check import check
from library.library import AssetQuery, Library

ROOT = Path(__file__).resolve().parent.parent
#: Seconds after its first write within which a writer is killed.
KILLED_WITHIN = 0.4
#: The same where things are deleted for good, which takes longer: a kill should fall into any part of it.
KILLED_PURGING_WITHIN = 3.0


def said_until_killed(module: str, url: str, home: Path, times: int, within: float = KILLED_WITHIN) -> list[list[str]]:
    """The words of every line that a writer said before it was killed, over so many writers."""
    chance = random.Random(11)
    said: list[list[str]] = []
    with Library.open(url, home):
        pass
    for number in range(times):
        command = [sys.executable, "-m", module, url, str(home), str(number)]
        writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        if writer.stdout.readline() != "ready\n":
            raise RuntimeError("The writer did not start.")
        time.sleep(chance.random() * within)
        writer.send_signal(signal.SIGKILL)
        lines, _ = writer.communicate()
        # A line that was cut off in the middle was not said.
        said += [line.split() for line in lines.split("\n")[:-1]]
    return said


def killed_purging(url: str, home: Path, times: int) -> dict[str, Any]:
    said = said_until_killed("benchmarks.trust_purge", url, home, times, KILLED_PURGING_WITHIN)
    going = {words[1] for words in said if words[0] == "going"}
    kept = {words[1] for words in said if words[0] == "kept"} - going
    gone = {words[1] for words in said if words[0] == "gone"}
    hashes = {words[1]: words[2] for words in said if words[0] == "kept"}
    with Library.open(url, home) as library:
        # What was found right after the last kill, and after one run that goes on where the kills left off.
        found = check(library, Silent())
        unsound = len(found.missing) + len(found.altered) + len(found.dangling)
        now = datetime.now(UTC)
        library.purge(library.purgeable(), "bench", now)
        files, _, done = library.finish_purge(now)
        there = _all(library)
        report = check(library, Silent())
        unsound += len(report.missing) + len(report.altered) + len(report.dangling) + (not done)
        named = {file.sha256 for asset in there.values() for file in asset.files}
        # Bytes of what was deleted that nobody else names, and that still lie somewhere.
        left = sum(1 for one in gone & set(hashes) if hashes[one] not in named and _lies(home, hashes[one]))
    lost, unsound = len(kept - set(there)), unsound + left
    return {
        "kills": times,
        "said_kept": len(kept),
        "said_gone": len(gone),
        "lost": lost,
        "unsound": unsound,
        "bytes_left": left,
        "finished_later": files,
    }


def _lies(home: Path, sha256: str) -> bool:
    return (home / "files" / sha256[:2] / sha256[2:4] / sha256).exists()


def _all(library: Library) -> dict[str, Asset]:
    found: dict[str, Asset] = {}
    while page := library.assets(AssetQuery(limit=1000, offset=len(found))):
        found |= {asset.id: asset for asset in page}
    return found


def main(url: str, home: str, seed: int) -> None:
    """Every second asset that is deleted has the bytes of the one before it, which stays."""
    chance = random.Random(seed)
    with Library.open(url, Path(home)) as library:
        project = library.create_project(f"Purged {seed}")
        print("ready", flush=True)
        data, number = b"", 0
        while True:
            number += 1
            data = data if number % 4 == 2 else chance.randbytes(chance.choice((10, 5_000, 100_000)))
            asset = library.add_asset(_draft(project.id, number), [OutputFile("a.bin", "application/octet-stream", data)])
            print("kept", asset.id, asset.main.sha256, flush=True)
            if number % 2:
                continue
            print("going", asset.id, flush=True)
            entry = AuditEntry(person="bench", action="asset_deleted", subject=asset.id, project_id=project.id, created=_now())
            library.delete_asset(asset.id, None, _now(), lambda _asset, entry=entry: entry)
            library.purge(library.purgeable([asset.id]), "bench", _now())
            library.finish_purge(_now())
            print("gone", asset.id, flush=True)


def _draft(project_id: str, number: int) -> Asset:
    recipe = Recipe(kind=StepKind.PICTURE, maker="writer", maker_version=1, prompt=f"number {number}")
    return Asset(id="", project_id=project_id, title=f"Purged {number}", files=(), recipe=recipe, created=_now())


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
