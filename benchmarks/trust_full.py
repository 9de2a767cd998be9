"""The disk gets full at every single write of what the library does: storing, deciding, deleting, deleting for good.

For each thing that is done, the disk is full from its first write on, then from its second, and so on until it needs no more writes than
it got. After each: what it said is DiskFull or a StorageError and nothing else, the library is sound, what was kept before is there,
byte for byte, and the same thing done again with room succeeds. Writes are counted in a C library that is loaded before libc's own
(benchmarks/data/full_disk.c), so those of SQLite count as those of Python do; of Postgres, which writes in a process of its own, only
those of files are reached.

python -m benchmarks.trust_full DATABASE_URL HOME STEP      # run by benchmarks.trust with the library loaded
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.asset import Asset
from domain.brief import Brief
from domain.capability import StepKind
from domain.comment import Comment
from domain.consent import VoiceConsent
from domain.errors import DiskFull, MaquetteError, StorageError
from domain.people import AuditEntry
from domain.progress import Silent
from domain.recipe import OutputFile, Recipe
from domain.retention import Trashed
from domain.review import Review, Verdict
from library.check import check
from library.library import AssetQuery, Library

ROOT = Path(__file__).resolve().parent.parent
#: More writes than anything here needs.
MOST = 5000


def compiled(folder: Path) -> Path | None:
    """The counting library; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    target = folder / "full_disk.so"
    source = ROOT / "benchmarks" / "data" / "full_disk.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl"], check=True)
    return target


def filled(url: str, home: Path, shim: Path, step: int) -> dict[str, Any]:
    """Everything on one library, in a process of its own. step: every so many writes (1: all of them)."""
    command = [sys.executable, "-m", "benchmarks.trust_full", url, str(home), str(step)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "LD_PRELOAD": str(shim)}, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    # What cannot be told apart here, lost and unsound, counts once.
    return {**told, "lost": 0, "unsound": len(told["wrong"])}


class Disk:
    def __init__(self, home: Path) -> None:
        self._library = ctypes.CDLL(None)
        self._library.full_disk_seen.restype = ctypes.c_long
        self._home = str(home).encode()

    def full_from(self, write: int) -> None:
        """0: there is room."""
        self._library.full_disk(self._home, ctypes.c_long(write))

    @property
    def writes(self) -> int:
        return int(self._library.full_disk_seen())


class Work:
    """What a library does, each time from a state of its own. `prepare` runs with room; what it gives is handed to `do`."""

    def __init__(self, library: Library, spool: Path) -> None:
        self.library = library
        self.spool = spool
        self.project = library.create_project("Full").id
        self.number = 0

    def draft(self) -> Asset:
        self.number += 1
        recipe = Recipe(kind=StepKind.PICTURE, maker="writer", maker_version=1, prompt=f"number {self.number}")
        return Asset(id="", project_id=self.project, title=f"Full {self.number}", files=(), recipe=recipe, created=_now())

    def data(self) -> bytes:
        self.number += 1
        return (f"data {self.number} ".encode() * 40_000)[:300_000]

    def asset(self) -> Asset:
        return self.library.add_asset(self.draft(), [OutputFile("a.bin", "application/octet-stream", self.data())])

    def spooled(self) -> list[OutputFile]:
        self.spool.mkdir(exist_ok=True)
        self.number += 1
        path = self.spool / f"{self.number}.bin"
        path.write_bytes(self.data())
        return [OutputFile("b.bin", "application/octet-stream", path=path), OutputFile("c.bin", "application/octet-stream", self.data())]

    def trashed(self) -> Asset:
        asset = self.asset()
        self.delete(asset)
        return asset

    def delete(self, asset: Asset) -> None:
        self.library.delete_asset(asset.id, None, _now(), lambda one: _entry(one.id, self.project))

    def purge(self, asset: Asset) -> None:
        self.library.purge(self.library.purgeable([asset.id]), "bench", _now())
        self.library.finish_purge(_now())

    def consent(self) -> VoiceConsent:
        file = self.library.store_file(self.data(), "voice.wav", "audio/*")
        about = {"id": "", "person": "Ada", "proof": "form", "audio": file.sha256, "project_id": self.project, "kept": True}
        return self.library.add_consent(VoiceConsent.model_validate({**about, "given": _now(), "expires": _now() + timedelta(days=9)}))

    def revoke(self, consent: VoiceConsent) -> None:
        self.library.revoke_consent(consent.id, _now())
        self.library.forget_recordings([consent.id], "consent", _now())
        self.library.remove_bytes(_now())

    def project_in_trash(self) -> str:
        project = self.library.create_project("Doomed")
        self.library.add_asset(self.draft().model_copy(update={"project_id": project.id}), [OutputFile("a.bin", "x/y", self.data())])
        self.library.delete_project(project.id, _now(), _entry(project.id, project.id))
        return project.id

    def purge_project(self, project_id: str) -> None:
        self.library.purge(self.library.purgeable([project_id]), "bench", _now())
        self.library.finish_purge(_now())

    def things(self) -> dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]]:
        library, nothing = self.library, lambda: None
        return {
            "create a project": (nothing, lambda _: library.create_project("Full")),
            "store a file": (self.data, lambda data: library.store_file(data, "a.bin", "x/y")),
            "add a brief": (nothing, lambda _: library.add_brief(Brief(id="", project_id=self.project, text="x" * 9000, created=_now()))),
            "add an asset": (
                lambda: (self.draft(), self.data()),
                lambda given: library.add_asset(given[0], [OutputFile("a.bin", "x/y", given[1])]),
            ),
            "take over spooled files": (lambda: (self.draft(), self.spooled()), lambda given: library.add_asset(*given)),
            "review": (
                self.asset,
                lambda one: library.add_review(Review(id="", asset_id=one.id, verdict=Verdict.APPROVE, person="ada", created=_now())),
            ),
            "comment": (self.asset, lambda one: library.add_comment(Comment(asset_id=one.id, text="Good. " * 200, created=_now()))),
            "save a setting": (self.data, lambda data: library.put_setting("full", data[:20_000].decode())),
            "delete": (self.asset, self.delete),
            "put back": (self.trashed, lambda one: library.restore(one.id, _told)),
            "delete for good": (self.trashed, self.purge),
            "delete a project for good": (self.project_in_trash, self.purge_project),
            "take a consent back": (self.consent, self.revoke),
        }


