"""Counting rules against published vectors, and what must hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.counting import CountingRule, characters_within, count, emojis, graphemes, overflow, sms, units

RULES = st.sampled_from(list(CountingRule))
#: Letters, Han, emoji and their joiners, combining marks, links, breaks: whatever a text may hold.
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            ["a", "é", "e\u0301", "€", "字", "，", "👍🏽", "👨‍👩‍👧", "🇩🇪", "☕", "☕️", "1️⃣", "http://x.com/a", "t.co", "\n", " ", "가", "ᄀ"]
        ),
        max_size=20,
    ).map("".join),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The length vectors of twitter-text (conformance/validate.yml) that its third configuration keeps.
        ("This is a test.", 15),
        ("http://test.com", 23),
        ("https://test.com", 23),
        ("test.com", 23),
        ("Test https://test.com test https://test.com test.com test", 86),
        ("저찀쯿쿿", 8),
        # The page on counting characters: one emoji is two, of whatever code points; an accent is one after NFC.
        ("👾", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("👋🏽", 2),
        ("cafe\u0301", 4),
        ("カ", 2),
        ("A lie gets halfway around the world before the truth has a chance to get its pants on.", 86),
    ],
)
def test_x_counts_weights(text: str, expected: int) -> None:
    assert count(text, CountingRule.WEIGHTED) == expected


def test_what_only_looks_like_a_link_is_counted_as_it_stands() -> None:
    assert count("user@mail.com", CountingRule.WEIGHTED) == 13
    assert count("e.g. this", CountingRule.WEIGHTED) == 9
    assert count("看 https://test.com，好", CountingRule.WEIGHTED) == 2 + 1 + 23 + 2 + 2


@pytest.mark.parametrize(
    ("text", "encoding", "used", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("a" * 158 + "€", "GSM-7", 160, 1),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        # The pair of the euro sign does not part over two messages: the first holds 152 septets.
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),
        ("字" * 70, "UCS-2", 70, 1),
        ("字" * 71, "UCS-2", 71, 2),
        ("字" * 134, "UCS-2", 134, 2),
        ("字" * 135, "UCS-2", 135, 3),
        ("a" * 69 + "😀", "UCS-2", 71, 2),
        ("naïve", "UCS-2", 5, 1),
    ],
)
def test_sms_parts_a_text_as_the_standard_does(text: str, encoding: str, used: int, segments: int) -> None:
    counted = sms(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, used, segments)


@pytest.mark.parametrize("text", ["a" * 160, "a" * 161, "字" * 70, "字" * 71, "€" * 80, "€" * 81])
def test_one_message_is_160_septets_in_either_encoding(text: str) -> None:
    assert (count(text, CountingRule.SMS) <= 160) == (sms(text).segments == 1)


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        ("e\u0301", CountingRule.CHARACTERS, 2),
        ("e\u0301", CountingRule.GRAPHEMES, 1),
        ("👨‍👩‍👧", CountingRule.GRAPHEMES, 1),
        ("🇩🇪🇫🇷", CountingRule.GRAPHEMES, 2),
        ("\r\n", CountingRule.GRAPHEMES, 1),
        ("😀a", CountingRule.UTF16, 3),
        ("咖啡 go，", CountingRule.WIDTH, 4 + 1 + 2 + 2),
        ("it's well-made 咖啡 9.5", CountingRule.WORDS, 2 + 2 + 2),
        ("我爱NBA吗", CountingRule.WORDS, 4),
        ("a\nb\r\nc", CountingRule.LINES, 3),
        ("", CountingRule.LINES, 0),
        ("字a", CountingRule.BYTES, 4),
        ("字a", CountingRule.GBK_BYTES, 3),
    ],
)
def test_known_counts(text: str, rule: CountingRule, expected: int) -> None:
    assert count(text, rule) == expected


@given(TEXTS, RULES)
def test_units_are_in_order_do_not_overlap_and_stay_inside(text: str, rule: CountingRule) -> None:
    at = 0
    for start, end, weight in units(text, rule):
        assert at <= start < end or (rule is CountingRule.LINES and at <= start <= end)
        assert weight >= 0
        at = end
    assert at <= len(text)


@given(TEXTS, RULES, st.integers(0, 80))
def test_what_lies_before_the_overflow_fits_and_nothing_longer_does(text: str, rule: CountingRule, limit: int) -> None:
    at = overflow(text, rule, limit)
    assert sum(weight for start, _, weight in units(text, rule) if start < at) <= limit
    assert (at == len(text)) == (count(text, rule) <= limit) or rule is CountingRule.LINES


@given(TEXTS)
def test_graphemes_cover_the_text_and_are_never_more_than_its_code_points(text: str) -> None:
    assert "".join(text[a:b] for a, b in graphemes(text)) == text
    assert count(text, CountingRule.GRAPHEMES) <= count(text, CountingRule.CHARACTERS) <= count(text, CountingRule.UTF16)


@given(TEXTS, st.sampled_from([CountingRule.CHARACTERS, CountingRule.UTF16, CountingRule.WIDTH, CountingRule.BYTES]), TEXTS)
def test_these_counts_add_up(text: str, rule: CountingRule, more: str) -> None:
    assert count(text + more, rule) == count(text, rule) + count(more, rule)


@given(TEXTS)
def test_sms_segments_hold_what_they_are_given(text: str) -> None:
    counted = sms(text)
    alone, part = (160, 153) if counted.encoding == "GSM-7" else (70, 67)
    assert counted.units <= (alone if counted.segments <= 1 else part * counted.segments)
    assert (counted.segments == 0) == (text == "")


@given(st.sampled_from(list(CountingRule)), st.integers(1, 4000), st.booleans())
def test_planned_characters_of_plain_prose_fit(rule: CountingRule, limit: int, wide: bool) -> None:
    # Words and lines are averages; the others are exact for prose without wide signs, or of nothing else.
    if rule not in (CountingRule.WORDS, CountingRule.LINES):
        room = characters_within(rule, limit, wide)
        assert count(("字" if wide else "a") * room, rule) <= max(limit, count("字" if wide else "a", rule))


def test_emojis_are_found_whole() -> None:
    text = "Hi 👋🏽 and ☕️ and 1️⃣ and 🇩🇪, no © or → here"
    assert [text[a:b] for a, b in emojis(text)] == ["👋🏽", "☕️", "1️⃣", "🇩🇪"]
