"""A checkpoint is added by its path on the page, and a picture is changed inside a mask that is drawn with mouse and keys."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.running import Running, Watch, running
from tests.pipelines.image.tiny_models import save_sd15

pytestmark = [pytest.mark.browser, pytest.mark.models]

SIZE = (128, 96)


@dataclass(frozen=True)
class Room:
    """Where a studio lives over several starts, and a checkpoint beside it."""

    home: Path
    cache: Path
    checkpoint: Path

    def served(self) -> Iterator[Running]:
        with running(self.home, self.cache) as found:
            yield found


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Room:
    """A cache of its own that has the models of the shared one, and SD1.5 at a tiny random configuration that is not in it."""
    root = tmp_path_factory.mktemp("room")
    models = root / "cache" / "models"
    models.mkdir(parents=True)
    for folder in (cache / "models").iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            (models / folder.name).symlink_to(folder)
    (root / "home").mkdir()
    return Room(root / "home", root / "cache", save_sd15(root / "little", root / "scratch"))


@pytest.fixture
def added(room: Room) -> Iterator[Running]:
    yield from room.served()


@pytest.fixture(scope="module")
def studio(room: Room) -> Iterator[Running]:
    """Started after the checkpoint was added; the small chat answers at once."""
    with running(room.home, room.cache) as found:
        found.choose_small_chat()
        yield found


def picture() -> bytes:
    """A ramp, so that a pixel in another place shows."""
    across, down = np.meshgrid(np.linspace(0, 255, SIZE[0]), np.linspace(0, 255, SIZE[1]))
    buffer = io.BytesIO()
    Image.fromarray(np.stack([across, down, 255 - across], axis=2).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(studio: Running, asset: str) -> NDArray[np.int16]:
    data = httpx.get(f"{studio.url}/files/{asset}/0", timeout=60).content
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.int16)


def test_a_checkpoint_is_added_by_its_path_and_what_it_is_not_is_said_at_the_field(page: Page, added: Running, room: Room) -> None:
    watch = Watch(page, added.url)
    page.goto(f"{added.url}/settings")
    form = page.locator(".mq-own")
    pickle = room.home / "evil.safetensors"
    pickle.write_bytes(b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94.")
    for path, told in ((room.home / "nothing", "nothing at"), (pickle, "evil")):
        form.locator("input[name=path]").fill(str(path))
        form.get_by_role("button", name="Add and fetch").click()
        expect(form.locator('[data-field="path"] .mq-field-error')).to_contain_text(told)
    form.locator("input[name=path]").fill(str(room.checkpoint))
    form.locator("input[name=id]").fill("Not An Id")
    form.get_by_role("button", name="Add and fetch").click()
    expect(form.locator('[data-field="id"] .mq-field-error')).not_to_be_empty()
    form.locator("input[name=id]").fill("little")
    form.get_by_role("button", name="Add and fetch").click()
    expect(page.locator(".mq-good-news")).to_contain_text("little")
    expect(page.locator('.mq-model[data-model="little"]')).to_have_attribute("data-state", "ready")
    # Until the next start no model here can paint: the page says which ones would, and lets nothing be made
    page.goto(f"{added.url}/pictures")
    page.locator("#mq-pictures-open").click()
    page.locator(".mq-pick input[type=file]").set_input_files({"name": "ramp.png", "mimeType": "image/png", "buffer": picture()})
    easel = page.locator(".mq-paint")
    expect(easel.get_by_text("Stable Diffusion 1.5", exact=False)).to_be_visible()
    expect(easel.locator("#mq-paint-make")).to_be_disabled()
    assert (watch.foreign, watch.errors) == ([], [])


def test_what_is_drawn_is_made_anew_and_the_rest_keeps_its_pixels(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(f"{studio.url}/pictures")
    page.locator("#mq-pictures-open").click()
    page.get_by_role("button", name="ramp").first.click()
    easel = page.locator(".mq-paint")
    expect(easel).to_contain_text("Made by little")
    easel.locator("#mq-paint-make").click()
    expect(easel.locator('[data-field="mask"] .mq-field-error')).not_to_be_empty()
    # A stroke across the upper left, one more that is undone, and a dot by the keys
    canvas = easel.locator("canvas")
    easel.locator("input[name=brush]").fill("16")
    box = canvas.bounding_box()
    assert box is not None
    for start, end in (((0.1, 0.2), (0.4, 0.2)), ((0.6, 0.9), (0.9, 0.9))):
        page.mouse.move(box["x"] + box["width"] * start[0], box["y"] + box["height"] * start[1])
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * end[0], box["y"] + box["height"] * end[1], steps=6)
        page.mouse.up()
    expect(easel.get_by_role("status").filter(has_text="painted")).to_be_visible()
    canvas.press("Control+z")
    canvas.press("ArrowUp")
    canvas.press("Enter")
    easel.locator("textarea[name=about]").fill("a straw hat")
    easel.get_by_text("Prompt and settings").click()
    easel.locator("input[name=steps]").fill("3")
    easel.locator("select[name=scheduler]").select_option("euler_a")
    easel.locator("#mq-paint-make").click()
    expect(page.locator(".mq-good-news")).to_be_visible()
    tile = page.locator(".mq-wall .mq-tile")
    expect(tile.locator("img")).to_have_count(1)
    made = str(tile.locator("[data-mq-asset]").get_attribute("data-mq-asset"))
    told = studio.api("GET", f"assets/{made}/made")
    ids = {one["role"]: one["asset"] for one in told["inputs"]}
    before, after, mask = (pixels(studio, one) for one in (ids["reference"], made, ids["mask"]))
    assert before.shape == after.shape == mask.shape == (SIZE[1], SIZE[0], 3)
    white = mask[..., 0] > 0
    assert np.array_equal(after[~white], before[~white])
    assert np.abs(after[white] - before[white]).mean() > 5
    assert white[20, 30] and not white[86, 96], "the first stroke is there, the one that was undone is not"
    assert 0.02 < white.mean() < 0.25
    assert (told["settings"]["task"], told["settings"]["steps"], told["models"][0]["id"]) == ("inpaint", 3, "little")
    # Looked at closely: model and licence, before and after, and the same picture extended as its next version
    page.get_by_role("button", name=re.compile("^Look closely")).click()
    look = page.locator(".mq-look")
    expect(look.locator(".mq-made")).to_contain_text("not known: added by path")
    look.get_by_role("button", name="starts from: ramp").click()
    expect(look.locator(".mq-slider img")).to_have_count(2)
    look.locator("#mq-look-paint").click()
    easel.locator('input[name="expand.right"]').fill("32")
    easel.locator("textarea[name=about]").fill("a wall")
    easel.locator("#mq-paint-make").click()
    expect(tile.locator(f'[data-mq-asset]:not([data-mq-asset="{made}"]) img')).to_have_count(1)
    wider = str(tile.locator("[data-mq-asset]").get_attribute("data-mq-asset"))
    seen = pixels(studio, wider)
    assert seen.shape == (SIZE[1], SIZE[0] + 32, 3)
    assert np.array_equal(seen[:, : SIZE[0] - 16], after[:, : SIZE[0] - 16])
    assert studio.api("GET", f"assets/{wider}")["version"] == 2
    assert (watch.foreign, watch.errors) == ([], [])


def test_a_picture_is_dragged_from_one_place_to_another(page: Page, studio: Running, watch: Watch) -> None:
    page.goto(f"{studio.url}/pictures")
    start = page.locator('[data-field="reference"]')
    page.locator(".mq-wall [data-mq-asset] img").first.drag_to(start)
    expect(start.locator("img")).to_have_count(1)
    expect(page.locator('.mq-pictures select[name="task"]').first).to_be_visible()
    page.locator(".mq-pictures textarea[name=about]").first.fill("a lamp")
    with page.expect_request(lambda request: request.url.endswith("/pictures") and request.method == "POST") as sent:
        page.locator("#mq-pictures-make").click()
    values = json.loads(sent.value.post_data or "{}")["values"]
    assert values["task"] == "image" and values["attached"][0]["role"] == "reference"
    expect(page.locator(".mq-wall .mq-tile img")).to_have_count(1)
    assert (watch.foreign, watch.errors) == ([], [])
