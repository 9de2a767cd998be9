from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.moments import moments, weekdays_of


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("3 June", "date", 603),
        ("June 3rd", "date", 603),
        ("the ninth of May", "date", 509),
        ("Sept. 30", "date", 930),
        ("2026-06-03", "date", 603),
        ("4月10日", "date", 410),
        ("四月十日", "date", 410),
        ("明年3月投产", "month", 3),
        ("7:30", "clock", 450),
        ("7.30am", "clock", 450),
        ("half past seven", "clock", 450),
        ("quarter to 8", "clock", 465),
        ("four o'clock", "clock", 240),
        ("three o'clock in the afternoon", "clock", 900),
        ("4pm", "clock", 960),
        ("12am", "clock", 0),
        ("18:00", "clock", 1080),
        ("until noon", "clock", 720),
        ("早6点半", "clock", 390),
        ("晚9点", "clock", 1260),
    ],
)
def test_a_date_or_time_is_read_whatever_its_form(text: str, kind: str, value: int) -> None:
    (moment,) = moments(text)
    assert (moment.kind, moment.value) == (kind, value)


@pytest.mark.parametrize("text", ["慢一点，山在。", "三个月", "40 June", "30 minutes", "3.5 hours", "百分之十四点四", "may be", "1689"])
def test_what_is_no_date_or_time_is_left(text: str) -> None:
    assert moments(text) == []


def test_midnight_blue_proves_no_time() -> None:
    assert not moments("A midnight blue dress")[0].certain
    assert moments("Open until midnight")[0].certain


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("15:00", "3 pm", True),
        ("7:30", "half past seven in the evening", True),
        ("7:30", "8:30", False),
        ("07:30", "19:30", False),
        ("3 June", "3 July", False),
        ("九月", "9月28日", True),
    ],
)
def test_the_same_moment_agrees(one: str, other: str, same: bool) -> None:
    assert moments(one)[0].agrees(moments(other)[0]) is same


def test_a_date_with_its_year_has_a_weekday() -> None:
    assert weekdays_of("Launch on 3 June 2026.") == {2}
    assert weekdays_of("31 June 2026") == frozenset()


@given(st.text(alphabet="0123456789:. amp月日点半九June 的noon-/", max_size=24))
@settings(deadline=None)
def test_any_mixture_is_read_without_falling_over(text: str) -> None:
    for moment in moments(text):
        assert text[moment.span[0] : moment.span[1]] == moment.text
