"""Frameworks, angles and A/B words as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.frameworks import Crafts
from domain.errors import InputError


@pytest.fixture(scope="module")
def crafts(assets: Path) -> Crafts:
    return Crafts.load(assets)


def test_the_five_frameworks_are_there_and_an_unknown_one_is_refused_with_the_nearest(crafts: Crafts) -> None:
    assert {"aida", "pas", "fab", "bab", "4u"} <= {one.id for one in crafts.framework}
    with pytest.raises(InputError) as error:
        crafts.get("aide")
    assert error.value.field == "framework"
    assert "aida" in error.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [("use the aida model", "aida"), ("before-after-bridge, please", "bab"), ("用pas框架写", "pas"), ("a passage about aid", "")],
)
def test_a_framework_is_found_in_a_brief(crafts: Crafts, text: str, expected: str) -> None:
    assert crafts.named(text) == expected


@pytest.mark.parametrize("seed", [0, 1, 5, 2**31 - 1])
def test_angles_differ_and_depend_on_the_seed_alone(crafts: Crafts, seed: int) -> None:
    angles = crafts.angles(4, "en", seed, own="the price")
    assert angles[0] == "the price"
    assert len(set(angles)) == 4
    assert angles == crafts.angles(4, "en", seed, own="the price")


def test_an_ab_set_is_two_variants(crafts: Crafts) -> None:
    assert crafts.variants("an a/b test of the ad") == 2
    assert crafts.variants("做个a/b测试") == 2
    assert crafts.variants("one ad") == 1
