"""Budgets: how many seconds of making a plan may take, and a person in a day. Set in Settings, checked before anything is queued."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import Field

from domain.errors import LimitError
from domain.job import Job
from domain.plan import Plan
from domain.said import Said, joined
from domain.value import JsonValue, Value
from library.library import Library
from studio.estimate import PlanEstimate
from studio.quotas import Quotas
from studio.quotes import quote_of

KEY = "budget"
DAY_SECONDS = 24 * 3600.0
#: A hundred days: beyond any plan, and far from what a number loses its seconds at.
MOST_SECONDS = 100 * DAY_SECONDS


class Used(Value):
    """Seconds already taken out of a budget: what was made, and what is being made now by its quote."""

    plan: float = 0.0
    person: float = 0.0


class Budget(Value):
    """plan_seconds: making of one plan over its whole life. person_seconds: of one person since midnight. 0: no limit.

    Seconds of making are measured seconds (domain/recipe.py: Measurement): preparing and making, without waiting in the queue.
    """

    plan_seconds: float = Field(default=0.0, ge=0.0, le=MOST_SECONDS, allow_inf_nan=False)
    person_seconds: float = Field(default=0.0, ge=0.0, le=MOST_SECONDS, allow_inf_nan=False)

    @property
    def none(self) -> bool:
        return not self.plan_seconds and not self.person_seconds

    def check(self, plan: Plan, estimate: PlanEstimate, person: str, used: Used) -> None:
        """Pure. Steps that were never measured count for nothing, and the message says so; a budget that is used up lets nothing more in.

        Raises LimitError naming what would be exceeded, by how much, and the way out.
        """
        over = [
            Said.of(
                "{whose} {taken} of {limit} used; this would take about {more} more, {over} over the budget.",
                whose=whose,
                taken=_time(taken),
                limit=_time(limit),
                more=_time(estimate.seconds),
                over=_time(max(taken + estimate.seconds - limit, 0.0)),
            )
            for whose, limit, taken in (
                (Said.of("The plan {plan} has", plan=repr(plan.title)), self.plan_seconds, used.plan),
                (Said.of("{person} has today", person=person or Said.of("This person")), self.person_seconds, used.person),
            )
            if limit and (taken >= limit or taken + estimate.seconds > limit)
        ]
        if not over:
            return
        if estimate.unknown:
            over.append(Said.of("Not counted, because never measured: {count} of its steps.", count=estimate.unknown))
        raise LimitError(
            "{faults}",
            hint="Drop steps or make them smaller, or raise the budget in Settings > Project.",
            field="budget",
            faults=joined(over),
        )


class Budgets:
    """The budget of this studio and what is left of it. Thread-safe: it keeps nothing but what the library stores.

    Args:
        now: the clock. A person's day ends at midnight of this machine.
    """

    def __init__(self, library: Library, now: Callable[[], datetime]) -> None:
        self._library = library
        self._now = now
        self._quotas = Quotas(library, lambda: midnight(now()))

    def get(self) -> Budget:
        return Budget.model_validate(self._library.get_setting(KEY, {}))

    def set(self, budget: Budget) -> Budget:
        stored: JsonValue = None if budget.none else budget.model_dump(mode="json")
        self._library.put_setting(KEY, stored)
        return budget

    def used(self, plan_id: str, person: str) -> Used:
        """What this plan took since it was made and this person since midnight. A person without a name ("") has no day of their own."""
        budget = self.get()
        if budget.none:
            return Used()
        under_way = self._under_way()
        plan = today = 0.0
        if budget.plan_seconds:
            plan = self._library.spent(plan_id=plan_id).seconds
            plan += sum(seconds for job, seconds in under_way if job.plan_id == plan_id)
        if budget.person_seconds and person:
            today = self.made_today(person)
            today += sum(seconds for job, seconds in under_way if job.person == person)
        return Used(plan=plan, person=today)

    def made_today(self, person: str) -> float:
        """Seconds of making for this person since midnight, without what is being made now."""
        return self._library.spent(person=person, since=midnight(self._now())).seconds if person else 0.0

    def require(self, plan: Plan, estimate: PlanEstimate, person: str) -> None:
        """Raises LimitError when making these steps would exceed a budget or the quota of the person. See Budget.check."""
        self._quotas.require(person, len(estimate.steps), estimate.seconds)
        budget = self.get()
        if not budget.none:
            budget.check(plan, estimate, person, self.used(plan.id, person))

    def _under_way(self) -> list[tuple[Job, float]]:
        """Jobs that have not ended, each with the seconds it was quoted at: they are as good as spent."""
        jobs = self._library.unfinished_jobs()
        quotes = {plan_id: quote_of(self._library, plan_id) for plan_id in {job.plan_id for job in jobs}}
        return [
            (job, (quote.estimate.of(job.step_id).seconds or 0.0) if (quote := quotes[job.plan_id]) is not None else 0.0) for job in jobs
        ]


def midnight(now: datetime) -> datetime:
    """The last midnight in the time zone of this machine."""
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
