"""The form of a step on the board: channel, framework and sets of copy from the data; cast, variables and world of a game's texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from domain.brief import Brief
from domain.dialogue import Character
from domain.plan import Plan, Step
from domain.specs import CopySpec, DialogueSpec, LoreSpec
from library.library import Library
from tests.browser.running import Running, Watch, running

pytestmark = [pytest.mark.browser, pytest.mark.models]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Running]:
    """A studio with a plan of three texts that nobody has approved yet."""
    home = tmp_path_factory.mktemp("home")
    library = Library.open(f"sqlite:///{home / 'maquette.db'}", home)
    project = library.create_project("Fields")
    brief = library.add_brief(Brief(id="b_1", project_id=project.id, text="A lighthouse game", created=datetime.now(UTC)))
    steps = (
        Step(id="copy-1", title="Words", spec=CopySpec(about="A lamp for ferries")),
        Step(id="dialogue-1", title="Keeper", spec=DialogueSpec(about="A keeper at night", cast=(Character(name="Keeper"),))),
        Step(id="lore-1", title="Things", spec=LoreSpec(about="A drowned coast")),
    )
    library.save_plan(Plan(id="p_1", project_id=project.id, brief_id=brief.id, title="Lighthouse", steps=steps))
    library.close()
    with running(home, cache) as found:
        yield found


def form(page: Page, studio: Running, step: str, path: str = "") -> Locator:
    """The card of a step with its form open."""
    page.goto(f"{studio.url}/{path}")
    card = page.locator(f'.mq-card[data-step="{step}"]')
    card.locator(".mq-card-foot .mq-link").first.click()
    expect(card.locator(".mq-card-form form")).to_be_visible()
    return card


def spec(studio: Running, step: str) -> Any:
    project = next(one["id"] for one in studio.projects() if one["name"] == "Fields")
    board = studio.api("GET", f"projects/{project}/board")
    return next(one["spec"] for one in board["steps"] if one["id"] == step)


def save(card: Locator) -> None:
    card.get_by_role("button", name="Save").click()
    expect(card.locator(".mq-card-form")).to_be_hidden()


def test_a_channel_is_chosen_from_the_data_and_brings_its_texts(page: Page, studio: Running, watch: Watch) -> None:
    card = form(page, studio, "copy-1")
    channel = card.locator('select[name="channel"]')
    expect(channel.locator("optgroup")).not_to_have_count(0)
    # Copy in English is not offered where only Chinese is taken
    expect(channel.locator('option[value="taobao_title"]')).to_have_count(0)
    channel.select_option("google_search_ads")
    rows = card.locator('[data-field="fields"] .mq-rows .mq-slot')
    expect(rows).to_have_count(2)
    expect(rows.first.locator("input").nth(2)).to_have_value("30")
    rows.nth(1).get_by_role("button").click()
    card.locator('[data-field="fields"]').get_by_role("button", name="+ Text").click()
    page.keyboard.type("display_path")
    rows.nth(1).locator("input").nth(2).fill("15")
    card.locator('select[name="framework"]').select_option("pas")
    card.locator('select[name="variants"]').select_option("2")
    card.locator('select[name="reading_level"]').select_option("plain")
    save(card)
    kept = spec(studio, "copy-1")
    assert (kept["channel"], kept["framework"], kept["variants"], kept["reading_level"]) == ("google_search_ads", "pas", 2, "plain")
    assert kept["fields"] == [
        {"name": "headline", "max_chars": 30, "count": 5},
        {"name": "display_path", "max_chars": 15, "count": 1},
    ]
    expect(card.locator(".mq-card-body")).to_contain_text("A / B")
    assert (watch.foreign, watch.errors) == ([], [])


def test_cast_variables_and_world_of_a_dialogue_are_set_on_the_board(page: Page, studio: Running, watch: Watch) -> None:
    card = form(page, studio, "dialogue-1")
    cast = card.locator('[data-field="cast"]')
    cast.locator('[data-at="cast/0/voice"]').fill("short, dry")
    cast.locator('[data-at="cast/0/goals"]').fill("light the lamp")
    cast.get_by_role("button", name="+ Character").click()
    cast.locator('[data-at="cast/1/name"]').fill("Ferryman")
    variables = card.locator('[data-field="variables"]')
    variables.get_by_role("button", name="+ Variable").click()
    variables.locator('[data-at="variables/0/name"]').fill("has_oil")
    variables.locator('[data-at="variables/0/about"]').fill("the player carries oil")
    variables.get_by_role("button", name="+ Variable").click()
    variables.locator('[data-at="variables/1/name"]').fill("trips")
    variables.locator('[data-at="variables/1/type"]').select_option("int")
    variables.locator('[data-at="variables/1/start"]').fill("3")
    card.locator('[data-at="world/name"]').fill("Saltmere")
    card.locator('[data-at="world/absent"]').fill("gun\ncannon")
    save(card)
    kept = spec(studio, "dialogue-1")
    assert [(one["name"], one["voice"], one["goals"]) for one in kept["cast"]] == [
        ("Keeper", "short, dry", ["light the lamp"]),
        ("Ferryman", "", []),
    ]
    assert [(one["name"], one["type"], one["start"]) for one in kept["variables"]] == [("has_oil", "bool", False), ("trips", "int", 3)]
    assert (kept["world"]["name"], kept["world"]["absent"]) == ("Saltmere", ["gun", "cannon"])
    assert (watch.foreign, watch.errors) == ([], [])


def test_the_world_of_lore_is_set_in_chinese_on_a_small_page(page: Page, studio: Running, watch: Watch) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    card = form(page, studio, "lore-1", "zh/")
    card.get_by_label("世界名称").fill("盐沼")
    card.get_by_label("设定事实").fill("灯烧的是油")
    card.get_by_role("button", name="保存").click()
    expect(card.locator(".mq-card-form")).to_be_hidden()
    assert spec(studio, "lore-1")["world"]["facts"] == ["灯烧的是油"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert (watch.foreign, watch.errors) == ([], [])
