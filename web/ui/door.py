"""What of Gradio's own routes is answered: what the pages need, to people who are signed in. What else it has, or will have, is not."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from fastapi.responses import PlainTextResponse

from domain.people import Caller
from web.guard import App, Receive, Scope, Send

#: Below the place where the pages are mounted.
ANSWERED = re.compile(
    r"/?|/(library|pictures|sound|settings)/?"
    r"|/(svelte|static|assets)/.+|/(theme\.css|favicon\.ico|manifest\.json|robots\.txt)|/config/?|/pwa_icon(/\w+)?"
    r"|/gradio_api/(queue/(join|data|status)|upload|upload_progress|cancel|reset/?|heartbeat/[\w-]+|startup-events|theme\.css"
    r"|info/?|user/?|app_id/?|login_check/?|file=.+)"
)


class PagesDoor:
    """An ASGI layer around one mounted Gradio application."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        state: MutableMapping[str, Any] = scope.get("state", {})
        if not isinstance(state.get("caller"), Caller):
            await _answer(scope, receive, send, 401, "Sign in first.")
        elif scope["type"] != "http" or not ANSWERED.fullmatch(str(scope["path"]).removeprefix(str(scope.get("root_path", "")))):
            await _answer(scope, receive, send, 404, "There is nothing here.")
        else:
            await self.app(scope, receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4401, "reason": text})
        return
    await PlainTextResponse(text, status)(scope, receive, send)
