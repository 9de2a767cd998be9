"""The one place that decides what somebody may do: every route, page event and file asks here, and the answer is read anew each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from domain.errors import NotAllowed
from domain.people import RIGHTS, Caller, Link, Right
from domain.project import Project, Role
from domain.said import Said
from library.library import Library
from library.people import Kind, unknown
from studio.gate import Gate


def _now() -> datetime:
    return datetime.now(UTC)


class Rights:
    """Keeps nothing: a role that is taken away, or a link that is revoked, is gone with the next question."""

    def __init__(self, library: Library, now: Callable[[], datetime] = _now) -> None:
        self._library = library
        self._now = now

    def of(self, caller: Caller, project_id: str) -> frozenset[Right]:
        """What a caller may do with a project. Empty when they may not even know of it."""
        if caller.everything:
            return RIGHTS[Role.OWNER]
        if caller.link:
            link = self.link(caller)
            return link.rights if link is not None and link.project_id == project_id else frozenset()
        standing = self._library.standing(caller.person, project_id)
        if not standing.active:
            return frozenset()
        if standing.owner:
            return RIGHTS[Role.OWNER]
        return RIGHTS[standing.role] if standing.role is not None else frozenset()

    def require(self, caller: Caller, right: Right, kind: Kind, row_id: str) -> str:
        """The project something belongs to, when the caller has this right on it.

        Raises NotFound for what is not there and, in the same words, for what the caller may not see; NotAllowed for the rest.
        """
        project_id = self._library.project_of(kind, row_id)
        held = self.of(caller, project_id)
        if Right.VIEW not in held or not self._shown(caller, kind, row_id):
            raise unknown(kind, row_id)
        if right not in held:
            raise NotAllowed(
                "You may see this project, but not {words}.",
                hint="Ask an owner of the project for the right.",
                field=kind,
                words=_words(right),
            )
        return project_id

    def may_see(self, person: str, project_id: str) -> bool:
        """Whether somebody who is not asking may look into a project; everybody in a studio that knows no people."""
        return not self._library.has_people() or Right.VIEW in self.of(Caller(person=person), project_id)

    def owns_studio(self, caller: Caller) -> bool:
        if caller.everything or caller.link:
            return caller.everything
        standing = self._library.standing(caller.person)
        return standing.active and standing.owner

    def require_studio(self, caller: Caller) -> None:
        """Models, people, budgets and the engine concern everybody: owners of the studio alone change them. Raises NotAllowed."""
        if not self.owns_studio(caller):
            raise NotAllowed("Only an owner of the studio may do this.", hint="Ask one of them: Settings > People names them.")

    def visible(self, caller: Caller, projects: Iterable[Project]) -> tuple[Project, ...]:
        """Those of the projects a person may see."""
        if self.owns_studio(caller):
            return tuple(projects)
        if caller.link or not self._library.standing(caller.person).active:
            return ()
        roles = self._library.roles(caller.person)
        return tuple(project for project in projects if project.id in roles)

    def link(self, caller: Caller) -> Link | None:
        """The link a visitor came by, None when it is not open any more."""
        found = self._library.link(caller.link) if caller.link else None
        return found if found is not None and found.open_at(self._now()) else None

    def _shown(self, caller: Caller, kind: Kind, row_id: str) -> bool:
        """A link of a selection shows those results, and nothing else of their project. None shows what is held or refused."""
        if not caller.link:
            return True
        link = self.link(caller)
        if link is None or (link.assets and (kind != "asset" or row_id not in link.assets)):
            return False
        return kind != "asset" or Gate(self._library).case(self._library.asset(row_id)) is None


def _words(right: Right) -> Said:
    return {
        Right.VIEW: Said.of("see it"),
        Right.DOWNLOAD: Said.of("take files out of it"),
        Right.COMMENT: Said.of("comment on it"),
        Right.REVIEW: Said.of("review it"),
        Right.EDIT: Said.of("change it"),
        Right.OWN: Said.of("decide who may see it"),
    }[right]
