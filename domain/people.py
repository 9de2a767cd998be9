"""Who works here and what they may do: people, roles and their rights, callers, links, API tokens, the audit log."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.project import Role
from domain.value import JsonValue, Value

NAME_MAX = 40
#: Results that one link may show.
LINK_ASSETS_MAX = 1000
#: Everyone on this machine, where nobody has to sign in.
LOCAL = "local"


class Right(StrEnum):
    """What may be done with a project and everything in it.

    download: take files out. own: who may come in (members, links), and to archive it.
    """

    VIEW = "view"
    DOWNLOAD = "download"
    COMMENT = "comment"
    REVIEW = "review"
    EDIT = "edit"
    OWN = "own"


class LinkRole(StrEnum):
    VIEW = "view"
    COMMENT = "comment"
    REVIEW = "review"


_SEEN = frozenset({Right.VIEW, Right.DOWNLOAD})
_REVIEWED = _SEEN | {Right.COMMENT, Right.REVIEW}
#: What each role gives. An owner of the studio has all rights on every project.
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: _SEEN,
    Role.REVIEWER: _REVIEWED,
    Role.EDITOR: _REVIEWED | {Right.EDIT},
    Role.OWNER: frozenset(Right),
}
LINK_RIGHTS: dict[LinkRole, frozenset[Right]] = {
    LinkRole.VIEW: frozenset({Right.VIEW}),
    LinkRole.COMMENT: frozenset({Right.VIEW, Right.COMMENT}),
    LinkRole.REVIEW: frozenset({Right.VIEW, Right.COMMENT, Right.REVIEW}),
}


class Quota(Value):
    """What a person may use in a day (from midnight of this machine) and keep at any time. 0: no limit."""

    jobs: int = Field(default=0, ge=0, le=1_000_000)
    minutes: float = Field(default=0.0, ge=0.0, le=144_000.0, allow_inf_nan=False)
    disk_bytes: int = Field(default=0, ge=0, le=2**50)


class Person(Value):
    """owner: of the studio. active False: may not come in; what they made stays under their name.

    source: "file" for a person of the accounts file, who goes when the file no longer names them; "provider" for one whom the sign-in
    provider brought, who has no password. subject: who this is for the provider, hashed; "" for nobody it was linked to.
    """

    name: str = Field(min_length=1, max_length=NAME_MAX)
    owner: bool = False
    active: bool = True
    source: str = ""
    subject: str = ""
    quota: Quota = Quota()
    created: datetime


class Member(Value):
    person: str
    role: Role


class Caller(Value):
    """Who a request comes from: a person, or (link not "") a visitor of that link.

    everything: an owner of a studio that knows no people: the one on this machine, or whoever knows the shared password.
    """

    person: str = ""
    link: str = ""
    everything: bool = False


class Standing(Value):
    """What the library knows of a person at this moment, and of their role in one project."""

    active: bool = False
    owner: bool = False
    role: Role | None = None


class ApiToken(Value):
    """A program's way in, as the person who made it. The token itself is shown once and never stored. expires None: never."""

    id: str = ""
    person: str
    name: str = Field(min_length=1, max_length=80)
    created: datetime
    expires: datetime | None = None


class Link(Value):
    """Shows a project, or (assets not empty) only those of its results, to whoever has its secret, until it expires or is revoked."""

    id: str = ""
    project_id: str
    assets: tuple[str, ...] = Field(default=(), max_length=LINK_ASSETS_MAX)
    role: LinkRole = LinkRole.VIEW
    label: str = Field(default="", max_length=120)
    download: bool = False
    password_hash: str = Field(default="", repr=False)
    person: str = ""
    created: datetime
    expires: datetime
    revoked: datetime | None = None

    def open_at(self, now: datetime) -> bool:
        return self.revoked is None and now < self.expires

    @property
    def rights(self) -> frozenset[Right]:
        return LINK_RIGHTS[self.role] | ({Right.DOWNLOAD} if self.download else frozenset())


class AuditEntry(Value):
    """person "": nobody who is known. subject: whom or what it was done to. Never a password, token or secret."""

    number: int = 0
    person: str = ""
    action: str
    project_id: str = ""
    subject: str = ""
    data: dict[str, JsonValue] = {}
    created: datetime
