"""What a visitor of a share link has: the page, the way in, and the few routes that show what the link shows.

Nothing else of the studio knows visitors. The secret stands after the # of the address and comes once, in a body.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import Field

from domain.asset import Asset
from domain.errors import NotAllowed, NotSignedIn
from domain.people import Caller, Link, Right
from domain.review import Review, Verdict
from domain.value import Value
from studio.links import guest
from studio.studio import Studio
from web.access import link_cookie
from web.accounts import CHECKS_AT_ONCE, by_https
from web.api.files import handed_over
from web.api.review import Saying, comment_of, thread_of
from web.bodies import JsonRoute
from web.errors import words_of
from web.threads import PREVIEWS
from web.tries import Tries


class Opening(Value):
    secret: str = Field(max_length=100, repr=False)
    password: str = Field(default="", max_length=400, repr=False)
    name: str = Field(default="", max_length=200)


class Remark(Value):
    """A comment, or a verdict with a note."""

    verdict: Verdict = Verdict.COMMENT
    note: str = Field(default="", max_length=2000)


def shared_router(studio: Studio, *, secure: bool) -> APIRouter:
    """secure: mark the cookie Secure (the studio is reached by HTTPS only)."""
    router = APIRouter(prefix="/shared", route_class=JsonRoute)
    links, tries = studio.links, Tries()
    checking = asyncio.Semaphore(CHECKS_AT_ONCE)

    @router.post("/{link_id}/open")
    async def open_link(link_id: str, given: Opening, request: Request) -> JSONResponse:
        key = (request.client.host if request.client is not None else "", link_id)
        await asyncio.sleep(tries.delay())
        # To ask whether there is a password is no try, and must not wipe out those that were wrong.
        if given.password:
            tries.count(key)
        check = partial(links.open, link_id, given.secret, given.password, given.name, key[0])
        async with checking:
            link, cookie, until = await run_in_threadpool(check)
        if given.password:
            tries.forget(key)
        answer = JSONResponse({"until": until.isoformat(), "role": link.role.value})
        path = f"{request.scope.get('root_path', '')}/shared/{link.id}"
        age = max(1, int((until - datetime.now(until.tzinfo)).total_seconds()))
        private = by_https(request, secure)
        answer.set_cookie(link_cookie(link.id), cookie, max_age=age, path=path, httponly=True, samesite="strict", secure=private)
        return answer

    @router.get("/{link_id}/content")
    def content(link_id: str, request: Request) -> dict[str, Any]:
        link = _open(request)
        project = studio.projects.get(link.project_id)
        assets = links.shown(link)
        verdicts = studio.shelf.verdicts([asset.id for asset in assets])
        return {
            "title": link.label or project.name,
            "language": project.language,
            "role": link.role.value,
            "download": link.download,
            "until": link.expires.isoformat(),
            "named": visitor_of(request).person != guest(""),
            "assets": [_shown(asset, link, verdicts.get(asset.id)) for asset in assets],
        }

    @router.get("/{link_id}/files/{asset_id}/{index}")
    def file(link_id: str, asset_id: str, index: int, request: Request, download: bool = False, label: str = "") -> Response:
        link = _open(request)
        if not link.download and (index != 0 or download or label):
            raise NotAllowed("This link does not give files away.", hint="Ask who sent it.", field="link")
        # Not kept by the browser: a link that was revoked shows nothing from then on.
        return handed_over(studio, asset_id, index, download=download, cache="private, no-store", label=label, words=words_of(request))

    @router.get("/{link_id}/thumbnails/{asset_id}")
    async def thumbnail(link_id: str, asset_id: str) -> FileResponse:
        small = await PREVIEWS.run(studio.shelf.thumbnail, asset_id)
        return FileResponse(small, media_type="image/webp", headers={"cache-control": "private, no-store"})

    @router.get("/{link_id}/assets/{asset_id}/reviews")
    def reviews(link_id: str, asset_id: str) -> list[dict[str, Any]]:
        return [_told(review) for review in studio.shelf.reviews(asset_id)]

    @router.post("/{link_id}/assets/{asset_id}/reviews")
    def say(link_id: str, asset_id: str, given: Remark, request: Request) -> dict[str, Any]:
        """A comment by every link that may comment; a verdict by one that may review."""
        if given.verdict is not Verdict.COMMENT and Right.REVIEW not in _open(request).rights:
            raise NotAllowed("By this link one may comment, not decide.", hint="Leave a comment.", field="verdict")
        if given.verdict is Verdict.PREFER:
            raise NotAllowed("A link does not compare versions.", hint="Approve, ask for changes or comment.", field="verdict")
        return _told(studio.reviews.give(asset_id, given.verdict, note=given.note, person=visitor_of(request).person))

    @router.get("/{link_id}/assets/{asset_id}/comments")
    def threads(link_id: str, asset_id: str) -> list[dict[str, Any]]:
        return [thread_of(thread) for thread in studio.comments.threads(asset_id)]

    @router.post("/{link_id}/assets/{asset_id}/comments")
    def comment(link_id: str, asset_id: str, given: Saying, request: Request) -> dict[str, Any]:
        person = visitor_of(request).person
        return comment_of(studio.comments.say(asset_id, given.text, person=person, anchor=given.anchor, thread=given.thread))

    def _open(request: Request) -> Link:
        link = studio.rights.link(visitor_of(request))
        if link is None:
            raise NotSignedIn("This link is not open here.", hint="Open it again as it was sent to you.", field="link")
        return link

    return router


def visitor_of(request: Request) -> Caller:
    visitor = getattr(request.state, "visitor", None)
    if not isinstance(visitor, Caller) or not visitor.link:
        raise NotSignedIn("This link is not open here.", hint="Open it again as it was sent to you.", field="link")
    return visitor


def _shown(asset: Asset, link: Link, verdict: Verdict | None) -> dict[str, Any]:
    """What a visitor sees of a result: not its prompt, seed, models or person."""
    files = asset.files if link.download else asset.files[:1]
    return {
        "id": asset.id,
        "kind": asset.recipe.kind.value,
        "title": asset.title,
        "version": asset.version,
        "prompt": "",
        "text": asset.text,
        "facts": {},
        "findings": [],
        "files": [
            {"name": f.name, "media_type": f.media_type, "size": f.size, "url": f"files/{asset.id}/{n}"} for n, f in enumerate(files)
        ],
        "credits": [credit.model_dump(mode="json") for credit in asset.credits],
        "verdict": verdict.value if verdict is not None else "",
        "created": asset.created.isoformat(),
    }


def _told(review: Review) -> dict[str, Any]:
    return review.model_dump(mode="json", include={"verdict", "note", "person", "created"})
