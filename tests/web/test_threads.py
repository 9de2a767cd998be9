"""Pictures that wait to be made small leave the threads of handlers to others."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import anyio.to_thread
import httpx
from fastapi import FastAPI

from domain.people import Caller
from studio.studio import Studio
from web.api.files import files_router
from web.caller import CALLER
from web.threads import Threads


def test_small_pictures_that_wait_stop_nobody_else(tmp_path: Path) -> None:
    go_on, small = threading.Event(), tmp_path / "small.webp"
    small.write_bytes(b"small")

    def thumbnail(asset_id: str) -> Path:
        assert go_on.wait(60)
        return small

    app = FastAPI()
    app.include_router(files_router(cast(Studio, SimpleNamespace(shelf=SimpleNamespace(thumbnail=thumbnail)))))

    @app.get("/other")
    def other() -> str:
        return "made"

    async def crowd() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", timeout=60) as http:
            every = int(anyio.to_thread.current_default_thread_limiter().total_tokens)
            waiting = [asyncio.create_task(http.get(f"/thumbnails/{number}")) for number in range(every)]
            await asyncio.sleep(0)
            try:
                answer = await asyncio.wait_for(http.get("/other"), 30)
            finally:
                go_on.set()
            assert answer.json() == "made"
            assert {one.status_code for one in await asyncio.gather(*waiting)} == {200}

    asyncio.run(crowd())


def test_work_sees_the_request_it_is_for_and_gives_what_it_made() -> None:
    def greet(greeting: str, *, mark: str) -> str:
        caller = CALLER.get()
        return f"{greeting} {caller.person if caller else ''}{mark}"

    async def ask(threads: Threads) -> str:
        CALLER.set(Caller(person="Ada"))
        return await threads.run(greet, "Hello", mark="!")

    one = Threads("test", 1)
    # Each loop has a limiter of its own.
    assert [asyncio.run(ask(one)) for _ in range(2)] == ["Hello Ada!"] * 2
