"""A script becomes voices, effects and a mix; what is wrong with a row is said with its number."""

from __future__ import annotations

import pytest

from domain.errors import InputError, LimitError
from domain.specs import MixSpec, SpeechSpec
from studio.spots import SpotWish, read_script, steps_of

SCRIPT = """Mira: Good evening.
[a door closes]

Tom: Who is there? See http://example.org: it says.
旁白：天黑了。
Nobody answers
"""


def test_rows_are_speakers_effects_and_the_narrator() -> None:
    rows = list(read_script(SCRIPT))
    assert [(row.number, row.speaker, row.effect) for row in rows] == [
        (1, "Mira", ""),
        (2, "", "a door closes"),
        (4, "Tom", ""),
        (5, "", ""),
        (6, "", ""),
    ]
    assert rows[2].text.startswith("Who is there? See http://")


def test_an_effect_hangs_on_the_line_before_it() -> None:
    steps = steps_of(tuple(read_script("[rain]\n" + SCRIPT)), SpotWish(script=SCRIPT, music="tense", seconds=20), "Night")
    assert [step.id for step in steps] == ["speech-1", "speech-2", "speech-3", "speech-4", "music-1", "sound-1", "sound-2", "mix-1"]
    mix = steps[-1].spec
    assert isinstance(mix, MixSpec)
    assert [(cue.step, cue.line, cue.edge) for cue in mix.cues] == [("sound-1", 0, "start"), ("sound-2", 1, "end")]
    assert [given.role for given in steps[-1].inputs] == ["voice"] * 4 + ["bed"] + ["effect"] * 2
    assert isinstance(steps[0].spec, SpeechSpec)
    assert steps[0].spec.character == "Mira"


@pytest.mark.parametrize(
    ("script", "why"),
    [("", "Nobody says"), ("[rain]", "Nobody says"), ("Mira: Hello.\nTom: 😀", "Row 2"), ("Mira: " + "a" * 6000, "Row 1 has 6,000")],
)
def test_a_bad_row_is_refused_with_its_number(script: str, why: str) -> None:
    with pytest.raises((InputError, LimitError), match=why) as caught:
        list(read_script(script))
    assert caught.value.field == "script"


def test_more_lines_than_a_mix_takes_are_refused() -> None:
    rows = tuple(read_script("\n".join(f"Mira: Line {n}." for n in range(41))))
    with pytest.raises(LimitError, match="41 lines"):
        steps_of(rows, SpotWish(script="x"), "Long")
