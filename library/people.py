"""People, their roles in projects, sessions, API tokens and the audit log as rows. Of passwords, cookies and tokens it sees only hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from domain.errors import Conflict, NotFound
from domain.people import ApiToken, AuditEntry, Member, Person, Standing
from domain.project import Role
from library import tables
from library.audit import insert_audit
from library.database import Room, dump, load, new_id, stamp, upsert, utc
from library.projects import in_trash

#: What belongs to a project, and the table whose row says to which.
Kind = Literal["project", "plan", "asset", "brief"]
_TABLES = {"plan": tables.plans, "asset": tables.assets, "brief": tables.briefs}
AUDIT_PAGE = 500


class People(Room):
    def add_person(self, person: Person, password_hash: str) -> Person:
        """The first one there is owns the studio, whatever `person` says. Raises Conflict when the name is taken."""
        with self._database.write(f"add {person.name}") as connection:
            first = connection.scalar(select(func.count()).select_from(tables.people)) == 0
            stored = person.model_copy(update={"owner": person.owner or first})
            row = {"name": stored.name, "password_hash": password_hash, "created": utc(stored.created), "document": dump(stored)}
            connection.execute(insert(tables.people).values(**row))
        return stored

    def save_person(self, person: Person) -> Person:
        """Raises NotFound; Conflict when nobody would be left who owns the studio and may come in."""
        changed = update(tables.people).where(tables.people.c.name == person.name).values(document=dump(person))
        with self._database.write(f"change {person.name}") as connection:
            if not connection.execute(changed).rowcount:
                raise nobody(person.name)
            left = [load(Person, document) for document in connection.scalars(select(tables.people.c.document).with_for_update())]
            if not any(one.owner and one.active for one in left):
                raise Conflict("Somebody has to own the studio.", hint="Make another person an owner first.", field="owner")
        return person

    def set_person_hash(self, name: str, password_hash: str, *, tokens: bool = False) -> None:
        """A new password ends every session of the person; tokens: their API tokens too. Raises NotFound."""
        changed = update(tables.people).where(tables.people.c.name == name).values(password_hash=password_hash)
        with self._database.write(f"change the password of {name}") as connection:
            if not connection.execute(changed).rowcount:
                raise nobody(name)
            connection.execute(delete(tables.sessions).where(tables.sessions.c.person == name, tables.sessions.c.link_id == ""))
            if tokens:
                connection.execute(delete(tables.api_tokens).where(tables.api_tokens.c.person == name))

    def person(self, name: str) -> Person | None:
        with self._database.read("read the people") as connection:
            document = connection.scalar(select(tables.people.c.document).where(tables.people.c.name == name))
        return None if document is None else load(Person, document)

    def person_hash(self, name: str) -> str | None:
        """The argon2 string of a person, None when there is no such person."""
        with self._database.read("read the people") as connection:
            return connection.scalar(select(tables.people.c.password_hash).where(tables.people.c.name == name))

    def people(self) -> tuple[Person, ...]:
        """First added first."""
        with self._database.read("read the people") as connection:
            chosen = select(tables.people.c.document).order_by(tables.people.c.number)
            return tuple(load(Person, document) for document in connection.scalars(chosen))

    def has_people(self) -> bool:
        with self._database.read("read the people") as connection:
            return bool(connection.scalar(select(exists().select_from(tables.people))))

    # Roles

    def members(self, project_id: str) -> tuple[Member, ...]:
        """By name."""
        columns = tables.members.c
        chosen = select(columns.person, columns.role).where(columns.project_id == project_id).order_by(columns.person)
        with self._database.read("read the members") as connection:
            return tuple(Member(person=row.person, role=Role(row.role)) for row in connection.execute(chosen))

    def set_member(self, project_id: str, person: str, role: Role | None) -> None:
        """Give a person a role in a project; None takes it away. Raises Conflict for the last owner, NotFound for an unknown project."""
        columns = tables.members.c
        with self._database.write("change the members") as connection:
            _lock_project(connection, project_id)
            owners = set(
                connection.scalars(select(columns.person).where(columns.project_id == project_id, columns.role == Role.OWNER.value))
            )
            if owners == {person} and role is not Role.OWNER:
                raise Conflict(
                    "{person} is the last owner of this project.", hint="Make somebody else an owner first.", field="person", person=person
                )
            if role is None:
                connection.execute(delete(tables.members).where(columns.project_id == project_id, columns.person == person))
            else:
                upsert(connection, tables.members, {"project_id": project_id, "person": person}, {"role": role.value})

    def standing(self, person: str, project_id: str = "") -> Standing:
        """What a person is here now, and their role in one project. Nobody who is not known is active."""
        held = tables.members
        joined = tables.people.outerjoin(held, (held.c.person == tables.people.c.name) & (held.c.project_id == project_id))
        chosen = select(tables.people.c.document, held.c.role).select_from(joined).where(tables.people.c.name == person)
        with self._database.read("read the rights") as connection:
            row = connection.execute(chosen).first()
        if row is None:
            return Standing()
        known = load(Person, row.document)
        return Standing(active=known.active, owner=known.owner, role=Role(row.role) if row.role else None)

    def roles(self, person: str) -> dict[str, Role]:
        """project id -> role, of every project the person is a member of."""
        columns = tables.members.c
        with self._database.read("read the rights") as connection:
            rows = connection.execute(select(columns.project_id, columns.role).where(columns.person == person))
            return {row.project_id: Role(row.role) for row in rows}

    def project_of(self, kind: Kind, row_id: str) -> str:
        """The project something belongs to. Raises NotFound, also for everything of a project in the trash."""
        table = _TABLES.get(kind, tables.projects)
        column = table.c.id if kind == "project" else table.c.project_id
        with self._database.read(f"find the {kind}") as connection:
            found = connection.scalar(select(column).where(table.c.id == row_id, ~in_trash(column)))
        if found is None:
            raise unknown(kind, row_id)
        return str(found)

    # What a person uses

    def jobs_of(self, person: str, since: datetime) -> int:
        """How many jobs of a person were queued at `since` or later."""
        columns = tables.jobs.c
        mine = select(func.count()).select_from(tables.jobs).where(columns.person == person, columns.created >= stamp(since))
        with self._database.read("count the jobs") as connection:
            return connection.scalar(mine) or 0

    def bytes_of(self, person: str) -> int:
        """Bytes of the files of everything a person made; what two results share counts once."""
        document: Any = tables.assets.c.document
        mine = document["person"].as_string() == person
        joined = tables.asset_files.join(tables.assets, tables.assets.c.id == tables.asset_files.c.asset_id)
        files = select(tables.asset_files.c.sha256).select_from(joined).where(mine)
        kept = select(func.sum(tables.blobs.c.size)).where(tables.blobs.c.sha256.in_(files))
        with self._database.read("count the files") as connection:
            return int(connection.scalar(kept) or 0)

    # Sessions and tokens

    def add_session(self, hashed: str, person: str, link_id: str, expires: datetime) -> None:
        """Keep a session; those that have expired are forgotten with it."""
        row = {"hash": hashed, "person": person, "link_id": link_id, "created": stamp(self._clock()), "expires": stamp(expires)}
        with self._database.write("open a session") as connection:
            connection.execute(delete(tables.sessions).where(tables.sessions.c.expires <= stamp(self._clock())))
            connection.execute(insert(tables.sessions).values(**row))

    def session(self, hashed: str) -> tuple[str, str] | None:
        """(person, link id) of a session that has not expired."""
        columns = tables.sessions.c
        chosen = select(columns.person, columns.link_id).where(columns.hash == hashed, columns.expires > stamp(self._clock()))
        with self._database.read("read the session") as connection:
            row = connection.execute(chosen).first()
        return None if row is None else (row.person, row.link_id)

    def end_sessions(self, *, hashed: str = "", person: str = "", link_id: str = "") -> None:
        """End the session of this hash, or all of a person, or all of a link."""
        columns = tables.sessions.c
        named = (
            columns.hash == hashed
            if hashed
            else columns.link_id == link_id
            if link_id
            else (columns.person == person) & (columns.link_id == "")
        )
        with self._database.write("end the session") as connection:
            connection.execute(delete(tables.sessions).where(named))

    def add_token(self, token: ApiToken, hashed: str) -> ApiToken:
        stored = token if token.id else token.model_copy(update={"id": new_id()})
        expires = stamp(stored.expires) if stored.expires is not None else ""
        with self._database.write("store the token") as connection:
            row = {"id": stored.id, "hash": hashed, "person": stored.person, "expires": expires, "document": dump(stored)}
            connection.execute(insert(tables.api_tokens).values(**row))
        return stored

    def token(self, hashed: str) -> ApiToken | None:
        """The token of this hash, unless it has expired."""
        columns = tables.api_tokens.c
        living = (columns.expires == "") | (columns.expires > stamp(self._clock()))
        with self._database.read("read the token") as connection:
            document = connection.scalar(select(columns.document).where(columns.hash == hashed, living))
        return None if document is None else load(ApiToken, document)

    def tokens(self, person: str) -> tuple[ApiToken, ...]:
        """Of a person, the oldest first; also those that have expired."""
        columns = tables.api_tokens.c
        with self._database.read("read the tokens") as connection:
            found = [load(ApiToken, document) for document in connection.scalars(select(columns.document).where(columns.person == person))]
        return tuple(sorted(found, key=lambda token: (token.created, token.id)))

    def end_token(self, person: str, token_id: str) -> None:
        """Raises NotFound, also for the token of somebody else."""
        columns = tables.api_tokens.c
        with self._database.write("end the token") as connection:
            if not connection.execute(delete(tables.api_tokens).where(columns.id == token_id, columns.person == person)).rowcount:
                raise NotFound("There is no token {token_id}.", hint="Reload the list.", field="token", token_id=repr(token_id[:80]))

    # Audit

    def audit(self, entry: AuditEntry) -> None:
        with self._database.write("write the audit log") as connection:
            insert_audit(connection, entry)

    def audited(self, project_id: str | None = None, before: int = 0, limit: int = 100) -> tuple[AuditEntry, ...]:
        """Newest first; project_id None gives those of everything. before: only entries with a smaller number, 0 for the newest."""
        columns = tables.audit.c
        chosen = select(columns.number, columns.document).order_by(columns.number.desc()).limit(min(max(1, limit), AUDIT_PAGE))
        if project_id is not None:
            chosen = chosen.where(columns.project_id == project_id)
        if before:
            chosen = chosen.where(columns.number < before)
        with self._database.read("read the audit log") as connection:
            rows = connection.execute(chosen).all()
        return tuple(load(AuditEntry, row.document).model_copy(update={"number": row.number}) for row in rows)


def _lock_project(connection: Connection, project_id: str) -> None:
    """Two who take the last two owners away at once must see each other. SQLite has one writer anyway."""
    found = connection.scalar(select(tables.projects.c.id).where(tables.projects.c.id == project_id).with_for_update())
    if found is None:
        raise NotFound(
            "There is no project {project_id}.",
            hint="Choose one from the list of projects.",
            field="project_id",
            project_id=repr(project_id[:80]),
        )


def unknown(kind: Kind, row_id: str) -> NotFound:
    """What is said of an id that does not exist, and of one that the caller may not know of."""
    return NotFound("There is no {kind} {row_id}.", hint="Reload, and check the id.", field=kind, kind=kind, row_id=repr(row_id[:80]))


def nobody(name: str) -> NotFound:
    return NotFound(
        "There is no person called {name}.", hint="Choose one of the people of this studio.", field="person", name=repr(name[:80])
    )
