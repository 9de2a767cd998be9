from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.writers.calls import Desk
from agents.writers.scene import prepare_scene
from agents.writers.scene_prompt import prepare_prompt
from agents.writers.sights import Sights
from domain.brand import BrandKit
from domain.chat import ChatReply, ChatRequest
from domain.context import StepContext
from domain.errors import Cancelled, InputError, InvalidOutput
from domain.progress import CancelToken
from domain.recipe import ModelRef
from domain.scene import Scene, Setting
from domain.specs import MusicSpec, PictureSpec
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat


class Scripted:
    """A chat model that gives prepared answers and keeps what it was asked."""

    model = ModelRef(id="scripted")
    context_tokens = 4096
    strong = False

    def __init__(self, *answers: dict[str, str] | str) -> None:
        self._answers = [a if isinstance(a, str) else json.dumps(a) for a in answers]
        self.asked: list[ChatRequest] = []
        self.tokens: list[CancelToken | None] = []

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        self.asked.append(request)
        self.tokens.append(cancel)
        return ChatReply(text=self._answers[len(self.asked) - 1], finish="stop")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        yield self.complete(request, cancel).text


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def context(about: str, title: str = "", note: str = "", brand: BrandKit | None = None, **spec: Any) -> StepContext:
    return StepContext(spec=PictureSpec(about=about, **spec), title=title, note=note, brand=brand or BrandKit())


def scene(desk: Desk, about: str, **given: Any) -> Scene:
    return prepare_scene(context(about, **given), None, CancelToken(), desk)


def place(name: str, near: str) -> Setting:
    """The setting of that name where it is drawn, else the one that stands in."""
    return Setting(name) if name in set(Setting) else Setting(near)


def subjects(made: Scene) -> list[tuple[str, int, str]]:
    return [(s.what, s.count, s.colour) for s in made.subjects]


def test_things_places_and_times_are_read_from_an_english_wish(desk: Desk) -> None:
    made = scene(desk, "A red fox and two big mushrooms in a snowy forest at night")
    assert subjects(made) == [("fox", 1, "#d32f2f"), ("mushroom", 2, "")]
    assert made.subjects[1].size == "large"
    assert (made.setting, made.time, made.weather) == (Setting.FOREST, "night", "snow")


def test_things_places_and_times_are_read_from_a_chinese_wish(desk: Desk) -> None:
    made = scene(desk, "黄昏的城市里，一辆蓝色自行车和三只猫")
    assert subjects(made)[0] == ("bicycle", 1, "#1976d2")
    assert ("cat", 3, "") in subjects(made)
    assert (made.setting, made.time) == (Setting.CITY, "sunset")


@pytest.mark.parametrize(
    ("about", "main", "setting"),
    [
        ("Launch campaign for a cold-brew coffee", "cold brew coffee", Setting.STUDIO),
        ("国风茶馆主视觉，云雾缭绕", "tea house", Setting.MOUNTAINS),
        ("treasure chest in a dungeon", "treasure chest", place("dungeon", "cave")),
        ("New wireless headphones", "wireless headphones", Setting.GRADIENT),
        ("ruby sword of the fire king", "sword", Setting.CAVE),
        ("中秋月饼礼盒", "moon cake", Setting.STUDIO),
        ("a podcast about space rockets", "podcast", Setting.SPACE),
    ],
)
def test_the_main_thing_and_where_it_belongs(desk: Desk, about: str, main: str, setting: Setting) -> None:
    made = scene(desk, about)
    assert (made.subjects[0].what, made.setting) == (main, setting)


def test_a_small_square_picture_is_an_item_on_a_plain_ground(desk: Desk) -> None:
    made = scene(desk, "health potion", width=512, height=512)
    assert (made.setting, made.composition) == (Setting.PLAIN, "centre")


def test_the_second_picture_of_a_plan_stands_elsewhere(desk: Desk) -> None:
    first, second = (scene(desk, "a cold-brew coffee", title=title) for title in ("Key visual", "Second visual"))
    assert first.setting != second.setting
    assert first.subjects == second.subjects


def test_words_that_only_look_like_things_are_left_when_a_thing_is_there(desk: Desk) -> None:
    made = scene(desk, "The ship leaves the harbour: a note on our new app")
    assert [s.what for s in (*made.subjects, *made.props)] == ["ship"]


