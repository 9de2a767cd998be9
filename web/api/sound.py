"""The Sound page beside voices and lines, as JSON: tables and takes, outlines and meters, mixes, music and effects, recordings."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response

from domain.brief import ATTACHMENT_MAX_BYTES
from domain.capability import StepKind
from domain.progress import Progress
from domain.value import JsonValue, Value
from studio.spots import SpotWish
from studio.studio import Studio
from web.api.tasks import Tasks
from web.api.voices import SEALED
from web.bodies import JsonRoute, body_of_file
from web.threads import PREVIEWS

Index = Annotated[int, Query(ge=0, le=999)]
#: What is computed of a file stays as it is: its name is its content.
_KEPT = {"cache-control": "private, max-age=86400"}


class NewPieces(Value):
    """kind: music or sound. values: fields of such a step."""

    kind: StepKind
    values: dict[str, JsonValue] = {}
    count: int = 1


class EffectWish(Value):
    values: dict[str, JsonValue] = {}
    seed: int = 1


def sound_router(studio: Studio, tasks: Tasks) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    # Lines

    @router.get("/projects/{project_id}/lines")
    def tables(project_id: str) -> list[dict[str, Any]]:
        """The string tables that were spoken, the newest first."""
        return [one.model_dump(mode="json") for one in studio.lines.all(studio.projects.get(project_id).id)]

    @router.get("/projects/{project_id}/lexicon")
    def lexicon(project_id: str) -> dict[str, str]:
        return studio.projects.get(project_id).brand.lexicon

    @router.get("/lines/{brief_id}/{line}/takes")
    def takes(brief_id: str, line: str) -> list[dict[str, Any]]:
        """Every take of a line, the newest first."""
        return [one.model_dump(mode="json") for one in studio.lines.takes(brief_id, line)]

    # Outlines and meters

    @router.get("/assets/{asset_id}/peaks")
    async def peaks(asset_id: str, file: Index = 0, points: int = 400) -> Response:
        """Pairs of the lowest and highest sample, -100 to 100, along one file of an asset."""
        return _json(await PREVIEWS.run(studio.sound.waves.peaks, asset_id, file, points))

    @router.get("/assets/{asset_id}/meter")
    async def meter(asset_id: str, file: Index = 0) -> Response:
        return _json(await PREVIEWS.run(studio.sound.waves.meter, asset_id, file))

    @router.get("/assets/{asset_id}/ducking")
    async def ducking(asset_id: str) -> Response:
        return _json(await PREVIEWS.run(studio.sound.waves.ducking, asset_id))

    # Mixes

    @router.get("/projects/{project_id}/mixes")
    def mixes(project_id: str) -> list[dict[str, Any]]:
        return [one.model_dump(mode="json") for one in studio.sound.mixes.all(project_id)]

    @router.post("/projects/{project_id}/mixes")
    def plan_mix(project_id: str, wish: SpotWish, request: Request) -> dict[str, str]:
        """A plan of voices, music, effects and their mix, not approved yet."""
        plan = studio.sound.spots.plan(project_id, wish, str(request.state.person))
        return {"plan": plan.id, "step": next(step.id for step in plan.steps if step.kind is StepKind.MIX)}

    @router.post("/plans/{plan_id}/steps/{step_id}/shorten")
    def shorten(plan_id: str, step_id: str, request: Request) -> dict[str, Any]:
        """Ask for shorter copy of the voices of a mix that are too long for it, and mix again."""
        jobs = studio.sound.shorter.ask(plan_id, step_id, person=str(request.state.person))
        return {"queued": [job.step_id for job in jobs]}

    @router.get("/plans/{plan_id}/steps/{step_id}/timeline")
    def timeline(plan_id: str, step_id: str, asset: str = "") -> dict[str, Any]:
        return studio.sound.mixes.timeline(plan_id, step_id, asset).model_dump(mode="json")

    return _recordings(_pieces(router, studio), studio, tasks)


def _pieces(router: APIRouter, studio: Studio) -> APIRouter:
    @router.get("/sound/options")
    def options() -> dict[str, Any]:
        """Styles of music and effects there are."""
        pieces = studio.sound.pieces
        return {
            "styles": [one.model_dump(mode="json") for one in pieces.styles()],
            "effects": [one.model_dump(mode="json") for one in pieces.effects()],
        }

    @router.get("/music/sample")
    def style_sample(mood: Annotated[str, Query(max_length=60)]) -> FileResponse:
        """A style as it sounds, made now where nobody has asked for it yet."""
        return FileResponse(studio.sound.pieces.style_sample(mood), media_type="audio/wav", headers=SEALED)

    @router.post("/sound/sample")
    def effect_sample(wish: EffectWish) -> Response:
        """An effect of these fields. Nothing is kept."""
        made = studio.sound.pieces.effect_sample(wish.values, wish.seed)
        return Response(made.main.read(), media_type="audio/wav", headers=SEALED)

    @router.post("/projects/{project_id}/pieces")
    def plan_pieces(project_id: str, wanted: NewPieces, request: Request) -> dict[str, Any]:
        """A plan of pieces of music or of effects, not approved yet."""
        plan = studio.sound.pieces.plan_piece(project_id, wanted.kind, wanted.values, wanted.count, str(request.state.person))
        return {"plan": plan.id, "steps": [step.id for step in plan.steps]}

    return router


def _recordings(router: APIRouter, studio: Studio, tasks: Tasks) -> APIRouter:
    @router.get("/projects/{project_id}/recordings")
    def recordings(project_id: str) -> list[dict[str, Any]]:
        found = studio.sound.transcripts.all(project_id)
        return [{"asset_id": one.id, "title": one.title, "seconds": one.facts.get("seconds"), "person": one.person} for one in found]

    @router.post("/projects/{project_id}/recordings")
    async def keep(project_id: str, name: str, request: Request) -> dict[str, str]:
        """Transcribe the recording in the body and keep it. The task's result names its asset."""
        tasks.require()
        await run_in_threadpool(studio.projects.get, project_id)
        data = await body_of_file(request, name, ATTACHMENT_MAX_BYTES, "Save it as MP3, or cut it.", "recording")
        person = str(request.state.person)

        def work(progress: Progress) -> JsonValue:
            return {"asset": studio.sound.transcripts.keep(project_id, name, data, person, progress).id}

        return {"task": tasks.start(work)}

    @router.get("/projects/{project_id}/recordings/search")
    def search(project_id: str, words: Annotated[str, Query(max_length=200)] = "") -> list[dict[str, Any]]:
        return [hit.model_dump(mode="json") for hit in studio.sound.transcripts.search(project_id, words)]

    @router.get("/recordings/{asset_id}")
    def recording(asset_id: str) -> dict[str, Any]:
        """The recording with what is said in it, and its files."""
        asset = studio.shelf.asset(asset_id)
        files = [{"name": file.name, "url": f"files/{asset.id}/{n}"} for n, file in enumerate(asset.files)]
        return studio.sound.transcripts.get(asset_id).model_dump(mode="json") | {"files": files}

    @router.post("/recordings/{asset_id}/points")
    def points(asset_id: str) -> dict[str, str]:
        """Key points; the task's result is a list of what was said, with its time."""
        studio.sound.transcripts.get(asset_id)

        def work(progress: Progress) -> JsonValue:
            return [one.model_dump(mode="json") for one in studio.sound.transcripts.points(asset_id, progress)]

        return {"task": tasks.start(work)}

    return router


def _json(value: Any) -> Response:
    return JSONResponse(value, headers=_KEPT)
