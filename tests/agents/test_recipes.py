"""Every shipped recipe is valid, runs with all makers, and degrades honestly without some."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.planner import Planner
from agents.recipes import RecipeBook
from domain.brand import BrandKit
from domain.capability import StepKind
from domain.errors import InputError
from domain.plan import Plan
from domain.specs import LayoutSpec, SpeechSpec
from tests.agents.scripted import MAKEABLE, ScriptedChat, brief, capabilities

#: A brief per recipe, in both languages.
ORDERS = {
    "campaign": ("Marketing campaign for oat biscuits", "为燕麦饼干做营销活动"),
    "launch": ("Product launch for a bamboo bicycle", "竹制自行车新品上市"),
    "banner": ("A single banner for our bakery's Sunday sale", "一张海报，面包店周日促销"),
    "social": ("Social series for a yoga studio", "瑜伽馆的社媒系列"),
    "news": ("News package about the new bike lane", "关于新自行车道的新闻包"),
    "radio": ("Radio spot for a dentist", "牙科诊所的广播广告"),
    "film": ("Short film about a robot gardener", "关于机器人园丁的短片"),
    "npc": ("NPC pack for a harbour town", "港口小镇的NPC包"),
    "quest": ("Quest scene: relight the lighthouse", "任务场景：点亮灯塔"),
    "items": ("Item set for an alchemist", "炼金术士的道具集"),
}


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


def made(planner: Planner, text: str, *without: StepKind) -> Plan:
    return planner.plan(brief(text), capabilities(*without), ScriptedChat(), BrandKit(), plan_id="plan-1", seed=7)


def test_the_promised_recipes_are_shipped(planner: Planner) -> None:
    assert set(planner.book.ids) == {*ORDERS, "custom"}


@pytest.mark.parametrize("recipe", ORDERS)
@pytest.mark.parametrize("side", [0, 1], ids=["en", "zh"])
def test_a_recipe_is_found_by_its_words_and_runs(planner: Planner, recipe: str, side: int) -> None:
    plan = made(planner, ORDERS[recipe][side])
    assert plan.recipe == recipe
    assert plan.language == ("en", "zh")[side]
    assert plan.check(capabilities()) == ()
    assert len(plan.steps) == planner.book.get(recipe).default_count


@pytest.mark.parametrize(
    ("text", "recipe"),
    [
        ("A news article about the new tram line", "news"),
        ("A news article about the new tram line and a voice-over", "custom"),
        ("写一篇关于新电车线路的新闻", "news"),
        ("写一篇关于新电车线路的新闻，并配一段语音", "custom"),
    ],
)
def test_a_news_article_is_a_package_only_when_nothing_else_is_listed(planner: Planner, text: str, recipe: str) -> None:
    assert made(planner, text).recipe == recipe


@pytest.mark.parametrize("missing", MAKEABLE)
@pytest.mark.parametrize("recipe", ORDERS)
def test_without_a_maker_a_recipe_names_what_is_missing_and_the_rest_runs(planner: Planner, recipe: str, missing: StepKind) -> None:
    plan = made(planner, ORDERS[recipe][0], missing)
    assert plan.check(capabilities(missing)) == ()
    assert all(step.kind is not missing for step in plan.steps)
    wanted = missing in planner.book.get(recipe).kinds
    assert bool(plan.unavailable) == wanted
    assert all(gap.asked and gap.nearest for gap in plan.unavailable)


@pytest.mark.parametrize("recipe", ORDERS)
def test_speech_always_has_words_and_a_banner_its_copy(planner: Planner, recipe: str) -> None:
    plan = made(planner, ORDERS[recipe][0])
    for step in plan.steps:
        if isinstance(step.spec, SpeechSpec):
            assert [i.role for i in step.inputs] == ["text"]
        if isinstance(step.spec, LayoutSpec):
            assert {i.role for i in step.inputs} == {"copy", "picture"}


def test_a_recipe_with_a_wire_to_nowhere_is_refused_by_name(tmp_path: Path, assets: Path) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    text = (assets / "recipes" / "radio.toml").read_text(encoding="utf-8").replace('slot = "script"', 'slot = "nowhere"')
    (folder / "radio.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"(?s)radio\.toml.*nowhere"):
        RecipeBook.load(tmp_path)


def test_a_recipe_with_an_impossible_spec_is_refused_by_name(tmp_path: Path, assets: Path) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    text = (assets / "recipes" / "radio.toml").read_text(encoding="utf-8").replace("seconds = 30.0", "seconds = 9000.0")
    (folder / "radio.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"radio\.toml"):
        RecipeBook.load(tmp_path)


def test_a_phrase_that_is_only_the_occasion_is_not_the_order(planner: Planner) -> None:
    assert planner.book.match("three headlines for our summer campaign", context=True) is None
    assert planner.book.match("为新品上市活动写三条标题", context=True) is None
    matched = planner.book.match("campaign with 5 banners", context=True)
    assert matched is not None
    assert matched.id == "campaign"
