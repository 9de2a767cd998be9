"""The one table from the error tree to HTTP, and how an error is told to a person in the language of their page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from domain import errors
from domain.said import filled

STATUS: dict[type[errors.MaquetteError], int] = {
    errors.InputError: 400,
    errors.LimitError: 413,
    errors.AttachmentError: 415,
    errors.PlanError: 422,
    errors.ContentRefused: 422,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.ModelError: 503,
    errors.GenerationError: 500,
    errors.LabelError: 500,
    errors.Busy: 429,
    errors.Cancelled: 499,
    errors.StorageError: 507,
    errors.HostingError: 500,
    errors.MaquetteError: 500,
}

#: When work is under way that takes seconds, and nobody knows how many.
RETRY_SECONDS = 5


def status_of(error: errors.MaquetteError) -> int:
    """The HTTP status of an error: that of its class, or of the nearest class above it in the tree."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def body_of(error: errors.MaquetteError, words: Mapping[str, str] | None = None) -> dict[str, str]:
    """words: the templates of the reader's language by the English ones."""
    table = words or {}
    message, hint = (filled(text, error.values, table) for text in (error.message_id, error.hint_id))
    return {"code": error.code, "message": message, "hint": hint, "field": error.field}


def answer_of(error: errors.MaquetteError, words: Mapping[str, str], *, after: int = RETRY_SECONDS) -> JSONResponse:
    """The answer that tells an error. after: seconds until a request that came at a busy time may be sent again."""
    status = status_of(error)
    return JSONResponse(body_of(error, words), status_code=status, headers={"retry-after": str(after)} if status == 429 else None)


def words_of(request: Request) -> Mapping[str, str]:
    """The templates of the language that a request asks for (`Speaking`); {} for English, which is also the default."""
    found: Mapping[str, str] = getattr(request.state, "words", {})
    return found


class Speaking:
    """An ASGI layer that reads which language a request wants to be told in: the first of its Accept-Language.

    Our pages name their own; whoever names none, or one that is not spoken here, is told in English.
    """

    def __init__(self, app: ASGIApp, tables: Mapping[str, Mapping[str, str]]) -> None:
        """tables: what errors say, by language and English template."""
        self._app = app
        self._tables = tables

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked = Headers(scope=scope).get("accept-language", "")
            primary = re.split(r"[-,;\s]", asked.strip().lower(), maxsplit=1)[0]
            scope.setdefault("state", {})["words"] = self._tables.get(primary, {})
        await self._app(scope, receive, send)
