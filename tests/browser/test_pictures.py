"""Pictures made without a chat, looked at closely, compared, varied, repeated and put on a sheet; a table and a foreign file are read."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.running import Running, Watch
from tests.pipelines.media.test_metadata import A1111, COMFY, png

pytestmark = [pytest.mark.browser, pytest.mark.models]


def test_pictures_are_made_looked_at_compared_varied_and_put_on_a_sheet(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(f"{studio.url}/pictures")
    form = page.locator(".mq-pictures form")
    # What is missing is said at its field
    form.get_by_role("button", name="Make").click()
    expect(form.locator('[data-field="about"] .mq-field-error')).not_to_be_empty()
    form.locator("textarea[name=about]").fill("a red fox in a forest")
    expect(form.locator("select[name=preset] option")).to_have_count(63)
    form.locator("select[name=preset]").select_option("flat-vector")
    form.locator("select[name=size]").select_option("512x512")
    expect(form.locator("input[name=width]")).to_have_value("512")
    form.locator("input[name=count]").fill("2")
    form.get_by_role("button", name="Make").click()
    tiles = page.locator(".mq-wall .mq-tile")
    expect(tiles.locator("img")).to_have_count(2)
    # One of them closely: what its file says, another beside it, repeated
    page.get_by_role("button", name=re.compile(r"^Look closely: .*\(1\)")).click()
    look = page.locator(".mq-look")
    expect(look.locator(".mq-metadata")).to_contain_text("illustrator")
    look.locator("select[name=before]").select_option(index=1)
    expect(look.locator(".mq-slider img")).to_have_count(2)
    look.locator(".mq-slider input").fill("80")
    expect(look.locator(".mq-slider img").nth(1)).to_have_attribute("style", re.compile("80%"))
    look.get_by_role("button", name="Repeat").click()
    expect(look.get_by_role("status")).to_contain_text("seam")
    # Variations of it stand in the plan, not made yet
    look.locator('input[name="x.values"]').fill("no number")
    look.get_by_role("button", name="Add these to the plan").click()
    expect(look.locator(".mq-field-error").first).to_contain_text("seed")
    look.locator('input[name="x.values"]').fill("1, 2")
    look.get_by_role("button", name="Add these to the plan").click()
    expect(look).to_have_count(0)
    expect(tiles).to_have_count(4)
    page.get_by_role("button", name="Make 2 planned").click()
    expect(tiles.locator("img")).to_have_count(4)
    # A sheet of two, with its atlas
    for number in (0, 1):
        tiles.nth(number).get_by_role("checkbox").check()
    page.get_by_role("button", name="Sheet of the chosen").click()
    news = page.locator(".mq-good-news")
    expect(news).to_contain_text("Sheet of 2 pictures")
    with page.expect_download() as got:
        news.get_by_role("link", name=re.compile("atlas")).click()
    atlas = json.loads(got.value.path().read_text(encoding="utf-8"))
    assert len(atlas["frames"]) == 2
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_table_becomes_a_plan_and_names_its_bad_rows(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(f"{studio.url}/zh/pictures")
    rows = "about,width,height\na blue boat at sea,256,256\na green tree,3,256\n"
    page.locator("input[type=file][accept*=csv]").set_input_files({"name": "w.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    expect(page.locator(".mq-bad-rows li")).to_contain_text("3")
    expect(page.locator(".mq-wall .mq-tile")).to_have_count(1)
    page.locator("#mq-pictures-approve").click()
    expect(page.locator(".mq-wall img")).to_have_count(1)
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_picture_is_enlarged_and_becomes_the_look_of_a_character(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(f"{studio.url}/zh/pictures")
    form = page.locator(".mq-pictures form").first
    expect(form).to_contain_text("由 插画器 生成")
    # Only what can be done here is offered: the illustrator has no shortcuts and no tiles, and no model draws a picture again
    assert form.locator("select[name=enlarge] option").evaluate_all("all => all.map((one) => one.value)") == ["", "network:2", "network:4"]
    expect(form.locator("[name=seamless], .mq-shortcuts")).to_have_count(0)
    expect(form).to_contain_text("透明背景")
    form.locator("textarea[name=about]").fill("a girl by a lake")
    form.locator("input[name=width]").fill("64")
    form.locator("input[name=height]").fill("64")
    form.locator("select[name=enlarge]").select_option("network:2")
    form.locator("#mq-pictures-make").click()
    expect(page.locator(".mq-wall .mq-tile img")).to_have_count(2)
    # The picture is kept as somebody's look, after what is missing was said at its field
    page.locator(".mq-wall .mq-media").first.click()
    alike = page.locator(".mq-look .mq-alike")
    alike.locator("button").click()
    expect(alike.locator('[data-field="name"] .mq-field-error')).not_to_be_empty()
    alike.locator("input[name=name]").fill("Mira")
    alike.locator("textarea[name=look]").fill("a girl with silver hair")
    alike.locator("button").click()
    expect(alike).to_contain_text("Mira 今后就是这个样子")
    # The brand kit shows it and keeps it when something else is saved
    page.goto(f"{studio.url}/zh/settings")
    page.get_by_role("tab", name="品牌").click()
    expect(page.locator(".mq-face-of img")).to_have_count(1)
    project = studio.projects()[0]
    page.locator(".mq-brand-form button[type=submit]").click()
    expect(page.locator(".mq-good-news")).to_be_visible()
    [sheet] = studio.api("GET", f"projects/{project['id']}/brand")["brand"]["characters"]
    assert sheet["name"] == "Mira" and sheet["picture"]
    # A picture that names her says how she is kept alike
    page.goto(f"{studio.url}/zh/pictures")
    form.locator("textarea[name=about]").fill("Mira in a market")
    form.locator("input[name=width]").fill("64")
    form.locator("input[name=height]").fill("64")
    form.locator("#mq-pictures-make").click()
    expect(page.locator(".mq-wall .mq-tile img")).to_have_count(1)
    page.locator(".mq-wall .mq-media").first.click()
    expect(page.locator(".mq-look")).to_contain_text("插画器不接受参考图")
    assert (watch.foreign, watch.errors) == ([], [])


@pytest.mark.parametrize("hostile", [False, True])
def test_what_a_foreign_picture_says_is_shown_as_text(page: Page, studio: Running, watch: Watch, hostile: bool) -> None:
    page.goto(f"{studio.url}/pictures")
    markup = "<img src=x onerror=document.title='taken'>"
    data = png(parameters=f"{markup}\nSteps: 1, Seed: 5") if hostile else png(parameters=A1111, prompt=json.dumps(COMFY))
    page.locator("input[type=file][accept*=webp]").set_input_files({"name": "f.png", "mimeType": "image/png", "buffer": data})
    panel = page.locator(".mq-metadata")
    expect(panel).to_contain_text(markup if hostile else "beautiful scenery glass bottle")
    assert page.title() != "taken" and panel.locator("img").count() == 0
    assert (watch.foreign, watch.errors) == ([], [])
