"""Style presets: the shipped ones are whole and honest, they are found by words, and an unknown one names its neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.presets import Preset, Presets
from agents.writers.calls import Desk
from agents.writers.looks import drawn
from agents.writers.scene import draft_scene
from domain.context import StepContext
from domain.errors import InputError
from domain.progress import CancelToken
from domain.specs import PictureSpec


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


@pytest.fixture(scope="module")
def presets(desk: Desk) -> Presets:
    return desk.presets


def test_there_are_presets_for_every_trade_in_both_languages(presets: Presets) -> None:
    assert len(presets.all) >= 40
    assert len({preset.group.en for preset in presets.all}) >= 5
    assert all(preset.name.zh and not preset.name.zh.isascii() for preset in presets.all)
    assert all((preset.prompt + preset.negative).isascii() for preset in presets.all), "a diffusion model reads English"


def test_every_family_a_preset_names_is_one_that_is_known(presets: Presets, desk: Desk) -> None:
    known = {family["id"] for family in desk.prompts("picture")["family"]}
    assert {name for preset in presets.all for name in preset.families} <= known


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("watercolour", "watercolour"),
        ("水墨", "chinese-ink"),
        ("pixel", "pixel-art"),
        ("扁平", "flat-vector"),
        ("PRODUCT shot", "ad-product"),
        ("国画", "chinese-ink"),
    ],
)
def test_words_find_a_preset(presets: Presets, words: str, first: str) -> None:
    assert presets.search(words)[0].id == first


def test_a_search_for_nothing_gives_all_and_for_nonsense_none(presets: Presets) -> None:
    assert presets.search("") == presets.all
    assert presets.search("zzzqqq") == ()
    assert "pixel-art" not in {preset.id for preset in presets.search("", family="sana")}


@pytest.mark.parametrize(("wrong", "near"), [("watercolor", "watercolour"), ("pixelart", "pixel-art"), ("水墨画", "chinese-ink")])
def test_an_unknown_preset_names_the_nearest(presets: Presets, wrong: str, near: str) -> None:
    with pytest.raises(InputError, match="no style preset") as caught:
        presets.get(wrong)
    assert near in caught.value.hint and caught.value.field == "preset"


def test_what_the_illustrator_is_said_to_draw_it_understands(presets: Presets, desk: Desk) -> None:
    mapped = [preset for preset in presets.all if preset.can_be_drawn]
    assert len(mapped) >= 10
    for preset in mapped:
        context, notes = drawn(StepContext(spec=PictureSpec(about="a red fox", preset=preset.id)), desk)
        assert notes == ()
        told = draft_scene(context, None, CancelToken(), desk).notes
        assert not [note for note in told if note.startswith("style:")], preset.id


def test_a_preset_changes_what_the_illustrator_draws(desk: Desk) -> None:
    def scene(preset: str) -> tuple[str, str, str]:
        context, _ = drawn(StepContext(spec=PictureSpec(about="a red fox", preset=preset)), desk)
        made = draft_scene(context, None, CancelToken(), desk).scene
        return made.family, made.texture, made.form

    assert scene("flat-vector")[0] == "flat" and scene("cartoon")[0] == "noto"
    assert scene("editorial-risograph")[1] == "halftone"
    assert scene("sticker")[2] == "sticker"
    assert scene("game-texture")[2] == "tile"
    assert [scene(name)[2] for name in ("app-icon", "game-item-icon", "game-isometric", "editorial-spot")] == [
        "icon",
        "icon",
        "isometric",
        "spot",
    ]


def test_a_form_stays_one_thing(desk: Desk) -> None:
    for preset in (one.id for one in desk.presets.all if one.drawn_as):
        for wish in ("a red fox", "一只红色的狐狸"):
            context, _ = drawn(StepContext(spec=PictureSpec(about=wish, preset=preset)), desk)
            assert [s.what for s in draft_scene(context, None, CancelToken(), desk).scene.subjects] == ["fox"], preset


def test_a_preset_that_cannot_be_drawn_says_so_and_changes_nothing(desk: Desk) -> None:
    asked = StepContext(spec=PictureSpec(about="a red fox", preset="oil-painting", style="bold"))
    context, notes = drawn(asked, desk)
    assert context == asked
    assert "oil-painting" in str(notes[0]) and "flat-vector" in str(notes[0])


def test_a_data_file_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "mine.toml").write_text('group = { en = "A", zh = "甲" }\n[[preset]]\nid = "x y"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.toml"):
        Presets.load(tmp_path)
    twice = Preset.model_validate({"id": "a", "name": {"en": "A", "zh": "甲"}, "group": {"en": "G", "zh": "组"}, "prompt": "p"})
    with pytest.raises(InputError, match="one id"):
        Presets((twice, twice))
