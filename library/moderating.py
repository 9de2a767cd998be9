"""Cases of content safety as rows. Every change is one transaction with its audit entry and its event."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, func, insert, select, update

from domain.errors import Conflict, NotFound
from domain.events import EventKind
from domain.moderation import WAITING, Case, CaseKind, CaseState
from domain.people import AuditEntry
from domain.said import Said
from library import tables
from library.audit import insert_audit, was_first
from library.database import Room, dump, load, new_id
from library.events import append_events


class Cases(Room):
    def add_case(self, case: Case) -> Case:
        """Store a case; of the same subject the first stays, and comes back. Raises NotFound for an unknown project."""
        try:
            with self._database.write("store the case") as connection:
                return insert_case(connection, case)
        except Conflict:
            found = self.case_of(case.project_id, case.kind, case.subject)
            if found is None:
                raise
            return found

    def case(self, case_id: str) -> Case:
        """Raises NotFound."""
        with self._database.read("read the case") as connection:
            return _case(connection, case_id)

    def case_of(self, project_id: str, kind: CaseKind, subject: str) -> Case | None:
        columns = tables.cases.c
        chosen = select(columns.document).where(columns.project_id == project_id, columns.kind == kind, columns.subject == subject)
        with self._database.read("read the case") as connection:
            document = connection.scalar(chosen)
        return None if document is None else load(Case, document)

    def cases(self, project_ids: Iterable[str], *, waiting: bool = True, limit: int = 200) -> tuple[Case, ...]:
        """What waits for a decision in these projects, oldest first; waiting False: what was decided, newest first."""
        columns = tables.cases.c
        open_states = [state.value for state in WAITING]
        named = columns.state.in_(open_states) if waiting else columns.state.not_in(open_states)
        chosen = select(columns.document).where(columns.project_id.in_(list(project_ids)), named)
        chosen = chosen.order_by(columns.number if waiting else columns.number.desc()).limit(limit)
        with self._database.read("read the cases") as connection:
            return tuple(load(Case, document) for document in connection.scalars(chosen))

    def cases_waiting(self, project_ids: Iterable[str]) -> int:
        columns = tables.cases.c
        counted = select(func.count()).select_from(tables.cases)
        counted = counted.where(columns.project_id.in_(list(project_ids)), columns.state.in_([state.value for state in WAITING]))
        with self._database.read("count the cases") as connection:
            return connection.scalar(counted) or 0

    def blocked(self, project_id: str) -> dict[str, Case]:
        """What may not leave a project: cases of assets and briefs that are not allowed, by their subject."""
        columns = tables.cases.c
        chosen = select(columns.document).where(
            columns.project_id == project_id, columns.kind.in_(("asset", "brief")), columns.state != CaseState.ALLOWED.value
        )
        with self._database.read("read the cases") as connection:
            found = [load(Case, document) for document in connection.scalars(chosen)]
        return {case.subject: case for case in found}

    def change_case(self, case_id: str, seen: int, change: Callable[[Case], Case], audit: Callable[[Case, Case], AuditEntry]) -> Case:
        """Read, change and write a case with its audit entry and its event, all or nothing.

        seen: the revision the person saw. change: what it raises changes nothing. Raises NotFound, Conflict when somebody was first.
        """
        columns = tables.cases.c
        with self._database.write("store the decision") as connection:
            before = _case(connection, case_id, lock=True)
            if seen != before.revision:
                raise was_first(before.decided_by or before.person, case_words(before.state), before.note)
            after = change(before).model_copy(update={"revision": before.revision + 1})
            connection.execute(update(tables.cases).where(columns.id == case_id).values(state=after.state.value, document=dump(after)))
            entry = audit(before, after)
            insert_audit(connection, entry)
            told = {"case": after.state.value, "person": entry.person}
            append_events(connection, self._clock(), [(after.project_id, EventKind.ASSET, after.subject, told)])
        return after


def insert_case(connection: Connection, case: Case) -> Case:
    """Part of a transaction. An empty id is filled in."""
    stored = case if case.id else case.model_copy(update={"id": new_id()})
    row = {"id": stored.id, "project_id": stored.project_id, "kind": stored.kind, "subject": stored.subject, "state": stored.state.value}
    connection.execute(insert(tables.cases).values(**row, document=dump(stored)))
    return stored


def _case(connection: Connection, case_id: str, *, lock: bool = False) -> Case:
    chosen = select(tables.cases.c.document).where(tables.cases.c.id == case_id)
    document = connection.scalar(chosen.with_for_update() if lock else chosen)
    if document is None:
        raise NotFound("There is no case {case_id}.", hint="Reload the page.", field="case", case_id=repr(case_id[:80]))
    return load(Case, document)


def case_words(state: CaseState) -> Said:
    return {
        CaseState.HELD: Said.of("held for a decision"),
        CaseState.APPEALED: Said.of("appealed"),
        CaseState.ALLOWED: Said.of("allowed"),
        CaseState.REFUSED: Said.of("refused"),
    }[state]
