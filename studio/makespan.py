"""How long pieces of work take together, when some wait for others and every lane works on so many at once. Pure and deterministic."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.errors import PlanError


@dataclass(frozen=True)
class Piece:
    """One stretch of work. seconds: how long it works. lane: whose place it needs; "" needs none. needs: ids of pieces before it."""

    id: str
    seconds: float
    lane: str = ""
    needs: tuple[str, ...] = ()


def makespan(pieces: Sequence[Piece], places: Mapping[str, int]) -> float:
    """Seconds until the last piece ends, by list scheduling: what has the longest way to the end behind it goes first.

    Args:
        pieces: needs that name no piece of these count as done. Ties keep this order.
        places: how many work at once, by lane; a lane that is not named has one place.

    Raises PlanError when pieces wait for each other in a circle.

    List scheduling: R. L. Graham, Bounds on Multiprocessing Timing Anomalies, 1969. At most twice the shortest possible for equal places.
    """
    known = {piece.id: (number, piece) for number, piece in enumerate(pieces)}
    left = {piece.id: sum(need in known for need in set(piece.needs)) for piece in pieces}
    after = _followers(pieces, known)
    way = _ways(pieces, after)
    waiting: dict[str, list[tuple[float, int, str]]] = {}
    working: dict[str, int] = {}
    ending: list[tuple[float, int, str]] = []
    clock, done = 0.0, 0

    def ready(ids: Iterable[str]) -> None:
        for one in ids:
            number, piece = known[one]
            heapq.heappush(waiting.setdefault(piece.lane, []), (-way[one], number, one))

    ready(piece.id for piece in pieces if not left[piece.id])
    while True:
        for lane, line in waiting.items():
            while line and (not lane or working.get(lane, 0) < max(1, places.get(lane, 1))):
                _, number, one = heapq.heappop(line)
                working[lane] = working.get(lane, 0) + 1
                heapq.heappush(ending, (clock + known[one][1].seconds, number, one))
        if not ending:
            break
        clock, _, ended = heapq.heappop(ending)
        working[known[ended][1].lane] -= 1
        done += 1
        for follower in after[ended]:
            left[follower] -= 1
        ready(follower for follower in after[ended] if not left[follower])
    if done < len(pieces):
        stuck = sorted(one for one, count in left.items() if count)
        raise PlanError("Steps wait for each other: {known}.", hint="Remove one of these inputs.", field="steps", known=", ".join(stuck))
    return clock


def _followers(pieces: Sequence[Piece], known: Mapping[str, object]) -> dict[str, list[str]]:
    after: dict[str, list[str]] = {piece.id: [] for piece in pieces}
    for piece in pieces:
        for need in dict.fromkeys(piece.needs):
            if need in known:
                after[need].append(piece.id)
    return after


def _ways(pieces: Sequence[Piece], after: Mapping[str, list[str]]) -> dict[str, float]:
    """Seconds from the start of each piece to the end of everything behind it. A circle is found by the caller."""
    left = {one: len(followers) for one, followers in after.items()}
    before = {piece.id: [need for need in dict.fromkeys(piece.needs) if need in after] for piece in pieces}
    seconds = {piece.id: piece.seconds for piece in pieces}
    way = dict(seconds)
    ends = [one for one, count in left.items() if not count]
    while ends:
        one = ends.pop()
        for need in before[one]:
            way[need] = max(way[need], seconds[need] + way[one])
            left[need] -= 1
            if not left[need]:
                ends.append(need)
    return way
