"""The shipped channels: complete, sourced, found by name, unknown ones refused with the nearest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agents.channels import Channels, words_of
from domain.errors import InputError

#: What is asked for at least.
ASKED = {
    "google_search_ads", "google_performance_max", "meta_feed_ads", "meta_story_ads", "instagram_post", "x_post", "linkedin_post",
    "tiktok_video", "youtube_video", "pinterest_pin", "email", "sms", "push", "app_store", "google_play", "amazon_listing",
    "landing_hero", "seo_page", "press_release", "blog_post", "wechat_article", "xiaohongshu_note", "weibo_post", "douyin_video",
    "taobao_title", "bilibili_video",
}  # fmt: skip


@pytest.fixture(scope="module")
def channels(assets: Path) -> Channels:
    return Channels.load(assets)


def test_every_asked_channel_is_there(channels: Channels) -> None:
    assert len(channels.ids) >= 25
    assert set(channels.ids) >= ASKED


def test_every_limit_names_a_page_that_was_read(channels: Channels) -> None:
    for channel in channels.all:
        for source in channel.sources.values():
            assert source.url.startswith("https://") or (source.url == "" and source.confidence == "secondary"), channel.id
        for field in channel.fields:
            assert field.hard_limit is not None or field.note, f"{channel.id}.{field.name}"


def test_a_page_of_somebody_else_is_never_called_the_publishers_own(channels: Channels) -> None:
    hosts = {
        "Google": ("google.com",),
        "X": ("developer.x.com",),
        "Apple": ("developer.apple.com",),
        "TikTok": ("ads.tiktok.com",),
        "eBay": ("developer.ebay.com",),
        "Tencent (WeChat)": ("developers.weixin.qq.com",),
    }
    own = [source for channel in channels.all for source in channel.sources.values() if source.confidence == "publisher"]
    assert own
    for source in own:
        assert any(host in source.url for host in hosts[source.publisher]), source


def test_no_word_belongs_to_two_channels(channels: Channels) -> None:
    seen: dict[str, str] = {}
    for channel in channels.all:
        for word in set(words_of(channel)):
            assert word == word.lower()
            assert seen.setdefault(word, channel.id) == channel.id, word


def test_an_unknown_channel_is_refused_with_the_nearest_ones(channels: Channels) -> None:
    with pytest.raises(InputError) as error:
        channels.get("google_serch_ads")
    assert error.value.field == "channel"
    assert "google_search_ads" in error.value.hint
    with pytest.raises(InputError) as error:
        channels.get("qqqqqq")
    assert "Known:" in error.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two google ads and a tweet", ["google_search_ads", "x_post"]),
        ("instagram story ads, not the feed", ["meta_story_ads"]),
        ("写一篇小红书文案和抖音标题", ["xiaohongshu_note", "douyin_video"]),
        ("a picture of a red box", []),
    ],
)
def test_channels_are_found_in_a_brief(channels: Channels, text: str, expected: list[str]) -> None:
    assert [name for _, _, name in channels.spans(text)] == expected


def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, assets: Path) -> None:
    shutil.copytree(assets / "channels", tmp_path / "channels")
    wrong = tmp_path / "channels" / "x_post.toml"
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("hard_limit = 280", "hard_limit = 280\nrecommended = 300"), encoding="utf-8")
    with pytest.raises(InputError, match=r"x_post\.toml.*recommended 300 is over its hard limit 280"):
        Channels.load(tmp_path)


def test_a_channel_in_two_files_is_refused(tmp_path: Path, assets: Path) -> None:
    shutil.copytree(assets / "channels", tmp_path / "channels")
    shutil.copy(tmp_path / "channels" / "sms.toml", tmp_path / "channels" / "z_sms.toml")
    with pytest.raises(InputError, match="two files"):
        Channels.load(tmp_path)
