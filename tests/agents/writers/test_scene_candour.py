"""What is not drawn is said, with the nearest that is; words that mean nothing are refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.scene import Drafted, draft_scene, require_picture
from domain.context import StepContext
from domain.errors import InputError
from domain.progress import CancelToken
from domain.specs import PictureSpec


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def drafted(desk: Desk, about: str, style: str = "") -> Drafted:
    return draft_scene(StepContext(spec=PictureSpec(about=about, style=style)), None, CancelToken(), desk)


@pytest.mark.parametrize(
    ("about", "material", "said"),
    [
        ("a dagger made of titanium", "steel", ["titanium", "steel"]),
        ("a titanium watch", "steel", ["titanium", "steel"]),
        ("用巧克力做的兔子", "wood", ["巧克力", "wood"]),
        ("a cup made of frobnium", "", ["frobnium", "gold"]),
        ("a plastic duck", "plastic", ["plastic", "no surface"]),
    ],
)
def test_a_material_that_is_not_drawn_is_named_with_the_nearest(desk: Desk, about: str, material: str, said: list[str]) -> None:
    made = drafted(desk, about)
    assert made.scene.subjects[0].material == material
    assert any(note.startswith("material:") and all(word in note for word in said) for note in map(str, made.notes))


@pytest.mark.parametrize("about", ["a dagger made of obsidian", "a chocolate cake", "a sand castle", "用木头做的马", "a wooden horse"])
def test_what_is_drawn_gives_no_note(desk: Desk, about: str) -> None:
    made = drafted(desk, about)
    assert not made.notes
    assert len(made.scene.subjects) == 1


def test_every_material_that_is_read_is_drawn_or_said_to_be_not(desk: Desk, assets: Path) -> None:
    manners = tomllib.loads((assets / "art" / "manners.toml").read_text("utf-8"))
    drawn = {word for entry in manners["material"] for word in entry["words"]}
    unshown = set(desk.prompts("scene_candour")["unshown"]["names"])
    assert set(desk.prompts("scene_words")["materials"]) <= drawn | unshown
    near = desk.prompts("scene_candour")
    assert set(near["materials"]) <= drawn
    assert set(near["chinese"]) == set(near["materials"]) | set(near["poses"])
    assert set(near["poses"]) <= set(desk.prompts("scene_words")["poses"])


@pytest.mark.parametrize(
    ("about", "pose", "said"),
    [("a woman doing a handstand", "jumping", "handstand"), ("a man kneeling", "sitting", "kneeling"), ("倒立的男孩", "jumping", "倒立")],
)
def test_a_pose_that_is_not_drawn_is_named_with_the_nearest(desk: Desk, about: str, pose: str, said: str) -> None:
    made = drafted(desk, about)
    assert [s.pose for s in made.scene.subjects] == [pose]
    assert any(note.startswith("pose:") and said in note for note in map(str, made.notes))


def test_what_somebody_does_is_no_thing_and_is_told_when_it_is_not_drawn(desk: Desk) -> None:
    made = drafted(desk, "a boy doing homework")
    assert [s.what for s in (*made.scene.subjects, *made.scene.props)] == ["boy"]
    assert any("homework" in str(note) for note in made.notes)
    assert not drafted(desk, "a woman doing yoga").notes


@pytest.mark.parametrize(
    ("about", "style"),
    [
        ("a cat in the style of Monet", ""),
        ("a village in the style of Hayao Miyazaki", ""),
        ("梵高风格的向日葵", ""),
        ("a cat", "Van Gogh style"),
    ],
)
def test_a_named_artist_is_not_imitated_and_families_are_offered_in_few_words(desk: Desk, about: str, style: str) -> None:
    made = drafted(desk, about, style)
    told = [note for note in map(str, made.notes) if note.startswith("style:")]
    assert len(told) == 1 and "not imitated" in told[0] and "flat" in told[0]
    assert len(told[0]) < 240
    names = ("monet", "miyazaki", "gogh", "梵高")
    assert not any(name in s.what.lower() for s in (*made.scene.subjects, *made.scene.props) for name in names)


@pytest.mark.parametrize("about", ["asdf qwer", "xkcd zzgrmpf", "12345 !!!", "..."])
def test_words_that_mean_nothing_are_refused_before_anything_is_made(desk: Desk, about: str) -> None:
    for ask in (lambda: drafted(desk, about), lambda: require_picture(PictureSpec(about=about), desk)):
        with pytest.raises(InputError) as caught:
            ask()
        assert about in str(caught.value) and caught.value.hint and caught.value.field == "about"


@pytest.mark.parametrize("about", ["accordion, ukulele", "a podcast about rockets", "🦊", "雪", "sunset", "schnapps", "blue", "你好"])
def test_words_that_no_list_has_are_no_nonsense(desk: Desk, about: str) -> None:
    assert drafted(desk, about).scene
