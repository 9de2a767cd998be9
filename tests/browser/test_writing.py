"""A person breaks a limit of a Google ad by hand, sees it at the field, accepts a repair, saves, and compares; and plays a dialogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.running import Running, Watch, running
from tests.browser.words import fill

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    fill(home)
    with running(home, cache) as found:
        yield found


def opened(page: Page, studio: Running, title: str) -> Locator:
    """The drawer of an asset of the Library."""
    page.goto(f"{studio.url}/library")
    page.locator(".mq-tile", has_text=title).first.get_by_role("button", name=title, exact=True).click()
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer).to_be_visible()
    return drawer


def test_a_limit_broken_by_hand_is_seen_at_the_field_mended_saved_and_compared(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "Search ad").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    expect(desk.locator(".mq-set")).to_have_count(2)
    headline = desk.locator('[data-field="A.0.0"]')
    expect(headline.locator(".mq-count")).to_contain_text("20 / 30")
    # Over the limit: the count, the finding, and the part that does not fit
    headline.locator("textarea").fill("Cold brew from Leeds for all of the town")
    expect(headline.locator(".mq-count")).to_contain_text("10 too many")
    expect(headline.locator('[data-rule="length"]')).to_contain_text("Error")
    expect(headline.locator("mark.mq-mark-error")).to_have_text("f the town")
    expect(headline.locator("textarea")).to_have_attribute("aria-invalid", "true")
    headline.locator("textarea").fill("Cold brew in Leeds,")
    # A repair with one click
    unfinished = headline.locator('[data-rule="unfinished"]')
    unfinished.get_by_role("button", name=re.compile("^Use")).click()
    expect(headline.locator("textarea")).to_have_value("Cold brew in Leeds.")
    expect(unfinished).to_have_count(0)
    # One press on the cross does not lose the edit
    desk.get_by_role("button", name="Close").click()
    expect(desk.locator(".mq-notice")).to_contain_text("not saved")
    desk.get_by_role("button", name="Save as a new version").click()
    # The new version is open; the old one is named as what it was made from
    expect(desk).to_have_count(0)
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer.locator(".mq-drawer-head")).to_contain_text("Version 2")
    expect(drawer).to_contain_text("Cold brew in Leeds.")
    expect(drawer).to_contain_text("person v1")
    drawer.get_by_role("button", name="Edit the words").click()
    desk.locator("select[name=before]").select_option(index=1)
    expect(desk.locator(".mq-difference del").first).to_have_text("from")
    expect(desk.locator(".mq-difference ins").first).to_have_text("in")
    assert (watch.foreign, watch.errors) == ([], [])


def test_an_article_is_edited_block_by_block(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "Opening day").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    block = desk.locator('[data-field="paragraph 2"]')
    expect(block.locator(".mq-count")).to_contain_text("words")
    block.locator("textarea").fill("It is made slowly and sold for")
    expect(block.locator(".mq-count")).to_contain_text("7 · words")
    expect(block.locator('[data-rule="unfinished"]')).to_contain_text("Error")
    block.locator("textarea").fill("It is made slowly, and sold for £3.20.")
    expect(block.locator(".mq-finding")).to_have_count(0)
    desk.get_by_role("button", name="Save as a new version").click()
    expect(page.locator(".mq-drawer[open]")).to_contain_text("It is made slowly, and sold")
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_dialogue_is_played_to_its_end_and_a_broken_choice_is_found_at_its_node(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "The Lamp").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    play = desk.locator(".mq-play")
    expect(play.locator(".mq-variables")).to_contain_text("trust")
    play.get_by_role("button", name="I can help.").click()
    expect(play.locator(".mq-ended")).to_be_visible()
    expect(play.locator(".mq-said")).to_contain_text("Friends, then.")
    expect(play.locator(".mq-variables")).to_contain_text("ally")
    page.wait_for_function("document.querySelector('.mq-graph').naturalWidth > 0")
    # A line without words is found at its node; mended and saved, it keeps its id
    line = desk.locator('[data-line="l_1"]')
    line.fill("")
    expect(desk.locator('[data-node="n1"] .mq-finding')).not_to_have_count(0)
    line.fill("The lamp is dark.")
    expect(desk.locator('[data-node="n1"] .mq-finding')).to_have_count(0)
    desk.get_by_role("button", name="Save as a new version").click()
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer.locator(".mq-drawer-head")).to_contain_text("Version 2")
    drawer.get_by_role("button", name="Edit the words").click()
    expect(desk.locator('[data-line="l_1"]')).to_have_value("The lamp is dark.")
    assert (watch.foreign, watch.errors) == ([], [])
