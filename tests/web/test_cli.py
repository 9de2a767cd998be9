"""The command line: what `make` checks first, what it says of failures, and that it ends in order."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from domain.settings import Settings
from pipelines.image.drawing_files import DrawingFiles
from studio.attachments import Attachments
from studio.drawings import Drawings
from studio.export import export_pack
from studio.pack_texts import PackSources
from studio.projects import Projects
from studio.shelf import Shelf
from studio.studio import Studio
from tests.studio.bench import Bench, Hand, now, open_bench, step
from tests.studio.labelled import Unlabelled
from web.cli import Entry, main

ROOT = Path(__file__).resolve().parents[2]

TERMINATED = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from web.cli import Entry, main

class Studio:
    def __enter__(self):
        self.plans = SimpleNamespace(draft=self.terminate)
        return self
    def terminate(self, *_):
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    def __exit__(self, *_):
        print("closed in order")

sys.exit(main(["make", "x", "--out", sys.argv[1]], Entry(None, Path(), lambda settings: Studio())))
"""


class Opened:
    """What `make` needs of a studio, over the bench's real library and runner."""

    def __init__(self, bench: Bench, home: Path) -> None:
        self._bench = bench
        self.plans = bench.plans
        self.projects = Projects(bench.library)
        self.attachments = Attachments(bench.library, lambda data, name: (), lambda data, name: "")
        labelling = Unlabelled(bench.library, home)
        sources = PackSources(model=lambda model_id: None, labelling=labelling)
        self.shelf = Shelf(
            bench.library,
            packs=home / "packs",
            thumbnails=home / "thumbnails",
            shrink=lambda source, target: None,
            export=lambda library, selection, out, progress: export_pack(library, selection, out, progress, sources),
            now=now,
            labelling=labelling,
        )

        self.drawings = Drawings(bench.library, lambda maker, works, progress: DrawingFiles().generate(works, progress), home / "drawings")

    def close(self) -> None:
        """The bench is closed by its fixture."""

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        """The bench is closed by its fixture."""


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def bench(home: Path, hand: Hand) -> Iterator[Bench]:
    opened = open_bench(home, hand)
    opened.planner.steps = (step("copy-1"), step("music-1"))
    opened.runner.start()
    try:
        yield opened
    finally:
        opened.runner.stop()
        opened.library.close()


@pytest.fixture
def entry(bench: Bench, home: Path) -> Entry:
    settings = Settings(home=home, cache=home / "cache")
    return Entry(settings, ROOT / "assets", lambda _: cast(Studio, Opened(bench, home)))


def test_the_pack_is_written_straight_into_the_folder_asked_for(
    entry: Entry, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["make", "A brief", "--out", str(tmp_path / "new" / "folder")], entry) == 0
    (pack,) = (tmp_path / "new" / "folder").iterdir()
    assert capsys.readouterr().out.strip() == str(pack)
    assert zipfile.is_zipfile(pack)
    assert not (home / "packs").exists(), "no second copy stays behind"


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_is_planned(
    entry: Entry, bench: Bench, hand: Hand, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert main(["make", "A brief", "--out", str(tmp_path / "file" / "below")], entry) == 1
    assert "--out" in capsys.readouterr().err
    assert hand.prepared == []


def test_when_every_step_failed_each_reason_is_said_and_no_pack_is_made(
    entry: Entry, hand: Hand, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand.failures = {"copy-1": 99, "music-1": 99}
    assert main(["make", "A brief", "--out", str(tmp_path / "out")], entry) == 1
    said = capsys.readouterr().err
    assert "copy-1 broke" in said and "music-1 broke" in said and "no pack" in said
    assert list((tmp_path / "out").iterdir()) == []


def test_when_one_step_failed_the_others_are_packed_and_the_reason_is_said(
    entry: Entry, hand: Hand, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand.failures = {"music-1": 99}
    assert main(["make", "A brief", "--out", str(tmp_path / "out")], entry) == 1
    assert "music-1 broke" in capsys.readouterr().err
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_a_termination_closes_the_studio_in_order(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", TERMINATED, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130
    assert "closed in order" in done.stdout
    assert "Traceback" not in done.stderr
