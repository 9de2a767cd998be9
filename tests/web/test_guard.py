"""One login in front of every path, sockets included."""

from __future__ import annotations

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from web.accounts import COOKIE, Accounts
from web.guard import Guard

SECRET = b"s" * 32


def client(accounts: Accounts, *, local_only: bool = False, base: str = "http://127.0.0.1") -> TestClient:
    app = FastAPI()

    @app.get("/{path:path}")
    def anything(path: str) -> dict[str, str]:
        return {"path": path}

    @app.post("/write")
    def write() -> dict[str, str]:
        return {"written": "yes"}

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    app.add_middleware(Guard, accounts=accounts, local_only=local_only)
    return TestClient(app, base_url=base, follow_redirects=False)


PROTECTED = Accounts("correct horse", None, SECRET)
OPEN = Accounts("", None, SECRET)


@pytest.mark.parametrize("path", ["/", "/zh/", "/files/a/0", "/api/projects/x/board", "/gradio_api/info", "/packs/x.zip", "/config"])
def test_an_unsigned_request_gets_nothing(path: str) -> None:
    assert client(PROTECTED).get(path).status_code == 401


def test_a_browser_is_sent_to_the_login_page() -> None:
    answer = client(PROTECTED).get("/library", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_a_socket_needs_the_login_too() -> None:
    with pytest.raises(WebSocketDisconnect) as closed, client(PROTECTED).websocket_connect("/socket"):
        pass
    assert closed.value.code == 4401


def test_a_signed_in_person_comes_through_with_headers_that_keep_pages_private() -> None:
    cookie = PROTECTED.sign_in("Ada", "correct horse", "a")
    answer = client(PROTECTED).get("/library", headers={"cookie": f"{COOKIE}={cookie}"})
    assert answer.status_code == 200
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_write_from_another_site_is_refused() -> None:
    app = client(OPEN)
    assert app.post("/write", headers={"origin": "http://evil.example"}).status_code == 403
    assert app.post("/write", headers={"origin": "http://127.0.0.1"}).status_code == 200
    assert app.post("/write").status_code == 200


@pytest.mark.parametrize(
    ("host", "status"), [("127.0.0.1:7860", 200), ("localhost:7860", 200), ("[::1]:7860", 200), ("evil.example", 403), ("", 403)]
)
def test_on_loopback_only_loopback_names_are_answered(host: str, status: int) -> None:
    assert client(OPEN, local_only=True).get("/", headers={"host": host}).status_code == status
