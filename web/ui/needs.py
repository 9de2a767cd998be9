"""What each event of the pages needs. One that does not say it does not run (web/ui/uploads.py: GuardedBlocks), and a test names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import gradio as gr

from domain.errors import NotSignedIn
from domain.people import Caller, Right
from studio.rights import Rights

MARK = "maquette_needs"
#: While an answer streams, the right is asked again after so many seconds: a role that was taken away ends the stream.
ASKED_AGAIN_SECONDS = 2.0

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Needs:
    """right None: to be signed in; the handler shows only what its caller may see. Else this right on the project whose id is
    the `at`-th input."""

    rights: Rights
    right: Right | None = None
    at: int = 0

    def require(self, caller: Caller, inputs: list[Any]) -> None:
        """Raises NotFound, NotAllowed."""
        if self.right is not None and not caller.everything:
            self.rights.require(caller, self.right, "project", str(inputs[self.at] or ""))


def needs(rights: Rights, action: F, right: Right | None = None, *, at: int = 0) -> F:
    """The same action with what it needs written on it."""

    def marked(*arguments: Any, **named: Any) -> Any:
        return action(*arguments, **named)

    # A bound method takes no attribute of its own.
    target = action if hasattr(action, "__dict__") and not hasattr(action, "__self__") else marked
    setattr(target, MARK, Needs(rights, right, at))
    return cast(F, target)


def caller_of(request: gr.Request | None) -> Caller:
    """Who the guard let in. Raises NotSignedIn."""
    inner = getattr(request, "request", None)
    found = inner.scope.get("state", {}).get("caller") if inner is not None else None
    if not isinstance(found, Caller):
        raise NotSignedIn("Sign in first.", hint="Open the studio's page and sign in.")
    return found
