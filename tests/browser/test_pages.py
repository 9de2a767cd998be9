"""The other pages: words of one language only, settings that are kept, errors at their fields, keyboard and small screens."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import PATIENCE, Running, Watch, new_project

pytestmark = [pytest.mark.browser, pytest.mark.models]

#: Names and terms that stay as they are in Chinese text.
NAMES = frozenset(
    [
        "maquette",
        "diffusers",
        "model",
        "models",
        "my",
        "pickle",
        "safetensors",
        "english",
        "png",
        "jpeg",
        "wav",
        "mp3",
        "toml",
        "gpu",
        "npc",
        "openai",
        "gb",
        "mb",
        "kb",
        "narrator",
        "rrggbb",
        "http",
        "https",
        "ram",
        "id",
        "utf",
        "ai",
        "v1",
        "lora",
        "controlnet",
        "ip",
        "adapter",
    ]
)
#: Every visible text and every label on the page, without what is data or marked as another language.
SPOKEN = """() => {
  const skip = '[translate=no], [lang=en], script, style, option[translate=no], #mq-project, .mq-lang';
  const out = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    if (parent && !parent.closest(skip) && parent.getClientRects().length) out.push(walk.currentNode.textContent);
  }
  for (const node of document.querySelectorAll('[aria-label], [placeholder], [title]')) {
    if (node.closest(skip) || !node.getClientRects().length) continue;
    for (const name of ['aria-label', 'placeholder', 'title']) if (node.hasAttribute(name)) out.push(node.getAttribute(name));
  }
  return JSON.stringify(out);
}"""


def latin(page: Page) -> set[str]:
    texts = json.loads(page.evaluate(SPOKEN))
    return {word for text in texts for word in re.findall(r"[A-Za-z][A-Za-z0-9]+", text) if word.lower() not in NAMES}


def test_the_chinese_pages_have_no_english_left_in_our_words(browser: Browser, studio: Running) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    left: dict[str, set[str]] = {}
    page.goto(f"{studio.url}/zh/")
    expect(page.locator(".mq-empty, .mq-card").first).to_be_visible()
    left["create"] = latin(page)
    page.goto(f"{studio.url}/zh/library")
    expect(page.locator(".mq-empty, .mq-tile").first).to_be_visible()
    left["library"] = latin(page)
    page.goto(f"{studio.url}/zh/settings")
    expect(page.locator(".mq-model").first).to_be_visible()
    left["models"] = latin(page)
    for name, mark in (("品牌", ".mq-brand-form"), ("项目", "#mq-project-holder form:not(#mq-budget)"), ("检查", "#mq-check")):
        page.get_by_role("tab", name=name).click()
        expect(page.locator(mark)).to_be_visible()
        left[name] = latin(page)
    context.close()
    assert left == {name: set() for name in left}


def test_a_brand_is_kept_and_a_fault_is_shown_at_its_field(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(f"{studio.url}/settings")
    page.get_by_role("tab", name="Brand").click()
    form = page.locator(".mq-brand-form")
    form.locator("input[name=name]").fill("North Pier")
    form.locator("textarea[name=required_words]").fill("cold brew, pier")
    form.locator('[data-field="palette"]').get_by_role("button", name="Add").click()
    form.locator('[data-field="palette"] .mq-code').fill("reddish")
    page.locator("#mq-brand-save").click()
    expect(form.locator('[data-field="palette"] .mq-field-error')).to_contain_text("reddish")
    form.locator('[data-field="palette"] .mq-code').fill("#1a2b3c")
    page.locator("#mq-brand-save").click()
    expect(page.locator(".mq-good-news")).to_contain_text("Saved")
    page.reload()
    page.get_by_role("tab", name="Brand").click()
    expect(form.locator("textarea[name=required_words]")).to_have_value("cold brew, pier")
    expect(form.locator('[data-field="palette"] .mq-code')).to_have_value("#1a2b3c")
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_project_can_be_renamed_archived_and_restored(page: Page, studio: Running) -> None:
    page.goto(f"{studio.url}/settings")
    expect(page.locator("#mq-project input")).not_to_have_value("")
    new_project(page, "Harbour")
    page.get_by_role("tab", name="Project").click()
    page.locator("#mq-project-holder input[name=name]").fill("Harbour town")
    page.locator("#mq-project-holder form:not(#mq-budget)").get_by_role("button", name="Save").click()
    expect(page.locator("#mq-project input")).to_have_value("Harbour town")
    page.get_by_role("tab", name="Project").click()
    page.locator("#mq-project-holder").get_by_role("button", name="Archive").click()
    expect(page.locator("#mq-project input")).not_to_have_value(re.compile("Harbour town|^$"))
    page.get_by_role("tab", name="Project").click()
    with page.expect_response(lambda response: response.request.method == "PATCH"):
        page.locator(".mq-row", has_text="Harbour town").get_by_role("button", name="Restore").click()
    assert "Harbour town" in [project["name"] for project in studio.projects()]


def test_dark_is_remembered_on_every_page(page: Page, studio: Running) -> None:
    page.goto(studio.url)
    page.locator(".mq-dark").click()
    expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))
    page.goto(f"{studio.url}/zh/library")
    expect(page.locator(".mq-library")).to_be_visible()
    expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))


@pytest.mark.parametrize("path", ["", "library", "settings", "zh/"])
def test_nothing_is_wider_than_a_phone(browser: Browser, studio: Running, path: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{studio.url}/{path}")
    expect(page.locator(".mq-empty, .mq-card, .mq-tile, .mq-model").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.parametrize("language", ["", "zh/"])
def test_every_tab_stands_in_sight_on_a_phone(browser: Browser, studio: Running, language: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN" if language else "en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    for path, last in (("settings", "#mq-tab-check-button"), ("sound", "#mq-sound-recordings-button")):
        page.goto(f"{studio.url}/{language}{path}")
        expect(page.locator(last)).to_be_visible()
        page.locator(last).click()
        expect(page.locator(last)).to_have_attribute("aria-selected", "true")
    context.close()


def test_the_check_says_that_all_is_well(page: Page, studio: Running) -> None:
    page.goto(f"{studio.url}/settings")
    page.get_by_role("tab", name="Check").click()
    page.locator("#mq-check").click()
    expect(page.locator(".mq-well")).to_contain_text("All is well")
