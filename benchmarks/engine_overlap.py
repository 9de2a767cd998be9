"""The LLM and speech beside diffusion against one after the other: the makespan of the same work, A/B/B/A, warm."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.engine_brief import Bench, engine_bench, scale_of
from benchmarks.engine_house import load
from benchmarks.engine_plain import PARTS
from benchmarks.engine_table import Row
from benchmarks.engine_weights import weights


def beside(quick: bool, place: Path) -> list[Row]:
    """Pictures, texts and voices of the pinned brief, approved together and as three plans in turn."""
    scale, size = scale_of(quick)
    made = weights(size, place)
    with tempfile.TemporaryDirectory() as folder, engine_bench(Path(folder) / "home", made, scale) as bench:
        for _ in range(2):
            bench.make(bench.plan(short=True))
        first = _in_turn(bench)
        together = [_together(bench), _together(bench)]
        last = _in_turn(bench)
    turns = [sum(first.values()), sum(last.values())]
    longest = max(sum(one) for one in zip(first.values(), last.values(), strict=True)) / 2
    ratio = sum(together) / sum(turns)
    alone = ", ".join(f"{part} {(first[part] + last[part]) / 2:.1f} s" for part in PARTS)
    note = f"together {together[0]:.1f} and {together[1]:.1f} s, in turn {turns[0]:.1f} and {turns[1]:.1f} s ({alone}), A/B/B/A; {load()}"
    return [
        Row(f"makespan beside each other, {scale} scale", f"{ratio:.2f}x", note, "0.8x" if scale == "cuda" else ""),
        Row(
            "the least it could be",
            f"{2 * longest / sum(turns):.2f}x",
            f"the longest part alone: reached where the parts share nothing; here they share {_shared(scale)}",
        ),
    ]


def _shared(scale: str) -> str:
    return "one GPU" if scale == "cuda" else f"{os.cpu_count()} cores, which each part alone keeps busy"


def _in_turn(bench: Bench) -> dict[str, float]:
    return {part: float(bench.make(bench.plan([part]))["seconds"]) for part in PARTS}


def _together(bench: Bench) -> float:
    return float(bench.make(bench.plan())["seconds"])
