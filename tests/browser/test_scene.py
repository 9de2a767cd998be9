"""A person types a prompt, edits the scene of the picture that was made, and takes that picture out as SVG and as layers."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.running import Running, Watch, board, new_project, say

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.slow]

SVG = "{http://www.w3.org/2000/svg}"
LABEL = "{http://www.inkscape.org/namespaces/inkscape}label"


def drawn_card(page: Page, studio: Running, project: str) -> Locator:
    """A card with a picture of three red foxes in a forest at night, and no other."""
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    new_project(page, project)
    expect(page.locator(".mq-empty")).to_be_visible()
    say(page, "One picture: three red foxes in a forest at night")
    card = page.locator('.mq-card[data-kind="picture"]').first
    expect(card).to_be_visible()
    expect(page.locator("#mq-message .submit-button")).to_be_visible()
    own = card.get_attribute("data-step")
    for step in reversed([step for step in board(page) if step != own]):
        other = page.locator(f'.mq-card[data-step="{step}"]')
        other.get_by_role("button", name="Drop").click()
        expect(other).to_have_count(0)
    card.get_by_role("button", name="Edit").click()
    card.locator("textarea[name=about]").fill("three red foxes in a forest at night")
    card.get_by_role("button", name="Save").click()
    page.locator("#mq-approve").click()
    expect(card).to_have_attribute("data-state", "done")
    return card


def take(page: Page, card: Locator, form: str, to: Path) -> Path:
    """The file that the card's Download hands over in this form."""
    if card.locator(".mq-take").get_attribute("open") is None:
        card.locator(".mq-take > summary").click()
    with page.expect_download() as handed:
        card.locator(f'.mq-take [data-format="{form}"]').click()
    path = to / handed.value.suggested_filename
    handed.value.save_as(path)
    return path


