"""Deleting an asset: refused while something stands on it, else all of its rows in one transaction.

Its files' bytes stay in the store: they may be shared with other assets, and a file that is just being added again must not be lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Table, delete, or_, select, update

from domain.asset import Asset
from domain.errors import Conflict
from domain.events import EventKind
from domain.job import Job
from domain.people import AuditEntry, Link
from domain.review import FROZEN, Verdict
from library import tables
from library.assets import read_asset
from library.database import Room, dump, load
from library.events import append_events
from library.people import insert_audit
from library.reviewing import record_of, too_late

#: So many titles of what stands in the way are named.
NAMED = 5


class Deletion(Room):
    def delete_asset(self, asset_id: str, seen: int | None, now: datetime, audit: Callable[[Asset], AuditEntry]) -> None:
        """Delete an asset with its reviews, comments and preference pairs. Its step counts as not made.

        seen: the revision of its review that was shown; None deletes whatever was decided meanwhile.

        Raises NotFound; Conflict when its review was changed since, and, each with the way out, for what is approved or published,
        was used for or redone into another asset, stands in a plan, or is shown by an open link.
        """
        with self._database.write("delete the asset") as connection:
            # Whoever stores a version of it waits: its row refers to this one.
            asset = read_asset(connection, asset_id, lock=True)
            _require_free(connection, asset, seen, now)
            _delete_rows(connection, asset)
            self._database.search.remove(connection, _number(connection, asset_id))
            connection.execute(delete(tables.assets).where(tables.assets.c.id == asset_id))
            insert_audit(connection, audit(asset))
            append_events(connection, self._clock(), [(asset.project_id, EventKind.ASSET, asset_id, {"deleted": True})])


def _number(connection: Connection, asset_id: str) -> int:
    return int(connection.execute(select(tables.assets.c.number).where(tables.assets.c.id == asset_id)).scalar_one())


def _require_free(connection: Connection, asset: Asset, seen: int | None, now: datetime) -> None:
    record = record_of(connection, asset)
    if seen is not None and seen != record.revision:
        raise too_late(record)
    if record.state in FROZEN:
        raise Conflict(
            "{title} is approved and cannot be deleted.",
            hint="Take the approval back first: ask for changes.",
            field="asset_id",
            title=asset.title,
        )
    users = _users(connection, asset.id)
    if users:
        raise Conflict(
            "{title} was used for {users}.",
            hint="Delete those first; what something was made from is kept.",
            field="asset_id",
            title=asset.title,
            users=users[:NAMED],
        )
    plans = _plans_with(connection, asset)
    if plans:
        raise Conflict(
            "{title} stands in the plan {plans}.",
            hint="Take it out of the plan's steps first.",
            field="asset_id",
            title=asset.title,
            plans=plans[:NAMED],
        )
    links = _links_with(connection, asset, now)
    if links:
        raise Conflict(
            "{title} is shown by the link {links}.",
            hint="Revoke the link first: Settings > People lists it.",
            field="asset_id",
            title=asset.title,
            links=links[:NAMED],
        )


def _users(connection: Connection, asset_id: str) -> list[str]:
    """Titles of what was made directly from it, and of its later versions."""
    children = select(tables.asset_parents.c.asset_id).where(tables.asset_parents.c.parent_id == asset_id)
    using = or_(tables.assets.c.id.in_(children), tables.assets.c.previous == asset_id)
    found = connection.scalars(select(tables.assets.c.document).where(using).order_by(tables.assets.c.number).limit(NAMED))
    return [f"{asset.title} ({asset.recipe.kind.value} {asset.version})" for asset in (load(Asset, document) for document in found)]


def _plans_with(connection: Connection, asset: Asset) -> list[str]:
    """Titles of plans whose newest version names it, such as a reference picture of a step."""
    joined = tables.plan_versions.join(tables.plans, tables.plans.c.id == tables.plan_versions.c.plan_id)
    newest = select(tables.plan_versions.c.document).select_from(joined)
    newest = newest.where(tables.plans.c.project_id == asset.project_id, tables.plan_versions.c.version == tables.plans.c.version)
    named = f'"{asset.id}"'
    return [str(document["title"]) for document in connection.scalars(newest) if named in json.dumps(document["steps"])]


def _links_with(connection: Connection, asset: Asset, now: datetime) -> list[str]:
    found = connection.scalars(select(tables.links.c.document).where(tables.links.c.project_id == asset.project_id))
    links = (load(Link, document) for document in found)
    return [link.label or link.id for link in links if asset.id in link.assets and link.open_at(now)]


def _delete_rows(connection: Connection, asset: Asset) -> None:
    """Everything that is of this asset alone. A pick of another one over it goes with it: it compares with nothing any more."""
    _delete_picks_over(connection, asset)
    own: tuple[Table, ...] = (tables.review_records, tables.reviews, tables.comments, tables.asset_files, tables.asset_parents)
    for table in own:
        connection.execute(delete(table).where(table.c.asset_id == asset.id))
    connection.execute(delete(tables.cases).where(tables.cases.c.kind == "asset", tables.cases.c.subject == asset.id))
    pairs = tables.preferences.c
    connection.execute(delete(tables.preferences).where(or_(pairs.chosen == asset.id, pairs.rejected == asset.id)))
    if not asset.plan_id:
        return
    jobs = tables.jobs.c
    mine = (jobs.plan_id == asset.plan_id) & (jobs.step_id == asset.step_id) & (jobs.take == asset.take)
    document = connection.scalar(select(jobs.document).where(mine))
    if document is not None:
        job = load(Job, document).model_copy(update={"asset_id": ""})
        connection.execute(update(tables.jobs).where(mine).values(document=dump(job)))


def _delete_picks_over(connection: Connection, asset: Asset) -> None:
    columns = tables.reviews.c
    picks = select(columns.id, columns.document).where(columns.verdict == Verdict.PREFER.value)
    picks = picks.where(columns.asset_id.in_(select(tables.assets.c.id).where(tables.assets.c.project_id == asset.project_id)))
    over = [row.id for row in connection.execute(picks) if row.document["over"] == asset.id]
    for review_id in over:
        connection.execute(delete(tables.reviews).where(columns.id == review_id))
