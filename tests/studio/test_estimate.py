"""Time quoted from what this machine measured, per maker and from its newest runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from domain.capability import StepKind
from domain.plan import Plan
from domain.recipe import Measurement
from library.library import Library
from studio.estimate import NEWEST, estimate
from tests.studio.bench import step

PLAN = Plan(id="p", project_id="x", brief_id="b", title="t", steps=(step("music-1"), step("music-2"), step("copy-1")))
MAKERS = {"music-1": "composer", "music-2": "composer", "copy-1": "writer"}


def run(kind: StepKind, maker: str, seconds: float, size: float = 1.0) -> Measurement:
    return Measurement(kind=kind, maker=maker, model="m", device="cpu", size=size, seconds=seconds)


def test_the_newest_runs_of_a_maker_are_quoted_however_busy_the_others_were(home: Path) -> None:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        for _ in range(60):
            library.add_measurement(run(StepKind.MUSIC, "composer", 9.0))
        for _ in range(60):
            library.add_measurement(run(StepKind.MUSIC, "composer", 2.0))
        for _ in range(300):
            library.add_measurement(run(StepKind.COPY, "writer", 5.0))
        found = estimate(PLAN, MAKERS, lambda kind, maker: library.measurements(kind=kind, maker=maker, limit=NEWEST))
    music = PLAN.step("music-1").spec.work_size
    assert (found.of("music-1").seconds, found.of("music-1").runs) == (2.0 * music, NEWEST)
    assert found.of("copy-1").seconds == 5.0 * PLAN.step("copy-1").spec.work_size
    assert found.unknown == 0


def test_only_the_newest_count_even_when_more_are_given() -> None:
    runs = [run(StepKind.MUSIC, "composer", 2.0)] * NEWEST + [run(StepKind.MUSIC, "composer", 9.0)] * 200
    found = estimate(PLAN, MAKERS, lambda kind, maker: runs if maker == "composer" else [])
    assert found.of("music-2").seconds == 2.0 * PLAN.step("music-2").spec.work_size


def test_what_was_never_measured_or_has_no_maker_is_unknown_and_nobody_is_asked_twice() -> None:
    asked: list[tuple[StepKind, str]] = []

    def measured(kind: StepKind, maker: str) -> Sequence[Measurement]:
        asked.append((kind, maker))
        return ()

    found = estimate(PLAN, {"music-1": "composer", "music-2": "composer"}, measured)
    assert asked == [(StepKind.MUSIC, "composer")]
    assert (found.unknown, found.seconds) == (3, 0.0)
    assert found.of("copy-1").seconds is None and found.of("nowhere").seconds is None
