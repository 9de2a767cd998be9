"""A real studio in a process of its own, and a browser beside it. Used by the browser tests and by the screenshots."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
START_SECONDS = 600
#: Generous: nothing here measures time, and a busy machine must not make a test fail.
PATIENCE = 240_000
SMALL_CHAT = "smollm2-135m-instruct-q4"


class Running:
    """A served studio. `api` calls it as the pages do."""

    def __init__(self, url: str) -> None:
        self.url = url

    def api(self, method: str, path: str, body: Any = None) -> Any:
        response = httpx.request(method, f"{self.url}/api/{path}", json=body, timeout=60)
        response.raise_for_status()
        return response.json()

    def choose_small_chat(self) -> None:
        """The chat model that answers in a moment and means little: for tests of the pages, not of the words."""
        self.api("PUT", "models/choices/chat", {"model_id": SMALL_CHAT})

    def projects(self) -> list[dict[str, Any]]:
        return list(self.api("GET", "projects"))


@contextmanager
def running(home: Path, cache: Path, **settings: str) -> Iterator[Running]:
    """`python app.py serve --port 0` with its own home and MAQUETTE_* settings, until the block ends.

    Fails with what the process said when it does not open.
    """
    environment = {**os.environ, "MAQUETTE_HOME": str(home), "MAQUETTE_CACHE": str(cache), "MAQUETTE_OFFLINE": "1", "COLUMNS": "200"}
    environment |= {f"MAQUETTE_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "app.py", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Running(_address(process))
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    """The address the studio says; its further output is read away so that it never blocks on a full pipe."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        if process.stdout is not None:
            for line in process.stdout:
                lines.put(line)

    threading.Thread(target=read, name="output of the studio", daemon=True).start()
    said: list[str] = []
    for _ in range(START_SECONDS * 2):
        try:
            said.append(lines.get(timeout=0.5))
        except queue.Empty:
            if process.poll() is not None:
                break
            continue
        found = re.search(r"http://[\d.]+:\d+", said[-1])
        if found and "open at" in said[-1]:
            return found.group()
    raise AssertionError("The studio did not open:\n" + "".join(said))


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """What a page did that it should not: requests to elsewhere, scripts that ran, errors of its own."""

    def __init__(self, page: Page, url: str) -> None:
        self.foreign: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        allowed = (f"{url}/", url.replace("http", "ws", 1), "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(allowed) else self.foreign.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

        def dismiss(dialog: Any) -> None:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", dismiss)


SENT = """() => document.querySelector("#mq-message textarea").value === ""
    || document.querySelector("#mq-chat").innerText.includes("\u26a0")"""


def say(page: Page, text: str) -> None:
    """Type a message and send it, and wait until it has left the box or the chat says why not.

    A page that is just being drawn anew for another project may lose a key press, as it may of a person, who presses it again.
    """
    box = page.locator("#mq-message textarea")
    for _ in range(2):
        box.fill(text)
        box.press("Enter")
        try:
            page.wait_for_function(SENT, timeout=90_000)
        except PlaywrightTimeout:
            continue
        return
    raise AssertionError(f"the chat did not take {text!r}")


def new_project(page: Page, name: str) -> None:
    """Make a project through the page and wait until it is the one shown."""
    page.locator("#mq-new-project").click()
    page.locator("#mq-project-name :is(textarea, input)").fill(name)
    page.locator("#mq-project-create").click()
    expect(page.locator("#mq-project input")).to_have_value(name)


def board(page: Page) -> dict[str, Any]:
    """The states of the cards as the page shows them: step id -> state."""
    found = page.eval_on_selector_all(".mq-card", "cards => JSON.stringify(cards.map(c => [c.dataset.step, c.dataset.state]))")
    return dict(json.loads(found))
