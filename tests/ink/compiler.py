"""The real Ink compiler (npm inkjs, MIT) for tests and benchmarks: compiles exported dialogues and plays them.

`npm ci --prefix tests/ink` fetches it; `make test` does.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Heard:
    """One play. lines: (text, tags); choices: what was offered at every stop; variables: what they hold at the end."""

    lines: list[tuple[str, list[str]]]
    choices: list[list[tuple[str, list[str]]]]
    variables: dict[str, Any]
    error: str


@dataclass(frozen=True)
class Compiled:
    errors: list[str]
    warnings: list[str]
    plays: list[Heard] = field(default_factory=list)


def compile_ink(given: Sequence[tuple[str, Sequence[Sequence[int]]]]) -> list[Compiled]:
    """Each source with the plays it is to be played in: a pick per stop, modulo the choices there are."""
    if not (FOLDER / "node_modules" / "inkjs").is_dir():
        raise RuntimeError("The Ink compiler is missing. Run: npm ci --prefix tests/ink")
    work = json.dumps([{"source": source, "plays": [list(picks) for picks in plays]} for source, plays in given])
    done = subprocess.run(["node", str(FOLDER / "play.js")], input=work, capture_output=True, text=True, check=False, cwd=FOLDER)
    if done.returncode:
        raise RuntimeError(f"The Ink compiler ended with {done.returncode}: {done.stderr[-2000:]}")
    return [Compiled(one["errors"], one["warnings"], [_heard(play) for play in one["plays"]]) for one in json.loads(done.stdout)]


def _heard(play: dict[str, Any]) -> Heard:
    lines = [(text, tags) for text, tags in play["lines"]]
    return Heard(lines, [[(text, tags) for text, tags in stop] for stop in play["choices"]], play["variables"], play["error"])
