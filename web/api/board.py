"""The plan board of the Create page as JSON: plan, cost, jobs and results of a project, and every action on them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, ValidationError

from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import LimitError, NotFound
from domain.job import Job
from domain.plan import Plan, Step
from domain.review import ReviewRecord, ReviewState, Verdict
from domain.scene import Camera, Scene, Subject
from domain.specs import SPECS, PictureSpec
from domain.value import JsonValue, Value
from library.library import AssetQuery
from studio.budget import Budget, Budgets
from studio.drawings import drawing_of, size_of
from studio.estimate import PlanEstimate, StepEstimate
from studio.quotes import Correction, corrected, quote_of
from studio.scores import pack_score_of, told
from studio.studio import Studio
from studio.takes import Takes
from web.bodies import JsonRoute
from web.errors import words_of

#: Numbers of rows and events go up to here.
ROWS_MAX = 2**31 - 1


def _choices(model: type[Value], *names: str) -> dict[str, list[str]]:
    """What each field of a value may be, by its JSON schema."""
    schema = model.model_json_schema()

    def listed(field: dict[str, Any]) -> list[str]:
        found = schema["$defs"][field["$ref"].rpartition("/")[2]] if "$ref" in field else field
        return [str(option) for option in found["enum"]]

    return {name: listed(schema["properties"][name]) for name in names}


#: What a person can choose in the fields of a scene.
SCENE_OPTIONS = {
    **_choices(Scene, "setting", "time", "weather", "margin", "form", "composition", "arrangement", "frame", "texture"),
    **_choices(Camera, "angle", "distance"),
    **_choices(Subject, "size"),
}


@functools.cache
def _schema(kind: StepKind) -> dict[str, Any]:
    """The fields of a kind of step; making it costs as much as all else of a card."""
    fields: dict[str, Any] = SPECS[kind].model_json_schema()["properties"]
    return fields


class StepChange(Value):
    values: dict[str, JsonValue] = {}
    title: str = Field(default="", max_length=200)


class StepCopy(Value):
    values: dict[str, JsonValue] = {}


class NewStep(Value):
    kind: StepKind
    about: str = Field(min_length=1, max_length=2000)


class Redo(Value):
    note: str = Field(default="", max_length=2000)
    values: dict[str, JsonValue] = {}


def _now() -> datetime:
    return datetime.now(UTC)


def board_router(studio: Studio, now: Callable[[], datetime] = _now) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)
    budgets = Budgets(studio.library, now)

    def person(request: Request) -> str:
        return str(request.state.person)

    @router.get("/projects/{project_id}/board")
    def board(project_id: str, request: Request, plan: str = "") -> dict[str, Any]:
        return board_of(studio, project_id, plan, budgets, person(request), words_of(request))

    @router.get("/budget")
    def budget(request: Request) -> dict[str, float]:
        return {**budgets.get().model_dump(), "today": budgets.made_today(person(request))}

    @router.put("/budget")
    def set_budget(wanted: Budget) -> dict[str, bool]:
        budgets.set(wanted)
        return {"saved": True}

    @router.get("/projects/{project_id}/events")
    def events(project_id: str, after: Annotated[int, Query(ge=0, le=ROWS_MAX)] = 0) -> list[dict[str, Any]]:
        return [event.model_dump(mode="json") for event in studio.events(project_id, after)]

    @router.post("/plans/{plan_id}/approve")
    def approve(plan_id: str, request: Request) -> dict[str, Any]:
        jobs = studio.plans.approve(plan_id, person=person(request))
        return {"queued": [job.step_id for job in jobs]}

    @router.post("/plans/{plan_id}/cancel")
    def cancel(plan_id: str, step: str = "") -> dict[str, Any]:
        plan = studio.plans.get(plan_id)
        if step:
            plan.step(step)
        return {"stopped": studio.plans.cancel(plan_id, step)}

    @router.post("/plans/{plan_id}/steps")
    def add(plan_id: str, new: NewStep) -> dict[str, Any]:
        return {"version": studio.plans.add(plan_id, new.kind, new.about).version}

    @router.patch("/plans/{plan_id}/steps/{step_id}")
    def change(plan_id: str, step_id: str, changed: StepChange) -> dict[str, Any]:
        return {"version": studio.plans.change(plan_id, step_id, changed.values, title=changed.title).version}

    @router.get("/plans/{plan_id}/steps/{step_id}/preview")
    def preview(plan_id: str, step_id: str) -> Response:
        """How the step's running take looks so far: a small WebP, nothing (204) where there is none. Whoever asks is looking."""
        studio.plans.get(plan_id)
        picture = studio.runner.previews.look(plan_id, step_id)
        headers = {"cache-control": "no-store"}
        return (
            Response(status_code=204, headers=headers) if picture is None else Response(picture, media_type="image/webp", headers=headers)
        )

    @router.post("/plans/{plan_id}/steps/{step_id}/copy")
    def copy(plan_id: str, step_id: str, changed: StepCopy) -> dict[str, Any]:
        """A new step like this one, not made yet: the same figures in another scene."""
        return {"step": studio.plans.copy(plan_id, step_id, changed.values).id}

    @router.delete("/plans/{plan_id}/steps/{step_id}")
    def drop(plan_id: str, step_id: str) -> dict[str, Any]:
        return {"version": studio.plans.drop(plan_id, step_id).version}

    @router.post("/plans/{plan_id}/steps/{step_id}/redo")
    def redo(plan_id: str, step_id: str, wanted: Redo, request: Request) -> dict[str, Any]:
        jobs = studio.plans.redo(plan_id, step_id, note=wanted.note, values=wanted.values, person=person(request))
        return {"queued": [job.step_id for job in jobs]}

    return router


