"""Who may come in: one password for all, or an accounts file; argon2 hashes and signed session cookies.

Without either, the studio listens on loopback only and everyone on this machine is "local".
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, URLSafeTimedSerializer

from domain.errors import HostingError, InputError, NotSignedIn

LOCAL = "local"
COOKIE = "maquette_session"
SESSION_SECONDS = 7 * 24 * 3600
NAME_MAX = 40
PASSWORD_MIN = 8
KEY_BYTES = 32
ATTEMPTS = 10
ATTEMPT_WINDOW_SECONDS = 300.0

#: From this many wrong tries in the window, whoever made them, every try waits a moment. It slows guessing under ever new names
#: without closing the door to those who know the password.
CROWD = 30
CROWD_DELAY_SECONDS = 1.0
#: Wrong tries remembered at most.
_REMEMBERED = 10_000


class Accounts:
    """Checks passwords and sessions. Thread-safe.

    Args:
        password: the shared password, "" for none; whoever knows it signs in under a name of their own.
        file: lines "name:argon2-hash"; wins over the password.
        secret: signs the session cookies; from `session_secret`.
        clock: seconds that only rise.
    """

    def __init__(self, password: str, file: Path | None, secret: bytes, clock: Callable[[], float] = time.monotonic) -> None:
        self._hasher = PasswordHasher()
        self._named = read_accounts(file) if file is not None else {}
        if file is None and password and len(password) < PASSWORD_MIN:
            raise HostingError(
                "The password has {count} characters.",
                hint="Use at least {password_min}.",
                field="MAQUETTE_PASSWORD",
                count=len(password),
                password_min=PASSWORD_MIN,
            )
        self._shared = self._hasher.hash(password) if password and file is None else ""
        # The signing key changes with the accounts, so that a changed password ends every session made with the old one.
        basis = password if file is None else "\n".join(f"{name}:{hashed}" for name, hashed in sorted(self._named.items()))
        key = hmac.new(secret, basis.encode(), hashlib.sha256).hexdigest()
        self._serializer = URLSafeTimedSerializer(key, salt="maquette-session")
        self._clock = clock
        # (when, (address, name)) of wrong tries and of tries under way, oldest first.
        self._tries: deque[tuple[float, tuple[str, str]]] = deque(maxlen=_REMEMBERED)
        self._guard = threading.Lock()

    @property
    def required(self) -> bool:
        return bool(self._shared or self._named)

    def sign_in(self, name: str, password: str, address: str) -> str:
        """The session cookie of a person. Takes tens of milliseconds of CPU: not for an event loop.

        Raises NotSignedIn for a wrong pair, or after ten wrong tries of this name from this address in five minutes.
        """
        name = " ".join(name.split())[:NAME_MAX]
        if not name:
            raise NotSignedIn("A name is needed.", hint="Type the name your work should carry.", field="name")
        key = (address, name)
        # Counted before the password is checked, so that many tries at once are not more tries.
        self._count_try(key)
        expected = self._named.get(name, "") if self._named else self._shared
        if not self._matches(expected, password):
            raise NotSignedIn("The name or password is wrong.", hint="Try again, or ask who runs this studio.", field="password")
        with self._guard:
            self._tries = deque((t for t in self._tries if t[1] != key), maxlen=_REMEMBERED)
        return self._serializer.dumps(name)

    def delay(self) -> float:
        """Seconds to wait before the next try is checked: 0 unless very many were wrong lately."""
        with self._guard:
            self._forget_old()
            return CROWD_DELAY_SECONDS if len(self._tries) >= CROWD else 0.0

    def person(self, cookie: str | None) -> str | None:
        """Who a cookie stands for; "local" where no sign-in is required; None when it is missing, altered or expired."""
        if not self.required:
            return LOCAL
        if not cookie:
            return None
        try:
            name = self._serializer.loads(cookie, max_age=SESSION_SECONDS)
        except BadSignature:
            return None
        if not isinstance(name, str) or (self._named and name not in self._named):
            return None
        return name

    def _matches(self, expected: str, password: str) -> bool:
        try:
            # A name that does not exist costs as much time as one that does.
            return self._hasher.verify(expected or _NOBODY, password) and bool(expected)
        except (VerificationError, InvalidHashError):
            return False

    def _count_try(self, key: tuple[str, str]) -> None:
        with self._guard:
            self._forget_old()
            if sum(tried == key for _, tried in self._tries) >= ATTEMPTS:
                raise NotSignedIn("Too many wrong tries.", hint="Wait five minutes.", field="password")
            self._tries.append((self._clock(), key))

    def _forget_old(self) -> None:
        while self._tries and self._clock() - self._tries[0][0] >= ATTEMPT_WINDOW_SECONDS:
            self._tries.popleft()


_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$c2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Q"


def read_accounts(file: Path) -> dict[str, str]:
    """name -> argon2 hash. Raises HostingError naming the line that is wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HostingError(
            "The accounts file {file} cannot be read: {error}.",
            hint="Make one with: python app.py accounts add NAME",
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
                hint="Make it with: python app.py accounts add NAME",
                number=number,
                file=file,
            )
        accounts[name.strip()] = hashed.strip()
    if not accounts:
        raise HostingError("The accounts file {file} names nobody.", hint="Add someone with: python app.py accounts add NAME", file=file)
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
    if len(password) < PASSWORD_MIN:
        raise InputError(
            "The password is too short.", hint="Use at least {password_min} characters.", field="password", password_min=PASSWORD_MIN
        )
    accounts = read_accounts(file) if file.exists() else {}
    accounts[name] = PasswordHasher().hash(password)
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
        hint="Set MAQUETTE_PASSWORD, or make accounts with: python app.py accounts add NAME, and start with --accounts FILE.",
        field="share" if share else "host",
        wish=wish,
    )
