"""Puts the words of scripts.toml wherever a person can put words, opens the pages in a real browser, and counts what came of it."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page, expect

from tests.browser.running import Running, Watch, new_project, say

WORDS: tuple[str, ...] = tuple(tomllib.loads(Path(__file__).with_name("scripts.toml").read_text(encoding="utf-8"))["words"])
_SAID_AT_ONCE = 20
_OPENED = 4
#: How many windows say that something ran in them.
RAN = """() => [window, ...[...document.querySelectorAll("iframe")].map((one) => one.contentWindow)]
    .filter((one) => { try { return one.ran } catch { return false } }).length"""


def picture(words: str) -> bytes:
    """A picture that says of itself that it was made with these words."""
    told, buffer = PngInfo(), io.BytesIO()
    told.add_text("parameters", f"{words}\nNegative prompt: {words}\nSteps: 20, Sampler: {words[:40]}, Size: 32x32")
    told.add_text("Comment", words)
    Image.new("RGB", (32, 32), "red").save(buffer, "PNG", pnginfo=told)
    return buffer.getvalue()


def planted(studio: Running, project: str) -> int:
    """In names, titles, metadata, remarks, the brand. How many places took a word; a refusal is as good."""
    count = 0

    def ask(method: str, path: str, body: Any = None, data: bytes | None = None) -> httpx.Response:
        nonlocal count
        answer = httpx.request(
            method, f"{studio.url}/api/{path}", **({"content": data} if data is not None else {"json": body}), timeout=60
        )
        assert answer.status_code < 500, (path, answer.text)
        count += answer.is_success
        return answer

    for words in WORDS:
        kept = ask("POST", f"projects/{project}/pictures/import?name={quote(words[:100])}", data=picture(words))
        if kept.is_success:
            ask("POST", f"assets/{kept.json()['id']}/comments", {"text": words})
    glossary = {words[:60]: words[:200] for words in WORDS[:20]}
    ask("PUT", f"projects/{project}/brand", {"name": WORDS[8], "voice": "\n".join(WORDS)[:1500], "glossary": glossary})
    return count


def shown(studio: Running, page: Page) -> dict[str, Any]:
    """tried: words in places. ran, foreign, dialogs: what came of them; errors: of the pages themselves."""
    watch = Watch(page, studio.url)
    page.goto(studio.url)
    expect(page.locator("#mq-project input")).not_to_have_value("")
    name = "<img src=//evil.example/p.png onerror=window.ran=1>"
    new_project(page, name)
    ran, tried = 0, 1
    for start in range(0, len(WORDS), _SAID_AT_ONCE):
        say(page, "Hello.\n\n" + "\n\n".join(WORDS[start : start + _SAID_AT_ONCE]))
        expect(page.locator("#mq-message .submit-button")).to_be_visible()
        tried += len(WORDS[start : start + _SAID_AT_ONCE])
        ran += page.evaluate(RAN)
    project = next(one["id"] for one in studio.projects() if one["name"] == name)
    tried += planted(studio, project)
    for path in ("", "library", "pictures", "sound", "settings", "zh/", "zh/library", "zh/settings"):
        page.goto(f"{studio.url}/{path}")
        expect(page.locator("#mq-project input")).to_have_value(name)
        page.wait_for_load_state("networkidle")
        ran += page.evaluate(RAN)
    ran += _looked_at(page, studio)
    foreign = sorted(set(watch.foreign))
    return {
        "tried": tried, "ran": ran, "foreign": foreign, "dialogs": watch.dialogs, "errors": watch.errors,
        "hits": ran + len(foreign) + len(watch.dialogs),
    }  # fmt: skip


def _looked_at(page: Page, studio: Running) -> int:
    """Some pictures of the Library, opened: their prompt, their fields, the remarks. What ran."""
    ran = 0
    for number in range(_OPENED):
        page.goto(f"{studio.url}/library")
        face = page.locator("button.mq-face[data-mq-asset]").nth(number)
        face.click()
        expect(page.locator("dialog[open]").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        ran += page.evaluate(RAN)
    return ran
