"""The durable workflow of a plan. DBOS remembers which runs are under way; the library's job rows say how each take stands.

Only this file knows DBOS. A run is one workflow; each take in it is a child workflow that is safe to run again: a take that
is stored is not made twice. kill -9 at any point leaves rows that the next start picks up.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowHandle

from domain.asset import Asset
from domain.errors import Cancelled, InputError, MaquetteError
from domain.events import EventKind
from domain.job import Job, JobState
from domain.plan import Plan
from domain.progress import CancelToken
from domain.take import Take
from domain.value import JsonValue
from library.library import Library
from studio.making import Making
from studio.takes import Takes

POLL_SECONDS = 0.05
SAVE_SECONDS = 1.0
#: How long a stop waits for running takes to notice it. A take that does not is cut off; the next start makes it again.
STOP_SECONDS = 10.0
#: Raised when the arguments or steps of the workflows below change, so that runs of an older form are not resumed by newer code.
WORKFLOW_VERSION = "1"

log = logging.getLogger(__name__)


class Stopping(BaseException):
    """The studio is shutting down. Not an Exception: DBOS must leave the workflow pending, so that the next start resumes it."""


class LiveProgress:
    """Where one running take stands. Handed to the makers; read by pages; saved to its job row at most once a second."""

    def __init__(self, token: CancelToken, stopping: threading.Event, save: Callable[[float, str], None]) -> None:
        self._token = token
        self._stopping = stopping
        self._save = save
        self._saved = time.monotonic()

    def report(self, fraction: float, note: str = "") -> None:
        self.check()
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self._saved = time.monotonic()
            self._save(min(max(fraction, 0.0), 1.0), note)

    def check(self) -> None:
        if self._stopping.is_set():
            raise Stopping
        self._token.check()


class Runner:
    """Runs takes. One per studio process.

    Args:
        database: URL of DBOS's system tables (SQLite file or Postgres).
        plans_at_once: how many plans may run side by side; the others wait their turn.
    """

    def __init__(self, library: Library, making: Making, *, database: str, now: Callable[[], datetime], plans_at_once: int = 4) -> None:
        self._library = library
        self._takes = Takes(library)
        self._making = making
        self._database = database
        self._now = now
        self._plans_at_once = plans_at_once
        self._tokens: dict[tuple[str, str, int], CancelToken] = {}
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._start_plan: Callable[[str, int, dict[str, int]], str] | None = None

    def start(self) -> None:
        """Open DBOS and resume what was under way. Call once."""
        if self._database.startswith("sqlite:///"):
            path = Path(self._database.removeprefix("sqlite:///"))
            path.parent.mkdir(parents=True, exist_ok=True)
            with sqlite3.connect(path) as connection:
                connection.execute("PRAGMA journal_mode=WAL")  # stays with the file; DBOS does not set it
            connection.close()
        config: DBOSConfig = {
            "name": "maquette",
            "system_database_url": self._database,
            "application_version": WORKFLOW_VERSION,
            "executor_id": "studio",
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "enable_otlp": False,
        }
        DBOS(config=config)

        @DBOS.workflow(name="maquette.take")
        def make_take(plan_id: str, version: int, step_id: str, take: int) -> str:
            return DBOS.run_step({"name": "make"}, self._make_take, plan_id, version, step_id, take)

        @DBOS.workflow(name="maquette.run")
        def run_plan(plan_id: str, version: int, takes: dict[str, int]) -> str:
            return self._run_plan(make_take, plan_id, version, takes)

        def start_plan(plan_id: str, version: int, takes: dict[str, int]) -> str:
            with SetWorkflowID(f"{plan_id}:{secrets.token_hex(6)}"):
                return DBOS.enqueue_workflow("plans", run_plan, plan_id, version, takes).get_workflow_id()

        DBOS.launch()
        DBOS.register_queue("plans", worker_concurrency=self._plans_at_once, polling_interval_sec=POLL_SECONDS * 2)
        self._start_plan = start_plan

    def stop(self) -> None:
        """Stop between two pieces of work; what was under way is resumed by the next start."""
        self._stopping.set()
        deadline = time.monotonic() + STOP_SECONDS
        while self._tokens and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        # Workflows left pending on purpose find their database closed and end; DBOS would log each as a fault.
        logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0)

    def run(self, plan: Plan, takes: tuple[Take, ...]) -> str:
        """Queue these takes of a saved plan. The job rows are visible before this returns; the id of the run comes back."""
        if self._start_plan is None:
            raise RuntimeError("Runner.start() was not called")
        if not takes:
            raise InputError("There is nothing to make: every step of this plan is done.", hint="Change a step or redo one.")
        for take in takes:
            self._takes.save(take)
            self._put(Job(plan_id=plan.id, step_id=take.step.id, take=take.take, person=take.person, created=self._now()), plan.project_id)
        return self._start_plan(plan.id, plan.version, {take.step.id: take.take for take in takes})

    def cancel(self, plan_id: str, step_id: str = "") -> int:
        """Stop one step, or all steps of a plan. What is queued ends now, what runs ends within one piece of work.

        Returns how many jobs were stopped.
        """
        project_id = self._library.plan(plan_id).project_id
        stopped = 0
        for job in self._library.latest_jobs(plan_id).values():
            if job.state.ended or (step_id and job.step_id != step_id):
                continue
            with self._guard:
                token = self._tokens.get((plan_id, job.step_id, job.take))
            if token is not None:
                token.cancel()
            self._put(job.model_copy(update={"state": JobState.CANCELLED, "note": "", "ended": self._now()}), project_id)
            stopped += 1
        return stopped

    # What follows runs inside DBOS.

    def _run_plan(self, make_take: Callable[..., str], plan_id: str, version: int, takes: dict[str, int]) -> str:
        """Start each take as soon as its inputs are there; end when all have ended. Deterministic, as DBOS replays it."""
        plan = self._library.plan(plan_id, version)
        waiting = [step.id for step in plan.order() if step.id in takes]
        ended: dict[str, str] = {}
        running: dict[str, WorkflowHandle[str]] = {}
        while waiting or running:
            for step_id in list(waiting):
                needs = {i.step for i in plan.step(step_id).inputs if i.step in takes}
                if needs <= ended.keys():
                    waiting.remove(step_id)
                    with SetWorkflowID(f"{DBOS.workflow_id}/{step_id}"):
                        running[step_id] = DBOS.start_workflow(make_take, plan_id, version, step_id, takes[step_id])
            first = DBOS.wait_first(list(running.values()), polling_interval_sec=POLL_SECONDS)
            step_id = next(s for s, handle in running.items() if handle.get_workflow_id() == first.get_workflow_id())
            ended[step_id] = running.pop(step_id).get_result(polling_interval_sec=POLL_SECONDS)
        return "done" if all(state == JobState.DONE for state in ended.values()) else "incomplete"

    def _make_take(self, plan_id: str, version: int, step_id: str, number: int) -> str:
        """Make one take and leave its job row ended. Safe to call again at any time."""
        job = self._library.job(plan_id, step_id, number)
        if job is None or job.state.ended:
            return job.state.value if job is not None else JobState.CANCELLED.value
        plan = self._library.plan(plan_id, version)
        token = CancelToken()
        with self._guard:
            self._tokens[plan_id, step_id, number] = token
        job = job.model_copy(update={"state": JobState.RUNNING, "attempt": secrets.token_hex(6), "started": self._now()})
        self._put(job, plan.project_id)
        try:
            return self._finish(job, plan, lambda: self._attempt(job, plan, token)).value
        finally:
            with self._guard:
                self._tokens.pop((plan_id, step_id, number), None)

    def _attempt(self, job: Job, plan: Plan, token: CancelToken) -> Asset:
        take = self._takes.get(job.plan_id, job.step_id, job.take)
        inputs: dict[str, Asset] = {}
        for given in take.step.inputs:
            asset = self._takes.latest_asset(plan.id, given.step)
            if asset is None:
                raise InputError(f"{job.step_id} needs {given.step}, which was not made.", hint=f"Redo {given.step}, then this step.")
            inputs[given.step] = asset

        def save(fraction: float, note: str) -> None:
            current = self._library.job(job.plan_id, job.step_id, job.take)
            if current is not None and current.attempt == job.attempt and not current.state.ended:
                self._library.put_job(current.model_copy(update={"progress": fraction, "note": note}))

        return self._making.make(plan, take, inputs, LiveProgress(token, self._stopping, save))

    def _finish(self, job: Job, plan: Plan, attempt: Callable[[], Asset]) -> JobState:
        """Run an attempt and write how it ended, unless a person cancelled it or another attempt took over meanwhile."""
        update: dict[str, object]
        try:
            asset = attempt()
            update = {"state": JobState.DONE, "progress": 1.0, "asset_id": asset.id}
        except Cancelled:
            update = {"state": JobState.CANCELLED}
        except MaquetteError as error:
            update = {"state": JobState.FAILED, "error": str(error), "error_code": error.code}
        except Exception as error:
            # A fault of ours: the job must end visibly all the same, and the log keeps where it happened.
            log.exception("%s of plan %s failed", job.step_id, job.plan_id)
            update = {
                "state": JobState.FAILED,
                "error": f"Something broke inside the studio ({type(error).__name__}).",
                "error_code": "internal",
            }
        current = self._library.job(job.plan_id, job.step_id, job.take)
        if current is None or current.attempt != job.attempt or current.state.ended:
            return current.state if current is not None else JobState.CANCELLED
        done = current.model_copy(update={**update, "note": "", "ended": self._now()})
        self._put(done, plan.project_id)
        return done.state

    def _put(self, job: Job, project_id: str) -> None:
        self._library.put_job(job)
        data: dict[str, JsonValue] = {
            "state": job.state.value,
            "step": job.step_id,
            "take": job.take,
            "asset": job.asset_id,
            "error": job.error,
        }
        self._library.add_event(project_id, EventKind.JOB, f"{job.plan_id}/{job.step_id}", data)
