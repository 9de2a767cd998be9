"""Notices of review by e-mail: whoever is asked, decided upon or answered gets a message, if they gave an address. Off without a server.

Each person says for themselves where to; the message says what happened, never a prompt, a text or a file.
"""

from __future__ import annotations

import contextlib
import logging
import re
import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

from domain.errors import InputError
from domain.review import ReviewState
from domain.value import JsonValue, Value
from library.library import Library
from studio.notices import Notice

log = logging.getLogger("maquette")

TIMEOUT_SECONDS = 20.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Plain letters alone, for a server need know no others; and no encoded word ("=?…"), which a message would read as other text.
_ADDRESS = re.compile(r"(?!.*=\?)[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
#: What ends the message to one address and no other.
_REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError, ValueError)
#: Words of a message by its language, as the pages have them.
Words = Mapping[str, Mapping[str, str]]


class Mailbox(Value):
    """Where a person is written to. address "": nowhere. language: of the messages."""

    address: str = ""
    language: str = "en"


class Mailboxes:
    """The addresses people gave."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def get(self, person: str) -> Mailbox:
        kept = self._library.get_setting(_key(person))
        return Mailbox.model_validate(kept) if isinstance(kept, dict) else Mailbox()

    def set(self, person: str, box: Mailbox) -> None:
        """Raises InputError for what is no address; an empty one forgets it."""
        if not box.address:
            self._library.put_setting(_key(person), None)
            return
        if not _ADDRESS.fullmatch(box.address) or len(box.address) > 254:
            raise InputError(
                "{address} is not an e-mail address.",
                hint="Write it like name@example.org.",
                field="address",
                address=repr(box.address[:80]),
            )
        kept: JsonValue = box.model_dump(mode="json")
        self._library.put_setting(_key(person), kept)


class MailServer(Value):
    """secure: TLS from the first byte; otherwise STARTTLS, which is insisted on but for this very machine."""

    host: str
    port: int
    secure: bool
    user: str = ""

    @staticmethod
    def read(url: str) -> MailServer:
        """From smtps://USER@HOST:PORT or smtp://USER@HOST:PORT. Raises InputError."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise _no_server() from error
        if parts.scheme not in ("smtp", "smtps") or not host or parts.path.strip("/") or parts.query or parts.password:
            raise _no_server()
        secure = parts.scheme == "smtps"
        return MailServer(host=host, port=port or (465 if secure else 587), secure=secure, user=unquote(parts.username or ""))


class Mailer:
    """Sends notices to those they concern.

    Args:
    may_see: whether a person may still look into a project; who may not is told nothing of it.
    sender: the From of every message. words: by language, of the pages. password: of the server's user. Raises InputError for a sender
    that is no address.
    """

    cursor = "mails.sent"

    def __init__(
        self,
        boxes: Mailboxes,
        may_see: Callable[[str, str], bool],
        server: MailServer,
        sender: str,
        words: Words,
        *,
        password: str = "",
    ) -> None:
        if not _ADDRESS.fullmatch(parseaddr(sender)[1]):
            raise InputError(
                "MAQUETTE_MAIL_FROM is not an e-mail address.",
                hint='Write it like "Maquette <studio@example.org>".',
                field="MAQUETTE_MAIL_FROM",
            )
        self._boxes, self._may_see = boxes, may_see
        self._server, self._sender, self._words, self._password = server, sender, words, password

    def take(self, notice: Notice) -> bool:
        """A server that cannot be reached is asked again later; what it refuses for good is not sent."""
        asked = [(self._boxes.get(person), key) for person, key in recipients(notice) if self._may_see(person, notice.project_id)]
        wanted = [(box, key) for box, key in asked if box.address]
        if not wanted:
            return True
        try:
            # close, not the context of smtplib: a server that says good-bye wrongly has taken the messages all the same.
            with contextlib.closing(self._connected()) as server:
                for box, key in wanted:
                    try:
                        server.send_message(self._message(notice, key, box))
                    except _REFUSED as error:
                        log.warning("a notice by e-mail was refused: %s", type(error).__name__)
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    server.quit()
        except (OSError, smtplib.SMTPException) as error:
            log.info("the mail server did not take a notice: %s", type(error).__name__)
            return False
        return True

    def _message(self, notice: Notice, key: str, box: Mailbox) -> EmailMessage:
        words = self._words.get(box.language, self._words["en"])
        due = words["mail.due"].replace("{date}", notice.due.isoformat()) if notice.due is not None else ""
        told = {"person": notice.person or "–", "title": notice.title, "project": notice.project, "version": str(notice.version)}
        told |= {"state": words[f"review.state.{notice.state}"], "due": due}
        message = EmailMessage()
        message["Subject"] = " ".join(_filled(words[f"mail.{key}"], told).split())[:200]
        message["From"] = self._sender
        message["To"] = box.address
        # Kept apart from what a person wrote, so that no out-of-office note answers it.
        message["Auto-Submitted"] = "auto-generated"
        message["Message-ID"] = make_msgid(domain=parseaddr(self._sender)[1].partition("@")[2])
        message.set_content("\n\n".join(filter(None, (_filled(words[f"mail.{key}_text"], told), due, words["mail.why"]))))
        return message

    def _connected(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.secure:
            made: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            made = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        try:
            if not server.secure and server.host not in _LOOPBACK:
                made.starttls(context=context)
            if server.user:
                made.login(server.user, self._password)
        except BaseException:
            made.close()
            raise
        return made


def recipients(notice: Notice) -> list[tuple[str, str]]:
    """(person, which message): who is asked to review, whose work was decided on, whose work was spoken of. Nobody hears of themselves."""
    found: dict[str, str] = {}
    if notice.what == "comment":
        found = {notice.author: "comment", notice.assignee: "comment"}
    elif notice.action in ("review_moved", "review_assigned") and notice.state == ReviewState.IN_REVIEW.value:
        found = {notice.assignee: "asked"}
    elif notice.action == "review_moved" and notice.state != ReviewState.DRAFT.value:
        found = {notice.author: "decided"}
    return [(person, key) for person, key in found.items() if person and person != notice.person]


def _filled(template: str, told: Mapping[str, str]) -> str:
    """One pass, so that braces in a title stay what they are."""
    return re.sub(r"\{(\w+)\}", lambda match: told.get(match.group(1), match.group(0)), template)


def _key(person: str) -> str:
    return f"mail.{person}"


def _no_server() -> InputError:
    return InputError(
        "MAQUETTE_SMTP is not the address of a mail server.",
        hint='Write it like "smtps://name@mail.example.org"; the password goes into MAQUETTE_SMTP_PASSWORD.',
        field="MAQUETTE_SMTP",
    )
