"""Which stages of making take longest, from the newest measured runs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import ceil
from statistics import median

from domain.engine import StageState
from domain.recipe import Measurement

#: Runs of one maker behind its numbers. Older ones tell of another load, model or version.
NEWEST = 50

#: What a person can do something about; the rest is noise.
SHOWN = 8


def stages(measurements: Iterable[Measurement], *, newest: int = NEWEST, shown: int = SHOWN) -> tuple[StageState, ...]:
    """The slowest stages, slowest median first, `shown` at most.

    Args:
        measurements: newest first; of each maker the first `newest` count. A run without stages tells nothing.
    """
    seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    runs: defaultdict[str, int] = defaultdict(int)
    for run in measurements:
        if not run.stages or runs[run.maker] >= newest:
            continue
        runs[run.maker] += 1
        for stage, spent in run.stages.items():
            seconds[run.maker, stage].append(spent)
    rows = [
        StageState(maker=maker, stage=stage, runs=len(spent), median=median(spent), p90=percentile(spent, 0.9))
        for (maker, stage), spent in seconds.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.median, row.maker, row.stage))[:shown])


def percentile(values: Iterable[float], share: float) -> float:
    """Nearest rank: the smallest value that at least `share` (0..1] of the values do not exceed. Raises ValueError without values."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("a percentile needs a value")
    return ordered[max(1, ceil(share * len(ordered))) - 1]
