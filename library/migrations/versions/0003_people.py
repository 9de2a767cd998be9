"""People with rights: members of projects as rows, sessions, API tokens, links, the audit log."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(length=64)
NAME = sa.String(length=120)
MOMENT = sa.String(length=40)


def upgrade() -> None:
    op.add_column("people", sa.Column("document", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    op.create_table(
        "members",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person", NAME, nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_members_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", "person", name=op.f("pk_members")),
    )
    op.create_index(op.f("ix_members_person"), "members", ["person"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("hash", ID, nullable=False),
        sa.Column("person", NAME, nullable=False),
        sa.Column("link_id", ID, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person"), "sessions", ["person"], unique=False)
    op.create_index(op.f("ix_sessions_link_id"), "sessions", ["link_id"], unique=False)
    op.create_table(
        "api_tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("hash", ID, nullable=False),
        sa.Column("person", NAME, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_tokens_hash")),
    )
    op.create_index(op.f("ix_api_tokens_person"), "api_tokens", ["person"], unique=False)
    op.create_table(
        "links",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("hash", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_links_project_id_projects")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_links")),
        sa.UniqueConstraint("id", name=op.f("uq_links_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_links_project_id"), "links", ["project_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("person", NAME, nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_project_id_number", "audit", ["project_id", "number"], unique=False)
    _fill_people(op.get_bind())
    _move_members(op.get_bind())


def _fill_people(connection: sa.Connection) -> None:
    people = sa.table("people", sa.column("number"), sa.column("name"), sa.column("created"), sa.column("document", sa.JSON()))
    rows = connection.execute(sa.select(people.c.number, people.c.name, people.c.created).order_by(people.c.number)).all()
    for at, row in enumerate(rows):
        # Nobody could be told apart before: the first one owns the studio, as the first who is added does now.
        document = {"name": row.name, "owner": at == 0, "active": True, "source": "", "created": row.created}
        connection.execute(sa.update(people).where(people.c.number == row.number).values(document=document))


def _move_members(connection: sa.Connection) -> None:
    projects = sa.table("projects", sa.column("id"), sa.column("document", sa.JSON()))
    members = sa.table("members", sa.column("project_id"), sa.column("person"), sa.column("role"))
    for row in connection.execute(sa.select(projects.c.id, projects.c.document)).all():
        document: Any = json.loads(row.document) if isinstance(row.document, str) else row.document
        if not isinstance(document, dict) or "members" not in document:
            continue
        held = {member["person"]: member.get("role", "owner") for member in document.pop("members") or [] if member.get("person")}
        if held:
            connection.execute(sa.insert(members), [{"project_id": row.id, "person": name, "role": role} for name, role in held.items()])
        connection.execute(sa.update(projects).where(projects.c.id == row.id).values(document=document))
