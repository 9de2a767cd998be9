"""What is quoted before a run: from what this machine measured, per maker, model and device, and from its newest runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from domain.capability import StepKind
from domain.plan import Plan, Step
from domain.recipe import Measurement
from domain.specs import PictureSpec
from library.library import Library
from studio.estimate import NEWEST, Machine, Route, cost_of, estimate, quantile
from tests.studio.bench import step

PLAN = Plan(id="p", project_id="x", brief_id="b", title="t", steps=(step("music-1"), step("music-2"), step("copy-1")))
MAKERS = {"music-1": "composer", "music-2": "composer", "copy-1": "writer"}


def run(kind: StepKind, maker: str, seconds: float, size: float = 1.0, **more: object) -> Measurement:
    row = {"kind": kind, "maker": maker, "model": "m", "device": "cpu", "size": size, "seconds": seconds}
    return Measurement.model_validate({**row, **more})


def music(seconds: float, size: float = 1.0, **more: object) -> Measurement:
    return run(StepKind.MUSIC, "composer", seconds, size, **more)


def picture(number: int, *, side: int = 100, steps: int = 0) -> Step:
    return Step(id=f"picture-{number}", title="t", spec=PictureSpec(about="a", width=side, height=side, steps=steps))


def quoted(steps: Sequence[Step], runs: Sequence[Measurement]) -> tuple[float, ...]:
    """Median seconds of each step, all made by one maker with these runs."""
    plan = PLAN.model_copy(update={"steps": tuple(steps)})
    found = estimate(plan, {one.id: "maker" for one in steps}, lambda kind, maker: runs)
    return tuple(row.seconds or 0.0 for row in found.steps)


def test_the_newest_runs_of_a_maker_are_quoted_however_busy_the_others_were(home: Path) -> None:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        for _ in range(60):
            library.add_measurement(music(9.0))
        for _ in range(60):
            library.add_measurement(music(2.0))
        for _ in range(300):
            library.add_measurement(run(StepKind.COPY, "writer", 5.0))
        found = estimate(PLAN, MAKERS, lambda kind, maker: library.measurements(kind=kind, maker=maker, limit=NEWEST))
    size = PLAN.step("music-1").spec.work_size
    assert (found.of("music-1").seconds, found.of("music-1").runs) == (2.0 * size, NEWEST)
    assert found.of("copy-1").seconds == 5.0 * PLAN.step("copy-1").spec.work_size
    assert found.unknown == 0


def test_only_the_newest_count_even_when_more_are_given() -> None:
    runs = [music(2.0)] * NEWEST + [music(9.0)] * 200
    found = estimate(PLAN, MAKERS, lambda kind, maker: runs if maker == "composer" else [])
    assert found.of("music-2").seconds == 2.0 * PLAN.step("music-2").spec.work_size


def test_what_was_never_measured_or_has_no_maker_is_unknown_and_nobody_is_asked_twice() -> None:
    asked: list[tuple[StepKind, str]] = []

    def measured(kind: StepKind, maker: str) -> Sequence[Measurement]:
        asked.append((kind, maker))
        return ()

    found = estimate(PLAN, {"music-1": "composer", "music-2": "composer"}, measured)
    assert asked == [(StepKind.MUSIC, "composer")]
    assert (found.unknown, found.seconds, found.makespan, found.p90) == (3, 0.0, 0.0, 0.0)
    assert found.of("copy-1").seconds is None and found.of("nowhere").seconds is None
    assert (found.of("music-1").runs, found.of("music-1").p90) == (0, None)


# What a maker's runs tell


def test_where_sizes_differ_the_fixed_part_does_not_grow_with_the_size() -> None:
    runs = [music(10 + 0.5 * size, size) for size in (4, 8, 16, 32, 64)]
    cost = cost_of(runs)
    assert cost is not None and (cost.fixed, cost.rate) == (pytest.approx(10), pytest.approx(0.5))


def test_a_third_of_wild_runs_does_not_move_the_line() -> None:
    runs = [music(10 + 0.5 * size, size) for size in (4, 8, 16, 32, 64, 5, 9)] + [music(900, size) for size in (7, 20, 33)]
    cost = cost_of(runs)
    assert cost is not None and cost.fixed + 30 * cost.rate == pytest.approx(10 + 0.5 * 30, rel=0.2)


def test_time_never_falls_with_the_size() -> None:
    cost = cost_of([music(seconds, size) for seconds, size in ((9, 1), (8, 2), (7, 4), (6, 8), (5, 16))])
    assert cost is not None and cost.rate == 0 and cost.fixed == 7


def test_with_sizes_too_much_alike_the_median_rate_counts() -> None:
    cost = cost_of([music(seconds, size) for seconds, size in ((2, 10), (4, 11), (2.2, 11), (2, 10), (2, 10), (90, 10))])
    assert cost is not None and (cost.fixed, cost.rate) == (0, pytest.approx(0.2))


def test_the_range_holds_the_middle_eight_of_ten_runs_and_one_run_has_none() -> None:
    cost = cost_of([music(seconds) for seconds in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)])
    assert cost is not None and (cost.low, cost.rate, cost.high) == (pytest.approx(2 / 6), 6, pytest.approx(10 / 6))
    alone = cost_of([music(3)])
    assert alone is not None and (alone.runs, alone.low, alone.high) == (1, 1, 1)


def test_the_quantile_lies_between_the_two_nearest() -> None:
    assert [quantile([1, 2, 4], share) for share in (0, 0.25, 0.5, 0.75, 1)] == [1, 1.5, 2, 3, 4]


def test_runs_of_another_device_or_model_tell_nothing() -> None:
    runs = [music(2, device="cuda:0"), music(90), music(3, device="cuda:0", model="other")]
    gone = cost_of(runs, devices=frozenset({"cpu"}))
    assert gone is not None and (gone.runs, gone.rate, gone.device) == (1, 90, "cpu")
    assert cost_of([runs[0], runs[2]], devices=frozenset({"cpu"})) is None
    assert cost_of(runs, model="newer") is None
    mine = cost_of(runs, model="m", devices=frozenset({"cpu", "cuda"}))
    assert mine is not None and (mine.runs, mine.rate, mine.device) == (1, 2, "cuda:0")


def test_the_time_of_a_picture_grows_with_its_denoising_steps() -> None:
    runs = [
        run(StepKind.PICTURE, "maker", 0.001 * 100 * steps * side, 100 * side, steps=steps) for steps in (4, 8, 16) for side in (50, 100)
    ]
    few, many, own = quoted([picture(1, steps=4), picture(2, steps=16), picture(3)], runs)
    assert (few, many) == (pytest.approx(40), pytest.approx(160))
    # A step that leaves the number to the model is quoted at that of earlier runs.
    assert own == pytest.approx(80)


def test_runs_from_before_steps_were_measured_do_not_mix_with_newer_ones() -> None:
    runs = [run(StepKind.PICTURE, "maker", 10, 10_000, steps=10), run(StepKind.PICTURE, "maker", 10, 10_000)]
    assert quoted([picture(1, steps=20)], runs) == (pytest.approx(20),)


def test_energy_is_quoted_where_it_was_read_and_never_guessed() -> None:
    steps = (step("music-1"), step("copy-1"))
    plan = PLAN.model_copy(update={"steps": steps})
    read = {"composer": [music(2, joules=30.0), music(2)], "writer": [run(StepKind.COPY, "writer", 1)]}
    both = estimate(plan, MAKERS, lambda kind, maker: read[maker])
    assert both.of("music-1").joules == 30 * steps[0].spec.work_size
    assert (both.of("copy-1").joules, both.joules) == (None, None)
    one = estimate(plan, MAKERS, lambda kind, maker: read[maker], only={"music-1"})
    assert one.joules == 30 * steps[0].spec.work_size


def test_memory_is_the_most_a_run_took() -> None:
    found = estimate(PLAN, MAKERS, lambda kind, maker: [music(1, peak_bytes=5), music(1, peak_bytes=9)] if maker == "composer" else [])
    assert (found.of("music-1").peak_bytes, found.of("copy-1").peak_bytes, found.peak_bytes) == (9, 0, 9)


# The whole plan


def machine(loaded: bool = True, **places: int) -> Machine:
    routes = {
        (StepKind.MUSIC, "composer"): Route(lane="media", prepare_lane="chat", loaded=loaded),
        (StepKind.COPY, "writer"): Route(lane="chat", prepare_lane="prepare"),
    }
    return Machine(places=places, routes=routes)


def fixed(runs: dict[str, list[Measurement]]) -> dict[str, list[Measurement]]:
    """The same runs as if they were of the sizes this plan asks for, so that seconds read as they stand."""
    sizes = {"composer": PLAN.step("music-1").spec.work_size, "writer": PLAN.step("copy-1").spec.work_size}
    return {maker: [row.model_copy(update={"size": sizes[maker]}) for row in rows] for maker, rows in runs.items()}


def test_lanes_work_side_by_side_and_the_work_is_still_the_sum() -> None:
    runs = fixed({"composer": [music(6)], "writer": [run(StepKind.COPY, "writer", 5)]})
    narrow = estimate(PLAN, MAKERS, lambda kind, maker: runs[maker], machine(media=1, chat=1))
    wide = estimate(PLAN, MAKERS, lambda kind, maker: runs[maker], machine(media=2, chat=1))
    assert (narrow.seconds, narrow.makespan) == (17, 12)
    assert (wide.seconds, wide.makespan) == (17, 6)


def test_preparing_stands_in_the_lane_of_the_chat() -> None:
    runs = fixed({"composer": [music(6, stages={"prepare": 2.0, "make": 4.0})], "writer": [run(StepKind.COPY, "writer", 5)]})
    found = estimate(PLAN, MAKERS, lambda kind, maker: runs[maker], machine(media=2, chat=1))
    # The chat prepares both scores (2 and 2) and writes the copy (5); the second score plays meanwhile.
    assert found.makespan == 9


def test_a_step_waits_for_its_inputs() -> None:
    plan = PLAN.model_copy(update={"steps": (step("article-1"), step("speech-1", "article-1"))})
    runs = [run(StepKind.ARTICLE, "w", 3, plan.step("article-1").spec.work_size), run(StepKind.SPEECH, "k", 4, 1)]
    by_maker = {"w": runs[:1], "k": runs[1:]}
    found = estimate(plan, {"article-1": "w", "speech-1": "k"}, lambda kind, maker: by_maker[maker])
    assert found.makespan == found.seconds == pytest.approx(7)


def test_loading_is_added_once_where_the_weights_are_not_in_memory() -> None:
    runs = fixed({"composer": [music(7, load_seconds=5), music(2)], "writer": [run(StepKind.COPY, "writer", 1)]})
    cold = estimate(PLAN, MAKERS, lambda kind, maker: runs[maker], machine(loaded=False, media=1, chat=1))
    warm = estimate(PLAN, MAKERS, lambda kind, maker: runs[maker], machine(loaded=True, media=1, chat=1))
    assert (warm.load_seconds, warm.seconds, warm.makespan) == (0, 5, 4)
    assert (cold.load_seconds, cold.seconds, cold.makespan) == (5, 10, 9)
    assert cold.of("music-1").seconds == 2


def test_a_batch_loaded_once_for_all_its_outputs() -> None:
    cost = cost_of([music(3, load_seconds=2, batch=4)] * 4)
    assert cost is not None and (cost.load_seconds, cost.rate) == (8, 1)


def test_the_range_of_a_plan_lies_around_its_time() -> None:
    runs = fixed({"composer": [music(seconds) for seconds in (4, 5, 6, 7, 8)], "writer": [run(StepKind.COPY, "writer", 5)]})
    found = estimate(PLAN, MAKERS, lambda kind, maker: runs[maker], machine(media=1, chat=1))
    assert (found.low, found.makespan, found.p90) == (pytest.approx(8.8), 12, pytest.approx(15.2))


def test_only_what_would_be_made_is_quoted() -> None:
    runs = fixed({"composer": [music(6)], "writer": [run(StepKind.COPY, "writer", 5)]})
    found = estimate(PLAN, MAKERS, lambda kind, maker: runs[maker], only={"music-2"})
    assert ([row.step_id for row in found.steps], found.seconds, found.makespan) == (["music-2"], 6, 6)
