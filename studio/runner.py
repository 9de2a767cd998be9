"""Runs plans: queues takes whose inputs are there, works on what is handed out, ends jobs. The library's job rows are the truth.

A take passes two stages, prepare and make (studio/queue.py). Each stage of a take, or of several takes made together, is a Piece
that studio/durable.py repeats after a crash; repeating is safe, because a take that is stored is not made twice. What waits is
a row and a ticket, never a thread.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from domain.asset import Asset
from domain.engine import LaneState
from domain.errors import Cancelled, InputError, MaquetteError, PlanError, StorageError
from domain.events import EventKind
from domain.job import Job, JobState
from domain.plan import Plan
from domain.progress import CancelToken
from domain.take import Take
from domain.tracing import carry
from domain.value import JsonValue
from library.library import Library
from studio.dispatch import Dispatcher
from studio.durable import Durable, Piece
from studio.making import Item, Making
from studio.previews import Previews
from studio.progress import LiveProgress, Stopping
from studio.queue import Key, Priority, Stage, Ticket
from studio.readiness import Readiness
from studio.takes import Takes

#: How long a stop waits for running takes to notice it. One that does not is left to the end of the process; the next start makes it again.
STOP_SECONDS = 10.0
#: Pauses before a row that could not be written is tried again: a full disk is cleared, a database comes back.
WRITE_PAUSES = (0.2, 1.0, 5.0, 10.0, 20.0, 30.0, 0.0)

_UNMADE, _REMAKE = "{step} needs {needed}, which was not made.", "Redo {needed}, then this step."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Attempt:
    """A take being worked on, and its job row as this attempt took it over."""

    item: Item
    job: Job


class Runner:
    """One per studio process, and one process per library.

    Args:
        lanes: how many pieces may be worked on at once, by lane. A lane that is not named has one place.
        cost: expected seconds of a stage of a take, what fairness between people counts.
    """

    def __init__(
        self,
        library: Library,
        making: Making,
        durable: Durable,
        *,
        lanes: Mapping[str, int],
        now: Callable[[], datetime],
        cost: Callable[[Take], float] = lambda take: 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._library = library
        self._takes = Takes(library)
        self._making = making
        self._durable = durable
        self._now = now
        self._cost = cost
        self._dispatcher = Dispatcher(lanes, durable.submit, self._queue_again, clock)
        self._readiness = Readiness()
        #: How running takes look.
        self.previews = Previews()
        self._tokens: dict[Key, CancelToken] = {}
        self._guard = threading.Condition()
        self._started = threading.Event()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Resume what was under way. Call once. Raises Conflict, StorageError like Durable.start."""
        repeated = self._durable.start(self._work)
        for piece in repeated:
            self._dispatcher.begun(piece)
        under_way = {key for piece in repeated for key in piece.keys}
        self._started.set()
        try:
            self._resume(under_way)
        except BaseException:
            self.stop()  # else what was interrupted would be worked on by a studio that did not start
            raise
        self._dispatcher.start()

    def _resume(self, under_way: set[Key]) -> None:
        unfinished: dict[str, list[Key]] = {}
        for key in self._unfinished():
            unfinished.setdefault(key[0], []).append(key)
        takes = self._read(key for keys in unfinished.values() for key in keys if key not in under_way)
        self._ticket(self._hold([_awaiting(take, unfinished[take.plan_id]) for take in takes]))
        for need in self._readiness.awaited():  # what ended before anybody waited for it
            job = self._library.job(*need)
            if job is None or job.state.ended:
                self._after(need, job.state if job is not None else JobState.CANCELLED)

    def stop(self) -> None:
        """Stop between two pieces of work; what was under way is resumed by the next start."""
        self._stopping.set()
        self._started.set()
        self._dispatcher.stop()
        with self._guard:
            self._guard.wait_for(lambda: not self._tokens, timeout=STOP_SECONDS)
        self._durable.stop()

    @property
    def idle(self) -> bool:
        """Whether nothing is being made in this process, and nothing is about to be."""
        return not self._tokens and not self._dispatcher.waiting()

    @property
    def put_off(self) -> bool:
        """Whether nothing is being made because everything waits for a disk or a database."""
        return not self._tokens and bool(self._dispatcher.trouble)

    @property
    def left_over(self) -> bool:
        """After a stop: whether a take did not notice it in time, so that its thread still runs."""
        return bool(self._tokens)

    @property
    def trouble(self) -> str:
        """Why work is put off just now, "" when it is not."""
        return self._dispatcher.trouble

    def lanes(self) -> tuple[LaneState, ...]:
        return self._dispatcher.lanes()

    def run(self, plan: Plan, takes: tuple[Take, ...], *, priority: Priority = Priority.NORMAL) -> tuple[Job, ...]:
        """Queue these takes of a saved plan. Their job rows, which it returns, are visible before that, all or none.

        Raises InputError when there are none, StorageError.
        """
        if not takes:
            raise InputError("There is nothing to make: every step of this plan is done.", hint="Change a step or redo one.")
        number = {take.step.id: take.take for take in takes}
        queued: dict[Key, Take] = {}
        for take in takes:
            awaits = {i.step: number[i.step] for i in take.step.inputs if i.step in number}
            queued[_take_key(take)] = take.model_copy(update={"awaits": awaits, "priority": int(priority), "trace": carry()})
        jobs = tuple(Job(plan_id=plan.id, step_id=t.step.id, take=t.take, person=t.person, created=self._now()) for t in takes)
        prepared = {key: take.model_dump(mode="json") for key, take in queued.items()}
        ready = self._hold(queued.values())  # before anybody can see, and cancel, what they wait for
        try:
            self._library.queue_jobs(jobs, prepared, plan.project_id, [_event(job) for job in jobs])
        except BaseException:
            self._readiness.forget(queued)
            raise
        try:
            self._ticket(ready, {plan.id: plan})
        except StorageError as error:  # the rows are there: their run is under way, whatever the database does now
            self._dispatcher.put_off([_take_key(take) for take in ready], error)
        return jobs

    def cancel(self, plan_id: str, step_id: str = "") -> int:
        """Stop one step, or all steps of a plan. What is queued ends now, what runs ends within one piece of work.

        Returns how many jobs were stopped.
        """
        plan = self._library.plan(plan_id)
        project_id = plan.project_id
        open_jobs = [j for j in self._library.latest_jobs(plan_id).values() if not j.state.ended and step_id in ("", j.step_id)]
        # What waits for others goes before them: it is stopped, and did not fail for want of them.
        place = {step.id: number for number, step in enumerate(plan.order())}
        open_jobs.sort(key=lambda job: place.get(job.step_id, -1), reverse=True)
        self._dispatcher.remove(_key(job) for job in open_jobs)
        stopped = 0
        for job in open_jobs:
            # Whichever attempt is at it now: a take may pass from preparing to making while this goes through the list.
            if self._end(_anyhow(job), project_id, {"state": JobState.CANCELLED}):
                stopped += 1
                with self._guard:
                    token = self._tokens.get(_key(job))
                if token is not None:
                    token.cancel()
        return stopped

    def give_up(self, plan_id: str) -> None:
        """End the open jobs of a plan whose run broke. Raises StorageError when that cannot be written either."""
        project_id = self._library.plan(plan_id).project_id
        why = "The run of this plan broke; the disk may be full. Free space, then approve the plan again."
        for job in self._library.latest_jobs(plan_id).values():
            if not job.state.ended:
                self._end(_anyhow(job), project_id, {"state": JobState.FAILED, "error": why, "error_code": "storage_error"})

    # Queueing

    def _unfinished(self) -> Iterable[Key]:
        """What an earlier process left, the oldest first. Steps that were dropped from their plan meanwhile end here."""
        known: dict[str, Plan] = {}
        for job in sorted(self._library.unfinished_jobs(), key=lambda job: job.created):
            if job.plan_id not in known:
                known[job.plan_id] = self._library.plan(job.plan_id)
            plan = known[job.plan_id]
            if any(step.id == job.step_id for step in plan.steps):
                yield _key(job)
            else:
                self._end(job, plan.project_id, {"state": JobState.CANCELLED})

    def _hold(self, takes: Iterable[Take]) -> list[Take]:
        """Those that wait for nobody; the others first find those they wait for registered."""
        return [t for t in takes if not self._readiness.hold(_take_key(t), [(t.plan_id, step_id, n) for step_id, n in t.awaits.items()])]

    def _read(self, keys: Iterable[Key]) -> Iterator[Take]:
        """The stored takes. One that cannot be read, by this version or at all, fails alone. Raises StorageError."""
        for key in keys:
            try:
                yield self._takes.get(*key)
            except StorageError:
                raise
            except Exception as error:  # a fault of ours, or of what an older version wrote; nobody else waits for it
                self._fail(key, error)

    def _fail(self, key: Key, error: Exception) -> None:
        """End a job that cannot even be begun."""
        if not isinstance(error, MaquetteError):
            log.error("%s of plan %s cannot be begun", key[1], key[0], exc_info=error)
        job = self._library.job(*key)
        if job is not None and not job.state.ended:
            self._end(_anyhow(job), self._library.plan(key[0]).project_id, _failure(error))

    def _queue_again(self, keys: Iterable[Key]) -> None:
        for key in keys:
            job = self._library.job(*key)
            if job is not None and not job.state.ended:
                self._ticket(self._read([key]))

    def _ticket(self, takes: Iterable[Take], plans: Mapping[str, Plan] | None = None) -> None:
        """Put takes into the lane of their next stage. One that nobody can make ends with the reason. plans: those at hand, by id."""
        known = dict(plans or {})
        project = cache(self._library.project)
        for take in takes:
            if take.plan_id not in known:
                known[take.plan_id] = self._library.plan(take.plan_id)
            project_id = known[take.plan_id].project_id
            try:
                way = self._making.way(partial(project, project_id), take)
            except StorageError:
                raise
            except Exception as error:  # a model that is gone; or a maker that breaks on what it is asked, which nobody else waits for
                self._fail(_take_key(take), error)
                continue
            company = way.company
            ticket = Ticket(
                plan_id=take.plan_id,
                step_id=take.step.id,
                take=take.take,
                stage=Stage.PREPARE if take.parameters is None else Stage.MAKE,
                lane=way.lane,
                project_id=project_id,
                person=take.person,
                priority=Priority(take.priority),
                cost=self._cost(take),
                batch=company.key if company is not None else "",
                most=company.most if company is not None else 1,
                window=company.window if company is not None else 0.0,
            )
            self._dispatcher.add(ticket)

    def _after(self, key: Key, state: JobState) -> None:
        """A job ended: what waited for it goes on, or cannot be made."""
        if state is JobState.DONE:
            ready = self._readiness.made(key)
            try:
                self._ticket(self._read(ready))
            except StorageError as error:
                self._dispatcher.put_off(ready, error)
            return
        self._readiness.forget([key])
        for dependent in self._readiness.unmade(key):
            try:
                self._fail(dependent, PlanError(_UNMADE, hint=_REMAKE, step=dependent[1], needed=key[1]))
            except StorageError as error:  # begun later, it finds its input missing
                self._dispatcher.put_off([dependent], error)

    # Working: what follows runs in threads of studio/durable.py.

    def _work(self, piece: Piece) -> None:
        """One stage of the takes of a piece. Safe to call again at any time."""
        self._started.wait()
        if self._stopping.is_set():
            raise Stopping  # a row written now could take the job from the studio that runs next
        prepared: list[Take] = []
        plans: dict[str, Plan] = {}
        try:
            attempts = [attempt for key in piece.keys if (attempt := self._begun(key, piece.stage)) is not None]
            if piece.stage is Stage.PREPARE:
                plans = {attempt.item.plan.id: attempt.item.plan for attempt in attempts}
                prepared = [take for attempt in attempts if (take := self._prepare(attempt)) is not None]
            else:
                self._make(attempts)
        except StorageError as error:
            log.error("a piece is put off: %s", error)
            self._dispatcher.put_off(piece.keys, error)
        finally:
            with self._guard:
                for key in piece.keys:
                    self._tokens.pop(key, None)
                self._guard.notify_all()
            self.previews.forget(piece.keys)
            self._dispatcher.left(piece)
        try:
            self._ticket(prepared, plans)
        except StorageError as error:
            self._dispatcher.put_off([_take_key(take) for take in prepared], error)

    def _begun(self, key: Key, stage: Stage) -> _Attempt | None:
        """See _begin. What is wrong with one take ends it alone, and not those it would have been made with."""
        try:
            return self._begin(key, stage)
        except StorageError:
            raise
        except Exception as error:  # ends the job, and is logged when it is a fault of ours
            self._fail(key, error)
            return None

    def _begin(self, key: Key, stage: Stage) -> _Attempt | None:
        """Take over the job of a take; None when it was cancelled while it waited, or ended by an earlier attempt."""
        number = secrets.token_hex(6)

        def begin(job: Job) -> Job | None:
            if job.state.ended:
                return None
            update = {"state": JobState.RUNNING, "attempt": number, "started": job.started or self._now(), "note": ""}
            return job.model_copy(update=update)

        token = CancelToken()
        with self._guard:
            self._tokens[key] = token
        waited = self._dispatcher.waited(key)
        take = self._takes.get(*key)
        plan = self._library.plan(take.plan_id)
        job = self._library.move_job(*key, begin, tell=lambda moved: _told(moved, plan.project_id))
        if job is None:
            return None

        def save(fraction: float, note: str) -> None:
            with contextlib.suppress(StorageError):  # where it stands can be told in a moment; what is made must not end with it
                self._save(job, fraction, note)

        try:
            live = LiveProgress(token, self._stopping, save, self.previews.of(key))
            return _Attempt(Item(plan, take, self._inputs(take), live, waited), job)
        except InputError as error:
            self._end(job, plan.project_id, _failure(error))
            return None

    def _inputs(self, take: Take) -> dict[str, Asset]:
        inputs: dict[str, Asset] = {}
        for given in take.step.inputs:
            asset = self._takes.latest_asset(take.plan_id, given.step)
            if asset is None or asset.take < take.awaits.get(given.step, 0):
                raise InputError(_UNMADE, hint=_REMAKE, step=take.step.id, needed=given.step)
            inputs[given.step] = asset
        return inputs

    def _prepare(self, attempt: _Attempt) -> Take | None:
        """The take as it can be made; None when it ended instead."""
        try:
            return self._making.prepare(attempt.item)
        except StorageError:
            raise
        except Exception as error:  # ends the job, and is logged when it is a fault of ours
            self._close(attempt, error)
            return None

    def _make(self, attempts: Sequence[_Attempt]) -> None:
        ended: Sequence[Asset | Exception]
        try:
            ended = self._making.make([attempt.item for attempt in attempts])
        except StorageError:
            raise
        except Exception as error:  # likewise
            ended = [error] * len(attempts)
        for attempt, end in zip(attempts, ended, strict=True):
            self._close(attempt, end)

    def _close(self, attempt: _Attempt, ended: Asset | Exception) -> None:
        """End the job of a take as it ended."""
        job, project_id = attempt.job, attempt.item.plan.project_id
        if isinstance(ended, Asset):
            self._end(job, project_id, {"state": JobState.DONE, "progress": 1.0, "asset_id": ended.id})
        elif isinstance(ended, Cancelled):
            self._end(job, project_id, {"state": JobState.CANCELLED})
        else:
            if not isinstance(ended, MaquetteError):
                # A fault of ours: the job must end visibly all the same, and the log keeps where it happened.
                log.error("%s of plan %s failed", job.step_id, job.plan_id, exc_info=ended)
            self._end(job, project_id, _failure(ended))

    def _save(self, job: Job, fraction: float, note: str) -> None:
        def move(current: Job) -> Job | None:
            mine = current.attempt == job.attempt and not current.state.ended
            return current.model_copy(update={"progress": fraction, "note": note}) if mine else None

        self._library.move_job(*_key(job), move)

    def _end(self, job: Job, project_id: str, update: Mapping[str, object]) -> Job | None:
        """End a job, unless it has ended meanwhile or another attempt took over, and ready or give up what waited for it."""

        def end(current: Job) -> Job | None:
            if current.state.ended or (job.attempt and current.attempt != job.attempt):
                return None
            return current.model_copy(update={**update, "note": "", "ended": self._now()})

        for pause in WRITE_PAUSES:
            try:
                ended = self._library.move_job(*_key(job), end, tell=lambda job: _told(job, project_id))
                break
            except StorageError:
                if not pause or self._stopping.wait(pause):
                    raise
        if ended is not None:
            self._after(_key(job), ended.state)
        return ended


