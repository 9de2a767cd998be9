"""A Job is one take of one Step being made."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.value import Value


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job(Value):
    """The row is keyed by (plan_id, step_id, take). progress in 0..1. error is what a person reads when it failed.

    attempt: id of the run that may write the result; a late result of another attempt is discarded.
    """

    plan_id: str
    step_id: str
    take: int = 0
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    note: str = ""
    error: str = ""
    error_code: str = ""
    asset_id: str = ""
    attempt: str = ""
    person: str = ""
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
