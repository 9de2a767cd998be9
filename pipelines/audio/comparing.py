"""Two texts side by side, unit by unit: which runs differ, and how much of the text that is. Pure: no sound, no models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Text -> how it sounds, as symbols; equal sounds are equal words.
Sounds = Callable[[str], str]


@dataclass(frozen=True)
class Run:
    """said[a:b] was heard as heard[c:d]; either may be empty."""

    said: tuple[str, ...]
    heard: tuple[str, ...]
    said_at: int
    heard_at: int

    @property
    def units(self) -> int:
        return max(len(self.said), len(self.heard))


def runs(said: Sequence[str], heard: Sequence[str]) -> list[Run]:
    """The diverging runs of the best alignment, in order; neighbours are one run. Cost grows with len(said) * len(heard)."""
    found: list[Run] = []
    for a, b, c, d in _gaps(said, heard):
        found.append(Run(tuple(said[a:b]), tuple(heard[c:d]), a, c))
    return found


def alike(run: Run, sounds: Sounds, tolerance: float) -> bool:
    """Whether what was heard is what was said, written otherwise: the same letters, or sounds that differ by at most `tolerance`."""
    if not run.said or not run.heard:
        return False
    if "".join(run.said) == "".join(run.heard):
        return True
    one, other = sounds(" ".join(run.said)).replace(" ", ""), sounds(" ".join(run.heard)).replace(" ", "")
    return bool(one and other) and distance(one, other) <= tolerance * max(len(one), len(other))


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Edit distance: insertions, deletions and changes."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def _gaps(said: Sequence[str], heard: Sequence[str]) -> list[tuple[int, int, int, int]]:
    table = [[0] * (len(heard) + 1) for _ in range(len(said) + 1)]
    for i in range(len(said), -1, -1):
        for j in range(len(heard), -1, -1):
            if i == len(said) or j == len(heard):
                table[i][j] = len(said) - i + len(heard) - j
            elif said[i] == heard[j]:
                table[i][j] = table[i + 1][j + 1]
            else:
                table[i][j] = 1 + min(table[i + 1][j], table[i][j + 1], table[i + 1][j + 1])
    found: list[tuple[int, int, int, int]] = []
    i = j = 0
    while i < len(said) or j < len(heard):
        if i < len(said) and j < len(heard) and said[i] == heard[j]:
            i, j = i + 1, j + 1
            continue
        a, c = i, j
        while (i < len(said) or j < len(heard)) and not (i < len(said) and j < len(heard) and said[i] == heard[j]):
            i, j = _step(table, i, j, len(said), len(heard))
        found.append((a, i, c, j))
    return found


def _step(table: list[list[int]], i: int, j: int, most_i: int, most_j: int) -> tuple[int, int]:
    """One cheapest step out of a place where the units differ."""
    ways = [(table[i + 1][j + 1], i + 1, j + 1)] if i < most_i and j < most_j else []
    ways += [(table[i + 1][j], i + 1, j)] if i < most_i else []
    ways += [(table[i][j + 1], i, j + 1)] if j < most_j else []
    _, i, j = min(ways, key=lambda way: way[0])
    return i, j
