"""What is kept for how long, what lies in the trash, what is held, and what remains of what was deleted for good."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from domain.said import Said
from domain.value import Value

#: A hundred years; whoever wants longer writes 0, which is for ever.
DAYS_MAX = 36_500

TrashKind = Literal["asset", "project"]


class Retention(Value):
    """Days until something is deleted by itself; 0 never. A held project loses nothing.

    trash: in the trash, until it is gone for good; also recordings of consents that ended. drafts: results that nobody reviewed, picked,
    commented or used, once a later version of the same step is there. audit, events: lines of the logs. links: those that
    have ended (sessions that have expired go at once).
    """

    trash: int = Field(default=30, ge=0, le=DAYS_MAX)
    drafts: int = Field(default=0, ge=0, le=DAYS_MAX)
    audit: int = Field(default=0, ge=0, le=DAYS_MAX)
    events: int = Field(default=0, ge=0, le=DAYS_MAX)
    links: int = Field(default=0, ge=0, le=DAYS_MAX)


class Trashed(Value):
    """One thing in the trash. kind_of: the step kind of an asset. size: bytes of its files, 0 of a project."""

    id: str
    kind: TrashKind
    project_id: str
    title: str
    kind_of: str = ""
    size: int = 0
    person: str = ""
    deleted: datetime


class Dependent(Value):
    id: str
    title: str
    kind_of: str
    version: int


class Tombstone(Value):
    """What remains of what is gone for good: that it was, never what it was. why: "trash", "project", "consent"."""

    id: str
    kind: Literal["asset", "project", "file"]
    project_id: str = ""
    person: str = ""
    why: str
    purged: datetime


class Consequences(Value):
    """What deleting something takes with it. dependents: what was made from it, directly or by way of others, the newest first; it can
    only go with them. kept: why none of it can go, () when it can.
    """

    title: str
    dependents: tuple[Dependent, ...] = ()
    kept: tuple[Said, ...] = ()


class Hold(Value):
    """A legal hold on a project: nothing of it is deleted until it is lifted."""

    project_id: str
    reason: str = Field(min_length=1, max_length=500)
    person: str = ""
    created: datetime


class PurgeItem(Value):
    """One thing that goes, and why. kept: the reason it stays after all, "" when it goes."""

    kind: Literal["asset", "project", "draft", "recording", "audit", "events", "sessions", "links", "file"]
    id: str = ""
    title: str = ""
    project_id: str = ""
    count: int = 1
    size: int = 0
    why: str = ""
    kept: str = ""


class PurgeReport(Value):
    """dry: nothing was deleted, this is what would be. files, size: how many stored files went and their bytes (dry: at most).
    compacted False: the database still has to be written anew, because somebody read it; the next run does it."""

    items: tuple[PurgeItem, ...] = ()
    files: int = 0
    size: int = 0
    dry: bool = False
    compacted: bool = True
