"""Planted inventions, in English and Chinese, against one short brief each; and what must not raise a false alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.checks import facts
from agents.checks.facts import Material
from agents.checks.words import WordLists

EN = Material.of(
    "Launch campaign for Northwind, a cold-brew coffee. Steeped for 12 hours, sold at $4.50 in two sizes. "
    "Launch on 3 June in Leeds. “It is worth the wait,” said Ana Ruiz."
)
ZH = Material.of("为国风茶饮“山野集”写文案，三款茶，定价18元，4月在成都上市。市长李敏表示支持。")


@pytest.fixture(scope="module")
def lists(assets: Path) -> WordLists:
    return WordLists.load(assets / "checks")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Steeped for 18 hours.", "invented_number"),
        ("Now 30% off.", "invented_number"),
        ("Just $12.", "invented_number"),
        ("Over two million cups sold.", "invented_number"),
        ("Founded in 1987.", "invented_number"),
        ("Fourteen hours of patience.", "invented_number"),
        ("Savor Northwind in New Jersey", "invented_name"),
        ("Beans from Colombia, brewed slowly.", "invented_name"),
        ("Our barista Tom says hello.", "invented_name"),
        ("A friend, Maria Lopez, loved it.", "invented_name"),
        ("Maria Lopez loved it.", "invented_name"),
        ("Join us in October.", "invented_name"),
        ("Smoother than Starbucks", "invented_name"),
        ("“The best coffee I ever had,” a customer said.", "invented_quote"),
        ("Organic beans, slow mornings", "unsupported_claim"),
        ("Free shipping on every bottle", "unsupported_claim"),
        ("Coffee Is Free", "unsupported_claim"),
        ("An award-winning brew", "unsupported_claim"),
        ("Satisfaction guaranteed.", "unsupported_claim"),
        ("Sugar-free and smooth", "unsupported_claim"),
        ("The #1 cold brew", "unsupported_claim"),
        ("The best coffee in town", "superlative"),
        ("The world's smoothest sip", "superlative"),
    ],
)
def test_an_invention_in_english_is_caught(lists: WordLists, text: str, rule: str) -> None:
    assert rule in {finding.rule for finding in facts.facts(text, EN, lists)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("免费送锅底", "unsupported_claim"),
        ("仅售20元", "invented_number"),
        ("三十年的老味道", "invented_number"),
        ("全场五折", "invented_number"),
        ("买二送一", "unsupported_claim"),
        ("来自杭州的味道", "invented_name"),
        ("王伟表示，这很好喝", "invented_name"),
        ("销量第一", "unsupported_claim"),
        ("最佳国风茶饮", "superlative"),
        ("纯天然有机茶叶", "unsupported_claim"),
        ("摘自《茶经》的配方", "invented_name"),
        ("喝出健康生活", "unsupported_claim"),
    ],
)
def test_an_invention_in_chinese_is_caught(lists: WordLists, text: str, rule: str) -> None:
    assert rule in {finding.rule for finding in facts.facts(text, ZH, lists)}


@pytest.mark.parametrize(
    "text",
    [
        "Northwind, Brew Your Way!",
        "Slow Mornings, Easy Coffee",
        "Steeped for 12 hours.",
        "Twelve hours of patience.",
        "Just $4.50 a bottle.",
        "Two sizes, one slow morning.",
        "Meet us in Leeds on 3 June.",
        "Ana Ruiz said: “It is worth the wait.”",
        "You may march on. August company awaits.",
        "The first sip of the day",
        "Worry-free mornings",
        "One of us is always late.",
        "Start your day right.",
    ],
)
def test_what_the_english_brief_says_or_anyone_may_say_passes(lists: WordLists, text: str) -> None:
    assert facts.facts(text, EN, lists) == ()


@pytest.mark.parametrize(
    "text",
    [
        "一杯山野，半日清闲",
        "十八元一杯",
        "三款茶，慢慢喝",
        "四月，成都见",
        "李敏表示支持",
        "每天一杯",
        "四季皆宜",
        "一壶茶，两三知己",
        "他表示感谢",
    ],
)
def test_what_the_chinese_brief_says_or_anyone_may_say_passes(lists: WordLists, text: str) -> None:
    assert facts.facts(text, ZH, lists) == ()


def test_a_finding_points_at_what_was_invented(lists: WordLists) -> None:
    text = "Savor it in New Jersey for $12."
    spans = {text[f.span[0] : f.span[1]] for f in facts.facts(text, EN, lists) if f.span}
    assert spans == {"New Jersey", "$12"}


def test_news_also_holds_number_words_and_weekdays_against_the_brief(lists: WordLists) -> None:
    text = "The council met on Friday with seven members."
    assert facts.facts(text, EN, lists) == ()
    assert {f.rule for f in facts.facts(text, EN, lists, strict=True)} == {"invented_number", "invented_name"}


def test_padding_is_told_from_a_retelling(lists: WordLists) -> None:
    material = Material.of("The street loses 74 parking spaces. Construction starts in September.")
    assert facts.unsupported("Residents expressed enormous excitement regarding this wonderful development.", material, lists)
    assert not facts.unsupported("The street will lose 74 parking spaces.", material, lists)


def test_a_number_lost_in_a_retelling_is_named() -> None:
    (finding,) = facts.missing_numbers("Construction starts soon.", "Construction starts soon and costs $1.8 million.")
    assert "$1.8 million" in finding.message
    assert not facts.missing_numbers("It costs 1,800,000 dollars.", "It costs $1.8 million.")
