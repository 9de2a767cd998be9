"""One studio and one browser for a whole test module; a page of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import PATIENCE, Running, Watch, chromium, running


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home"), cache) as found:
        found.choose_small_chat()
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def watch(page: Page, studio: Running) -> Watch:
    return Watch(page, studio.url)
