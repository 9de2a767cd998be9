"""Amounts of a text against those of its material: rounded, converted, worked out, and the inventions that look like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.checks.facts import Material, invented_numbers
from agents.checks.words import WordLists

MATERIAL = Material.of(
    "The hall in Bern has 1,247 seats, up from 900. The way there is 10 km and takes 36 hours on foot. It was built in 1896 for 3.6 million"
    " francs, of which 25% came from the canton. It opens at 9:30. One in five seats is free. It is in its third season. It lies at -3 °C."
)
CHINESE = Material.of("这座剧院有1247个座位，比原来的900个多。总投资3.6亿元，历时五年，门票40元，学生半价。4月10日开放，早9点开门。")


@pytest.fixture(scope="module")
def lists(assets: Path) -> WordLists:
    return WordLists.load(assets / "checks")


@pytest.mark.parametrize(
    "text",
    [
        "More than 1,200 seats.",
        "Nearly 1,250 seats.",
        "About 1,300 seats.",
        "1,247 seats, 347 more than before.",
        "It is about six miles away.",
        "A day and a half on foot.",
        "A quarter of the money came from the canton.",
        "900,000 francs, 25% of the cost, came from the canton.",
        "20% of the seats are free.",
        "At half past nine it opens.",
        "A house of the 19th century, of the 1890s.",
        "It is 27 degrees Fahrenheit.",
        "3.6m francs",
    ],
)
def test_a_figure_said_in_another_way_is_no_invention(lists: WordLists, text: str) -> None:
    assert invented_numbers(text, MATERIAL, lists, strict=True) == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("More than 1,300 seats.", "1,300"),
        ("Nearly 1,200 seats.", "1,200"),
        ("Over 500 seats.", "500"),
        ("1,247 seats, 447 more than before.", "447"),
        ("It takes 36 days on foot.", "36"),
        ("The way is 10 miles.", "10"),
        ("A third of the money came from the canton.", "A third"),
        ("One in three seats is free.", "One in three"),
        ("It opens at 10:30.", "10:30"),
        ("It is in its fourth season.", "fourth"),
        ("A house of the 18th century.", "18"),
        ("An hour from the sea.", "An hour"),
    ],
)
def test_a_figure_that_only_looks_like_one_is_found_with_its_span(lists: WordLists, text: str, wrong: str) -> None:
    spans = [text[f.span[0] : f.span[1]] for f in invented_numbers(text, MATERIAL, lists, strict=True) if f.span]
    assert spans == [wrong]


@pytest.mark.parametrize(
    "text", ["一千二百多个座位", "近1250个座位", "学生票20元", "四月十日开放", "早上九点开门", "花了五年", "总投资三亿多元"]
)
def test_a_chinese_figure_said_in_another_way_is_no_invention(lists: WordLists, text: str) -> None:
    assert invented_numbers(text, CHINESE, lists, strict=True) == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("1427个座位", "1427"), ("不到三亿元", "三亿元"), ("4月20日开放", "4月20日"), ("历时五个月", "五"), ("早10点开门", "早10点")],
)
def test_a_chinese_figure_that_only_looks_like_one_is_found(lists: WordLists, text: str, wrong: str) -> None:
    spans = [text[f.span[0] : f.span[1]] for f in invented_numbers(text, CHINESE, lists, strict=True) if f.span]
    assert spans == [wrong]


def test_the_repair_is_the_materials_own_figure_where_it_has_one_of_the_kind(lists: WordLists) -> None:
    (money,) = invented_numbers("It cost 2.6 million francs.", MATERIAL, lists)
    assert money.repair == "3.6 million francs"
    (hours,) = invented_numbers("It takes 48 hours.", MATERIAL, lists)
    assert hours.repair == "36"
    (seats,) = invented_numbers("It cost 12 kilos.", MATERIAL, lists)
    assert seats.repair is None
