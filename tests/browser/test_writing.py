"""A person breaks a limit of a Google ad by hand, sees it at the field, accepts a repair, saves, and compares; and plays a dialogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.running import Running, Watch, running
from tests.browser.words import PROJECT, fill

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    fill(home)
    with running(home, cache) as found:
        yield found


def opened(page: Page, studio: Running, title: str) -> Locator:
    """The drawer of an asset of the Library."""
    page.goto(f"{studio.url}/library")
    page.locator(".mq-name").get_by_text(title, exact=True).first.click()
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer).to_be_visible()
    return drawer


def test_a_limit_broken_by_hand_is_seen_at_the_field_mended_saved_and_compared(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "Search ad").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    expect(desk.locator(".mq-set")).to_have_count(2)
    headline = desk.locator('[data-field="A.0.0"]')
    expect(headline.locator(".mq-count")).to_contain_text("20 / 30")
    # Over the limit: the count, the finding, and the part that does not fit
    headline.locator("textarea").fill("Cold brew from Leeds for all of the town")
    expect(headline.locator(".mq-count")).to_contain_text("10 too many")
    expect(headline.locator('[data-rule="length"]')).to_contain_text("Error")
    expect(headline.locator("mark.mq-mark-error")).to_have_text("f the town")
    expect(headline.locator("textarea")).to_have_attribute("aria-invalid", "true")
    headline.locator("textarea").fill("Cold brew in Leeds,")
    # A repair with one click
    unfinished = headline.locator('[data-rule="unfinished"]')
    unfinished.get_by_role("button", name=re.compile("^Use")).click()
    expect(headline.locator("textarea")).to_have_value("Cold brew in Leeds.")
    expect(unfinished).to_have_count(0)
    # One press on the cross does not lose the edit
    desk.get_by_role("button", name="Close").click()
    expect(desk.locator(".mq-notice")).to_contain_text("not saved")
    desk.get_by_role("button", name="Save as a new version").click()
    # The new version is open; the old one is named as what it was made from
    expect(desk).to_have_count(0)
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer.locator(".mq-drawer-head")).to_contain_text("Version 2")
    expect(drawer).to_contain_text("Cold brew in Leeds.")
    expect(drawer).to_contain_text("person v1")
    drawer.get_by_role("button", name="Edit the words").click()
    desk.locator("select[name=before]").select_option(index=1)
    expect(desk.locator(".mq-difference del").first).to_have_text("from")
    expect(desk.locator(".mq-difference ins").first).to_have_text("in")
    assert (watch.foreign, watch.errors) == ([], [])


def test_an_article_is_edited_block_by_block(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "Opening day").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    block = desk.locator('[data-field="paragraph 2"]')
    expect(block.locator(".mq-count")).to_contain_text("words")
    block.locator("textarea").fill("It is made slowly and sold for")
    expect(block.locator(".mq-count")).to_contain_text("7 · words")
    expect(block.locator('[data-rule="unfinished"]')).to_contain_text("Error")
    block.locator("textarea").fill("It is made slowly, and sold for £3.20.")
    expect(block.locator(".mq-finding")).to_have_count(0)
    desk.get_by_role("button", name="Save as a new version").click()
    expect(page.locator(".mq-drawer[open]")).to_contain_text("It is made slowly, and sold")
    assert (watch.foreign, watch.errors) == ([], [])


def test_an_alternative_is_added_and_taken_out_by_hand_and_put_back(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "Bar ad").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    slot = desk.locator('[data-slot="A.0"]')
    save = desk.get_by_role("button", name="Save as a new version")
    expect(slot.locator(".mq-lines-count")).to_contain_text("the channel takes 3 to 15")
    expect(slot.locator('[data-rule="line_count"]')).to_contain_text("needs at least 3")
    slot.get_by_role("button", name="+ Headline").click()
    fresh = desk.locator('[data-field="A.0.2"]')
    expect(fresh.locator("textarea")).to_be_focused()
    expect(fresh.locator('[data-rule="empty"]')).to_be_visible()
    expect(slot.locator('[data-rule="line_count"]')).to_have_count(0)
    page.keyboard.type("Cold brew from Leeds for all of the town")
    expect(fresh.locator(".mq-count")).to_contain_text("10 too many")
    expect(fresh.locator('[data-rule="length"]')).to_be_visible()
    fresh.locator("textarea").fill("Leeds drinks it cold")
    expect(fresh.locator(".mq-finding")).to_have_count(0)
    # Out with the first, by keyboard: the focus goes to what took its place; then back, where it was
    slot.get_by_role("button", name="Remove: A Headline 1").focus()
    page.keyboard.press("Enter")
    expect(slot.locator("textarea")).to_have_count(2)
    expect(desk.locator('[data-field="A.0.0"] textarea')).to_be_focused()
    slot.get_by_role("button", name="Put back “Cold brew from Leeds”").click()
    expect(desk.locator('[data-field="A.0.0"] textarea')).to_have_value("Cold brew from Leeds")
    slot.get_by_role("button", name="Remove: A Headline 2").click()
    expect(save).to_be_enabled()
    save.click()
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer.locator(".mq-drawer-head")).to_contain_text("Version 2")
    expect(drawer).to_contain_text("Leeds drinks it cold")
    drawer.get_by_role("button", name="Edit the words").click()
    desk.locator("select[name=before]").select_option(index=1)
    expect(desk.locator(".mq-difference del").first).to_contain_text("Slow")
    # The last line of a field stays
    expect(desk.locator('[data-field="B.0.0"] button[name="out"]')).to_be_disabled()
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_dialogue_is_played_to_its_end_and_a_broken_choice_is_found_at_its_node(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "The Lamp").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    play = desk.locator(".mq-play")
    expect(play.locator(".mq-variables")).to_contain_text("trust")
    play.get_by_role("button", name="I can help.").click()
    expect(play.locator(".mq-ended")).to_be_visible()
    expect(play.locator(".mq-said")).to_contain_text("Friends, then.")
    expect(play.get_by_label("outcome")).to_have_value("ally")
    expect(desk.locator(".mq-graph [data-node]")).to_have_count(4)
    # A line without words is found at its node; mended and saved, it keeps its id
    line = desk.locator('[data-line="l_1"]')
    line.fill("")
    expect(desk.locator('[data-node="n1"] .mq-finding')).not_to_have_count(0)
    line.fill("The lamp is dark.")
    expect(desk.locator('[data-node="n1"] .mq-finding')).to_have_count(0)
    desk.get_by_role("button", name="Save as a new version").click()
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer.locator(".mq-drawer-head")).to_contain_text("Version 2")
    drawer.get_by_role("button", name="Edit the words").click()
    expect(desk.locator('[data-line="l_1"]')).to_have_value("The lamp is dark.")
    assert (watch.foreign, watch.errors) == ([], [])


def test_the_game_s_variables_are_set_before_and_while_a_scene_is_played(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "The Toll").get_by_role("button", name="Edit the words").click()
    play = page.locator(".mq-desk .mq-play")
    # While playing: what is offered follows, what was said stays
    play.get_by_role("button", name="A traveller.").click()
    expect(play.locator(".mq-offer")).to_have_text(["Turn back."])
    play.get_by_label("coins").fill("3")
    expect(play.locator(".mq-offer")).to_have_text(["Pay.", "Turn back."])
    expect(play.get_by_label("coins")).to_be_focused()
    expect(play.locator(".mq-said")).to_contain_text("Three coins.")
    # From the start again: what was set on the way is forgotten
    play.get_by_role("button", name="From the start").click()
    expect(play.get_by_label("coins")).to_have_value("0")
    # Before playing: the scene begins with it
    play.get_by_label("coins").fill("5")
    play.get_by_role("button", name="A traveller.").click()
    expect(play.locator(".mq-offer")).to_have_text(["Pay.", "Turn back."])
    play.get_by_role("button", name="Back to the declared values").click()
    expect(play.get_by_label("coins")).to_have_value("0")
    # A play is no edit
    expect(page.locator(".mq-desk").get_by_role("button", name="Save as a new version")).to_be_disabled()
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_node_of_the_graph_leads_to_its_fields_by_mouse_and_by_keyboard(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "The Toll").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    graph = desk.locator(".mq-graph")
    graph.get_by_role("button", name="Fields of node over").click()
    expect(desk.locator('.mq-node[data-node="over"] .mq-node-name')).to_be_focused()
    expect(desk.locator('.mq-node[data-node="over"]')).to_be_in_viewport()
    graph.get_by_role("button", name="Fields of node toll").focus()
    page.keyboard.press("Enter")
    expect(desk.locator('.mq-node[data-node="toll"] .mq-node-name')).to_be_focused()
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_dialogue_is_rebuilt_node_by_node_and_its_ids_stay(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "The Ferry").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    save = desk.get_by_role("button", name="Save as a new version")
    expect(save).to_be_disabled()
    # A node gets another name: what led to it follows
    desk.locator('[data-at="nodes/3/id"]').fill("farewell")
    desk.locator('[data-at="nodes/3/id"]').press("Tab")
    expect(desk.locator('[data-node="farewell"]')).to_have_count(1)
    expect(desk.locator('[data-at="nodes/1/goto"]')).to_have_value("farewell")
    # A name that is taken is refused at its field
    desk.locator('[data-at="nodes/2/id"]').fill("n1")
    desk.locator('[data-at="nodes/2/id"]').press("Tab")
    expect(desk.locator('[data-node="n3"] .mq-field-error')).to_contain_text("Another node")
    # A new node is found unreachable until a choice leads to it
    desk.get_by_role("button", name="+ Node").click()
    expect(desk.locator('[data-at="nodes/4/id"]')).to_be_focused()
    fresh = desk.locator('[data-node="n5"]')
    expect(fresh.locator('[data-rule="unreachable"]')).to_be_visible()
    desk.locator('[data-at="nodes/4/lines/0/text"]').fill("The lamp burns.")
    desk.locator('[data-at="nodes/4/ending"]').check()
    start = desk.locator('.mq-node[data-node="n1"]')
    start.get_by_role("button", name="+ Choice").click()
    expect(desk.locator('[data-at="nodes/0/choices/3/text"]')).to_be_focused()
    page.keyboard.type("Light it.")
    desk.locator('[data-at="nodes/0/choices/3/goto"]').select_option("n5")
    expect(fresh.locator(".mq-finding")).to_have_count(0)
    # It can be played before it is saved
    desk.locator(".mq-play").get_by_role("button", name="Light it.").click()
    expect(desk.locator(".mq-play .mq-said")).to_contain_text("The lamp burns.")
    # A variable is declared, and the choice asks for it and changes another
    desk.locator('[data-fold="variables"] summary').click()
    desk.get_by_role("button", name="+ Variable").click()
    desk.locator('[data-at="variables/3/name"]').fill("Matches!")
    desk.locator('[data-at="variables/3/name"]').press("Tab")
    expect(desk.locator('[data-fold="variables"] .mq-field-error').last).to_contain_text("lower-case")
    desk.locator('[data-at="variables/3/name"]').fill("matches")
    desk.locator('[data-at="variables/3/name"]').press("Tab")
    desk.locator('[data-at="variables/3/type"]').select_option("int")
    desk.locator('[data-at="variables/3/start"]').fill("2")
    choice = desk.locator(".mq-node-choice").filter(has=page.locator('[data-at="nodes/0/choices/3/text"]'))
    choice.get_by_role("button", name="+ Condition").click()
    desk.locator('[data-at="nodes/0/choices/3/when/0/variable"]').select_option("matches")
    desk.locator('[data-at="nodes/0/choices/3/when/0/comparison"]').select_option(">=")
    desk.locator('[data-at="nodes/0/choices/3/when/0/value"]').fill("3")
    expect(choice.locator('[data-rule="never_offered"]')).to_have_count(0)
    choice.get_by_role("button", name="+ Effect").click()
    desk.locator('[data-at="nodes/0/choices/3/effects/0/variable"]').select_option("matches")
    desk.locator('[data-at="nodes/0/choices/3/effects/0/change"]').select_option("add")
    desk.locator('[data-at="nodes/0/choices/3/effects/0/value"]').fill("-1")
    # With the scene changing it, three of two matches are never there: said at the choice
    expect(choice.locator('[data-rule="never_offered"]')).to_be_visible()
    # Undone with the keyboard, step by step, and done again
    page.keyboard.press("Control+z")
    expect(desk.locator('[data-at="nodes/0/choices/3/effects/0/value"]')).not_to_have_value("-1")
    page.keyboard.press("Control+Shift+z")
    expect(desk.locator('[data-at="nodes/0/choices/3/effects/0/value"]')).to_have_value("-1")
    desk.locator('[data-at="nodes/0/choices/3/when/0/value"]').fill("1")
    expect(choice.locator(".mq-finding")).to_have_count(0)
    # Rows move by keyboard, and the focus goes with them
    desk.locator('[data-at="nodes/0/lines/1/up"]').focus()
    page.keyboard.press("Enter")
    expect(desk.locator('[data-at="nodes/0/lines/0/text"]')).to_have_value("You brought oil!")
    save.click()
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer.locator(".mq-drawer-head")).to_contain_text("Version 2")
    document = document_of(studio, "The Ferry", "dialogue")
    assert [line["id"] for line in document["nodes"][0]["lines"]] == ["l_2", "l_1"]
    assert [choice["id"] for choice in document["nodes"][0]["choices"]][:3] == ["c_1", "c_2", "c_3"]
    assert document["nodes"][0]["choices"][3]["when"] == [{"variable": "matches", "comparison": ">=", "value": 1}]
    assert document["nodes"][0]["choices"][3]["effects"] == [{"variable": "matches", "change": "add", "value": -1}]
    assert {v["name"]: (v["type"], v["start"]) for v in document["variables"]}["matches"] == ("int", 2)
    assert (document["endings"], document["nodes"][3]["id"]) == (["n3", "farewell", "n5"], "farewell")
    assert (watch.foreign, watch.errors) == ([], [])


def test_what_is_taken_away_is_missed_at_its_node_and_comes_back(page: Page, studio: Running, watch: Watch) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, studio, "The Lamp").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    first = desk.locator('.mq-node[data-node="n1"]')
    expect(first).to_be_visible()
    desk.get_by_role("button", name="Remove: Node n3").click()
    expect(desk.locator('[data-node="n3"]')).to_have_count(0)
    expect(first.locator('[data-rule="missing_node"]')).to_contain_text("n3")
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator('[data-node="n3"]')).to_be_visible()
    expect(desk.locator(".mq-finding.mq-error")).to_have_count(0)
    # A variable that is used and gone is missed where it is used
    desk.locator('[data-fold="variables"] summary').click()
    desk.get_by_role("button", name="Remove: trust").click()
    expect(first.locator('[data-rule="undeclared_variable"]').first).to_contain_text("trust")
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator(".mq-finding.mq-error")).to_have_count(0)
    expect(desk.get_by_role("button", name="Save as a new version")).to_be_disabled()
    assert desk.evaluate("desk => desk.scrollWidth <= desk.clientWidth")
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_world_is_edited_and_what_does_not_agree_with_it_is_found_there(page: Page, studio: Running, watch: Watch) -> None:
    opened(page, studio, "Saltmere").get_by_role("button", name="Edit the words").click()
    desk = page.locator(".mq-desk")
    expect(desk.locator(".mq-scores")).to_contain_text("found nothing")
    # A thing this world does not have, and a name that is spelt otherwise
    item = desk.locator('[data-entry="e1"]')
    item.locator("textarea").fill("Thick and dark, pressed in Saltmeer for the gun.")
    expect(item.locator('[data-rule="not_of_this_world"]')).to_contain_text("gun")
    expect(item.locator('[data-rule="misspelt_name"]')).to_contain_text("Saltmere")
    desk.locator('[data-at="world/absent"]').fill("")
    expect(item.locator('[data-rule="not_of_this_world"]')).to_have_count(0)
    item.locator("textarea").fill("Thick and dark, pressed in Saltmere.")
    expect(desk.locator(".mq-finding")).to_have_count(0)
    # A character with voice, goals and knowledge; a place
    desk.locator('[data-fold="cast"] summary').click()
    desk.get_by_role("button", name="+ Character").click()
    desk.locator('[data-at="cast/0/name"]').fill("Marrow")
    desk.locator('[data-at="cast/0/voice"]').fill("slow, dry")
    desk.locator('[data-at="cast/0/goals"]').fill("keep the lamp dark\nbe left alone")
    desk.locator('[data-at="cast/0/knowledge"]').fill("who stole the oil")
    desk.locator('[data-fold="entries-place"] summary').click()
    desk.get_by_role("button", name="+ Place").click()
    desk.locator('[data-at="entries/1/name"]').fill("The tower")
    desk.locator('[data-at="entries/1/text"]').fill("Grey stone above Saltmere.")
    # A quest stage that nothing leads to
    desk.get_by_role("button", name="+ Stage").click()
    expect(desk.locator('[data-stage="s3"] [data-rule="unreachable"]')).to_be_visible()
    page.keyboard.press("Control+z")
    expect(desk.locator('[data-stage="s3"]')).to_have_count(0)
    expect(desk.locator(".mq-finding")).to_have_count(0)
    desk.get_by_role("button", name="Save as a new version").click()
    drawer = page.locator(".mq-drawer[open]")
    expect(drawer.locator(".mq-drawer-head")).to_contain_text("Version 2")
    document = document_of(studio, "Saltmere", "lore")
    assert document["cast"][0] == {
        "name": "Marrow", "voice": "slow, dry", "goals": ["keep the lamp dark", "be left alone"], "knowledge": ["who stole the oil"],
    }  # fmt: skip
    assert [(entry["id"][:2], entry["kind"]) for entry in document["entries"]] == [("e1", "item"), ("e_", "place")]
    drawer.get_by_role("button", name="Edit the words").click()
    desk.locator("select[name=before]").select_option(index=1)
    expect(desk.locator(".mq-difference")).to_contain_text("Grey stone above Saltmere.")
    assert (watch.foreign, watch.errors) == ([], [])


def document_of(studio: Running, title: str, view: str) -> Any:
    """The newest version of a dialogue or of lore, as it is stored."""
    project = next(one["id"] for one in studio.projects() if one["name"] == PROJECT)
    listed = studio.api("GET", f"projects/{project}/assets")["assets"]
    asset = max((one for one in listed if one["title"] == title), key=lambda one: int(one["version"]))
    return studio.api("GET", f"assets/{asset['id']}/{view}")["document"]
