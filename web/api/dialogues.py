"""A dialogue as JSON for its page: document with findings, play, graph picture, files for engines, checks of an edit and of a table."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from agents.writers.game.picture import Labels
from domain.dialogue import DialogueDocument, VariableValue
from domain.errors import NotFound
from domain.finding import Finding
from domain.value import Value
from studio.studio import Studio
from web.api.files import SEALED, leaving_file
from web.bodies import JsonRoute

TABLE_MAX = 8_000_000
LABELS = {"zh": Labels(title="对话图", line="句", lines="句", only_if="条件")}


class Play(Value):
    """taken: ids of the choices so far, in order. variables: values of the game instead of the start values. later: values that are
    set after so many answers. document: an edit that is not saved, instead of the stored scene."""

    taken: tuple[str, ...] = Field(default=(), max_length=1000)
    variables: dict[str, VariableValue] = Field(default={}, max_length=200)
    later: dict[int, dict[str, VariableValue]] = Field(default={}, max_length=1000)
    document: DialogueDocument | None = None


class Drawn(Value):
    """An edit that is not saved, as a graph. taken: marks where a play stands; None marks nothing. variables, later: as Play."""

    document: DialogueDocument
    taken: tuple[str, ...] | None = Field(default=None, max_length=1000)
    variables: dict[str, VariableValue] = Field(default={}, max_length=200)
    later: dict[int, dict[str, VariableValue]] = Field(default={}, max_length=1000)
    language: str = "en"


class Table(Value):
    csv: str = Field(max_length=TABLE_MAX)


def dialogues_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api/assets/{asset_id}/dialogue", route_class=JsonRoute)

    @router.get("")
    def document(asset_id: str) -> dict[str, Any]:
        files = studio.dialogues.files(asset_id)
        return {
            "document": studio.dialogues.document(asset_id).model_dump(mode="json"),
            "files": [{"name": file.name, "format": file.format, "checked": file.checked} for file in files],
        }

    @router.post("/play")
    def play(asset_id: str, given: Play) -> dict[str, Any]:
        """Nothing is kept: every call gives all choices so far."""
        return studio.dialogues.play(asset_id, given.taken, given.variables, given.document, given.later).model_dump(mode="json")

    @router.get("/graph")
    def picture(asset_id: str, taken: Annotated[list[str] | None, Query(max_length=1000)] = None, language: str = "en") -> Response:
        """SVG. taken: marks where a play stands; give it empty (`taken=`) for a play that has just begun."""
        chosen = None if taken is None else [one for one in taken if one]
        svg = studio.dialogues.picture(asset_id, chosen, LABELS.get(language.split("-")[0]))
        return Response(svg, media_type="image/svg+xml", headers={"content-security-policy": SEALED, "cache-control": "no-store"})

    @router.post("/graph")
    def drawn(asset_id: str, given: Drawn) -> dict[str, str]:
        """The SVG of an edit. Nothing is kept."""
        labels = LABELS.get(given.language.split("-")[0])
        return {"svg": studio.dialogues.picture(asset_id, given.taken, labels, given.variables, given.document, given.later)}

    @router.get("/files/{name}")
    def file(asset_id: str, name: str) -> Response:
        """One of the files for engines, as a download."""
        found = next((file for file in studio.dialogues.files(asset_id) if file.name == name), None)
        if found is None:
            raise NotFound("There is no file {name} of this dialogue.", hint="Take one of those its document names.", name=repr(name[:80]))
        return leaving_file(studio.shelf.given(asset_id, found.name, found.media_type, found.text.encode()))

    @router.post("/check")
    def check(asset_id: str, edited: DialogueDocument) -> dict[str, Any]:
        """The edited document with an id for every new line, and its findings, each with the id of what is at fault in `field`."""
        whole, findings = studio.dialogues.revised(asset_id, edited)
        return {"document": whole.model_dump(mode="json"), "findings": _told(findings)}

    @router.post("/strings")
    def strings(asset_id: str, given: Table) -> dict[str, Any]:
        """Findings of an edited or translated string table."""
        return {"findings": _told(studio.dialogues.table(asset_id, given.csv))}

    return router


def _told(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    return [finding.model_dump(mode="json") for finding in findings]
