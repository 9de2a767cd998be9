"""How long pieces take together: lanes, dependencies, and always the same answer."""

from __future__ import annotations

import pytest

from domain.errors import PlanError
from studio.makespan import Piece, makespan


def test_pieces_of_one_lane_follow_each_other_and_of_two_lanes_run_side_by_side() -> None:
    assert makespan([Piece("a", 3, "x"), Piece("b", 2, "x")], {"x": 1}) == 5
    assert makespan([Piece("a", 3, "x"), Piece("b", 2, "y")], {"x": 1, "y": 1}) == 3


def test_a_lane_works_on_as_many_as_it_has_places() -> None:
    pieces = [Piece(f"p{number}", 2, "x") for number in range(6)]
    assert [makespan(pieces, {"x": places}) for places in (1, 2, 3, 6, 60)] == [12, 6, 4, 2, 2]


def test_a_lane_that_nobody_named_has_one_place_and_no_lane_has_room_for_all() -> None:
    assert makespan([Piece("a", 1, "odd"), Piece("b", 1, "odd")], {}) == 2
    assert makespan([Piece("a", 1), Piece("b", 1)], {}) == 1


def test_a_piece_waits_for_what_it_needs_and_not_for_what_is_not_there() -> None:
    assert makespan([Piece("b", 2, "x", ("a", "a", "gone")), Piece("a", 3, "y")], {}) == 5


def test_the_longest_way_to_the_end_goes_first() -> None:
    # Were the short one taken first, its place would be missing for the chain and the whole would take 9.
    pieces = [Piece("short", 4, "x"), Piece("head", 1, "x"), Piece("tail", 4, "y", ("head",))]
    assert makespan(pieces, {"x": 1, "y": 1}) == 5


def test_nothing_takes_no_time() -> None:
    assert makespan([], {}) == 0


def test_a_circle_is_told() -> None:
    with pytest.raises(PlanError, match="a, b"):
        makespan([Piece("a", 1, needs=("b",)), Piece("b", 1, needs=("a",)), Piece("c", 1)], {})
