"""Long texts are read in pieces, and nothing of them is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.jobs.passages import pieces, ranked, sentences, tokens_in


@given(st.text(max_size=600), st.integers(5, 80))
def test_pieces_joined_are_the_text_and_each_fits(text: str, most: int) -> None:
    parts = pieces(text, most)
    assert "".join(parts) == text
    assert all(tokens_in(part) <= most + 4 for part in parts)


@given(st.text(alphabet="ab .!?\n。？“”", max_size=200))
def test_sentences_joined_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text


def test_titles_and_initials_do_not_end_a_sentence() -> None:
    assert sentences("Dr. Berg met J. Lund. They left.") == ["Dr. Berg met J. Lund. ", "They left."]


def test_the_passage_that_holds_the_answer_comes_first() -> None:
    parts = ["Geese cross the road in spring.", "The code of the north gate is 7731.", "Boats are painted every second year."]
    assert ranked("What is the code of the north gate?", parts)[0][0] == 1
    assert ranked("北门的密码是多少？", ["鹅在春天过马路。", "北门的密码是7731。"])[0][0] == 1
    assert ranked("volcano", parts) == []
