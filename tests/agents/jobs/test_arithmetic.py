"""Sums are worked out by code, exactly, with their steps, and cost little whatever is asked."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.jobs.arithmetic import evaluate, number
from agents.jobs.sums import SumReader, shown
from domain.errors import InputError, LimitError


@pytest.fixture(scope="module")
def sums(assets: Path) -> SumReader:
    return SumReader.load(assets)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("2^3^2", "512"),
        ("-3^2", "-9"),
        ("0.1 + 0.2", "0.3"),
        ("10 - 4 - 3", "3"),
        ("1,000 / 8", "125"),
        ("15% * 240", "36"),
        ("(1+2)(3+4)", "21"),
        ("sqrt 81", "9"),
        ("2^-2", "0.25"),
        ("1/3", "≈ 0.333333"),
        ("1/7 * 7", "1"),
    ],
)
def test_values_are_exact(expression: str, value: str) -> None:
    assert number(evaluate(expression).value) == value


def test_each_step_stands_on_its_own() -> None:
    assert evaluate("(3 + 4) * 12 - 5").steps == ("3 + 4 = 7", "7 × 12 = 84", "84 − 5 = 79")


@given(st.integers(-999, 999), st.integers(-999, 999), st.integers(1, 99), st.sampled_from("+-*"))
def test_any_sum_agrees_with_fractions(a: int, b: int, c: int, sign: str) -> None:
    wanted = {"+": Fraction(a) + b, "-": Fraction(a) - b, "*": Fraction(a) * b}[sign] / c
    assert evaluate(f"(({a}) {sign} ({b})) / {c}").value == wanted


@pytest.mark.parametrize("expression", ["1/0", "2 +", "(1", "1 2 )", "a + b", "__import__('os')", "sqrt -1", "2^0.5", "0^-1", "", "* 3"])
def test_what_is_no_sum_is_refused_with_a_reason(expression: str) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(expression)
    assert caught.value.hint


@pytest.mark.parametrize("expression", ["9^9^9^9", "(" * 60 + "1" + ")" * 60, "1+" * 300 + "1", "99999^99999"])
def test_hostile_sums_end_at_once(expression: str) -> None:
    with pytest.raises(LimitError):
        evaluate(expression)


@pytest.mark.parametrize(
    ("message", "result"),
    [
        ("What is 17 * 24?", "408"),
        ("what is 15% of 240", "36"),
        ("Divide 1000 by 7, to two decimals", "142.86"),
        ("36乘以25等于多少？", "900"),
        ("240的15%是多少？", "36"),
        ("How many minutes are in three days?", "4,320 minutes"),
        ("三天有多少分钟？", "4,320 分钟"),
        ("How much is 3/8 + 1/4?", "0.625 (5/8)"),
    ],
)
def test_sums_are_read_from_words(sums: SumReader, message: str, result: str) -> None:
    found = sums.read(message)
    assert found is not None
    assert shown(found)[0] == result


@pytest.mark.parametrize("message", ["2024-05-01", "call 24/7", "12 items for a fantasy shop", "What is 5?", "hello", "3-4"])
def test_other_messages_are_no_sums(sums: SumReader, message: str) -> None:
    assert sums.read(message) is None


def test_a_claim_is_weighed(sums: SumReader) -> None:
    assert sums.claim("No, 2+2=5.") == (4, 5)
    assert sums.claim("You are wrong, it is 54.") is None
