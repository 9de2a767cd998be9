"""Words to effects, English and Chinese: by name, by shape, by the chat model, and what no word answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.effect import ChosenEffect, nearest, prepare_effect, read_names
from domain.chat import ChatModel
from domain.context import StepContext
from domain.errors import InputError
from domain.progress import CancelToken
from domain.specs import SoundSpec
from tests.agents.scripted import ScriptedChat

ASSETS = Path(__file__).parents[3] / "assets"
DESK = Desk(ASSETS)


def chosen(about: str, chat: ChatModel | None = None, **fields: object) -> ChosenEffect:
    spec = SoundSpec.model_validate({"about": about, **fields})
    return prepare_effect(StepContext(spec=spec, title="Effect"), chat, CancelToken(), DESK)


@pytest.mark.parametrize(
    ("about", "wanted"),
    [
        ("a coin is picked up", "coin"),
        ("The hero jumps: a short jump sound", "jump"),
        ("heavy rain on a tin roof", "rain_heavy"),
        ("rain", "rain"),
        ("footsteps on gravel", "footsteps_gravel"),
        ("someone walking in snow", "footsteps_snow"),
        ("door slam", "door_close"),
        ("a creaking door opens", "door_open"),
        ("a distant explosion", "explosion"),
        ("click for the menu", "click"),
        ("campfire ambience", "fire"),
        ("a sword clash", "sword"),
        ("whoosh between two scenes", "whoosh"),
        ("an alarm in the space station", "alarm"),
        ("敲门声", "knock"),
        ("远处的雷声", "thunder"),
        ("暴雨", "rain_heavy"),
        ("金币音效", "coin"),
        ("雪地脚步声", "footsteps_snow"),
        ("关门声", "door_close"),
        ("施放魔法", "magic"),
        ("汽车引擎", "engine"),
    ],
)
def test_words_choose_the_effect(about: str, wanted: str) -> None:
    assert chosen(about).effect.id == wanted


def test_words_shape_the_effect() -> None:
    far = chosen("a distant, huge explosion").effect
    assert far.distance > 0 and far.size > 0
    assert chosen("快速的脚步声").effect.pace > 1
    loop = chosen("wind, 12 seconds, seamless loop").effect
    assert (loop.loop, loop.seconds) == (True, 12.0)
    assert chosen("heavy rain").effect.size == 0


def test_an_id_in_the_step_wins_over_the_words() -> None:
    assert chosen("rain", effect="wind").effect.id == "wind"


def test_what_no_word_names_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as refused:
        chosen("thunderous applause of a stadium audience")
    assert refused.value.field == "about" and "thunder" in refused.value.hint
    with pytest.raises(InputError) as unknown:
        chosen("x", effect="footstep")
    assert "footsteps" in unknown.value.hint


def test_the_chat_model_is_asked_only_then_and_the_person_is_told() -> None:
    chat = ScriptedChat(lambda _: '{"effect": "whoosh"}')
    made = chosen("a paper plane glides past the ear", chat)
    assert made.effect.id == "whoosh" and "whoosh" in str(made.notes[0])
    with pytest.raises(InputError):
        chosen("a choir of angels", ScriptedChat(lambda _: '{"effect": "none"}'))
    assert chosen("rain", chat).effect.id == "rain" and len(chat.requests) == 1


def test_what_happens_once_cannot_loop() -> None:
    with pytest.raises(InputError) as refused:
        chosen("coin", loop=True)
    assert refused.value.field == "loop" and "rain" in refused.value.hint


def test_every_effect_is_found_by_each_of_its_own_words() -> None:
    for name in read_names(ASSETS):
        for word in name.words:
            found = chosen(word).effect.id
            assert found == name.id, f"{word!r} gives {found}"


def test_there_is_always_something_nearest() -> None:
    assert len(nearest("?", read_names(ASSETS))) == 3
