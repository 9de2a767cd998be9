"""Who may come in: the people of the library with passwords of their own; or whoever knows one shared password; or this machine alone.

Which of the three holds follows from what is there: people win over the password. Without either, the studio listens on loopback
only and everyone on this machine is "local". Cookies of people are sessions of the library (studio/people.py); those of a shared
password are signed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher
from fastapi import Request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from domain.errors import HostingError, InputError, NotSignedIn
from domain.people import LOCAL, NAME_MAX, Caller
from studio.people import PASSWORD_MIN, SESSION, People, hash_password, matches
from web.tries import Tries

COOKIE = "maquette_session"
SESSION_SECONDS = int(SESSION.total_seconds())
KEY_BYTES = 32
#: Passwords hashed side by side: each takes 64 MB and a core, and everybody else's requests need some too.
CHECKS_AT_ONCE = 2
#: While there are no people, how long that is believed: another process, the command line, may add the first one.
BELIEVED_SECONDS = 2.0
HERE = Caller(person=LOCAL, everything=True)


class Accounts:
    """Checks passwords, sessions and API tokens. Thread-safe.

    Args:
        password: the shared password, "" for none; whoever knows it signs in under a name of their own.
        people: of the library; None where there is no library, which is like a library without people.
        secret: signs the cookies of the shared password; from `session_secret`.
        clock: seconds that only rise.
        single: people come in through a sign-in provider: the door is shut although there are no accounts yet.
    """

    def __init__(
        self, password: str, people: People | None, secret: bytes, clock: Callable[[], float] = time.monotonic, *, single: bool = False
    ) -> None:
        require_password(password)
        self._people = people
        self._single = single
        self._shared = PasswordHasher().hash(password) if password else ""
        # The signing key changes with the password, so that a changed password ends every session made with the old one.
        key = hmac.new(secret, password.encode(), hashlib.sha256).hexdigest()
        self._serializer = URLSafeTimedSerializer(key, salt="maquette-session")
        self._clock = clock
        self._tries = Tries(clock)
        #: Held by whoever checks a password, at the login and elsewhere.
        self.checking = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._asked = -BELIEVED_SECONDS
        self._named = False
        self._guard = threading.Lock()

    @property
    def required(self) -> bool:
        return bool(self._shared) or self._single or self.named is not None

    @property
    def named(self) -> People | None:
        """The people, where there are any: then names are accounts, and roles hold."""
        if self._people is None:
            return None
        with self._guard:
            # Who is there once stays: people are closed out, never removed.
            if not self._named and self._clock() - self._asked >= BELIEVED_SECONDS:
                self._named, self._asked = self._people.any(), self._clock()
            return self._people if self._named else None

    def look_again(self) -> None:
        """Somebody was added: the door closes now, not in a moment."""
        with self._guard:
            self._asked = self._clock() - BELIEVED_SECONDS

    def sign_in(self, name: str, password: str, address: str) -> str:
        """The session cookie of a person. Takes tens of milliseconds of CPU: not for an event loop.

        Raises NotSignedIn for a wrong pair, or after ten wrong tries of this name from this address in five minutes.
        """
        name = " ".join(name.split())[:NAME_MAX]
        if not name:
            raise NotSignedIn("A name is needed.", hint="Type the name your work should carry.", field="name")
        self._tries.count((address, name))
        people = self.named
        if people is not None:
            cookie = people.sign_in(name, password, address)
        else:
            if not self._shared or not matches(self._shared, password):
                raise NotSignedIn("The name or password is wrong.", hint="Try again, or ask who runs this studio.", field="password")
            cookie = self._serializer.dumps(name)
        self._tries.forget((address, name))
        return cookie

    def change_password(self, name: str, present: str, password: str, address: str) -> None:
        """A person changes their own; wrong tries count as those of the login do. Takes as long as `sign_in`.

        Raises NotSignedIn when `present` is not the password or after ten wrong tries, InputError for a new one that cannot be used or
        where there are no accounts.
        """
        people = self.named
        if people is None:
            raise no_accounts()
        self._tries.count((address, name))
        try:
            people.change_own_password(name, present, password, address)
        except InputError:  # the present one was right
            self._tries.forget((address, name))
            raise
        self._tries.forget((address, name))

    def signed_in(self, cookie: str | None, name: str) -> bool:
        """Whether this person came in with a password or through the provider, not with an API token."""
        found = self.caller(cookie)
        return found is not None and found.person == name

    def sign_out(self, cookie: str | None) -> None:
        """End the session, where it is one of the library."""
        people = self.named
        if people is not None and cookie:
            people.sign_out(cookie)

    def delay(self) -> float:
        """Seconds to wait before the next try is checked: 0 unless very many were wrong lately."""
        return self._tries.delay()

    def caller(self, cookie: str | None, token: str = "") -> Caller | None:
        """Who a request comes from; None when cookie and token are missing, altered or expired. token: of an API client."""
        people = self.named
        if people is not None:
            name = people.bearer(token) if token else people.session(cookie) if cookie else None
            return Caller(person=name) if name else None
        if not self._shared:
            return None if self._single else HERE
        try:
            name = self._serializer.loads(cookie, max_age=SESSION_SECONDS) if cookie else None
        except BadSignature:
            return None
        # A name anybody may choose carries no rights: everyone who knows the password has them all.
        return Caller(person=name, everything=True) if isinstance(name, str) else None


def no_accounts() -> InputError:
    return InputError("This studio has no accounts.", hint="Add the first person in Settings > People.", field="person")


def require_password(password: str) -> None:
    """Raises HostingError for a shared password that is too short."""
    if password and len(password) < PASSWORD_MIN:
        raise HostingError(
            "The password has {count} characters.",
            hint="Use at least {password_min}.",
            field="MAQUETTE_PASSWORD",
            count=len(password),
            password_min=PASSWORD_MIN,
        )


def read_accounts(file: Path) -> dict[str, str]:
    """name -> argon2 hash. Raises HostingError naming the line that is wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HostingError(
            "The accounts file {file} cannot be read: {error}.",
            hint="Make one with: python app.py accounts add NAME --file FILE",
            file=file,
            error=str(error),
        ) from error
    accounts: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, separator, hashed = line.partition(":")
        if not separator or not hashed.startswith("$argon2"):
            raise HostingError(
                "Line {number} of {file} is not name:argon2-hash.",
                hint="Make it with: python app.py accounts add NAME --file FILE",
                number=number,
                file=file,
            )
        accounts[name.strip()] = hashed.strip()
    if not accounts:
        raise HostingError(
            "The accounts file {file} names nobody.", hint="Add someone with: python app.py accounts add NAME --file FILE", file=file
        )
    return accounts


