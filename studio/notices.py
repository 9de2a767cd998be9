"""Notices of review: what happened is told to a sender, in order, nothing twice and nothing left out.

Reads the event log, so what any page, program or command did is told, also what happened while the receiver was away. Says which asset
and which state; never a prompt, a text or a file. Senders: the webhook here, e-mail in studio/mailing.py.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from datetime import date, datetime
from typing import Protocol

import httpx

from domain.errors import InputError, NotFound, StorageError
from domain.events import Event, EventKind
from domain.progress import CancelToken
from domain.value import Value, canonical_json
from library.library import Library

log = logging.getLogger("maquette")

SIGNATURE = "X-Maquette-Signature"
LOOK_SECONDS = 2.0
#: After a refusal or no answer, so many seconds more each time, up to the last.
WAITS = (5.0, 30.0, 120.0, 600.0)
TIMEOUT_SECONDS = 5.0


class Notice(Value):
    """action: what was done, by the name the audit log has for it; "" for a comment. person: who did it. author: who made the asset."""

    number: int
    what: str
    action: str = ""
    project: str
    project_id: str
    asset: str
    title: str
    kind: str
    version: int
    person: str
    author: str = ""
    state: str
    assignee: str
    due: date | None = None
    created: datetime


class Sender(Protocol):
    @property
    def cursor(self) -> str:
        """The setting under which the library keeps how far this sender is."""

    def take(self, notice: Notice) -> bool:
        """Send one notice. False: not now, ask again later."""


class Notices:
    """Tells one sender."""

    def __init__(self, library: Library, sender: Sender) -> None:
        self._library = library
        self._sender = sender

    def run(self, cancel: CancelToken) -> None:
        """Send until cancelled. What the receiver does not take is sent again, in order; nothing is skipped."""
        refused = 0
        while not cancel.cancelled:
            try:
                sent = self.send_new()
            except StorageError as error:
                log.info("notices wait for the library: %s", error)
                sent = False
            except Exception:  # a fault of ours: the next notices must not wait for a restart
                log.exception("a notice could not be told")
                sent = False
            refused = 0 if sent else refused + 1
            self._sleep(LOOK_SECONDS if sent else WAITS[min(refused, len(WAITS)) - 1], cancel)

    def send_new(self) -> bool:
        """Send what happened since the last time; the first time begins now. Returns False when the receiver did not take something."""
        cursor = self._sender.cursor
        after = self._library.get_setting(cursor)
        if not isinstance(after, int):
            self._library.put_setting(cursor, self._library.last_event())
            return True
        for event in self._library.events(after=after):
            notice = self._notice(event)
            if notice is not None and not self._sender.take(notice):
                return False
            self._library.put_setting(cursor, event.number)
        return True

    def _notice(self, event: Event) -> Notice | None:
        if event.kind is not EventKind.REVIEW:
            return None
        try:
            asset = self._library.asset(event.subject)
            record = self._library.review_record(event.subject)
            project = self._library.project(event.project_id)
        except NotFound:  # deleted since
            return None
        return Notice(
            number=event.number,
            what="comment" if "comment" in event.data else "review",
            action=str(event.data.get("action", "")),
            project=project.name,
            project_id=project.id,
            asset=asset.id,
            title=asset.title,
            kind=asset.recipe.kind.value,
            version=asset.version,
            person=str(event.data.get("person", "")),
            author=asset.person,
            state=str(event.data.get("state") or record.state.value),
            assignee=record.assignee,
            due=record.due,
            created=event.created,
        )

    @staticmethod
    def _sleep(seconds: float, cancel: CancelToken) -> None:
        until = time.monotonic() + seconds
        while not cancel.cancelled and time.monotonic() < until:
            time.sleep(0.2)


class Webhook:
    """Sends notices as JSON to one address.

    Args:
    url: http(s), without a user name; redirects are not followed. secret: signs the body with HMAC-SHA256, "" does not sign.
    client: its transport is used. Raises InputError for an address that cannot be used.
    """

    cursor = "notices.sent"

    def __init__(self, url: str, client: httpx.Client, *, secret: str = "") -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise _no_address() from error
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
            raise _no_address()
        self._url = parsed
        self._client = client
        self._secret = secret

    def take(self, notice: Notice) -> bool:
        told = notice.model_dump(mode="json", exclude={"author"}) | {"due": notice.due.isoformat() if notice.due is not None else ""}
        body = canonical_json(told).encode()
        headers = {"content-type": "application/json"}
        if self._secret:
            headers[SIGNATURE] = "sha256=" + hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        try:
            answer = self._client.post(self._url, content=body, headers=headers, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        except httpx.HTTPError as error:
            log.info("a notice was not taken: %s", type(error).__name__)
            return False
        if not answer.is_success:
            log.info("a notice was answered with %d", answer.status_code)
        return answer.is_success


def _no_address() -> InputError:
    return InputError(
        "MAQUETTE_WEBHOOK is not an http(s) address without a user name.",
        hint='Write it like "https://example.org/hook"; a key goes into MAQUETTE_WEBHOOK_SECRET.',
        field="MAQUETTE_WEBHOOK",
    )