def fill(library: Library, home: Path, step: int) -> dict[str, Any]:
    disk, work = Disk(home), Work(library, home / "spool")
    told: dict[str, Any] = {"writes": {}, "full": 0, "said": {}, "wrong": []}
    for name, (prepare, do) in work.things().items():
        for write in range(1, MOST, step):
            given = prepare()
            before = _kept(library)
            disk.full_from(write)
            try:
                do(given)
                said = ""
            except StorageError as error:
                said = type(error).__name__ if isinstance(error, DiskFull) else f"{type(error).__name__}: {error.message}"
            except MaquetteError as error:
                said = f"{type(error).__name__}: {error.message}"
                told["wrong"].append(f"{name}, write {write}: {said}")
            finally:
                seen = disk.writes
                disk.full_from(0)
            told["wrong"] += [f"{name}, write {write}: {one}" for one in _wrong(library, before)]
            if seen < write:
                told["writes"][name] = seen
                break
            told["full"] += 1
            told["said"][said or "done all the same"] = told["said"].get(said or "done all the same", 0) + 1
            if said:
                # With room again, the same thing goes through, or was done before it was refused.
                with contextlib.suppress(MaquetteError):
                    do(given)
                library.finish_purge(_now())
                told["wrong"] += [f"{name}, write {write}, again: {one}" for one in _wrong(library, before)]
    return told


def _kept(library: Library) -> dict[str, tuple[str, ...]]:
    """Asset id -> its project and the hashes of its files."""
    return {asset.id: (asset.project_id, *(file.sha256 for file in asset.files)) for asset in library.assets(AssetQuery(limit=1000))}


def _wrong(library: Library, before: dict[str, tuple[str, ...]]) -> list[str]:
    """What is lost, dangling or altered: of all files that rows name, and of the assets that were there and were not deleted."""
    report = check(library, Silent())
    found = [f"{one.sha256[:12]} is missing" for one in report.missing] + [f"{one.sha256[:12]} is altered" for one in report.altered]
    found += report.dangling
    now = _kept(library)
    # What was to be deleted lies in the trash or has a tombstone, its own or that of its project.
    meant = {one.id for one in library.trash()} | set(library.tombstones({*before, *(files[0] for files in before.values())}))
    gone = {one for one in set(before) - set(now) if one not in meant and before[one][0] not in meant}
    return (
        found
        + [f"asset {one} is lost" for one in gone]
        + [f"asset {one} changed" for one in set(before) & set(now) if before[one] != now[one]]
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _entry(subject: str, project_id: str) -> AuditEntry:
    return AuditEntry(person="bench", action="asset_deleted", subject=subject, project_id=project_id, created=_now())


def _told(item: Trashed) -> AuditEntry:
    return _entry(item.id, item.project_id)


if __name__ == "__main__":
    with Library.open(sys.argv[1], Path(sys.argv[2])) as opened:
        print(json.dumps(fill(opened, Path(sys.argv[2]), int(sys.argv[3]))))
