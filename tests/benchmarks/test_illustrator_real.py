"""The measures on real pictures: the same prompt gives the same row, and a plain wish is found to be right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.illustrator_prompts import Studio, prompts
from benchmarks.illustrator_rows import row_of

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def studio(cache: Path) -> Studio:
    return Studio(cache)


def test_a_plain_wish_is_found_right_and_measured_the_same_twice(studio: Studio) -> None:
    shoe = replace(next(p for p in prompts() if p.id == "m003"), size=(240, 240))
    kept: list[Any] = []
    first = row_of(shoe, studio, lambda _, picture: kept.append(picture))
    second = row_of(shoe, studio)
    assert first.subjects == second.subjects
    found = first.subjects[0]
    assert found.how == "exact" and found.count_right and found.paint is not None and found.paint["right"]
    assert first.setting_right and not (first.clipped or first.overlaps or first.logos or first.error)
    assert kept[0].shape == (240, 240, 3)


def test_what_nobody_draws_is_missing_or_told(studio: Studio) -> None:
    shoe = next(p for p in prompts() if p.id == "m003")
    strange = replace(
        shoe, prompt="a red running shoe", subjects=(replace(shoe.subjects[0], what="zorbulator", colour=""),), size=(240, 240)
    )
    row = row_of(strange, studio)
    assert row.subjects[0].how == "missing" and not row.subjects[0].known
