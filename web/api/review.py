"""Review as JSON: states, comments, assignment, what waits for a person, where an asset comes from, making it again, preference pairs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from agents.checklists import Checklists, Point
from domain.comment import COMMENT_MAX, Anchor, Comment
from domain.errors import NotFound
from domain.people import Caller
from domain.review import NOTE_MAX, ReviewState
from domain.value import Value
from studio.comments import Thread
from studio.estimate import PlanEstimate
from studio.preferences import Medium
from studio.reviews import BATCH_MAX, ReviewShown
from studio.studio import Studio
from web.bodies import JsonRoute
from web.errors import words_of

Revision = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Move(Value):
    """seen: the revision that was shown. redo: start a new take with the note, where changes are asked for."""

    to: ReviewState
    seen: Revision
    note: str = Field(default="", max_length=NOTE_MAX)
    redo: bool = False


class Moves(Value):
    asset_ids: tuple[str, ...] = Field(min_length=1, max_length=BATCH_MAX)
    to: ReviewState
    note: str = Field(default="", max_length=NOTE_MAX)


class Assignment(Value):
    """assignee "": whoever comes first."""

    assignee: str = Field(default="", max_length=120)
    due: date | None = None
    seen: Revision


class Tick(Value):
    done: bool
    seen: Revision


class Deletion(Value):
    """seen: the revision of the review that was shown. dependents: with all that was made from it."""

    seen: Revision
    dependents: bool = False


class Saying(Value):
    """A comment. thread: the one it answers, "" to start one; only those have a place."""

    text: str = Field(min_length=1, max_length=COMMENT_MAX)
    anchor: Anchor | None = None
    thread: str = Field(default="", max_length=64)


class Resolving(Value):
    resolved: bool


class Rerun(Value):
    note: str = Field(default="", max_length=NOTE_MAX)


class Consent(Value):
    agreed: bool


def review_router(studio: Studio, checklists: Checklists) -> APIRouter:
    whole = APIRouter()
    for router in (_states_router(studio, checklists), _comments_router(studio), _family_router(studio), _preferences_router(studio)):
        whole.include_router(router)
    return whole


def _states_router(studio: Studio, checklists: Checklists) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    def points(asset_id: str) -> tuple[Point, ...]:
        asset = studio.shelf.asset(asset_id)
        return checklists.of(asset.recipe.kind, studio.reviews.channel(asset))

    def shown_of(shown: ReviewShown) -> dict[str, Any]:
        ticked = shown.record.ticked
        listed = [{"id": one.id, "en": one.en, "zh": one.zh, "by": ticked.get(one.id, "")} for one in points(shown.record.asset_id)]
        return {
            **record_of(shown.record),
            "moves": [state.value for state in shown.moves],
            "since": [change.model_dump(mode="json") for change in shown.changed],
            "checklist": listed,
        }

    @router.get("/me/reviews")
    def waiting(request: Request) -> list[dict[str, Any]]:
        """What waits for the review of whoever asks, over all projects they may see."""
        caller = caller_of(request)
        names = {project.id: project.name for project in studio.rights.visible(caller, studio.projects.all())}
        found = studio.reviews.waiting(caller, names)
        return [
            {
                "id": asset.id,
                "title": asset.title,
                "kind": asset.recipe.kind.value,
                "version": asset.version,
                "media_type": asset.main.media_type,
                "project": record.project_id,
                "project_name": names[record.project_id],
                **record_of(record),
            }
            for record, asset in found
        ]

    @router.get("/assets/{asset_id}/review")
    def review(asset_id: str, request: Request) -> dict[str, Any]:
        return shown_of(studio.reviews.shown(asset_id, caller_of(request)))

    @router.post("/assets/{asset_id}/review/state")
    def move(asset_id: str, wish: Move, request: Request) -> dict[str, Any]:
        caller = caller_of(request)
        record = studio.reviews.move(asset_id, wish.to, caller, seen=wish.seen, note=wish.note)
        told = shown_of(studio.reviews.shown(asset_id, caller))
        if wish.redo and wish.to is ReviewState.CHANGES_REQUESTED:
            redone = studio.reviews.redo(record, caller.person)
            told["redo"] = {"steps": list(redone.steps), "error": " ".join(said.told(words_of(request)) for said in redone.error)}
        return told

    @router.put("/assets/{asset_id}/review/assignment")
    def assign(asset_id: str, wish: Assignment, request: Request) -> dict[str, Any]:
        caller = caller_of(request)
        studio.reviews.assign(asset_id, wish.assignee, wish.due, caller, seen=wish.seen)
        return shown_of(studio.reviews.shown(asset_id, caller))

    @router.put("/assets/{asset_id}/review/checklist/{point}")
    def tick(asset_id: str, point: str, wish: Tick, request: Request) -> dict[str, Any]:
        if point not in {one.id for one in points(asset_id)}:
            raise NotFound("There is no point {point} on this checklist.", hint="Reload the page.", field="point", point=repr(point[:80]))
        caller = caller_of(request)
        studio.reviews.tick(asset_id, point, caller, done=wish.done, seen=wish.seen)
        return shown_of(studio.reviews.shown(asset_id, caller))

    @router.post("/projects/{project_id}/reviews")
    def move_many(project_id: str, wish: Moves, request: Request) -> list[dict[str, Any]]:
        """Many at once; each is told apart, and what cannot be moved stops none of the others."""
        studio.projects.get(project_id)
        done = studio.reviews.move_many(wish.asset_ids, wish.to, caller_of(request), note=wish.note)
        table = words_of(request)
        return [
            {
                "id": one.asset_id,
                "state": one.record.state.value if one.record is not None else "",
                "error": " ".join(said.told(table) for said in one.error),
            }
            for one in done
        ]

    @router.delete("/assets/{asset_id}")
    def delete(asset_id: str, wish: Deletion, request: Request) -> dict[str, Any]:
        """Into the trash."""
        gone = studio.reviews.delete(asset_id, caller_of(request).person, seen=wish.seen, dependents=wish.dependents)
        return {"deleted": True, "count": len(gone)}

    return router


def _comments_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api/assets/{asset_id}/comments", route_class=JsonRoute)

    @router.get("")
    def threads(asset_id: str) -> list[dict[str, Any]]:
        return [thread_of(thread) for thread in studio.comments.threads(asset_id)]

    @router.post("")
    def say(asset_id: str, given: Saying, request: Request) -> dict[str, Any]:
        person = caller_of(request).person
        return comment_of(studio.comments.say(asset_id, given.text, person=person, anchor=given.anchor, thread=given.thread))

    @router.put("/{comment_id}")
    def resolve(asset_id: str, comment_id: str, given: Resolving, request: Request) -> dict[str, Any]:
        return comment_of(studio.comments.resolve(asset_id, comment_id, caller_of(request).person, resolved=given.resolved))

    return router


def _family_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api/assets/{asset_id}", route_class=JsonRoute)

    @router.get("/family")
    def family(asset_id: str) -> dict[str, Any]:
        return studio.lineage.of(asset_id).model_dump(mode="json")

    @router.get("/comparison")
    def comparison(asset_id: str, before: str) -> list[dict[str, Any]]:
        """The words of both, word by word."""
        return [change.model_dump(mode="json") for change in studio.lineage.compare(asset_id, before)]

    @router.get("/rerun")
    def rerun(asset_id: str) -> dict[str, Any]:
        """What making it again would make, and what that would cost. Changes nothing."""
        found = studio.lineage.rerun(asset_id)
        return {"plan": found.plan_id, "steps": list(found.steps), "titles": list(found.titles), "cost": cost_of(found.cost)}

    @router.post("/rerun")
    def run_again(asset_id: str, wish: Rerun, request: Request) -> dict[str, Any]:
        jobs = studio.lineage.run_again(asset_id, person=caller_of(request).person, note=wish.note)
        return {"queued": [job.step_id for job in jobs]}

    return router


def _preferences_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api/projects/{project_id}", route_class=JsonRoute)

    @router.get("/preferences")
    def statistics(project_id: str) -> dict[str, Any]:
        return studio.preferences.statistics(project_id).model_dump(mode="json")

    @router.put("/preferences")
    def consent(project_id: str, wish: Consent, request: Request) -> dict[str, Any]:
        """Keep pairs from now on, or keep none and delete those there are."""
        studio.projects.keep_preferences(project_id, agreed=wish.agreed)
        studio.people.audit(caller_of(request).person, "preferences_kept" if wish.agreed else "preferences_deleted", "", project_id)
        return studio.preferences.statistics(project_id).model_dump(mode="json")

    @router.get("/preferences.jsonl")
    def export(project_id: str, medium: Annotated[Medium, Query()] = "text") -> StreamingResponse:
        lines = studio.preferences.lines(studio.projects.get(project_id).id, medium)
        headers = {"content-disposition": f'attachment; filename="preferences-{medium}.jsonl"', "cache-control": "no-store"}
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)

    return router


def caller_of(request: Request) -> Caller:
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


def record_of(record: Value) -> dict[str, Any]:
    kept = {"state", "revision", "person", "note", "changed", "assignee", "due"}
    return record.model_dump(mode="json", include=kept)


def thread_of(thread: Thread) -> dict[str, Any]:
    return {**comment_of(thread.start), "answers": [comment_of(answer) for answer in thread.answers]}


def comment_of(comment: Comment) -> dict[str, Any]:
    return comment.model_dump(mode="json", exclude={"asset_id"})


def cost_of(cost: PlanEstimate) -> dict[str, Any]:
    """Seconds from the first start to the last end, its fastest and slowest tenth; unknown: steps that were never measured here."""
    return cost.model_dump(mode="json", include={"makespan", "low", "p90", "unknown", "joules"})