def add_account(file: Path, name: str, password: str) -> None:
    """Add a person or change their password. The file is readable by its owner only."""
    name = " ".join(name.split())
    if not name or ":" in name or len(name) > NAME_MAX:
        raise InputError(
            "{name} cannot be a name here.",
            hint="Use 1 to {name_max} characters without a colon.",
            field="name",
            name=repr(name),
            name_max=NAME_MAX,
        )
    hashed = hash_password(password)
    accounts = read_accounts(file) if file.exists() else {}
    accounts[name] = hashed
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text("".join(f"{n}:{h}\n" for n, h in sorted(accounts.items())), encoding="utf-8")
    temporary.replace(file)


def session_secret(home: Path) -> bytes:
    """The key of this studio, made on first use, readable by its owner only. One that is too short is made anew."""
    file = home / "session.key"
    if file.exists() and len(key := file.read_bytes()) >= KEY_BYTES:
        return key
    home.mkdir(parents=True, exist_ok=True)
    # Whole or not at all, also when the disk fills up: an empty key would let anybody sign a session.
    temporary = home / f"session.key.{secrets.token_hex(4)}"
    try:
        temporary.touch(mode=0o600)
        temporary.write_bytes(secrets.token_bytes(KEY_BYTES))
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return file.read_bytes()


def by_https(request: Request, secure: bool) -> bool:
    """Whether a cookie may be marked Secure. secure: the studio is reached by HTTPS only; else a proxy that is believed says so."""
    return secure or request.url.scheme == "https"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_protection(host: str, share: bool, accounts: Accounts) -> None:
    """Refuse to be reachable from outside without sign-in. Raises HostingError that says how to set one."""
    if accounts.required or (is_loopback(host) and not share):
        return
    wish = "share a public link" if share else f"listen on {host}"
    raise HostingError(
        "Maquette will not {wish} without a password.",
        hint="Set MAQUETTE_PASSWORD, or make accounts with: python app.py accounts add NAME.",
        field="share" if share else "host",
        wish=wish,
    )
