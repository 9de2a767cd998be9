"""The durable workflow of a plan. DBOS remembers which runs are under way; the library's job rows say how each take stands.

Only this file knows DBOS. A run is one workflow; each take in it is a child workflow that is safe to run again: a take that
is stored is not made twice. kill -9 at any point leaves rows that the next start picks up.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowHandle

from domain.asset import Asset
from domain.errors import Cancelled, Conflict, InputError, MaquetteError, StorageError
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
#: How long a stop waits for running takes to notice it. One that does not is left to the end of the process; the next start makes it again.
STOP_SECONDS = 10.0
#: Raised when the arguments or steps of the workflows below change, so that runs of an older form are not resumed by newer code.
WORKFLOW_VERSION = "2"
RUN = "maquette.run"
#: States of a DBOS workflow that will not change any more.
ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})

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
    """Runs takes. One per studio process, and one process per library.

    Args:
        database: URL of DBOS's system tables (SQLite file or Postgres).
        runs_file: the SQLite file of that URL; None for Postgres.
        plans_at_once: how many plans may run side by side; the others wait their turn.
    """

    def __init__(
        self,
        library: Library,
        making: Making,
        *,
        database: str,
        runs_file: Path | None,
        now: Callable[[], datetime],
        plans_at_once: int = 4,
    ) -> None:
        self._library = library
        self._takes = Takes(library)
        self._making = making
        self._database = database
        self._runs_file = runs_file
        self._now = now
        self._plans_at_once = plans_at_once
        self._tokens: dict[tuple[str, str, int], CancelToken] = {}
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._start_plan: Callable[[str, int, dict[str, int]], str] | None = None
        self._lock: IO[bytes] | None = None

    def start(self) -> None:
        """Open DBOS and resume what was under way. Call once.

        Raises Conflict while another process runs plans of the same library: two would make each take twice;
        StorageError when the database of runs cannot be opened or written.
        """
        try:
            self._open()
        except MaquetteError:
            self._release()
            raise
        except Exception as error:  # DBOS and its database each have their own trees of errors
            self._release()
            raise StorageError(
                f"The runs could not be opened: {error}.", hint="Free disk space, or move runs.db away: finished work is in the library."
            ) from error

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open(self) -> None:
        if self._runs_file is not None:
            self._runs_file.parent.mkdir(parents=True, exist_ok=True)
            self._lock = _hold(self._runs_file.with_suffix(".lock"))
            with contextlib.closing(sqlite3.connect(self._runs_file)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")  # stays with the file; DBOS does not set it
        DBOS(config=self._config())
        logging.getLogger("dbos").setLevel(logging.CRITICAL)

        @DBOS.workflow(name="maquette.take")
        def make_take(plan_id: str, version: int, step_id: str, take: int) -> str:
            return DBOS.run_step({"name": "make"}, self._make_take, plan_id, version, step_id, take)

        @DBOS.workflow(name=RUN)
        def run_plan(plan_id: str, version: int, takes: dict[str, int]) -> str:
            try:
                return self._run_plan(make_take, plan_id, version, takes)
            except Exception as error:
                log.error("the run of plan %s broke: %s", plan_id, error)
                self.give_up(plan_id)
                raise

        def start_plan(plan_id: str, version: int, takes: dict[str, int]) -> str:
            with SetWorkflowID(f"{plan_id}:{secrets.token_hex(6)}"):
                return DBOS.enqueue_workflow("plans", run_plan, plan_id, version, takes).get_workflow_id()

        DBOS.launch()
        DBOS.register_queue("plans", worker_concurrency=self._plans_at_once, polling_interval_sec=POLL_SECONDS * 2)
        self._start_plan = start_plan
        self._pick_up()

    def stop(self) -> None:
        """Stop between two pieces of work; what was under way is resumed by the next start."""
        self._stopping.set()
        deadline = time.monotonic() + STOP_SECONDS
        while self._tokens and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        # Workflows left pending on purpose find their database closed and end; DBOS would log each as a fault.
        logging.getLogger("dbos").setLevel(logging.CRITICAL + 1)
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0)
        self._release()

    @property
    def idle(self) -> bool:
        """Whether nothing is being made in this process."""
        return not self._tokens

    def give_up(self, plan_id: str) -> None:
        """End the open jobs of a plan whose run broke. Raises StorageError when that cannot be written either."""
        project_id = self._library.plan(plan_id).project_id
        why = "The run of this plan broke; the disk may be full. Free space, then approve the plan again."
        for job in self._library.latest_jobs(plan_id).values():
            if not job.state.ended:
                self._end(job, project_id, {"state": JobState.FAILED, "error": why, "error_code": "storage_error"})

    @property
    def left_over(self) -> bool:
        """After a stop: whether a take did not notice it in time, so that its thread still runs."""
        return bool(self._tokens)

    def run(self, plan: Plan, takes: tuple[Take, ...]) -> str:
        """Queue these takes of a saved plan. The job rows are visible before this returns; the id of the run comes back."""
        if self._start_plan is None:
            raise RuntimeError("Runner.start() was not called")
        if not takes:
            raise InputError("There is nothing to make: every step of this plan is done.", hint="Change a step or redo one.")
        for take in takes:
            self._takes.save(take)
            job = Job(plan_id=plan.id, step_id=take.step.id, take=take.take, person=take.person, created=self._now())
            self._library.put_job(job)
            self._tell(job, plan.project_id)
        return self._start_plan(plan.id, plan.version, {take.step.id: take.take for take in takes})

    def cancel(self, plan_id: str, step_id: str = "") -> int:
        """Stop one step, or all steps of a plan. What is queued ends now, what runs ends within one piece of work.

        Returns how many jobs were stopped.
        """
        project_id = self._library.plan(plan_id).project_id
        stopped = 0
        for job in self._library.latest_jobs(plan_id).values():
            if step_id and job.step_id != step_id:
                continue
            if self._end(job, project_id, {"state": JobState.CANCELLED}):
                stopped += 1
                with self._guard:
                    token = self._tokens.get((plan_id, job.step_id, job.take))
                if token is not None:
                    token.cancel()
        return stopped

    def _config(self) -> DBOSConfig:
        return {
            "name": "maquette",
            "system_database_url": self._database,
            "application_version": WORKFLOW_VERSION,
            "executor_id": "studio",
            # What breaks is told by this file, on the job; DBOS would add a traceback to the terminal.
            "log_level": "CRITICAL",
            "console_log_level": "CRITICAL",
            "enable_otlp": False,
        }

    def _pick_up(self) -> None:
        """Queue takes that no workflow stands for: rows written just before a kill, or left by an older form of the workflows."""
        under_way: set[tuple[str, str, int]] = set()
        for workflow in DBOS.list_workflows(status=["PENDING", "ENQUEUED", "DELAYED"], name=RUN, app_version=WORKFLOW_VERSION):
            plan_id, _, takes = (workflow.input or {"args": ("", 0, {})})["args"]
            under_way |= {(plan_id, step_id, take) for step_id, take in takes.items()}
        stranded: dict[str, dict[str, int]] = {}
        for job in self._library.unfinished_jobs():
            if (job.plan_id, job.step_id, job.take) not in under_way:
                stranded.setdefault(job.plan_id, {})[job.step_id] = job.take
        for plan_id, takes in stranded.items():
            plan = self._library.plan(plan_id)
            known = {step.id for step in plan.steps}
            for step_id in takes.keys() - known:
                gone = self._library.job(plan_id, step_id, takes.pop(step_id))
                if gone is not None:
                    self._end(gone, plan.project_id, {"state": JobState.CANCELLED})
            if takes and self._start_plan is not None:
                self._start_plan(plan_id, plan.version, takes)

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
                if not needs <= ended.keys():
                    continue
                waiting.remove(step_id)
                unmade = sorted(need for need in needs if ended[need] != JobState.DONE)
                if unmade:
                    ended[step_id] = DBOS.run_step({"name": "give up"}, self._give_up, plan_id, step_id, takes[step_id], unmade)
                    continue
                with SetWorkflowID(f"{DBOS.workflow_id}/{step_id}"):
                    running[step_id] = DBOS.start_workflow(make_take, plan_id, version, step_id, takes[step_id])
            if running:
                ids = {step_id: handle.get_workflow_id() for step_id, handle in running.items()}
                step_id = DBOS.run_step({"name": "first ended"}, self._first_ended, ids)
                ended[step_id] = _outcome(running.pop(step_id))
        return "done" if all(state == JobState.DONE for state in ended.values()) else "incomplete"

    def _first_ended(self, ids: dict[str, str]) -> str:
        """The first of these steps whose workflow has ended. Own polling, because DBOS's would not notice a stop."""
        while not self._stopping.wait(POLL_SECONDS):
            for step_id, workflow_id in ids.items():
                status = DBOS.get_workflow_status(workflow_id)
                if status is not None and status.status in ENDED:
                    return step_id
        raise Stopping

    def _give_up(self, plan_id: str, step_id: str, number: int, unmade: list[str]) -> str:
        job = self._library.job(plan_id, step_id, number)
        if job is None:
            return JobState.CANCELLED.value
        why = f"{step_id} needs {', '.join(unmade)}, which was not made."
        update: dict[str, object] = {
            "state": JobState.FAILED,
            "error": f"{why} Redo {unmade[0]}, then this step.",
            "error_code": "bad_plan",
        }
        ended = self._end(job, self._library.plan(plan_id).project_id, update)
        return (ended or self._library.job(plan_id, step_id, number) or job).state.value

    def _make_take(self, plan_id: str, version: int, step_id: str, number: int) -> str:
        """Make one take and leave its job row ended. Safe to call again at any time."""
        token = CancelToken()
        attempt = secrets.token_hex(6)

        def begin(job: Job) -> Job | None:
            if job.state.ended:
                return None
            return job.model_copy(update={"state": JobState.RUNNING, "attempt": attempt, "started": self._now()})

        with self._guard:
            self._tokens[plan_id, step_id, number] = token
        try:
            plan = self._library.plan(plan_id, version)
            job = self._library.move_job(plan_id, step_id, number, begin)
            if job is None:  # cancelled while it waited, or ended by an earlier attempt
                stored = self._library.job(plan_id, step_id, number)
                return stored.state.value if stored is not None else JobState.CANCELLED.value
            self._tell(job, plan.project_id)
            ended = self._end(job, plan.project_id, self._attempt(job, plan, token))
            stored = ended or self._library.job(plan_id, step_id, number)
            return stored.state.value if stored is not None else JobState.CANCELLED.value
        finally:
            with self._guard:
                self._tokens.pop((plan_id, step_id, number), None)

    def _attempt(self, job: Job, plan: Plan, token: CancelToken) -> dict[str, object]:
        """How an attempt ended, as changes of its job row."""
        try:
            asset = self._make(job, plan, token)
        except Cancelled:
            return {"state": JobState.CANCELLED}
        except MaquetteError as error:
            return {"state": JobState.FAILED, "error": str(error), "error_code": error.code}
        except Exception as error:
            # A fault of ours: the job must end visibly all the same, and the log keeps where it happened.
            log.exception("%s of plan %s failed", job.step_id, job.plan_id)
            what = f"Something broke inside the studio ({type(error).__name__})."
            return {"state": JobState.FAILED, "error": what, "error_code": "internal"}
        return {"state": JobState.DONE, "progress": 1.0, "asset_id": asset.id}

    def _make(self, job: Job, plan: Plan, token: CancelToken) -> Asset:
        take = self._takes.get(job.plan_id, job.step_id, job.take)
        inputs: dict[str, Asset] = {}
        for given in take.step.inputs:
            asset = self._takes.latest_asset(plan.id, given.step)
            if asset is None:
                raise InputError(f"{job.step_id} needs {given.step}, which was not made.", hint=f"Redo {given.step}, then this step.")
            inputs[given.step] = asset

        def save(fraction: float, note: str) -> None:
            def move(current: Job) -> Job | None:
                mine = current.attempt == job.attempt and not current.state.ended
                return current.model_copy(update={"progress": fraction, "note": note}) if mine else None

            self._library.move_job(job.plan_id, job.step_id, job.take, move)

        return self._making.make(plan, take, inputs, LiveProgress(token, self._stopping, save))

    def _end(self, job: Job, project_id: str, update: dict[str, object]) -> Job | None:
        """End a job, unless it has ended meanwhile or another attempt took over. A disk that is full for a moment is waited for."""

        def end(current: Job) -> Job | None:
            if current.state.ended or (job.attempt and current.attempt != job.attempt):
                return None
            return current.model_copy(update={**update, "note": "", "ended": self._now()})

        for pause in (0.2, 1.0, 5.0, 0.0):
            try:
                ended = self._library.move_job(job.plan_id, job.step_id, job.take, end)
                if ended is not None:
                    self._tell(ended, project_id)
                return ended
            except StorageError:
                if not pause or self._stopping.wait(pause):
                    raise
        return None

    def _tell(self, job: Job, project_id: str) -> None:
        data: dict[str, JsonValue] = {
            "state": job.state.value,
            "step": job.step_id,
            "take": job.take,
            "asset": job.asset_id,
            "error": job.error,
        }
        self._library.add_event(project_id, EventKind.JOB, f"{job.plan_id}/{job.step_id}", data)


def _outcome(handle: WorkflowHandle[str]) -> str:
    """The state a take ended in; a workflow that broke counts as failed, so that the rest of its plan goes on."""
    try:
        return handle.get_result(polling_interval_sec=POLL_SECONDS)
    except Exception as error:
        log.error("the workflow %s broke: %s", handle.get_workflow_id(), error)
        return JobState.FAILED.value


def _hold(path: Path) -> IO[bytes]:
    """Hold a lock file until it is closed or the process ends, however it ends. Raises Conflict when another process holds it."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Conflict(
            f"Another Maquette is already working in {path.parent}.",
            hint="Use its pages, stop it first, or choose another folder with MAQUETTE_HOME.",
            field="MAQUETTE_HOME",
        ) from error
    return file
