"""Editing the scene of a picture step: kept with the step, refused at the field, replaced by new words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.safety import SafetyRules
from agents.writers.calls import Desk
from domain.brand import BrandKit
from domain.chat import ChatModel
from domain.context import StepContext
from domain.errors import ContentRefused, InputError, LimitError
from domain.plan import Step
from domain.progress import Silent
from domain.scene import Relation, Scene, Setting, Subject
from domain.specs import PictureSpec
from studio.media_makers import Preparations
from studio.spec_changes import change_spec, placed
from tests.studio.bench import Hand, open_bench

SCENE = Scene(subjects=(Subject(what="fox", count=2, colour="#2f6fdb"),), setting=Setting.DESERT, time="sunset", palette=("#d93636",))


class NoChats:
    def available(self) -> bool:
        return False

    def current(self) -> ChatModel:
        raise AssertionError("nothing here asks a model")


@pytest.fixture(scope="module")
def preparations(assets: Path) -> Preparations:
    chats: Any = NoChats()
    return Preparations(chats, Desk(assets), lambda: ())


def step(**values: Any) -> Step:
    return Step(id="picture-1", title="Key visual", spec=PictureSpec(about="three red foxes in a forest", **values))


def test_an_edited_scene_is_what_is_drawn_and_its_notes_go_with_it(preparations: Preparations) -> None:
    spec = change_spec(step(), {"scene": SCENE.model_dump(mode="json")})
    prepared = preparations.scene(StepContext(spec=spec), Silent())
    assert prepared.parameters["scene"] == SCENE.model_dump(mode="json")
    assert any("one colour" in note for note in map(str, prepared.notes))


def test_new_words_replace_an_edited_scene_and_other_fields_go_into_it() -> None:
    kept = step(scene=SCENE)
    changed: Any = change_spec(kept, {"palette": ["#123456"], "margin": "left", "width": 800})
    assert (changed.scene.palette, changed.scene.margin, changed.scene.subjects) == (("#123456",), "left", SCENE.subjects)
    reread: Any = change_spec(kept, {"about": "a lighthouse"})
    assert reread.scene is None
    back: Any = change_spec(kept, {"scene": None})
    assert back.scene is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"subjects": [{"what": "fox", "count": 5000}]}, "picture-1.scene.subjects.0.count"),
        ({"subjects": [{"what": "fox"}] * 9}, "picture-1.scene.subjects"),
        ({"setting": "nowhere"}, "picture-1.scene.setting"),
        ({"relations": [{"of": 0, "kind": "on", "to": 7}]}, "picture-1.scene"),
        ({"margn": "left"}, "picture-1.scene.margn"),
    ],
)
def test_a_scene_that_cannot_be_is_refused_at_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        change_spec(step(), {"scene": SCENE.model_dump(mode="json") | values})
    assert (caught.value.field, bool(caught.value.hint)) == (field, True)


def test_twenty_thousand_characters_are_told_by_their_number() -> None:
    with pytest.raises(LimitError, match="about has 20,000 characters; 2,000 are the most") as caught:
        change_spec(step(), {"about": "fox " * 5000})
    assert caught.value.field == "picture-1.about"


@pytest.mark.parametrize(
    ("about", "error"),
    [("a city, night at noon", InputError), ("a pair of Nike sneakers", ContentRefused), ("9000 penguins", LimitError)],
)
def test_a_wish_is_refused_when_it_is_typed_not_when_it_is_made(preparations: Preparations, about: str, error: type[InputError]) -> None:
    with pytest.raises(error) as caught:
        preparations.require(step().model_copy(update={"spec": PictureSpec(about=about)}), BrandKit())
    assert caught.value.field == "about"
    preparations.require(step(), BrandKit())


def test_the_projects_own_brand_may_be_drawn(preparations: Preparations) -> None:
    preparations.require(step().model_copy(update={"spec": PictureSpec(about="a pair of Nike sneakers")}), BrandKit(name="Nike"))


def test_unsafe_words_inside_an_edited_scene_are_refused_like_any(assets: Path) -> None:
    unsafe = {"scene": {"subjects": [{"what": "nude picture of a girl", "count": 1}]}}
    with pytest.raises(ContentRefused):
        SafetyRules.load(assets).require(". ".join(text for _, text in placed(unsafe)))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"subjects": [{"what": "fox", "count": 5000}]}, "scene.subjects.0.count is 5000; 60 is the most"),
        ({"subjects": [{"what": "fox", "count": 0}]}, "scene.subjects.0.count is 0; 1 is the least"),
        ({"subjects": [{"what": "fox"}] * 9}, "scene.subjects has 9 entries; 6 are the most"),
        ({"relations": [{"of": 0, "kind": "on", "to": 0}]}, "relation 0 joins things that are not in the scene"),
    ],
)
def test_what_does_not_fit_is_told_in_words_and_numbers(values: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as caught:
        change_spec(step(), {"scene": SCENE.model_dump(mode="json") | values})
    assert told in caught.value.message and caught.value.hint


def test_a_colour_word_in_the_palette_of_a_step_is_told_how_to_be_written() -> None:
    with pytest.raises(InputError, match="'red' is not a colour here"):
        change_spec(step(), {"palette": ["red"]})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subjects": tuple(Subject(what="fox", count=60) for _ in range(6))}, "scene.subjects"),
        (
            {
                "subjects": (Subject(what="fox"), Subject(what="cat")),
                "relations": (Relation(of=0, kind="on", to=1), Relation(of=1, kind="on", to=0)),
            },
            "scene.relations.1",
        ),
        ({"character": "Taylor Swift"}, "scene.character"),
    ],
)
def test_a_scene_that_could_only_fail_later_is_refused_when_it_is_saved(
    preparations: Preparations, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises((InputError, ContentRefused)) as caught:
        preparations.require(step(scene=SCENE.model_copy(update=changed)), BrandKit())
    assert (caught.value.field, bool(caught.value.hint)) == (field, True)


def test_what_was_planned_and_could_only_fail_is_known_before_it_is_made(preparations: Preparations, home: Path) -> None:
    bench = open_bench(home, Hand(), require=preparations.require)
    good = Step(id="picture-2", title="b", spec=PictureSpec(about="a red fox"))
    bad = Step(id="picture-1", title="a", spec=PictureSpec(about="a pair of Nike sneakers"))
    plan = bench.plan(bad, good)  # as the chat proposes it
    assert bench.plans.fault(plan, good) is None
    assert "Nike is a brand" in str(bench.plans.fault(plan, bad)) and "plain words" in str(bench.plans.fault(plan, bad))
    with pytest.raises(ContentRefused, match="Nike is a brand") as caught:
        bench.plans.redo(plan.id, "picture-2", note="with a Nike logo on its ear")
    assert caught.value.field == "note"
    bench.library.close()


def test_a_child_is_never_drawn_undressed_however_its_age_is_written(assets: Path) -> None:
    rules = SafetyRules.load(assets)
    for text in ("a nude girl of 12 years", "naked boy aged 9", "sexy twelve-year-old", "lewd picture of a 14yo", "a nude young girl"):
        with pytest.raises(ContentRefused):
            rules.require(text)
    for text in ("nude lipstick for women of all ages", "a naked mole-rat", "a sexy car, 5 years warranty"):
        rules.require(text)
