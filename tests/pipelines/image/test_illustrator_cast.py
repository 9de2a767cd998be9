"""Which things of a scene are drawn, and in which drawing, on the real art."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.scene import Scene
from pipelines.image.illustration.cast import Cast, Casting
from pipelines.image.illustration.figure import Wardrobe
from pipelines.image.illustrator import Illustrator
from pipelines.models.store import ModelStore

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def casting(store: ModelStore, assets: Path) -> Casting:
    illustrator = Illustrator(store, None, assets)
    return Casting(illustrator.library, illustrator.searcher(), illustrator.vocabulary, Wardrobe(assets / "art"))


def cast(casting: Casting, scene: dict[str, Any], seed: int = 1) -> Cast:
    return casting.choose(Scene.model_validate(scene), seed)


@pytest.mark.parametrize(("setting", "place"), [("castle", "castle"), ("factory", "工厂"), ("stadium", "stadium"), ("village", "houses")])
def test_a_place_is_not_also_drawn_as_a_thing_unless_a_colour_or_a_number_is_asked(casting: Casting, setting: str, place: str) -> None:
    def named(**facts: Any) -> int:
        return len(cast(casting, {"subjects": [{"what": "cat"}, {"what": place, **facts}], "setting": setting}).items)

    assert named() == 1
    assert named(colour="#d93636") > 1 and named(count=2) > 1


def test_land_and_sky_are_the_setting_whatever_their_colour(casting: Casting) -> None:
    things = [{"what": "cat"}, {"what": "hills", "colour": "#3fa45b"}, {"what": "sky", "colour": "#2f6fdb"}]
    assert len(cast(casting, {"subjects": things, "setting": "hills"}).items) == 1


def test_an_asked_colour_stays_with_a_material(casting: Casting) -> None:
    asked = cast(casting, {"subjects": [{"what": "cup", "material": "gold", "colour": "#2f6fdb"}]}).items[0]
    plain = cast(casting, {"subjects": [{"what": "cup", "material": "gold"}]}).items[0]
    assert asked.material and asked.colour == "#2f6fdb" and plain.material and plain.colour is None


def test_a_drawing_in_one_colour_is_taken_only_where_no_other_has_the_name(casting: Casting) -> None:
    silhouettes = [s for s in casting.library.ready() if not s.colourful]
    if not silhouettes:
        pytest.skip("no set in one colour is installed")
    both = [c for c in casting.library.concepts if not c.flag and {s.id for s in silhouettes} & set(c.art) and len(c.art) > 3][:40]
    assert both
    for concept in both:
        (item,) = cast(casting, {"subjects": [{"what": concept.name}, {"what": "catapult"}], "setting": "plain"}).items[:1]
        if item.concept is concept and any(casting.library.sets[s].colourful for s in concept.art if s in casting.library.sets):
            assert item.drawing.colourful, concept.name


def test_several_alike_are_other_drawings_of_one_hand_by_the_seed(casting: Casting) -> None:
    scene = {"subjects": [{"what": "cactus", "count": 3}], "family": "streamline-emojis"}
    if "streamline-emojis" not in {s.family for s in casting.library.ready()}:
        pytest.skip("the set is not installed")
    items = cast(casting, scene).items
    assert len({i.drawing.icon for i in items}) == 2 and len({i.drawing.set_id for i in items}) == 1
    assert [i.drawing.icon for i in cast(casting, scene).items] == [i.drawing.icon for i in items]


@pytest.mark.parametrize("what", ["piggy bank", "hot air balloon", "calculator", "spider web"])
def test_a_whole_name_in_another_family_comes_before_its_last_word_in_this_one(casting: Casting, what: str) -> None:
    made = cast(casting, {"subjects": [{"what": "fox"}, {"what": "coin"}, {"what": what}]})
    assert made.items[-1].concept.name == what and made.substitutions == ()


#: Things that few people draw: each is drawn by its name, or what stands in for it is told.
ODD = (
    "theremin", "astrolabe", "didgeridoo", "samovar", "orrery", "zoetrope", "spinning wheel", "sea urchin", "butter knife", "kazoo",
    "steering wheel", "monocle", "pangolin", "axolotl", "gramophone", "weather vane", "cuckoo clock", "bear trap", "dragon fruit",
    "stethoscope", "算盘", "编钟", "皮影", "风筝",
)  # fmt: skip


@pytest.mark.parametrize("what", ODD)
def test_what_is_not_drawn_by_its_name_is_told(casting: Casting, what: str) -> None:
    made = cast(casting, {"subjects": [{"what": "fox"}, {"what": what}]})
    names = [item.concept.name for item in made.items if item.subject == 1]
    told = dict(made.substitutions)
    assert told.get(what, "") in (*names, "")
    known = casting.searcher.named(what)
    assert bool(names) or what in told, "left out without a word"
    assert known or what in told, f"{what} became {names} without a word"
