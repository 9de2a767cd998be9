"""What a text works out from its material is no invention where it says so; the same figure without its announcement is."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.checks.days import days_named, days_open
from agents.checks.facts import Material, invented_names, invented_numbers
from agents.checks.spelling import spells
from agents.checks.words import WordLists

STRICT = Material.of(
    "The Quay Choir has 96 singers, among them 36 students. On 4 June 2026 it gives a concert in Oslo, open from 17:30 to 22:00. Tickets"
    " cost £12, for students half price. It raised £8,000 of the £11,500 it needs; 15% of it came from firms. It sings on Tuesdays and"
    " Thursdays. The hall, built in 1887, holds 400 people; 250 came last year. The National Choir Trust supports it."
    " Conductor Ines Vale leads it."
)
CHINESE = Material.of("合唱团有96人，其中学生36人。6月4日演出，17时30分至22时。票价12元，学生半价。周一休息。团长苏文静。去年来了250人。")


@pytest.fixture(scope="module")
def lists(assets: Path) -> WordLists:
    return WordLists.load(assets / "checks")


def found(text: str, material: Material, lists: WordLists) -> list[str]:
    findings = (*invented_numbers(text, material, lists, strict=True), *invented_names(text, material, lists, strict=True))
    return [text[f.span[0] : f.span[1]] for f in findings if f.span]


@pytest.mark.parametrize(
    "text",
    [
        "The other 60 are no students.",
        "Five tickets come to £60.",
        "Two tickets and a student ticket: £30.",
        "It still needs £3,500.",
        "The evening lasts four and a half hours.",
        "More than a third of the singers are students.",
        "The doors open at 5:30 pm.",
        "Eighty-five percent came from elsewhere.",
        "In the Victorian hall, 150 more people fit than came last year.",
        "The NCT supports the Norwegian concert.",
        "The Trust supports it.",
        "It opens on 4/6/2026.",
    ],
)
def test_what_is_announced_and_right_passes(lists: WordLists, text: str) -> None:
    assert found(text, STRICT, lists) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("The other 70 are no students.", ["70"]),
        ("Five tickets come to £65.", ["Five", "£65"]),
        ("It still needs £4,500.", ["£4,500"]),
        ("The evening lasts six hours.", ["six"]),
        ("Tickets cost £24.", ["£24"]),
        ("The Elizabethan hall.", ["Elizabethan"]),
        ("The NFT supports it.", ["NFT"]),
        ("It is a Danish concert.", ["Danish"]),
        ("It sings on Fridays.", ["Fridays"]),
        ("Clara Vale leads the choir.", ["Clara"]),
        ("It opens on 5/6/2026.", ["5/6/2026"]),
    ],
)
def test_what_is_wrong_or_not_announced_is_found(lists: WordLists, text: str, wrong: list[str]) -> None:
    assert found(text, STRICT, lists) == wrong


@pytest.mark.parametrize(
    "text", ["其余60人不是学生。", "三张票一共36元。", "学生票6元。", "演出四个半小时。", "每周开放六天。", "团长苏文静赛后表示满意。"]
)
def test_chinese_reckoning_that_is_right_passes(lists: WordLists, text: str) -> None:
    assert found(text, CHINESE, lists) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("其余70人不是学生。", "70"), ("三张票一共39元。", "39元"), ("全场八折。", "八折"), ("团长苏文婧介绍了演出。", "苏文婧")],
)
def test_chinese_reckoning_that_is_wrong_is_found(lists: WordLists, text: str, wrong: str) -> None:
    assert any(wrong in said for said in found(text, CHINESE, lists))


def test_days_are_read_in_ranges_short_forms_and_closings() -> None:
    assert days_named("Open Tue–Thu.") == {1, 2, 3}
    assert days_named("周三至周五，周末休息") == {2, 3, 4, 5, 6}
    assert days_open("Open Wednesday to Sunday") == (5,)
    assert days_open("closed Mondays and Tuesdays") == (5,)
    assert days_named("The sun sat low, a wed pair.") == frozenset()


def test_pinyin_names_are_those_of_the_characters() -> None:
    assert spells("Suzhou", "苏州的茶舍")
    assert spells("Xi'an", "西安城墙")
    assert not spells("Hangzhou", "苏州的茶舍")
