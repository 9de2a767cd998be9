"""What a queue of many jobs, budgets and the owner of memory ask for, as columns; footprints that were measured."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BATCH = 500


def upgrade() -> None:
    for name, length in (("person", 120), ("created", 40), ("ended", 40)):
        op.add_column("jobs", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.drop_index("ix_jobs_state", table_name="jobs")
    op.create_index("ix_jobs_state_ended", "jobs", ["state", "ended"], unique=False)
    for name, length in (("plan_id", 64), ("person", 120), ("created", 40)):
        op.add_column("measurements", sa.Column(name, sa.String(length=length), server_default="", nullable=False))
    op.add_column("measurements", sa.Column("seconds", sa.Float(), server_default="0", nullable=False))
    op.add_column("measurements", sa.Column("joules", sa.Float(), nullable=True))
    op.create_index(op.f("ix_measurements_plan_id"), "measurements", ["plan_id"], unique=False)
    op.create_index("ix_measurements_person_created", "measurements", ["person", "created"], unique=False)
    op.create_table(
        "footprints",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("load_seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", "device", name=op.f("pk_footprints")),
    )
    _fill_jobs(op.get_bind())
    _fill_measurements(op.get_bind())


def _fill_jobs(connection: sa.Connection) -> None:
    fields: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("plan_id", "step_id", "take", "document")]
    jobs = sa.table("jobs", *fields, *(sa.column(name) for name in ("person", "created", "ended")))
    same = sa.and_(*(jobs.c[name] == sa.bindparam(f"key_{name}") for name in ("plan_id", "step_id", "take")))
    filled: dict[str, sa.BindParameter[Any]] = {name: sa.bindparam(f"new_{name}") for name in ("person", "created", "ended")}
    rows = [
        {
            "key_plan_id": row.plan_id,
            "key_step_id": row.step_id,
            "key_take": row.take,
            "new_person": document.get("person", ""),
            "new_created": _moment(document.get("created")),
            "new_ended": _moment(document.get("ended")),
        }
        for row in connection.execute(sa.select(*fields).select_from(jobs))
        if (document := _document(row.document)) is not None
    ]
    for start in range(0, len(rows), BATCH):
        connection.execute(sa.update(jobs).where(same).values(**filled), rows[start : start + BATCH])


def _fill_measurements(connection: sa.Connection) -> None:
    fields: list[sa.ColumnClause[Any]] = [sa.column("number"), sa.column("document")]
    measurements = sa.table("measurements", *fields, sa.column("seconds"))
    rows = [
        {"key_number": row.number, "new_seconds": document.get("seconds", 0.0)}
        for row in connection.execute(sa.select(*fields).select_from(measurements))
        if (document := _document(row.document)) is not None
    ]
    changed = sa.update(measurements).where(measurements.c.number == sa.bindparam("key_number")).values(seconds=sa.bindparam("new_seconds"))
    for start in range(0, len(rows), BATCH):
        connection.execute(changed, rows[start : start + BATCH])


def _document(stored: Any) -> dict[str, Any] | None:
    """SQLite gives JSON as text, Postgres as a value."""
    found = json.loads(stored) if isinstance(stored, str) else stored
    return found if isinstance(found, dict) else None


def _moment(text: str | None) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds") if text else ""
