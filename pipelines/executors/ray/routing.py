"""Which replica gets a request. Pure but for the clock; serving.py hands it to Serve's router.

The studio is the only one who sends to these replicas, so what it has sent and not heard the end of is the exact load of each:
nobody needs to be asked. Serve's own router looks at two replicas of all, and two requests that come together may both choose the
same one, which on a device that makes pictures for a minute leaves another idle for a minute.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R", bound=Hashable)

#: A choice that was not sent within so many seconds was given up in between.
_UNSENT = 30.0
#: Added to the name of a maker or model by a replica that has it in memory.
LOADED = "!"
#: Added to the name of a maker that makes several works in one go: those may wait together at a busy replica.
GATHERS = "+"


@dataclass
class _Choice(Generic[R]):
    replica: R
    at: float
    sent: bool = False


class Load(Generic[R]):
    """How many requests each replica has. Not thread-safe: it lives on the router's loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._chosen: dict[str, _Choice[R]] = {}
        self._counts: Counter[R] = Counter()

    def __getitem__(self, replica: R) -> int:
        return self._counts[replica]

    def choose(self, request: str, replica: R) -> None:
        """This request goes there. A request that was sent elsewhere before is no longer there."""
        for old in [old for old, choice in self._chosen.items() if not choice.sent and self._clock() - choice.at > _UNSENT]:
            self._drop(old)
        self._drop(request)
        self._chosen[request] = _Choice(replica, self._clock())
        self._counts[replica] += 1

    def sent(self, request: str) -> None:
        if request in self._chosen:
            self._chosen[request].sent = True

    def ended(self, request: str, replica: R) -> None:
        choice = self._chosen.get(request)
        if choice is not None and choice.replica == replica:
            self._drop(request)

    def lost(self, replica: R) -> None:
        for request in [request for request, choice in self._chosen.items() if choice.replica == replica]:
            self._drop(request)

    def _drop(self, request: str) -> None:
        choice = self._chosen.pop(request, None)
        if choice is not None:
            self._counts[choice.replica] -= 1
            if not self._counts[choice.replica]:
                del self._counts[choice.replica]


def best(known: Mapping[R, Collection[str]], wanted: str, load: Load[R], places: int = 1) -> R | None:
    """The replica for a request: one that can make it where any can, the freest of these, and of those one that has the weights.

    None while all are busy: whoever comes free first shall have it. What gains from company goes to a busy one all the same.
    known: what each replica says it can make. wanted: a maker or a model. places: what a replica works on at once. Equal ones take
    turns by chance.
    """
    able = [replica for replica, names in known.items() if wanted in names or wanted + LOADED in names] or list(known)
    if not able:
        return None
    chosen = min(able, key=lambda replica: (load[replica], wanted + LOADED not in known[replica], random.random()))  # noqa: S311
    return chosen if load[chosen] < places or wanted + GATHERS in known[chosen] else None
