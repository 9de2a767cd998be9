"""One login for every path. A plain ASGI layer in front of everything, Gradio's sockets and uploads included.

It finds out who asks; what they may do is decided behind it (web/access.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from domain.errors import MaquetteError
from domain.people import Caller
from web.accounts import COOKIE, Accounts, is_loopback
from web.threads import DOOR

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/login", "/login/single-sign-on", "/login/single-sign-on/back", "/healthz", "/readyz", "/robots.txt", "/shared"})
#: Visitors of share links: these routes know them by a cookie of their own (web/api/shared.py), and nothing else lies below.
OPEN_FOLDER = "/shared/"
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self), payment=(), usb=()"),
)
#: What a page may load: this studio alone. Gradio writes scripts and styles into its pages, and makes workers and pictures of blobs.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {frames}"
)
_CSP = b"content-security-policy"


class Guard:
    """Lets signed-in people through, sends others to /login (pages) or answers 401 (everything else).

    Args:
        local_only: the studio listens on loopback. Without sign-in, a Host header that is not a loopback name is then
            refused, because a web page elsewhere could otherwise reach it under a name of its own (DNS rebinding).
        frames: the sites that may show the studio in a frame, as a Content-Security-Policy names them.
    """

    def __init__(self, app: App, accounts: Accounts, *, local_only: bool, frames: str = "'self'") -> None:
        self._app = app
        self._accounts = accounts
        self._local_only = local_only
        self._policy = POLICY.format(frames=frames).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        host = headers.get("host", "")
        try:
            required, caller = await DOOR.run(self._caller, headers)
        except MaquetteError as error:  # the database is away
            await refuse(scope, send, 503, str(error))
            return
        if self._local_only and not required and not is_loopback(host_name(host)):
            await refuse(scope, send, 403, "This studio answers on this machine only.")
            return
        if not _same_origin(headers.get("origin", ""), host, scope.get("method", "GET"), scope["type"]):
            await refuse(scope, send, 403, "The request came from another site.")
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if caller is None and path not in OPEN_PATHS and not path.startswith(OPEN_FOLDER):
            if scope["type"] == "http" and "text/html" in headers.get("accept", "") and scope["method"] == "GET":
                await _redirect(send, f"{scope.get('root_path', '')}/login")
            else:
                await refuse(scope, send, 401, "Sign in first.")
            return
        state = scope.setdefault("state", {})
        state["required"] = required
        state["caller"] = caller
        state["person"] = caller.person if caller is not None else ""

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                # What a handler says of its own answer is stricter, and a second policy would be laid over it.
                own = {name.lower() for name, _ in given}
                policy = () if _CSP in own else ((_CSP, self._policy),)
                message["headers"] = [*given, *(pair for pair in HEADERS if pair[0] not in own), *policy]
            await send(message)

        await self._app(scope, receive, with_headers)

    def _caller(self, headers: dict[str, str]) -> tuple[bool, Caller | None]:
        """Whether one has to sign in, and who this is."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        return self._accounts.required, self._accounts.caller(cookie_of(headers.get("cookie", "")), bearer)


def cookie_of(header: str, name: str = COOKIE) -> str | None:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def host_name(host: str) -> str:
    """The name in a Host header, without its port; "" for a header that is no host."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _same_origin(origin: str, host: str, method: str, kind: str) -> bool:
    if not origin or (kind == "http" and method in ("GET", "HEAD", "OPTIONS")):
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


async def refuse(scope: Scope, send: Send, status: int, text: str, more: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    """Answer with these words alone. more: headers."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4401, "reason": text})
        return
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *more, *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, to: str) -> None:
    await send({"type": "http.response.start", "status": 303, "headers": [(b"location", to.encode()), *HEADERS]})
    await send({"type": "http.response.body", "body": b""})
