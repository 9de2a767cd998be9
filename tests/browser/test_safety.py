"""Hostile names and words are shown as words: nothing runs, nothing is fetched from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Running, Watch, new_project, say

pytestmark = [pytest.mark.browser, pytest.mark.models]

SCRIPT = "<script>window.ran = 1</script>"
IMAGE = '<img src="http://evil.example/x.png" onerror="window.ran = 2">'
MARKDOWN = "![pixel](http://evil.example/pixel.png) [link](javascript:window.ran=3) <b>bold</b>"
HOSTILE = f"Single banner for a bakery {SCRIPT} {IMAGE} {MARKDOWN}"


def unharmed(page: Page, watch: Watch) -> None:
    assert page.evaluate("window.ran") is None
    assert (watch.foreign, watch.dialogs, watch.errors) == ([], [], [])


def test_a_hostile_brief_is_shown_as_it_was_typed(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    say(page, HOSTILE)
    expect(page.locator("#mq-chat .message.user")).to_contain_text(IMAGE)
    expect(page.locator("#mq-message .submit-button")).to_be_visible()
    page.reload()
    expect(page.locator("#mq-chat .message.user").first).to_contain_text("![pixel](http://evil.example/pixel.png)")
    assert page.locator("#mq-chat .message.user img, #mq-chat .message.user b").count() == 0
    unharmed(page, watch)


def test_a_hostile_project_and_step_are_shown_as_words_everywhere(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    new_project(page, IMAGE)
    say(page, "Launch campaign for a bakery in Leeds, warm tone")
    expect(page.locator(".mq-card").first).to_be_visible()
    project = next(p for p in studio.projects() if p["name"] == IMAGE)
    found: dict[str, Any] = studio.api("GET", f"projects/{project['id']}/board")
    plan, step = found["plan"]["id"], found["steps"][0]["id"]
    studio.api("PATCH", f"plans/{plan}/steps/{step}", {"title": SCRIPT + IMAGE, "values": {"about": MARKDOWN + SCRIPT}})
    expect(page.locator(f'.mq-card[data-step="{step}"] h3')).to_have_text(SCRIPT + IMAGE)
    for path in ("library", "settings", "zh/"):
        page.goto(f"{studio.url}/{path}")
        expect(page.locator("#mq-project input")).to_have_value(IMAGE)
    unharmed(page, watch)


def test_a_hostile_brand_is_shown_as_words(page: Page, studio: Running, watch: Watch) -> None:
    project = studio.api("GET", "projects")[0]["id"] if studio.projects() else ""
    page.goto(f"{studio.url}/settings")
    expect(page.locator("#mq-project input")).not_to_have_value("")
    project = project or studio.projects()[0]["id"]
    studio.api("PUT", f"projects/{project}/brand", {"name": IMAGE[:80], "voice": SCRIPT, "glossary": {SCRIPT: MARKDOWN}})
    page.reload()
    page.get_by_role("tab", name="Brand").click()
    expect(page.locator("textarea[name=voice]")).to_have_value(SCRIPT)
    unharmed(page, watch)
