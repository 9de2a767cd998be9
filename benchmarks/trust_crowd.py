"""Many people on one studio: those who look, those who make, and one who wants everything at once.

A real studio with accounts in a process of its own, asked over HTTP with API tokens as the pages ask. Everybody has a project. Pictures
are drawn by the illustrator at 256x256. Part of benchmarks.trust.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from domain.job import JobState
from domain.settings import sqlite_url
from library.library import Library
from studio.people import People
from studio.projects import Projects
from tests.browser.running import SMALL_CHAT, running

CACHE = Path.home() / ".cache" / "maquette"
PASSWORD = "a password of the benchmark"
#: Seconds between what a person looks at.
LOOKING = 1.0
ENDED = {state.value for state in JobState if state.ended}
#: Enough for the first picture, with everything it loads.
WARM_SECONDS = 5.0
#: Plans of one picture each that the greedy one has approved at once.
GREED = 60


@dataclass
class Told:
    """seconds: of each kind of request. waits: of each maker's pictures, from the approval to the picture. Thread-safe."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    guard: threading.Lock = field(default_factory=threading.Lock)


class Someone:
    def __init__(self, url: str, token: str, project: str, told: Told, until: threading.Event) -> None:
        self._client = httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=120)
        self.project = project
        self._told = told
        self._until = until

    def ask(self, kind: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The answer as JSON, None for one that is none; every failure is counted, a refusal too."""
        began = time.perf_counter()
        try:
            answer = self._client.request(method, path, json=body, params=query)
            fault = "" if answer.status_code < 400 else f"{kind}: {answer.status_code} {answer.text[:100]}"
        except httpx.HTTPError as error:
            answer, fault = None, f"{kind}: {type(error).__name__}"
        with self._told.guard:
            self._told.seconds.setdefault(kind, []).append(time.perf_counter() - began)
            if fault:
                self._told.errors[fault] += 1
        if answer is None or fault:
            return None
        return answer.json() if "json" in answer.headers["content-type"] else None

    def look(self, seed: int) -> None:
        """As the pages do: the board, the library, a search, a result and its thumbnail."""
        chance = random.Random(seed)
        while not self._until.wait(LOOKING * (0.5 + chance.random())):
            self.ask("board", "GET", f"/api/projects/{self.project}/board")
            found = self.ask("library", "GET", f"/api/projects/{self.project}/assets", text=chance.choice(("", "fox", "la")))
            for asset in (found or {}).get("assets", [])[:2]:
                self.ask("story", "GET", f"/api/assets/{asset['id']}/story")
                self.ask("thumbnail", "GET", f"/thumbnails/{asset['id']}")

    def approve(self, about: str) -> str | None:
        wanted = {"values": {"about": about, "width": 256, "height": 256}, "count": 1}
        plan = self.ask("plan", "POST", f"/api/projects/{self.project}/pictures", wanted)
        if plan is None or self.ask("approve", "POST", f"/api/plans/{plan['plan']}/approve") is None:
            return None
        with self._told.guard:
            self._told.accepted += 1
        return str(plan["plan"])

    def ended(self, plan: str) -> bool:
        """Whether every step of the plan has ended, well or not; how is counted once it has."""
        board = self.ask("board", "GET", f"/api/projects/{self.project}/board", plan=plan)
        jobs = [step["job"] for step in (board or {}).get("steps", [])]
        if not jobs or not all(job is not None and job["state"] in ENDED for job in jobs):
            return False
        with self._told.guard:
            self._told.ended.update(job["state"] for job in jobs)
        return True

    def make(self, group: str, seed: int) -> None:
        chance = random.Random(seed)
        while not self._until.is_set():
            plan, began = self.approve(f"a {chance.choice(('fox', 'lamp', 'boat', 'tree'))} number {chance.random()}"), time.monotonic()
            while plan is not None and not self.ended(plan):
                time.sleep(0.3)
            with self._told.guard:
                self._told.waits.setdefault(group, []).append(time.monotonic() - began)


def crowded(people: int, makers: int, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        known = _people(home, people + makers + 1)
        with running(home, CACHE, chat=SMALL_CHAT) as studio:
            _part(studio.url, known[-1:] * 2, 1, 1, WARM_SECONDS, greedy=False)  # everything is loaded before anything counts
            calm = _part(studio.url, known, people, makers, seconds, greedy=False)
            greedy = _part(studio.url, known, people, makers, seconds, greedy=True)
    before, during = statistics.median(calm.waits["makers"]), statistics.median(greedy.waits["makers"])
    both = (calm, greedy)
    lost = sum(told.accepted - sum(told.ended.values()) for told in both)
    return {
        "part": "crowd",
        "people": people,
        "makers": makers,
        "seconds_each": seconds,
        "errors": dict(sum((told.errors for told in both), Counter())),
        "accepted": sum(told.accepted for told in both),
        "ended": dict(sum((told.ended for told in both), Counter())),
        "lost": lost,
        "page_data_ms": {kind: _times(values) for kind, values in sorted(calm.seconds.items())},
        "median_wait_seconds": {"without the greedy one": round(before, 2), "with": round(during, 2), "ratio": round(during / before, 2)},
        "wrong": sum(sum(told.errors.values()) for told in both) + lost,
    }


def _people(home: Path, count: int) -> list[tuple[str, str]]:
    """Tokens and projects of so many people, the first of whom owns the studio."""
    found = []
    with Library.open(sqlite_url(home / "maquette.db"), home) as library:
        people, projects = People(library), Projects(library)
        for number in range(count):
            name = f"person-{number}"
            people.add(name, PASSWORD, owner=number == 0)
            _, token = people.make_token(name, "benchmark")
            found.append((token, projects.create(f"Project {number}", person=name).id))
    return found


def _part(url: str, known: list[tuple[str, str]], people: int, makers: int, seconds: float, *, greedy: bool) -> Told:
    told, until = Told(), threading.Event()
    everybody = [Someone(url, token, project, told, until) for token, project in known]
    waiting: list[str] = []
    if greedy:
        waiting = [plan for number in range(GREED) if (plan := everybody[-1].approve(f"a tree number {number}")) is not None]
    threads = [threading.Thread(target=one.look, args=(n,)) for n, one in enumerate(everybody[:people])]
    threads += [threading.Thread(target=one.make, args=("makers", n)) for n, one in enumerate(everybody[people : people + makers])]
    for thread in threads:
        thread.start()
    until.wait(seconds)
    until.set()
    for thread in threads:
        thread.join()
    for plan in waiting:
        while not everybody[-1].ended(plan):
            time.sleep(0.3)
    return told


def _times(values: list[float]) -> dict[str, float]:
    ordered = sorted(value * 1000 for value in values)
    return {"asked": len(ordered), "p50": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}
