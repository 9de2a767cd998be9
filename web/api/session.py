"""Signing in and out, and whether the studio is up."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from domain.errors import NotSignedIn
from web.accounts import COOKIE, SESSION_SECONDS, Accounts, by_https
from web.bodies import again

FORM_MAX_BYTES = 4096


def session_router(accounts: Accounts, assets: Path, *, secure: bool, single: bool = False) -> APIRouter:
    """secure: mark the cookie Secure (the studio is reached by HTTPS only). single: people may come in through a sign-in provider."""
    router = APIRouter()
    checking = accounts.checking
    page = (assets / "theme" / "login.html").read_text(encoding="utf-8")
    if not single:
        page = re.sub(r"<!--single-->.*?<!--/single-->", "", page, flags=re.DOTALL)

    def login_page(error: NotSignedIn | None = None) -> HTMLResponse:
        note = f'<p class="error" role="alert">{escape(str(error))}</p>' if error is not None else ""
        return HTMLResponse(page.replace("<!--error-->", note), status_code=401 if error is not None else 200)

    @router.get("/login")
    def show() -> HTMLResponse:
        return login_page()

    @router.post("/login")
    async def sign_in(request: Request) -> Response:
        data = bytearray()
        # Counted, not asked for: a body that is sent in chunks says no length, or another one.
        async for chunk in request.stream():
            data += chunk
            if len(data) > FORM_MAX_BYTES:
                return PlainTextResponse("The form is too large.", status_code=413)
        form = await Request(request.scope, again(bytes(data), request.receive)).form()
        address = request.client.host if request.client is not None else ""
        check = partial(accounts.sign_in, str(form.get("name", "")), str(form.get("password", "")), address)
        await asyncio.sleep(accounts.delay())
        try:
            async with checking:
                cookie = await run_in_threadpool(check)
        except NotSignedIn as error:
            return login_page(error)
        response = RedirectResponse(request.scope.get("root_path", "") + "/", status_code=303)
        private = by_https(request, secure)
        response.set_cookie(COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=private)
        return response

    @router.post("/logout")
    def sign_out(request: Request) -> Response:
        accounts.sign_out(request.cookies.get(COOKIE))
        response = RedirectResponse(request.scope.get("root_path", "") + "/login", status_code=303)
        response.delete_cookie(COOKIE)
        return response

    @router.get("/healthz")
    async def health() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @router.get("/robots.txt")
    def robots() -> PlainTextResponse:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")

    return router
