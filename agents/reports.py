"""What the Director says about plans and results, rendered by code from values that exist. Never from a model."""

from __future__ import annotations

from collections.abc import Sequence

from agents.lexicon import side
from agents.planner import Planner
from domain.capability import StepKind
from domain.job import Job, JobState
from domain.plan import Plan, Step

_MOST_NAMED = 6


class Reports:
    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._phrases = planner.phrases

    def summary(self, plan: Plan, told: str) -> str:
        """One paragraph: title, number of steps, what of, then what cannot be made, the notes, and what to do next."""
        counts: dict[StepKind, int] = {}
        for step in plan.steps:
            counts[step.kind] = counts.get(step.kind, 0) + 1
        parts = ("、" if side(told) == "zh" else ", ").join(self._planner.counted(kind, n, told) for kind, n in counts.items())
        languages = list(dict.fromkeys(str(s.spec.language) for s in plan.steps if hasattr(s.spec, "language"))) or [plan.language]
        language = ("、" if side(told) == "zh" else ", ").join(self._planner.lexicon.languages.name(code, told) for code in languages)
        key = "plan_one" if len(plan.steps) == 1 else "plan_summary"
        lines = [self._phrases.say(key, told, title=plan.title, count=len(plan.steps), language=language, parts=parts)]
        lines += [self._phrases.say("plan_unavailable", told, asked=u.asked, nearest=u.nearest) for u in plan.unavailable]
        lines += plan.notes
        lines.append(self._phrases.say("plan_next", told))
        return " ".join(lines)

    def status(self, plan: Plan | None, jobs: Sequence[Job], assets: Sequence[str], told: str) -> str:
        """Where things stand: the latest take of each step of the plan, and the titles in the library."""
        lines: list[str] = []
        if plan is not None:
            latest: dict[str, Job] = {}
            for job in jobs:
                known = latest.get(job.step_id)
                if job.plan_id == plan.id and (known is None or job.take >= known.take):
                    latest[job.step_id] = job
            if not latest:
                lines.append(self._phrases.say("status_plan", told, title=plan.title))
            else:
                lines += self._standing(plan, latest, told)
        if assets:
            lines.append(self._phrases.say("status_assets", told, what=self._named(assets, told)))
        return " ".join(lines) or self._phrases.say("status_none", told)

    def _standing(self, plan: Plan, latest: dict[str, Job], told: str) -> list[str]:
        groups: dict[JobState, list[str]] = {}
        for step in plan.steps:
            job = latest.get(step.id)
            groups.setdefault(job.state if job else JobState.QUEUED, []).append(step.title)
        lines = [self._phrases.say("status_line", told, done=len(groups.get(JobState.DONE, ())), total=len(plan.steps))]
        states = (
            (JobState.RUNNING, "running"),
            (JobState.QUEUED, "waiting"),
            (JobState.FAILED, "failed"),
            (JobState.CANCELLED, "cancelled"),
        )
        for state, name in states:
            if groups.get(state):
                lines.append(self._phrases.say(f"status_{name}", told, what=self._named(groups[state], told)))
        return lines

    def facts(self, plan: Plan | None, assets: Sequence[str], question: str, named: Sequence[Step], told: str) -> str:
        """The few facts an answer about the plan may use, short: every token of them delays its first word. "" where there are none."""
        if plan is None:
            return ""
        made = self._named(assets, told) if assets else self._phrases.say("nothing", told)
        parts = "".join(f" {step.title}: {step.spec.about[:90]}." for step in named[:3])
        return (
            self._phrases.say("facts_plan", told, title=plan.title, count=len(plan.steps), made=made, parts=parts, question=question[:240])
            + " "
        )

    @staticmethod
    def _named(titles: Sequence[str], told: str) -> str:
        shown = list(titles[:_MOST_NAMED])
        more = len(titles) - len(shown)
        joined = ("、" if side(told) == "zh" else ", ").join(shown)
        return f"{joined} (+{more})" if more > 0 else joined
