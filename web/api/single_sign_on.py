"""The two addresses of signing in through a provider: the way there, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.errors import NotFound, NotSignedIn
from domain.people import Caller
from studio.people import People
from web.accounts import COOKIE, SESSION_SECONDS, Accounts, by_https
from web.single_sign_on import REFUSED, WAITING_COOKIE, WAITING_SECONDS, SingleSignOn

THERE = "/login/single-sign-on"
BACK = "/login/single-sign-on/back"


def single_sign_on_router(sign_on: SingleSignOn | None, accounts: Accounts, people: People, *, secure: bool = False) -> APIRouter:
    """sign_on None: no provider is configured. secure: the studio is reached by HTTPS only."""
    router = APIRouter()

    def configured() -> SingleSignOn:
        if sign_on is None:
            raise NotFound("This studio has no single sign-on.", hint="Sign in with your name and password.", field="single_sign_on")
        return sign_on

    @router.get(THERE)
    async def begin(request: Request) -> RedirectResponse:
        back = str(request.base_url).rstrip("/") + BACK
        url, cookie = await configured().begin(back)
        answer = RedirectResponse(url, status_code=303)
        private = by_https(request, secure)
        path = request.scope.get("root_path", "") + THERE
        answer.set_cookie(WAITING_COOKIE, cookie, max_age=WAITING_SECONDS, path=path, httponly=True, samesite="lax", secure=private)
        return answer

    @router.get(BACK)
    async def back(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
        error: Annotated[str, Query(max_length=200)] = "",
    ) -> RedirectResponse:
        """Whoever is signed in with a password already gets the provider as another way in; everybody else is signed in."""
        if error:
            raise NotSignedIn(REFUSED, hint="Begin again.", field="single_sign_on")
        found = configured()
        identity = await found.finish(request.cookies.get(WAITING_COOKIE, ""), state, code)
        address = request.client.host if request.client is not None else ""
        caller: Caller | None = request.state.caller
        root = request.scope.get("root_path", "")
        answer = RedirectResponse(f"{root}/", status_code=303)
        answer.delete_cookie(WAITING_COOKIE, path=root + THERE)
        if caller is not None and accounts.named is not None:
            await run_in_threadpool(people.link, caller.person, identity.subject)
            return answer
        cookie = await run_in_threadpool(found.sign_in, identity, address)
        accounts.look_again()
        private = by_https(request, secure)
        answer.set_cookie(COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="lax", secure=private)
        return answer

    return router
