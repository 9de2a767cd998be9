"""What the illustrator is measured on is whole: counts, languages, names that exist."""

from __future__ import annotations

from collections import Counter

from benchmarks.illustrator_blind import chosen
from benchmarks.illustrator_prompts import colours, nouns, prompts, readers_words, seed_of, unseen, wordings
from domain.scene import Setting

#: Settings agreed on when the prompts were written; the illustrator may know more.
# fmt: off
AGREED = {
    "jungle", "lake", "river", "snowfield", "farm", "garden", "park", "volcano", "underwater", "clouds", "rooftop", "harbour", "market",
    "shop", "cafe", "office", "kitchen", "bedroom", "classroom", "library", "concert", "stadium", "museum", "laboratory", "factory",
    "spaceship", "alien_planet", "dungeon", "castle", "throne_room", "tavern", "battlefield", "village", "festival", "chinese_garden",
    "temple", "graveyard", "podiums",
}
# fmt: on
SETTINGS = AGREED | {s.value for s in Setting}


def test_there_are_a_hundred_prompts_of_each_domain_and_sixty_in_chinese() -> None:
    assert Counter(p.domain for p in prompts()) == {"marketing": 100, "game": 100}
    assert Counter(p.language for p in prompts()) == {"en": 140, "zh": 60}
    assert len({p.id for p in prompts()}) == len({p.prompt for p in prompts()}) == 200
    assert len({seed_of(p) for p in prompts()}) == 200


def test_chinese_prompts_are_chinese_and_english_ones_are_not() -> None:
    for prompt in prompts():
        han = any("\u4e00" <= c <= "\u9fff" for c in prompt.prompt)
        assert han == (prompt.language == "zh"), prompt.id


def test_every_prompt_names_things_colours_settings_and_sides_that_exist() -> None:
    for prompt in prompts():
        assert prompt.subjects and all(1 <= w.count <= 8 for w in prompt.subjects), prompt.id
        assert all(w.colour in ("", *colours()) for w in prompt.subjects), prompt.id
        assert all(w.what == w.what.lower() and w.what.isascii() for w in prompt.subjects), prompt.id
        assert set(prompt.settings) <= SETTINGS, prompt.id
        assert prompt.space in ("", "left", "right", "top", "bottom"), prompt.id
        assert all(64 <= side <= 4096 for side in prompt.size) and prompt.level in (1, 2, 3), prompt.id


def test_english_prompts_say_the_colours_that_are_checked() -> None:
    for prompt in (p for p in prompts() if p.language == "en"):
        for wanted in prompt.subjects:
            assert wanted.colour in prompt.prompt.lower(), (prompt.id, wanted)


def test_a_prompt_is_drawn_in_its_own_proportions() -> None:
    wide = next(p for p in prompts() if p.size == (1600, 900))
    assert wide.drawn_size(720) == (720, 405)
    small = next(p for p in prompts() if p.size == (256, 256))
    assert small.drawn_size(720) == (256, 256)


def test_there_are_a_thousand_different_nouns() -> None:
    every = [noun for words in nouns().values() for noun in words]
    assert len(every) == len(set(every)) == 1000
    assert {len(nouns()[name]) for name in ("animals", "food", "fantasy")} == {150}
    assert all(noun == noun.strip().lower() and noun for noun in every)


def test_every_wish_stands_in_five_wordings_one_of_them_chinese() -> None:
    assert len(wordings()) >= 10
    for group in wordings():
        assert len(set(group)) == 5
        assert sum(any("\u4e00" <= c <= "\u9fff" for c in words) for words in group) == 1


def test_readers_words_are_for_things_that_are_asked_for() -> None:
    asked = {w.what for p in prompts() for w in p.subjects}
    spare = set(readers_words()) - asked
    assert spare <= {"bow", "car", "box"}, spare


def test_the_same_sixty_prompts_are_drawn_at_random_every_time() -> None:
    first = [p.id for p in chosen()]
    assert first == [p.id for p in chosen()] and len(set(first)) == 60
    assert first != sorted(first)


def test_the_unseen_wishes_are_forty_none_of_the_two_hundred_and_whole() -> None:
    assert Counter(p.domain for p in unseen()) == {"marketing": 20, "game": 20}
    assert Counter(p.language for p in unseen()) == {"en": 28, "zh": 12}
    assert not {p.id for p in unseen()} & {p.id for p in prompts()} and not {p.prompt for p in unseen()} & {p.prompt for p in prompts()}
    for prompt in unseen():
        assert prompt.subjects and all(w.colour in ("", *colours()) for w in prompt.subjects), prompt.id
        assert set(prompt.settings) <= SETTINGS and prompt.space in ("", "left", "right", "top", "bottom"), prompt.id
        assert any("\u4e00" <= c <= "\u9fff" for c in prompt.prompt) == (prompt.language == "zh"), prompt.id