def board_of(studio: Studio, project_id: str, plan_id: str, budgets: Budgets, person: str, words: Mapping[str, str]) -> dict[str, Any]:
    """Everything the board shows, in one answer. With plan_id "" the newest plan; plan is None before the first proposal.

    words: what errors say in the reader's language, by English template.
    Raises NotFound, also for a plan of another project.
    """
    project = studio.projects.get(project_id)
    # Read before the rest: what happens meanwhile is asked for again.
    last = studio.last_event(project.id)
    plans = studio.plans.all(project.id)
    plan = next((p for p in plans if p.id == plan_id), None) if plan_id else studio.plans.current(project.id)
    if plan_id and plan is None:
        raise NotFound("This project has no plan {plan_id}.", hint="Open the newest one.", field="plan", plan_id=repr(plan_id[:80]))
    if plan is None:
        return {"project": project.id, "event": last, "kinds": [], "voices": [], "plans": [], "plan": None, "steps": []}
    jobs = {job.step_id: job for job in studio.plans.jobs(plan.id)}
    versions: dict[str, list[Asset]] = {step.id: [] for step in plan.steps}
    for asset in studio.shelf.assets(AssetQuery(plan_id=plan.id, limit=1000)):
        versions.setdefault(asset.step_id, []).append(asset)  # newest first
    standings = standings_of(studio, project.id, [a for row in versions.values() for a in row])
    changed = _changed(studio, plan, versions)
    left = {step.id for step in plan.steps if not versions[step.id]} | changed
    estimate = studio.plans.estimate(plan, left or None)
    quote = quote_of(studio.library, plan.id)
    traces = {(a.step_id, a.take): a.trace for row in versions.values() for a in row}
    correction = None if quote is None else corrected(quote, jobs, traces)
    # While a run is under way its quote stands: what is measured meanwhile must not move it.
    running = quote is not None and any(not job.state.ended for job in jobs.values())
    cost = _cost(quote.estimate if quote is not None and running else estimate, correction)
    return {
        "project": project.id,
        "event": last,
        "kinds": sorted({c.kind.value for c in studio.capabilities()}),
        "voices": list(studio.voices()),
        "scene_options": {**SCENE_OPTIONS, "family": ["", *studio.families()]},
        "plans": [{"id": p.id, "title": p.title} for p in plans],
        "plan": _plan(plan, approved=studio.plans.approved(plan.id), changed=bool(changed))
        | cost
        | {"budget": _budget(budgets, plan, estimate, person, words), "score": _score(versions[s.id] for s in plan.steps)},
        "steps": [
            _step(s, jobs.get(s.id), versions[s.id], standings, words)
            | _step_cost(estimate.of(s.id), correction)
            | {"changed": s.id in changed, "fault": "" if versions[s.id] else _fault(studio, plan, s, words)}
            | {"remarks": [] if versions[s.id] else [f.model_dump(mode="json") for f in studio.plans.remarks(plan, s)]}
            for s in plan.steps
        ],
    }


def _changed(studio: Studio, plan: Plan, versions: dict[str, list[Asset]]) -> set[str]:
    """Steps whose newest result was made from another step than the plan has now."""
    takes = Takes(studio.library)
    made = [(step, versions[step.id][0]) for step in plan.steps if versions[step.id]]
    return {step.id for step, asset in made if takes.get(plan.id, step.id, asset.take).step != step}


def _cost(estimate: PlanEstimate, correction: Correction | None) -> dict[str, Any]:
    """What the plan would cost and, after a run that was made whole, what that took."""
    return {
        **estimate.model_dump(include={"seconds", "unknown", "makespan", "low", "p90", "load_seconds", "joules", "peak_bytes"}),
        "correction": None if correction is None else correction.model_dump(exclude={"steps"}),
    }


def _step_cost(row: StepEstimate, correction: Correction | None) -> dict[str, Any]:
    made = correction.of(row.step_id) if correction is not None else None
    return {
        **row.model_dump(include={"seconds", "low", "p90", "runs", "joules", "peak_bytes", "load_seconds"}),
        "quoted": None if made is None else made.quoted,
        "took": None if made is None else made.took,
    }


