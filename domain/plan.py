"""A Plan is a typed, acyclic graph of Steps. Checking one is pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from pydantic import Field

from domain.capability import Capability, StepKind
from domain.errors import LimitError, NotFound, PlanError
from domain.finding import Finding, Severity
from domain.said import Said, Words, joined
from domain.specs import REQUIRED_ROLES, ROLES, Spec
from domain.value import Value

PLAN_MAX_STEPS = 60
#: A mix takes every line of a scene.
STEP_MAX_INPUTS = 40


class _Fault(Protocol):
    def __call__(self, rule: str, field: str, message: str, suggestion: str = "", **values: Words) -> None: ...


class StepInput(Value):
    """`step` names an earlier step; `role` says what it is for here ("copy", "picture", "text", "source", "reference")."""

    role: str
    step: str


class Step(Value):
    """id is unique in the plan and never reused ("picture-2")."""

    id: str = Field(pattern=r"^[a-z]+-[0-9]+$")
    title: str = Field(min_length=1, max_length=200)
    spec: Spec
    inputs: tuple[StepInput, ...] = Field(default=(), max_length=STEP_MAX_INPUTS)

    @property
    def kind(self) -> StepKind:
        return self.spec.kind


class Unavailable(Value):
    """Something the brief asked for that nothing here can make, and the nearest thing that can be made."""

    asked: str
    nearest: str = ""


class Plan(Value):
    """version rises with every edit; the id stays. seed is the root of every step's seed. retired: ids of dropped steps."""

    id: str
    project_id: str
    brief_id: str
    title: str = Field(min_length=1, max_length=200)
    language: str = "en"
    recipe: str = ""
    seed: int = 0
    version: int = 1
    steps: tuple[Step, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
    notes: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()

    def step(self, step_id: str) -> Step:
        for step in self.steps:
            if step.id == step_id:
                return step
        raise NotFound(
            "This plan has no step {step_id}.",
            hint="Its steps are {known}.",
            step_id=repr(step_id),
            known=", ".join(s.id for s in self.steps),
        )

    def order(self) -> tuple[Step, ...]:
        """Steps so that each comes after its inputs; ties keep the plan's order. Raises PlanError on a circle."""
        by_id = {step.id: step for step in self.steps}
        sorter = TopologicalSorter({s.id: [i.step for i in s.inputs if i.step in by_id] for s in self.steps})
        try:
            return tuple(by_id[step_id] for step_id in sorter.static_order())
        except CycleError as error:
            raise PlanError(
                "Steps wait for each other: {known}.", hint="Remove one of these inputs.", known=" -> ".join(error.args[1])
            ) from error

    def dependents(self, step_id: str) -> tuple[str, ...]:
        """Ids of all steps that need `step_id`, directly or not, in plan order."""
        wanted = {step_id}
        for step in self.order():
            if any(i.step in wanted for i in step.inputs):
                wanted.add(step.id)
        return tuple(s.id for s in self.steps if s.id in wanted and s.id != step_id)

    def next_id(self, kind: StepKind) -> str:
        """An id no step of this plan has or ever had: results are kept under it."""
        ids = [*(s.id for s in self.steps), *self.retired]
        numbers = [int(i.rsplit("-", 1)[1]) for i in ids if i.rsplit("-", 1)[0] == kind.value]
        return f"{kind.value}-{max(numbers, default=0) + 1}"

    def without(self, step_id: str) -> Plan:
        """This plan less one step; inputs that named it stay, so that the caller decides what becomes of them."""
        return self.model_copy(update={"steps": tuple(s for s in self.steps if s.id != step_id), "retired": (*self.retired, step_id)})

    def check(self, capabilities: Iterable[Capability]) -> tuple[Finding, ...]:
        """Everything that would stop this plan from running. Empty means it can run."""
        findings: list[Finding] = []

        def fault(rule: str, field: str, message: str, suggestion: str = "", **values: Words) -> None:
            findings.append(Finding.of(rule, Severity.ERROR, message, field, suggestion=suggestion, given=values))

        if not self.steps:
            fault("plan.empty", "steps", "The plan has no steps.", "Add at least one.")
        if len(self.steps) > PLAN_MAX_STEPS:
            told = "The plan has {count} steps; the limit is {limit}."
            fault("plan.size", "steps", told, "Split the brief in two.", count=len(self.steps), limit=PLAN_MAX_STEPS)
        seen: dict[str, Step] = {}
        for step in self.steps:
            if step.id in seen:
                fault("plan.duplicate", step.id, "Two steps are called {step}.", step=step.id)
            seen[step.id] = step
        for step in self.steps:
            _check_inputs(step, seen, fault)
        offered: dict[StepKind, list[Capability]] = {}
        for capability in capabilities:
            offered.setdefault(capability.kind, []).append(capability)
        for step in self.steps:
            _check_spec(step, offered.get(step.kind, []), fault)
        try:
            self.order()
        except PlanError as error:
            findings.append(
                Finding.of("plan.circle", Severity.ERROR, error.message_id, "steps", suggestion=error.hint_id, given=error.values)
            )
        return tuple(findings)

    def require(self, capabilities: Iterable[Capability]) -> None:
        """Raise PlanError (LimitError for its size) naming every fault, or return."""
        faults = self.check(capabilities)
        if not faults:
            return
        kind = LimitError if any(f.rule == "plan.size" for f in faults) else PlanError
        first = faults[0]
        raise kind("{faults}", hint=first.suggestion_id, field=first.field, given=first.values, faults=joined([f.said for f in faults]))


def _check_inputs(step: Step, seen: Mapping[str, Step], fault: _Fault) -> None:
    roles = ROLES.get(step.kind, {})
    for given in step.inputs:
        source = seen.get(given.step)
        if source is None:
            told = "{step} needs {given}, which is not in the plan."
            fault("plan.reference", step.id, told, "Add it or remove the input.", step=step.id, given=given.step)
        elif given.role not in roles:
            told = "{step} ({kind}) takes no input called {role}."
            fault("plan.role", step.id, told, step=step.id, kind=Said(message_id=step.kind), role=repr(given.role))
        elif source.kind not in roles[given.role]:
            told = "{step} cannot take {given} ({kind}) as its {role}."
            fault("plan.role", step.id, told, step=step.id, given=given.step, kind=Said(message_id=source.kind), role=given.role)
    for role in REQUIRED_ROLES.get(step.kind, frozenset()):
        if not any(given.role == role for given in step.inputs):
            fault("plan.role", step.id, "{step} needs an input in role {role}.", step=step.id, role=repr(role))


def _check_spec(step: Step, offered: list[Capability], fault: _Fault) -> None:
    if not offered:
        told = "Nothing here can make {kind} ({step})."
        fault("plan.kind", step.id, told, "Drop the step, or install a model for it.", kind=Said(message_id=step.kind), step=step.id)
        return
    language = getattr(step.spec, "language", "").split("-")[0]
    speaking = [c for c in offered if not c.languages or not language or language in c.languages]
    if not speaking:
        known = sorted({code for c in offered for code in c.languages})
        fault(
            "plan.language",
            f"{step.id}.language",
            "{step}: no {kind} maker knows the language {language}.",
            "Known here: {known}.",
            step=step.id,
            kind=Said(message_id=step.kind),
            language=repr(language),
            known=", ".join(known),
        )
        return
    for name in sorted({name for c in speaking for name in c.limits}):
        value = getattr(step.spec, name, None)
        limit = max(c.limits.get(name, float("inf")) for c in speaking)
        if isinstance(value, int | float) and value > limit:
            told, most = "{step}: {name} is {value}; the most here is {limit}.", f"{limit:g}"
            fault("plan.limit", f"{step.id}.{name}", told, "Use {limit} or less.", step=step.id, name=name, value=f"{value:g}", limit=most)
