"""Deleting and keeping as JSON: the trash, what deleting takes with it, days until things go by themselves, holds, accounts that leave."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from domain.errors import InputError
from domain.retention import DAYS_MAX, PurgeReport
from domain.value import Value
from studio.retaining import InTrash
from studio.studio import Studio
from web.bodies import JsonRoute
from web.caller import caller_of
from web.errors import words_of


class Days(Value):
    """None: as it is."""

    trash: int | None = Field(default=None, ge=0, le=DAYS_MAX)
    drafts: int | None = Field(default=None, ge=0, le=DAYS_MAX)
    audit: int | None = Field(default=None, ge=0, le=DAYS_MAX)
    events: int | None = Field(default=None, ge=0, le=DAYS_MAX)
    links: int | None = Field(default=None, ge=0, le=DAYS_MAX)


class PurgeWish(Value):
    """dry: only say what would go. everything: the whole trash, however young."""

    dry: bool = True
    everything: bool = False


class Named(Value):
    """The name of what is to go, typed once more: nothing is deleted by a slip."""

    name: str = Field(max_length=200)


class HoldWish(Value):
    reason: str = Field(max_length=500)


def retaining_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)
    _trash_routes(router, studio)

    @router.get("/retention")
    def policy(request: Request) -> dict[str, Any]:
        """The days; projects that are held are named to owners of the studio."""
        owner = studio.rights.owns_studio(caller_of(request))
        names = {project.id: project.name for project in studio.library.projects(archived=None)} if owner else {}
        holds = [
            {"project_id": one.project_id, "name": names.get(one.project_id, one.project_id), "reason": one.reason, "person": one.person}
            for one in (studio.retaining.holds() if owner else ())
        ]
        return {"days": studio.retaining.policy().model_dump(), "owner": owner, "holds": holds}

    @router.put("/retention")
    def set_policy(wanted: Days, request: Request) -> dict[str, Any]:
        given = {name: days for name, days in wanted.model_dump().items() if days is not None}
        return {"days": studio.retaining.set_policy(given, caller_of(request).person).model_dump()}

    @router.post("/retention/purge")
    def purge(wish: PurgeWish, request: Request) -> dict[str, Any]:
        return _report(studio.retaining.purge(caller_of(request).person, dry=wish.dry, everything=wish.everything))

    @router.put("/retention/holds/{held_id}")
    def hold(held_id: str, wish: HoldWish, request: Request) -> dict[str, bool]:
        """held_id: of the project."""
        studio.retaining.hold(held_id, wish.reason, caller_of(request).person)
        return {"held": True}

    @router.delete("/retention/holds/{held_id}")
    def lift(held_id: str, request: Request) -> dict[str, bool]:
        studio.retaining.lift(held_id, caller_of(request).person)
        return {"held": False}

    @router.get("/people/{name}/leaving")
    def leaving(name: str) -> dict[str, list[str]]:
        """Projects that would go to the trash with the account, and those that need another owner first."""
        found = studio.retaining.leaving(name)
        return {"theirs": [one.name for one in found.theirs], "shared": [one.name for one in found.shared]}

    @router.delete("/people/{name}")
    def erase(name: str, wish: Named, request: Request) -> dict[str, str]:
        _require_name(wish, name)
        return {"alias": studio.retaining.erase_person(name, caller_of(request).person)}

    return router


def _trash_routes(router: APIRouter, studio: Studio) -> None:

    @router.get("/assets/{asset_id}/deletion")
    def deletion(asset_id: str, request: Request) -> dict[str, Any]:
        """What deleting it takes with it, or why it cannot go."""
        found = studio.retaining.consequences(asset_id)
        kept = " ".join(said.told(words_of(request)) for said in found.kept)
        return {**found.model_dump(mode="json"), "kept": kept}

    @router.get("/projects/{project_id}/trash")
    def trash(project_id: str, request: Request) -> list[dict[str, Any]]:
        return [_row(one) for one in studio.retaining.trash(caller_of(request), project_id)]

    @router.delete("/projects/{project_id}")
    def delete_project(project_id: str, wish: Named, request: Request) -> dict[str, bool]:
        """Into the trash; what is being made in it stops."""
        _require_name(wish, studio.projects.get(project_id).name)
        studio.retaining.delete_project(project_id, caller_of(request).person)
        return {"deleted": True}

    @router.get("/trash")
    def projects(request: Request) -> list[dict[str, Any]]:
        """Projects in the trash that the caller may take out again."""
        return [_row(one) for one in studio.retaining.trash(caller_of(request))]

    @router.post("/trash/{trash_id}/restore")
    def restore(trash_id: str, request: Request) -> list[dict[str, Any]]:
        return [item.model_dump(mode="json") for item in studio.retaining.restore(caller_of(request), trash_id)]

    @router.delete("/trash/{trash_id}")
    def purge_one(trash_id: str, request: Request) -> dict[str, Any]:
        """For good, now."""
        return _report(studio.retaining.purge_one(caller_of(request), trash_id))


def _require_name(wish: Named, name: str) -> None:
    if wish.name.strip() != name:
        raise InputError("That is not its name.", hint="Type the name as it stands there.", field="name")


def _row(one: InTrash) -> dict[str, Any]:
    return one.item.model_dump(mode="json") | one.model_dump(mode="json", exclude={"item"})


def _report(report: PurgeReport) -> dict[str, Any]:
    return report.model_dump(mode="json")
