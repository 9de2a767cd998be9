"""Painting as JSON: pictures from files, masks, takes inside a mask or beyond the borders, and how a picture was made."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from domain.brief import ATTACHMENT_MAX_BYTES
from domain.errors import NotAllowed
from domain.value import Value
from studio.painting import Painting
from studio.studio import Studio
from web.api.board import Standing, asset_of
from web.bodies import JsonRoute, body_of_file


class Link(Value):
    url: str = Field(max_length=2000)


def painting_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.post("/projects/{project_id}/pictures/import")
    async def take_in(project_id: str, request: Request, name: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
        """Keep the picture in the body (PNG, JPEG or WebP) in the library."""
        data = await body_of_file(request, name or "The picture", ATTACHMENT_MAX_BYTES, "Choose a smaller picture.", "picture")
        kept = await run_in_threadpool(studio.easel.take_in, project_id, name, data, str(request.state.person))
        return asset_of(kept, Standing())

    @router.post("/projects/{project_id}/pictures/link")
    def take_in_link(project_id: str, given: Link, request: Request) -> dict[str, Any]:
        """Fetch the picture a link leads to and keep it, where this studio fetches links at all."""
        if studio.fetcher is None:
            raise NotAllowed(
                "Links are not fetched here.",
                hint="Save the picture and choose the file. Who runs this studio can set MAQUETTE_IMPORT_LINKS=1.",
                field="url",
            )
        found = studio.fetcher.picture(given.url)
        return asset_of(studio.easel.take_in(project_id, found.name, found.data, str(request.state.person)), Standing())

    @router.post("/assets/{asset_id}/mask")
    async def mask(asset_id: str, request: Request) -> dict[str, str]:
        """Keep the mask in the body (a PNG as large as the picture, white where it may change)."""
        data = await body_of_file(request, "The mask", ATTACHMENT_MAX_BYTES, "Save it as PNG.", "mask")
        return {"asset": (await run_in_threadpool(studio.easel.add_mask, asset_id, data, str(request.state.person))).id}

    @router.post("/assets/{asset_id}/paint")
    def paint(asset_id: str, wish: Painting, request: Request) -> dict[str, Any]:
        """Make a new version of the picture."""
        return studio.easel.paint(asset_id, wish, str(request.state.person)).model_dump(mode="json")

    @router.get("/assets/{asset_id}/made")
    def made(asset_id: str) -> dict[str, Any]:
        """How a picture was made: models with their licences, seed, settings, the pictures it was made of."""
        return studio.pictures.made_by(asset_id).model_dump(mode="json")

    return router
