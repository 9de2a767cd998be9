"""One plan of real makers, wherever they run: worker processes, a cluster of two nodes, and one that loses a node in the middle."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app import open_studio
from domain.job import JobState
from domain.model import Task
from domain.plan import Plan
from domain.settings import Settings
from library.library import AssetQuery
from studio.plans import new_id
from studio.studio import Studio

ROOT = Path(__file__).resolve().parents[2]
CHAT = "smollm2-135m-instruct-q4"
STEPS = [
    {"id": "picture-1", "title": "Fox", "spec": {"kind": "picture", "about": "a fox in a forest", "width": 512, "height": 512}},
    {"id": "speech-1", "title": "Voice", "spec": {"kind": "speech", "text": "The lamp is lit. " * 12, "voice": "heart"}},
    {
        "id": "layout-1",
        "title": "Banner",
        "spec": {"kind": "layout", "headline": "The lamp is lit"},
        "inputs": [{"role": "picture", "step": "picture-1"}],
    },
    {"id": "picture-2", "title": "Lamp", "spec": {"kind": "picture", "about": "a lantern at night", "width": 1024, "height": 1024}},
    {"id": "copy-1", "title": "Words", "spec": {"kind": "copy", "about": "a lamp", "fields": [{"name": "headline", "max_chars": 40}]}},
    {"id": "picture-3", "title": "Sea", "spec": {"kind": "picture", "about": "a boat at sea", "width": 1024, "height": 1024}},
]
pytestmark = [
    pytest.mark.models,
    pytest.mark.slow,
    # Said when Ray is imported; not ours to mend.
    pytest.mark.filterwarnings("ignore:Using extra keyword arguments:DeprecationWarning"),
]


def _hear_interrupts() -> None:
    """A shell's background jobs start with Ctrl-C ignored, and so would what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Nodes:
    """Nodes as people start them: `python app.py cluster head`, `cluster join`."""

    def __init__(self, home: Path, cache: Path) -> None:
        self._environment = {**os.environ, "MAQUETTE_HOME": str(home), "MAQUETTE_CACHE": str(cache)}
        self._started: list[subprocess.Popen[str]] = []
        self.address = ""

    def start(self) -> None:
        """The head and one more."""
        words = self._run("head", "--port", "0")
        self.address = words.split()[-1]
        self._run("join", self.address)

    def kill(self) -> None:
        """What a power failure does to the second node."""
        process = psutil.Process(self._started[1].pid)
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()

    def stop(self) -> None:
        for process in reversed(self._started):
            process.send_signal(signal.SIGINT)  # Ctrl-C
            process.wait(60)
            assert process.stderr is not None
            process.stderr.close()

    def _run(self, *arguments: str) -> str:
        """Returns the line that names the address."""
        command = [sys.executable, "app.py", "cluster", *arguments, "--cpus", "2", "--gpus", "0"]
        process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stderr=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts)
        self._started.append(process)
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "join 127.0.0.1:" in line or "has joined" in line:
                return line.strip()
        raise AssertionError("".join(lines))


@pytest.fixture
def nodes(home: Path, cache: Path) -> Iterator[Nodes]:
    started = Nodes(home, cache)
    yield started
    started.stop()


def settings(home: Path, cache: Path, executor: str, address: str = "") -> Settings:
    return Settings(home=home, cache=cache, executor=executor, ray_address=address, offline=True, choices={Task.CHAT.value: CHAT})


def approve(studio: Studio) -> str:
    project = studio.projects.create("Cluster")
    brief = studio.plans.draft(project.id, "An old lighthouse")
    plan = Plan.model_validate({"id": new_id(), "project_id": project.id, "brief_id": brief.id, "title": "t", "seed": 3, "steps": STEPS})
    kept = studio.plans.keep(brief, plan)
    studio.plans.approve(kept.id, person="ada")
    return kept.id


@pytest.mark.parametrize(
    "place", ["worker processes", pytest.param("two nodes", marks=pytest.mark.full), "two nodes, of which one is killed"]
)
def test_a_plan_is_made_whole_wherever_its_makers_run(place: str, home: Path, cache: Path, nodes: Nodes) -> None:
    if place != "worker processes":
        nodes.start()
    with open_studio(settings(home, cache, "ray" if nodes.address else "process", nodes.address)) as studio:
        plan_id, killed = approve(studio), False
        for jobs in studio.plans.watch(plan_id, every=0.02):
            if place.endswith("killed") and not killed and any(job.state is JobState.DONE for job in jobs):
                killed = True
                nodes.kill()
        assert {job.step_id: (job.state, job.error) for job in jobs} == {str(step["id"]): (JobState.DONE, "") for step in STEPS}
        assets = studio.shelf.assets(AssetQuery(project_id=studio.projects.all()[0].id))
        assert sorted(asset.step_id for asset in assets) == sorted(str(step["id"]) for step in STEPS), "none twice, none lost"
        for asset in assets:
            for file in asset.files:
                assert hashlib.sha256(studio.library.file_path(file.sha256).read_bytes()).hexdigest() == file.sha256
        if nodes.address:
            assert studio.engine.state().executor.name == "ray"
    assert list((home / "spool").glob("*")) == []
