"""Links to projects and selections as rows. It sees the hash of a link's secret, never the secret."""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlalchemy import insert, select, update

from domain.errors import NotFound
from domain.people import Link
from library import tables
from library.database import Room, document_by, dump, load, new_id
from library.projects import in_trash

_LINK = document_by(tables.links, "id")
_SHOWN = _LINK.where(~in_trash(tables.links.c.project_id))


class Links(Room):
    def add_link(self, link: Link, hashed: str) -> Link:
        """Raises NotFound for an unknown project."""
        stored = link if link.id else link.model_copy(update={"id": new_id()})
        with self._database.write("store the link") as connection:
            row = {"id": stored.id, "hash": hashed, "project_id": stored.project_id, "document": dump(stored)}
            connection.execute(insert(tables.links).values(**row))
        return stored

    def link(self, link_id: str) -> Link | None:
        """None also while its project lies in the trash."""
        with self._database.read("read the link") as connection:
            document = connection.scalar(_SHOWN, {"id": link_id})
        return None if document is None else load(Link, document)

    def link_opens(self, link_id: str, hashed: str) -> bool:
        """Whether this is the hash of the link's secret."""
        with self._database.read("read the link") as connection:
            kept = connection.scalar(select(tables.links.c.hash).where(tables.links.c.id == link_id))
        return hmac.compare_digest(kept or "", hashed) and bool(kept)

    def links(self, project_id: str) -> tuple[Link, ...]:
        """Newest first; also those that have expired or were revoked."""
        columns = tables.links.c
        chosen = select(columns.document).where(columns.project_id == project_id).order_by(columns.number.desc())
        with self._database.read("read the links") as connection:
            return tuple(load(Link, document) for document in connection.scalars(chosen))

    def revoke_link(self, project_id: str, link_id: str, when: datetime) -> Link:
        """A revoked link stays in the list. Raises NotFound, also for a link of another project."""
        with self._database.write("revoke the link") as connection:
            document = connection.scalar(_LINK.with_for_update(), {"id": link_id})
            if document is None or load(Link, document).project_id != project_id:
                raise NotFound("There is no link {link_id}.", hint="Reload the list.", field="link", link_id=repr(link_id[:80]))
            kept = load(Link, document)
            link = kept if kept.revoked is not None else kept.model_copy(update={"revoked": when})
            connection.execute(update(tables.links).where(tables.links.c.id == link_id).values(document=dump(link)))
        return link
