"""Jobs and the prepared takes they make. A change of state and the event that tells of it are one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select

from domain.errors import NotFound
from domain.events import EventKind
from domain.job import Job, JobState
from domain.value import JsonValue
from library import tables
from library.database import Room, document_by, dump, load, stamp, upsert, upsert_all
from library.events import News, append_events

UNFINISHED = (JobState.QUEUED.value, JobState.RUNNING.value)

#: (plan id, step id, take)
TakeKey: TypeAlias = tuple[str, str, int]

_JOB = document_by(tables.jobs, "plan_id", "step_id", "take")
_LOCKED_JOB = _JOB.with_for_update()
_JOBS_OF_PLAN = document_by(tables.jobs, "plan_id").order_by(tables.jobs.c.step_id, tables.jobs.c.take)
_PREPARED = document_by(tables.prepared, "plan_id", "step_id", "take")


class JobKey(NamedTuple):
    """A job that has not ended, as far as a queue must know it before it is its turn. created: UTC, ISO 8601, sorts as text."""

    plan_id: str
    step_id: str
    take: int
    state: str
    created: str
    person: str
    project_id: str


class Jobs(Room):
    def put_job(self, job: Job) -> None:
        """Store the state of a job, keyed by (plan, step, take), whatever stood there."""
        with self._database.write("store the job") as connection:
            _write_job(connection, job)

    def queue_jobs(
        self,
        jobs: Sequence[Job],
        prepared: Mapping[TakeKey, Mapping[str, JsonValue]],
        project_id: str,
        events: Sequence[tuple[EventKind, str, Mapping[str, JsonValue]]] = (),
    ) -> None:
        """Store many jobs, their prepared takes and the events that tell of them in one transaction: all or nothing.

        What stood under the same keys is written over. Raises NotFound when a plan is not in the library.
        """
        takes = [
            {"plan_id": plan, "step_id": step, "take": take, "document": dict(prepared[plan, step, take])} for plan, step, take in prepared
        ]
        news: list[News] = [(project_id, kind, subject, data) for kind, subject, data in events]
        with self._database.write("queue the jobs") as connection:
            upsert_all(connection, tables.prepared, ("plan_id", "step_id", "take"), sorted(takes, key=_by_take))
            upsert_all(connection, tables.jobs, ("plan_id", "step_id", "take"), sorted(map(_row, jobs), key=_by_take))
            append_events(connection, self._clock(), news)

    def move_job(
        self,
        plan_id: str,
        step_id: str,
        take: int,
        change: Callable[[Job], Job | None],
        tell: Callable[[Job], News] | None = None,
    ) -> Job | None:
        """Change a stored job in one transaction. `change` gets it as it stands and gives what it becomes, or None to leave it.

        `tell` gets the changed job and gives the event to append with it: (project id, kind, subject, data).
        Returns what was written, None when nothing was. Raises NotFound when there is no such job.
        """
        with self._database.write("store the job") as connection:
            document = connection.scalar(_LOCKED_JOB, _take_key(plan_id, step_id, take))
            if document is None:
                raise NotFound("{step_id} of plan {plan_id} has no take {take}.", field="take", step_id=step_id, plan_id=plan_id, take=take)
            changed = change(load(Job, document))
            if changed is not None:
                _write_job(connection, changed)
                if tell is not None:
                    append_events(connection, self._clock(), [tell(changed)])
        return changed

    def job(self, plan_id: str, step_id: str, take: int = 0) -> Job | None:
        with self._database.read("read the job") as connection:
            document = connection.scalar(_JOB, _take_key(plan_id, step_id, take))
        return None if document is None else load(Job, document)

    def jobs(self, plan_id: str) -> tuple[Job, ...]:
        """Every take of every step, by step and take."""
        return self._jobs(_JOBS_OF_PLAN, {"plan_id": plan_id})

    def latest_jobs(self, plan_id: str) -> dict[str, Job]:
        """The job of the highest take of each step, by step id."""
        return {job.step_id: job for job in self.jobs(plan_id)}

    def unfinished_jobs(self) -> tuple[Job, ...]:
        """Jobs of all plans that are queued or running: what a restart has to take up again. Oldest first."""
        return self._jobs(select(tables.jobs.c.document).where(tables.jobs.c.state.in_(UNFINISHED)).order_by(*_oldest_first()))

    def unfinished_keys(self) -> tuple[JobKey, ...]:
        """The same jobs without their documents, several times cheaper. Oldest first."""
        jobs, plans = tables.jobs.c, tables.plans.c
        chosen = select(jobs.plan_id, jobs.step_id, jobs.take, jobs.state, jobs.created, jobs.person, plans.project_id)
        chosen = chosen.join(tables.plans, plans.id == jobs.plan_id).where(jobs.state.in_(UNFINISHED)).order_by(*_oldest_first())
        with self._database.read("read the jobs") as connection:
            return tuple(JobKey(*row) for row in connection.execute(chosen))

    def jobs_done_since(self, moment: datetime) -> int:
        """How many jobs ended well at `moment` or later."""
        done = and_(tables.jobs.c.state == JobState.DONE.value, tables.jobs.c.ended >= stamp(moment))
        with self._database.read("count the jobs") as connection:
            return connection.scalar(select(func.count()).select_from(tables.jobs).where(done)) or 0

    def _jobs(self, chosen: Select[JsonValue], values: Mapping[str, str] | None = None) -> tuple[Job, ...]:
        with self._database.read("read the jobs") as connection:
            return tuple(load(Job, document) for document in connection.scalars(chosen, values))

    def set_prepared(self, plan_id: str, step_id: str, take: int, parameters: Mapping[str, JsonValue]) -> None:
        """Keep the prepared parameters of one take, so that a restart does not ask the LLM again."""
        with self._database.write("store the prepared step") as connection:
            upsert(connection, tables.prepared, _take_key(plan_id, step_id, take), {"document": dict(parameters)})

    def prepared(self, plan_id: str, step_id: str, take: int = 0) -> dict[str, JsonValue] | None:
        with self._database.read("read the prepared step") as connection:
            document = connection.scalar(_PREPARED, _take_key(plan_id, step_id, take))
        return None if document is None else dict(document)


def _write_job(connection: Connection, job: Job) -> None:
    row = _row(job)
    key = {name: row.pop(name) for name in ("plan_id", "step_id", "take")}
    upsert(connection, tables.jobs, key, row)


def _row(job: Job) -> dict[str, Any]:
    return {
        "plan_id": job.plan_id,
        "step_id": job.step_id,
        "take": job.take,
        "state": job.state.value,
        "attempt": job.attempt,
        "person": job.person,
        "created": stamp(job.created),
        "ended": "" if job.ended is None else stamp(job.ended),
        "document": dump(job),
    }


def _by_take(row: Mapping[str, Any]) -> TakeKey:
    """Writers that take the same rows take them in the same order, so that none waits for the other in a circle."""
    return row["plan_id"], row["step_id"], row["take"]


def _oldest_first() -> tuple[ColumnElement[Any], ...]:
    columns = tables.jobs.c
    return columns.created, columns.plan_id, columns.step_id, columns.take


def _take_key(plan_id: str, step_id: str, take: int) -> dict[str, Any]:
    return {"plan_id": plan_id, "step_id": step_id, "take": take}