def _key(job: Job) -> Key:
    return job.plan_id, job.step_id, job.take


def _anyhow(job: Job) -> Job:
    """The job as one that any attempt may end."""
    return job.model_copy(update={"attempt": ""})


def _awaiting(take: Take, unfinished: Iterable[Key]) -> Take:
    """A take an earlier process left. One of an older version does not say what it awaits: the inputs that are not made yet."""
    inputs = {given.step for given in take.step.inputs}
    awaits = {step_id: number for _, step_id, number in unfinished if step_id in inputs}
    return take.model_copy(update={"awaits": {**awaits, **take.awaits}})


def _take_key(take: Take) -> Key:
    return take.plan_id, take.step.id, take.take


def _failure(error: Exception) -> dict[str, object]:
    known = isinstance(error, MaquetteError)
    told = (
        error
        if isinstance(error, MaquetteError)
        else MaquetteError("Something broke inside the studio ({kind}).", kind=type(error).__name__)
    )
    return {"state": JobState.FAILED, "error": str(told), "error_said": told.said, "error_code": told.code if known else "internal"}


def _event(job: Job) -> tuple[EventKind, str, dict[str, JsonValue]]:
    data: dict[str, JsonValue] = {
        "state": job.state.value,
        "step": job.step_id,
        "take": job.take,
        "asset": job.asset_id,
        "error": job.error,
    }
    return EventKind.JOB, f"{job.plan_id}/{job.step_id}", data


def _told(job: Job, project_id: str) -> tuple[str, EventKind, str, dict[str, JsonValue]]:
    return project_id, *_event(job)
