"""A brief that names a channel, a framework or an A/B test: what its copy steps become."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.placing import Placing
from agents.planner import Planner
from domain.brand import BrandKit
from domain.capability import StepKind
from domain.plan import Plan, Step
from domain.specs import CopySpec
from tests.agents.scripted import ScriptedChat, brief, capabilities


@pytest.fixture(scope="module")
def planner(assets: Path) -> Planner:
    return Planner(assets)


def plan(planner: Planner, text: str) -> Plan:
    language = "zh" if any("\u4e00" <= c <= "\u9fff" for c in text) else "en"
    return planner.plan(brief(text, language=language), capabilities(), ScriptedChat(), BrandKit(), plan_id="p", seed=1)


def copies(made: Plan) -> list[CopySpec]:
    return [step.spec for step in made.steps if isinstance(step.spec, CopySpec)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write Google ads for our cafe Northwind", ["google_search_ads"]),
        ("three pieces of copy for Google Ads", ["google_search_ads"] * 3),
        ("copy for Instagram and TikTok about a bike", ["instagram_post", "tiktok_video"]),
        ("an SMS and a push notification for the sale, no tweets", ["sms", "push"]),
        ("write an X post for our launch", ["x_post"]),
        ("给我们的咖啡馆写一篇小红书笔记", ["xiaohongshu_note"]),
        ("为新茶饮写小红书文案和淘宝标题", ["xiaohongshu_note", "taobao_title"]),
        ("3 instagram posts about bread", ["instagram_post"] * 3),
        ("two headlines for a bakery", [""]),
    ],
)
def test_copy_steps_take_the_channels_a_brief_names(planner: Planner, text: str, expected: list[str]) -> None:
    assert [spec.channel for spec in copies(plan(planner, text))] == expected


def test_fields_and_limits_come_from_the_data(planner: Planner) -> None:
    (spec,) = copies(plan(planner, "Write Google ads for our cafe Northwind"))
    assert [(f.name, f.max_chars) for f in spec.fields] == [("headline", 30), ("description", 90)]


def test_numbers_in_the_brief_count_the_channels_fields(planner: Planner) -> None:
    (spec,) = copies(plan(planner, "Six headlines for Google Ads for a cafe"))
    assert [(f.name, f.count) for f in spec.fields] == [("headline", 6), ("description", 2)]


def test_a_bare_place_adds_no_copy(planner: Planner) -> None:
    made = plan(planner, "three pictures for Instagram of a fox")
    assert [step.kind for step in made.steps] == [StepKind.PICTURE] * 3


def test_a_banner_beside_a_channel_without_a_headline_gets_one(planner: Planner) -> None:
    for spec in copies(plan(planner, "3 instagram posts about bread")):
        assert spec.fields[-1].name == "headline"


def test_framework_and_ab_test_are_read(planner: Planner) -> None:
    (spec,) = copies(plan(planner, "an A/B test of LinkedIn ads with AIDA"))
    assert (spec.channel, spec.framework, spec.variants) == ("linkedin_ads", "aida", 2)


def test_a_campaign_keeps_its_own_copy_and_gains_the_channels(planner: Planner) -> None:
    made = copies(plan(planner, "marketing campaign for a cold brew with Google ads"))
    assert [spec.channel for spec in made].count("google_search_ads") == 1
    assert len(made) > 1


def test_steps_a_model_drafted_take_the_channel_where_there_is_no_doubt(planner: Planner) -> None:
    placing: Placing = planner.assembler.placing
    steps = (Step(id="copy-1", title="a", spec=CopySpec(about="tea")), Step(id="copy-2", title="b", spec=CopySpec(about="tea")))
    both = placing.drafted(steps, planner.reader.read("a tweet and a linkedin post about tea"))
    assert [getattr(step.spec, "channel", "") for step in both] == ["x_post", "linkedin_post"]
    three = placing.drafted(steps, planner.reader.read("a tweet, a linkedin post and an sms about tea"))
    assert [getattr(step.spec, "channel", "") for step in three] == ["", ""]
