"""Quotas: how many jobs and minutes of making a person may ask for in a day, and how much they may keep. Set in Settings > People.

Budgets (studio/budget.py) hold for everybody alike; a quota is one person's own. People without an account have none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from domain.errors import LimitError
from domain.people import Quota
from domain.value import Value
from library.library import Library


class Spending(Value):
    """What a person used of their quota: jobs and minutes since midnight, bytes they keep."""

    jobs: int = 0
    minutes: float = 0.0
    disk_bytes: int = 0


def quota_of(library: Library, person: str) -> Quota:
    """That of nobody, and of people without an account, bounds nothing."""
    found = library.person(person) if person else None
    return found.quota if found is not None else Quota()


def require_room(library: Library, person: str) -> None:
    """For what is kept without a job: an import, a recording. Raises LimitError when the person keeps as much as they may."""
    quota = quota_of(library, person)
    kept = library.bytes_of(person) if quota.disk_bytes else 0
    if _full(quota, kept):
        raise LimitError(
            "{person} may keep {most}; {kept} are kept.",
            hint="Delete what is not needed, or ask an owner of the studio for more.",
            field="quota",
            person=person,
            most=_size(quota.disk_bytes),
            kept=_size(kept),
        )


class Quotas:
    """midnight: the last one before now, in the time zone of this machine."""

    def __init__(self, library: Library, midnight: Callable[[], datetime]) -> None:
        self._library = library
        self._midnight = midnight

    def of(self, person: str) -> Quota:
        return quota_of(self._library, person)

    def used(self, person: str) -> Spending:
        since = self._midnight()
        return Spending(
            jobs=self._library.jobs_of(person, since),
            minutes=self._library.spent(person=person, since=since).seconds / 60,
            disk_bytes=self._library.bytes_of(person),
        )

    def require(self, person: str, jobs: int, seconds: float) -> None:
        """Raises LimitError when so many jobs more, of so many expected seconds, would exceed what the person may use."""
        quota = self.of(person)
        if quota == Quota():
            return
        used = self.used(person)
        over = []
        if quota.jobs and used.jobs + jobs > quota.jobs:
            over.append(f"{person} may start {quota.jobs} jobs a day; {used.jobs} were started, and this is {jobs} more.")
        if quota.minutes and (used.minutes >= quota.minutes or used.minutes + seconds / 60 > quota.minutes):
            over.append(
                f"{person} may use {quota.minutes:g} minutes a day; {used.minutes:.1f} are used, and this takes about {seconds / 60:.1f}."
            )
        if _full(quota, used.disk_bytes):
            over.append(f"{person} may keep {_size(quota.disk_bytes)}; {_size(used.disk_bytes)} are kept.")
        if over:
            raise LimitError(
                " ".join(over), hint="Wait until tomorrow or ask for less, or ask an owner of the studio for more.", field="quota"
            )


def _full(quota: Quota, kept: int) -> bool:
    return bool(quota.disk_bytes) and kept >= quota.disk_bytes


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
