"""The plan board as JSON: plan, cost, jobs and results of a project, and every action on them. Used by the Create page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from domain.asset import Asset
from domain.capability import StepKind
from domain.job import Job
from domain.plan import Plan, Step
from domain.review import Verdict
from domain.specs import SPECS
from domain.value import JsonValue, Value
from library.library import AssetQuery
from studio.estimate import PlanEstimate
from studio.studio import Studio


class StepChange(Value):
    values: dict[str, JsonValue] = {}
    title: str = Field(default="", max_length=200)


class NewStep(Value):
    kind: StepKind
    about: str = Field(min_length=1, max_length=2000)


class Redo(Value):
    note: str = Field(default="", max_length=2000)
    values: dict[str, JsonValue] = {}


class ReviewChange(Value):
    verdict: Verdict
    note: str = Field(default="", max_length=2000)


def board_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api")

    def person(request: Request) -> str:
        return str(request.state.person)

    @router.get("/projects/{project_id}/board")
    def board(project_id: str) -> dict[str, Any]:
        return board_of(studio, project_id)

    @router.get("/projects/{project_id}/events")
    def events(project_id: str, after: int = 0) -> list[dict[str, Any]]:
        return [event.model_dump(mode="json") for event in studio.events(project_id, after)]

    @router.post("/plans/{plan_id}/approve")
    def approve(plan_id: str, request: Request) -> dict[str, Any]:
        jobs = studio.plans.approve(plan_id, person=person(request))
        return {"queued": [job.step_id for job in jobs]}

    @router.post("/plans/{plan_id}/cancel")
    def cancel(plan_id: str, step: str = "") -> dict[str, Any]:
        return {"stopped": studio.plans.cancel(plan_id, step)}

    @router.post("/plans/{plan_id}/steps")
    def add(plan_id: str, new: NewStep) -> dict[str, Any]:
        return {"version": studio.plans.add(plan_id, new.kind, new.about).version}

    @router.patch("/plans/{plan_id}/steps/{step_id}")
    def change(plan_id: str, step_id: str, changed: StepChange) -> dict[str, Any]:
        return {"version": studio.plans.change(plan_id, step_id, changed.values, title=changed.title).version}

    @router.delete("/plans/{plan_id}/steps/{step_id}")
    def drop(plan_id: str, step_id: str) -> dict[str, Any]:
        return {"version": studio.plans.drop(plan_id, step_id).version}

    @router.post("/plans/{plan_id}/steps/{step_id}/redo")
    def redo(plan_id: str, step_id: str, wanted: Redo, request: Request) -> dict[str, Any]:
        jobs = studio.plans.redo(plan_id, step_id, note=wanted.note, values=wanted.values, person=person(request))
        return {"queued": [job.step_id for job in jobs]}

    @router.get("/assets/{asset_id}")
    def asset(asset_id: str) -> dict[str, Any]:
        found = studio.shelf.asset(asset_id)
        return asset_of(found, studio.shelf.verdicts([asset_id]).get(asset_id))

    @router.post("/assets/{asset_id}/review")
    def review(asset_id: str, given: ReviewChange, request: Request) -> dict[str, Any]:
        done = studio.shelf.review(asset_id, given.verdict, note=given.note, person=person(request))
        return done.model_dump(mode="json")

    return router


def board_of(studio: Studio, project_id: str) -> dict[str, Any]:
    """Everything the board shows, in one answer. plan is None before the first proposal."""
    plan = studio.plans.current(project_id)
    last = studio.last_event(project_id)
    if plan is None:
        return {"project": project_id, "plan": None, "steps": [], "event": last}
    jobs = {job.step_id: job for job in studio.plans.jobs(plan.id)}
    versions: dict[str, list[Asset]] = {step.id: [] for step in plan.steps}
    for asset in studio.shelf.assets(AssetQuery(plan_id=plan.id, limit=1000)):
        versions.setdefault(asset.step_id, []).append(asset)  # newest first
    verdicts = studio.shelf.verdicts([a.id for row in versions.values() for a in row])
    quote = studio.plans.estimate(plan)
    return {
        "project": project_id,
        "event": last,
        "kinds": sorted({c.kind.value for c in studio.capabilities()}),
        "plan": _plan(plan, quote, approved=studio.plans.approved(plan.id)),
        "steps": [_step(s, quote, jobs.get(s.id), versions[s.id], verdicts) for s in plan.steps],
    }


def _plan(plan: Plan, quote: PlanEstimate, *, approved: bool) -> dict[str, Any]:
    return {
        "id": plan.id,
        "title": plan.title,
        "language": plan.language,
        "recipe": plan.recipe,
        "version": plan.version,
        "approved": approved,
        "seconds": quote.seconds,
        "unknown": quote.unknown,
        "unavailable": [u.model_dump() for u in plan.unavailable],
        "notes": list(plan.notes),
    }


def _step(step: Step, quote: PlanEstimate, job: Job | None, made: list[Asset], verdicts: dict[str, Verdict]) -> dict[str, Any]:
    cost = quote.of(step.id)
    asset = made[0] if made else None
    return {
        "id": step.id,
        "kind": step.kind.value,
        "title": step.title,
        "spec": step.spec.model_dump(mode="json"),
        "schema": SPECS[step.kind].model_json_schema()["properties"],
        "inputs": [i.model_dump() for i in step.inputs],
        "seconds": cost.seconds,
        "runs": cost.runs,
        "job": None if job is None else job.model_dump(mode="json", include={"state", "progress", "note", "error", "error_code", "take"}),
        "asset": None if asset is None else asset_of(asset, verdicts.get(asset.id)),
        "versions": [{"id": a.id, "take": a.take, "verdict": verdicts[a.id].value if a.id in verdicts else ""} for a in made],
    }


def asset_of(asset: Asset, verdict: Verdict | None) -> dict[str, Any]:
    return {
        "id": asset.id,
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
        "verdict": verdict.value if verdict is not None else "",
        "created": asset.created.isoformat(),
        "person": asset.person,
    }
