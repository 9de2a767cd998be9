"""Limits of a channel: planted faults, and what must not be one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.channels import Channels
from agents.checks.limits import contradictions, holds, lines, within
from domain.brand import BrandKit
from domain.channel import ChannelField
from domain.finding import Severity
from domain.specs import CopyField, CopySpec


@pytest.fixture(scope="module")
def channels(assets: Path) -> Channels:
    return Channels.load(assets)


def place(**values: Any) -> ChannelField:
    return ChannelField(**{"name": "title", "source": "page", "note": "-", **values})


def rules(text: str, field: ChannelField, **asked: Any) -> list[tuple[str, Severity]]:
    given = {**field.copy_field().model_dump(), **asked}
    return [(f.rule, f.severity) for f in within(text, CopyField(**given), field, "title")]


def test_the_three_limits_are_told_apart_by_severity() -> None:
    field = place(hard_limit=30, recommended=20, truncation=10)
    assert rules("a" * 10, field) == []
    assert rules("a" * 11, field) == [("truncation", Severity.NOTE)]
    assert rules("a" * 21, field) == [("recommended_length", Severity.WARNING), ("truncation", Severity.NOTE)]
    assert rules("a" * 31, field) == [("length", Severity.ERROR)]


def test_the_span_is_what_does_not_fit_as_the_field_counts() -> None:
    field = place(hard_limit=10, counting="width")
    (finding,) = within("咖啡馆a开门了", field.copy_field(), field, "title")
    assert finding.span == (5, 7)
    assert "13 characters, a wide one as two" in finding.message


def test_sms_names_the_encoding_and_the_messages() -> None:
    field = place(hard_limit=160, counting="sms")
    (finding,) = within("字" * 71, field.copy_field(), field, "text")
    assert "2 messages in UCS-2" in finding.message
    assert finding.span == (70, 71)


def test_a_step_that_asks_for_less_than_the_place_takes_is_warned_not_failed() -> None:
    assert rules("a" * 25, place(hard_limit=30), max_chars=20) == [("asked_length", Severity.WARNING)]


def test_hashtags_and_emoji_over_the_number_are_found_and_others_are_not() -> None:
    assert rules("#one #two c#3 &#39; #3", place(hard_limit=90, max_hashtags=3)) == []
    assert rules("#one #two #three", place(hard_limit=90, max_hashtags=2)) == [("hashtag_count", Severity.ERROR)]
    assert rules("Fresh ☕️", place(hard_limit=90, max_emoji=0)) == [("emoji_count", Severity.ERROR)]
    assert rules("Fresh © →", place(hard_limit=90, max_emoji=0)) == []


def test_no_text_is_a_fault_and_holds_no_limit() -> None:
    assert rules(" ", place(hard_limit=9)) == [("empty", Severity.ERROR)]
    assert not holds("", place(hard_limit=9), 9)
    assert holds("a" * 99, place(), 9), "without a hard limit nothing is over it"
    assert not holds("a" * 10, None, 9)


def test_a_step_against_its_channel_is_found_at_the_field(channels: Channels) -> None:
    spec = CopySpec(
        about="tea",
        channel="xiaohongshu_note",
        fields=(CopyField(name="title", max_chars=40), CopyField(name="voice_over", max_chars=200)),
    )
    found = {(f.rule, f.field) for f in contradictions(spec, channels.get("xiaohongshu_note"), BrandKit())}
    assert found == {("channel_language", "language"), ("limit_conflict", "title"), ("channel_field", "voice_over")}


def test_more_texts_than_the_place_takes_are_found(channels: Channels) -> None:
    spec = CopySpec(about="tea", channel="google_search_ads", fields=(CopyField(name="description", max_chars=90, count=9),))
    assert [(f.rule, f.field) for f in contradictions(spec, channels.get("google_search_ads"), BrandKit())] == [
        ("count_conflict", "description")
    ]


def test_more_or_fewer_lines_than_the_channel_takes_together_are_found() -> None:
    several, one = place(hard_limit=30, least=3, most=5), place(hard_limit=30, most=1)
    found = {many: [(f.rule, f.severity) for f in lines(many, several, "X")] for many in (2, 3, 5, 6)}
    assert found == {2: [("line_count", Severity.WARNING)], 3: [], 5: [], 6: [("line_count", Severity.ERROR)]}
    assert lines(4, one, "X") == (), "alternatives of one text are there to choose from"
    assert lines(9, place(hard_limit=30), "X") == ()


def test_a_step_that_agrees_with_its_channel_has_no_contradiction(channels: Channels) -> None:
    for channel in channels.all:
        language = channel.languages[0] if channel.languages else "en"
        spec = CopySpec(about="tea", channel=channel.id, language=language, fields=channel.copy_fields)
        assert contradictions(spec, channel, BrandKit()) == (), channel.id


def test_a_kit_that_forbids_its_own_name_or_requires_what_cannot_fit_is_found() -> None:
    kit = BrandKit(name="Cheap Eats", forbidden_words=("cheap",), required_words=("a" * 60,))
    spec = CopySpec(about="food", fields=(CopyField(name="headline", max_chars=30),))
    found = {(f.rule, f.field) for f in contradictions(spec, None, kit)}
    assert {("brand_kit", "forbidden_words"), ("required_word", "required_words")} <= found
