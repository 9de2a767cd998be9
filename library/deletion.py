"""Deleting: into the trash, while nothing stands on it; rows and all in one transaction. library/trash.py takes it out again.

The rows of an asset leave their tables and lie in the trash as they stood, so nothing that lists, searches or counts has to know of it.
Its files' bytes stay where they are until it is deleted for good (library/purging.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, or_, select, update

from domain.asset import Asset
from domain.errors import Conflict, MaquetteError, NotFound
from domain.events import EventKind
from domain.job import Job, JobState
from domain.people import AuditEntry, Link
from domain.plan import Plan
from domain.project import Project
from domain.retention import Consequences, Dependent, Hold, Trashed
from domain.review import FROZEN, Verdict
from library import tables
from library.assets import read_asset
from library.audit import insert_audit
from library.database import Room, document_by, dump, load, stamp
from library.events import append_events
from library.reviewing import record_of, too_late

#: So many titles of what stands in the way are named.
NAMED = 5
#: What is of an asset alone, in the order in which it can be put back.
OWN: tuple[Table, ...] = (tables.asset_files, tables.asset_parents, tables.review_records, tables.reviews, tables.comments)

#: In the rows of an asset in the trash: takes that replaced it.
LATER = "later"

Rows = dict[str, list[dict[str, Any]]]


class Deletion(Room):
    def delete_asset(
        self,
        asset_id: str,
        seen: int | None,
        now: datetime,
        audit: Callable[[Asset], AuditEntry],
        *,
        dependents: bool = False,
        replaced: bool = False,
    ) -> tuple[Asset, ...]:
        """Put an asset into the trash with its reviews, comments and preference pairs. Its step counts as not made.

        seen: the revision of its review that was shown; None deletes whatever was decided meanwhile. dependents: with everything that
        was made from it. replaced: a later take of its step, which used nothing of it, is no reason to keep it. Returns what went, the
        newest first.

        Raises NotFound; Conflict when its review was changed since, and, each with the way out, for what is approved or published,
        was used for or redone into another asset, stands in a plan, is shown by an open link, waits to be used, or is held.
        """
        with self._database.write("delete the asset") as connection:
            # Whoever stores a version of it waits: its row refers to this one.
            asset = read_asset(connection, asset_id, lock=True)
            record = record_of(connection, asset)
            if seen is not None and seen != record.revision:
                raise too_late(record)
            going = (*(_dependents(connection, asset_id) if dependents else ()), asset)
            later = _later_takes(connection, asset) if replaced else set()
            for one in going:
                _require_free(connection, one, now, later | {other.id for other in going})
            for one in going:
                entry = audit(one)
                _trash(connection, one, entry.person, now, later)
                self._database.search.remove(connection, _number(connection, one.id))
                connection.execute(delete(tables.assets).where(tables.assets.c.id == one.id))
                insert_audit(connection, entry)
                append_events(connection, self._clock(), [(one.project_id, EventKind.ASSET, one.id, {"deleted": True})])
        return going

    def consequences(self, asset_id: str, now: datetime, *, replaced: bool = False) -> Consequences:
        """What deleting an asset would take with it, or why it cannot be. replaced: as of `delete_asset`. Raises NotFound."""
        with self._database.read("read what depends on it") as connection:
            asset = read_asset(connection, asset_id)
            others = () if replaced else _dependents(connection, asset_id)
            later = _later_takes(connection, asset) if replaced else set()
            found = tuple(Dependent(id=one.id, title=one.title, kind_of=one.recipe.kind.value, version=one.version) for one in others)
            try:
                for one in (*others, asset):
                    _require_free(connection, one, now, later | {asset.id, *(other.id for other in others)})
            except MaquetteError as error:
                return Consequences(title=asset.title, dependents=found, kept=error.said)
            return Consequences(title=asset.title, dependents=found)

    def delete_project(self, project_id: str, now: datetime, audit: AuditEntry) -> Trashed:
        """Put a project into the trash with everything in it: nobody is shown it until it is taken out again.

        Raises NotFound, Conflict while something of it is being made, when another project uses something of it, or it is held.
        """
        with self._database.write("delete the project") as connection:
            document = connection.scalar(document_by(tables.projects, "id").with_for_update(), {"id": project_id})
            if document is None or connection.scalar(select(tables.trash.c.id).where(tables.trash.c.id == project_id)):
                raise NotFound("There is no project {project_id}.", field="project_id", project_id=repr(project_id[:80]))
            project = load(Project, document)
            require_not_held(connection, project_id)
            _require_still(connection, project)
            trashed = Trashed(id=project_id, kind="project", project_id=project_id, title=project.name, person=audit.person, deleted=now)
            _put(connection, trashed, {})
            insert_audit(connection, audit)
        return trashed


def require_not_held(connection: Connection, project_id: str) -> None:
    held = connection.scalar(document_by(tables.holds, "project_id"), {"project_id": project_id})
    if held is not None:
        raise Conflict(
            "Nothing of this project may be deleted now: {reason}",
            hint="An owner of the studio lifts the hold: `python app.py library hold PROJECT --lift`.",
            field="project_id",
            reason=load(Hold, held).reason,
        )


def _require_still(connection: Connection, project: Project) -> None:
    plans = select(tables.plans.c.id).where(tables.plans.c.project_id == project.id)
    open_states = [state.value for state in JobState if not state.ended]
    busy = select(tables.jobs.c.step_id).where(tables.jobs.c.plan_id.in_(plans), tables.jobs.c.state.in_(open_states)).limit(1)
    if connection.scalar(busy) is not None:
        raise Conflict("Something of this project is being made.", hint="Stop it first, then delete the project.", field="project_id")
    mine = select(tables.assets.c.id).where(tables.assets.c.project_id == project.id)
    child = tables.assets.alias("child")
    joined = tables.asset_parents.join(child, child.c.id == tables.asset_parents.c.asset_id)
    used = select(child.c.document).select_from(joined)
    used = used.where(tables.asset_parents.c.parent_id.in_(mine), child.c.project_id != project.id).limit(1)
    document = connection.scalar(used)
    if document is not None:
        raise Conflict(
            "Something of this project was used for {title}, in another project.",
            hint="Delete that first.",
            field="project_id",
            title=load(Asset, document).title,
        )


def _dependents(connection: Connection, asset_id: str) -> tuple[Asset, ...]:
    """Everything made from it, directly or by way of others, and all later versions, the newest first."""
    made = select(tables.asset_parents.c.asset_id.label("id"), tables.asset_parents.c.parent_id.label("of"))
    steps = made.union(select(tables.assets.c.id, tables.assets.c.previous).where(tables.assets.c.previous.is_not(None))).subquery()
    reached = select(steps.c.id).where(steps.c.of == asset_id).cte("reached", recursive=True)
    reached = reached.union(select(steps.c.id).where(steps.c.of == reached.c.id))
    chosen = select(tables.assets.c.document).where(tables.assets.c.id.in_(select(reached.c.id)))
    return tuple(load(Asset, document) for document in connection.scalars(chosen.order_by(tables.assets.c.number.desc())))


def _later_takes(connection: Connection, asset: Asset) -> set[str]:
    """Ids of later takes of its step that replaced it, but for those that took it as an input."""
    columns = tables.assets.c
    same = (columns.plan_id == asset.plan_id) & (columns.step_id == asset.step_id) & (columns.take > asset.take)
    found = [load(Asset, d) for d in connection.scalars(select(columns.document).where(columns.previous == asset.id, same))]
    return {one.id for one in found if asset.id not in {given.asset_id for given in one.recipe.inputs}}


def _trash(connection: Connection, asset: Asset, person: str, now: datetime, later: set[str]) -> None:
    """later: takes that name it as the one before them; they stand without it until it comes back."""
    trashed = Trashed(
        id=asset.id,
        kind="asset",
        project_id=asset.project_id,
        title=asset.title,
        kind_of=asset.recipe.kind.value,
        size=sum(file.size for file in asset.files),
        person=person,
        deleted=now,
    )
    rows: Rows = {"assets": _taken(connection, tables.assets, tables.assets.c.id == asset.id)}
    rows |= _take_rows(connection, asset)
    if later:
        before = (tables.asset_parents.c.parent_id == asset.id) & tables.asset_parents.c.asset_id.in_(sorted(later))
        rows["asset_parents"] += _taken(connection, tables.asset_parents, before)
        connection.execute(delete(tables.asset_parents).where(before))
        connection.execute(update(tables.assets).where(tables.assets.c.id.in_(sorted(later))).values(previous=None))
        rows[LATER] = [{"id": one} for one in sorted(later)]
    _put(connection, trashed, rows)


def _put(connection: Connection, trashed: Trashed, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    values = {"id": trashed.id, "kind": trashed.kind, "project_id": trashed.project_id, "deleted": stamp(trashed.deleted)}
    connection.execute(insert(tables.trash).values(**values, document=dump(trashed), rows=dict(rows)))


def _number(connection: Connection, asset_id: str) -> int:
    return int(connection.execute(select(tables.assets.c.number).where(tables.assets.c.id == asset_id)).scalar_one())


def _require_free(connection: Connection, asset: Asset, now: datetime, among: set[str]) -> None:
    """among: ids of everything that goes at once."""
    require_not_held(connection, asset.project_id)
    if record_of(connection, asset).state in FROZEN:
        raise Conflict(
            "{title} is approved and cannot be deleted.",
            hint="Take the approval back first: ask for changes.",
            field="asset_id",
            title=asset.title,
        )
    users = _users(connection, asset.id, among)
    if users:
        raise Conflict(
            "{title} was used for {users}.",
            hint="Delete those first, or with it; what something was made from is kept.",
            field="asset_id",
            title=asset.title,
            users=users,
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
    waiting = _waiting_for(connection, asset)
    if waiting:
        raise Conflict(
            "{steps} is being made from {title}.",
            hint="Wait until it is made, or stop it.",
            field="asset_id",
            title=asset.title,
            steps=waiting[:NAMED],
        )


def _waiting_for(connection: Connection, asset: Asset) -> list[str]:
    """Titles of steps that are being made, or queued, and take what this asset's step made."""
    if not asset.plan_id:
        return []
    columns = tables.plan_versions.c
    newest = select(columns.document).where(columns.plan_id == asset.plan_id).order_by(columns.version.desc()).limit(1)
    document = connection.scalar(newest)
    steps = load(Plan, document).steps if document is not None else ()
    taking = {step.id: step.title for step in steps if any(given.step == asset.step_id for given in step.inputs)}
    states = [state.value for state in JobState if not state.ended]
    busy = select(tables.jobs.c.step_id).where(tables.jobs.c.plan_id == asset.plan_id, tables.jobs.c.state.in_(states)).distinct()
    return [taking[step_id] for step_id in connection.scalars(busy) if step_id in taking]


