"""The Library page as JSON: assets found by words, kind and verdict; one with its story; packs; the check of the store."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from domain.asset import Asset
from domain.capability import StepKind
from domain.drawing import DrawingFormat
from domain.progress import Progress
from domain.review import ReviewState, Verdict
from domain.value import JsonValue, Value
from library.library import AssetQuery
from studio.export import Selection
from studio.studio import Studio
from web.api.board import asset_of, standing_of, standings_of
from web.api.tasks import Tasks
from web.bodies import JsonRoute

PAGE_MAX = 200


class PackWish(Value):
    """A plan, a selection, or neither: then the whole project."""

    plan_id: str = ""
    asset_ids: tuple[str, ...] = Field(default=(), max_length=1000)


class DrawingWish(Value):
    """side: pixels of the longer side, 0 as it was made."""

    format: DrawingFormat
    side: int = Field(default=0, ge=0, le=2**31 - 1)


class ReviewChange(Value):
    """over: the id of the version that this one is preferred over; only with the verdict "prefer".

    seen: the revision that was shown; without it the verdict counts whatever was decided meanwhile.
    """

    verdict: Verdict
    over: str = Field(default="", max_length=64)
    note: str = Field(default="", max_length=2000)
    seen: int | None = Field(default=None, ge=0, le=2**31 - 1)


def shelf_router(studio: Studio, tasks: Tasks) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.get("/projects/{project_id}/assets")
    def assets(
        project_id: str,
        text: str = "",
        kind: StepKind | Literal[""] = "",
        verdict: Literal["", "approve", "reject", "open"] = "",
        state: ReviewState | Literal[""] = "",
        newest: bool = False,
        offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        limit: int = 24,
    ) -> dict[str, Any]:
        """verdict "open": nobody has given one yet. total counts all that match, not the page."""
        query = AssetQuery(
            project_id=studio.projects.get(project_id).id,
            text=text[:1000],
            kind=StepKind(kind) if kind else None,
            verdict=Verdict(verdict) if verdict in ("approve", "reject") else None,
            reviewed=False if verdict == "open" else None,
            state=ReviewState(state) if state else None,
            newest_only=newest,
            offset=offset,
            limit=min(max(1, limit), PAGE_MAX),
        )
        last = studio.last_event(project_id)
        found = studio.shelf.assets(query)
        standings = standings_of(studio, project_id, found)
        told = [asset_of(a, standings[a.id]) for a in found]
        return {"total": studio.shelf.count(query), "event": last, "assets": told}

    @router.get("/assets/{asset_id}")
    def asset(asset_id: str) -> dict[str, Any]:
        found = studio.shelf.asset(asset_id)
        return asset_of(found, standing_of(studio, found))

    @router.get("/assets/{asset_id}/story")
    def story(asset_id: str) -> dict[str, Any]:
        return story_of(studio, asset_id)

    @router.post("/assets/{asset_id}/review")
    def review(asset_id: str, given: ReviewChange, request: Request) -> dict[str, Any]:
        person = str(request.state.person)
        done = studio.reviews.give(asset_id, given.verdict, note=given.note, over=given.over, person=person, seen=given.seen)
        return done.model_dump(mode="json")

    @router.post("/assets/{asset_id}/drawing")
    def drawing(asset_id: str, wish: DrawingWish) -> dict[str, str]:
        """Make one file of a drawn picture. The task's result says where it is to be fetched."""
        studio.drawings.require(asset_id, wish.format, wish.side)

        def work(progress: Progress) -> JsonValue:
            file = studio.drawings.file(asset_id, wish.format, side=wish.side, progress=progress)
            url = f"drawings/{asset_id}/{wish.format}" + (f"?side={wish.side}" if wish.side else "")
            return {"name": file.name, "size": file.path.stat().st_size, "url": url}

        return {"task": tasks.start(work)}

    @router.post("/projects/{project_id}/packs")
    def pack(project_id: str, wish: PackWish) -> dict[str, str]:
        selection = Selection(project_id=studio.projects.get(project_id).id, plan_id=wish.plan_id, asset_ids=wish.asset_ids)

        def work(progress: Progress) -> JsonValue:
            path = studio.shelf.export(selection, progress=progress)
            return {"name": path.name, "size": path.stat().st_size}

        return {"task": tasks.start(work)}

    @router.post("/check")
    def check() -> dict[str, str]:
        def work(progress: Progress) -> JsonValue:
            report = studio.shelf.check(progress)
            return {**report.model_dump(mode="json"), "sound": report.sound}

        return {"task": tasks.start(work)}

    return router


def story_of(studio: Studio, asset_id: str) -> dict[str, Any]:
    """An asset with everything it came from, everything made from it, its other versions, and its recipe."""
    lineage = studio.shelf.lineage(asset_id)
    asset = lineage.asset
    versions = studio.shelf.versions(lineage)
    ids = {one.id for one in versions}
    return {
        "asset": asset_of(asset, standing_of(studio, asset)),
        "recipe": {**asset.recipe.model_dump(mode="json", exclude={"parameters"}), "sha256": asset.recipe.sha256},
        "trace": asset.trace.model_dump(mode="json"),
        "versions": [_brief(one) for one in versions],
        "ancestors": [_brief(one) for one in lineage.ancestors if one.id not in ids],
        "descendants": [_brief(one) for one in lineage.descendants if one.id not in ids],
        "reviews": [review.model_dump(mode="json") for review in studio.shelf.reviews(asset_id)],
    }


def _brief(asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "title": asset.title,
        "kind": asset.recipe.kind.value,
        "version": asset.version,
        "files": [{"media_type": asset.main.media_type, "name": asset.main.name}],
    }
