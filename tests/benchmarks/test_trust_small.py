"""The parts of benchmarks.trust about full disks and kills, at a size for every run; in full: `python -m benchmarks.trust purge full`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.trust_full import compiled, filled
from benchmarks.trust_purge import killed_purging
from domain.settings import sqlite_url


@pytest.mark.skipif(shutil.which("cc") is None, reason="the counting library needs a C compiler")
def test_a_disk_that_gets_full_at_any_write_loses_nothing(home: Path, tmp_path: Path) -> None:
    shim = compiled(tmp_path)
    assert shim is not None
    told = filled(sqlite_url(home / "maquette.db"), home, shim, 60)
    assert told["wrong"] == []
    # It was really full, and what was done said so.
    assert told["said"]["DiskFull"] >= 10
    assert min(told["writes"].values()) >= 1


def test_what_is_killed_while_it_deletes_leaves_nothing_half_done(home: Path) -> None:
    told = killed_purging(sqlite_url(home / "maquette.db"), home, 4)
    assert (told["lost"], told["unsound"]) == (0, 0)
    assert told["kills"] == 4
