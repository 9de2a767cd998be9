"""Lore as JSON for its page: the document, and the checks of an edit. A new version is saved by web/api/writing.py."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from domain.lore import LoreDocument
from studio.studio import Studio
from web.bodies import JsonRoute


def lore_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api/assets/{asset_id}/lore", route_class=JsonRoute)

    @router.get("")
    def document(asset_id: str) -> dict[str, Any]:
        return {"document": studio.lore.document(asset_id).model_dump(mode="json")}

    @router.post("/check")
    def check(asset_id: str, edited: LoreDocument) -> dict[str, Any]:
        """The edited document with an id for every new text, and its findings, each with the id of what is at fault in `field`."""
        whole, findings = studio.lore.revised(asset_id, edited)
        return {"document": whole.model_dump(mode="json"), "findings": [finding.model_dump(mode="json") for finding in findings]}

    return router