def _users(connection: Connection, asset_id: str, among: set[str]) -> list[str]:
    """Titles of what was made directly from it, and of its later versions, but for those that go too."""
    children = select(tables.asset_parents.c.asset_id).where(tables.asset_parents.c.parent_id == asset_id)
    using = or_(tables.assets.c.id.in_(children), tables.assets.c.previous == asset_id) & tables.assets.c.id.not_in(sorted(among))
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


def _taken(connection: Connection, table: Table, which: Any) -> list[dict[str, Any]]:
    """Rows as they are, in the order in which they were written."""
    found = connection.execute(select(table).where(which).order_by(*table.primary_key.columns))
    return [dict(row._mapping) for row in found]


def about(asset: Asset) -> ColumnElement[bool]:
    """Cases of content safety that an asset waits for."""
    return (tables.cases.c.kind == "asset") & (tables.cases.c.subject == asset.id)


def _take_rows(connection: Connection, asset: Asset) -> Rows:
    """Everything that is of this asset alone, out of its tables. A pick of another one over it goes with it: it compares with nothing."""
    rows: Rows = {}
    for table in OWN:
        which = table.c.asset_id == asset.id
        rows[table.name] = _taken(connection, table, which)
        connection.execute(delete(table).where(which))
    rows["reviews"] += _take_picks_over(connection, asset)
    cases = tables.cases
    rows[cases.name] = _taken(connection, cases, about(asset))
    connection.execute(delete(cases).where(about(asset)))
    pairs = tables.preferences
    mine = or_(pairs.c.chosen == asset.id, pairs.c.rejected == asset.id)
    rows[pairs.name] = _taken(connection, pairs, mine)
    connection.execute(delete(pairs).where(mine))
    if asset.plan_id:
        set_result(connection, asset, asset.id, "")
    return rows


def set_result(connection: Connection, asset: Asset, was: str, becomes: str) -> None:
    """What the job of an asset's take says it made, when it says `was`. It says nothing while the asset is in the trash."""
    jobs = tables.jobs.c
    mine = (jobs.plan_id == asset.plan_id) & (jobs.step_id == asset.step_id) & (jobs.take == asset.take)
    document = connection.scalar(select(jobs.document).where(mine))
    if document is not None and document["asset_id"] == was:
        job = load(Job, document).model_copy(update={"asset_id": becomes})
        connection.execute(update(tables.jobs).where(mine).values(document=dump(job)))


def _take_picks_over(connection: Connection, asset: Asset) -> list[dict[str, Any]]:
    columns = tables.reviews.c
    here = select(tables.assets.c.id).where(tables.assets.c.project_id == asset.project_id)
    picks = _taken(connection, tables.reviews, (columns.verdict == Verdict.PREFER.value) & columns.asset_id.in_(here))
    over = [row for row in picks if row["document"]["over"] == asset.id]
    for row in over:
        connection.execute(delete(tables.reviews).where(columns.id == row["id"]))
    return over
