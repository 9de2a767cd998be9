from __future__ import annotations

import pytest

from domain.errors import InputError, LimitError
from pipelines.audio import chinese, text


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("# Hello **world** 🎉👍🏽", "Hello world"),
        ("- see [the menu](https://x.y/z)", "see the menu"),
        ("Go to https://www.northwind.com/a?b=1 now", "Go to northwind.com now"),
        ("<b>hi</b> &amp; `bye`", "hi & bye"),
        ("one\r\n\r\n\r\ntwo", "one\ntwo"),
        ("北风咖啡☕，只要￥２９.９！", "北风咖啡，只要￥29.9！"),
        ("a\u200bb\u202ec", "abc"),
        ("5 * 3 and file_name", "5 3 and file name"),
    ],
)
def test_markup_and_emoji_are_not_spoken(written: str, spoken: str) -> None:
    assert text.clean(written) == spoken


@pytest.mark.parametrize("nothing", ["", "   \n ", "🎉🎉", "***", "...!?"])
def test_a_text_without_words_is_refused(nothing: str) -> None:
    with pytest.raises(InputError):
        text.clean(nothing)


def test_fifty_thousand_characters_are_refused_by_the_limit() -> None:
    with pytest.raises(LimitError, match="12,000"):
        text.clean("word " * 10_000)


def test_the_lexicon_replaces_whole_words_once() -> None:
    lexicon = {"Nguyen": "win", "win": "lose", "C++": "see plus plus", "北风": "背风"}
    assert text.respell("nguyen and nguyens like C++ 北风咖啡", lexicon) == "win and nguyens like see plus plus 背风咖啡"


def test_a_mixed_text_is_split_at_changes_of_script() -> None:
    assert text.runs("欢迎来到Northwind Coffee，今天AI很好。") == [
        ("zh", "欢迎来到"), ("en", "Northwind Coffee，"), ("zh", "今天"), ("en", "AI"), ("zh", "很好。"),
    ]  # fmt: skip


def test_a_script_the_engine_cannot_read_is_named() -> None:
    with pytest.raises(InputError, match="При"):
        text.require_readable("Привет мир", frozenset({"en"}), "kokoro")
    text.require_readable("Café naïve", frozenset({"en"}), "kokoro")


def test_sentences_end_where_they_end() -> None:
    assert text.sentences("你好。今天很好！真的？“对。”再见") == ["你好。", "今天很好！", "真的？", "“对。”", "再见"]
    assert text.sentences("First one. Second one? Third") == ["First one.", "Second one?", "Third"]


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("￥29.9", "二十九点九元"),
        ("$3万", "三万美元"),
        ("2026年11月21日", "二零二六年十一月二十一日"),
        ("2025-01-05", "二零二五年一月五日"),
        ("9:30", "九点三十分"),
        ("2:05", "两点零五分"),
        ("20%", "百分之二十"),
        ("13812345678", "幺三八幺二三四五六七八"),
        ("2杯500ml", "两杯五百毫升"),
        ("第2名", "第二名"),
        ("3-5天", "三到五天"),
        ("比分3:12", "比分三比十二"),
        ("10050", "一万零五十"),
        ("110", "一百一十"),
        ("1,250.5", "一千二百五十点五"),
        ("007", "零零七"),
        ("-5℃", "负五摄氏度"),
        ("100000000", "一亿"),
    ],
)
def test_chinese_numbers_are_read_as_a_newsreader_says_them(written: str, spoken: str) -> None:
    assert chinese.speakable(written) == spoken
