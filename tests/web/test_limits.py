"""How many requests a caller may send."""

from __future__ import annotations

import ast
import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from agents.telling import templates
from web.access import _PATTERNS, RULES
from web.accounts import COOKIE, Accounts
from web.api.session import session_router
from web.errors import Speaking
from web.guard import Guard
from web.limits import SLOW_DOORS, Bucket, Limits, Rates, is_slow

PROTECTED = Accounts("correct horse", None, b"s" * 32)
OPEN = Accounts("", None, b"s" * 32)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def client(rates: Rates, clock: Clock, accounts: Accounts = PROTECTED, *, local_only: bool = False) -> TestClient:
    app = FastAPI()

    @app.api_route("/thing", methods=["GET", "POST"])
    def thing() -> str:
        return "made"

    app.add_middleware(Limits, rates=rates, local_only=local_only, clock=clock)
    app.add_middleware(Guard, accounts=accounts, local_only=local_only)
    given = {"cookie": f"{COOKIE}={accounts.sign_in('Ada', 'correct horse', 'a')}"} if accounts is PROTECTED else {}
    return TestClient(app, base_url="http://127.0.0.1", headers=given)


def test_what_is_more_than_a_minute_bears_waits_and_is_told_how_long() -> None:
    clock = Clock()
    asking = client(Rates(requests=60, writes=0), clock)
    answers = [asking.get("/thing").status_code for _ in range(32)]
    assert answers == [200] * 30 + [429] * 2
    refused = asking.get("/thing")
    assert refused.headers["retry-after"] == "1"
    assert "Try again in 1 s" in refused.text
    clock.now += 1.0
    assert [asking.get("/thing").status_code for _ in range(2)] == [200, 429]


def test_changes_have_a_limit_of_their_own() -> None:
    asking = client(Rates(requests=600, writes=4), Clock())
    assert [asking.post("/thing").status_code for _ in range(3)] == [200, 200, 429]
    assert asking.get("/thing").status_code == 200


def test_one_who_asks_too_much_takes_nothing_from_another() -> None:
    app_client = client(Rates(requests=2, writes=0), Clock())
    assert [app_client.get("/thing").status_code for _ in range(2)] == [200, 429]
    # Of those who are not signed in, each address is one; a door that is shut costs them nothing of the others.
    assert app_client.get("/login", headers={"cookie": ""}).status_code == 404


def test_who_sits_at_the_machine_is_not_counted() -> None:
    asking = client(Rates(requests=2, writes=2), Clock(), OPEN, local_only=True)
    assert {asking.post("/thing").status_code for _ in range(20)} == {200}


