"""What comes in as JSON: bounded before it is read, and of values that can be stored."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from domain.errors import InputError, LimitError
from domain.value import JsonValue
from web.errors import body_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

BODY_MAX_BYTES = 1_000_000
UNREADABLE = "Send valid JSON in UTF-8, with numbers that are finite and whole characters."


class JsonRoute(APIRoute):
    """A route whose JSON body has at most a million bytes and holds neither NaN nor halves of characters, at a depth
    that can be read. Routes that read the stream themselves have bounds of their own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def bounded(request: Request) -> Response:
            data = bytearray()
            async for chunk in request.stream():
                data += chunk
                if len(data) > BODY_MAX_BYTES:
                    raise LimitError("The request is larger than 1 MB.", hint="Send less at once.", field="body")
            require_storable(bytes(data))
            return await handle(Request(request.scope, again(bytes(data), request.receive)))

        return bounded


def require_storable(data: bytes) -> None:
    """Raises RequestValidationError for what is no JSON, InputError for JSON with values that cannot be kept."""
    if not data:
        return
    try:
        value = json.loads(data, parse_constant=_no_constant)
        # What cannot be written as UTF-8 cannot be stored.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": "not JSON that can be stored"}]) from error


def refused(error: RequestValidationError, words: Mapping[str, str]) -> JSONResponse:
    """The refusal of a request that does not have its form, with the field's name and without what was sent."""
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"] if part not in ("body", "query", "path"))[:100]
    if fault["type"] == "json_invalid":
        told = InputError("The request cannot be read.", hint=UNREADABLE, field="body")
    elif fault["type"] == "string_too_long":
        length, most = len(str(fault["input"])), fault["ctx"]["max_length"]
        told = InputError(
            "{name} has {count} characters; {most} are the most.",
            hint="Keep what matters.",
            field=where,
            name=where,
            count=f"{length:,}",
            most=f"{most:,}",
        )
    else:
        where = where or "body"
        told = InputError("{where} cannot be used.", hint="{fault}.", field=where, where=where, fault=fault["msg"][:300])
    return JSONResponse(body_of(told, words), status_code=422)


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not a number")


def again(data: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever the connection says."""
    told = False

    async def once_more() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": data, "more_body": False}

    return once_more


async def body_of_file(request: Request, name: str, most: int, hint: str, field: str) -> bytes:
    """The bytes of a file that was sent, `most` at most. Raises LimitError."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise LimitError("{name} is larger than {most} MB.", hint=hint, field=field, name=name[:80], most=most // (1024 * 1024))
    return bytes(data)
