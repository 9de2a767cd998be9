"""One wish in five wordings is one picture: the same drawings, as often and in the same colours, in the same place."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.illustrator_prompts import Studio
from pipelines.image.illustration.cast import Casting

pytestmark = pytest.mark.models

WISHES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "wordings.toml").read_text("utf-8"))["wish"]


@pytest.fixture(scope="module")
def studio(cache: Path) -> Studio:
    return Studio(cache)


def drawn(studio: Studio, words: str) -> tuple[Counter[tuple[str, str]], str]:
    """How often each drawing is cast in each colour ("" for its own), and the setting."""
    scene, painter = studio.scene(words, (1024, 1024)), studio.illustrator
    items = Casting(painter.library, painter.searcher(), painter.vocabulary, painter._wardrobe).choose(scene, 1).items
    return Counter((item.concept.name, item.colour or "") for item in items), scene.setting.value


@pytest.mark.parametrize(("wish", "words"), [(wish, words) for wish in WISHES for words in wish["wordings"]])
def test_a_wish_gives_its_things_whatever_the_words(studio: Studio, wish: dict[str, Any], words: str) -> None:
    found, setting = drawn(studio, words)
    left, colours = Counter(found), studio.illustrator.vocabulary.colours.anywhere
    for noun, count, colour in wish["things"]:
        names = studio.named(noun)
        mine = {key: times for key, times in left.items() if key[0] in names and key[1] == (colours[colour] if colour else "")}
        assert sum(mine.values()) == count, f"{noun}: {dict(found)}"
        left -= Counter(mine)
    assert not left, f"nobody asked for {dict(left)}"
    assert setting == wish["setting"] or not wish["setting"]


def test_each_wish_has_five_wordings_in_both_languages() -> None:
    assert len(WISHES) == 10
    for wish in WISHES:
        english = [words for words in wish["wordings"] if words.isascii()]
        assert len(wish["wordings"]) == 5 and 1 <= len(english) <= 4
