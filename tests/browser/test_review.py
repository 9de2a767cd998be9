"""The review loop of two people in two browsers: handed in, commented on a region, sent back, decided at once, approved, published."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from domain.asset import Asset
from domain.capability import StepKind
from domain.project import Role
from domain.recipe import OutputFile, Recipe
from library.library import Library
from studio.people import People
from tests.browser.running import PATIENCE, Watch, running

pytestmark = [pytest.mark.browser]

PASSWORD = "a long enough password"
PROJECT = "Harbour"


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", (480, 320), "#d8e6ea")
    ImageDraw.Draw(image).ellipse((150, 80, 330, 260), fill=colour)
    image.save(out, "PNG")
    return out.getvalue()


def fill(home: Path) -> None:
    """A project with two versions of a picture, and an owner, an editor and a reviewer."""
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        people = People(library)
        people.add("Ada", PASSWORD)
        project = library.create_project(PROJECT, person="Ada")
        for name, role in (("Ed", Role.EDITOR), ("Rev", Role.REVIEWER)):
            people.add(name, PASSWORD)
            people.set_role(project.id, name, role)
        previous = ""
        for colour in ("#a8412a", "#35623d"):
            recipe = Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=1, prompt="a buoy")
            draft = Asset(id="", project_id=project.id, title="Buoy", files=(), recipe=recipe, previous=previous, created=datetime.now(UTC))
            previous = library.add_asset(draft, [OutputFile("buoy.png", "image/png", picture(colour))]).id


def signed_in(browser: Browser, url: str, name: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{url}/library")
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("button").click()
    expect(page.locator("#mq-project input")).to_have_value(PROJECT)
    page.goto(f"{url}/library")
    return page


def open_it(page: Page) -> None:
    if page.locator(".mq-drawer[open]").count():
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Buoy", exact=True).first.click()
    expect(page.locator(".mq-drawer .mq-review .mq-chip")).to_be_visible()


def test_two_people_review_a_picture_to_its_publication(browser: Browser, home: Path, cache: Path) -> None:
    fill(home)
    with running(home, cache) as studio:
        ed, rev = (signed_in(browser, studio.url, name) for name in ("Ed", "Rev"))
        watches = [Watch(page, studio.url) for page in (ed, rev)]
        state, told = (".mq-drawer .mq-review .mq-chip", ".mq-drawer .mq-review .mq-notice")
        # 1. Ed names who reviews it and until when, and hands it in.
        open_it(ed)
        ed.locator(".mq-drawer .mq-review summary").click()
        ed.locator("select[name=assignee]").select_option("Rev")
        ed.locator("input[name=due]").fill("2020-01-31")
        ed.get_by_role("button", name="Save", exact=True).click()
        expect(ed.locator(".mq-drawer .mq-review-body")).to_contain_text("for Rev")
        ed.get_by_role("button", name="Hand in for review").click()
        expect(ed.locator(state)).to_have_text("In review")
        # 2. It stands in Rev's list, overdue, and is opened from there.
        rev.locator("#mq-to-review").click()
        expect(rev.locator(".mq-waiting .mq-late")).to_contain_text("overdue")
        rev.locator(".mq-waiting .mq-name").click()
        expect(rev.locator(state)).to_have_text("In review")
        # 3. Rev draws a rectangle and says what is wrong there; Ed answers and resolves it.
        box = rev.locator(".mq-drawer .mq-pinned").bounding_box()
        assert box is not None
        rev.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.25)
        rev.mouse.down()
        rev.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.75, steps=4)
        rev.mouse.up()
        rev.locator(".mq-comments textarea[name=comment]").fill("Too green.")
        rev.locator(".mq-comments").get_by_role("button", name="Send").click()
        expect(rev.locator(".mq-threads .mq-remark")).to_contain_text("Region 25, 25, 50 × 50 %")
        open_it(ed)
        expect(ed.locator(".mq-pins .mq-region")).to_have_accessible_name("Comment 1: Too green.")
        ed.locator(".mq-threads").get_by_role("button", name="Answer").click()
        ed.locator(".mq-threads textarea").fill("It is the brand's green.")
        ed.locator(".mq-threads .mq-form-row").get_by_role("button", name="Answer").last.click()
        expect(ed.locator(".mq-answer")).to_contain_text("the brand's green")
        ed.locator(".mq-threads").get_by_role("button", name="Resolve").click()
        expect(ed.locator(".mq-pins .mq-region")).to_have_count(0)
        # Two versions under a slider, and the pick between them.
        ed.locator("select[name=compare]").select_option(label="Version 1")
        ed.locator("select[name=mode]").select_option("overlay")
        expect(ed.locator(".mq-versions .mq-slider img")).to_have_count(2)
        ed.get_by_role("button", name="Version 2 is better").click()
        expect(ed.locator(".mq-versions")).to_contain_text("Noted.")
        # 4. Both decide at once: the second is told what the first decided, and nothing of theirs is stored.
        rev.locator(".mq-drawer textarea[name=note]").fill("A darker green.")
        rev.get_by_role("button", name="Ask for changes").click()
        expect(rev.locator(state)).to_have_text("Changes requested")
        ed.locator(".mq-drawer").get_by_role("button", name="Approve").click()
        expect(ed.locator(told)).to_contain_text("Rev was first: it is now sent back for changes. A darker green.")
        expect(ed.locator(state)).to_have_text("Changes requested")
        # 5. Handed in again, approved among several, published by Ed, taken back by nobody but an owner.
        ed.get_by_role("button", name="Hand in for review").click()
        expect(ed.locator(state)).to_have_text("In review")
        rev.keyboard.press("Escape")
        rev.locator(".mq-tile input[type=checkbox]").first.check()
        rev.locator("#mq-review-selected").click()
        rev.locator("dialog").get_by_role("button", name="Approve").click()
        expect(rev.locator("dialog .mq-notice")).to_contain_text("1 of 1 changed.")
        open_it(ed)
        ed.get_by_role("button", name="Publish").click()
        expect(ed.locator(state)).to_have_text("Published")
        assert ed.locator(".mq-review-body [data-to]").count() == 0
        assert [(watch.foreign, watch.errors) for watch in watches] == [([], [])] * 2
        for page in (ed, rev):
            page.context.close()
