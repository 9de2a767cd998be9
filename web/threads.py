"""Threads of their own for work that must not wait behind other people's: handlers share AnyIO's forty, these have some more.

Knows nothing of what runs in them. How many requests may be slow at once is web/limits.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


class Threads:
    """name: for whoever debugs. most: how many work at once; what is more waits, without a thread."""

    def __init__(self, name: str, most: int) -> None:
        self._most = most
        # A limiter belongs to one event loop.
        self._limiter: RunVar[CapacityLimiter] = RunVar(name)

    async def run(self, work: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
        """What the work returns or raises. It sees the context of the request, as handlers do."""
        limiter = self._limiter.get(None)
        if limiter is None:
            limiter = CapacityLimiter(self._most)
            self._limiter.set(limiter)
        return await to_thread.run_sync(lambda: work(*given, **named), limiter=limiter)


#: Who asks, and what they may do: asked before everything, so that nothing else may hold these.
DOOR = Threads("door", 16)
#: What a page shows of stored files: small pictures, outlines of sound, what a file says of itself. A page asks for many, and where they
#: are made on the first request they wait for a place where files are opened.
PREVIEWS = Threads("previews", 8)
