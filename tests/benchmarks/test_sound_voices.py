from __future__ import annotations

import pytest

from benchmarks.sound_voices import KINDS, planted, read_lines


def test_there_are_a_hundred_english_and_fifty_mandarin_lines() -> None:
    assert (len(set(read_lines("en", 0))), len(set(read_lines("zh", 0)))) == (100, 50)
    assert len(read_lines("en", 20)) == 20


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_line_takes_every_kind_of_fault(language: str) -> None:
    for number, line in enumerate(read_lines(language, 0)):
        for kind in range(3):
            name, faulty = planted(line, language, 3 * number + kind)
            assert name == KINDS[kind]
            assert faulty != line
            assert planted(line, language, 3 * number + kind) == (name, faulty)
