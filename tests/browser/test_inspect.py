"""Settings > Check tells what a file carries: one of the studio's own as it was downloaded, the same one altered, and in Chinese."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, expect

from domain.asset import Asset
from domain.capability import StepKind
from domain.recipe import OutputFile, Recipe
from library.library import Library
from tests.browser.running import Watch, running
from tests.pipelines.labels.samples import SAMPLES

pytestmark = [pytest.mark.browser]


def with_a_picture(home: Path) -> Asset:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        project = library.create_project("Desk", person="local")
        recipe = Recipe(kind=StepKind.PICTURE, maker="m", maker_version=1, prompt="a fox")
        draft = Asset(id="", project_id=project.id, title="Fox", files=(), recipe=recipe, created=datetime.now(UTC))
        return library.add_asset(draft, [OutputFile("fox.png", "image/png", SAMPLES["png"]())])


def test_a_download_is_dropped_back_and_told(page: Page, home: Path, cache: Path) -> None:
    asset = with_a_picture(home)
    with running(home, cache) as studio:
        watch = Watch(page, studio.url)
        taken = httpx.get(f"{studio.url}/files/{asset.id}/0?download=1").content
        altered = bytearray(taken)
        altered[altered.find(b"IDAT") + 12] ^= 4
        for language, tab, lines in (
            ("", "Check", ("It says of itself that AI made it.", "It was not altered since it was signed.")),
            ("/zh", "检查", ("它自称由 AI 生成。", "签名后未被改动。")),
        ):
            page.goto(f"{studio.url}{language}/settings")
            page.get_by_role("tab", name=tab).click()
            chosen: FilePayload = {"name": "fox.png", "mimeType": "image/png", "buffer": taken}
            page.locator("#mq-inspect-file").set_input_files(chosen)
            for line in lines:
                expect(page.locator(".mq-inspected")).to_contain_text(line)
        chosen = {"name": "fox.png", "mimeType": "image/png", "buffer": bytes(altered)}
        page.locator("#mq-inspect-file").set_input_files(chosen)
        expect(page.locator(".mq-inspected .mq-failed")).to_have_text("签名后被改动")
        assert (watch.foreign, watch.errors, watch.dialogs) == ([], [], [])


def test_the_label_of_a_download_is_told_before_it_is_fetched(page: Page, home: Path, cache: Path) -> None:
    asset = with_a_picture(home)
    with running(home, cache) as studio:
        watch = Watch(page, studio.url)
        page.goto(f"{studio.url}/library")
        page.get_by_role("img", name=asset.title).first.click()
        link = page.locator(".mq-label-link").first
        link.wait_for()
        link.focus()
        page.keyboard.press("Enter")
        told = page.locator(".mq-labels-told")
        expect(told).to_contain_text("It says of itself that AI made it.")
        expect(told).to_contain_text("This studio signed it")
        page.keyboard.press("Escape")
        expect(told).to_have_count(0)
        expect(link).to_be_focused()
        assert (watch.foreign, watch.errors, watch.dialogs) == ([], [], [])
