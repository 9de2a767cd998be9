"""People: passwords, sessions, API tokens, who is a member of which project, and the audit log of it all.

    people.add(name, password)                 -> Person; the first one owns the studio
    people.sign_in(name, password)             -> a cookie; raises NotSignedIn
    people.session(cookie), people.bearer(token)      -> name, or None
    people.set_role(project_id, name, role)    -> None takes it away

What may be done with a role is studio/rights.py's; how often a password may be tried is web/accounts.py's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import Conflict, InputError, LimitError, NotSignedIn
from domain.people import LOCAL, NAME_MAX, ApiToken, AuditEntry, Member, Person, Quota
from domain.project import Role
from domain.value import JsonValue
from library.library import Library
from library.people import nobody

SESSION = timedelta(days=7)
PASSWORD_MIN = 8
PASSWORD_MAX = 200
#: Bytes of randomness in cookies, tokens and links: 256 bits.
SECRET_BYTES = 32
TOKEN_MARK = "mq_"  # noqa: S105
TOKENS_MAX = 50

#: The hash of nobody's password: a name that does not exist costs as much time as one that does.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$c2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Rmc2Q"


def _now() -> datetime:
    return datetime.now(UTC)


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def hashed(secret: str) -> str:
    """What is stored of a secret of ours. They are random and long: a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", errors="replace")).hexdigest()


def hash_password(password: str) -> str:
    """argon2. Takes tens of milliseconds of CPU. Raises InputError for one that is too short or too long."""
    if len(password) < PASSWORD_MIN:
        raise InputError(
            "The password is too short.", hint="Use at least {password_min} characters.", field="password", password_min=PASSWORD_MIN
        )
    if len(password) > PASSWORD_MAX or any("\ud800" <= c <= "\udfff" for c in password):
        raise InputError(
            "The password cannot be used.",
            hint="Use at most {password_max} characters of text.",
            field="password",
            password_max=PASSWORD_MAX,
        )
    return PasswordHasher().hash(password)


def matches(expected: str, password: str) -> bool:
    """Whether a password has this hash; "" is nobody's, and takes as long."""
    try:
        return PasswordHasher().verify(expected or _NOBODY, password) and bool(expected)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


