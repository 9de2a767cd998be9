"""Retention: the trash, what remains of what is gone, files that are to go, legal holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.String(length=64)


def upgrade() -> None:
    op.create_table(
        "trash",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("deleted", sa.String(length=40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_trash_project_id_projects")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_trash")),
        sa.UniqueConstraint("id", name=op.f("uq_trash_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trash_project_id_deleted", "trash", ["project_id", "deleted"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
    )
    op.create_table(
        "doomed",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_doomed")),
    )
    op.create_table(
        "holds",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_holds_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_holds")),
    )
