"""The slowest stages, from measured runs."""

from __future__ import annotations

import pytest

from domain.capability import StepKind
from domain.recipe import Measurement
from studio.stages import percentile, stages


def run(maker: str, **seconds: float) -> Measurement:
    return Measurement(kind=StepKind.PICTURE, maker=maker, model="", device="cpu", size=1, seconds=1, stages=seconds)


def test_stages_are_told_by_maker_with_median_and_p90_slowest_first() -> None:
    found = stages([*(run("diffusion", make=float(n), load=2.0) for n in range(1, 11)), run("writer", make=40.0)])
    assert [(row.maker, row.stage, row.runs, row.median, row.p90) for row in found] == [
        ("writer", "make", 1, 40.0, 40.0),
        ("diffusion", "make", 10, 5.5, 9.0),
        ("diffusion", "load", 10, 2.0, 2.0),
    ]


def test_only_the_newest_runs_of_each_maker_count() -> None:
    found = stages([run("a", make=1.0), run("a", make=1.0), run("a", make=900.0), run("b", make=3.0)], newest=2)
    assert [(row.maker, row.runs, row.median) for row in found] == [("b", 1, 3.0), ("a", 2, 1.0)]


def test_runs_that_were_not_timed_by_stage_neither_count_nor_displace_those_that_were() -> None:
    untimed = [run("a") for _ in range(5)]
    assert [row.runs for row in stages([*untimed, run("a", make=2.0)], newest=1)] == [1]
    assert stages(untimed) == ()


def test_a_stage_that_some_runs_did_not_have_counts_only_those_that_had_it() -> None:
    found = {row.stage: (row.runs, row.median) for row in stages([run("a", make=1.0, load=9.0), run("a", make=1.0)])}
    assert found == {"load": (1, 9.0), "make": (2, 1.0)}


def test_no_more_rows_than_a_person_reads() -> None:
    found = stages([run(f"maker{n}", make=float(n)) for n in range(30)], shown=3)
    assert [row.maker for row in found] == ["maker29", "maker28", "maker27"]


@pytest.mark.parametrize(("share", "value"), [(0.01, 1), (0.5, 5), (0.9, 9), (0.91, 10), (1.0, 10)])
def test_a_percentile_is_a_value_that_was_measured(share: float, value: int) -> None:
    assert percentile(range(10, 0, -1), share) == value


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a value"):
        percentile([], 0.5)
