"""The audit log's rows, written in the transaction of what they tell. Reading them: library/people.py."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from domain.people import AuditEntry
from library import tables
from library.database import dump


def insert_audit(connection: Connection, entry: AuditEntry) -> None:
    """Part of whatever transaction is written down."""
    row = {"person": entry.person[:120], "action": entry.action, "project_id": entry.project_id, "document": dump(entry)}
    connection.execute(insert(tables.audit).values(**row))