class People:
    """Keeps nothing but what the library stores."""

    def __init__(self, library: Library, now: Callable[[], datetime] = _now) -> None:
        self._library = library
        self._now = now

    def any(self) -> bool:
        """Whether there are accounts at all. Without, nobody signs in as somebody."""
        return self._library.has_people()

    def all(self) -> tuple[Person, ...]:
        return self._library.people()

    def get(self, name: str) -> Person:
        """Raises NotFound."""
        found = self._library.person(name)
        if found is None:
            raise nobody(name)
        return found

    def add(self, name: str, password: str, *, owner: bool = False, by: str = "") -> Person:
        """The first person owns the studio. Raises InputError, LimitError, Conflict when the name is taken."""
        person = Person(name=clean_name(name), owner=owner, created=self._now())
        stored = self._library.add_person(person, hash_password(password))
        self.audit(by or stored.name, "person_added", stored.name, data={"owner": stored.owner})
        return stored

    def change(
        self, name: str, *, owner: bool | None = None, active: bool | None = None, quota: Quota | None = None, by: str = ""
    ) -> Person:
        """What is None stays. Who may not come in any more is signed out at once. Raises NotFound, Conflict for the last owner."""
        given: tuple[tuple[str, bool | Quota | None], ...] = (("owner", owner), ("active", active), ("quota", quota))
        wanted = {key: value for key, value in given if value is not None}
        person = self._library.save_person(self.get(name).model_copy(update=wanted))
        if active is False:
            self._library.end_sessions(person=name)
        told: dict[str, JsonValue] = {key: value.model_dump() if isinstance(value, Quota) else value for key, value in wanted.items()}
        self.audit(by, "person_changed", name, data=told)
        return person

    def set_password(self, name: str, password: str, *, by: str = "") -> None:
        """Ends every session of the person; set by somebody else, every API token too: who asks for that may have lost more than the
        password. Raises NotFound, InputError.
        """
        self._library.set_person_hash(self.get(name).name, hash_password(password), tokens=by not in ("", name))
        self.audit(by or name, "password_changed", name)

    def change_own_password(self, name: str, present: str, password: str, address: str = "") -> None:
        """Their API tokens stay. Raises NotSignedIn when `present` is not the password, InputError."""
        if not matches(self._library.person_hash(name) or "", present):
            self.audit(name, "sign_in_refused", name, data={"address": address})
            raise NotSignedIn("The present password is wrong.", hint="Type it again, or ask an owner of the studio.", field="present")
        self.set_password(name, password)

    def take_file(self, accounts: Mapping[str, str]) -> None:
        """Bring the people of an accounts file (name -> argon2 hash) in, and sign out those it named before and names no more."""
        known = {person.name: person for person in self.all()}
        for name, password_hash in accounts.items():
            person = known.get(name)
            if person is None:
                self._library.add_person(Person(name=name, source="file", created=self._now()), password_hash)
                self.audit("", "person_added", name, data={"file": True})
                continue
            if self._library.person_hash(name) != password_hash:
                self._library.set_person_hash(name, password_hash, tokens=True)
            if not person.active and person.source == "file":
                self._library.save_person(person.model_copy(update={"active": True}))
        for person in known.values():
            if person.source == "file" and person.active and person.name not in accounts:
                self.change(person.name, active=False)

    # The way in

    def sign_in(self, name: str, password: str, address: str = "") -> str:
        """A session cookie for a week. Raises NotSignedIn for a wrong pair, and for somebody who may not come in."""
        right = matches(self._library.person_hash(name) or "", password)
        person = self._library.person(name)
        if not right or person is None or not person.active:
            self.audit("", "sign_in_refused", name[:NAME_MAX], data={"address": address})
            raise NotSignedIn("The name or password is wrong.", hint="Try again, or ask who runs this studio.", field="password")
        return self._signed_in(person.name, address)

    def _signed_in(self, name: str, address: str) -> str:
        cookie = new_secret()
        self._library.add_session(hashed(cookie), name, "", self._now() + SESSION)
        self.audit(name, "signed_in", name, data={"address": address})
        return cookie

    def sign_in_as(self, name: str, subject: str, address: str = "", *, adds: bool) -> str:
        """A session cookie for whom the sign-in provider vouches for. subject: who that is for the provider, for ever; the name is only
        what somebody new is called here.

        Somebody new gets an account where `adds`; never that of somebody else who has the name. Raises NotSignedIn.
        """
        person = next((one for one in self.all() if one.subject == subject), None)
        if person is None and adds and self._library.person(clean_name(name)) is None:
            person = self._library.add_person(Person(name=clean_name(name), source="provider", subject=subject, created=self._now()), "")
            self.audit(person.name, "person_added", person.name, data={"owner": person.owner})
        if person is None or not person.active:
            self.audit("", "sign_in_refused", name[:NAME_MAX], data={"address": address})
            raise NotSignedIn(
                "{name} is not let in here.", hint="Sign in with a password first, or ask an owner of the studio.",
                field="single_sign_on", name=name[:NAME_MAX],
            )  # fmt: skip
        return self._signed_in(person.name, address)

    def link(self, name: str, subject: str) -> None:
        """From now on this person may also come in through the provider. Raises NotFound, Conflict when that is somebody else here."""
        other = next((one for one in self.all() if one.subject == subject), None)
        if other is not None and other.name != name:
            raise Conflict(
                "The sign-in provider knows you as {name} here.",
                hint="Sign out, and sign in through it.",
                field="single_sign_on",
                name=other.name,
            )
        self._library.save_person(self.get(name).model_copy(update={"subject": subject}))
        self.audit(name, "provider_linked", name)

    def session(self, cookie: str) -> str | None:
        """Who a cookie stands for, None when its session has ended or the person may not come in."""
        found = self._library.session(hashed(cookie))
        return found[0] if found is not None and not found[1] and self._library.standing(found[0]).active else None

    def sign_out(self, cookie: str) -> None:
        found = self._library.session(hashed(cookie))
        self._library.end_sessions(hashed=hashed(cookie))
        if found is not None and not found[1]:
            self.audit(found[0], "signed_out", found[0])

    def bearer(self, token: str) -> str | None:
        """Who an API token stands for."""
        if not token.startswith(TOKEN_MARK):
            return None
        found = self._library.token(hashed(token))
        return found.person if found is not None and self._library.standing(found.person).active else None

    def make_token(self, person: str, name: str, *, days: int = 0) -> tuple[ApiToken, str]:
        """A token and its text, which is shown this once. days 0: it does not expire. Raises InputError, LimitError, NotFound."""
        self.get(person)
        clean = " ".join(name.split())[:80]
        if not clean:
            raise InputError("A token needs a name.", hint="Say which program will use it.", field="name")
        if len(self._library.tokens(person)) >= TOKENS_MAX:
            raise LimitError("You have {tokens_max} tokens.", hint="Remove one that is not used.", field="name", tokens_max=TOKENS_MAX)
        text = TOKEN_MARK + new_secret()
        now = self._now()
        token = ApiToken(person=person, name=clean, created=now, expires=now + timedelta(days=days) if days else None)
        stored = self._library.add_token(token, hashed(text))
        self.audit(person, "token_made", clean)
        return stored, text

    def tokens(self, person: str) -> tuple[ApiToken, ...]:
        return self._library.tokens(person)

    def end_token(self, person: str, token_id: str) -> None:
        self._library.end_token(person, token_id)
        self.audit(person, "token_removed", token_id)

    # Members of projects

    def members(self, project_id: str) -> tuple[Member, ...]:
        return self._library.members(project_id)

    def set_role(self, project_id: str, name: str, role: Role | None, *, by: str = "") -> tuple[Member, ...]:
        """Raises NotFound for an unknown person or project, Conflict for the last owner of the project."""
        if role is not None:
            self.get(name)
        self._library.set_member(project_id, name, role)
        self.audit(by, "role_changed", name, project_id, {"role": role.value if role is not None else ""})
        return self.members(project_id)

    # Audit

    def audit(self, person: str, action: str, subject: str = "", project_id: str = "", data: dict[str, JsonValue] | None = None) -> None:
        """data: what else should be known of it; never a password, token or secret."""
        now = self._now()
        entry = AuditEntry(person=person, action=action, subject=subject[:200], project_id=project_id, data=data or {}, created=now)
        self._library.audit(entry)

    def audited(self, project_id: str | None = None, before: int = 0) -> tuple[AuditEntry, ...]:
        """A hundred entries, newest first: of one project, or (None) of everything."""
        return self._library.audited(project_id, before)


def clean_name(name: str) -> str:
    """A name as it is kept. Raises InputError for one that cannot be used."""
    clean = " ".join(name.split())
    if not clean or set(":/\\") & set(clean) or len(clean) > NAME_MAX or clean in (LOCAL, ".", "..") or not clean.isprintable():
        raise InputError(
            "{clean} cannot be a name here.",
            hint="Use 1 to {name_max} characters without colons and slashes.",
            field="name",
            clean=repr(clean[:80]),
            name_max=NAME_MAX,
        )
    return clean
