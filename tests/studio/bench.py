"""A small studio for tests of running: real library, runner and executor; makers that write a few bytes and can be told to wait or fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from domain.brand import BrandKit
from domain.brief import Brief
from domain.capability import Capability, StepKind
from domain.chat import ChatModel
from domain.context import StepContext
from domain.engine import ExecutorState
from domain.errors import ContentRefused, EngineFailed, WorkerLost
from domain.job import Job
from domain.plan import Plan, Step, StepInput
from domain.progress import CancelToken, Previewed, Progress
from domain.recipe import Credit, Output, OutputFile, Trace, Work
from domain.specs import ArticleSpec, CopySpec, MusicSpec, SpeechSpec, StepSpec
from domain.take import Prepared
from library.library import Library
from pipelines.pipeline import Company
from studio.durable import Durable
from studio.licences import Permit, anything
from studio.makers import Maker, Makers
from studio.making import Making
from studio.moderation import Moderation
from studio.plans import Plans
from studio.quotes import Quotes
from studio.runner import Runner


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Hand:
    """What the test's makers do: count, wait for a gate, fail."""

    made: list[str] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    gate: dict[str, threading.Event] = field(default_factory=dict)
    started: dict[str, threading.Event] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)
    credits: dict[str, tuple[Credit, ...]] = field(default_factory=dict)
    most: int = 1
    guard: threading.Lock = field(default_factory=threading.Lock)

    def maker(self, kind: StepKind) -> Maker:
        def prepare(context: StepContext, progress: Progress) -> Prepared:
            with self.guard:
                self.prepared.append(context.title)
                self.lost[context.title] = self.lost.get(context.title, 0) - 1
                if self.lost[context.title] >= 0:
                    raise WorkerLost("The worker chat was lost while it made this.", hint="Run the step again.")
            texts = [i.text for i in context.inputs]
            named = {"voice": context.spec.voice} if isinstance(context.spec, SpeechSpec) and context.spec.voice else {}
            parameters = {"title": context.title, "note": context.note, "inputs": list(texts), **named}
            return Prepared(prompt=context.title, parameters=parameters)

        def make(works: Sequence[Work], progress: Progress) -> list[Output]:
            with self.guard:
                self.batches.append([str(work.recipe.parameters["title"]) for work in works])
            return [self._make(work, progress) for work in works]

        return Maker(
            kind=kind,
            name=f"hand-{kind.value}",
            version=1,
            lane="hand",
            prepare=prepare,
            models=lambda parameters: (),
            capability=lambda: Capability(kind=kind, maker=f"hand-{kind.value}"),
            make=make,
            company=lambda parameters: Company(kind.value, self.most, 0.3) if self.most > 1 else None,
        )

    def _make(self, work: Work, progress: Progress) -> Output:
        title = str(work.recipe.parameters["title"])
        self.started.setdefault(title, threading.Event()).set()
        gate = self.gate.get(title)
        while gate is not None and not gate.wait(0.01):
            progress.report(0.5, "waiting")
            if isinstance(progress, Previewed) and progress.watched():
                progress.show(0, title.encode())
        with self.guard:
            if self.failures.get(title, 0) > 0:
                self.failures[title] -= 1
                raise EngineFailed(f"{title} broke.", hint="Try again.")
            self.made.append(title)
        text = f"{title} {work.recipe.seed} {work.recipe.parameters['note']} {work.recipe.parameters['inputs']}"
        file = OutputFile(name="note.txt", media_type="text/plain", data=text.encode())
        return Output(files=(file,), trace=Trace(), credits=self.credits.get(title, ()), facts={"text": text})


SPECS: dict[str, StepSpec] = {
    "copy": CopySpec(about="a"),
    "article": ArticleSpec(about="a"),
    "speech": SpeechSpec(text="a"),
    "music": MusicSpec(about="a"),
}


def step(step_id: str, *needs: str) -> Step:
    """A step called by its id; `needs` name steps whose text it takes."""
    role = {"speech": "text"}.get(step_id.split("-")[0], "source")
    spec = SPECS[step_id.split("-")[0]]
    return Step.model_validate(
        {"id": step_id, "title": step_id, "spec": spec, "inputs": tuple(StepInput(role=role, step=need) for need in needs)}
    )


class FixedPlanner:
    """Proposes the steps it was told to."""

    def __init__(self) -> None:
        self.steps: tuple[Step, ...] = ()

    def plan(
        self,
        brief: Brief,
        capabilities: Sequence[Capability],
        chat: ChatModel,
        brand: BrandKit,
        *,
        plan_id: str,
        seed: int,
        cancel: CancelToken | None = None,
    ) -> Plan:
        return Plan(id=plan_id, project_id=brief.project_id, brief_id=brief.id, title="t", seed=seed, steps=self.steps)


NO_CHAT = cast(ChatModel, None)  # the fixed planner asks nobody


def refuse_bombs(text: str) -> None:
    if "bomb" in text:
        raise ContentRefused("Weapons are not made here.", reason="weapons")


@dataclass
class Bench:
    library: Library
    runner: Runner
    plans: Plans
    planner: FixedPlanner
    hand: Hand
    project: str

    def plan(self, *steps: Step, project: str = "") -> Plan:
        brief = self.plans.submit(project or self.project, "Make it.")
        self.planner.steps = steps
        return self.plans.propose(brief, seed=7)

    def another_project(self) -> str:
        return self.library.create_project("Another").id

    def wait(self, plan_id: str) -> dict[str, Job]:
        *_, last = self.plans.watch(plan_id, every=0.02)
        return {job.step_id: job for job in last}


def open_bench(
    home: Path,
    hand: Hand,
    *,
    lanes: int = 4,
    clock: Callable[[], datetime] = now,
    database: str = "",
    require: Callable[[Step, BrandKit], None] = lambda step, brand: None,
    real: Sequence[Maker] = (),
    permit: Permit = anything,
    judges: Callable[[Library], Moderation] | None = None,
) -> Bench:
    """database: the URL of a Postgres for library and runs; "" is SQLite in `home`. real: makers that go before the hand's, lane "hand".

    judges: content safety of this library; None judges nothing.
    """
    library = Library.open(database or f"sqlite:///{home / 'maquette.db'}", home)
    projects = library.projects()
    project = projects[0] if projects else library.create_project("Test")
    makers = Makers([*real, *(hand.maker(kind) for kind in StepKind)], lambda step, brand: "")
    moderation = judges(library) if judges is not None else None
    making = Making(library, makers, lambda: None, clock, permit=permit)
    screening: dict[str, Any] = {}
    if moderation is not None:
        library.judged_by(moderation.judge)
        making = Making(library, makers, lambda: None, clock, permit=permit, screen=moderation.screen)
        screening = {"screening": moderation.screening}
    durable = Durable(database, None) if database else Durable(f"sqlite:///{home / 'runs.db'}", home / "runs.db")
    runner = Runner(library, making, durable, lanes={"hand": lanes, "prepare": lanes}, now=clock)
    planner = FixedPlanner()
    quotes = Quotes(library, makers, {"hand": lanes, "prepare": lanes}, lambda: ExecutorState(name="hand"))
    plans = Plans(library, planner, NO_CHAT, makers, runner, clock, refuse_bombs, quotes, require, **screening)
    return Bench(library, runner, plans, planner, hand, project.id)
