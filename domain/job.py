"""A Job is one take of one Step being made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from domain.said import Said
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
    """The row is keyed by (plan_id, step_id, take). progress in 0..1. error is what a person reads when it failed, in English;
    error_said: the same as templates, () in rows that are older than they.

    attempt: id of the run that may write the result; a late result of another attempt is discarded.
    """

    plan_id: str
    step_id: str
    take: int = 0
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    note: str = ""
    error: str = ""
    error_said: tuple[Said, ...] = ()
    error_code: str = ""
    asset_id: str = ""
    attempt: str = ""
    person: str = ""
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None

    def error_told(self, table: Mapping[str, str]) -> str:
        """Why it failed, in the language of a table of templates."""
        return " ".join(said.told(table) for said in self.error_said) or self.error
