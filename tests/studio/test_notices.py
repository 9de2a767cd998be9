"""Notices by webhook, sent over a real connection to a receiver of the test."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import InputError
from domain.people import AuditEntry
from domain.progress import CancelToken
from domain.recipe import OutputFile, Recipe
from domain.review import ReviewState
from domain.settings import sqlite_url
from library.library import Library
from studio.comments import Comments
from studio.notices import SIGNATURE, Notices, Webhook
from tests.studio.bench import now


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    got: list[tuple[bytes, str]] = field(default_factory=list)
    taken: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((body, self.headers.get(SIGNATURE, "")))
            self.send_response(found.status)
            if found.status == 302:
                self.send_header("location", f"{found.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()
            found.taken.set()

        def log_message(self, *words: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(sqlite_url(home / "maquette.db"), home) as opened:
        yield opened


@pytest.fixture
def asset(library: Library) -> Asset:
    project = library.create_project("Harbour")
    recipe = Recipe(kind=StepKind.PICTURE, maker="m", maker_version=1, prompt="a secret prompt")
    draft = Asset(id="", project_id=project.id, title="Buoy", files=(), recipe=recipe, created=now())
    return library.add_asset(draft, [OutputFile("buoy.png", "image/png", b"1")])


@pytest.fixture
def notices(library: Library, receiver: Receiver) -> Iterator[Callable[[str], Notices]]:
    with httpx.Client(trust_env=False) as client:
        yield lambda url: Notices(library, Webhook(url or receiver.url, client, secret="shh"))


def approve(library: Library, asset: Asset) -> None:
    library.change_review(
        asset.id,
        None,
        lambda record, _: (record.model_copy(update={"state": ReviewState.APPROVED, "person": "Rev"}), None),
        lambda before, after: AuditEntry(person="Rev", action="review_moved", project_id=asset.project_id, created=now()),
    )


def test_what_happens_after_the_first_look_is_sent_signed_and_without_contents(
    library: Library, asset: Asset, receiver: Receiver, notices: Callable[[str], Notices]
) -> None:
    sender = notices("")
    approve(library, asset)
    assert sender.send_new()
    assert receiver.got == []
    approve(library, asset)
    Comments(library, now).say(asset.id, "A private remark.", person="Ed")
    assert sender.send_new()
    told = [json.loads(body) for body, _ in receiver.got]
    assert [(one["what"], one["title"], one["state"], one["person"]) for one in told] == [
        ("review", "Buoy", "approved", "Rev"),
        ("comment", "Buoy", "approved", "Ed"),
    ]
    for body, signature in receiver.got:
        assert signature == "sha256=" + hmac.new(b"shh", body, hashlib.sha256).hexdigest()
        assert b"secret prompt" not in body and b"private remark" not in body
    assert sender.send_new()
    assert len(receiver.got) == 2


@pytest.mark.parametrize("status", [500, 302])
def test_what_is_not_taken_is_sent_again_and_a_redirect_leads_nowhere(
    library: Library, asset: Asset, receiver: Receiver, notices: Callable[[str], Notices], status: int
) -> None:
    sender = notices("")
    sender.send_new()
    approve(library, asset)
    receiver.status = status
    assert not sender.send_new()
    assert len(receiver.got) == 1
    receiver.status = 204
    assert sender.send_new()
    assert receiver.got[0] == receiver.got[1]


def test_nobody_at_the_address_loses_nothing(library: Library, asset: Asset, receiver: Receiver, notices: Callable[[str], Notices]) -> None:
    away = notices("http://127.0.0.1:9/hook")
    away.send_new()
    approve(library, asset)
    assert not away.send_new()
    assert notices("").send_new()
    assert len(receiver.got) == 1


def test_it_runs_until_the_studio_closes(library: Library, asset: Asset, receiver: Receiver, notices: Callable[[str], Notices]) -> None:
    sender, cancel = notices(""), CancelToken()
    sender.send_new()
    approve(library, asset)
    thread = threading.Thread(target=sender.run, args=(cancel,))
    thread.start()
    assert receiver.taken.wait(60)
    cancel.cancel()
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "url", ["ftp://example.org", "file:///etc/passwd", "hook", "http://", "http://me:secret@example.org", "http://example.org:port", ""]
)
def test_an_address_that_cannot_be_used_is_refused(library: Library, url: str) -> None:
    with httpx.Client() as client, pytest.raises(InputError, match="MAQUETTE_WEBHOOK"):
        Webhook(url, client)
