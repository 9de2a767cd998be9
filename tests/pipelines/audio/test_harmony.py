from __future__ import annotations

import pytest

from pipelines.audio.harmony import Key, chord, nearest, scale, voicing

C_MAJOR = Key(0, False)
A_MINOR = Key(9, True)


@pytest.mark.parametrize(
    ("numeral", "key", "tones", "bass"),
    [
        ("I", C_MAJOR, (0, 4, 7), 0),
        ("ii7", C_MAJOR, (2, 5, 9, 0), 2),
        ("V/3", C_MAJOR, (7, 11, 2), 11),
        ("IVmaj7", C_MAJOR, (5, 9, 0, 4), 5),
        ("Vsus4", C_MAJOR, (7, 0, 2), 7),
        ("i", A_MINOR, (9, 0, 4), 9),
        ("bVI", A_MINOR, (5, 9, 0), 5),
        ("V", A_MINOR, (4, 8, 11), 4),
        ("bVII", Key.parse("Bb minor"), (8, 0, 3), 8),
    ],
)
def test_roman_numerals_are_read_against_the_major_scale(numeral: str, key: Key, tones: tuple[int, ...], bass: int) -> None:
    found = chord(numeral, key)
    assert (found.tones, found.bass) == (tones, bass)


@pytest.mark.parametrize("numeral", ["", "H", "Imaj13", "viii", "iV#"])
def test_a_wrong_numeral_is_refused(numeral: str) -> None:
    with pytest.raises(ValueError, match="chord"):
        chord(numeral, C_MAJOR)


def test_over_a_dominant_in_minor_the_seventh_is_raised() -> None:
    notes = scale("minor", A_MINOR, chord("V", A_MINOR))
    assert 8 in notes
    assert 7 not in notes


def test_voices_move_little_from_chord_to_chord() -> None:
    previous = None
    moves = []
    for numeral in ("I", "vi", "IV", "V", "I", "iii", "IV", "I"):
        notes = voicing(chord(numeral, C_MAJOR), 52, 76, previous)
        assert {note % 12 for note in notes} == set(chord(numeral, C_MAJOR).tones)
        assert 52 <= notes[0] <= notes[-1] <= 76
        if previous is not None:
            moves.append(max(min(abs(note - old) for old in previous) for note in notes))
        previous = notes
    assert max(moves) <= 4


def test_nearest_stays_in_the_register() -> None:
    assert nearest(0, 61, 48, 72) == 60
    assert nearest(11, 30, 40, 55) == 47
