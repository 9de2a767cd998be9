"""One brief in five wordings, English and Chinese, is one plan: the same kinds of steps, as often. Without a model's vote."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from agents.planner import Planner
from benchmarks.chat import DATA, Unhelpful, planned

WISHES: list[dict[str, Any]] = tomllib.loads((DATA / "brief_wordings.toml").read_text(encoding="utf-8"))["wish"]
#: Wishes with a wording that may be read otherwise: "an email newsletter ad", "descriptions of five items".
TWO_READINGS = {"emails", "shop"}


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


@pytest.mark.parametrize("wish", [w for w in WISHES if w["id"] not in TWO_READINGS], ids=lambda wish: str(wish["id"]))
def test_five_wordings_of_a_brief_are_one_plan(planner: Planner, wish: dict[str, Any]) -> None:
    plans = [planned(planner, Unhelpful(), words) for words in wish["wordings"]]
    first = plans[0]
    assert plans == [first] * 5
    assert isinstance(first, dict) and all(first.get(kind, 0) >= count for kind, count in wish["wanted"].items())
