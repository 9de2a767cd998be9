"""Plans: propose, edit, quote, approve, run, cancel, redo. Pages, chat, API and command line all come through here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from domain.asset import Asset
from domain.brand import BrandKit
from domain.brief import Attachment, Brief
from domain.capability import Capability, StepKind
from domain.chat import ChatModel
from domain.errors import Conflict, ContentRefused, InputError, PlanError
from domain.events import EventKind
from domain.finding import Finding
from domain.job import Job
from domain.moderation import AS_WISHED, Screening
from domain.plan import Plan, Step, StepInput
from domain.progress import CancelToken
from domain.specs import OF_PICTURES, SPECS, PictureSpec
from domain.take import Take
from domain.tracing import carry, continued, span
from domain.value import JsonValue
from library.library import Library
from studio.briefs import mostly_chinese, require_usable
from studio.budget import Budgets
from studio.enlarging import require_source, source_named
from studio.estimate import PlanEstimate
from studio.makers import Makers, Remarks, no_remarks
from studio.mixing import mix_inputs, require_cues
from studio.queue import Priority
from studio.quotes import Quotes, keep_quote
from studio.runner import Runner
from studio.spec_changes import bad_spec, change_spec, numbered, placed
from studio.takes import Standing, Takes
from studio.turns import Turns

ONLY_FILES = "…"
#: How long queued jobs may stand still while nothing at all is being made, before their run counts as broken.
STANDSTILL_SECONDS = 30.0
#: A remake of at most so many takes goes before plans.
INTERACTIVE_TAKES = 3


class Planner(Protocol):
    """agents.planner.Planner."""

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
    ) -> Plan: ...


class Plans:
    """Args:
    refuse_unsafe: raises ContentRefused for a wish that is not made here. Briefs are checked by the planner itself.
    quotes: what a plan would cost here and now.
    require: raises InputError for an edited or added step whose wish its maker could only refuse.
    remarks: what a person should know of a step before it is made.
    screening: what a brief of a project is judged by.
    """

    def __init__(
        self,
        library: Library,
        planner: Planner,
        chat: ChatModel,
        makers: Makers,
        runner: Runner,
        now: Callable[[], datetime],
        refuse_unsafe: Callable[[str], None],
        quotes: Quotes,
        require: Callable[[Step, BrandKit], None] = lambda step, brand: None,
        remarks: Remarks = no_remarks,
        screening: Callable[[str, str], Screening] = lambda project_id, text: AS_WISHED,
    ) -> None:
        self._library = library
        self._screening = screening
        self._takes = Takes(library)
        self._planner = planner
        self._chat = chat
        self._refuse_unsafe = refuse_unsafe
        self._require = require
        self._remarks = remarks
        # Edits, approvals and redos of a plan take turns: two clicks, or two people, must neither lose an edit nor start a take twice.
        # What one person spends takes turns too: two plans at once must not both fit into the rest of a budget.
        self._turns = Turns()
        self._makers = makers
        self._runner = runner
        self._now = now
        self._quotes = quotes
        self._budgets = Budgets(library, now)

    # Briefs and proposals

    def draft(self, project_id: str, text: str, *, attachments: tuple[Attachment, ...] = (), person: str = "") -> Brief:
        """A brief, not stored yet. Raises InputError when it is empty, LimitError over 20,000 characters or 10 attachments."""
        clean = text.strip()
        require_usable(clean, attachments)
        clean = clean or ONLY_FILES  # never the names: what a file is called is not what a person says
        return Brief(
            id=new_id(),
            project_id=project_id,
            text=clean,
            language="zh" if mostly_chinese(clean) else "en",
            attachments=attachments,
            person=person,
            created=self._now(),
            trace=carry(),
            screening=self._screening(project_id, clean),
        )

    def submit(self, project_id: str, text: str, *, attachments: tuple[Attachment, ...] = (), person: str = "") -> Brief:
        """Draft a brief and store it."""
        with span("studio.submit", project=project_id):
            brief = self.draft(project_id, text, attachments=attachments, person=person)
        self._library.add_brief(brief)
        self._library.add_event(project_id, EventKind.BRIEF, brief.id)
        return brief

    def keep(self, brief: Brief, plan: Plan) -> Plan:
        """Store a brief and the plan that was proposed for it. Raises PlanError when the plan could not run."""
        plan.require(self._makers.capabilities())
        self._library.add_brief(brief)
        return self._save(plan)

    def propose(self, brief: Brief, *, seed: int | None = None, cancel: CancelToken | None = None) -> Plan:
        """Ask the planner, check, store. Raises PlanError, ContentRefused, ModelError, Cancelled."""
        capabilities = self._makers.capabilities()
        brand = self._library.project(brief.project_id).brand
        chosen = secrets.randbelow(2**31) if seed is None else seed
        with continued(brief.trace), span("studio.plan", brief=brief.id):
            plan = self._planner.plan(brief, capabilities, self._chat, brand, plan_id=new_id(), seed=chosen, cancel=cancel)
        plan.require(capabilities)
        return self._save(plan)

    def get(self, plan_id: str) -> Plan:
        return self._library.plan(plan_id)

    def current(self, project_id: str) -> Plan | None:
        """The newest plan of a project, None when there is none yet."""
        return self._library.latest_plan(project_id)

    def all(self, project_id: str) -> tuple[Plan, ...]:
        return tuple(self._library.plans(project_id))

    # Editing

    def save(self, plan: Plan) -> Plan:
        """Store an edited plan; its version is one more than that it was edited from.

        Raises PlanError when it could not run, Conflict when it was edited by somebody else meanwhile.
        """
        plan.require(self._makers.capabilities())
        return self._save(plan)

    def drop(self, plan_id: str, step_id: str) -> Plan:
        """Remove a step and the inputs that named it."""
        with self._turns.of(plan_id):
            plan = self.get(plan_id)
            plan.step(step_id)
            left = plan.without(step_id)
            steps = tuple(s.model_copy(update={"inputs": tuple(i for i in s.inputs if i.step != step_id)}) for s in left.steps)
            saved = self.save(_next(left, steps))
            self._runner.cancel(plan_id, step_id)  # what is no longer wanted is not made; a drop that is refused stops nothing
            return saved

    def change(self, plan_id: str, step_id: str, values: dict[str, JsonValue], *, title: str = "") -> Plan:
        """Change fields of one step's spec. Raises InputError naming the field that does not fit."""
        self.require_safe([("title", title), *placed(values)])
        with self._turns.of(plan_id):
            plan = self.get(plan_id)
            step = plan.step(step_id)
            changed = step.model_copy(update={"spec": change_spec(step, values), "title": title.strip() or step.title})
            self._require_wish(plan, changed)
            return self.save(_next(plan, tuple(changed if s.id == step_id else s for s in plan.steps)))

    def add(self, plan_id: str, kind: StepKind, about: str, *, inputs: tuple[StepInput, ...] = ()) -> Plan:
        """Add a step of a kind that has a maker, about something."""
        if kind not in SPECS:
            raise PlanError("Nothing here can make {kind}.", hint="Choose one of the kinds in the list.", field="kind", kind=kind)
        self.require_safe([("about", about)])
        if not about.strip():
            raise InputError("The new step says nothing.", hint="Say what it is about.", field="about")
        with self._turns.of(plan_id):
            plan = self.get(plan_id)
            values: dict[str, JsonValue] = {"kind": kind.value, "about": about.strip()}
            if "language" in SPECS[kind].model_fields:
                values["language"] = plan.language
            title = about.strip()[:80] or kind.value
            inputs = inputs or source_named(plan, kind, about) or mix_inputs(plan, kind)
            try:
                step = Step.model_validate({"id": plan.next_id(kind), "title": title, "spec": values, "inputs": inputs})
            except ValidationError as error:
                raise bad_spec("new step", error) from error
            self._require_wish(plan, step)
            return self.save(_next(plan, (*plan.steps, step)))

    def copy(self, plan_id: str, step_id: str, values: dict[str, JsonValue]) -> Step:
        """A new step like this one, with some fields changed; nothing is made yet. Raises InputError naming the field, PlanError."""
        self.require_safe(placed(values))
        with self._turns.of(plan_id):
            plan = self.get(plan_id)
            step = plan.step(step_id)
            update = {"id": plan.next_id(step.kind), "spec": change_spec(step, values), "title": numbered(step.title, plan)}
            copied = step.model_copy(update=update)
            self._require_wish(plan, copied)
            self.save(_next(plan, (*plan.steps, copied)))
            return copied

    def extend(self, plan_id: str, draw: Callable[[Plan], tuple[Step, ...]]) -> Plan:
        """Add the steps that `draw` makes for the plan as it is now, all or none. Raises what draw raises, ContentRefused, PlanError."""
        with self._turns.of(plan_id):
            plan = self.get(plan_id)
            steps = draw(plan)
            for step in steps:
                self.require_safe(placed(step.spec.model_dump(mode="json")))
                self._require_wish(plan, step)
            return self.save(_next(plan, (*plan.steps, *steps)))

    def require_safe(self, texts: Iterable[tuple[str, str]]) -> None:
        """Refuse an unsafe wish at the field that makes it; texts that are unsafe only together at none. texts: field and words."""
        told = list(texts)
        try:
            self._refuse_unsafe(". ".join(text for _, text in told))
        except ContentRefused as error:
            field = next((field for field, text in told if self._unsafe(text)), "")
            raise ContentRefused(error.message_id, reason=error.reason, hint=error.hint_id, field=field, given=error.values) from error

    def _unsafe(self, text: str) -> bool:
        try:
            self._refuse_unsafe(text)
        except ContentRefused:
            return True
        return False

    def _require_wish(self, plan: Plan, step: Step) -> None:
        """Refuse at the field what could only fail later: a contradiction, a brand, a colour that is none."""
        self._require(step, self._library.project(plan.project_id).brand)
        require_cues(step)
        if step.kind in OF_PICTURES:
            require_source(step, self._library.brief(plan.brief_id))

    def fault(self, plan: Plan, step: Step) -> InputError | None:
        """Why this step could only fail as it stands, with the way out; None where nothing is known against it."""
        try:
            self._require_wish(plan, step)
        except InputError as error:
            return error
        return None

    def require(self, plan: Plan, step: Step, field: str) -> None:
        """Raises what is known against a step (`fault`) as an error at this field."""
        if fault := self.fault(plan, step):
            raise InputError(fault.message_id, hint=fault.hint_id, field=field, given=fault.values)

    def remarks(self, plan: Plan, step: Step) -> tuple[Finding, ...]:
        """What a person should know of this step before it is made: limits that contradict each other, people reduced to a group."""
        return self._remarks(step, self._library.project(plan.project_id).brand)

    def _require_note(self, plan: Plan, step: Step, note: str) -> None:
        """A note on a picture may ask for no more than its words may: no brands, no real people."""
        if not note.strip() or not isinstance(step.spec, PictureSpec):
            return
        wish = step.model_copy(update={"spec": step.spec.model_copy(update={"about": note, "scene": None})})
        try:
            self._require_wish(plan, wish)
        except InputError as error:
            error.field = "note"
            raise

    # Cost and running

    def estimate(self, plan: Plan, only: Collection[str] | None = None) -> PlanEstimate:
        """What these steps (None: all) would cost here and now."""
        return self._quotes.estimate(plan, only)

    def approve(self, plan_id: str, *, person: str = "") -> tuple[Job, ...]:
        """Approve the newest version and make every step that is not made yet, or was changed since. Returns the queued jobs.

        Raises Conflict while it is being made, InputError when there is nothing to make, LimitError when it would exceed a budget.
        """
        with self._turns.of(plan_id), self._turns.of(f"spent by {person}"):
            plan = self.get(plan_id)
            plan.require(self._makers.capabilities())
            standing = self._takes.standing(plan_id)
            if standing.busy:
                raise Conflict("This plan is being made already.", hint="Wait for it, or cancel it first.")
            stale = self._stale(plan, standing)
            quoted = self._quoted(plan, stale, person)
            self._library.approve(plan.id, plan.version, person, self._now())
            return self._run(plan, [_next_take(plan, step, standing, person) for step in plan.order() if step.id in stale], quoted)

    def approved(self, plan_id: str) -> bool:
        return self._library.approval(plan_id) is not None

    def redo(
        self, plan_id: str, step_id: str, *, note: str = "", values: dict[str, JsonValue] | None = None, person: str = ""
    ) -> tuple[Job, ...]:
        """A new take of one step, with a changed spec or a note ("warmer"), and of what depends on it and was made before."""
        plan = self.get(plan_id)
        wanted = self._require_remakable(plan, {step_id: note}, self._takes.standing(plan_id))
        if values:
            step = plan.step(step_id)
            changed = step.model_copy(update={"spec": change_spec(step, values)})
            meant = plan.model_copy(update={"steps": tuple(changed if s.id == step_id else s for s in plan.steps)})
            self._quoted(meant, {s.id for s in wanted}, person)  # a budget that would not bear it leaves the step as it is
            self.change(plan_id, step_id, values)
        return self.remake(plan_id, {step_id: note}, person=person)

    def remake(self, plan_id: str, notes: Mapping[str, str], *, person: str = "") -> tuple[Job, ...]:
        """New takes of some steps, each with its note, and of what depends on them and was made before.

        Raises Conflict while one of them is being made, PlanError when an input of one was never made.
        """
        with self._turns.of(plan_id), self._turns.of(f"spent by {person}"):
            plan = self.get(plan_id)
            standing = self._takes.standing(plan_id)
            steps = self._require_remakable(plan, notes, standing)
            quoted = self._quoted(plan, {step.id for step in steps}, person)
            takes = [_next_take(plan, step, standing, person, note=notes.get(step.id, "")) for step in steps]
            # Somebody looks at one item and waits for it; a large remake is work like any other.
            return self._run(plan, takes, quoted, Priority.INTERACTIVE if len(takes) <= INTERACTIVE_TAKES else Priority.NORMAL)

    @contextmanager
    def by_hand(self, plan_id: str, step_id: str, person: str) -> Iterator[Take]:
        """The next take of a step for what a person made of it; no other take is queued meanwhile. Raises Conflict while one is made."""
        with self._turns.of(plan_id):
            plan, standing = self.get(plan_id), self._takes.standing(plan_id)
            if step_id in standing.busy:
                raise Conflict("{step_id} is being made now.", hint="Wait for it, or cancel it first.", step_id=step_id)
            yield _next_take(plan, plan.step(step_id), standing, person)

    def _require_remakable(self, plan: Plan, notes: Mapping[str, str], standing: Standing) -> list[Step]:
        """The steps to make again, in order, when nothing stands against it. Changes nothing."""
        self.require_safe(("note", note) for note in notes.values())
        wanted = _with_dependents(plan, notes, standing)
        busy = wanted & standing.busy
        if busy:
            raise Conflict("{known} is being made now.", hint="Wait for it, or cancel it first.", known=", ".join(sorted(busy)))
        steps = [step for step in plan.order() if step.id in wanted]
        for step in steps:
            missing = [i.step for i in step.inputs if i.step not in wanted and i.step not in standing.assets]
            if missing:
                raise PlanError(
                    "{step} needs {missing}, which is not made yet.",
                    hint="Approve the plan first.",
                    field=step.id,
                    step=step.id,
                    missing=missing,
                )
            self._require_note(plan, step, notes.get(step.id, ""))
        if self._library.approval(plan.id) is None:
            raise PlanError("This plan is not approved yet.", hint="Approve it first.", field="plan")
        return steps

    def cancel(self, plan_id: str, step_id: str = "") -> int:
        """Stop one step or the whole plan; returns how many jobs were stopped."""
        return self._runner.cancel(plan_id, step_id)

    def jobs(self, plan_id: str) -> tuple[Job, ...]:
        """The newest take of each step."""
        return tuple(self._library.latest_jobs(plan_id).values())

    def watch(self, plan_id: str, *, every: float = 0.2, patient: bool = True) -> Iterator[tuple[Job, ...]]:
        """The jobs of a plan again and again until all have ended; the last ones yielded have.

        patient: wait for work that is put off because of a full disk or a database that is away; else it is given up after a while.
        Raises StorageError when a run broke and not even that can be written.
        """
        since, seen = time.monotonic(), ""
        while True:
            jobs = self.jobs(plan_id)
            yield jobs
            if all(job.state.ended for job in jobs):
                return
            now = repr(jobs)
            put_off = not patient and self._runner.put_off
            if now != seen or not (self._runner.idle or put_off):
                since, seen = time.monotonic(), now
            elif time.monotonic() - since > STANDSTILL_SECONDS:
                self._runner.give_up(plan_id)
            time.sleep(every)

    def result(self, plan_id: str, step_id: str) -> Asset | None:
        return self._takes.latest_asset(plan_id, step_id)

    def stale(self, plan: Plan) -> set[str]:
        """Steps never made, not made by their newest take, made from another spec or another input than now, or fed by one of those."""
        return self._stale(plan, self._takes.standing(plan.id))

    def _stale(self, plan: Plan, standing: Standing) -> set[str]:
        newest = standing.assets
        stale: set[str] = set()
        for step in plan.order():
            asset, job = newest.get(step.id), standing.jobs.get(step.id)
            if asset is None or (job is not None and job.take != asset.take):
                stale.add(step.id)
                continue
            changed = self._takes.get(plan.id, step.id, asset.take).step != step
            fed = [newest.get(i.step) for i in step.inputs]
            if changed or any(i.step in stale for i in step.inputs) or any(a is None or a.id not in asset.parents for a in fed):
                stale.add(step.id)
        return stale

    def _quoted(self, plan: Plan, step_ids: Collection[str], person: str) -> PlanEstimate:
        """What making these steps would cost. Raises LimitError when that exceeds a budget."""
        quoted = self._quotes.estimate(plan, step_ids)
        self._budgets.require(plan, quoted, person)
        return quoted

    def _run(self, plan: Plan, takes: Iterable[Take], quoted: PlanEstimate, priority: Priority = Priority.NORMAL) -> tuple[Job, ...]:
        listed = tuple(takes)
        # The trace of the brief goes on, however much later this is asked; the request that asked is linked.
        asked, brief = carry(), self._library.brief(plan.brief_id)
        with continued(brief.trace), span("studio.run", links=(asked,), plan=plan.id, takes=len(listed)):
            jobs = self._runner.run(plan, listed, priority=priority)
        keep_quote(self._library, plan, quoted, {take.step.id: take.take for take in listed})
        return jobs

    def _save(self, plan: Plan) -> Plan:
        self._library.save_plan(plan)
        self._library.add_event(plan.project_id, EventKind.PLAN, plan.id, {"version": plan.version})
        return plan


