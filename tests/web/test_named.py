"""What a request names: each thing once, and no more than rights are asked for."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Request

from domain.errors import LimitError
from domain.people import Right
from web.access import NAMED_MAX, named_by, on

RULE = on(Right.VIEW, body={"assets": "asset"}, query={"before": "asset"})


def request(query: bytes = b"") -> Request:
    return Request({"type": "http", "path_params": {"project_id": "p"}, "query_string": query, "headers": []})


def named(assets: Any, query: bytes = b"") -> list[tuple[str, str]]:
    return list(named_by(RULE, request(query), {"assets": assets}))


def test_a_thing_that_is_named_many_times_is_asked_for_once() -> None:
    assert named(["a"] * 58_000, b"before=a") == [("project", "p"), ("asset", "a")]
    assert named(["b", "a", "b"]) == [("project", "p"), ("asset", "b"), ("asset", "a")]


def test_more_than_a_thousand_things_are_refused_before_any_is_asked_for() -> None:
    many = [f"a{number}" for number in range(NAMED_MAX - 1)]
    assert len(named(many)) == NAMED_MAX
    with pytest.raises(LimitError, match="more than 1000"):
        named([*many, "one more"])
