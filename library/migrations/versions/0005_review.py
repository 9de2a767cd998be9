"""Review: how far each asset is, comments, preference pairs. Verdicts that were given before become states."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.String(length=64)
STATES = {"approve": "approved", "reject": "changes_requested", "request_changes": "changes_requested"}


def upgrade() -> None:
    op.create_table(
        "review_records",
        sa.Column("asset_id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("assignee", sa.String(length=120), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_review_records_asset_id_assets")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_review_records_project_id_projects")),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_review_records")),
    )
    op.create_index("ix_review_records_project_id_state", "review_records", ["project_id", "state"], unique=False)
    op.create_table(
        "comments",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("asset_id", ID, nullable=False),
        sa.Column("thread", ID, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_comments_asset_id_assets")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_comments")),
        sa.UniqueConstraint("id", name=op.f("uq_comments_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_comments_asset_id"), "comments", ["asset_id"], unique=False)
    op.create_table(
        "preferences",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("chosen", ID, nullable=False),
        sa.Column("rejected", ID, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_preferences_project_id_projects")),
        sa.ForeignKeyConstraint(["chosen"], ["assets.id"], name=op.f("fk_preferences_chosen_assets")),
        sa.ForeignKeyConstraint(["rejected"], ["assets.id"], name=op.f("fk_preferences_rejected_assets")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_preferences")),
        sa.UniqueConstraint("id", name=op.f("uq_preferences_id")),
        sa.UniqueConstraint("chosen", "rejected", name=op.f("uq_preferences_chosen_rejected")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_preferences_project_id"), "preferences", ["project_id"], unique=False)
    _take_over_verdicts(op.get_bind())


def _take_over_verdicts(connection: sa.Connection) -> None:
    """What was approved before is frozen as it stands now: assets never change, so it is what was approved."""
    json_type = sa.JSON()
    reviews = sa.table("reviews", sa.column("number"), sa.column("asset_id"), sa.column("verdict"), sa.column("document", json_type))
    assets = sa.table("assets", sa.column("id"), sa.column("project_id"), sa.column("document", json_type))
    records = sa.table(
        "review_records",
        *(sa.column(name) for name in ("asset_id", "project_id", "state", "assignee", "due")),
        sa.column("document", json_type),
    )
    last = sa.select(sa.func.max(reviews.c.number)).where(reviews.c.verdict.in_(tuple(STATES))).group_by(reviews.c.asset_id)
    joined = sa.select(reviews.c.verdict, reviews.c.document.label("review"), assets.c.id, assets.c.project_id, assets.c.document)
    found = connection.execute(joined.where(reviews.c.number.in_(last), assets.c.id == reviews.c.asset_id)).all()
    for row in found:
        state, review = STATES[row.verdict], _object(row.review)
        document = {
            "asset_id": row.id,
            "project_id": row.project_id,
            "state": state,
            "revision": 1,
            "person": review.get("person", ""),
            "note": review.get("note", ""),
            "changed": review.get("created"),
            "frozen": _frozen(_object(row.document)) if state == "approved" else "",
            "assignee": "",
            "due": None,
        }
        values = {"asset_id": row.id, "project_id": row.project_id, "state": state, "assignee": "", "due": "", "document": document}
        connection.execute(sa.insert(records).values(**values))


def _object(stored: Any) -> dict[str, Any]:
    loaded: Any = json.loads(stored) if isinstance(stored, str) else stored
    return loaded if isinstance(loaded, dict) else {}


def _frozen(asset: dict[str, Any]) -> str:
    """domain/review.py: frozen_hash, as it was when this was written."""
    files = [[file["name"], file["sha256"]] for file in asset.get("files", [])]
    about = {"title": asset.get("title", ""), "text": asset.get("text", ""), "files": files}
    return hashlib.sha256(json.dumps(about, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
