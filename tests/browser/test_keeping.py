"""Deleting in a real browser: what goes with a result is shown first, the trash gives it back, and what is deleted for good is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from domain.people import Caller
from library.library import Library
from tests.browser.running import Watch, running
from tests.browser.test_review import PROJECT, fill, open_it, signed_in

pytestmark = [pytest.mark.browser]


def test_a_result_is_deleted_put_back_and_deleted_for_good(browser: Browser, home: Path, cache: Path) -> None:
    fill(home)
    with running(home, cache) as studio:
        page = signed_in(browser, studio.url, "Ada")
        watch = Watch(page, studio.url)
        # 1. The newer of both versions alone, by keyboard.
        open_it(page)
        page.locator(".mq-drawer").get_by_role("button", name="Delete", exact=True).press("Enter")
        expect(page.locator(".mq-delete-in")).to_contain_text("goes to the trash")
        page.locator("#mq-delete-sure").press("Enter")
        expect(page.locator(".mq-library .mq-notice").first).to_contain_text("1 moved to the trash")
        # 2. It lies in the trash, and comes back from there.
        page.locator("#mq-trash").press("Enter")
        row = page.locator("#mq-trash-list .mq-trashed")
        expect(row).to_contain_text("Buoy")
        row.get_by_role("button", name="Put back: Buoy").press("Enter")
        expect(page.locator("#mq-trash-list")).to_contain_text("“Buoy” is back.")
        expect(page.locator(".mq-tile")).to_have_count(1)
        page.locator("#mq-trash").click()
        # 3. The older one takes the newer with it, and says so before.
        page.locator(".mq-filters [name=newest]").uncheck()
        expect(page.locator(".mq-tile")).to_have_count(2)
        page.locator(".mq-tile .mq-name").last.click()
        page.locator(".mq-drawer").get_by_role("button", name="Delete", exact=True).click()
        expect(page.locator(".mq-delete-list li")).to_have_count(1)
        page.locator("#mq-delete-sure").click()
        expect(page.locator(".mq-tile")).to_have_count(0)
        # 4. One for good, from the trash; the other by the settings, after a look at what would go.
        page.locator("#mq-trash").click()
        first = page.locator("#mq-trash-list .mq-trashed").first
        first.get_by_role("button", name="Delete for good: Buoy").click()
        first.get_by_role("button", name="Delete it for good").click()
        expect(page.locator("#mq-trash-list .mq-trashed")).to_have_count(1)
        page.goto(f"{studio.url}/settings")
        page.get_by_role("tab", name="Deletion").click()
        page.locator("[name=everything]").check()
        page.locator("#mq-purge-look").click()
        expect(page.locator(".mq-keeping .mq-batch")).to_contain_text("Result: Buoy")
        page.locator("#mq-purge-sure").click()
        expect(page.locator("#mq-keeping-holder section > .mq-notice").first).to_contain_text("Deleted for good.")
        # 5. The project itself, by typing its name.
        page.locator("#mq-delete-project input").fill(PROJECT)
        page.locator("#mq-delete-project button").click()
        page.wait_for_url(f"{studio.url}/")
        assert (watch.foreign, watch.errors) == ([], [])
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        assert [item.title for item in library.trash()] == [PROJECT]
        assert [path for path in (home / "files").rglob("*") if path.is_file()] == []
        assert Caller(person="Ada").person in {entry.person for entry in library.audited() if entry.action == "purged"}
