from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.layout.wrapping import Wrapping, phrases_of, pieces_of, words_of


def wrapping(text: str) -> Wrapping:
    """Every character as wide as one em."""
    return Wrapping(pieces_of(text), lambda stretch: float(len(stretch)))


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three four", 10, ("one two", "three four")),
        ("a short last word is no orphan here", 33, ("a short last word", "is no orphan here")),
        ("慢慢来，好咖啡", 4, ("慢慢来，", "好咖啡")),
        ("cold-brew coffee", 8, ("cold-", "brew", "coffee")),
        ("价格￥128起", 5, ("价格", "￥128起")),
        ("made in .NET", 8, ("made in", ".NET")),
        ("1 .。", 4, ("1 .。",)),
    ],
)
def test_lines_are_even_and_break_where_they_may(text: str, width: float, lines: tuple[str, ...]) -> None:
    assert wrapping(text).balanced(width) == lines


def test_a_word_wider_than_the_line_gives_no_lines() -> None:
    assert wrapping("short unbreakable").balanced(8) == ()
    assert wrapping("short unbreakable").narrowest == 11


def test_phrases_end_at_pauses_and_words_are_not_cut() -> None:
    pieces = pieces_of("好咖啡，慢慢来", lambda word: ["好", "咖啡", "，", "慢慢", "来"])
    assert [piece.text for piece in phrases_of(pieces)] == ["好咖啡，", "慢慢来"]
    assert [piece.text for piece in words_of(pieces)] == ["好", "咖啡，", "慢慢", "来"]


@given(st.text("ab cd,.，。慢来咖啡（）-￥12", max_size=60), st.integers(1, 30))
def test_nothing_is_lost_nor_too_wide(text: str, width: int) -> None:
    made = wrapping(text)
    lines = made.balanced(width)
    if lines:
        assert "".join(lines).replace(" ", "") == "".join(text.split())
        assert max(len(line) for line in lines) <= width
        assert len(lines) == made.count(width)
        assert not any(re.match(r"[，。）]|[,.](?![0-9A-Za-z])", line) for line in lines[1:])
    else:
        assert not text.strip() or made.narrowest > width
