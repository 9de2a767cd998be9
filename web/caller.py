"""Who the request being answered comes from, for handlers that list things or start work in somebody's name."""

from __future__ import annotations

from contextvars import ContextVar

from fastapi import Request

from domain.errors import NotSignedIn
from domain.people import Caller

#: Set for each request by web/access.py; also in the thread that answers it.
CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


def caller_of(request: Request) -> Caller:
    """Raises NotSignedIn when nobody is known."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise NotSignedIn("Sign in first.", hint="Open the studio's page and sign in.")
    return caller


def acting() -> str:
    """The person being answered now, "" outside a request."""
    caller = CALLER.get()
    return caller.person if caller is not None else ""
