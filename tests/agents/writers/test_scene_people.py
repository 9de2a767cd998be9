"""People by whatever word, what they wear, ride, drink and have on their heads, read from a wish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.scene import prepare_scene
from domain.chat import ChatReply, ChatRequest
from domain.context import StepContext
from domain.progress import CancelToken
from domain.recipe import ModelRef
from domain.scene import Scene, Setting
from domain.specs import PictureSpec


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def scene(desk: Desk, about: str) -> Scene:
    return prepare_scene(StepContext(spec=PictureSpec(about=about, width=1200, height=900)), None, CancelToken(), desk)


def people(made: Scene) -> list[tuple[str, int]]:
    return [(s.what, s.count) for s in made.subjects]


def relations(made: Scene) -> set[tuple[str, str, str]]:
    every = [s.what for s in (*made.subjects, *made.props)]
    return {(every[r.of], r.kind, every[r.to]) for r in made.relations}


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ("three friends in a park", [("friend", 3)]),
        ("三个朋友", [("friend", 3)]),
        ("two colleagues in an office", [("colleague", 2)]),
        ("a couple on a bench", [("man", 1), ("woman", 1)]),
        ("a crowd of fans", [("sports fan", 20)]),
        ("fans cheering in a stadium", [("sports fan", 3)]),
        ("the whole family at the beach", [("mother", 1), ("father", 1), ("child", 2)]),
        ("一家人在公园", [("mother", 1), ("father", 1), ("kid", 1)]),
        ("情侣在海边", [("man", 1), ("woman", 1)]),
        ("妈妈和两个孩子", [("mother", 1), ("kid", 2)]),
        ("soldiers guarding a gate", [("soldier", 3)]),
        ("two archers guard a castle wall", [("archer", 2)]),
        ("两个弓箭手守卫城堡", [("archer", 2)]),
        ("a ninja under a full moon", [("ninja", 1)]),
    ],
)
def test_people_by_one_word_are_people(desk: Desk, about: str, shown: list[tuple[str, int]]) -> None:
    assert people(scene(desk, about)) == shown


@pytest.mark.parametrize("about", ["a couple of mugs", "a family car", "two ceiling fans", "a hand fan"])
def test_the_same_words_said_of_things_are_things(desk: Desk, about: str) -> None:
    named = {what for what, _ in people(scene(desk, about))}
    assert not named & {"man", "woman", "mother", "father", "sports fan"}


@pytest.mark.parametrize(
    ("about", "kept"),
    [
        ("a woman drinking tea", ("woman", "holding", "tea")),
        ("女孩在竹林里喝茶", ("girl", "holding", "teacup without handle")),
        ("穿汉服的女孩", ("girl", "in", "hanfu")),
        ("a man wearing a green coat", ("man", "in", "coat")),
        ("女侠骑着黑马", ("swordswoman", "on", "horse")),
        ("皇帝坐在龙椅上", ("emperor", "on", "throne")),
        ("a samurai on a hill, sword drawn", ("samurai", "holding", "sword")),
    ],
)
def test_what_people_do_with_things(desk: Desk, about: str, kept: tuple[str, str, str]) -> None:
    assert kept in relations(scene(desk, about))


def test_a_beard_belongs_to_who_has_it(desk: Desk) -> None:
    made = scene(desk, "an old captain with a white beard and a parrot")
    assert people(made) == [("old captain with a white beard", 1), ("parrot", 1)]
    assert [s.what for s in scene(desk, "a pirate ship with black sails").props] == []


@pytest.mark.parametrize(
    ("about", "setting"),
    [
        ("a girl in a bamboo forest", Setting.BAMBOO_FOREST),
        ("竹林里的剑客", Setting.BAMBOO_FOREST),
        ("a queen on a throne", Setting.THRONE_ROOM),
        ("a woman with an umbrella in the rain", Setting.STREET),
        ("an octopus beside a ship", Setting.SEA),
        ("three friends with a hot pot", Setting.CAFE),
        ("a fox and a red planet", Setting.FOREST),
        ("astronauts on a red planet", Setting.ALIEN_PLANET),
    ],
)
def test_where_no_place_is_named_it_is_where_the_things_belong(desk: Desk, about: str, setting: Setting) -> None:
    assert scene(desk, about).setting == setting


def test_a_lantern_festival_has_lanterns_and_fireworks_are_seen_at_night(desk: Desk) -> None:
    assert [s.what for s in scene(desk, "a lantern festival").props] == ["lantern"]
    assert [s.what for s in scene(desk, "元宵灯会").props] == ["lantern"]
    moonlit = scene(desk, "a ninja on a rooftop under a full moon")
    assert moonlit.time == "night" and [s.what for s in moonlit.props] == ["moon"]
    made = scene(desk, "fireworks over a harbour")
    assert made.time == "night" and made.subjects[0].what == "fireworks"


def test_ground_named_for_what_grows_there_shows_it(desk: Desk) -> None:
    made = scene(desk, "a boy in a mushroom cave")
    assert [(s.what, s.count) for s in made.props] == [("mushroom", 4)] and made.setting == Setting.CAVE
    assert scene(desk, "an oak table in a kitchen").props == ()


def test_two_kinds_of_one_thing_are_two(desk: Desk) -> None:
    assert people(scene(desk, "health potion, mana potion, shield"))[:2] == [("health potion", 1), ("mana potion", 1)]
    assert people(scene(desk, "an old man. The old man smiles.")) == [("old man", 1)]


class Careless:
    """A chat model that names the last thing as the only one, and the last of every choice."""

    model = ModelRef(id="careless")
    context_tokens = 4096
    strong = False

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        del cancel
        shape = request.json_schema or {}
        slots: dict[str, dict[str, list[str]]] = shape["properties"]  # type: ignore[assignment]
        return ChatReply(text=json.dumps({name: slot["enum"][-1] for name, slot in slots.items()}), finish="stop")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        yield self.complete(request, cancel).text


@pytest.mark.parametrize(
    "about",
    ["A red fox, a blue bicycle and a book", "Picnic: bread, cheese, green apples, a basket", "dagger, potion near a torch and rope"],
)
def test_a_careless_model_loses_nothing_that_the_words_name(desk: Desk, about: str) -> None:
    step = StepContext(spec=PictureSpec(about=about, width=1200, height=900))
    rules, chosen = (prepare_scene(step, chat, CancelToken(), desk) for chat in (None, Careless()))

    def named(made: Scene) -> set[tuple[str, int, str]]:
        return {(s.what, s.count, s.colour) for s in (*made.subjects, *made.props)}

    assert named(chosen) == named(rules)


def test_a_careless_model_puts_no_ship_under_water_and_no_rain_indoors(desk: Desk) -> None:
    def chosen(about: str) -> Setting:
        step = StepContext(spec=PictureSpec(about=about, width=1200, height=900))
        return prepare_scene(step, Careless(), CancelToken(), desk).setting

    assert chosen("an octopus beside a ship") != Setting.UNDERWATER
    assert chosen("a queen on a throne") in (Setting.THRONE_ROOM, Setting.CASTLE)
