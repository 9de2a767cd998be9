"""Calls to action and reading levels: who is asked for them is data; good texts pass, planted faults are found, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.channels import Channels
from agents.checks import text as wording
from agents.checks.forms import Written, call
from agents.checks.reading import reading_level
from agents.checks.words import WordLists
from agents.frameworks import Crafts
from agents.lexicon import load_toml

GOOD_BUTTONS = (
    "Learn more", "Shop now", "Book a table", "Get started", "Sign up free", "Try it today", "See the menu", "Start your trial",
    "Order yours", "Find your fit", "Join the list", "Get the guide", "Claim my spot", "Pre-order", "Reserve a seat", "Download the app",
    "Watch the film", "Take a tour", "Plan your visit", "Build a box", "Make it yours", "Meet the team", "Taste the roast", "Talk to us",
    "Unlock 20% more", "Let's go", "Yes, sign me up", "Ride home", "Hear it first", "Subscribe", "Continue", "Check availability",
    "立即购买", "去看看", "马上预约", "了解更多", "领取样品", "开始体验", "免费试用", "加入我们", "扫码下单", "逛逛菜单",
    "选一杯", "预约试驾", "打开小程序", "参与活动", "认识小拐", "申请试用", "抢先尝鲜", "查看详情", "找到门店", "来一杯",
)  # fmt: skip
BAD_BUTTONS = ("Cold brew", "Our menu", "The best coffee", "Twelve hours", "Northwind", "冷萃咖啡", "北风咖啡馆", "十二小时", "清晨的味道")
GOOD_ADS = (
    "Cold brew that steeped for twelve hours. Order yours today.",
    "Twelve hours in cold water, no bitterness. Try a bottle.",
    "Your desk plant waters itself. Find out how at our shop.",
    "Three teas, one box: choose your evening.",
    "Small flats need small bikes – see how Hinge folds.",
    "Need a sitter for Saturday? Book one in two minutes.",
    "慢萃十二小时，入口不苦。马上来一瓶，扫码下单。",
    "小公寓也放得下的自行车，到店试骑看看。",
    "三款茶一盒装，点击选你的口味。",
    "周末的面包早上七点出炉，欢迎来尝。",
)
BAD_ADS = (
    "Cold brew steeped for twelve hours in cold water.",
    "The bakery that gets up before the town does.",
    "It folded and stood behind the door.",
    "慢萃十二小时，入口不苦。",
    "石炉慢烤，外皮一掰就响。",
)


@pytest.fixture(scope="module")
def lists(assets: Path) -> WordLists:
    return WordLists.load(assets / "checks")


@pytest.mark.parametrize("text", GOOD_BUTTONS)
def test_a_label_that_asks_for_an_act_is_left_alone(lists: WordLists, text: str) -> None:
    assert wording.call_to_action([text], lists, "cta", button=True) == ()


@pytest.mark.parametrize("text", BAD_BUTTONS)
def test_a_label_that_only_names_something_is_found(lists: WordLists, text: str) -> None:
    assert [f.rule for f in wording.call_to_action([text], lists, "cta", button=True)] == ["cta"]


def test_the_examples_of_buttons_that_the_model_is_shown_pass(assets: Path, lists: WordLists) -> None:
    rows = [row for row in load_toml(assets / "prompts" / "copy.toml")["field"] if row.get("button")]
    assert rows
    for row in rows:
        for text in (text for side in ("en", "zh") for shown in row[side]["examples"] for text in shown):
            assert wording.calls(text, lists.calls, button=True), text


@pytest.mark.parametrize("text", GOOD_ADS)
def test_an_ad_that_ends_on_an_act_is_left_alone(lists: WordLists, text: str) -> None:
    assert wording.call_to_action([text], lists) == ()


@pytest.mark.parametrize("text", BAD_ADS)
def test_an_ad_that_asks_for_nothing_is_found(lists: WordLists, text: str) -> None:
    assert [f.rule for f in wording.call_to_action([text], lists)] == ["cta"]


def test_one_text_of_a_field_that_asks_is_enough(lists: WordLists) -> None:
    assert wording.call_to_action([*BAD_ADS, GOOD_ADS[0]], lists) == ()


def test_which_channels_ask_for_an_act_is_their_own_data(assets: Path) -> None:
    asking = {(channel.id, field.name) for channel in Channels.load(assets).all for field in channel.fields if field.call}
    assert {("email", "cta"), ("google_search_ads", "description"), ("sms", "text")} <= asking
    assert all(field.written for channel in Channels.load(assets).all for field in channel.fields if field.call)
    assert "press_release" not in {channel for channel, _ in asking}


def test_the_end_of_a_page_that_sells_asks_for_an_act_and_other_languages_are_not_judged(lists: WordLists) -> None:
    def written(*paragraphs: str, language: str = "en") -> Written:
        return Written(paragraphs, "", {}, language, calls=lambda text: wording.calls(text, lists.calls))

    assert call(written("A bike.", "It folds.", "Come and ride one on Saturday.")) == ()
    assert [f.field for f in call(written("Come and see.", "It folds.", "It stands.", "It waits."))] == ["paragraph 4"]
    assert call(written("Ein Rad.", "Es steht.", language="de")) == ()


PLAIN = (
    "We make cold brew in small jars. It sits in cold water for twelve hours. You shake it, add milk, and drink it on the way to work.",
    "The bike folds in one move. You can put it behind the door. It is light, so you can take it up the stairs with one hand.",
    "我们把咖啡放进冷水里，泡上十二个小时。早上拿一瓶，加点牛奶就能喝。不苦，也不用等。路上喝正好。",
    "这辆车一折就收好了。放在门后面，不占地方。车很轻，一只手就能拿上楼。你可以每天骑着它去上班。",
)
HARD = (
    "Leveraging a proprietary extraction methodology, our organisation facilitates unparalleled optimisation of gastronomical experiences "
    "for discerning professionals who habitually prioritise sustainability considerations throughout their consumption decisions.",
    "本品采用低温萃取工艺，历经漫长浸渍与精密过滤，尽萃馥郁芬芳之精髓，摒弃涩滞，臻于醇厚绵柔之境，呈献予崇尚臻品、恪守雅致格调之鉴赏家，"
    "令其于纷扰喧嚣中邂逅澄澈隽永之韵味。",
)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_texts_read_as_plain(assets: Path, lists: WordLists, text: str) -> None:
    level = Crafts.load(assets).reading_level["plain"]
    assert reading_level(text, lists.reading, level.most["zh" if wording.cjk(text) else "en"]) == ()


@pytest.mark.parametrize("text", HARD)
@pytest.mark.parametrize("name", ["plain", "general"])
def test_a_hard_text_is_found_with_its_longest_sentence(assets: Path, lists: WordLists, text: str, name: str) -> None:
    level = Crafts.load(assets).reading_level[name]
    (found,) = reading_level(text, lists.reading, level.most["zh" if wording.cjk(text) else "en"])
    assert found.span is not None
    assert found.values["sentence"] == text[slice(*found.span)].strip()


def test_experts_may_be_written_to_in_any_way(assets: Path) -> None:
    assert Crafts.load(assets).reading_level["expert"].most == {}


@pytest.mark.parametrize(
    ("brief", "level"),
    [
        ("ad copy for a bus pass, in plain language", "plain"),
        ("a landing page in simple words for a savings account", "plain"),
        ("写一段通俗易懂的医保说明文案", "plain"),
        ("product copy written for experts in metrology", "expert"),
        ("给轴承厂写文案，面向专业读者", "expert"),
        ("a plain T-shirt campaign, playful", ""),
        ("an ad for a language school, simple and warm", ""),
        ("为一家专业相机店写文案", ""),
    ],
)
def test_a_brief_asks_for_a_reading_level_in_words(assets: Path, brief: str, level: str) -> None:
    assert Crafts.load(assets).level(brief.lower()) == level
