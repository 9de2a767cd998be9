"""No word of the corpus runs in a page or fetches anything, wherever a person can put it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.running import Running
from tests.hostile.scripts import WORDS, shown

pytestmark = [pytest.mark.browser, pytest.mark.models]


def test_words_that_want_to_run_are_shown_as_words(page: Page, studio: Running) -> None:
    found = shown(studio, page)
    assert found["tried"] > 2 * len(WORDS)
    assert (found["ran"], found["foreign"], found["dialogs"], found["errors"]) == (0, [], [], [])
