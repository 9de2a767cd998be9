"""The tables. A row keeps a whole domain value as JSON in `document`; the other columns are what is searched, joined or kept unique.

`number` is the order of insertion: lists are sorted by it, so that two rows of the same instant still have an order.
The full-text table is made by library/search.py, because every database spells it differently.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

ID = String(64)


def _number() -> Column[int]:
    return Column("number", Integer, primary_key=True, autoincrement=True)


projects = Table(
    "projects",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("archived", Boolean, nullable=False),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

people = Table(
    "people",
    metadata,
    _number(),
    Column("name", String(120), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("created", String(40), nullable=False),
    Column("document", JSON, nullable=False, server_default=text("'{}'")),
    sqlite_autoincrement=True,
)

#: Names, not rows of `people`: the one person of a studio without accounts is in no row.
members = Table(
    "members",
    metadata,
    Column("project_id", ID, ForeignKey("projects.id"), primary_key=True),
    Column("person", String(120), primary_key=True, index=True),
    Column("role", String(20), nullable=False),
)

#: hash: SHA-256 of the cookie. link_id "": of a person; else of a visitor of that link.
sessions = Table(
    "sessions",
    metadata,
    Column("hash", ID, primary_key=True),
    Column("person", String(120), nullable=False, index=True),
    Column("link_id", ID, nullable=False, index=True),
    Column("created", String(40), nullable=False),
    Column("expires", String(40), nullable=False),
)

#: expires "": never.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("hash", ID, nullable=False, unique=True),
    Column("person", String(120), nullable=False, index=True),
    Column("expires", String(40), nullable=False),
    Column("document", JSON, nullable=False),
)

links = Table(
    "links",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("hash", ID, nullable=False),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False, index=True),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    _number(),
    Column("person", String(120), nullable=False),
    Column("action", String(60), nullable=False),
    Column("project_id", ID, nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_audit_project_id_number", "project_id", "number"),
    sqlite_autoincrement=True,
)

briefs = Table(
    "briefs",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False, index=True),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

#: One row per plan; `version` is its newest. The row is what a new version is checked against and written through.
plans = Table(
    "plans",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    sqlite_autoincrement=True,
)

plan_versions = Table(
    "plan_versions",
    metadata,
    Column("plan_id", ID, ForeignKey("plans.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("plan_id", ID, ForeignKey("plans.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("person", String(120), nullable=False),
    Column("created", String(40), nullable=False),
)

turns = Table(
    "turns",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False, index=True),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("plan_id", ID, ForeignKey("plans.id"), primary_key=True),
    Column("step_id", ID, primary_key=True),
    Column("take", Integer, primary_key=True, autoincrement=False),
    Column("state", String(20), nullable=False),
    Column("attempt", ID, nullable=False),
    Column("person", String(120), nullable=False, server_default=""),
    Column("created", String(40), nullable=False, server_default=""),
    Column("ended", String(40), nullable=False, server_default=""),
    Column("document", JSON, nullable=False),
    Index("ix_jobs_state_ended", "state", "ended"),
)

prepared = Table(
    "prepared",
    metadata,
    Column("plan_id", ID, ForeignKey("plans.id"), primary_key=True),
    Column("step_id", ID, primary_key=True),
    Column("take", Integer, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(200), nullable=False),
)

#: plan_id is NULL for an asset no plan made (an upload); NULLs never collide, so only made assets are unique per take.
assets = Table(
    "assets",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False),
    Column("plan_id", ID, ForeignKey("plans.id"), nullable=True),
    Column("step_id", ID, nullable=False),
    Column("take", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("previous", ID, ForeignKey("assets.id"), nullable=True, index=True),
    Column("document", JSON, nullable=False),
    UniqueConstraint("plan_id", "step_id", "take"),
    Index("ix_assets_project_id_number", "project_id", "number"),
    sqlite_autoincrement=True,
)

asset_files = Table(
    "asset_files",
    metadata,
    Column("asset_id", ID, ForeignKey("assets.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
)

asset_parents = Table(
    "asset_parents",
    metadata,
    Column("asset_id", ID, ForeignKey("assets.id"), primary_key=True),
    Column("parent_id", ID, ForeignKey("assets.id"), primary_key=True, index=True),
)

reviews = Table(
    "reviews",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("asset_id", ID, ForeignKey("assets.id"), nullable=False, index=True),
    Column("verdict", String(20), nullable=False),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

#: How far the review of an asset is; an asset without a row is a draft. due "": no date.
review_records = Table(
    "review_records",
    metadata,
    Column("asset_id", ID, ForeignKey("assets.id"), primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False),
    Column("state", String(24), nullable=False),
    Column("assignee", String(120), nullable=False),
    Column("due", String(10), nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_review_records_project_id_state", "project_id", "state"),
)

#: thread "": it starts one.
comments = Table(
    "comments",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("asset_id", ID, ForeignKey("assets.id"), nullable=False, index=True),
    Column("thread", ID, nullable=False),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

preferences = Table(
    "preferences",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False, index=True),
    Column("chosen", ID, ForeignKey("assets.id"), nullable=False),
    Column("rejected", ID, ForeignKey("assets.id"), nullable=False),
    Column("document", JSON, nullable=False),
    UniqueConstraint("chosen", "rejected"),
    sqlite_autoincrement=True,
)

#: Numbers come from `counters`, not from a sequence: a sequence shows number 8 before 7 when 7 commits later, and a
#: client that asked for "after 8" would then never see 7.
events = Table(
    "events",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("project_id", ID, nullable=False),
    Column("document", JSON, nullable=False),
    Index("ix_events_project_id_number", "project_id", "number"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Integer, nullable=False),
)

measurements = Table(
    "measurements",
    metadata,
    _number(),
    Column("kind", String(40), nullable=False),
    Column("maker", String(120), nullable=False),
    Column("model", String(200), nullable=False),
    Column("device", String(120), nullable=False),
    Column("plan_id", ID, nullable=False, server_default="", index=True),
    Column("person", String(120), nullable=False, server_default=""),
    Column("created", String(40), nullable=False, server_default=""),
    Column("seconds", Float, nullable=False, server_default="0"),
    Column("joules", Float, nullable=True),
    Column("document", JSON, nullable=False),
    Index("ix_measurements_kind_maker", "kind", "maker"),
    Index("ix_measurements_person_created", "person", "created"),
    sqlite_autoincrement=True,
)

#: audio: SHA-256 of the recording a consent is about.
consents = Table(
    "consents",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("audio", String(64), nullable=False, index=True),
    Column("document", JSON, nullable=False),
    sqlite_autoincrement=True,
)

#: Of content safety. subject: the id of an asset or brief, or the hash of a wish. What is not allowed does not leave.
cases = Table(
    "cases",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("subject", ID, nullable=False),
    Column("state", String(20), nullable=False),
    Column("document", JSON, nullable=False),
    UniqueConstraint("project_id", "kind", "subject"),
    Index("ix_cases_project_id_state", "project_id", "state"),
    sqlite_autoincrement=True,
)

#: How much memory a model took on a device when it was last measured.
footprints = Table(
    "footprints",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("device", String(120), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("load_seconds", Float, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("value", JSON, nullable=False),
)

#: What a person deleted and may still take back. rows: by table, the rows of an asset as they stood; those of a project stay where they
#: are, and nobody is shown them, until it is gone for good.
trash = Table(
    "trash",
    metadata,
    _number(),
    Column("id", ID, nullable=False, unique=True),
    Column("kind", String(20), nullable=False),
    Column("project_id", ID, ForeignKey("projects.id"), nullable=False),
    Column("deleted", String(40), nullable=False),
    Column("document", JSON, nullable=False),
    Column("rows", JSON, nullable=False),
    Index("ix_trash_project_id_deleted", "project_id", "deleted"),
    sqlite_autoincrement=True,
)

#: What is gone for good, so that what still names it does not count as lost. id: of an asset or a project, or the SHA-256 of a file.
tombstones = Table(
    "tombstones",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("project_id", ID, nullable=False),
    Column("document", JSON, nullable=False),
)

#: Files whose bytes are to go; removed "": they may be there still. Who stores one of them again takes its row away (library/assets.py).
doomed = Table(
    "doomed",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("removed", String(40), nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("project_id", ID, ForeignKey("projects.id"), primary_key=True),
    Column("document", JSON, nullable=False),
)
