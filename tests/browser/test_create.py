"""The main way of a person through the Create page, in a real browser on the real studio."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Running, Watch, board, new_project, say

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.slow]

BRIEF = "Launch campaign for a cold-brew coffee called North Pier: young commuters, playful, sold from 4 May in Leeds for £3.20."


def planned(page: Page, studio: Running, project: str) -> None:
    """A project of its own with a plan, still unapproved, whose conversation has come to rest."""
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    new_project(page, project)
    expect(page.locator(".mq-empty")).to_be_visible()
    say(page, BRIEF)
    expect(page.locator(".mq-card").first).to_be_visible()
    expect(page.locator("#mq-message .submit-button")).to_be_visible()


def drop(page: Page, step: str) -> None:
    card = page.locator(f'.mq-card[data-step="{step}"]')
    card.get_by_role("button", name="Drop").click()
    expect(card).to_have_count(0)


def shorten(page: Page, keep: tuple[str, ...]) -> None:
    """Drop every step but the first of these kinds, those that use others first."""
    states = list(board(page))
    kept = [next(step for step in states if step.startswith(kind)) for kind in keep]
    for step in reversed(states):
        if step not in kept:
            drop(page, step)
    assert list(board(page)) == kept


def test_a_brief_becomes_an_edited_plan_then_results_that_survive_a_reload(
    page: Page, studio: Running, watch: Watch, tmp_path: Path
) -> None:
    planned(page, studio, "Reload")
    shorten(page, ("copy", "picture", "music"))
    # Edit: another subject for the picture, a shorter bed
    picture = page.locator('.mq-card[data-kind="picture"]')
    picture.get_by_role("button", name="Edit").click()
    picture.locator("textarea[name=about]").fill("a lighthouse beside the sea at dawn")
    picture.get_by_role("button", name="Save").click()
    expect(picture).to_contain_text("a lighthouse beside the sea at dawn")
    music = page.locator('.mq-card[data-kind="music"]')
    music.get_by_role("button", name="Edit").click()
    music.locator("input[name=seconds]").fill("6")
    music.get_by_role("button", name="Save").click()
    expect(music).to_contain_text("6")
    # Approve, and leave while it runs
    page.locator("#mq-approve").click()
    expect(page.locator("#mq-stop")).to_be_visible()
    page.reload()
    expect(page.locator(".mq-card")).to_have_count(3)
    expect(page.locator("#mq-chat")).to_contain_text("North Pier")
    for kind in ("copy", "picture", "music"):
        expect(page.locator(f'.mq-card[data-kind="{kind}"][data-state="done"]')).to_be_visible()
    # What was made is shown as what it is
    expect(page.locator('.mq-card[data-kind="copy"] .mq-line .mq-count').first).to_contain_text("/")
    image = page.locator('.mq-card[data-kind="picture"] img:not(.mq-card-live)')
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
    assert page.locator('.mq-card[data-kind="music"] audio').evaluate("a => a.src").startswith(f"{studio.url}/files/")
    # Review and export
    picture.get_by_role("button", name="Approve").click()
    expect(picture.locator(".mq-state-approved")).to_be_visible()
    with page.expect_download() as handed:
        page.locator("#mq-export").click()
    pack = tmp_path / "pack.zip"
    handed.value.save_as(pack)
    names = zipfile.ZipFile(pack).namelist()
    assert any(name.endswith("manifest.json") for name in names)
    assert any(name.endswith(".png") for name in names)
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_variation_is_a_new_version_and_the_old_one_stays(page: Page, studio: Running, watch: Watch) -> None:
    planned(page, studio, "Versions")
    shorten(page, ("music",))
    card = page.locator('.mq-card[data-kind="music"]')
    card.get_by_role("button", name="Edit").click()
    card.locator("input[name=seconds]").fill("4")
    card.get_by_role("button", name="Save").click()
    page.locator("#mq-approve").click()
    expect(page.locator('.mq-card[data-kind="music"][data-state="done"]')).to_be_visible()
    first = card.locator("audio").get_attribute("src")
    card.get_by_role("button", name="Variation").click()
    expect(card.locator(".mq-versions")).to_contain_text("2/2")
    assert card.locator("audio").get_attribute("src") != first
    card.get_by_role("button", name="Older version").click()
    expect(card.locator(".mq-versions")).to_contain_text("1/2")
    assert card.locator("audio").get_attribute("src") == first
    assert watch.errors == []


def test_an_upload_that_is_not_taken_is_refused_by_name_and_the_words_are_kept(page: Page, studio: Running, tmp_path: Path) -> None:
    programme = tmp_path / "payload.exe"
    programme.write_bytes(b"MZ\x00\x01" * 64)
    notes = tmp_path / "notes.txt"
    notes.write_text("Opens on 4 May.", encoding="utf-8")
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    page.locator("#mq-message input[type=file]").set_input_files([str(notes), str(programme)])
    expect(page.locator("#mq-message .thumbnail-item")).to_have_count(2)
    say(page, "A banner for the opening, please")
    expect(page.locator("#mq-chat")).to_contain_text("payload.exe is not a kind of file that is taken here")
    expect(page.locator("#mq-message textarea")).to_have_value("A banner for the opening, please")
    # The file that can be used is still attached.
    expect(page.locator("#mq-message .thumbnail-item")).to_have_count(1)


def test_a_plan_can_be_stopped_and_finished_later(page: Page, studio: Running) -> None:
    planned(page, studio, "Stop")
    shorten(page, ("copy", "music"))
    page.locator("#mq-approve").click()
    page.locator("#mq-stop").click()
    expect(page.locator("#mq-approve")).to_be_visible()
    assert set(board(page).values()) <= {"cancelled", "done"}
    page.locator("#mq-approve").click()
    expect(page.locator('.mq-card[data-state="done"]')).to_have_count(2)


def test_a_thin_brief_is_answered_with_choices_and_a_choice_is_sent(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    new_project(page, "Choices")
    say(page, "make something")
    choice = page.locator("#mq-chat button.option").first
    expect(choice).to_be_visible()
    words = choice.inner_text()
    choice.click()
    expect(page.locator("#mq-chat .message.user").last).to_contain_text(words)
    expect(page.locator(".mq-card").first).to_be_visible()
    assert watch.errors == []
