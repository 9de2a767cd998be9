from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.audio.comparing import Run, alike, distance, runs
from pipelines.audio.listening import readings

WORDS = st.lists(st.sampled_from("abcde"), max_size=12)


@given(WORDS, WORDS)
@settings(max_examples=300, deadline=None)
def test_the_runs_turn_one_text_into_the_other(said: list[str], heard: list[str]) -> None:
    made, at = [], 0
    for run in runs(said, heard):
        made += said[at : run.said_at]
        assert tuple(said[run.said_at : run.said_at + len(run.said)]) == run.said
        made += run.heard
        at = run.said_at + len(run.said)
    assert made + said[at:] == heard
    assert sum(run.units for run in runs(said, heard)) == distance(said, heard)


@pytest.mark.parametrize(
    ("said", "heard", "found"),
    [
        ("the old bridge is gone", "the bridge is gone", [("old", "")]),
        ("the bridge is gone", "the bridge bridge is gone", [("", "bridge")]),
        ("the bridge is gone", "the garden is gone", [("bridge", "garden")]),
        ("one two three four", "one five six four", [("two three", "five six")]),
        ("same", "same", []),
    ],
)
def test_dropped_repeated_and_wrong_words_are_runs(said: str, heard: str, found: list[tuple[str, str]]) -> None:
    assert [(" ".join(run.said), " ".join(run.heard)) for run in runs(said.split(), heard.split())] == found


def test_what_sounds_the_same_is_the_same() -> None:
    sounds = {"their": "ðɛr", "there": "ðɛr", "bridge": "brɪʤ", "garden": "ɡɑrdən"}.__getitem__
    assert alike(Run(("their",), ("there",), 0, 0), sounds, 0.2)
    assert alike(Run(("north", "wind"), ("northwind",), 0, 0), sounds, 0.2)
    assert not alike(Run(("bridge",), ("garden",), 0, 0), sounds, 0.34)
    assert not alike(Run(("bridge",), (), 0, 0), sounds, 1.0)


def test_figures_are_read_in_every_way_the_recogniser_may_mean_them() -> None:
    assert readings("at 10.30. Dr. Smith") == ["at 10.30. Dr. Smith", "at 10:30. Dr. Smith"]
    assert readings("1800 people") == ["1800 people", "1,800 people"]
    assert readings("no figures") == ["no figures"]
    assert readings("1.2.30 and 12.345") == ["1.2.30 and 12.345"]
