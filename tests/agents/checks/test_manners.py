from __future__ import annotations

from pathlib import Path

import pytest

from agents.checks import text as wording
from agents.checks.language import language
from agents.checks.links import links
from agents.checks.manners import profanity, stereotypes
from agents.checks.words import WordLists
from domain.finding import repaired


@pytest.fixture(scope="module")
def lists(assets: Path) -> WordLists:
    return WordLists.load(assets / "checks")


@pytest.mark.parametrize("text", ["f*ck", "Sh1t happens", "b i t c h", "fuuuck", "a$$hole", "卧 槽", "傻.逼", "TMD，又下雨", "SB才早起"])
def test_disguised_profanity_is_found(lists: WordLists, text: str) -> None:
    assert profanity(text, lists)


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe",
        "Class, pass, assess",
        "Sussex and Essex",
        "a chink of light",
        "prick the potatoes",
        "* * * * *",
        "体操你也会",
        "我靠在窗边",
        "USB接口",
    ],
)
def test_innocent_words_that_hold_profanity_pass(lists: WordLists, text: str) -> None:
    assert profanity(text, lists) == ()


def test_profanity_points_at_the_word(lists: WordLists) -> None:
    (finding,) = profanity("Oh sh*t, rain", lists)
    assert finding.span == (3, 7)


def test_a_stereotype_is_found_in_copy_and_in_a_picture_prompt(lists: WordLists) -> None:
    assert stereotypes("Even your grandma can use it.", lists)
    assert stereotypes("a burglar, black man, night", lists)
    assert stereotypes("a burglar in a black coat, a white man reads", lists) == ()
    assert stereotypes("portrait of a Mexican chef", lists) == ()


def test_a_stereotype_with_a_plain_word_can_be_repaired(lists: WordLists) -> None:
    text = "Man up and shave."
    (finding,) = stereotypes(text, lists)
    assert repaired(text, finding) == "be brave and shave."


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("See http:/northwind.coffee.", "See http://northwind.coffee."),
        ("See htps://northwind.coffee/a", "See https://northwind.coffee/a"),
        ("See https://northwind .coffee now", "See https://northwind.coffee now"),
    ],
)
def test_a_broken_scheme_is_repaired(lists: WordLists, text: str, mended: str) -> None:
    (finding,) = links(text, lists.links)
    assert repaired(text, finding) == mended


@pytest.mark.parametrize(
    "text", ["http://example.com", "https://", "点http://localhost吧", "a@example.org", "[shop]()", "https://bit.ly/XXXX"]
)
def test_a_link_that_leads_nowhere_is_found(lists: WordLists, text: str) -> None:
    assert links(text, lists.links)


@pytest.mark.parametrize("text", ["https://northwind.coffee/a?b=c#d", "northwind.coffee", "9:00/10:00", "see (https://a.org)."])
def test_a_link_that_may_work_passes(lists: WordLists, text: str) -> None:
    assert links(text, lists.links) == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ein Kaffee, der sich Zeit nimmt.", "en"),
        ("Slow mornings. Und jetzt ist der Kaffee fertig.", "en"),
        ("The coffee is for you and your friends.", "fr"),
        ("慢一點，這裡的風還沒來", "zh-CN"),
        ("慢一点 and take your time this morning", "zh"),
    ],
)
def test_another_language_is_found(lists: WordLists, text: str, wanted: str) -> None:
    assert language(text, wanted, lists.languages)


def test_a_mixed_text_points_at_the_foreign_sentence(lists: WordLists) -> None:
    text = "Slow mornings. Und jetzt ist der Kaffee fertig."
    (finding,) = language(text, "en", lists.languages)
    assert finding.span is not None
    assert text[slice(*finding.span)].strip() == "Und jetzt ist der Kaffee fertig."


def test_traditional_characters_are_right_where_they_are_asked_for(lists: WordLists) -> None:
    assert language("慢一點，這裡的風還沒來", "zh-TW", lists.languages) == ()


def test_a_call_to_action_is_asked_for_by_its_imperative(lists: WordLists) -> None:
    assert wording.call_to_action(["We tried it and liked it."], lists)
    assert wording.call_to_action(["We like it.", "Twelve hours. Try one."], lists) == ()
    assert wording.call_to_action(["三款茶"], lists)
    assert wording.call_to_action(["三款茶，扫码下单"], lists) == ()


def test_an_unfinished_text_is_repaired_with_its_full_stop(lists: WordLists) -> None:
    text = "It waits for you"
    (finding,) = wording.unfinished(text, lists, sentences=True)
    assert repaired(text, finding) == "It waits for you."
    text = "慢一点，山在，"
    (finding,) = wording.unfinished(text, lists)
    assert repaired(text, finding) == "慢一点，山在。"
