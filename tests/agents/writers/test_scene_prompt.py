"""Prompts for diffusion models: as the family reads them, with style, palette and characters in, and a person's own left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.writers.calls import Desk
from agents.writers.looks import described, with_characters
from agents.writers.scene_prompt import family_of, prepare_prompt, preset_notes
from domain.brand import BrandKit, CharacterSheet
from domain.chat import ChatRequest
from domain.context import StepContext
from domain.errors import InputError
from domain.specs import PictureSpec
from tests.agents.scripted import ScriptedChat

MIRA = CharacterSheet(name="Mira", look="a young woman with short silver hair and a green raincoat")
ADA = CharacterSheet(name="小艾", look="a robot with one blue eye")


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def context(about: str, maker: str = "", brand: BrandKit | None = None, **spec: Any) -> StepContext:
    return StepContext(spec=PictureSpec(about=about, **spec), maker=maker, brand=brand or BrandKit())


def saying(**answer: str) -> ScriptedChat:
    """A chat model that gives the slots it is asked for."""

    def reply(request: ChatRequest) -> str:
        assert request.json_schema is not None
        wanted: Any = request.json_schema["properties"]
        return json.dumps({name: answer[name] for name in wanted})

    return ScriptedChat(reply)


@pytest.mark.parametrize(
    ("maker", "expected"),
    [
        ("diffusion/sdxl-turbo", ("sdxl", "phrases")),
        ("diffusion/flux-1-schnell", ("flux", "sentences")),
        ("diffusion/z-image-turbo", ("z-image", "sentences")),
        ("diffusion/sd-turbo", ("sd15", "phrases")),
        ("diffusion/somebodys-own", ("", "phrases")),
        ("", ("", "phrases")),
    ],
)
def test_a_model_is_of_the_family_its_id_says(desk: Desk, maker: str, expected: tuple[str, str]) -> None:
    assert family_of(maker, desk) == expected


def test_the_same_wish_is_phrases_for_one_family_and_sentences_for_another(desk: Desk) -> None:
    wish: dict[str, Any] = {"preset": "watercolour", "palette": ("#1d3557",), "margin": "left"}
    phrases = str(prepare_prompt(context("a red fox by a lake", "diffusion/sdxl", **wish), None, desk)["prompt"])
    sentences = str(prepare_prompt(context("a red fox by a lake", "diffusion/flux-1-schnell", **wish), None, desk)["prompt"])
    assert phrases.startswith("a red fox by a lake, ") and "." not in phrases
    assert sentences.startswith("A red fox by a lake. ") and sentences.endswith(".") and " The style is loose watercolour" in sentences
    for prompt in (phrases, sentences):
        assert "watercolour" in prompt and "blue" in prompt and "left side" in prompt and "commercial photography" not in prompt


def test_the_model_adds_details_and_the_persons_words_lead(desk: Desk) -> None:
    chat = saying(details="wet fur, low angle, morning haze")
    made = prepare_prompt(context("a red fox by a lake", "diffusion/sdxl"), chat, desk)
    assert str(made["prompt"]).startswith("a red fox by a lake, wet fur, low angle, morning haze, ")
    chat = saying(details="its wet fur shines in the morning haze")
    made = prepare_prompt(context("a red fox by a lake", "diffusion/flux-1-schnell"), chat, desk)
    assert str(made["prompt"]).startswith("A red fox by a lake. Its wet fur shines in the morning haze. ")


def test_a_chinese_wish_is_said_in_english(desk: Desk) -> None:
    chat = saying(phrase="a tea house among misty mountains", details="tiled roof, drifting fog")
    made = str(prepare_prompt(context("国风茶馆，云雾缭绕的山间", "diffusion/sdxl"), chat, desk)["prompt"])
    assert made.startswith("a tea house among misty mountains, tiled roof, drifting fog, ") and made.isascii()


def test_a_model_that_answers_in_another_form_costs_english_words_nothing(desk: Desk) -> None:
    made = prepare_prompt(context("a red fox by a lake", "diffusion/sdxl"), ScriptedChat(lambda _request: "no json"), desk)
    assert str(made["prompt"]).startswith("a red fox by a lake, ")


def test_what_the_limit_cut_off_ends_at_a_whole_word(desk: Desk) -> None:
    chat = saying(details=("wet fur, " * 60)[:320])
    made = str(prepare_prompt(context("a red fox", "diffusion/sdxl"), chat, desk)["prompt"])
    assert made.count("wet fur") == 35 and "wet fur, we," not in made


def test_a_finished_prompt_is_taken_as_it_stands(desk: Desk) -> None:
    chat = ScriptedChat(lambda _request: pytest.fail("nobody should be asked"))
    spec = context("a red fox", "diffusion/sdxl", prompt="fox, 8k, bokeh", preset="watercolour", palette=("#1d3557",))
    made = prepare_prompt(spec, chat, desk)
    assert made["prompt"] == "fox, 8k, bokeh"
    assert "photograph" in str(made["negative"]) and "watermark" in str(made["negative"])


def test_negatives_come_together_each_once(desk: Desk) -> None:
    made = prepare_prompt(context("a red fox", preset="watercolour", negative="text, people"), None, desk)
    items = str(made["negative"]).split(", ")
    assert items[:2] == ["text", "people"] and len(items) == len(set(items)) and "3d render" in items


def test_an_unknown_preset_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="watercolr"):
        prepare_prompt(context("a red fox", preset="watercolr"), None, desk)


def test_a_preset_says_with_which_families_it_is_better(desk: Desk) -> None:
    assert "flux" in str(preset_notes(context("a fox", "diffusion/sana-sprint", preset="pixel-art"), desk)[0])
    assert preset_notes(context("a fox", "diffusion/sdxl", preset="pixel-art"), desk) == ()
    assert preset_notes(context("a fox", "diffusion/sdxl"), desk) == ()


def test_a_character_looks_alike_in_every_picture(desk: Desk) -> None:
    brand = BrandKit(characters=(MIRA, ADA))
    first, second = (
        str(prepare_prompt(described(context(about, "diffusion/sdxl", brand)), None, desk)["prompt"])
        for about in ("Mira in a forest", "mira on a beach with 小艾")
    )
    assert MIRA.look in first and "Mira" not in first
    assert MIRA.look in second or "raincoat" in second


def test_a_name_stands_whole_and_gives_way_once() -> None:
    assert with_characters("Mira meets Miranda; Mira waves", (MIRA,)) == f"{MIRA.look} meets Miranda; Mira waves"
    assert with_characters("清晨的小艾在街上", (ADA,)) == f"清晨的{ADA.look}在街上"
    long = CharacterSheet(name="Mira Vale", look="an old sailor")
    assert with_characters("Mira Vale at sea", (MIRA, long)) == "an old sailor at sea"
    assert with_characters("a forest", (MIRA,)) == "a forest"


def test_what_does_not_fit_is_left_as_it_is() -> None:
    given = context("Mira " + "x" * 1990, brand=BrandKit(characters=(MIRA,)))
    assert described(given) == given
