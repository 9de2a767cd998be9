"""Projects, people and settings."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from domain.errors import NotFound
from domain.project import Member, Project
from domain.value import JsonValue
from library import tables
from library.database import Room, document_by, dump, load, new_id, upsert, utc


class Projects(Room):
    def create_project(self, name: str, language: str = "en", person: str = "") -> Project:
        """A new project; `person`, when given, owns it."""
        members = (Member(person=person),) if person else ()
        project = Project(id=new_id(), name=name, language=language, members=members, created=self._clock())
        with self._database.write("create the project") as connection:
            connection.execute(insert(tables.projects).values(id=project.id, archived=False, document=dump(project)))
        return project

    def save_project(self, project: Project) -> Project:
        """Store a changed project (name, brand, members, archived). Raises NotFound for an unknown one."""
        changed = update(tables.projects).where(tables.projects.c.id == project.id)
        with self._database.write("save the project") as connection:
            count = connection.execute(changed.values(archived=project.archived, document=dump(project))).rowcount
        if not count:
            raise _no_project(project.id)
        return project

    def project(self, project_id: str) -> Project:
        """Raises NotFound."""
        with self._database.read("read the project") as connection:
            document = connection.scalar(document_by(tables.projects, "id"), {"id": project_id})
        if document is None:
            raise _no_project(project_id)
        return load(Project, document)

    def projects(self, archived: bool | None = False) -> tuple[Project, ...]:
        """Projects, newest first. archived None gives all."""
        chosen = select(tables.projects.c.document).order_by(tables.projects.c.number.desc())
        if archived is not None:
            chosen = chosen.where(tables.projects.c.archived == archived)
        with self._database.read("list the projects") as connection:
            return tuple(load(Project, document) for document in connection.scalars(chosen))

    def add_person(self, name: str, password_hash: str) -> None:
        """Raises Conflict when the name is taken. The library stores the argon2 string and never sees a password."""
        with self._database.write(f"add {name}") as connection:
            connection.execute(insert(tables.people).values(name=name, password_hash=password_hash, created=utc(self._clock())))

    def set_person_hash(self, name: str, password_hash: str) -> None:
        """Raises NotFound."""
        changed = update(tables.people).where(tables.people.c.name == name).values(password_hash=password_hash)
        with self._database.write(f"change the password of {name}") as connection:
            if not connection.execute(changed).rowcount:
                raise NotFound("There is no person called {name}.", name=repr(name))

    def person_hash(self, name: str) -> str | None:
        """The argon2 string of a person, None when there is no such person."""
        with self._database.read("read the people") as connection:
            return connection.scalar(select(tables.people.c.password_hash).where(tables.people.c.name == name))

    def people(self) -> tuple[str, ...]:
        """Names, first added first."""
        with self._database.read("read the people") as connection:
            return tuple(connection.scalars(select(tables.people.c.name).order_by(tables.people.c.number)))

    def get_setting(self, key: str, default: JsonValue = None) -> JsonValue:
        with self._database.read("read a setting") as connection:
            row = connection.execute(select(tables.settings.c.value).where(tables.settings.c.key == key)).first()
        return default if row is None else row[0]

    def put_setting(self, key: str, value: JsonValue) -> None:
        """Store a setting; None removes it."""
        with self._database.write("save a setting") as connection:
            if value is None:
                connection.execute(delete(tables.settings).where(tables.settings.c.key == key))
            else:
                upsert(connection, tables.settings, {"key": key}, {"value": value})


def _no_project(project_id: str) -> NotFound:
    return NotFound(
        "There is no project {project_id}.", hint="Choose one from the list of projects.", field="project_id", project_id=repr(project_id)
    )
