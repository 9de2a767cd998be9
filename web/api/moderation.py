"""Content safety as JSON: what waits for a decision, decisions, appeals, and how one result was judged."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from domain.brief import BRIEF_MAX_CHARACTERS
from domain.moderation import NOTE_MAX
from domain.value import Value
from studio.cases import CaseShown
from studio.studio import Studio
from web.api.review import Revision
from web.bodies import JsonRoute
from web.caller import caller_of


class Decision(Value):
    """seen: the revision that was shown."""

    allow: bool
    note: str = Field(default="", max_length=NOTE_MAX)
    seen: Revision


class Appeal(Value):
    note: str = Field(max_length=NOTE_MAX)
    seen: Revision


class WishAppeal(Value):
    """text: the refused words, exactly as they were sent."""

    text: str = Field(min_length=1, max_length=BRIEF_MAX_CHARACTERS)
    note: str = Field(max_length=NOTE_MAX)


def moderation_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.get("/projects/{project_id}/moderation")
    def cases(project_id: str, request: Request, waiting: bool = True) -> list[dict[str, Any]]:
        """What waits for a decision, oldest first; waiting=false: what was decided, newest first."""
        return [case_of(shown) for shown in studio.cases.listed(studio.projects.get(project_id).id, caller_of(request), waiting=waiting)]

    @router.post("/projects/{project_id}/moderation/appeals")
    def appeal_wish(project_id: str, wish: WishAppeal, request: Request) -> dict[str, Any]:
        """Ask that a refused brief be allowed."""
        caller = caller_of(request)
        stored = studio.cases.appeal_wish(studio.projects.get(project_id).id, wish.text, caller, note=wish.note)
        return {"id": stored.id, "state": stored.state.value}

    @router.post("/projects/{project_id}/moderation/{case_id}/decision")
    def decide(project_id: str, case_id: str, wish: Decision, request: Request) -> dict[str, Any]:
        caller = caller_of(request)
        case = studio.cases.decide(project_id, case_id, caller, allow=wish.allow, note=wish.note, seen=wish.seen)
        return {"id": case.id, "state": case.state.value, "revision": case.revision}

    @router.post("/projects/{project_id}/moderation/{case_id}/appeal")
    def appeal(project_id: str, case_id: str, wish: Appeal, request: Request) -> dict[str, Any]:
        case = studio.cases.appeal(project_id, case_id, caller_of(request), note=wish.note, seen=wish.seen)
        return {"id": case.id, "state": case.state.value, "revision": case.revision}

    @router.get("/assets/{asset_id}/moderation")
    def judged(asset_id: str, request: Request) -> dict[str, Any]:
        """How a result was judged, and what holds it. judged null: it was stored before there were rules for results."""
        asset = studio.shelf.asset(asset_id)
        shown = studio.cases.of(asset_id, caller_of(request))
        return {
            "judged": None if asset.judged is None else asset.judged.model_dump(mode="json"),
            "case": None if shown is None else case_of(shown),
            "held": studio.moderation.gate.case(asset) is not None,
        }

    return router


def case_of(shown: CaseShown) -> dict[str, Any]:
    told = shown.case.model_dump(mode="json", exclude={"findings"})
    findings = [finding.model_dump(mode="json") for finding in shown.case.findings]
    return {**told, "findings": findings, "grave": shown.case.grave, "may_decide": shown.decide, "may_appeal": shown.appeal}
