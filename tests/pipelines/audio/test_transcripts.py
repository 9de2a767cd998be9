from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.audio.recognition import SpokenWord, Transcript
from pipelines.audio.transcripts import cues, srt, vtt


def spoken(text: str, *, seconds_each: float = 0.4, gap: float = 0.05, joint: str = " ") -> Transcript:
    words = text.split(" ") if joint else list(text)
    times = [number * (seconds_each + gap) for number in range(len(words))]
    listed = tuple(SpokenWord(text=w, start=t, end=t + seconds_each, probability=1.0) for w, t in zip(words, times, strict=True))
    return Transcript(text=text, language="en" if joint else "zh", seconds=times[-1] + 1.0, words=listed)


def test_sentences_become_cues_with_clocks() -> None:
    found = cues(spoken("Good evening, my friends. The bridge is gone."))
    assert [cue.text for cue in found] == ["Good evening, my friends.", "The bridge is gone."]
    assert srt(found).startswith("1\n00:00:00,000 --> 00:00:01,750\nGood evening, my friends.\n\n2\n00:00:01,800 -->")
    assert vtt(found).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.750\nGood evening")


def test_chinese_is_joined_without_blanks_and_breaks_earlier() -> None:
    found = cues(
        spoken(
            "今天天气很好我们一起去公园里面看那些刚刚开放的花然后回家吃饭看电视听音乐睡觉做梦吧好吗", seconds_each=0.1, gap=0.0, joint=""
        )
    )
    assert all(len(line) <= 21 for cue in found for line in cue.text.split("\n"))
    assert "".join(cue.text.replace("\n", "") for cue in found).startswith("今天天气很好我们")


def test_nobody_speaking_gives_no_cues_and_marks_are_escaped() -> None:
    assert cues(Transcript(text="", language="en", seconds=3.0)) == ()
    assert "a &lt;b&gt; &amp; c" in vtt(cues(Transcript(text="a <b> & c", language="en", seconds=3.0)))


WORD = st.tuples(st.text("abc", min_size=1, max_size=9), st.floats(0, 2), st.floats(0, 2), st.sampled_from(["", "", ".", ","]))


@given(st.lists(WORD, min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_cues_hold_every_word_once_in_order_and_do_not_overlap(drawn: list[tuple[str, float, float, str]]) -> None:
    words, at = [], 0.0
    for text, gap, length, mark in drawn:
        words.append(SpokenWord(text=text + mark, start=round(at + gap, 3), end=round(at + gap + length, 3), probability=1.0))
        at = words[-1].end
    transcript = Transcript(text=" ".join(w.text for w in words), language="en", seconds=at + 0.1, words=tuple(words))
    found = cues(transcript)
    assert " ".join(cue.text for cue in found).split() == [w.text for w in words]
    for before, after in pairwise(found):
        assert before.start < before.end <= after.start + 0.0011
    assert all(len(line) <= 84 and cue.text.count("\n") <= 1 for cue in found for line in cue.text.split("\n"))
