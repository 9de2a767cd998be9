"""Subtitles: cut where a reader breathes, never too long, times that do not overlap, both formats."""

from __future__ import annotations

from itertools import pairwise

from pipelines.audio.subtitles import captions, srt, vtt

ENGLISH = (
    "Slow mornings deserve better coffee, and better coffee deserves a slow morning. "
    "Our cold brew is steeped for a whole night and served over ice, with nothing added to it. Find it from Friday."
)
CHINESE = "早上好，欢迎收听今天的新闻。明天北京天气晴朗，最高气温二十五度，适合外出散步，也适合去公园里看看花。"


def test_no_row_is_too_long_and_no_word_is_lost() -> None:
    for text, most in ((ENGLISH, 42), (CHINESE, 18), ("word " * 60, 42), ("x" * 300, 42)):
        shown = captions([(text, 1.0, 11.0)])
        assert all(len(row) <= most and len(c.rows) <= 2 for c in shown for row in c.rows)
        assert "".join("".join(c.rows) for c in shown).replace(" ", "") == text.replace(" ", "")


def test_times_fill_the_take_in_order() -> None:
    shown = captions([(ENGLISH, 1.0, 11.0), (CHINESE, 12.0, 20.0)])
    assert shown[0].start == 1.0 and abs(shown[-1].end - 20.0) < 1e-6
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(shown))
    assert all(c.end > c.start for c in shown)


def test_sentences_end_captions() -> None:
    shown = captions([("One. Two two. Three?", 0.0, 3.0)])
    assert [c.rows for c in shown] == [("One.",), ("Two two.",), ("Three?",)]


def test_both_formats() -> None:
    shown = captions([("Rock & <roll>", 3661.5, 3662.25)])
    assert srt(shown) == "1\n01:01:01,500 --> 01:01:02,250\nRock & <roll>\n"
    assert vtt(shown) == "WEBVTT\n\n01:01:01.500 --> 01:01:02.250\nRock &amp; &lt;roll&gt;\n"
    assert srt(()) == "" and vtt(()) == "WEBVTT\n\n"
