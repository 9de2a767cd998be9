"""Effects and mixes in plans: several effects in one breath, a spot that ends in a mix, additions and edits in chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.edits import Editor
from agents.planner import Planner
from domain.brand import BrandKit
from domain.plan import Plan
from domain.specs import MixSpec, SoundSpec
from tests.agents.scripted import ScriptedChat, brief, capabilities


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


@pytest.fixture(scope="module")
def editor(assets: Path, planner: Planner) -> Editor:
    return Editor.load(assets, planner)


def planned(planner: Planner, text: str) -> Plan:
    return planner.plan(brief(text), capabilities(), ScriptedChat(), BrandKit(), plan_id="p", seed=7)


def effects(plan: Plan) -> list[str]:
    return [step.spec.about for step in plan.steps if isinstance(step.spec, SoundSpec)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("three sound effects for a fantasy shop: a coin, a creaking door and rain", ["a coin", "a creaking door", "rain"]),
        ("the sound of rain and the sound of a creaking door", ["the sound of rain", "the sound of a creaking door"]),
        ("sound effects of thunder and of a creaking door", ["sound effects of thunder", "of a creaking door"]),
        ("两个音效：敲门声和雷声", ["敲门声", "雷声"]),
        ("a sound effect of a distant explosion, 5 seconds", ["a sound effect of a distant explosion, 5 seconds"]),
    ],
)
def test_every_effect_gets_its_own_words(planner: Planner, text: str, wanted: list[str]) -> None:
    assert effects(planned(planner, text)) == wanted


@pytest.mark.parametrize(("text", "seconds"), [("30 second radio spot for a bakery", 30.0), ("一段20秒的广播广告,卖咖啡", 20.0)])
def test_a_spot_ends_in_a_mix_of_its_length(planner: Planner, text: str, seconds: float) -> None:
    mix = planned(planner, text).steps[-1]
    assert isinstance(mix.spec, MixSpec) and mix.spec.seconds == seconds
    assert [(given.role, given.step) for given in mix.inputs] == [("voice", "speech-1"), ("bed", "music-1")]


def test_the_mix_of_a_spot_hears_the_effects_that_the_brief_asks_for(planner: Planner) -> None:
    plan = planned(planner, "A 20 second radio spot for a bakery called Crumb in York, with a door bell sound effect")
    (mix,) = [step for step in plan.steps if isinstance(step.spec, MixSpec)]
    assert sorted((given.role, plan.step(given.step).kind.value) for given in mix.inputs) == [
        ("bed", "music"),
        ("effect", "sound"),
        ("voice", "speech"),
    ]


def test_effects_and_a_mix_are_added_in_chat(planner: Planner, editor: Editor) -> None:
    plan = planned(planner, "a radio spot for a dentist")
    rain = editor.apply_edit(plan, "add two sound effects: rain and a door slam", ScriptedChat(), capabilities())
    assert effects(rain.plan) == ["rain", "a door slam"]
    mixed = editor.apply_edit(rain.plan, "add a final mix", ScriptedChat(), capabilities())
    new = mixed.plan.step(mixed.added[0])
    assert [given.step for given in new.inputs] == ["speech-1", "music-1", "sound-1", "sound-2"]


def test_the_length_of_a_mix_is_changed_by_its_name(planner: Planner, editor: Editor) -> None:
    plan = planned(planner, "a radio spot for a dentist")
    for words in ("make mix-1 15 seconds", "make the mix 15 seconds"):
        changed = editor.apply_edit(plan, words, ScriptedChat(), capabilities()).plan.step("mix-1").spec
        assert isinstance(changed, MixSpec) and changed.seconds == 15.0, words
