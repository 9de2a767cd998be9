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
from domain.scene import Scene, Setting, Subject
from domain.specs import PictureSpec
from studio.media_makers import Preparations
from studio.plans import change_spec

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
    assert any("one colour" in note for note in prepared.notes)


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
    from studio.plans import _placed

    unsafe = {"scene": {"subjects": [{"what": "nude picture of a girl", "count": 1}]}}
    with pytest.raises(ContentRefused):
        SafetyRules.load(assets).require(". ".join(text for _, text in _placed(unsafe)))
