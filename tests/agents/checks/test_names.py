"""Names a text must not have: after roles, at the start of a sentence, in headline capitals; and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.checks.facts import Material, invented_names, invented_quotes
from agents.checks.words import WordLists

EN = Material.of(
    "Ana Ruiz of Tern Labs in Leeds shows her lamp on Sunday, 7 June 2026. “It waits for you,” she says. Works with iOS. Class 4B came."
)
ZH = Material.of("创始人陈国强和设计师林卓在成都开店，市民王女士说：“以前要换两趟车，现在一趟就到。”馆在北湖公园，校长和志军也来。")


@pytest.fixture(scope="module")
def lists(assets: Path) -> WordLists:
    return WordLists.load(assets / "checks")


def named(text: str, material: Material, lists: WordLists, strict: bool = False) -> list[str]:
    return [text[f.span[0] : f.span[1]] for f in invented_names(text, material, lists, strict=strict) if f.span]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna Ruiz made it.", "Anna"),
        ("Layla and Ana made it.", "Layla"),
        ("Hartmann said it works.", "Hartmann"),
        ("Meet us at Borough Market.", "Borough Market"),
        ("Loved By Maria Everywhere", "Maria"),
        ("Come on Saturday 7 June.", "Saturday"),
        ("A talk every Monday.", "Monday"),
        ("Class 5C came.", "5C"),
        ("Better than Bosch", "Bosch"),
    ],
)
def test_an_invented_name_is_found(lists: WordLists, text: str, name: str) -> None:
    assert named(text, EN, lists) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Ruiz's lamp, Ana's idea.",
        "Leeds-made, desk-tested.",
        "On your iPhone, on your desk.",
        "One page and Monday behaves.",
        "Light That Waits for You",
        "Sunday, 7 June: come and see.",
        "An A4 page, lit.",
    ],
)
def test_a_known_name_in_another_form_is_none(lists: WordLists, text: str) -> None:
    assert named(text, EN, lists) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("创始人陈国庆来了。", "陈国庆"),
        ("设计师林卓然表示欢迎。", "林卓然"),
        ("市民张先生很高兴。", "张先生"),
        ("从东湖公园出发。", "东湖公园"),
        ("志愿者刘洋来了。", "刘洋"),
        ("兰州的味道。", "兰州"),
    ],
)
def test_an_invented_chinese_name_is_found(lists: WordLists, text: str, name: str) -> None:
    assert named(text, ZH, lists, strict=True) == [name]


@pytest.mark.parametrize(
    "text", ["陈国强开店。", "林卓说，欢迎来。", "王女士很高兴。", "和校长也来了。", "在北湖公园走走。", "所以这座公园很美。", "十二所小学"]
)
def test_a_known_chinese_name_is_none(lists: WordLists, text: str) -> None:
    assert named(text, ZH, lists, strict=True) == []


def test_a_misspelt_name_is_repaired_to_the_one_it_means(lists: WordLists) -> None:
    assert [f.repair for f in invented_names("Anna Ruiz made it.", EN, lists)] == ["Ana"]
    assert [f.repair for f in invented_names("创始人陈国庆来了。", ZH, lists)] == ["陈国强"]
    assert [f.repair for f in invented_names("Better than Bosch", EN, lists)] == [None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("“Delicious,” said Ana.", True),
        ("“It always waits for you,” she says.", True),
        ("It “waits” for you.", False),
        ("“It waits … you,” she says.", False),
        ("“It waits,” says Ana Ruiz.", False),
    ],
)
def test_a_quotation_must_be_in_the_material_word_for_word(text: str, found: bool) -> None:
    assert bool(invented_quotes(text, EN)) is found


def test_an_altered_quotation_is_repaired_to_the_real_one() -> None:
    (finding,) = invented_quotes("“It always waits for you,” she says.", EN)
    assert finding.repair == "“It waits for you,”"
