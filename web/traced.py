"""Where a trace begins: an ASGI layer that makes a span of every request of the API that changes something."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from domain.tracing import TRACEPARENT, continued, span
from web.guard import App, Receive, Scope, Send

#: Pages ask the others every second, and they change nothing.
TRACED_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})

#: FastAPI traces every request by itself, with messages of errors, as soon as anything in the process does: our own spans suffice.
#: Any, because an older FastAPI knows no such option and takes no notice of it.
NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


class Traced:
    """A caller's `traceparent` header is honoured, so that a program's trace goes on in the studio."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "")) if scope["type"] == "http" else ""
        if not path.startswith("/api/") or scope["method"] not in TRACED_METHODS:
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        with continued(headers.get(TRACEPARENT.encode(), b"").decode("latin-1")), span("web.request", method=scope["method"]) as note:

            async def with_status(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    note(status=message["status"])
                await send(message)

            await self._app(scope, receive, with_status)
            # The path as the router knows it, without ids: known once it has been found.
            note(route=getattr(scope.get("route"), "path", ""))
