"""kill -9 in mid-plan: the next start finishes it, and what was finished is not made again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.job import JobState
from domain.progress import Silent
from library.check import check
from library.library import AssetQuery, Library

ROOT = Path(__file__).resolve().parents[2]


def studio(action: str, home: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.e2e.crash", action, str(home)]
    return subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.models
@pytest.mark.slow
def test_a_killed_studio_finishes_its_plan_at_the_next_start_and_makes_nothing_twice(home: Path) -> None:
    first = studio("start", home)
    assert first.stdout is not None
    ended = first.stdout.readline().split()
    first.kill()
    _, errors = first.communicate()
    assert ended, errors[-3000:]
    finished, state, asset = ended[:3]
    assert state == JobState.DONE.value, ended

    second = studio("resume", home)
    output, errors = second.communicate(timeout=500)
    assert second.returncode == 0, errors[-3000:]
    states = {line.split()[0]: line.split()[1] for line in output.splitlines() if line.strip()}
    assert set(states) == {"music-1", "picture-1", "picture-2", "speech-1", "layout-1", "end"}, output
    assert {state for step, state in states.items() if step != "end"} == {JobState.DONE.value}, output

    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        made = library.assets(AssetQuery(limit=100))
        assert sorted(a.step_id for a in made) == ["layout-1", "music-1", "picture-1", "picture-2", "speech-1"]
        assert next(a.id for a in made if a.step_id == finished) == asset
        assert {a.person for a in made} == {"ada"}
        report = check(library, Silent())
        assert not report.missing
        assert not report.altered
