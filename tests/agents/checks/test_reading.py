"""Syllables counted by hand, and grades worked out by hand from the published formula."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.checks.reading import reading, reading_level, syllables
from agents.checks.words import ReadingWords, WordLists


@pytest.fixture(scope="module")
def lists(assets: Path) -> ReadingWords:
    return WordLists.load(assets / "checks").reading


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "cat the bread made makes late walked asked through strength eyes blue school wait you're rhyme one's"),
        (2, "table coffee morning wanted needed boxes houses lovely safely movement being quiet people little sister water today purple"),
        (3, "banana area idea beautiful medium radio customer happiness remember tomorrow establish delicious"),
        (4, "information vegetable education ability comfortable everybody material society february"),
        (5, "university international communication opportunity refrigerator electricity"),
    ],
)
def test_syllables_are_those_spoken(lists: ReadingWords, count: int, words: str) -> None:
    wrong = {word: syllables(word, lists) for word in words.split() if syllables(word, lists) != count}
    assert wrong == {}


def test_the_grade_is_that_of_the_formula(lists: ReadingWords) -> None:
    # 24 words of one syllable in four sentences: 0.39 * 6 + 11.8 * 1 - 15.59
    easy = "The cat sat on the mat. The dog ran to the door. The sun set on the hill. The man ate the old bread."
    measured = reading(easy, lists)
    assert measured is not None
    assert measured.grade == pytest.approx(0.39 * 6 + 11.8 - 15.59, abs=0.06)


def test_a_hard_text_reads_harder_than_an_easy_one(lists: ReadingWords) -> None:
    hard = (
        "The administration's comprehensive evaluation of environmental regulations demonstrated considerable institutional inefficiency,"
        " notwithstanding extraordinary organisational commitments, international collaboration and repeated parliamentary recommendations."
    )
    (finding,) = reading_level(hard, lists, 10, "body")
    assert finding.span == (0, len(hard))
    assert reading_level("Come in. Sit down. " * 8, lists, 10) == ()


def test_a_short_line_has_no_grade(lists: ReadingWords) -> None:
    assert reading("Slow mornings, easy coffee.", lists) is None
    assert reading("慢一点，山在。", lists) is None


def test_the_chinese_measure_orders_texts_and_says_what_it_is(lists: ReadingWords) -> None:
    easy = reading("我们今天去公园。天气很好。大家都很高兴。我们走了很多路。晚上我们回家吃饭。", lists)
    hard = reading(
        "檐角鸱吻斑驳，廊庑间氤氲着沉檀馥郁之气，拓跋氏镌刻的碑碣漫漶难辨，唯余苔藓蜿蜒攀缘其上，而蟋蟀于罅隙间嘶鸣不已。", lists
    )
    assert easy is not None
    assert hard is not None
    assert easy.grade < 10 < hard.grade
    assert "rare characters" in hard.measure
