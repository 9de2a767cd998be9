"""How many requests a caller may send."""

from __future__ import annotations

import threading

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from web.accounts import COOKIE, Accounts
from web.guard import Guard
from web.limits import Bucket, Limits, Rates

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