def _budget(budgets: Budgets, plan: Plan, estimate: PlanEstimate, person: str, words: Mapping[str, str]) -> dict[str, Any] | None:
    """The budget, what is used of it, and why this plan would be refused ("" where it would not); None without a budget."""
    budget = budgets.get()
    if budget.none:
        return None
    used, refusal = budgets.used(plan.id, person), ""
    try:
        budget.check(plan, estimate, person, used)
    except LimitError as error:
        refusal = error.told(words)
    return {**budget.model_dump(), "plan_used": used.plan, "person_used": used.person, "refusal": refusal}


def _score(steps: Iterable[list[Asset]]) -> dict[str, Any] | None:
    """The score of what stands at the plan's steps now, and of each text by the id of its asset; None where no text was judged."""
    scored = pack_score_of(made[0] for made in steps if made)
    return None if scored is None else told(scored)


def _plan(plan: Plan, *, approved: bool, changed: bool) -> dict[str, Any]:
    return {
        "id": plan.id,
        "title": plan.title,
        "language": plan.language,
        "recipe": plan.recipe,
        "version": plan.version,
        "approved": approved,
        "changed": changed,
        "unavailable": [u.model_dump() for u in plan.unavailable],
        "notes": list(plan.notes),
    }


def _fault(studio: Studio, plan: Plan, step: Step, words: Mapping[str, str]) -> str:
    fault = studio.plans.fault(plan, step)
    return "" if fault is None else fault.told(words)


def _step(step: Step, job: Job | None, made: list[Asset], standings: Mapping[str, Standing], words: Mapping[str, str]) -> dict[str, Any]:
    asset = made[0] if made else None
    return {
        "id": step.id,
        "kind": step.kind.value,
        "title": step.title,
        "spec": step.spec.model_dump(mode="json"),
        "schema": _schema(step.kind),
        "inputs": [i.model_dump() for i in step.inputs],
        "scene": _scene(step, asset),
        "job": None if job is None else _job(job, words),
        "asset": None if asset is None else asset_of(asset, standings[asset.id]),
        "versions": [{"id": a.id, "take": a.take, "verdict": standings[a.id].verdict or ""} for a in made],
    }


def _job(job: Job, words: Mapping[str, str]) -> dict[str, Any]:
    told = job.model_dump(mode="json", include={"state", "progress", "note", "error_code", "take"})
    return {**told, "error": job.error_told(words)}


def _scene(step: Step, asset: Asset | None) -> dict[str, Any] | None:
    """The scene a picture is drawn from: the one a person edited, else the one its newest version was made from."""
    if not isinstance(step.spec, PictureSpec):
        return None
    drawn = asset.recipe.parameters.get("scene") if asset is not None else None
    try:
        scene = step.spec.scene or (Scene.model_validate(drawn) if drawn else None)
    except ValidationError:
        return None  # of a time when scenes had other fields: it is shown by its picture only
    return None if scene is None else scene.model_dump(mode="json")


class Standing(NamedTuple):
    """What people decided of an asset. record None: nobody reviewed it, it is a draft. held: how the case stands that keeps it in the
    studio, "" for none."""

    verdict: Verdict | None = None
    record: ReviewRecord | None = None
    held: str = ""


def standings_of(studio: Studio, project_id: str, assets: Sequence[Asset]) -> dict[str, Standing]:
    """By id, of assets of one project."""
    ids = [asset.id for asset in assets]
    verdicts, records = studio.shelf.verdicts(ids), studio.shelf.review_records(ids)
    closed = studio.moderation.gate.closed(project_id)
    return {asset.id: Standing(verdicts.get(asset.id), records.get(asset.id), closed.state(asset)) for asset in assets}


def standing_of(studio: Studio, asset: Asset) -> Standing:
    """Of one."""
    return standings_of(studio, asset.project_id, [asset])[asset.id]


def asset_of(asset: Asset, standing: Standing) -> dict[str, Any]:
    """revision: what a verdict on it says it saw."""
    record = standing.record
    return {
        "id": asset.id,
        "plan": asset.plan_id,
        "step": asset.step_id,
        "kind": asset.recipe.kind.value,
        "title": asset.title,
        "version": asset.version,
        "maker": asset.recipe.maker,
        "models": [m.id for m in asset.recipe.models],
        "seed": asset.recipe.seed,
        "prompt": asset.recipe.prompt,
        "text": asset.text,
        "facts": asset.facts,
        "findings": [f.model_dump(mode="json") for f in asset.findings],
        "credits": [c.model_dump(mode="json") for c in asset.credits],
        "files": [
            {"name": f.name, "media_type": f.media_type, "size": f.size, "url": f"files/{asset.id}/{n}"} for n, f in enumerate(asset.files)
        ],
        "drawing": None if drawing_of(asset) is None else dict(zip(("width", "height"), size_of(asset), strict=True)),
        "verdict": standing.verdict or "",
        "state": (record.state if record is not None else ReviewState.DRAFT).value,
        "revision": record.revision if record is not None else 0,
        "held": standing.held,
        "created": asset.created.isoformat(),
        "person": asset.person,
    }
