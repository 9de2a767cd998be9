"""When the takes of a mix are heard: pauses, overlaps, exact lengths, cues; properties over many drawn mixes."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from domain.errors import InputError, LimitError
from domain.mix import Cue, Mix
from pipelines.audio.timeline import FASTEST, SLOWEST, lay_out


def test_lines_follow_each_other_with_the_pause_between() -> None:
    line = lay_out(Mix(pause=0.5), [2.0, 3.0], [])
    first, second = line.voices
    assert second.start - first.end == pytest.approx(0.5)
    assert line.tempo == 1.0 and line.seconds > second.end


def test_a_negative_pause_lets_lines_overlap() -> None:
    first, second = lay_out(Mix(pause=-0.8), [2.0, 3.0], []).voices
    assert first.end - second.start == pytest.approx(0.8)


def test_a_spot_is_as_long_as_it_was_ordered_whatever_the_voice_needs() -> None:
    """Properties: exact length, tempo within limits, order kept, nothing outside; or a refusal that says by how much."""
    draw = random.Random(4)
    refused = 0
    for _ in range(600):
        voices = [draw.uniform(0.3, 9.0) for _ in range(draw.randint(1, 6))]
        mix = Mix(
            seconds=draw.choice((15.0, 20.0, 30.0, 60.0)), pause=draw.choice((-0.2, 0.0, 0.35, 1.0)), lines=("two words",) * len(voices)
        )
        try:
            line = lay_out(mix, voices, [], draw.choice((0.0, 30.0)))
        except LimitError as error:
            assert sum(voices) / FASTEST > mix.seconds - 0.36 - 0.12 * len(voices)
            assert "Shorten the copy by about" in error.hint and error.field == "seconds"
            refused += 1
            continue
        assert line.seconds == mix.seconds
        assert SLOWEST <= line.tempo <= FASTEST + 1e-9
        assert all(a.start <= b.start for a, b in pairwise(line.voices))
        assert line.voices[0].start >= 0 and line.voices[-1].end <= mix.seconds + 1e-6
        assert sum(v.seconds for v in line.voices) == pytest.approx(sum(voices) / line.tempo)
    assert 0 < refused < 400


def test_pauses_give_way_before_the_tempo_does() -> None:
    assert lay_out(Mix(seconds=10, pause=1.0), [4.5, 4.5], []).tempo == 1.0
    assert lay_out(Mix(seconds=10, pause=1.0), [5.2, 5.2], []).tempo > 1.0
    assert lay_out(Mix(seconds=10), [4.2, 4.2], []).tempo == 1.0
    assert lay_out(Mix(seconds=10), [3.0, 3.0], []).tempo == SLOWEST


def test_too_long_a_voice_is_told_how_much_to_cut() -> None:
    with pytest.raises(LimitError) as refused:
        lay_out(Mix(seconds=10, lines=("one two three four five six seven eight nine ten",)), [14.0], [])
    assert "Shorten the copy by about 3 of its 10 words" in refused.value.hint
    with pytest.raises(LimitError, match="speak") as chinese:
        lay_out(Mix(seconds=10, lines=("一二三四五六七八九十",), language="zh"), [14.0], [])
    assert "of its 10 characters" in chinese.value.hint


def test_a_cue_sounds_at_its_edge() -> None:
    cues = (Cue(effect=0, line=2, edge="start", offset=-0.25), Cue(effect=1, line=1, edge="end"), Cue(effect=0, edge="end", offset=-1.0))
    line = lay_out(Mix(cues=cues), [2.0, 2.0], [0.4, 0.3])
    first, second = line.voices
    starts = {round(e.start, 3) for e in line.effects}
    assert starts == {round(second.start - 0.25, 3), round(first.end, 3), round(line.seconds - 1.0, 3)}


def test_effects_without_a_cue_open_close_and_stand_between_the_lines() -> None:
    line = lay_out(Mix(seconds=20), [5.0, 5.0], [1.0, 0.5, 2.0])
    opening, middle, closing = line.effects
    assert opening.start == 0 and closing.end == pytest.approx(20)
    assert line.voices[0].end - 0.5 < middle.start < line.voices[1].start


@pytest.mark.parametrize("cue", [Cue(effect=5), Cue(effect=0, line=9), Cue(effect=0, offset=40), Cue(effect=0, offset=-1)])
def test_a_cue_outside_the_mix_is_refused(cue: Cue) -> None:
    with pytest.raises(InputError) as refused:
        lay_out(Mix(seconds=10, cues=(cue,)), [4.0], [1.0])
    assert refused.value.field == "cues"


def test_nothing_and_too_much_are_refused() -> None:
    with pytest.raises(InputError):
        lay_out(Mix(), [], [])
    with pytest.raises(LimitError, match="limit"):
        lay_out(Mix(), [400.0, 300.0], [])
