"""Notices by e-mail, sent over a real connection to a mail server of the test."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from domain.errors import InputError
from domain.settings import sqlite_url
from library.library import Library
from studio.mailing import Mailbox, Mailboxes, Mailer, MailServer, recipients
from studio.notices import Notice


class Post(socketserver.ThreadingTCPServer):
    """Speaks SMTP. refuse: recipients it does not know; closed: it says it is busy."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.got: list[EmailMessage] = []
        self.refuse: set[str] = set()
        self.closed = False


class Talk(socketserver.StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        self.wfile.write(b"421 later\r\n" if self.server.closed else b"220 here\r\n")
        while line := self.rfile.readline().strip().decode():
            verb = line[:4].upper()
            if verb == "DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.got.append(message_from_bytes(b"".join(lines), policy=policy.default))
            refused = verb == "RCPT" and any(one in line for one in self.server.refuse)
            self.wfile.write(b"550 nobody here\r\n" if refused else b"250 yes\r\n")
            if verb == "QUIT":  # answered wrongly, as some do: the messages were taken all the same
                return


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    home = tmp_path / "home"
    home.mkdir()
    with Library.open(sqlite_url(home / "maquette.db"), home) as opened:
        yield opened


@pytest.fixture
def boxes(library: Library) -> Mailboxes:
    return Mailboxes(library)


@pytest.fixture
def mailer(post: Post, boxes: Mailboxes, assets: Path) -> Mailer:
    words = {language: json.loads((assets / "i18n" / f"{language}.json").read_text("utf-8")) for language in ("en", "zh")}
    server = MailServer.read(f"smtp://127.0.0.1:{post.server_address[1]}")
    return Mailer(boxes, lambda person, project_id: person != "Gone", server, "Maquette <studio@example.org>", words)


def notice(**changed: Any) -> Notice:
    values: dict[str, Any] = {
        "number": 1, "what": "review", "action": "review_moved", "project": "Spring", "project_id": "p", "asset": "a",
        "title": "Hero {state}",
        "kind": "picture", "version": 2, "person": "Ed", "author": "Ed", "state": "in_review", "assignee": "Rev",
        "created": datetime(2026, 1, 2, tzinfo=UTC),
    }  # fmt: skip
    return Notice.model_validate(values | changed)


def test_whoever_is_asked_is_told_where_they_said(mailer: Mailer, boxes: Mailboxes, post: Post) -> None:
    boxes.set("Rev", Mailbox(address="rev@example.org"))
    boxes.set("Ed", Mailbox(address="ed@example.org"))
    assert mailer.take(notice(due=date(2026, 3, 1)))
    [message] = post.got
    assert message["To"] == "rev@example.org"
    assert message["Subject"] == "To review: Hero {state} (Spring)"
    body = message.get_content()
    assert "Ed asks you to review version 2 of “Hero {state}”" in body
    assert "2026-03-01" in body


def test_the_maker_is_told_in_their_language_what_was_decided(mailer: Mailer, boxes: Mailboxes, post: Post) -> None:
    boxes.set("Ed", Mailbox(address="ed@example.org", language="zh"))
    assert mailer.take(notice(person="Rev", state="changes_requested"))
    assert "Rev 对项目“Spring”" in post.got[0].get_content()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"person": "Rev"}, []),
        ({"action": "review_ticked"}, []),
        ({"state": "draft"}, []),
        ({"action": "review_assigned", "person": "Owner"}, [("Rev", "asked")]),
        ({"person": "Rev", "state": "approved"}, [("Ed", "decided")]),
        ({"what": "comment", "action": "", "person": "Visitor"}, [("Ed", "comment"), ("Rev", "comment")]),
        ({"what": "comment", "action": "", "person": "Ed", "assignee": ""}, []),
    ],
)
def test_who_is_told_what(changed: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert recipients(notice(**changed)) == told


def test_who_gave_no_address_gets_nothing_and_nobody_waits(mailer: Mailer, boxes: Mailboxes, post: Post) -> None:
    boxes.set("Rev", Mailbox(address="rev@example.org"))
    boxes.set("Rev", Mailbox())
    assert mailer.take(notice())
    assert post.got == []


def test_a_refused_address_holds_nobody_up_and_a_busy_server_is_asked_again(mailer: Mailer, boxes: Mailboxes, post: Post) -> None:
    boxes.set("Ed", Mailbox(address="ed@example.org"))
    boxes.set("Rev", Mailbox(address="gone@example.org"))
    post.refuse = {"gone@example.org"}
    assert mailer.take(notice(what="comment", action="", person="Visitor"))
    assert [message["To"] for message in post.got] == ["ed@example.org"]
    post.closed = True
    assert not mailer.take(notice(what="comment", action="", person="Visitor"))


def test_an_address_that_no_message_can_bear_holds_nobody_up(mailer: Mailer, boxes: Mailboxes, post: Post, library: Library) -> None:
    boxes.set("Rev", Mailbox(address="rev@example.org"))
    # As an earlier version took it: the address of a message reads it as a name with a line end.
    library.put_setting("mail.Ed", {"address": "=?utf-8?q?a=0d=0aBcc=3a_v=40e.org?=@x.org", "language": "en"})
    assert boxes.get("Ed").address
    assert mailer.take(notice(what="comment", action="", person="Visitor"))
    assert [message["To"] for message in post.got] == ["rev@example.org"]


def test_who_may_not_look_into_the_project_any_more_is_told_nothing(mailer: Mailer, boxes: Mailboxes, post: Post) -> None:
    boxes.set("Gone", Mailbox(address="gone@example.org"))
    boxes.set("Rev", Mailbox(address="rev@example.org"))
    assert mailer.take(notice(what="comment", action="", author="Gone", person="Visitor"))
    assert [message["To"] for message in post.got] == ["rev@example.org"]


@pytest.mark.parametrize(
    "address", ["=?utf-8?q?a?=@x.org", "müller@firma.de", "ed", "ed@", "a@b\r\nBcc: c@d.org", "a@b.org, c@d.org", "Ed <ed@example.org>"]
)
def test_what_is_no_address_is_refused(boxes: Mailboxes, address: str) -> None:
    with pytest.raises(InputError, match="is not an e-mail address"):
        boxes.set("Ed", Mailbox(address=address))


@pytest.mark.parametrize(
    "url", ["mail.example.org", "https://mail.example.org", "smtp://", "smtp://ed:secret@example.org", "smtp://a:99999999"]
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="MAQUETTE_SMTP"):
        MailServer.read(url)


def test_a_mail_server_is_read_as_people_write_it() -> None:
    assert MailServer.read("smtps://ed%40x@mail.example.org") == MailServer(host="mail.example.org", port=465, secure=True, user="ed@x")
    assert MailServer.read("smtp://mail.example.org").port == 587
