"""Styles and sizes in free words: found in both languages, given to the pictures of a plan, and not read into what is no style."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.changes import Changer
from agents.edits import Editor
from agents.planner import Planner
from agents.presets import Presets
from agents.references import EditWords
from agents.styling import Styling
from domain.plan import Step
from domain.specs import CopySpec, PictureSpec


@pytest.fixture(scope="module")
def styling(assets: Path) -> Styling:
    return Styling.load(assets)


def pictures(*steps: Step) -> list[PictureSpec]:
    return [step.spec for step in steps if isinstance(step.spec, PictureSpec)]


def two(**spec: object) -> tuple[Step, ...]:
    """A copy step and two pictures."""
    about = PictureSpec.model_validate({"about": "a fox", **spec})
    rows = (("copy-1", CopySpec(about="a fox")), ("picture-1", about), ("picture-2", about))
    return tuple(Step.model_validate({"id": name, "title": name, "spec": made}) for name, made in rows)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("A fox in the style of a Chinese ink painting", ["chinese-ink"]),
        ("a knight as pixel art", ["pixel-art"]),
        ("赛博朋克风格的城市夜景", ["game-sci-fi"]),
        ("a watercolor of a boat", ["watercolour"]),
        ("一幅水墨画，画山水", ["chinese-ink"]),
        ("画风：浮世绘", ["woodblock"]),
        ("a fox in flat vector style and a boat as pixel art", ["flat-vector", "pixel-art"]),
        ("a low-poly render of an island", ["game-low-poly"]),
    ],
)
def test_a_style_is_found_in_free_words(styling: Styling, text: str, ids: list[str]) -> None:
    assert [preset.id for preset in styling.presets(text)] == ids


@pytest.mark.parametrize(
    "text",
    [
        "a picture of an anime convention",
        "an article in the style of a magazine",
        "微风吹过的海面，一张图",
        "a restaurant picture",
        "Launch campaign for a coffee for young commuters, playful, with two pictures",
        "a press release about our comic shop",
    ],
)
def test_what_is_no_style_gives_none(styling: Styling, text: str) -> None:
    assert styling.presets(text) == ()


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("a picture of a fox for Instagram", (1080, 1350)),
        ("an image for an Instagram story", (1080, 1920)),
        ("小红书封面图：一只狐狸", (1242, 1656)),
        ("a YouTube thumbnail about cats", (1280, 720)),
        ("公众号封面", (900, 383)),
    ],
)
def test_a_picture_gets_the_size_of_the_place_it_is_for(styling: Styling, text: str, size: tuple[int, int]) -> None:
    assert {(spec.width, spec.height) for spec in pictures(*styling.styled(two(), text, sized=True))} == {size}
    assert {(spec.width, spec.height) for spec in pictures(*styling.styled(two(), text))} == {(1024, 1024)}


def test_a_size_in_pixels_goes_before_that_of_the_place(styling: Styling) -> None:
    made = pictures(*styling.styled(two(width=640), "a 640x480 picture for Instagram", sized=True))
    assert {spec.width for spec in made} == {640}


def test_one_style_is_for_all_pictures_and_as_many_as_there_are_for_each(styling: Styling) -> None:
    assert [spec.preset for spec in pictures(*styling.styled(two(), "in watercolour style"))] == ["watercolour"] * 2
    told = "a fox in watercolour style and a boat as pixel art"
    assert [spec.preset for spec in pictures(*styling.styled(two(), told))] == ["watercolour", "pixel-art"]
    three = "one in watercolour style, one as pixel art, one as line art"
    assert [spec.preset for spec in pictures(*styling.styled(two(), three))] == ["", ""]
    assert [spec.preset for spec in pictures(*styling.styled(two(preset="gouache"), "in watercolour style"))] == ["gouache"] * 2


def test_every_style_finds_the_preset_it_stands_in(assets: Path, styling: Styling) -> None:
    for preset in Presets.load(assets).all:
        for said in preset.styles:
            text = f"{said}风格" if not said.isascii() else f"a fox in {said} style"
            assert [found.id for found in styling.presets(text)] == [preset.id], said


def test_an_edit_in_words_changes_the_style_and_keeps_what_is_seen(assets: Path, styling: Styling) -> None:
    planner = Planner(assets)
    changer = Changer(EditWords.load(assets), planner.phrases, styling)
    step, clause = two()[1], "make picture 1 in watercolour style"
    change = changer.change(step, clause, "in watercolour style", planner.reader.read(clause), (), "en")
    assert isinstance(change.spec, PictureSpec) and (change.spec.preset, change.spec.about) == ("watercolour", "a fox")
    assert change.how == ["style: Watercolour"] and not change.note
    assert Editor.load(assets, planner) is not None
