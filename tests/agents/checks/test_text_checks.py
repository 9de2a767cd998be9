from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks import text as checks
from agents.checks.language import language as language_of
from agents.checks.manners import profanity
from agents.checks.words import WordLists
from domain.finding import Finding


@pytest.fixture(scope="module")
def lists(assets: Path) -> WordLists:
    return WordLists.load(assets / "checks")


def rules(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.rule for finding in findings}


def test_a_line_over_the_limit_is_found_with_the_part_that_does_not_fit() -> None:
    (finding,) = checks.length("Split the bill, not hairs", 20)
    assert finding.span == (20, 25)
    assert "5 shorter" in finding.suggestion


def test_an_empty_line_is_a_fault() -> None:
    assert rules(checks.length("  ", 20)) == {"empty"}


@given(st.text(max_size=60), st.integers(min_value=1, max_value=60))
@settings(deadline=None)
def test_length_counts_code_points_and_only_complains_over_the_limit(text: str, limit: int) -> None:
    found = rules(checks.length(text, limit))
    assert ("length" in found) == (bool(text.strip()) and len(text) > limit)


@given(st.lists(st.sampled_from(["slow", "coffee", "it's", "12", "北", "风"]), max_size=20))
@settings(deadline=None)
def test_words_are_counted_whatever_stands_between_them(parts: list[str]) -> None:
    assert checks.words("  ".join(parts)) == len(parts)
    assert checks.words(", ".join(parts)) == len(parts)


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("A Cheap trick", "cheap", True),
        ("Two cheaps", "cheap", True),
        ("Perfectly Served", "perfect", True),
        ("Cheapside", "cheap", False),
        ("便宜又好喝", "便宜", True),
        ("Say cold brew.", "cold brew", True),
    ],
)
def test_forbidden_words_are_found_as_words(text: str, word: str, found: bool) -> None:
    assert bool(checks.forbidden(text, [word])) is found


def test_a_forbidden_word_is_named_with_its_span() -> None:
    (finding,) = checks.forbidden("So cheap today", ["cheap"])
    assert finding.span == (3, 8)


def test_a_required_word_that_is_missing_is_named() -> None:
    assert "Northwind" in checks.required("Slow mornings", ["Northwind"])[0].message
    assert not checks.required("northwind mornings", ["Northwind"])


@pytest.mark.parametrize(
    "text", ["Hello [Name]!", "Call XXX now", "Lorem ipsum here", "By {brand}", "Try <product>", "TBD", "某某品牌", "Your Name Here"]
)
def test_placeholders_are_found(lists: WordLists, text: str) -> None:
    assert rules(checks.placeholders(text, lists)) == {"placeholder"}


@pytest.mark.parametrize(
    "text",
    [
        "As an AI, I cannot",
        "Here are 3 headlines",
        "At most 30 characters",
        '{"lines": []',
        "作为AI语言模型",
        "以下是三条标题",
        "Headline 2: Slow",
    ],
)
def test_words_of_the_instructions_are_found(lists: WordLists, text: str) -> None:
    assert "leakage" in rules(checks.leakage(text, lists))


@pytest.mark.parametrize(
    "text", ["Slow mornings, easy starts.", "One cup, no rush", "Here comes the sun", "慢一点，也很好", "Say it with coffee"]
)
def test_plain_good_lines_pass(lists: WordLists, text: str) -> None:
    assert checks.plain(text, lists, "zh" if checks.cjk(text) else "en") == ()


@pytest.mark.parametrize(
    ("text", "found"), [("What the fuck", True), ("他妈的好喝", True), ("妈妈的味道", False), ("Scunthorpe classics", False)]
)
def test_profanity_is_found_and_innocent_words_are_not(lists: WordLists, text: str, found: bool) -> None:
    assert bool(profanity(text, lists)) is found


@pytest.mark.parametrize(
    ("text", "language", "wrong"),
    [
        ("一杯山野，半日清闲", "zh", False),
        ("Northwind 冷萃咖啡，慢慢来", "zh", False),
        ("Slow mornings", "zh", True),
        ("Slow 早晨", "en", True),
        ("Slow mornings", "en", False),
        ("Buy Northwind now 好喝", "zh", True),
    ],
)
def test_the_wrong_language_is_found(lists: WordLists, text: str, language: str, wrong: bool) -> None:
    assert bool(language_of(text, language, lists.languages)) is wrong


@pytest.mark.parametrize(
    "text", ["Split Bills, No-", "The taste of", "Cold brew,", "Made for your", "慢一点的早晨，是给自己的", "She said “wait"]
)
def test_text_that_stops_in_the_middle_is_found(lists: WordLists, text: str) -> None:
    assert rules(checks.unfinished(text, lists)) == {"unfinished"}


def test_prose_needs_an_end_and_a_headline_does_not(lists: WordLists) -> None:
    assert not checks.unfinished("Slow mornings, easy coffee", lists)
    assert checks.unfinished("Slow mornings, easy coffee", lists, sentences=True)
    assert not checks.unfinished("“Wait here.”", lists, sentences=True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Slow Mornings, Easy Coffee", "Slow mornings, easy coffee!", True),
        ("Slow Mornings, Easy Coffee", "Easy coffee for slow mornings", True),
        ("Slow Mornings, Easy Coffee", "Outrun the traffic light", False),
        ("一杯茶，一份轻松", "一杯茶，一份温暖", True),
        ("一杯茶，一份轻松", "下班后，风才刚刚起来", False),
    ],
)
def test_near_duplicates_are_found(one: str, other: str, same: bool) -> None:
    assert bool(checks.near_duplicate(one, [other])) is same


@given(st.text(max_size=40), st.text(max_size=40))
@settings(deadline=None)
def test_similarity_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert 0.0 <= checks.similarity(one, other) <= 1.0
    if checks.cjk(one) == checks.cjk(other):
        assert checks.similarity(one, other) == pytest.approx(checks.similarity(other, one))


def test_a_model_in_a_loop_is_found() -> None:
    assert checks.repeats("a cup for you and me, " * 4)
    assert not checks.repeats("A cup for you. A cup for me. Nothing more to say about it this morning.")
