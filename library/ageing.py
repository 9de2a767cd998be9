"""What goes by age: drafts never chosen, lines of the logs, sessions and links that ended. And the account of a person who leaves."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, and_, cast, delete, exists, func, or_, select, update

from domain.consent import VoiceConsent, standing
from domain.errors import Conflict
from domain.people import AuditEntry, Link, Person
from domain.project import Project, Role
from domain.retention import PurgeItem
from library import tables
from library.audit import insert_audit
from library.database import Room, load, stamp
from library.people import nobody
from library.projects import in_trash
from library.purging import want_compact

#: So many drafts are looked at in one run.
DRAFTS = 1000
#: Fields that name a person, in whatever document they stand.
_NAMES = frozenset({"person", "assignee", "touched", "recorded_by", "resolved", "decided_by"})
#: Of a consent, `person` is whose voice it is: evidence, whoever else has that name. Only who entered it is somebody of the studio.
_OF_CONSENTS = frozenset({"recorded_by"})
#: Fields that say who did which of many things: {thing: person}.
_EACH = frozenset({"ticked"})
#: Their documents are gone through for the name of somebody who leaves.
_SIGNED = ("links", "audit", "briefs", "turns", "jobs", "assets", "reviews", "review_records", "comments", "preferences", "events")
_SIGNED_TOO = ("measurements", "consents", "trash", "tombstones", "holds", "cases", "prepared")


class Ageing(Room):
    def old_drafts(self, before: datetime) -> tuple[PurgeItem, ...]:
        """Results older than a moment that nobody reviewed, picked, commented, used or showed, and that a later take has replaced."""
        chosen = select(tables.assets.c.document).where(_never_chosen()).order_by(tables.assets.c.number).limit(DRAFTS)
        with self._database.read("read the drafts") as connection:
            found = [document for document in connection.scalars(chosen) if datetime.fromisoformat(document["created"]) <= before]
        return tuple(PurgeItem(kind="draft", id=one["id"], title=one["title"], project_id=one["project_id"], why="draft") for one in found)

    def ended_recordings(self, before: datetime) -> tuple[VoiceConsent, ...]:
        """Consents whose recording is kept although they were taken back, or ended before a moment."""
        with self._database.read("read the consents") as connection:
            found = [load(VoiceConsent, document) for document in connection.scalars(select(tables.consents.c.document))]
        return tuple(one for one in found if one.kept and (one.revoked is not None or standing(one, before) == "ended"))

    def old_lines(
        self, now: datetime, audit: datetime | None, events: datetime | None, links: datetime | None, *, dry: bool
    ) -> list[PurgeItem]:
        """Delete (dry: count) expired sessions and tokens, and what ended or was written before these moments; None: nothing of it."""
        sessions, tokens = tables.sessions.c.expires, tables.api_tokens.c.expires
        with self._database.write("delete what is old") as connection:
            found = [
                ("sessions", _cleared(connection, tables.sessions, sessions <= stamp(now), dry=dry)),
                ("sessions", _cleared(connection, tables.api_tokens, and_(tokens != "", tokens <= stamp(now)), dry=dry)),
            ]
            for name, table, before in (("audit", tables.audit, audit), ("events", tables.events, events)):
                if before is not None:
                    last = _last_number(connection, table, before)
                    found.append((name, _cleared(connection, table, table.c.number <= last, dry=dry)))
            if links is not None:
                old = [link.id for link in _links(connection) if _ended(link) <= links]
                found.append(("links", _cleared(connection, tables.links, tables.links.c.id.in_(old), dry=dry)))
            if not dry and any(count for _, count in found):
                want_compact(connection)
        return [PurgeItem.model_validate({"kind": name, "count": count, "why": "age"}) for name, count in found if count]

    def projects_of(self, person: str) -> tuple[tuple[Project, bool], ...]:
        """Projects a person is the last owner of, with whether anybody else is a member."""
        held, other = tables.members.alias("held"), tables.members.alias("other")
        mine = and_(held.c.person == person, held.c.role == Role.OWNER.value)
        others = and_(other.c.project_id == held.c.project_id, other.c.person != person)
        owned = exists().where(others, other.c.role == Role.OWNER.value)
        chosen = select(tables.projects.c.document, exists().where(others).label("shared")).select_from(
            tables.projects.join(held, held.c.project_id == tables.projects.c.id)
        )
        with self._database.read("read the projects") as connection:
            rows = connection.execute(chosen.where(mine, ~owned, ~in_trash(tables.projects.c.id)).order_by(tables.projects.c.number))
            return tuple((load(Project, row.document), bool(row.shared)) for row in rows)

    def erase_person(self, name: str, alias: str, audit: AuditEntry) -> None:
        """Delete an account, its sessions, tokens and roles, and write `alias` wherever the person's name stands.

        What they made stays in its project, by nobody who is known. Raises NotFound; Conflict for the last owner of the studio, and while
        they are the last owner of a project.
        """
        if self.projects_of(name):
            raise Conflict("{person} is the last owner of projects.", hint="Give them another owner first, or delete them.", person=name)
        with self._database.write(f"delete {name}") as connection:
            people = {one.name: one for one in (load(Person, d) for d in connection.scalars(select(tables.people.c.document)))}
            if name not in people:
                raise nobody(name)
            if people[name].owner and not any(one.owner and one.active and one.name != name for one in people.values()):
                raise Conflict("Somebody has to own the studio.", hint="Make another person an owner first.", field="owner")
            connection.execute(delete(tables.people).where(tables.people.c.name == name))
            for table in (tables.sessions, tables.api_tokens, tables.members):
                connection.execute(delete(table).where(table.c.person == name))
            insert_audit(connection, audit)
            _rename(connection, name, alias)
            want_compact(connection)


def _never_chosen() -> ColumnElement[bool]:
    """Made by a plan, replaced by a later take, and nothing else points to it: no row of another table, and nothing made from it."""
    mine = tables.assets.c
    later = tables.assets.alias("later")
    replaced = exists().where(later.c.plan_id == mine.plan_id, later.c.step_id == mine.step_id, later.c.take > mine.take)
    child, link = tables.assets.alias("child"), tables.asset_parents
    # A later take names the one it replaced; that alone keeps nothing.
    other = ~and_(child.c.plan_id == mine.plan_id, child.c.step_id == mine.step_id, child.c.previous == mine.id, child.c.take > mine.take)
    pointed = or_(
        exists().where(tables.review_records.c.asset_id == mine.id),
        exists().where(tables.reviews.c.asset_id == mine.id),
        exists().where(tables.comments.c.asset_id == mine.id),
        exists().where(tables.cases.c.kind == "asset", tables.cases.c.subject == mine.id),
        exists().where(or_(tables.preferences.c.chosen == mine.id, tables.preferences.c.rejected == mine.id)),
        exists().where(link.c.parent_id == mine.id, link.c.asset_id == child.c.id, other),
        exists().where(child.c.previous == mine.id, other),
        exists().where(tables.holds.c.project_id == mine.project_id),
    )
    return and_(mine.plan_id.is_not(None), replaced, ~pointed, ~in_trash(mine.project_id))


def _cleared(connection: Connection, table: Table, which: ColumnElement[bool], *, dry: bool) -> int:
    if dry:
        return connection.scalar(select(func.count()).select_from(table).where(which)) or 0
    return connection.execute(delete(table).where(which)).rowcount


def _last_number(connection: Connection, table: Table, before: datetime) -> int:
    """The last row written before a moment. Rows are numbered in the order they were written, so it is looked for by halves."""
    numbers = table.c.number
    low, high = connection.execute(select(func.min(numbers), func.max(numbers))).one()
    last = 0
    while low is not None and low <= high:
        middle = (low + high) // 2
        row = connection.execute(select(numbers, table.c.document).where(numbers >= middle).order_by(numbers).limit(1)).one()
        if datetime.fromisoformat(row.document["created"]) <= before:
            last, low = row.number, row.number + 1
        else:
            high = middle - 1
    return last


def _links(connection: Connection) -> list[Link]:
    return [load(Link, document) for document in connection.scalars(select(tables.links.c.document))]


def _ended(link: Link) -> datetime:
    return min(link.expires, link.revoked or link.expires)


def _rename(connection: Connection, name: str, alias: str) -> None:
    """Write another name in every column and document that has this one as a person's."""
    for table in tables.metadata.sorted_tables:
        if "person" in table.c:
            connection.execute(update(table).where(table.c.person == name).values(person=alias))
    records = tables.review_records
    connection.execute(update(records).where(records.c.assignee == name).values(assignee=alias))
    for table_name in (*_SIGNED, *_SIGNED_TOO):
        table = tables.metadata.tables[table_name]
        fields = _OF_CONSENTS if table_name == "consents" else _NAMES | {"subject"} if table_name == "audit" else _NAMES
        for column in [table.c[one] for one in ("document", "rows") if one in table.c]:
            key = list(table.primary_key.columns)
            found = connection.execute(select(*key, column).where(cast(column, Text).contains(_quoted(name), autoescape=True))).all()
            for row in found:
                changed = _renamed(row[-1], name, alias, fields)
                if changed != row[-1]:
                    which = and_(*(part == value for part, value in zip(key, row[:-1], strict=True)))
                    connection.execute(update(table).where(which).values({column: changed}))


def _quoted(name: str) -> str:
    """A name as it stands in stored JSON, without its quotes."""
    return json.dumps(name, ensure_ascii=False)[1:-1]


def _renamed(value: Any, name: str, alias: str, fields: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed_field(key, one, name, alias, fields) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, name, alias, fields) for one in value]
    return value


def _renamed_field(key: str, value: Any, name: str, alias: str, fields: frozenset[str]) -> Any:
    if key in fields and value == name:
        return alias
    if key in _EACH and isinstance(value, dict):
        return {thing: alias if person == name else person for thing, person in value.items()}
    return _renamed(value, name, alias, fields)