def test_three_things_stand_in_a_row(desk: Desk) -> None:
    made = scene(desk, "sword, shield, potion and helmet")
    assert [s.what for s in made.subjects] == ["sword", "shield", "potion", "helmet"]
    assert made.composition == "row"


def test_colours_come_from_step_then_brand_then_reference_then_mood(desk: Desk) -> None:
    brand = BrandKit(palette=("#111111",))
    base = context("a warm cup of tea", brand=brand, palette=("#222222",)).model_copy(update={"reference_palette": ("#333333",)})

    def palette(given: StepContext) -> tuple[str, ...]:
        return prepare_scene(given, None, CancelToken(), desk).palette

    assert palette(base) == ("#222222",)
    unstated = base.model_copy(update={"spec": PictureSpec(about="a warm cup of tea")})
    assert palette(unstated) == ("#111111",)
    unbranded = unstated.model_copy(update={"brand": BrandKit()})
    assert palette(unbranded) == ("#333333",)
    assert palette(unbranded.model_copy(update={"reference_palette": ()})) == tuple(desk.prompts("scene")["moods"]["warm"]["palette"])


def test_the_margin_is_the_steps_unless_the_note_asks_for_another(desk: Desk) -> None:
    assert scene(desk, "a cat", margin="left").margin == "left"
    assert scene(desk, "a cat", margin="left", note="text on the right please").margin == "right"


@pytest.mark.parametrize(
    ("note", "field", "value"),
    [
        ("at night", "time", "night"),
        ("换成黄昏", "time", "sunset"),
        ("let it rain", "weather", "rain"),
        ("put it on a beach", "setting", Setting.BEACH),
        ("换到森林里", "setting", Setting.FOREST),
        ("closer", "composition", "close"),
        ("远一点", "composition", "wide"),
    ],
)
def test_a_note_changes_the_scene(desk: Desk, note: str, field: str, value: object) -> None:
    before, after = scene(desk, "a red bicycle in the city"), scene(desk, "a red bicycle in the city", note=note)
    assert getattr(after, field) == value != getattr(before, field)


def test_a_colour_in_a_note_recolours_the_thing_or_the_background(desk: Desk) -> None:
    assert subjects(scene(desk, "一辆红色自行车", note="换成蓝色"))[0][2] == "#1976d2"
    assert subjects(scene(desk, "headphones", note="make the headphones green"))[0][2] == "#388e3c"
    made = scene(desk, "headphones", note="make the background purple")
    assert made.subjects[0].colour == ""
    assert made.palette[0] == "#7b1fa2"


def test_warmer_turns_given_colours_toward_warm(desk: Desk) -> None:
    cold = scene(desk, "a teapot", palette=("#2f6fdb",)).palette[0]
    warm = scene(desk, "a teapot", palette=("#2f6fdb",), note="warmer").palette[0]
    assert int(warm[1:3], 16) > int(cold[1:3], 16)
    assert int(warm[5:7], 16) < int(cold[5:7], 16)


def test_a_note_adds_takes_away_and_replaces(desk: Desk) -> None:
    assert [s.what for s in scene(desk, "a cat", note="add a lantern").props] == ["lantern"]
    assert [s.what for s in scene(desk, "a cat with a sofa and a lamp", note="without the sofa").props] == ["lamp"]
    assert [s.what for s in scene(desk, "a cat", note="change to a dog").subjects] == ["dog"]
    assert scene(desk, "a cat with a sofa", note="simpler, no props").props == ()


def answer(**slots: str) -> dict[str, str]:
    return {"subject": "mushroom", "companion": "none", "setting": "meadow", "time": "dawn", "mood": "calm"} | slots


def test_the_model_chooses_among_what_the_wish_names(desk: Desk) -> None:
    chat = Scripted(answer())
    made = prepare_scene(context("A lamp. A mushroom."), chat, CancelToken(), desk)
    assert made.subjects[0].what == "mushroom"
    assert (made.setting, made.time) == (Setting.MEADOW, "dawn")
    schema: Any = chat.asked[0].json_schema
    assert schema["properties"]["subject"]["enum"] == ["lamp", "mushroom"]
    assert chat.asked[0].sampling.temperature == 0


