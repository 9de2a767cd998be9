"""A person types a prompt, edits the scene of the picture that was made, and downloads the SVG of exactly that scene."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Running, Watch, board, new_project, say

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.slow]


def test_a_prompt_is_drawn_its_scene_edited_and_the_svg_downloaded(page: Page, studio: Running, watch: Watch, tmp_path: Path) -> None:
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    new_project(page, "Scenes")
    expect(page.locator(".mq-empty")).to_be_visible()
    say(page, "One picture: three red foxes in a forest at night")
    card = page.locator('.mq-card[data-kind="picture"]').first
    expect(card).to_be_visible()
    expect(page.locator("#mq-message .submit-button")).to_be_visible()
    own = card.get_attribute("data-step")
    for step in reversed([step for step in board(page) if step != own]):
        other = page.locator(f'.mq-card[data-step="{step}"]')
        other.get_by_role("button", name="Drop").click()
        expect(other).to_have_count(0)
    card.get_by_role("button", name="Edit").click()
    card.locator("textarea[name=about]").fill("three red foxes in a forest at night")
    card.get_by_role("button", name="Save").click()
    page.locator("#mq-approve").click()
    expect(card).to_have_attribute("data-state", "done")
    # The scene stands in plain fields as the words said it.
    card.get_by_role("button", name="Edit").click()
    card.locator(".mq-scene > summary").click()
    first = card.locator('[data-role="subjects"] .mq-thing').first
    expect(first.locator('[name="thing.what"]')).to_have_value("fox")
    expect(first.locator('[name="thing.count"]')).to_have_value("3")
    expect(card.locator('[name="scene.setting"]')).to_have_value("forest")
    expect(card.locator('[name="scene.time"]')).to_have_value("night")
    # A colour that is none is refused at its field, and what was typed stays.
    first.locator('[name="thing.colour"]').fill("blurple")
    card.get_by_role("button", name="Make again").click()
    expect(page.locator(".mq-board .mq-notice").first).to_contain_text("'blurple' is not a colour")
    # Another number, colour and place; and one more thing.
    first.locator('[name="thing.count"]').fill("2")
    first.locator('[name="thing.colour"]').fill("blue")
    card.locator('[name="scene.setting"]').select_option("desert")
    card.locator('[name="scene.time"]').select_option("sunset")
    card.locator('[data-role="props"]').get_by_role("button", name="Add one").click()
    card.locator('[data-role="props"] [name="thing.what"]').last.fill("lantern")
    card.get_by_role("button", name="Make again").click()
    expect(card.locator(".mq-versions")).to_contain_text("2/2")
    expect(card).to_have_attribute("data-state", "done")
    # What was made is the edited scene, and its SVG is handed over.
    project = next(p["id"] for p in studio.projects() if p["name"] == "Scenes")
    step = next(s for s in studio.api("GET", f"projects/{project}/board")["steps"] if s["id"] == own)
    scene = step["spec"]["scene"]
    assert [(s["what"], s["count"], s["colour"]) for s in scene["subjects"]] == [("fox", 2, "blue")]
    assert (scene["setting"], scene["time"], scene["props"][-1]["what"]) == ("desert", "sunset", "lantern")
    assert sum(s["name"].startswith("fox") for s in step["asset"]["facts"]["subjects"]) == 2
    with page.expect_download() as handed:
        card.locator(".mq-files a", has_text="SVG").click()
    drawn = tmp_path / "picture.svg"
    handed.value.save_as(drawn)
    assert "<svg" in drawn.read_text("utf-8")[:400]
    assert watch.errors == []
