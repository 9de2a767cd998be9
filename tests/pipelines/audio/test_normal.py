from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.audio import text as speaking
from pipelines.audio.normal import Normaliser
from pipelines.audio.number_words import ONES, TENS, cardinal, decimal, ordinal, year

NORMALISER = Normaliser(Path(__file__).parents[3] / "assets")
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def value_of(words: str) -> int:
    """A cardinal read back: the inverse of number_words.cardinal, written without looking at it."""
    total = group = 0
    for word in words.replace("-", " ").split():
        if word == "and":
            continue
        if word == "hundred":
            group *= 100
        elif word in SCALES:
            total, group = total + group * SCALES[word], 0
        else:
            group += ONES.index(word) if word in ONES else 10 * TENS.index(word)
    return total + group


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("It costs £3.20.", "It costs three pounds twenty."),
        ("$5 or $3.05, £0.50, €1.2bn", "five dollars or three dollars and five cents, fifty pence, one point two billion euros"),
        ("On 2026-03-05 at 7:30pm", "On March fifth, twenty twenty-six at seven thirty p m"),
        ("5 May 2026; the 2nd of June", "May fifth, twenty twenty-six; June second"),
        ("9-17, 10–20 km/h, $5-$10, 2019–2024", None),
        ("25°C and -5 °C, 12.5%", "twenty-five degrees Celsius and minus five degrees Celsius, twelve point five percent"),
        ("1990s, '80s, 21st, 3x", "nineteen nineties, eighties, twenty-first, three times"),
        ("Dr. Smith vs. Mr. Jones etc.", "Doctor Smith versus Mister Jones and so on."),
        ("1/2, 3 1/2, 2½, 3:1", "one half, three and one half, two and a half, three to one"),
        ("1kg, 2 kg, 100m", "one kilogram, two kilograms, one hundred metres"),
        ("bob@example.com", "bob at example dot com"),
        ("call 555-1234", "call five five five, one two three four"),
        ("version 1.2.3 of 007", "version one point two point three of zero zero seven"),
        ("R&D", "R and D"),
    ],
)
def test_english_is_written_out_as_it_is_said(written: str, spoken: str | None) -> None:
    wanted = (
        spoken or "nine to seventeen, ten to twenty kilometres an hour, five dollars to ten dollars, twenty nineteen to twenty twenty-four"
    )
    assert NORMALISER.speakable(written, "en") == wanted


def test_a_date_in_figures_is_read_as_the_country_writes_it() -> None:
    assert NORMALISER.speakable("3/4/2026", "en-US") == "March fourth, twenty twenty-six"
    assert NORMALISER.speakable("3/4/2026", "en-GB") == "the third of April, twenty twenty-six"
    assert NORMALISER.speakable("31/4/2026", "en-US") == "April thirty-first, twenty twenty-six"  # no month is the 31st


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("一杯12元，第二杯5折", "一杯十二元，第二杯五折"),
        ("2026年3月5日 7:30", "二零二六年三月五日 七点三十分"),
        ("上涨2.5%", "上涨百分之二点五"),
        ("iPhone 15 只要¥4999", "iPhone 十五 只要四千九百九十九元"),
        ("加1/2杯水", "加二分之一杯水"),
    ],
)
def test_chinese_is_written_out_as_it_is_said(written: str, spoken: str) -> None:
    assert NORMALISER.speakable(written, "zh") == spoken


@given(st.integers(0, 10**15 - 1))
@settings(max_examples=300, deadline=None)
def test_a_cardinal_says_its_number(number: int) -> None:
    assert value_of(cardinal(number)) == number


@given(st.integers(0, 10**15 - 1), st.integers(0, 9999))
@settings(max_examples=200, deadline=None)
def test_ordinals_years_and_decimals_hold_letters_only(number: int, four: int) -> None:
    for words in (ordinal(number), year(four), decimal(str(number), str(four))):
        assert re.fullmatch(r"[a-z]+(?:[ -][a-z]+)*", words)


PIECES = st.sampled_from([*"0123456789", *" .,:-/%£$€°&+xkm", " km", "st", " May ", "am", "pm", "s", "½", "word ", "\n", "é", "语", "😀"])


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=400, deadline=None)
def test_what_is_written_out_holds_no_digit_and_stays_as_it_is(text: str) -> None:
    spoken = NORMALISER.speakable(text, "en")
    assert not re.search(r"[0-9]", spoken)
    assert NORMALISER.speakable(spoken, "en") == spoken


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_compared(text: str) -> None:
    for language in ("en", "en-GB", "zh", "fr"):
        units = NORMALISER.units(text, language)
        assert all(unit and not unit.isspace() for unit in units)
        assert units == NORMALISER.units(text, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("It is £3.20!", "it is three pounds twenty", "en"),
        ("205 people", "Two hundred five people.", "en"),
        ("Don’t go at 7 o'clock", "don't go at seven o’clock", "en"),
        ("Café, 10:30", "cafe ten thirty", "en"),
        ("12个苹果", "十二个苹果。", "zh"),
    ],
)
def test_the_same_words_are_the_same_units_however_they_are_written(one: str, other: str, language: str) -> None:
    assert NORMALISER.units(one, language) == NORMALISER.units(other, language)


def test_phonemes_of_the_lexicon_stay_beside_their_word() -> None:
    spelled = speaking.respell("Ask Xqz for 2 kg.", {"xqz": "/ˈpitɚ/"})
    assert NORMALISER.speakable(spelled, "en") == "Ask [Xqz](/ˈpitɚ/) for two kilograms."
    assert NORMALISER.units(spelled, "en") == ["ask", "xqz", "for", "two", "kilograms"]
