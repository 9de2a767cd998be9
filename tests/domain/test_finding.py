from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InputError
from domain.finding import Finding, Severity, all_repaired, repaired
from domain.said import Said


def finding(span: tuple[int, int] | None, repair: str | None) -> Finding:
    return Finding(rule="r", severity=Severity.ERROR, message="m", span=span, repair=repair)


@pytest.mark.parametrize(
    ("text", "span", "repair", "mended"),
    [
        ("Founder Anna Ruiz waits.", (8, 12), "Ana", "Founder Ana Ruiz waits."),
        ("A truly good cup.", (2, 7), "", "A good cup."),
        ("Good, truly.", (6, 11), "", "Good,."),
        ("Truly good.", (0, 5), "", "Good."),
        ("It is cold truly.", (11, 16), "", "It is cold."),
        ("No end", (5, 6), "d.", "No end."),
        ("松烟，顶级好茶", (3, 5), "", "松烟，好茶"),
    ],
)
def test_a_repair_stands_in_place_of_its_span(text: str, span: tuple[int, int], repair: str, mended: str) -> None:
    assert repaired(text, finding(span, repair)) == mended


@pytest.mark.parametrize("bad", [finding((0, 1), None), finding(None, "x"), finding((2, 9), "x"), finding((3, 1), "x")])
def test_a_finding_without_a_repair_or_of_another_text_is_refused(bad: Finding) -> None:
    with pytest.raises(InputError) as raised:
        repaired("abcd", bad)
    assert raised.value.hint


def test_only_a_repair_with_a_span_can_be_accepted() -> None:
    assert finding((0, 1), "").mendable
    assert not finding((0, 1), None).mendable
    assert not finding(None, "x").mendable


def test_several_repairs_keep_each_others_places_and_overlaps_lose() -> None:
    found = [finding((0, 1), "ONE"), finding((2, 3), "TWO"), finding((2, 5), "THREE"), finding((4, 5), None)]
    assert all_repaired("a b c", found) == "ONE TWO c"


@given(st.text(max_size=30), st.integers(0, 30), st.integers(0, 30), st.text(min_size=1, max_size=8))
def test_what_stands_outside_the_span_is_untouched(text: str, one: int, other: int, repair: str) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    assert repaired(text, finding((start, end), repair)) == text[:start] + repair + text[end:]


def test_a_value_that_is_a_template_itself_is_told_again_from_where_it_was_stored() -> None:
    note = Said.of("From {before} to {after} {unit}.", before=70, after=27, unit=Said.of("words"))
    kept = Said.model_validate_json(note.model_dump_json())
    said = Finding.of("length", Severity.NOTE, kept.message_id, given=kept.values)
    assert said.message == "From 70 to 27 words."
    assert said.told({"From {before} to {after} {unit}.": "从 {before} 到 {after} {unit}。", "words": "词"}) == "从 70 到 27 词。"
