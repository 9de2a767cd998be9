"""Rows of the audit log, written in the transaction of what they tell, and what is said to the second of two who decide the same.

Reading the log: library/people.py.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert

from domain.errors import Conflict
from domain.people import AuditEntry
from domain.said import Said
from library import tables
from library.database import dump


def insert_audit(connection: Connection, entry: AuditEntry) -> None:
    """Part of whatever transaction is written down."""
    row = {"person": entry.person[:120], "action": entry.action, "project_id": entry.project_id, "document": dump(entry)}
    connection.execute(insert(tables.audit).values(**row))


def was_first(person: str, state: Said, note: str) -> Conflict:
    """What is said to whoever decides over what they did not see. person: who decided meanwhile, "" where nobody is known."""
    return Conflict(
        "{person} was first: it is now {state}. {note}",
        hint="Nothing of yours was stored. Look at it again, then decide.",
        field="revision",
        person=person or "–",
        state=state,
        note=note,
    )