def test_words_win_over_the_model(desk: Desk) -> None:
    made = prepare_scene(context("A fox in a cave at night"), Scripted(answer(subject="fox", setting="meadow")), CancelToken(), desk)
    assert (made.setting, made.time) == (Setting.CAVE, "night")


def test_the_model_cannot_bring_in_what_nobody_named(desk: Desk) -> None:
    with pytest.raises(InvalidOutput):
        prepare_scene(context("A lamp. A mushroom."), Scripted(answer(subject="dragon")), CancelToken(), desk)
    with pytest.raises(InvalidOutput):
        prepare_scene(context("A fox"), Scripted("no json"), CancelToken(), desk)


def test_a_wish_without_a_thing_gets_the_one_the_model_names_if_we_know_it(desk: Desk) -> None:
    none = answer(subject="none", setting="gradient")
    assert (
        prepare_scene(context("Payroll made easy"), Scripted(none, {"thing": "laptop"}), CancelToken(), desk).subjects[0].what == "laptop"
    )
    assert prepare_scene(context("Payroll made easy"), Scripted(none, {"thing": "synergy"}), CancelToken(), desk).subjects == ()


def test_a_stopped_preparation_asks_nothing(desk: Desk) -> None:
    chat, token = Scripted(answer()), CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        prepare_scene(context("A fox"), chat, token, desk)
    assert chat.asked == []


def test_another_kind_of_step_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="music"):
        prepare_scene(StepContext(spec=MusicSpec(about="a bed")), None, CancelToken(), desk)


def test_a_prompt_keeps_the_persons_words_and_adds_place_light_and_space(desk: Desk) -> None:
    made = prepare_prompt(
        context("a red fox by a lake", margin="left", palette=("#2f6fdb",), steps=20, guidance=5.0, note="at night"), None, desk
    )
    assert str(made["prompt"]).startswith("a red fox by a lake, at night, ")
    assert "left side" in str(made["prompt"]) and "blue" in str(made["prompt"])
    assert "watermark" in str(made["negative"])
    assert (made["width"], made["height"], made["steps"], made["guidance"]) == (1024, 1024, 20, 5.0)


def test_a_chinese_wish_becomes_an_english_prompt_with_and_without_a_model(desk: Desk) -> None:
    wish = context("夜晚森林里的狐狸")
    assert "fox" in str(prepare_prompt(wish, None, desk)["prompt"])
    chat = Scripted({"phrase": "a fox in a forest at night"})
    made = str(prepare_prompt(wish, chat, desk)["prompt"])
    assert made.startswith("a fox in a forest at night") and made.isascii()


def test_a_stopped_prompt_asks_nothing_and_hands_its_token_to_the_model(desk: Desk) -> None:
    wish, chat, token = context("夜晚森林里的狐狸"), Scripted({"phrase": "a fox"}), CancelToken()
    prepare_prompt(wish, chat, desk, token)
    assert chat.tokens == [token]
    token.cancel()
    with pytest.raises(Cancelled):
        prepare_prompt(wish, chat, desk, token)
    assert len(chat.asked) == 1


def test_longer_names_hide_shorter_ones(desk: Desk) -> None:
    sights = Sights(desk.prompts("scene"), desk.prompts("scene_words"), desk.prompts("scene_nouns")["nouns"], desk.colours)
    assert [s.what for s in sights.read("cold brew coffee next to hot dogs")] == ["cold brew coffee", "hot dog"]
    assert [s.what for s in sights.read("一杯冷萃咖啡")] == ["cold brew"]


@pytest.mark.models
def test_a_real_small_model_gives_a_scene_of_what_was_named(desk: Desk, store: ModelStore) -> None:
    name = "smollm2-135m-instruct-q4"
    chat = LlamaCppChat(next(store.folder(name).glob("*.gguf")), store.ref(name), Devices(2_000_000_000), slots=1, threads=1)
    made = prepare_scene(context("A red bicycle and a lantern at the harbour, evening"), chat, CancelToken(), desk)
    assert {s.what for s in (*made.subjects, *made.props)} == {"bicycle", "lantern"}
    assert (made.setting, made.time) == (place("harbour", "sea"), "sunset")
