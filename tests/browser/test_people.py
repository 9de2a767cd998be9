"""From a studio without accounts to one that is shared: the first account, a member, a link, a visitor who comments, and the end of it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Running, Watch, running
from tests.browser.words import PROJECT, fill

pytestmark = [pytest.mark.browser]

PASSWORD = "a long enough password"


def people(page: Page, studio: Running) -> None:
    page.goto(f"{studio.url}/settings")
    page.get_by_role("tab", name="People").click()
    expect(page.locator(".mq-people .mq-panel").first).to_be_visible()


def sign_in(page: Page, name: str) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("button").click()
    expect(page.locator("#mq-project input")).not_to_have_value("")


def test_a_laptop_becomes_a_shared_studio_and_a_link_shows_one_text(page: Page, browser: Browser, home: Path, cache: Path) -> None:
    fill(home)
    with running(home, cache) as studio:
        watch = Watch(page, studio.url)
        # 1. Nobody signs in, until the first person is added.
        people(page, studio)
        page.locator(".mq-people input[name=name]").fill("Ada")
        page.locator(".mq-people input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Make the first account").click()
        expect(page.locator("#password")).to_be_visible()
        assert httpx.get(f"{studio.url}/api/projects").status_code == 401
        sign_in(page, "Ada")
        # 2. Ada adds Bo to the studio and to the project.
        people(page, studio)
        page.locator(".mq-people form input[name=name]").fill("Bo")
        page.locator(".mq-people form:has(input[name=name]) input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Add a person").click()
        expect(page.locator("[data-person=Bo]")).to_be_visible()
        page.locator("select[name=person]").select_option("Bo")
        page.locator("select[name=role]").select_option("viewer")
        page.get_by_role("button", name="Add to the project").click()
        expect(page.locator("[data-member=Bo]")).to_be_visible()
        # 3. A link, by the button in the header.
        page.locator(".mq-share").click()
        page.locator(".mq-share-dialog select[name=role]").select_option("comment")
        page.get_by_role("button", name="Make the link").click()
        address = page.locator(".mq-once input").input_value()
        assert address.startswith(f"{studio.url}/shared#")
        # 4. Somebody without an account opens it elsewhere and comments.
        elsewhere = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 800})
        visitor = elsewhere.new_page()
        visiting = Watch(visitor, studio.url)
        visitor.goto(address)
        visitor.locator("input[name=name]").fill("Gus")
        visitor.get_by_role("button", name="Open").click()
        expect(visitor.locator("h1")).to_have_text(PROJECT)
        card = visitor.locator("article", has_text="Search ad")
        card.locator("summary").click()
        card.locator("textarea").fill("The second line is too long.")
        card.get_by_role("button", name="Send").click()
        expect(card.locator(".mq-remark")).to_contain_text("Gus (guest)")
        assert card.get_by_role("button", name="Approve").count() == 0
        # 5. The comment stands beside the text; the link is revoked, and the visitor sees nothing any more.
        page.goto(f"{studio.url}/library")
        page.get_by_role("button", name="Search ad", exact=True).first.click()
        expect(page.locator(".mq-drawer .mq-remark")).to_contain_text("The second line is too long.")
        people(page, studio)
        page.locator("[data-link] button").first.click()
        expect(page.locator("[data-link].mq-link-ended")).to_be_visible()
        visitor.reload()
        expect(visitor.locator(".mq-notice")).to_contain_text("not open any more")
        elsewhere.close()
        # 6. Bo looks, and may not change anything.
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, "Bo")
        people(page, studio)
        expect(page.locator("[data-member=Bo]")).to_be_visible()
        assert page.locator("[data-member] select").count() == 0
        expect(page.locator(".mq-share")).to_be_hidden()
        assert (watch.foreign, watch.errors, visiting.foreign, visiting.errors) == ([], [], [], [])
