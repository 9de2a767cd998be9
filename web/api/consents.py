"""Consents on the Sound page, as JSON: whose voice may be taken over from which recording in a project, and who took that back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from domain.brief import ATTACHMENT_MAX_BYTES
from domain.consent import ConsentScope
from studio.consents import ListedConsent
from studio.studio import Studio
from web.bodies import JsonRoute, body_of_file

Line = Annotated[str, Query(max_length=1200)]


def consents_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.get("/projects/{project_id}/consents")
    def consents(project_id: str) -> list[dict[str, Any]]:
        """Records that hold or held in this project, the newest first, with the voices that can be had with each."""
        return [_row(one) for one in studio.consents.of_project(project_id)]

    @router.post("/projects/{project_id}/consents")
    async def record(
        project_id: str,
        request: Request,
        name: Line,
        person: Line = "",
        proof: Line = "",
        territory: Line = "",
        days: int = 365,
        commercial: bool = False,
    ) -> dict[str, Any]:
        """Record a consent for this project; the body is the recording it is about, which is kept."""
        data = await body_of_file(request, name, ATTACHMENT_MAX_BYTES, "Save it as MP3, or cut it.", "recording")
        scope = ConsentScope.COMMERCIAL if commercial else ConsentScope.PROJECT
        recorded_by = str(request.state.person)

        def add() -> str:
            return studio.consents.add(
                person,
                proof,
                data,
                days=days,
                scope=scope,
                project_id=project_id,
                territory=territory,
                keep=True,
                recorded_by=recorded_by,
            ).id

        made = await run_in_threadpool(add)
        return next(_row(one) for one in studio.consents.of_project(project_id) if one.consent.id == made)

    @router.post("/projects/{project_id}/consents/{consent_id}/revoke")
    def revoke(project_id: str, consent_id: str) -> list[dict[str, Any]]:
        """The person took it back: from now on nothing is made with it."""
        studio.consents.revoke_in(project_id, consent_id)
        return [_row(one) for one in studio.consents.of_project(project_id)]

    return router


def _row(one: ListedConsent) -> dict[str, Any]:
    everywhere = not one.consent.project_id
    return one.consent.model_dump(mode="json") | {"standing": one.standing, "voices": one.voices, "everywhere": everywhere}
