"""Projects and settings. Who may see a project is in library/people.py."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, insert, select, update

from domain.errors import NotFound
from domain.project import Project, Role
from domain.value import JsonValue
from library import tables
from library.assets import require_kept
from library.database import Room, document_by, dump, load, new_id, upsert
from library.purging import doom_replaced


class Projects(Room):
    def create_project(self, name: str, language: str = "en", person: str = "") -> Project:
        """A new project; `person`, when given, owns it."""
        project = Project(id=new_id(), name=name, language=language, created=self._clock())
        with self._database.write("create the project") as connection:
            connection.execute(insert(tables.projects).values(id=project.id, archived=False, document=dump(project)))
            if person:
                owner = {"project_id": project.id, "person": person, "role": Role.OWNER.value}
                connection.execute(insert(tables.members).values(**owner))
        return project

    def save_project(self, project: Project) -> Project:
        """Store a changed project (name, brand, archived). A logo it had before goes, unless something else names it.

        Raises NotFound for an unknown one.
        """
        mine = tables.projects.c.id == project.id
        with self._database.write("save the project") as connection:
            require_kept(connection, (project.brand.logo,))
            stored = connection.scalar(select(tables.projects.c.document).where(mine).with_for_update())
            if stored is None:
                raise _no_project(project.id)
            connection.execute(update(tables.projects).where(mine).values(archived=project.archived, document=dump(project)))
            logo = stored.get("brand", {}).get("logo", "")
            if logo and logo != project.brand.logo:
                doom_replaced(connection, logo, project.id, self._clock())
        return project

    def project(self, project_id: str) -> Project:
        """Raises NotFound."""
        with self._database.read("read the project") as connection:
            document = connection.scalar(document_by(tables.projects, "id"), {"id": project_id})
        if document is None:
            raise _no_project(project_id)
        return load(Project, document)

    def projects(self, archived: bool | None = False) -> tuple[Project, ...]:
        """Projects, newest first, without those in the trash. archived None gives both."""
        chosen = select(tables.projects.c.document).where(~in_trash(tables.projects.c.id)).order_by(tables.projects.c.number.desc())
        if archived is not None:
            chosen = chosen.where(tables.projects.c.archived == archived)
        with self._database.read("list the projects") as connection:
            return tuple(load(Project, document) for document in connection.scalars(chosen))

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


def in_trash(project_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the project of this column lies in the trash: nobody is shown it, or anything in it."""
    return exists().where(tables.trash.c.id == project_id, tables.trash.c.kind == "project")


def _no_project(project_id: str) -> NotFound:
    return NotFound(
        "There is no project {project_id}.", hint="Choose one from the list of projects.", field="project_id", project_id=repr(project_id)
    )
