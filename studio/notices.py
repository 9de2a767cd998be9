"""Notices of review by webhook: what happened is sent as JSON to the one configured address. Off without an address.

Reads the event log, so what any page, program or command did is told, also what happened while the receiver was away. Says which asset
and which state; never a prompt, a text or a file.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time

import httpx

from domain.errors import InputError, NotFound, StorageError
from domain.events import Event, EventKind
from domain.progress import CancelToken
from domain.value import JsonValue, canonical_json
from library.library import Library

log = logging.getLogger("maquette")

CURSOR = "notices.sent"
SIGNATURE = "X-Maquette-Signature"
LOOK_SECONDS = 2.0
#: After a refusal or no answer, so many seconds more each time, up to the last.
WAITS = (5.0, 30.0, 120.0, 600.0)
TIMEOUT_SECONDS = 5.0


class Notices:
    """Args:
    url: http(s), without a user name; redirects are not followed. secret: signs the body with HMAC-SHA256, "" does not sign.
    client: its transport is used. Raises InputError for an address that cannot be used.
    """

    def __init__(self, library: Library, url: str, client: httpx.Client, *, secret: str = "") -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise _no_address() from error
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
            raise _no_address()
        self._library = library
        self._url = parsed
        self._client = client
        self._secret = secret

    def run(self, cancel: CancelToken) -> None:
        """Send until cancelled. What the receiver does not take is sent again, in order; nothing is skipped."""
        refused = 0
        while not cancel.cancelled:
            try:
                sent = self.send_new()
            except StorageError as error:
                log.info("notices wait for the library: %s", error)
                sent = False
            refused = 0 if sent else refused + 1
            self._sleep(LOOK_SECONDS if sent else WAITS[min(refused, len(WAITS)) - 1], cancel)

    def send_new(self) -> bool:
        """Send what happened since the last time; the first time begins now. Returns False when the receiver did not take something."""
        after = self._library.get_setting(CURSOR)
        if not isinstance(after, int):
            self._library.put_setting(CURSOR, self._library.last_event())
            return True
        for event in self._library.events(after=after):
            notice = self._notice(event)
            if notice is not None and not self._taken(notice):
                return False
            self._library.put_setting(CURSOR, event.number)
        return True

    def _notice(self, event: Event) -> dict[str, JsonValue] | None:
        if event.kind is not EventKind.REVIEW:
            return None
        try:
            asset = self._library.asset(event.subject)
            record = self._library.review_record(event.subject)
            project = self._library.project(event.project_id)
        except NotFound:  # deleted since
            return None
        return {
            "number": event.number,
            "what": "comment" if "comment" in event.data else "review",
            "project": project.name,
            "asset": asset.id,
            "title": asset.title,
            "kind": asset.recipe.kind.value,
            "version": asset.version,
            "person": str(event.data.get("person", "")),
            "state": str(event.data.get("state") or record.state.value),
            "assignee": record.assignee,
            "due": record.due.isoformat() if record.due is not None else "",
            "created": event.created.isoformat(),
        }

    def _taken(self, notice: dict[str, JsonValue]) -> bool:
        body = canonical_json(notice).encode()
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

    @staticmethod
    def _sleep(seconds: float, cancel: CancelToken) -> None:
        until = time.monotonic() + seconds
        while not cancel.cancelled and time.monotonic() < until:
            time.sleep(0.2)


def _no_address() -> InputError:
    return InputError(
        "MAQUETTE_WEBHOOK is not an http(s) address without a user name.",
        hint='Write it like "https://example.org/hook"; a key goes into MAQUETTE_WEBHOOK_SECRET.',
        field="MAQUETTE_WEBHOOK",
    )
