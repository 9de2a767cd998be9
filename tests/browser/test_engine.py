"""Settings > Engine: names in words, a page that follows the engine without flicker and asks nothing while nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from domain.engine import EngineState
from domain.errors import EngineFailed
from tests.browser.engine_page import BUSY, IDLE, Shown, engine_pages
from tests.browser.running import PATIENCE
from tests.browser.test_pages import latin

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Iterator[Shown]:
    home = tmp_path_factory.mktemp("engine")
    with engine_pages(home, assets) as found:
        yield found


@pytest.fixture
def shown(served: Shown) -> Shown:
    served.state, served.error, served.releases = BUSY, None, 0
    served.pins.clear()
    return served


def opened(page: Page, shown: Shown, language: str = "") -> Page:
    page.goto(f"{shown.url}/{language}settings")
    # The tabs are laid out anew when the first of them is filled.
    expect(page.locator(".mq-model").first).to_be_visible()
    page.locator("#mq-tab-engine-button").click()
    expect(page.locator(".mq-engine-body h3").first).to_be_visible()
    return page


def row(page: Page, table: str, name: str) -> list[str]:
    """The cells of the row that is headed by `name`."""
    found = page.locator(f"table[aria-labelledby=mq-engine-{table}] tbody tr").filter(has=page.get_by_role("rowheader", name=name))
    expect(found).to_have_count(1)
    return [" ".join(text.split()) for text in found.locator("td").all_inner_texts()]


def with_waiting(state: EngineState, waiting: int) -> EngineState:
    return state.model_copy(update={"lanes": (state.lanes[0].model_copy(update={"waiting": waiting}), *state.lanes[1:])})


def test_everything_is_told_in_words(page: Page, shown: Shown) -> None:
    opened(page, shown)
    gpu = page.locator(".mq-device", has_text="NVIDIA H100")
    expect(gpu.get_by_role("meter")).to_have_attribute("aria-valuenow", "92")
    expect(gpu).to_contain_text("70.9 GB of 77.3 GB used by models")
    expect(gpu).to_contain_text("413 W")
    assert row(page, "queue", "Pictures") == ["1 of 1", "1,204", "65 min"]
    assert row(page, "workers", "CPU worker 1") == ["working", "making: Kokoro", "910 MB", "0", "4212"]
    assert row(page, "workers", "CPU worker 2")[0] == "lost It ended with signal 9 while it was making. What it last wrote"
    assert row(page, "workers", "CPU worker 3")[0] == "not started yet"
    assert row(page, "models", "Qwen2.5-Coder 1.5B")[0] == "1.6 GB measured"
    assert row(page, "models", "Kokoro voices")[:2] == ["≈ 340 MB expected", "idle 1.6 minKeep loaded"]
    expect(page.locator("table[aria-labelledby=mq-engine-stages] tbody tr").first).to_contain_text("Diffusion · SDXL-Turbo")
    text = page.locator(".mq-engine").inner_text()
    assert not [raw for raw in ("0123456789abcdef", "sdpa", "cuda:0", "fp16", "engine.", "lane.", "worker.") if raw in text]


def test_numbers_change_in_place(page: Page, shown: Shown) -> None:
    opened(page, shown)
    keep = page.locator(".mq-keep").nth(1)
    keep.focus()
    page.evaluate("document.querySelectorAll('.mq-engine-body *').forEach(node => { node.was = true; })")
    shown.state = with_waiting(BUSY, 12)
    expect(page.locator("table[aria-labelledby=mq-engine-queue] tbody tr").first).to_contain_text("12")
    expect(keep).to_be_focused()
    assert page.evaluate("[...document.querySelectorAll('.mq-engine-body *')].every(node => node.was)")


def test_a_log_that_was_opened_stays_open_while_numbers_change(page: Page, shown: Shown) -> None:
    opened(page, shown)
    page.get_by_text("What it last wrote").click()
    expect(page.locator(".mq-engine pre")).to_contain_text("Killed")
    shown.state = with_waiting(BUSY, 12).model_copy(update={"trouble": "The database does not answer."})
    expect(page.locator(".mq-engine")).to_contain_text("The database does not answer.")
    expect(page.locator(".mq-engine pre")).to_be_visible()


def test_a_worker_that_ends_takes_no_other_row_with_it(page: Page, shown: Shown) -> None:
    opened(page, shown)
    rows = page.locator("table[aria-labelledby=mq-engine-workers] tbody tr")
    rows.last.evaluate("node => { node.was = 'the last'; }")
    left = BUSY.executor.model_copy(update={"workers": BUSY.executor.workers[1:]})
    shown.state = BUSY.model_copy(update={"executor": left})
    expect(rows).to_have_count(4)
    assert rows.last.evaluate("node => node.was") == "the last"


def test_nobody_is_asked_while_the_tab_is_not_shown(page: Page, shown: Shown) -> None:
    asked: list[str] = []

    def count(request: Request) -> None:
        if request.url.endswith("/api/engine"):
            asked.append(request.url)

    page.on("request", count)
    page.clock.install()
    page.goto(f"{shown.url}/settings")
    expect(page.locator(".mq-model").first).to_be_visible()
    page.clock.fast_forward(60_000)
    assert asked == []
    page.locator("#mq-tab-engine-button").click()
    expect(page.locator(".mq-engine-body h3").first).to_be_visible()
    page.locator("#mq-tab-models-button").click()
    expect(page.locator('.mq-engine[data-watched="false"]')).to_have_count(1)
    before = len(asked)
    page.clock.fast_forward(60_000)
    page.clock.fast_forward(60_000)
    assert (before > 0, len(asked)) == (True, before)
    page.locator("#mq-tab-engine-button").click()
    with page.expect_response("**/api/engine"):
        pass


def test_idle_models_are_unloaded_and_one_is_kept(page: Page, shown: Shown) -> None:
    opened(page, shown)
    models = page.locator("table[aria-labelledby=mq-engine-models] tbody tr")
    kokoro = models.filter(has_text="Kokoro")
    kokoro.get_by_role("button", name="Keep loaded").click()
    expect(kokoro.get_by_role("button", pressed=True)).to_be_visible()
    assert shown.pins == [("kokoro/0123456789abcdef", True)]
    # Whatever is left is in use or kept: there is nothing to unload.
    expect(page.get_by_role("button", name="Unload idle models")).to_be_disabled()
    kokoro.get_by_role("button", name="Keep loaded").press("Enter")
    page.get_by_role("button", name="Unload idle models").click()
    expect(kokoro).to_have_count(0)
    expect(page.locator(".mq-good-news")).to_contain_text("Idle models were unloaded.")
    assert shown.releases == 1


def test_an_engine_that_fails_is_told_and_comes_back(page: Page, shown: Shown) -> None:
    opened(page, shown)
    shown.error = EngineFailed("The engine stands still.", hint="It is being started again.")
    expect(page.locator(".mq-engine .mq-notice")).to_contain_text("The engine stands still. It is being started again.")
    expect(page.locator(".mq-engine.mq-stale table")).to_have_count(4)
    shown.error = None
    expect(page.locator(".mq-engine .mq-notice")).to_be_hidden()
    expect(page.locator(".mq-stale")).to_have_count(0)


def test_a_studio_that_is_gone_is_told(page: Page, shown: Shown) -> None:
    page.route("**/api/engine", lambda route: route.abort())
    page.goto(f"{shown.url}/settings")
    expect(page.locator(".mq-model").first).to_be_visible()
    page.locator("#mq-tab-engine-button").click()
    expect(page.locator(".mq-engine .mq-notice")).to_contain_text("The studio does not answer. Trying again")
    page.unroute("**/api/engine")
    expect(page.locator(".mq-engine table").first).to_be_visible()
    expect(page.locator(".mq-engine .mq-notice")).to_be_hidden()


def test_an_engine_at_rest_says_what_will_stand_here(page: Page, shown: Shown) -> None:
    shown.state = IDLE
    opened(page, shown)
    expect(page.locator(".mq-engine")).to_contain_text("Nothing is loaded.")
    expect(page.locator(".mq-engine")).to_contain_text("everything is made in the studio's own process")
    expect(page.get_by_role("button", name="Unload idle models")).to_be_disabled()
    expect(page.locator(".mq-engine table")).to_have_count(0)


def test_the_chinese_page_has_no_english_left(browser: Browser, shown: Shown) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    page = opened(context.new_page(), shown, "zh/")
    names = {"NVIDIA", "H100", "80GB", "HBM3", "Kokoro", "SDXL", "Turbo", "big", "machine"}
    assert latin(page) - names == set()
    context.close()


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone(browser: Browser, shown: Shown, dark: bool) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark" if dark else "light", locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = opened(context.new_page(), shown)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # Nothing runs out of its card. The heads of the tables are there for screen readers only.
    wide = """[...document.querySelectorAll('.mq-engine *')]
        .filter(node => !node.closest('thead') && node.getBoundingClientRect().right > 390).map(node => node.outerHTML)"""
    assert page.evaluate(wide) == []
    expect(page.locator("#mq-tab-check-button")).to_be_visible()
    context.close()
