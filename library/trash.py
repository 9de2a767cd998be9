"""The trash: what lies in it, and taking something out again. How things come into it: library/deletion.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from domain.asset import Asset
from domain.errors import Conflict, InputError, NotFound
from domain.events import EventKind
from domain.people import AuditEntry
from domain.retention import Hold, Tombstone, Trashed
from domain.value import Value
from library import tables
from library.assets import searchable
from library.audit import insert_audit
from library.database import Room, document_by, dump, load, upsert
from library.deletion import LATER, OWN, Rows, set_result
from library.events import append_events
from library.people import unknown

LIST_MAX = 500


class Restored(Value):
    """What came back, the oldest first: one thing, and before it what it was made from, when that lay in the trash too."""

    items: tuple[Trashed, ...]


class Trash(Room):
    def trash(self, project_id: str | None = None, *, kind: str = "") -> tuple[Trashed, ...]:
        """What was deleted, the last first, 500 at most; of one project, or (None) of all."""
        columns = tables.trash.c
        chosen = select(columns.document).order_by(columns.number.desc()).limit(LIST_MAX)
        if project_id is not None:
            chosen = chosen.where(columns.project_id == project_id)
        if kind:
            chosen = chosen.where(columns.kind == kind)
        with self._database.read("read the trash") as connection:
            return tuple(load(Trashed, document) for document in connection.scalars(chosen))

    def trashed(self, trash_id: str) -> Trashed:
        """Raises NotFound."""
        with self._database.read("read the trash") as connection:
            document = connection.scalar(document_by(tables.trash, "id"), {"id": trash_id})
        if document is None:
            raise _not_there(trash_id)
        return load(Trashed, document)

    def restore(self, trash_id: str, audit: Callable[[Trashed], AuditEntry]) -> Restored:
        """Put something back as it was, with its reviews and comments, and what it was made from.

        A comparison with something that is gone for good does not come back. Raises NotFound; Conflict when its take was made again.
        """
        with self._database.write("restore it") as connection:
            items: list[Trashed] = []
            self._restore(connection, trash_id, items)
            for item in items:
                insert_audit(connection, audit(item))
                if item.kind == "asset":
                    append_events(connection, self._clock(), [(item.project_id, EventKind.ASSET, item.id, {"restored": True})])
        return Restored(items=tuple(items))

    def _restore(self, connection: Connection, trash_id: str, done: list[Trashed]) -> None:
        row = connection.execute(select(tables.trash).where(tables.trash.c.id == trash_id).with_for_update()).first()
        if row is None:
            raise _not_there(trash_id)
        trashed = load(Trashed, row.document)
        connection.execute(delete(tables.trash).where(tables.trash.c.id == trash_id))
        if trashed.kind == "asset":
            rows: Rows = row.rows
            asset = load(Asset, rows["assets"][0]["document"])
            for source in dict.fromkeys((asset.previous, *asset.parents)):
                if source and connection.scalar(select(tables.trash.c.id).where(tables.trash.c.id == source)) is not None:
                    self._restore(connection, source, done)
            self._put_back(connection, asset, rows)
        done.append(trashed)

    def _put_back(self, connection: Connection, asset: Asset, rows: Rows) -> None:
        columns = tables.assets.c
        again = (columns.plan_id == asset.plan_id) & (columns.step_id == asset.step_id) & (columns.take == asset.take)
        if asset.plan_id and connection.scalar(select(columns.id).where(again)) is not None:
            raise Conflict("{title} was made again since.", hint="Delete what was made, then restore it.", field="id", title=asset.title)
        stored = rows["assets"][0]
        if stored["previous"] is not None and not _there(connection, stored["previous"]):
            stored = {**stored, "previous": None}
        connection.execute(insert(tables.assets).values(**stored))
        self._database.search.add(connection, stored["number"], searchable(asset))
        for table in (*OWN, tables.preferences, tables.cases):
            _insert(connection, table, rows.get(table.name, ()))
        for later in rows.get(LATER, ()):
            alone = (tables.assets.c.id == later["id"]) & tables.assets.c.previous.is_(None)
            connection.execute(update(tables.assets).where(alone).values(previous=asset.id))
        if asset.plan_id:
            set_result(connection, asset, "", asset.id)

    # Holds and tombstones

    def hold(self, hold: Hold, audit: AuditEntry) -> None:
        """Let nothing of a project be deleted, by anybody or by itself. Raises NotFound."""
        with self._database.write("hold the project") as connection:
            if connection.scalar(select(tables.projects.c.id).where(tables.projects.c.id == hold.project_id)) is None:
                raise unknown("project", hold.project_id)
            upsert(connection, tables.holds, {"project_id": hold.project_id}, {"document": dump(hold)})
            insert_audit(connection, audit)

    def lift_hold(self, project_id: str, audit: AuditEntry) -> None:
        """Raises InputError when it is not held."""
        with self._database.write("lift the hold") as connection:
            if not connection.execute(delete(tables.holds).where(tables.holds.c.project_id == project_id)).rowcount:
                raise InputError("This project is not held.", hint="`python app.py library hold` lists those that are.", field="project_id")
            insert_audit(connection, audit)

    def holds(self) -> tuple[Hold, ...]:
        with self._database.read("read the holds") as connection:
            return tuple(load(Hold, document) for document in connection.scalars(select(tables.holds.c.document)))

    def tombstones(self, ids: Iterable[str]) -> dict[str, Tombstone]:
        """By id: what is gone for good."""
        columns = tables.tombstones.c
        with self._database.read("read what is gone") as connection:
            found = connection.scalars(select(columns.document).where(columns.id.in_(list(ids))))
            return {one.id: one for one in (load(Tombstone, document) for document in found)}


def _insert(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Rows of a table, but for those that name an asset that is not there any more."""
    for row in rows:
        named = [row[column] for column in ("asset_id", "parent_id", "chosen", "rejected") if column in row]
        over = row["document"].get("over") if table is tables.reviews else ""
        if all(_there(connection, one) for one in (*named, *([over] if over else []))):
            connection.execute(insert(table).values(**row))


def _there(connection: Connection, asset_id: str) -> bool:
    return connection.scalar(select(tables.assets.c.id).where(tables.assets.c.id == asset_id)) is not None


def _not_there(trash_id: str) -> NotFound:
    return NotFound(
        "There is no {trash_id} in the trash.", hint="It was restored or is gone for good.", field="id", trash_id=repr(trash_id[:80])
    )
