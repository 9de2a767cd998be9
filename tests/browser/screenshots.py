"""Pictures of every page, made from a real studio: `python -m tests.browser.screenshots OUT`.

A studio with a home of its own plans and makes the coffee campaign with the default models, then every page is opened in
both widths, both colour schemes and both languages. Nothing is staged: what the pictures show was made on this machine.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Running, chromium, new_project, running, say

MOST_BYTES = 400_000
#: Every picture that stands in the window is there; those below it are fetched when somebody scrolls to them.
SHOWN = """[...document.images].every(image => {
    const place = image.getBoundingClientRect();
    return image.complete || !image.checkVisibility() || place.top >= innerHeight || place.bottom < 0;
})"""
PATIENCE = 900_000
BRIEFS = {
    "en": (
        "North Pier",
        "Launch campaign for a cold-brew coffee called North Pier, for young commuters in Leeds, playful. On sale 4 May, £3.20.",
    ),
    "zh": ("北码头", "为冷萃咖啡“北码头”做一套上市宣传，面向年轻通勤族，风格活泼。5 月 4 日开售，每瓶 18 元。"),
}
SCENE = (
    "Lantern Bay",
    "A branching dialogue between a lighthouse keeper and a smuggler who asks to put the lamp out, 5 nodes, with choices",
)
SPOT = (
    "Spot",
    "id,character,text\nl_1,Mira,Good evening.\nl_2,Tom,The bridge is gone.\nl_3,Mira,Then we swim.\n",
    "Mira: Cold brew, made slowly.\n[a door closes]\nTom: North Pier. In Leeds from the fourth of May.\n[coin]",
)
BRAND = {
    "name": "North Pier",
    "voice": "Dry, friendly, short sentences. Never shouts.",
    "required_words": ["cold brew"],
    "forbidden_words": ["cheap", "best ever"],
    "palette": ["#1f4e5f", "#e9b44c", "#f4efe6", "#c8553d"],
    "glossary": {"cold brew coffee": "cold brew"},
    "lexicon": {"Leeds": "leedz"},
}


@dataclass(frozen=True)
class View:
    width: int
    dark: bool
    language: str

    @property
    def name(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}-{self.language}"

    @property
    def root(self) -> str:
        return "" if self.language == "en" else f"{self.language}/"


ALL_VIEWS = tuple(View(width, dark, language) for width in (1280, 390) for dark in (False, True) for language in ("en", "zh"))
#: What is kept in the repository.
VIEWS = tuple(view for view in ALL_VIEWS if view.language == "en" or view.dark == (view.width < 500))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--home", type=Path, help="use this home and what is in it, instead of making everything anew")
    parser.add_argument("--all", action="store_true", help="every page, width, colour scheme and language, instead of what is kept")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as made, running(arguments.home or Path(made), cache) as studio, chromium() as browser:
        if not [p for p in studio.projects() if p["name"] == BRIEFS["en"][0]]:
            prepare(browser, studio, arguments.out)
        for view in ALL_VIEWS if arguments.all else VIEWS:
            take_all(browser, studio, view, arguments.out, everything=arguments.all)


@contextmanager
def opened(browser: Browser, view: View) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": view.width, "height": 900 if view.width > 500 else 844},
        color_scheme="dark" if view.dark else "light",
        locale="zh-CN" if view.language == "zh" else "en-GB",
    )
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def prepare(browser: Browser, studio: Running, out: Path) -> None:
    """The campaign: planned in both languages, made and reviewed in English."""
    for language, (name, brief) in BRIEFS.items():
        view = View(1280, False, language)
        with opened(browser, view) as page:
            page.goto(f"{studio.url}/{view.root}")
            expect(page.locator("#mq-project input")).not_to_have_value("")
            shoot(page, out / f"welcome-{view.name}.png")
            new_project(page, name)
            project = next(p["id"] for p in studio.projects() if p["name"] == name)
            if language == "en":
                studio.api("PUT", f"projects/{project}/brand", BRAND)
            say(page, brief)
            expect(page.locator(".mq-card").first).to_be_visible()
            expect(page.locator("#mq-message .submit-button")).to_be_visible()
            shoot(page, out / f"plan-{view.name}.png")
            if language == "zh":
                continue
            page.locator("#mq-approve").click()
            expect(page.locator('.mq-card[data-kind="picture"][data-state="done"]').first).to_be_visible()
            shoot(page, out / f"making-{view.name}.png")
            expect(page.locator("#mq-stop")).to_have_count(0)
            for card in page.locator('.mq-card[data-state="done"]').all()[:3]:
                card.get_by_role("button", name="Approve").click()
                expect(card.locator(".mq-state-approved")).to_be_visible()
    with opened(browser, View(1280, False, "en")) as page:
        page.goto(studio.url)
        new_project(page, SCENE[0])
        say(page, SCENE[1])
        expect(page.locator('.mq-card[data-kind="dialogue"]').first).to_be_visible()
        page.locator("#mq-approve").click()
        expect(page.locator('.mq-card[data-kind="dialogue"][data-state="done"]').first).to_be_visible()
        expect(page.locator("#mq-stop")).to_have_count(0)
        new_project(page, SPOT[0])
        speak(studio)


def take_all(browser: Browser, studio: Running, view: View, out: Path, *, everything: bool) -> None:
    """everything: the pages too that are looked at, but not kept in the repository."""
    with opened(browser, view) as page:
        page.goto(f"{studio.url}/{view.root}")
        choose(page, studio, BRIEFS[view.language][0])
        expect(page.locator(".mq-card").first).to_be_visible()
        shoot(page, out / f"create-{view.name}.png")
        if view.width < 500:
            page.locator(".mq-board").evaluate("board => board.scrollIntoView()")
            shoot(page, out / f"board-{view.name}.png")
        choose(page, studio, BRIEFS["en"][0])
        page.locator('.mq-card[data-kind="picture"] img').last.evaluate("image => image.closest('.mq-card').scrollIntoView()")
        page.locator('.mq-card[data-kind="layout"] img').first.evaluate("image => { image.loading = 'eager'; }")
        shoot(page, out / f"results-{view.name}.png")
        page.goto(f"{studio.url}/{view.root}library")
        expect(page.locator(".mq-tile").first).to_be_visible()
        shoot(page, out / f"library-{view.name}.png")
        page.locator('.mq-tile[data-kind="layout"] .mq-face').first.click()
        expect(page.locator(".mq-drawer")).to_be_visible()
        shoot(page, out / f"story-{view.name}.png")
        page.goto(f"{studio.url}/{view.root}library")
        edit(page, "copy", out / f"write-{view.name}.png")
        page.goto(f"{studio.url}/{view.root}pictures")
        expect(page.locator("#mq-pictures-holder form").first).to_be_visible()
        shoot(page, out / f"pictures-{view.name}.png")
        sounds(page, studio, view, out)
        page.goto(f"{studio.url}/{view.root}library")
        choose(page, studio, SCENE[0])
        edit(page, "dialogue", out / f"dialogue-{view.name}.png")
        choose_on(page, studio, f"{studio.url}/{view.root}library", BRIEFS["en"][0])
        page.goto(f"{studio.url}/{view.root}settings")
        for name, drawn in SETTINGS.items():
            page.locator(f"#mq-tab-{name}-button").click()
            expect(page.locator(f"#mq-{name}-holder {drawn}").first).to_be_visible()
            if everything or name in KEPT_SETTINGS:
                shoot(page, out / f"{name}-{view.name}.png")
        if everything:
            page.goto(f"{studio.url}/{view.root}library")
            page.locator("#mq-trash").click()
            page.locator("#mq-to-content").click()
            expect(page.locator("#mq-content-review")).to_be_visible()
            shoot(page, out / f"trash-{view.name}.png")


#: Each tab of Settings, and what says that it is drawn.
SETTINGS = {
    "models": ".mq-model", "engine": ".mq-engine .mq-device", "brand": ".mq-brand-form", "project": "form.mq-form", "people": ".mq-panel",
    "keeping": ".mq-panel", "check": ".mq-panel",
}  # fmt: skip
KEPT_SETTINGS = ("models", "brand", "engine")


#: Each tab of the Sound page, and what says that it is drawn.
SOUNDS = {
    "cast": ".mq-member", "lines": ".mq-spoken-line .mq-outline", "mixes": ".mq-timeline .mq-meter", "music": ".mq-style-card",
    "effects": ".mq-style-card", "recordings": ".mq-panel",
}  # fmt: skip


def sounds(page: Page, studio: Running, view: View, out: Path) -> None:
    """The tabs of the Sound page, in the project whose lines were spoken."""
    choose_on(page, studio, f"{studio.url}/{view.root}sound", SPOT[0])
    expect(page.locator("#mq-sound-cast-holder .mq-sounds")).to_be_visible()
    for name, drawn in SOUNDS.items():
        page.locator(f"#mq-sound-{name}-button").click()
        expect(page.locator(f"#mq-sound-{name}-holder {drawn}").first).to_be_visible()
        if view.width < 500 and name in ("lines", "mixes"):
            page.locator(f"#mq-sound-{name}-holder .mq-part-list").evaluate("list => list.scrollIntoView()")
        shoot(page, out / f"sound-{name}-{view.name}.png")


def speak(studio: Running) -> None:
    """A cast, three lines and a spot with music and effects, in a project of their own."""
    project = next(p["id"] for p in studio.projects() if p["name"] == SPOT[0])
    lines = studio.api("POST", f"projects/{project}/lines", {"csv": SPOT[1], "title": "Lantern Bay"})
    mix = studio.api("POST", f"projects/{project}/mixes", {"script": SPOT[2], "title": "North Pier spot", "music": "warm", "seconds": 12})
    studio.api("POST", f"plans/{mix['plan']}/approve")
    for plan in (*lines["plans"], mix["plan"]):
        while any(
            step["job"] and step["job"]["state"] in ("queued", "running")
            for step in studio.api("GET", f"projects/{project}/board?plan={plan}")["steps"]
        ):
            time.sleep(1)


def edit(page: Page, kind: str, path: Path) -> None:
    """The first of a kind in the Library, its words open for editing."""
    page.locator(f'.mq-tile[data-kind="{kind}"] .mq-face').first.click()
    page.locator(".mq-drawer[open] .mq-edit").click()
    expect(page.locator(".mq-desk")).to_be_visible()
    shoot(page, path)


def choose_on(page: Page, studio: Running, url: str, project: str) -> None:
    page.goto(url)
    choose(page, studio, project)


def choose(page: Page, studio: Running, project: str) -> None:
    """Switch to a project and wait until the page shows it, which is when the browser has kept the choice."""
    expect(page.locator("#mq-project input")).not_to_have_value("")
    if page.locator("#mq-project input").input_value() != project:
        page.locator("#mq-project input").click()
        page.get_by_role("option", name=project, exact=True).click()
    project_id = next(p["id"] for p in studio.projects() if p["name"] == project)
    expect(page.locator("[data-mq-options]").first).to_have_attribute("data-mq-options", re.compile(re.escape(project_id)))


def shoot(page: Page, path: Path) -> None:
    """A PNG with as many colours as fit into the limit: pictures stay readable, the repository stays small."""
    page.wait_for_function(SHOWN)
    page.wait_for_timeout(700)  # players and fonts settle; nothing is asserted on it
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in (256, 128, 64):
        data = io.BytesIO()
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
        if data.tell() < MOST_BYTES:
            break
    path.write_bytes(data.getvalue())


if __name__ == "__main__":
    main()
