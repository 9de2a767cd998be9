"""The Settings page as JSON: models and the chat endpoint, the brand kit, the project itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from pydantic import Field

from domain.brand import BrandKit
from domain.brief import ATTACHMENT_MAX_BYTES
from domain.model import Task
from domain.moderation import Level
from domain.progress import Progress
from domain.project import Project, Use
from domain.value import JsonValue, Value
from studio.models import Endpoint, Pull
from studio.projects import LOGO_MAX_BYTES
from studio.studio import Studio
from web.api.tasks import Tasks
from web.bodies import JsonRoute, body_of_file
from web.caller import caller_of
from web.errors import words_of


class ModelChoice(Value):
    """model_id "" returns to the profile's pick."""

    model_id: str = ""


class OwnModel(Value):
    """path: of a folder or a safetensors file where the studio runs. id: what to call it, "" for its name."""

    path: str = Field(min_length=1, max_length=1000)
    id: str = Field(default="", max_length=120)


class BrandText(Value):
    text: str


class ProjectChange(Value):
    name: str | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    archived: bool | None = None
    use: Use | None = None
    explicit_label: bool | None = None
    moderation: Level | None = None
    watermark: bool | None = None


def models_router(studio: Studio, tasks: Tasks) -> APIRouter:
    router = APIRouter(prefix="/api/models", route_class=JsonRoute)

    @router.get("")
    def desk(request: Request) -> dict[str, Any]:
        endpoint, words = studio.models.endpoint(), words_of(request)
        return {
            "machine": studio.models.machine().model_dump(),
            "models": [_status(status.model_dump(mode="json")) for status in studio.models.all()],
            "pulls": [_pull(pull, words) for pull in studio.models.pulls()],
            "choices": studio.models.choices(),
            # The key is written, never read back.
            "endpoint": {"url": endpoint.url, "model": endpoint.model, "has_key": bool(endpoint.key)},
        }

    @router.put("/endpoint")
    def set_endpoint(endpoint: Endpoint) -> dict[str, bool]:
        before = studio.models.endpoint()
        # A field that was left empty keeps the key that is stored, as long as it goes to the same server.
        keep = bool(endpoint.url) and not endpoint.key and endpoint.url == before.url
        studio.models.set_endpoint(endpoint.model_copy(update={"key": before.key}) if keep else endpoint)
        return {"saved": True}

    @router.post("/own")
    def add(own: OwnModel) -> dict[str, str]:
        """Take a checkpoint or adapter of this machine into the catalogue and fetch it; it is used after the next start."""
        model = studio.models.add(Path(own.path.strip()), own.id.strip())
        studio.models.start_pull(model.id)
        return {"id": model.id, "task": model.task.value, "family": model.family}

    @router.put("/choices/{task}")
    def choose(task: Task, choice: ModelChoice) -> dict[str, bool]:
        studio.models.choose(task, choice.model_id)
        return {"saved": True}

    @router.post("/{model_id}/pull")
    def pull(model_id: str) -> dict[str, bool]:
        studio.models.start_pull(model_id)
        return {"started": True}

    @router.delete("/{model_id}/pull")
    def cancel(model_id: str) -> dict[str, bool]:
        studio.models.cancel_pull(model_id)
        return {"cancelled": True}

    @router.post("/{model_id}/verify")
    def verify(model_id: str) -> dict[str, str]:
        studio.models.get(model_id)

        def work(progress: Progress) -> JsonValue:
            return list(studio.models.verify(model_id, progress))

        return {"task": tasks.start(work)}

    @router.delete("/{model_id}")
    def remove(model_id: str) -> dict[str, int]:
        return {"freed": studio.models.remove(model_id)}

    return router


