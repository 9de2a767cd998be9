"""Draws the skeleton of a branching scene by rule and seed: nodes, choices, merges, endings. No words, no LLM."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Role = Literal["opening", "reaction", "turn", "linger", "ending"]


@dataclass(frozen=True)
class Beat:
    """One node to be written. exits: ids of the next nodes; several mean a choice each. after: ids of the nodes before it.

    choice: which of the choices of `after[0]` leads here, -1 when none does. ending: number of the ending, -1 when it is none.
    """

    id: str
    role: Role
    exits: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    choice: int = -1
    ending: int = -1


def skeleton(nodes: int, seed: int) -> tuple[Beat, ...]:
    """Exactly `nodes` beats (at least 3), in an order where each follows those before it; beats[0] is the start.

    Every beat is reachable, every way ends, choices are 2 or 3. The same seed draws the same scene.
    """
    if nodes < 3:
        raise ValueError(f"A branching scene needs at least 3 nodes, not {nodes}.")
    draw = random.Random(seed)  # noqa: S311 - a repeatable drawing, not a secret
    endings = 2 if nodes < 6 else draw.choice((2, 3))
    diamonds, spare = _diamonds(nodes - 1 - endings, draw)
    graph = _Graph()
    here = graph.add("opening")
    for width in diamonds:
        # A spare node lets the scene breathe before a choice.
        if spare and draw.random() < 0.5:
            here, spare = graph.lengthen(here), spare - 1
        branches = [graph.add("reaction", here, number) for number in range(width)]
        here = graph.merge(branches)
    for _ in range(spare):
        here = graph.lengthen(here)
    for number in range(endings):
        graph.add("ending", here, number)
    return graph.beats()


def _diamonds(room: int, draw: random.Random) -> tuple[list[int], int]:
    """Widths of the choices that come together again, and the nodes left over. A diamond takes its width and one node to merge in."""
    widths: list[int] = []
    while room >= 3:
        width = 3 if room >= 4 and draw.random() < 0.35 else 2
        widths.append(width)
        room -= width + 1
    return widths, room


class _Graph:
    """Nodes and edges while they are drawn."""

    def __init__(self) -> None:
        self.roles: list[Role] = []
        self._edges: list[list[int]] = []
        self._choice: list[int] = []

    def add(self, role: Role, after: int = -1, choice: int = -1) -> int:
        self.roles.append(role)
        self._edges.append([])
        self._choice.append(choice)
        if after >= 0:
            self._edges[after].append(len(self.roles) - 1)
        return len(self.roles) - 1

    def lengthen(self, after: int) -> int:
        return self.add("linger", after)

    def merge(self, branches: list[int]) -> int:
        node = self.add("turn")
        for branch in branches:
            self._edges[branch].append(node)
        return node

    def beats(self) -> tuple[Beat, ...]:
        names = [f"n{number}" for number in range(1, len(self.roles) + 1)]
        before: list[list[str]] = [[] for _ in names]
        for node, exits in enumerate(self._edges):
            for target in exits:
                before[target].append(names[node])
        return tuple(
            Beat(
                id=names[at],
                role=role,
                exits=tuple(names[target] for target in self._edges[at]),
                after=tuple(before[at]),
                choice=self._choice[at],
                ending=self._choice[at] if role == "ending" else -1,
            )
            for at, role in enumerate(self.roles)
        )
