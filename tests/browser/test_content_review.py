"""Content review of two people in two browsers: held, refused with a note, appealed by its author, allowed, and then it leaves."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from agents.picture_safety import PictureRules
from agents.safety import SafetyRules
from domain.asset import Asset
from domain.capability import StepKind
from domain.project import Role
from domain.recipe import OutputFile, Recipe
from library.library import Library
from studio.moderation import Moderation
from studio.people import People
from tests.browser.running import PATIENCE, Watch, running
from tests.browser.test_review import PASSWORD, PROJECT, signed_in

pytestmark = [pytest.mark.browser]
SHOTS = os.environ.get("MAQUETTE_SHOTS", "")


def fill(home: Path, assets: Path) -> None:
    """A text that is held and a picture nobody looked at, by Ed, in a project that Rev reviews and Ada owns."""
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        people = People(library)
        people.add("Ada", PASSWORD)
        project = library.create_project(PROJECT, person="Ada")
        for name, role in (("Ed", Role.EDITOR), ("Rev", Role.REVIEWER)):
            people.add(name, PASSWORD)
            people.set_role(project.id, name, role)
        rules, pictures = SafetyRules.load(assets), PictureRules.load(assets)
        moderation = Moderation(library, rules, pictures, lambda: False, lambda data: 0.0, lambda: datetime.now(UTC))
        library.judged_by(moderation.judge)
        buffer = io.BytesIO()
        Image.new("RGB", (240, 160), "#a8412a").save(buffer, "PNG")
        for title, words, file in (
            ("Noon", "They beheaded the prisoner at noon.", OutputFile("noon.txt", "text/plain", b"They beheaded the prisoner at noon.")),
            ("Buoy", "", OutputFile("buoy.png", "image/png", buffer.getvalue())),
        ):
            recipe = Recipe(kind=StepKind.PICTURE if not words else StepKind.COPY, maker="test", maker_version=1)
            draft = Asset(
                id="", project_id=project.id, title=title, files=(), recipe=recipe, text=words, person="Ed", created=datetime.now(UTC)
            )  # fmt: skip
            library.add_asset(draft, [file])


def shot(page: Page, name: str) -> None:
    """A picture for whoever looks at the pages, where a folder for it is named."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_two_people_settle_a_held_result(browser: Browser, home: Path, cache: Path, assets: Path) -> None:
    fill(home, assets)
    with running(home, cache) as studio:
        ed, rev = (signed_in(browser, studio.url, name) for name in ("Ed", "Rev"))
        watches = [Watch(page, studio.url) for page in (ed, rev)]
        # 1. It is marked in the list; its author cannot take it out, and is told why.
        expect(ed.locator(".mq-tile .mq-content-held")).to_have_count(1)
        ed.locator(".mq-tile[data-kind=copy] input[type=checkbox]").check()
        ed.locator("#mq-export-selected").click()
        expect(ed.locator(".mq-library > .mq-notice")).to_contain_text("Content review")
        ed.locator("#mq-to-content").click()
        case = ".mq-content-cases .mq-content-case"
        expect(ed.locator(case)).to_contain_text("graphic violence")
        # 2. The reviewer sees which rule and which words, and refuses with a reason.
        rev.locator("#mq-to-content").focus()
        rev.keyboard.press("Enter")
        expect(rev.locator(f"{case} q")).to_have_text("beheaded")
        rev.locator(f"{case} [data-decide=refuse]").click()
        expect(rev.locator(f"{case} .mq-notice")).to_contain_text("Why it is refused is not said.")
        shot(rev, "queue")
        rev.locator(f"{case} textarea").fill("Too much for a bakery.")
        rev.locator(f"{case} [data-decide=refuse]").click()
        expect(rev.locator(".mq-content-cases")).to_contain_text("Nothing waits for a decision.")
        # 3. Its author opens it, reads why, and appeals.
        ed.get_by_role("button", name="Noon", exact=True).last.click()
        panel = ".mq-drawer .mq-content"
        expect(ed.locator(panel)).to_contain_text("Too much for a bakery.")
        ed.locator(f"{panel} textarea").fill("It is from the town's chronicle.")
        ed.locator(f"{panel} [data-decide=appeal]").click()
        expect(ed.locator(f"{panel} .mq-content-appealed")).to_have_text("Appealed")
        shot(ed, "drawer")
        # 4. Allowed, it leaves.
        rev.reload()
        rev.locator("#mq-to-content").click()
        expect(rev.locator(case)).to_contain_text("It is from the town's chronicle.")
        rev.locator(f"{case} [data-decide=allow]").click()
        expect(rev.locator(".mq-content-cases")).to_contain_text("Nothing waits for a decision.")
        rev.locator("input[name=decided]").check()
        expect(rev.locator(f"{case} .mq-content-allowed")).to_have_text("Allowed")
        ed.reload()
        expect(ed.locator(".mq-tile")).to_have_count(2)
        expect(ed.locator(".mq-tile .mq-chip")).to_have_count(0)
        # 5. A picture nobody looked at is called that; a refused brief is appealed from here too.
        ed.get_by_role("button", name="Open Buoy").click()
        expect(ed.locator(".mq-drawer .mq-content-unchecked")).to_contain_text("not checked")
        ed.keyboard.press("Escape")
        ed.locator("#mq-to-content").click()
        ed.locator(".mq-content-wish summary").click()
        ed.locator(".mq-content-wish textarea[name=text]").fill("Bread at six.")
        ed.locator(".mq-content-wish textarea[name=note]").fill("Please.")
        ed.locator(".mq-content-wish button").click()
        expect(ed.locator(".mq-content-wish .mq-notice")).to_contain_text("No rule refuses these words.")
        ed.locator(".mq-content-wish textarea[name=text]").fill("nude photo of a woman on a bed")
        ed.locator(".mq-content-wish button").click()
        expect(ed.locator(f"{case} .mq-content-appealed")).to_have_count(1)
        if SHOTS:
            looks(ed, studio.url)
        assert [(watch.foreign, watch.errors) for watch in watches] == [([], [])] * 2
        for page in (ed, rev):
            page.context.close()


def looks(page: Page, url: str) -> None:
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            for path in ("library", "zh/library"):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                page.goto(f"{url}/{path}?__theme={scheme}")
                page.locator("#mq-to-content").click(timeout=PATIENCE)
                page.locator(".mq-content-wish summary").click()
                expect(page.locator(".mq-content-case")).to_have_count(1)
                shot(page, f"{path.replace('/', '-')}-{width}-{scheme}")
