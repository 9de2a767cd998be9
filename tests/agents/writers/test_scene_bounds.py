"""Wishes for a picture that cannot be drawn: each gets an answer that names the field and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.writers.calls import Desk
from agents.writers.scene import Drafted, draft_scene
from domain.brand import BrandKit
from domain.context import StepContext
from domain.errors import ContentRefused, InputError, LimitError
from domain.progress import CancelToken
from domain.scene import Camera, Relation, Scene, Setting, Subject
from domain.specs import PictureSpec


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def drafted(desk: Desk, about: str, brand: str = "", note: str = "", **spec: Any) -> Drafted:
    context = StepContext(spec=PictureSpec(about=about, **spec), brand=BrandKit(name=brand), note=note)
    return draft_scene(context, None, CancelToken(), desk)


def whats(made: Drafted) -> list[str]:
    return [s.what for s in made.scene.subjects]


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("a city, night at noon", "two times of day"),
        ("深夜的正午，一座城市", "two times of day"),
        ("a cloudless sky, thunderstorm over a lighthouse", "two kinds of sky"),
        ("a close-up panorama of a rose", "two distances"),
        ("no cat, a cat", "for none of it"),
        ("不要狗，一只狗在草地上", "for none of it"),
        ("no people, a knight on a horse", "no people"),
    ],
)
def test_a_contradiction_is_named_with_its_words(desk: Desk, about: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        drafted(desk, about)
    assert (caught.value.field, bool(caught.value.hint)) == ("about", True)


@pytest.mark.parametrize(
    "about",
    [
        "a city from dawn to night",
        "open day and night: a diner",
        "a night market at sunset",
        "The shop at noon. Later, the same shop at night.",
        "a cat, no dog",
        "早晚都营业的夜市，一盏灯",
        "a lighthouse before sunrise, after the night",
    ],
)
def test_what_only_looks_like_a_contradiction_is_drawn(desk: Desk, about: str) -> None:
    assert drafted(desk, about).scene


@pytest.mark.parametrize("about", ["1000 penguins", "5,000 penguins".replace(",", ""), "三千只企鹅", "a thousand penguins"])
def test_thousands_of_one_thing_are_refused_with_the_most_there_can_be(desk: Desk, about: str) -> None:
    with pytest.raises(LimitError, match="60 are the most") as caught:
        drafted(desk, about)
    assert caught.value.field == "about"
    assert "crowd of" in caught.value.hint


def test_thousands_as_a_figure_of_speech_are_a_crowd(desk: Desk) -> None:
    made = drafted(desk, "thousands of penguins").scene
    assert (made.subjects[0].what, made.arrangement) == ("penguin", "crowd")
    assert 20 <= made.subjects[0].count <= 60


def test_more_things_than_a_picture_holds_are_named_as_left_out(desk: Desk) -> None:
    animals = "a cat, a dog, a fox, a wolf, a bear, a lion, a tiger and an owl"
    made = drafted(desk, animals)
    assert len(made.scene.subjects) == 6
    assert any("left out: tiger, owl" in str(note) for note in made.notes)


def test_a_palette_of_one_colour_is_allowed_and_said(desk: Desk) -> None:
    made = drafted(desk, "a teapot", palette=("#2f6fdb",))
    assert made.scene.palette == ("#2f6fdb",)
    assert any("tints and shades" in str(note) for note in made.notes)
    assert not any("tints" in str(note) for note in drafted(desk, "a teapot", palette=("#2f6fdb", "#ffffff")).notes)


@pytest.mark.parametrize(
    ("style", "said"),
    [("watercolour", "'watercolour' cannot be drawn"), ("pixel art", "no art of the family"), ("zzgrmpf", "no style known here")],
)
def test_a_style_that_is_not_there_is_said_with_those_that_are(desk: Desk, style: str, said: str) -> None:
    notes = [note for note in map(str, drafted(desk, "a teapot", style=style).notes) if note.startswith("style:")]
    assert len(notes) == 1 and said in notes[0] and "flat" in notes[0]
    assert not any(str(note).startswith("style:") for note in drafted(desk, "a teapot", style="warm flat illustration").notes)


@pytest.mark.parametrize(
    ("about", "what"), [("🦊", "fox"), ("🍕", "slice of pizza"), ("👩‍🚀", "astronaut"), ("🐉", "dragon"), ("❤️", "heart")]
)
def test_one_emoji_is_the_subject(desk: Desk, about: str, what: str) -> None:
    assert whats(drafted(desk, about)) == [what]


@pytest.mark.parametrize(
    "about", ["portrait of Donald Trump", "Taylor Swift on a stage", "马云的肖像", "特朗普和一只猫", "a statue of Einstein"]
)
def test_a_public_figure_is_refused(desk: Desk, about: str) -> None:
    with pytest.raises(ContentRefused, match="real person") as caught:
        drafted(desk, about)
    assert (caught.value.reason, caught.value.field) == ("likeness", "about")
    assert "made up" in caught.value.hint


@pytest.mark.parametrize(
    ("about", "name", "what"),
    [
        ("portrait of Elena Vance", "Elena Vance", "person"),
        ("a picture of John van der Berg with a dog", "John van der Berg", "person"),
        ("Senator Harold Brooks in an office", "Senator Harold Brooks", "person"),
        ("King Aldric on a throne", "King Aldric", "king"),
        ("张伟的肖像", "张伟", "person"),
        ("泰勒·安德森在海边", "泰勒·安德森", "person"),
    ],
)
def test_a_name_that_reads_like_a_persons_becomes_somebody_made_up(desk: Desk, about: str, name: str, what: str) -> None:
    made = drafted(desk, about)
    assert made.scene.subjects[0].what == what
    assert any(name in note and "made up" in note for note in map(str, made.notes))


@pytest.mark.parametrize(
    "about", ["picture of Golden Retriever", "a view of Mount Fuji", "illustration of Summer Sale", "一张白狐狸的头像", "金鱼的照片"]
)
def test_a_name_of_a_thing_or_place_is_nobodys(desk: Desk, about: str) -> None:
    assert not any("real person" in str(note) for note in drafted(desk, about).notes)


@pytest.mark.parametrize(
    ("about", "brand"),
    [
        ("a pair of Nike sneakers", "Nike"),
        ("星巴克的咖啡杯", "星巴克"),
        ("the Apple logo", "Apple"),
        ("a Zendara Foods logo", "Zendara"),
        ("a Pikachu plush", "Pikachu"),
    ],
)
def test_a_brand_is_refused_by_name_unless_it_is_the_projects_own(desk: Desk, about: str, brand: str) -> None:
    with pytest.raises(ContentRefused, match=brand) as caught:
        drafted(desk, about)
    assert (caught.value.reason, caught.value.field) == ("brand", "about")
    assert drafted(desk, about, brand="Zendara Foods" if brand == "Zendara" else brand).scene


@pytest.mark.parametrize(
    "about",
    ["an apple on a table", "an Instagram post about fresh bread", "a jaguar in the jungle", "a logo for our bakery: a loaf of bread"],
)
def test_everyday_words_and_channels_are_no_marks(desk: Desk, about: str) -> None:
    assert drafted(desk, about).scene


def test_a_very_long_brief_is_read_and_a_very_long_wish_refused(desk: Desk) -> None:
    context = StepContext(spec=PictureSpec(about="Payroll made easy"), material="a red fox and a big blue lamp, " * 700)
    assert [s.what for s in draft_scene(context, None, CancelToken(), desk).scene.subjects] == ["fox", "lamp"]
    with pytest.raises(ValueError, match="at most 2000 characters"):
        PictureSpec(about="fox " * 5000)


EDITED = Scene(
    subjects=(Subject(what="fox", count=2, colour="blue", pose="sitting"), Subject(what="astrolabe", material="brass")),
    props=(Subject(what="lantern"),),
    relations=(Relation(of=0, kind="beside", to=2),),
    setting=Setting.DESERT,
    time="sunset",
    palette=("red", "#ffffff"),
    margin="left",
    form="sticker",
    camera=Camera(angle="low"),
)


def test_an_edited_scene_is_drawn_as_it_stands(desk: Desk) -> None:
    made = drafted(desk, "three red foxes in a forest at night", scene=EDITED).scene
    assert made.model_dump() == EDITED.model_dump() | {
        "subjects": ({**EDITED.subjects[0].model_dump(), "colour": "#1976d2"}, EDITED.subjects[1].model_dump()),
        "palette": ("#d32f2f", "#ffffff"),
    }


def test_a_note_changes_an_edited_scene_for_this_take(desk: Desk) -> None:
    made = drafted(desk, "anything", scene=EDITED, note="at night, without the astrolabe").scene
    assert (made.time, [s.what for s in made.subjects]) == ("night", ["fox"])
    # The relation goes on naming the same two things although their numbers moved.
    assert made.relations == (Relation(of=0, kind="beside", to=1),)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subjects": (Subject(what="fox", colour="blurple"),), "relations": ()}, "scene.subjects.0.colour"),
        ({"props": (Subject(what="Nike sneaker"),)}, "scene.props.0.what"),
        ({"subjects": (Subject(what="Elon Musk"),), "relations": ()}, "scene.subjects.0.what"),
        ({"palette": ("nonsense",)}, "scene.palette.0"),
        ({"family": "oil"}, "scene.family"),
    ],
)
def test_an_edited_scene_is_refused_at_the_field(desk: Desk, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        drafted(desk, "anything", scene=EDITED.model_copy(update=change))
    assert (caught.value.field, bool(caught.value.hint)) == (field, True)


def test_a_relation_to_nothing_is_no_scene() -> None:
    with pytest.raises(ValueError, match="relation 0"):
        PictureSpec(about="x", scene=Scene(subjects=(Subject(what="cat"),), relations=(Relation(of=0, kind="on", to=3),)))