def projects_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api/projects", route_class=JsonRoute)

    @router.get("")
    def projects(request: Request, archived: bool = False) -> list[dict[str, Any]]:
        """Those the caller may see."""
        return [_project(project) for project in studio.rights.visible(caller_of(request), studio.projects.all(archived=archived))]

    @router.post("/{project_id}/palette")
    async def palette(project_id: str, name: str, request: Request) -> dict[str, list[str]]:
        """The main colours of a reference picture in the body; the picture is not kept."""
        await run_in_threadpool(studio.projects.get, project_id)
        data = await body_of_file(request, name, ATTACHMENT_MAX_BYTES, "Choose a smaller picture.", "palette")
        return {"palette": list(await run_in_threadpool(studio.attachments.palette, name, data))}

    @router.get("/{project_id}")
    def project(project_id: str) -> dict[str, Any]:
        return _project(studio.projects.get(project_id))

    @router.patch("/{project_id}")
    def change(project_id: str, wanted: ProjectChange, request: Request) -> dict[str, Any]:
        found = studio.projects.get(project_id)
        if wanted.name is not None:
            found = studio.projects.rename(project_id, wanted.name)
        if wanted.language is not None and wanted.language != found.language:
            found = studio.projects.set_language(project_id, wanted.language)
        if wanted.use is not None:
            found = studio.projects.set_use(project_id, wanted.use)
        if wanted.archived is not None:
            found = studio.projects.archive(project_id, archived=wanted.archived)
        if wanted.explicit_label is not None:
            found = studio.projects.label_explicitly(project_id, wanted.explicit_label)
        if wanted.moderation is not None and wanted.moderation is not found.moderation:
            told: dict[str, JsonValue] = {"from": found.moderation.value, "to": wanted.moderation.value}
            found = studio.projects.set_moderation(project_id, wanted.moderation)
            studio.people.audit(caller_of(request).person, "moderation_level", "", project_id, told)
        if wanted.watermark is not None:
            found = studio.projects.mark_invisibly(project_id, wanted.watermark)
        return _project(found)

    @router.get("/{project_id}/brand")
    def brand(project_id: str) -> dict[str, Any]:
        kit = studio.projects.get(project_id).brand
        return {"brand": kit.model_dump(mode="json"), "fonts": list(studio.fonts()), "voices": list(studio.voices())} | _remarks(
            studio, project_id
        )

    @router.put("/{project_id}/brand")
    def save_brand(project_id: str, brand: BrandKit) -> dict[str, Any]:
        """The logo is set by its own route: here it stays as it is."""
        studio.projects.save_brand(project_id, brand, keep_logo=True)
        return {"saved": True} | _remarks(studio, project_id)

    @router.get("/{project_id}/brand.toml")
    def export_brand(project_id: str) -> PlainTextResponse:
        headers = {"content-disposition": 'attachment; filename="brand.toml"'}
        return PlainTextResponse(studio.projects.brand_toml(project_id), media_type="application/toml", headers=headers)

    @router.put("/{project_id}/brand.toml")
    def import_brand(project_id: str, given: BrandText) -> dict[str, Any]:
        studio.projects.import_brand(project_id, given.text)
        return {"saved": True} | _remarks(studio, project_id)

    @router.post("/{project_id}/logo")
    async def logo(project_id: str, name: str, request: Request) -> dict[str, str]:
        data = await body_of_file(request, name, LOGO_MAX_BYTES, "Save the logo smaller.", "logo")
        return {"logo": (await run_in_threadpool(studio.projects.set_logo, project_id, name[:120], data)).brand.logo}

    @router.delete("/{project_id}/logo")
    def remove_logo(project_id: str) -> dict[str, bool]:
        studio.projects.remove_logo(project_id)
        return {"saved": True}

    return router


def _status(status: dict[str, Any]) -> dict[str, Any]:
    """Files and sources are not for the page: some models have hundreds of rows."""
    kept = ("id", "name", "task", "licence", "commercial", "terms", "languages", "disk", "pinned", "note")
    return {**status, "model": {key: status["model"][key] for key in kept}}


def _pull(pull: Pull, words: Mapping[str, str]) -> dict[str, Any]:
    """words: what errors say in the reader's language, by English template."""
    told = " ".join(said.told(words) for said in pull.said)
    return {**pull.model_dump(mode="json", exclude={"said"}), "error": told or pull.error}


def _project(project: Project) -> dict[str, Any]:
    shown = {"id", "name", "language", "use", "archived", "created", "explicit_label", "moderation", "watermark"}
    return project.model_dump(mode="json", include=shown)


def _remarks(studio: Studio, project_id: str) -> dict[str, Any]:
    """What of the brand kit contradicts itself, each with its field."""
    return {"findings": [finding.model_dump(mode="json") for finding in studio.projects.remarks(project_id)]}
