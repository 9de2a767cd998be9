"""A studio with a password: the way in, who is in, the way out."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Watch, new_project, running

pytestmark = [pytest.mark.browser]

PASSWORD = "a long enough password"


def test_a_person_signs_in_works_and_signs_out(page: Page, home: Path, cache: Path) -> None:
    with running(home, cache, password=PASSWORD) as studio:
        watch = Watch(page, studio.url)
        assert httpx.get(f"{studio.url}/api/projects").status_code == 401
        page.goto(f"{studio.url}/library")
        page.locator("#name").fill("Ada")
        page.locator("#password").fill("a wrong password")
        page.locator("button").click()
        expect(page.locator(".error")).to_contain_text("wrong")
        page.locator("#name").fill("Ada")
        page.locator("#password").fill(PASSWORD)
        page.locator("button").click()
        expect(page.locator(".mq-empty")).to_be_visible()
        expect(page.locator("#mq-project input")).not_to_have_value("")
        new_project(page, "Ada's work")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#password")).to_be_visible()
        page.goto(f"{studio.url}/api/projects")
        expect(page.locator("body")).not_to_contain_text("Ada's work")
        assert (watch.foreign, watch.errors) == ([], [])
