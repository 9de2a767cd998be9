"""What a file carries, as JSON: for the Check part of Settings and for API clients. The file is looked at and not kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from domain.brief import ATTACHMENT_MAX_BYTES
from studio.studio import Studio
from web.bodies import JsonRoute, body_of_file
from web.caller import caller_of
from web.errors import words_of

#: Bytes of a file that is looked into over the web; the command `inspect` takes larger ones.
BODY_MAX = 4 * ATTACHMENT_MAX_BYTES


def labels_router(studio: Studio) -> APIRouter:
    router = APIRouter(prefix="/api", route_class=JsonRoute)

    @router.post("/inspect")
    async def inspect(request: Request, name: Annotated[str, Query(max_length=200)] = "") -> dict[str, Any]:
        """What the file in the body says of where it comes from; `said` in the language of the request."""
        data = await body_of_file(request, name or "file", BODY_MAX, "Use `python app.py inspect`.", "file")
        found = await run_in_threadpool(studio.inspecting.inspect, data, name or "file")
        if found.marked:  # of what this person may see
            shown = {project.id for project in studio.rights.visible(caller_of(request), studio.projects.all())}
            found = found.model_copy(update={"marked": tuple(one for one in found.marked if one.project_id in shown)})
        return {**found.model_dump(mode="json"), "said": [one.told(words_of(request)) for one in found.said]}

    return router
