"""What the board says of cost: before a run, while a budget stands, and after; and the budget of Settings."""

from __future__ import annotations

import pytest

from domain.recipe import Measurement
from tests.studio.bench import step
from tests.web.test_board import Desk, desk

__all__ = ["desk"]


def measured(desk: Desk, kind: str, *seconds: float, person: str = "", plan_id: str = "") -> None:
    size = step(f"{kind}-1").spec.work_size
    for one in seconds:
        row = {"kind": kind, "maker": f"hand-{kind}", "model": "", "device": "cpu", "size": size, "seconds": one}
        desk.bench.library.add_measurement(Measurement.model_validate({**row, "person": person, "plan_id": plan_id}))


def test_a_step_shows_its_time_with_how_many_runs_stand_behind_it(desk: Desk) -> None:
    measured(desk, "copy", 3.0, 4.0, 5.0)
    desk.bench.plan(step("copy-1"), step("music-1"))
    copy, music = desk.board()["steps"]
    assert (copy["seconds"], copy["runs"], copy["low"], copy["p90"]) == (4.0, 3, pytest.approx(3.2), pytest.approx(4.8))
    assert (music["seconds"], music["runs"], music["p90"], music["took"]) == (None, 0, None, None)


def test_the_plan_shows_how_long_it_will_take_and_the_range(desk: Desk) -> None:
    measured(desk, "copy", 3.0, 4.0, 5.0)
    desk.bench.plan(step("copy-1"), step("article-1", "copy-1"))
    plan = desk.board()["plan"]
    assert (plan["makespan"], plan["seconds"], plan["unknown"]) == (4.0, 4.0, 1)
    assert (plan["low"], plan["p90"]) == (pytest.approx(3.2), pytest.approx(4.8))
    assert (plan["joules"], plan["correction"], plan["budget"]) == (None, None, None)


def test_after_the_run_the_board_says_what_was_quoted_and_what_it_took(desk: Desk) -> None:
    measured(desk, "copy", 62.0)
    desk.made("copy-1", "music-1")
    board = desk.board()
    correction = board["plan"]["correction"]
    assert (correction["quoted"], correction["unknown"], correction["joules"]) == (62.0, 1, None)
    assert 0 <= correction["took"] < 62
    assert [s["quoted"] for s in board["steps"]] == [62.0, None]
    assert all(0 <= s["took"] < 62 for s in board["steps"])


def test_a_run_beyond_the_budget_is_refused_with_the_way_out_and_leaves_nothing(desk: Desk) -> None:
    measured(desk, "copy", 62.0)
    plan = desk.bench.plan(step("copy-1"))
    desk.call("PUT", "budget", {"plan_seconds": 0, "person_seconds": 60})
    refused = desk.call("POST", f"plans/{plan.id}/approve", status=413)
    assert refused["code"] == "over_limit" and "ada has today 0 s of 60 s" in refused["message"] and "Settings" in refused["hint"]
    board = desk.board()
    assert (board["plan"]["approved"], board["steps"][0]["job"]) == (False, None)
    desk.call("PUT", "budget", {"plan_seconds": 0, "person_seconds": 0})
    assert desk.call("POST", f"plans/{plan.id}/approve") == {"queued": ["copy-1"]}
    desk.bench.wait(plan.id)


def test_of_a_plan_that_is_partly_made_only_the_rest_is_quoted(desk: Desk) -> None:
    plan_id = desk.made("copy-1", "article-1")
    measured(desk, "copy", *[30.0] * 9)
    measured(desk, "article", *[50.0] * 9)
    assert desk.board()["plan"]["seconds"] == 80
    desk.call("PATCH", f"plans/{plan_id}/steps/copy-1", {"values": {"tone": "warm"}})
    assert desk.board()["plan"]["seconds"] == 30


def test_a_changed_step_that_no_budget_bears_stays_as_it_was(desk: Desk) -> None:
    plan_id = desk.made("copy-1")
    measured(desk, "copy", *[30.0] * 9)
    version = desk.board()["plan"]["version"]
    desk.call("PUT", "budget", {"plan_seconds": 20})
    desk.call("POST", f"plans/{plan_id}/steps/copy-1/redo", {"values": {"tone": "warm"}}, status=413)
    assert desk.board()["plan"]["version"] == version


def test_before_the_first_run_there_is_nothing_to_correct(desk: Desk) -> None:
    plan = desk.bench.plan(step("copy-1"))
    board = desk.board()
    assert board["plan"]["correction"] is None and board["steps"][0]["took"] is None
    assert plan.id == board["plan"]["id"]


def test_a_budget_is_set_and_shown_with_what_was_made_today(desk: Desk) -> None:
    measured(desk, "copy", 5.0, person="ada")
    measured(desk, "copy", 7.0, person="ben")
    assert desk.call("GET", "budget") == {"plan_seconds": 0, "person_seconds": 0, "today": 5}
    assert desk.call("PUT", "budget", {"plan_seconds": 600, "person_seconds": 60}) == {"saved": True}
    assert desk.call("GET", "budget") == {"plan_seconds": 600, "person_seconds": 60, "today": 5}


@pytest.mark.parametrize("wrong", [-1, 1e12, "much", None])
def test_what_is_no_budget_is_refused_by_name_and_changes_nothing(desk: Desk, wrong: object) -> None:
    desk.call("PUT", "budget", {"plan_seconds": 600, "person_seconds": 60})
    refused = desk.call("PUT", "budget", {"plan_seconds": wrong}, status=422)
    assert "plan_seconds" in str(refused)
    assert desk.call("GET", "budget")["plan_seconds"] == 600


def test_the_board_says_before_a_run_that_its_budget_would_not_bear_it(desk: Desk) -> None:
    measured(desk, "copy", 50.0, person="ada")
    desk.bench.plan(step("copy-1"))
    desk.call("PUT", "budget", {"plan_seconds": 100, "person_seconds": 0})
    inside = desk.board()["plan"]["budget"]
    assert (inside["plan_used"], inside["refusal"]) == (0, "")
    desk.call("PUT", "budget", {"plan_seconds": 100, "person_seconds": 90})
    over = desk.board()["plan"]["budget"]
    assert (over["person_used"], over["person_seconds"]) == (50, 90)
    assert "ada has today 50 s of 1.5 min used" in over["refusal"] and "10 s over" in over["refusal"]
