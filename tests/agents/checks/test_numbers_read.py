from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.numbers import chinese_value, numbers


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("1.2 million people", 1_200_000, "plain"),
        ("120万人", 1_200_000, "plain"),
        ("1,200,000", 1_200_000, "plain"),
        ("三十元", 30, "money"),
        ("$4.50", 4.5, "money"),
        ("30%", 30, "percent"),
        ("thirty percent", 30, "percent"),
        ("百分之三十", 30, "percent"),
        ("三成", 30, "percent"),
        ("二〇二六年", 2026, "plain"),
        ("twenty-five km", 25, "plain"),
        ("two hundred years", 200, "plain"),
        ("a dozen eggs", 12, "plain"),
    ],
)
def test_a_number_is_read_whatever_its_form(text: str, value: float, kind: str) -> None:
    (number,) = numbers(text)
    assert number.value == pytest.approx(value)
    assert number.kind == kind


@pytest.mark.parametrize("text", ["no numbers here", "V60 dripper", "someone", "一起慢慢来吧"])
def test_words_that_only_look_like_numbers_count_nothing(text: str) -> None:
    assert not [number for number in numbers(text) if number.certain]


def test_a_price_does_not_vouch_for_a_percentage() -> None:
    (percent,), (money,), (plain,) = numbers("30%"), numbers("$30"), numbers("30 people")
    assert not percent.agrees(money)
    assert not money.agrees(percent)
    assert plain.agrees(percent)


@given(st.integers(min_value=0, max_value=10**9))
@settings(deadline=None)
def test_digits_are_read_with_and_without_separators(value: int) -> None:
    assert numbers(str(value))[0].value == value
    assert numbers(f"{value:,}")[0].value == value


@given(st.integers(min_value=1, max_value=9), st.integers(min_value=1, max_value=9))
@settings(deadline=None)
def test_chinese_tens_are_read(tens: int, ones: int) -> None:
    digits = "零一二三四五六七八九"
    assert chinese_value(f"{digits[tens]}十{digits[ones]}") == tens * 10 + ones
    assert chinese_value(f"{digits[tens]}千{digits[ones]}百") == tens * 1000 + ones * 100


@given(st.text(alphabet="零一二三四五六七八九十百千万亿两0123456789.,% $元ab ", max_size=24))
@settings(deadline=None)
def test_any_mixture_is_read_without_falling_over_and_spans_hold_the_text(text: str) -> None:
    for number in numbers(text):
        start, end = number.span
        assert text[start:end].strip() == number.text.strip()