def test_no_more_than_so_many_are_open_at_once() -> None:
    app, entered, go_on = FastAPI(), threading.Semaphore(0), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        entered.release()
        go_on.wait(30)
        return "made"

    app.add_middleware(Limits, rates=Rates(requests=0, writes=0, open=2), local_only=False)
    app.add_middleware(Guard, accounts=OPEN, local_only=False)
    with TestClient(app) as asking:
        found: list[int] = []
        threads = [threading.Thread(target=lambda: found.append(asking.get("/slow").status_code)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert entered.acquire(timeout=30)
        assert asking.get("/slow").status_code == 429
        go_on.set()
        for thread in threads:
            thread.join()
        assert found == [200, 200]
        assert asking.get("/slow").status_code == 200


@pytest.mark.parametrize("minute", [1, 60, 1200])
def test_a_bucket_lets_through_no_more_than_its_rate(minute: int) -> None:
    clock = Clock()
    bucket = Bucket(minute, clock)
    passed = 0
    for _ in range(3000):
        clock.now += 0.2
        passed += bucket.take() == 0.0
    assert passed <= 10 * minute + max(1, minute / 2)
    assert passed >= min(3000, 10 * minute)


class Held:
    """An application whose handlers wait until they are let go, each in a thread of everybody's."""

    def __init__(self, assets: Path, rates: Rates) -> None:
        self.entered, self.go_on = threading.Semaphore(0), threading.Event()
        self.app = FastAPI()
        self.app.include_router(session_router(PROTECTED, assets, secure=False))
        self.app.post("/api/inspect")(self.wait)
        self.app.post("/other")(self.wait)
        self.app.add_middleware(Limits, rates=rates, local_only=False)
        self.app.add_middleware(Speaking, tables=templates(assets))
        self.app.add_middleware(Guard, accounts=PROTECTED, local_only=False)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1", timeout=30)

    def wait(self) -> str:
        self.entered.release()
        assert self.go_on.wait(60)
        return "made"

    def ask(self, person: str, path: str = "/api/inspect", language: str = "en") -> asyncio.Task[httpx.Response]:
        cookie = PROTECTED.sign_in(person, "correct horse", "a")
        headers = {"cookie": f"{COOKIE}={cookie}", "accept-language": language}
        return asyncio.create_task(self.http.post(path, headers=headers))

    async def inside(self, count: int) -> None:
        for _ in range(count):
            while not self.entered.acquire(blocking=False):
                await asyncio.sleep(0.005)


async def soon(answer: asyncio.Task[httpx.Response]) -> httpx.Response:
    """The bound ends a studio that hangs; nothing is measured by it."""
    return await asyncio.wait_for(answer, 30)


def test_one_person_holds_few_places_behind_slow_doors_and_everybody_together_not_all_threads(assets: Path) -> None:
    async def crowd() -> None:
        held = Held(assets, Rates(requests=0, writes=0))
        inside = [held.ask("Ada") for _ in range(4)]
        await held.inside(4)
        more = await soon(held.ask("Ada", language="zh"))
        assert (more.status_code, more.headers["retry-after"], more.json()["code"]) == (429, "5", "busy")
        assert more.json()["message"] == "同时在打开或识别的文件太多。"
        assert more.json()["hint"]
        inside += [held.ask(person) for person in ("Bo", "Cy") for _ in range(4)]
        await held.inside(8)
        assert (await soon(held.ask("Di"))).status_code == 429
        other = held.ask("Di", "/other")
        await held.inside(1)
        held.go_on.set()
        assert [(await soon(one)).status_code for one in [*inside, other]] == [200] * 13
        assert (await soon(held.ask("Ada"))).status_code == 200

    asyncio.run(crowd())


def test_the_door_has_threads_of_its_own(assets: Path) -> None:
    async def crowd() -> None:
        held = Held(assets, Rates(requests=0, writes=0, open=0))
        every = int(anyio.to_thread.current_default_thread_limiter().total_tokens)
        inside = [held.ask("Ada", "/other") for _ in range(every)]
        await held.inside(every)
        try:
            answer = await asyncio.wait_for(held.http.get("/healthz"), 30)
        finally:
            held.go_on.set()
        assert answer.json() == {"status": "ok"}
        await asyncio.gather(*inside)

    asyncio.run(crowd())


def test_what_is_too_much_is_refused_before_its_body_is_read(assets: Path) -> None:
    told: list[Any] = []

    async def unread() -> dict[str, Any]:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        told.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it came through")

    limits = Limits(app, Rates(slow=0), local_only=True)
    scope = {"type": "http", "method": "POST", "path": "/api/inspect", "headers": [], "state": {"required": False}}
    asyncio.run(limits(scope, unread, send))
    assert told[0]["status"] == 429


def test_slow_doors_are_routes_and_leave_most_threads_to_others() -> None:
    for method, path in SLOW_DOORS:
        asked = path.replace("{", "").replace("}", "")
        assert any(_PATTERNS[row].fullmatch(asked) for known, row in RULES if known == method), path
        assert is_slow({"type": "http", "method": method, "path": f"/studio{asked}", "root_path": "/studio"})
    assert not is_slow({"type": "http", "method": "GET", "path": "/api/projects/x/recordings"})
    assert Rates().slow_in_all <= 20


def files_taken() -> Iterator[str]:
    """The paths, as far as their routers say them, of all routes that read a file from their body."""
    for source in sorted((Path(__file__).resolve().parents[2] / "web" / "api").glob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.AsyncFunctionDef) or not any(isinstance(one, ast.Call) for one in node.decorator_list):
                continue
            if {"body_of_file", "_recording"} & {call.id for call in ast.walk(node) if isinstance(call, ast.Name)}:
                yield from (
                    str(one.args[0].value)
                    for one in node.decorator_list
                    if isinstance(one, ast.Call) and isinstance(one.args[0], ast.Constant)
                )


def test_every_route_that_takes_a_file_is_a_slow_door() -> None:
    paths = list(files_taken())
    assert len(paths) >= 11
    assert [path for path in paths if not any(method == "POST" and door.endswith(path) for method, door in SLOW_DOORS)] == []