def test_a_prompt_is_drawn_its_scene_edited_and_the_files_downloaded(page: Page, studio: Running, watch: Watch, tmp_path: Path) -> None:
    card = drawn_card(page, studio, "Scenes")
    own = card.get_attribute("data-step")
    # The scene stands in plain fields as the words said it.
    card.get_by_role("button", name="Edit").click()
    card.locator(".mq-scene > summary").click()
    first = card.locator('[data-role="subjects"] .mq-thing').first
    expect(first.locator('[name="thing.what"]')).to_have_value("fox")
    expect(first.locator('[name="thing.count"]')).to_have_value("3")
    expect(card.locator('[name="scene.setting"]')).to_have_value("forest")
    expect(card.locator('[name="scene.time"]')).to_have_value("night")
    # What cannot be drawn is refused at its field, and what was typed stays.
    first.locator('[name="thing.colour"]').fill("blurple")
    card.get_by_role("button", name="Make again").click()
    expect(first.locator(".mq-field-error")).to_contain_text("'blurple' is not a colour")
    expect(first.locator('[name="thing.colour"]')).to_be_focused()
    first.locator('[name="thing.colour"]').fill("blue")
    first.locator('[name="thing.count"]').fill("5000")
    card.get_by_role("button", name="Make again").click()
    expect(first.locator(".mq-field-error")).to_contain_text("is 5000; 60 is the most")
    # Another number and place; and one more thing, beside the first.
    first.locator('[name="thing.count"]').fill("2")
    card.locator('[name="scene.setting"]').select_option("desert")
    card.locator('[name="scene.time"]').select_option("sunset")
    card.locator('[data-role="props"]').get_by_role("button", name="Add one").click()
    card.locator('[data-role="props"] [name="thing.what"]').last.fill("lantern")
    card.locator('[data-role="props"] [name="thing.what"]').last.blur()
    card.get_by_role("button", name="Add a relation").click()
    card.locator('[data-role="relations"] [name="relation.to"]').last.select_option(label="lantern")
    card.get_by_role("button", name="Make again").click()
    expect(card.locator(".mq-versions")).to_contain_text("2/2")
    expect(card).to_have_attribute("data-state", "done")
    # What was made is the edited scene.
    project = next(p["id"] for p in studio.projects() if p["name"] == "Scenes")
    step = next(s for s in studio.api("GET", f"projects/{project}/board")["steps"] if s["id"] == own)
    scene = step["spec"]["scene"]
    assert [(s["what"], s["count"], s["colour"]) for s in scene["subjects"]] == [("fox", 2, "blue")]
    assert (scene["setting"], scene["time"], scene["props"][-1]["what"]) == ("desert", "sunset", "lantern")
    assert scene["relations"][-1] == {"of": 0, "kind": "beside", "to": len(scene["subjects"]) + len(scene["props"]) - 1}
    assert sum(s["name"].startswith("fox") for s in step["asset"]["facts"]["subjects"]) == 2
    # The SVG opens, has the subjects as named layers, and says who drew them.
    root = ET.fromstring(take(page, card, "svg", tmp_path).read_text("utf-8"))
    layers = [group.get(LABEL) for group in root.iter(f"{SVG}g") if group.get(LABEL)]
    assert layers[0] == "backdrop" and sum(name.startswith("subject-1-") for name in layers if name) == 2
    told = ET.tostring(root, "unicode")
    assert step["asset"]["credits"][0]["licence"] in told and "trainedAlgorithmicMedia" in told
    # The layers lie over each other, with their credits beside them.
    archive = zipfile.ZipFile(take(page, card, "layers", tmp_path))
    names = archive.namelist()
    assert names == [f"{n}.{e}" for n in ("1-backdrop", "2-middle", "3-foreground") for e in ("svg", "png")] + ["CREDITS.txt"]
    sizes = {Image.open(io.BytesIO(archive.read(name))).size for name in names if name.endswith("png")}
    assert sizes == {(step["spec"]["width"], step["spec"]["height"])}
    assert step["asset"]["credits"][0]["author"] in archive.read("CREDITS.txt").decode()
    # A cut-out of twice the size is transparent where nothing stands.
    card.locator('.mq-take [name="side"]').select_option(index=1)
    cut = Image.open(io.BytesIO(take(page, card, "cutout", tmp_path).read_bytes()))
    assert max(cut.size) == 2 * max(step["spec"]["width"], step["spec"]["height"])
    assert cut.mode == "RGBA" and cut.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert watch.errors == []


def test_a_character_and_the_colours_of_a_picture_go_into_another_scene(page: Page, studio: Running, watch: Watch, tmp_path: Path) -> None:
    card = drawn_card(page, studio, "Characters")
    card.get_by_role("button", name="Edit").click()
    card.locator(".mq-scene > summary").click()
    card.locator('[name="scene.character"]').fill("Rusty")
    reference = tmp_path / "reference.png"
    Image.new("RGB", (64, 64), "#1d3557").save(reference)
    card.locator(".mq-file input").set_input_files(reference)
    expect(card.locator('[name="scene.palette"]')).to_have_value("#1d3557")
    card.get_by_role("button", name="Copy into a new picture").click()
    other = page.locator('.mq-card[data-kind="picture"]').nth(1)
    expect(other).to_be_visible()
    expect(other.locator('[name="scene.character"]')).to_have_value("Rusty")
    other.locator('[name="scene.setting"]').select_option("beach")
    other.get_by_role("button", name="Save").click()
    expect(other.locator(".mq-card-form")).to_be_hidden()
    project = next(p["id"] for p in studio.projects() if p["name"] == "Characters")
    first, second = (s["scene"] for s in studio.api("GET", f"projects/{project}/board")["steps"])
    assert (second["setting"], second["character"], second["palette"]) == ("beach", "Rusty", ["#1d3557"])
    assert first["setting"] == "forest" and second["subjects"] == first["subjects"]
    assert watch.errors == []
