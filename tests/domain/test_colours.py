"""The one table of colour words, which both floors read."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents.writers.calls import Desk
from domain.colours import ColourWords
from pipelines.image.illustration.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def table(assets: Path) -> dict[str, Any]:
    return tomllib.loads((assets / "colours.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def words(table: dict[str, Any]) -> ColourWords:
    return ColourWords.of(table)


def test_every_word_names_one_colour(table: dict[str, Any]) -> None:
    said = Counter(word for entry in table["colour"] for kind in ("en", "zh", "before", "alone") for word in entry.get(kind, ()))
    assert [word for word, times in said.items() if times > 1] == []
    assert all(len(word) == 1 for entry in table["colour"] for word in entry.get("before", ()))


def test_agents_and_pipelines_read_the_same_colours(assets: Path, words: ColourWords) -> None:
    assert Desk(assets).colours == words == Vocabulary(assets / "art").colours


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Red", "red"), ("蓝色", "blue"), ("红", "red"), ("白", "white"), ("navy-blue", "navy blue"), ("Navy  Blue", "navy blue"),
        ("薄荷绿", "mint green"), ("砖红色", "brick red"), ("coral", "coral"), ("gray", "grey"),
    ],
)  # fmt: skip
def test_a_colour_field_takes_words_of_both_languages(words: ColourWords, text: str, name: str) -> None:
    assert words.parse(text) == words.names[name]


def test_colours_are_words_or_hex_and_nothing_else(words: ColourWords) -> None:
    assert words.parse("#ABC") == "#aabbcc" and words.parse("#A1B2C3") == "#a1b2c3"
    assert [words.parse(text) for text in ("", "#", "#12", "#gggggg", "url(#x)", "reddish", "色", "ABCDEF")] == [None] * 8
