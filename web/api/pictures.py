"""Tools for pictures as JSON: styles to choose from, a prompt written for a step, what files say, grids, tables, sheets."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from agents.presets import QUERY_MAX
from domain.brief import ATTACHMENT_MAX_BYTES
from domain.picture import Finish
from domain.value import JsonValue, Value
from studio.picture_sets import AXES, TABLE_MAX_BYTES, Axis
from studio.pictures import SheetWish
from studio.studio import Studio
from web.bodies import JsonRoute, body_of_file
from web.errors import words_of
from web.threads import PREVIEWS


class NewPictures(Value):
    values: dict[str, JsonValue] = {}
    count: int = 1
    finish: Finish = Finish()


class NewCharacter(Value):
    """look "": as it was. asset: the picture that shows them."""

    name: str = Field(max_length=200)
    look: str = Field(default="", max_length=2000)
    asset: str = Field(max_length=80)


class Grid(Value):
    x: Axis
    y: Axis | None = None


class Wanted(Value):
    """Fields of the step that were changed and are not saved yet."""

    values: dict[str, JsonValue] = {}


def pictures_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.get("/presets")
    def presets(
        q: Annotated[str, Query(max_length=QUERY_MAX)] = "", family: Annotated[str, Query(max_length=40)] = "", language: str = "en"
    ) -> list[dict[str, Any]]:
        """Styles whose names hold all words of q, the best first."""
        return [
            {
                "id": preset.id,
                "name": preset.name.of(language),
                "group": preset.group.of(language),
                "prompt": preset.prompt,
                "negative": preset.negative,
                "families": list(preset.families),
                "drawn": preset.can_be_drawn,
            }
            for preset in studio.pictures.presets(q, family)
        ]

    @router.post("/plans/{plan_id}/steps/{step_id}/prompt")
    def prompt(plan_id: str, step_id: str, wanted: Wanted) -> dict[str, Any]:
        """A prompt as it would be written for the step with these changes. Nothing is kept."""
        return studio.pictures.write_prompt(plan_id, step_id, wanted.values).model_dump(mode="json")

    @router.get("/projects/{project_id}/pictures/options")
    def options(project_id: str, language: str = "en") -> dict[str, Any]:
        """Who makes pictures here now, the sizes by where they go, and the fields a grid may go over."""
        sizes = [{"id": s.id, "name": s.name.of(language), "width": s.width, "height": s.height} for s in studio.pictures.sizes()]
        known = studio.pictures.models
        models = [model.model_dump(mode="json") for model in known.all()] if known is not None else []
        return {
            "maker": studio.pictures.maker(project_id),
            "sizes": sizes,
            "axes": list(AXES),
            "models": models,
            "able": studio.pictures.able(),
            "characters": [one.model_dump(mode="json") for one in studio.projects.get(project_id).brand.characters],
            "finishes": studio.pictures.finishes().model_dump(mode="json"),
            "shortcuts": {
                name: {"faster": one.faster, "psnr": one.psnr, "where": one.where.get(language[:2], one.where.get("en", ""))}
                for name, one in studio.pictures.shortcuts().items()
            },
        }

    @router.post("/projects/{project_id}/pictures")
    def plan_pictures(project_id: str, wanted: NewPictures, request: Request) -> dict[str, str]:
        """A plan of pictures, not approved yet."""
        person = str(request.state.person)
        return {"plan": studio.pictures.plan_pictures(project_id, wanted.values, wanted.count, person, wanted.finish).id}

    @router.post("/projects/{project_id}/characters")
    def keep_character(project_id: str, wanted: NewCharacter) -> dict[str, Any]:
        """A picture of the library becomes the look of a character of the project."""
        return studio.projects.set_character(project_id, wanted.name, wanted.look, wanted.asset).model_dump(mode="json")

    @router.post("/projects/{project_id}/pictures/prompt")
    def draft_prompt(project_id: str, wanted: Wanted) -> dict[str, Any]:
        """A prompt for a picture that is in no plan yet. Nothing is kept."""
        return studio.pictures.draft_prompt(project_id, wanted.values).model_dump(mode="json")

    @router.post("/plans/{plan_id}/steps/{step_id}/reference")
    def reference(plan_id: str, step_id: str, wanted: NewPictures) -> dict[str, Any]:
        """New pictures that start from this one; nothing is made yet."""
        made = studio.pictures.add_reference(plan_id, step_id, wanted.values, wanted.count)
        return {"step": made[0].id, "steps": [step.id for step in made]}

    @router.post("/plans/{plan_id}/steps/{step_id}/finish")
    def add_finish(plan_id: str, step_id: str, wanted: Finish) -> dict[str, Any]:
        """New steps that enlarge this picture or cut it out; nothing is made yet."""
        return {"steps": [step.id for step in studio.pictures.add_finish(plan_id, step_id, wanted)]}

    @router.post("/plans/{plan_id}/steps/{step_id}/grid")
    def add_grid(plan_id: str, step_id: str, wanted: Grid) -> dict[str, Any]:
        """New pictures like this step but for what the axes say, row by row; nothing is made yet."""
        cells = studio.pictures.add_grid(plan_id, step_id, wanted.x, wanted.y)
        return {"cells": [{"step": cell.step.id, "x": cell.x, "y": cell.y} for cell in cells]}

    @router.post("/projects/{project_id}/pictures/table")
    async def table(project_id: str, request: Request, name: Annotated[str, Query(max_length=200)] = "table.csv") -> dict[str, Any]:
        """Plans of the pictures in a CSV table in the body, with the rows that were left out."""
        data = await body_of_file(request, name, TABLE_MAX_BYTES, "Split the table.", "table")
        person = str(request.state.person)
        read = await run_in_threadpool(studio.pictures.plan_table, project_id, name, data, person)
        words = words_of(request)
        bad = [{"row": one.row, "field": one.field, "message": one.told(words)} for one in read.bad]
        return {**read.model_dump(mode="json"), "bad": bad}

    @router.post("/pictures/sheet")
    def sheet(wanted: SheetWish, request: Request) -> dict[str, str]:
        """One sheet with an atlas of pictures that are there; it is kept in the library."""
        return {"asset": studio.pictures.make_sheet(wanted, str(request.state.person)).id}

    @router.get("/assets/{asset_id}/seams")
    async def seams(asset_id: str) -> dict[str, Any]:
        return (await PREVIEWS.run(studio.pictures.seams, asset_id)).model_dump(mode="json")

    @router.get("/assets/{asset_id}/metadata")
    async def metadata_of(asset_id: str) -> dict[str, Any]:
        """What the file of a picture says of how it was made, as text."""
        return (await PREVIEWS.run(studio.pictures.metadata_of, asset_id)).model_dump(mode="json")

    @router.post("/metadata")
    async def metadata(request: Request, name: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
        """The same of a picture in the body (PNG, JPEG or WebP). Nothing is kept."""
        data = await body_of_file(request, name or "The picture", ATTACHMENT_MAX_BYTES, "Choose a smaller picture.", "picture")
        return (await run_in_threadpool(studio.pictures.metadata, name, data)).model_dump(mode="json")

    return router
