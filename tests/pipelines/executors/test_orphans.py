"""However the studio ends, no worker is left."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]

STUDIO = """
    import sys, threading
    from pathlib import Path
    from domain.settings import Settings
    from domain.progress import Silent
    from pipelines.executors.workers import WorkerExecutor
    from pipelines.memory import Arbiter
    from tests.pipelines.executors.acting import FACTORY, Parrot, work

    home, prompt = Path(sys.argv[1]), sys.argv[2]
    settings = Settings(home=home, cache=home / "cache", workers=1)
    executor = WorkerExecutor(settings, home, Arbiter({"cpu": 1000}), lambda _: Parrot(), factory=FACTORY)
    print(executor.generate("actor", [work("hello")], Silent())[0].facts["pid"], flush=True)
    executor.generate("actor", [work(prompt)], Silent())
"""


@pytest.mark.parametrize(("prompt", "sign"), [("steps", None), ("hold the interpreter", "holding")])
def test_a_killed_studio_leaves_no_worker(home: Path, prompt: str, sign: str | None) -> None:
    command = [sys.executable, "-c", textwrap.dedent(STUDIO), str(home), prompt]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        worker = psutil.Process(int(studio.stdout.readline()))
        while sign is not None and not (home / sign).exists():
            assert studio.poll() is None
        studio.kill()
    psutil.wait_procs([worker], timeout=30)
    assert not worker.is_running()