def _with_dependents(plan: Plan, step_ids: Iterable[str], standing: Standing) -> set[str]:
    """These steps and, of what depends on them, what was made before."""
    wanted: set[str] = set()
    for step_id in step_ids:
        plan.step(step_id)
        wanted |= {step_id, *(s for s in plan.dependents(step_id) if s in standing.assets)}
    return wanted


def _next_take(plan: Plan, step: Step, standing: Standing, person: str, *, note: str = "") -> Take:
    job, previous = standing.jobs.get(step.id), standing.assets.get(step.id)
    return Take(
        plan_id=plan.id,
        step=step,
        take=job.take + 1 if job is not None else 0,
        note=note,
        previous=previous.id if previous is not None else "",
        person=person,
    )


def _next(plan: Plan, steps: tuple[Step, ...]) -> Plan:
    return plan.model_copy(update={"steps": steps, "version": plan.version + 1})


def new_plan(brief: Brief, title: str, steps: tuple[Step, ...], language: str = "en") -> Plan:
    """A plan that no model wrote: its steps are known."""
    seed = secrets.randbelow(2**31)
    return Plan(id=new_id(), project_id=brief.project_id, brief_id=brief.id, title=title, language=language, seed=seed, steps=steps)


def new_id() -> str:
    return secrets.token_urlsafe(9)
