"""The login form: what comes back, and that hashing a password stops nobody else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from domain.errors import NotSignedIn
from web.accounts import COOKIE, Accounts
from web.api.session import session_router

SECRET = b"s" * 32
FORM = {"name": "Ada", "password": "correct horse"}


class SlowAccounts(Accounts):
    """Hashes until the test has been answered elsewhere."""

    def __init__(self) -> None:
        super().__init__("correct horse", None, SECRET)
        self.answered = threading.Event()

    def sign_in(self, name: str, password: str, address: str) -> str:
        if not self.answered.wait(10):
            raise NotSignedIn("Nobody else was answered meanwhile.")
        return super().sign_in(name, password, address)


def client(accounts: Accounts, assets: Path) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(session_router(accounts, assets, secure=False))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


def test_others_are_answered_while_a_password_is_hashed(assets: Path) -> None:
    accounts = SlowAccounts()

    async def meanwhile() -> httpx.Response:
        async with client(accounts, assets) as http:
            signing_in = asyncio.create_task(http.post("/login", data=FORM))
            await asyncio.sleep(0)
            assert (await http.get("/healthz")).json() == {"status": "ok"}
            accounts.answered.set()
            return await signing_in

    assert asyncio.run(meanwhile()).status_code == 303


@pytest.mark.parametrize(("password", "status"), [("correct horse", 303), ("wrong", 401)])
def test_the_form_gives_a_cookie_or_says_what_is_wrong(assets: Path, password: str, status: int) -> None:
    accounts = Accounts("correct horse", None, SECRET)

    async def ask() -> httpx.Response:
        async with client(accounts, assets) as http:
            return await http.post("/login", data={**FORM, "password": password})

    answer = asyncio.run(ask())
    assert answer.status_code == status
    caller = accounts.caller(answer.cookies.get(COOKIE))
    assert (caller is not None and caller.person == "Ada") is (status == 303)
    assert ('role="alert"' in answer.text) is (status == 401)


def test_a_form_is_bounded_whatever_it_says_of_its_length(assets: Path) -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        yield b"name=Ada&password="
        for _ in range(1000):
            read += 1
            yield b"x" * 1000

    async def ask() -> list[httpx.Response]:
        async with client(Accounts("correct horse", None, SECRET), assets) as http:
            kind = {"content-type": "application/x-www-form-urlencoded"}
            # What is sent in chunks says no length, and a length that was said need not be that of what comes.
            return [await http.post("/login", content=pieces(), headers={**kind, **more}) for more in ({}, {"content-length": "40"})]

    assert [answer.status_code for answer in asyncio.run(ask())] == [413, 413]
    assert read < 20


def test_a_form_in_chunks_signs_in(assets: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"name=Ada&pass"
        yield b"word=correct+horse"

    async def ask() -> httpx.Response:
        async with client(Accounts("correct horse", None, SECRET), assets) as http:
            return await http.post("/login", content=pieces(), headers={"content-type": "application/x-www-form-urlencoded"})

    assert asyncio.run(ask()).status_code == 303
