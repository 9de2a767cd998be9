"""A studio without pages and agents for the benchmarks of the engine: the real library, queue, runner and worker processes.

Only the makers are the benchmarks' own: they prepare what a step says in so many words, and the rest is done by whatever the
workers were built with.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from benchmarks.engine_makers import FACTORY, MAKER
from domain.capability import Capability, StepKind
from domain.chat import ChatModel
from domain.context import StepContext
from domain.engine import WorkerState, WorkerStatus
from domain.errors import ModelMissing
from domain.job import Job
from domain.plan import Plan, Step
from domain.progress import Progress
from domain.recipe import Output, Work
from domain.settings import Settings
from domain.specs import CopySpec
from domain.take import Prepared
from library.library import Library
from pipelines.executors.workers import WorkerExecutor
from pipelines.memory import Arbiter
from pipelines.text.chats import LocalChat
from studio.durable import Durable
from studio.expectation import Expectation
from studio.makers import Maker, Makers
from studio.making import Making
from studio.plans import Planner, Plans, new_id
from studio.quotes import Quotes
from studio.runner import Runner

ROOT = Path(__file__).resolve().parent.parent
LANE = "bench"
#: The plans are given: nobody is asked to propose one.
NO_PLANNER = cast(Planner, None)
NO_CHAT = cast(ChatModel, None)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """gate: while it is closed nothing is prepared, so that everything waits."""

    home: Path
    library: Library
    plans: Plans
    runner: Runner
    executor: WorkerExecutor
    project: str
    gate: threading.Event

    def plan(self, *steps: Step, seed: int = 7) -> Plan:
        """A stored plan of these steps."""
        brief = self.plans.draft(self.project, "Benchmark")
        plan = Plan(id=new_id(), project_id=self.project, brief_id=brief.id, title="Benchmark", seed=seed, steps=steps)
        return self.plans.keep(brief, plan)

    def ended(self, plan: Plan, every: float = 0.002) -> dict[str, Job]:
        """Wait until every job of a plan has ended."""
        while True:
            jobs = self.library.latest_jobs(plan.id)
            if all(job.state.ended for job in jobs.values()):
                return jobs
            time.sleep(every)

    def drained(self, seconds: float, every: float = 0.1) -> int:
        """Wait until every job of every plan has ended, at most so long; how many have not."""
        deadline = time.monotonic() + seconds
        while (left := len(self.library.unfinished_keys())) and time.monotonic() < deadline:
            time.sleep(every)
        return left

    def workers(self) -> list[WorkerState]:
        """Those that run now, in the pool that makes."""
        state = self.executor.state()
        return [one for one in state.workers if one.pid and one.status is not WorkerStatus.LOST and one.name.startswith("cpu-")]

    def warm(self, count: int) -> None:
        """Until so many workers of the pool are ready."""
        while len([one for one in self.workers() if one.status is not WorkerStatus.STARTING]) < count:
            plan = self.plan(*steps("Warm", 2 * count, 0.2))
            self.plans.approve(plan.id)
            self.ended(plan)


def steps(prefix: str, count: int, seconds: float = 0.0, troubles: Mapping[int, str] | None = None) -> tuple[Step, ...]:
    """Steps that a sleeper makes in so many seconds each. troubles: by number of the step, from 1."""
    troubles = troubles or {}
    return tuple(
        Step(id=f"copy-{n}", title=f"{prefix} {n}", spec=CopySpec(about=f"{seconds:g} {troubles.get(n, '')}".strip()))
        for n in range(1, count + 1)
    )


def sleeper(executor: WorkerExecutor, gate: threading.Event) -> Maker:
    """The maker of `steps`: its preparation waits at the gate."""

    def prepare(context: StepContext, progress: Progress) -> Prepared:
        while not gate.wait(0.05):
            progress.check()
        seconds, _, trouble = str(context.spec.model_dump()["about"]).partition(" ")
        return Prepared(prompt=context.title, parameters={"title": context.title, "seconds": float(seconds), "trouble": trouble})

    def make(works: Sequence[Work], progress: Progress) -> list[Output]:
        return executor.generate(MAKER, works, progress)

    return Maker(
        kind=StepKind.COPY,
        name=MAKER,
        version=1,
        lane=LANE,
        prepare=prepare,
        models=lambda parameters: (),
        capability=lambda: Capability(kind=StepKind.COPY, maker=MAKER),
        make=make,
    )


def no_chat(model_id: str) -> LocalChat:
    raise ModelMissing(f"{model_id} is not here.")


@contextmanager
def open_house(home: Path, *, workers: int = 2, prepare: int = 2, stall: float = 60.0, database: str = "") -> Iterator[House]:
    """A house of sleepers. database: the URL of an empty Postgres database; "" is SQLite in `home`."""
    settings = Settings(home=home, cache=home / "cache", workers=workers, stall_seconds=stall, database=database)
    executor = WorkerExecutor(settings, ROOT / "assets", Arbiter({"cpu": 1_000_000_000}), no_chat, factory=FACTORY)
    gate = threading.Event()
    gate.set()
    lanes = {LANE: workers, "prepare": prepare}
    with opened(settings, executor, [sleeper(executor, gate)], lanes, gate) as house:
        yield house


@contextmanager
def opened(
    settings: Settings, executor: WorkerExecutor, makers: Sequence[Maker], lanes: Mapping[str, int], gate: threading.Event
) -> Iterator[House]:
    """Everything around these makers, started; ends all of it, workers included."""
    settings.home.mkdir(parents=True, exist_ok=True)
    library = Library.open(settings.database_url, settings.home)
    try:
        known = Makers(makers, lambda step, brand: "")
        making = Making(library, known, executor.release_idle, now)
        durable = Durable(settings.runs_url, settings.runs_file)
        runner = Runner(library, making, durable, lanes=lanes, now=now, cost=Expectation(library, time.monotonic).seconds)
        projects = library.projects()
        project = projects[0] if projects else library.create_project("Benchmark")
        quotes = Quotes(library, known, lanes, executor.state)
        plans = Plans(library, NO_PLANNER, NO_CHAT, known, runner, now, lambda text: None, quotes)
        runner.start()
        try:
            yield House(settings.home, library, plans, runner, executor, project.id, gate)
        finally:
            gate.set()
            runner.stop()
    finally:
        executor.close()
        library.close()


def resident(pid: int = 0) -> int:
    """Bytes of a process in RAM."""
    text = Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="ascii")
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def load() -> str:
    """How busy the machine is, for the line that says where a number comes from."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
