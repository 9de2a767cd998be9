"""The writing views as JSON: the fields of a text with counts and findings, a repair, a new version, versions compared."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from domain.asset import Asset
from domain.dialogue import DialogueDocument
from domain.finding import Finding, repaired
from domain.lore import LoreDocument
from domain.value import Value
from studio.fields import TEXT_MAX
from studio.studio import Studio
from web.bodies import JsonRoute


class Texts(Value):
    """texts: by key of their field, those that were changed. lines: all alternatives of a slot by its key, of slots that were changed."""

    texts: dict[str, str] = Field(default={}, max_length=2000)
    lines: dict[str, tuple[str, ...]] = Field(default={}, max_length=200)


class Repair(Value):
    text: str = Field(max_length=TEXT_MAX)
    finding: Finding


def writing_router(studio: Studio) -> APIRouter:
    whole = APIRouter(prefix="/api", route_class=JsonRoute)
    router = APIRouter(prefix="/assets/{asset_id}/writing", route_class=JsonRoute)

    @whole.get("/writing/options")
    def options(language: str = "en") -> dict[str, Any]:
        """Channels with the fields they take, and frameworks, named in this language."""
        return studio.writing.options(language).model_dump(mode="json")

    @router.get("")
    def sheet(asset_id: str) -> dict[str, Any]:
        return studio.writing.sheet(asset_id).model_dump(mode="json")

    @router.post("/check")
    def check(asset_id: str, given: Texts) -> dict[str, Any]:
        """The sheet of edited texts. Nothing is kept."""
        return studio.writing.check(asset_id, given.texts, given.lines).model_dump(mode="json")

    @router.post("/repair")
    def repair(asset_id: str, given: Repair) -> dict[str, str]:
        """The text with the finding's repair in its place. Nothing is kept."""
        return {"text": repaired(given.text, given.finding)}

    @router.post("")
    def save(asset_id: str, given: Texts, request: Request) -> dict[str, Any]:
        return _told(studio.writing.save(asset_id, given.texts, str(request.state.person), given.lines))

    @router.post("/dialogue")
    def save_dialogue(asset_id: str, edited: DialogueDocument, request: Request) -> dict[str, Any]:
        return _told(studio.writing.save_dialogue(asset_id, edited, str(request.state.person)))

    @router.post("/lore")
    def save_lore(asset_id: str, edited: LoreDocument, request: Request) -> dict[str, Any]:
        return _told(studio.writing.save_lore(asset_id, edited, str(request.state.person)))

    @router.get("/versions")
    def versions(asset_id: str) -> list[dict[str, Any]]:
        return [_told(one) for one in studio.writing.versions(asset_id)]

    @router.get("/difference")
    def difference(asset_id: str, before: str) -> list[dict[str, Any]]:
        return [change.model_dump(mode="json") for change in studio.writing.difference(asset_id, before)]

    whole.include_router(router)
    return whole


def _told(asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "title": asset.title,
        "version": asset.version,
        "maker": asset.recipe.maker,
        "person": asset.person,
        "created": asset.created.isoformat(),
    }
