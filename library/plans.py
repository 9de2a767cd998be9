"""The way from a brief to an approved plan: briefs, chat turns, plans with every version, approvals."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, insert, select, update

from domain.brief import Brief
from domain.conversation import Turn
from domain.errors import Conflict, NotFound
from domain.plan import Plan
from domain.value import JsonValue, Value
from library import tables
from library.assets import require_kept
from library.database import Room, document_by, dump, load, new_id, utc

_VERSION = document_by(tables.plan_versions, "plan_id", "version")
_NEWEST_VERSION = document_by(tables.plan_versions, "plan_id").order_by(tables.plan_versions.c.version.desc()).limit(1)


class Approval(Value):
    """Which version of a plan a person let run."""

    plan_id: str
    version: int
    person: str
    created: datetime


class Plans(Room):
    def add_brief(self, brief: Brief) -> Brief:
        """Store a brief; an empty id is filled in."""
        stored = brief if brief.id else brief.model_copy(update={"id": new_id()})
        with self._database.write("store the brief") as connection:
            require_kept(connection, (attachment.sha256 for attachment in stored.attachments))
            connection.execute(insert(tables.briefs).values(id=stored.id, project_id=stored.project_id, document=dump(stored)))
        return stored

    def brief(self, brief_id: str) -> Brief:
        """Raises NotFound."""
        with self._database.read("read the brief") as connection:
            document = connection.scalar(document_by(tables.briefs, "id"), {"id": brief_id})
        if document is None:
            raise NotFound("There is no brief {brief_id}.", field="brief_id", brief_id=repr(brief_id))
        return load(Brief, document)

    def add_turn(self, turn: Turn) -> Turn:
        """Store one message of the chat; an empty id is filled in."""
        stored = turn if turn.id else turn.model_copy(update={"id": new_id()})
        with self._database.write("store the message") as connection:
            require_kept(connection, (file.sha256 for file in stored.files))
            connection.execute(insert(tables.turns).values(id=stored.id, project_id=stored.project_id, document=dump(stored)))
        return stored

    def turns(self, project_id: str, limit: int = 200) -> tuple[Turn, ...]:
        """The last `limit` messages, oldest first."""
        chosen = select(tables.turns.c.document).where(tables.turns.c.project_id == project_id).order_by(tables.turns.c.number.desc())
        with self._database.read("read the chat") as connection:
            found = [load(Turn, document) for document in connection.scalars(chosen.limit(limit))]
        return tuple(reversed(found))

    def save_plan(self, plan: Plan) -> Plan:
        """Store a new version; the first is 1. An empty id is filled in. Raises Conflict unless version is the newest plus one."""
        stored = plan if plan.id else plan.model_copy(update={"id": new_id()})
        with self._database.write("store the plan") as connection:
            if stored.version == 1:
                connection.execute(insert(tables.plans).values(id=stored.id, project_id=stored.project_id, version=1))
            else:
                newest = and_(tables.plans.c.id == stored.id, tables.plans.c.version == stored.version - 1)
                if not connection.execute(update(tables.plans).where(newest).values(version=stored.version)).rowcount:
                    raise Conflict(
                        "Version {version} does not follow the newest version of this plan.",
                        hint="Reload the plan and edit it again.",
                        version=stored.version,
                    )
            connection.execute(insert(tables.plan_versions).values(plan_id=stored.id, version=stored.version, document=dump(stored)))
        return stored

    def plan(self, plan_id: str, version: int | None = None) -> Plan:
        """A version of a plan, the newest when none is named. Raises NotFound."""
        with self._database.read("read the plan") as connection:
            if version is None:
                document = connection.scalar(_NEWEST_VERSION, {"plan_id": plan_id})
            else:
                document = connection.scalar(
                    document_by(tables.plan_versions, "plan_id", "version"), {"plan_id": plan_id, "version": version}
                )
        if document is None:
            raise NotFound(
                "There is no plan {plan_id}{value}.",
                field="plan_id",
                plan_id=repr(plan_id),
                value="" if version is None else f" in version {version}",
            )
        return load(Plan, document)

    def latest_plan(self, project_id: str) -> Plan | None:
        """The newest version of the plan made last in a project, None when it has none."""
        found = self._plans(_newest_versions(project_id).limit(1))
        return found[0] if found else None

    def plans(self, project_id: str) -> tuple[Plan, ...]:
        """The newest version of each plan of a project, the plan made last first."""
        return self._plans(_newest_versions(project_id))

    def _plans(self, chosen: Select[JsonValue]) -> tuple[Plan, ...]:
        with self._database.read("read the plans") as connection:
            return tuple(load(Plan, document) for document in connection.scalars(chosen))

    def approve(self, plan_id: str, version: int, person: str = "", when: datetime | None = None) -> Approval:
        """Record who let this version run; a second approval of the same version returns the first.

        Raises NotFound for an unknown plan, Conflict when `version` is not its newest.
        """
        approval = Approval(plan_id=plan_id, version=version, person=person, created=when or self._clock())
        with self._database.write("approve the plan") as connection:
            newest = connection.scalar(select(tables.plans.c.version).where(tables.plans.c.id == plan_id).with_for_update())
            if newest is None:
                raise NotFound("There is no plan {plan_id}.", field="plan_id", plan_id=repr(plan_id))
            if newest != version:
                raise Conflict(
                    "The plan was changed: its newest version is {newest}, not {version}.",
                    hint="Reload the plan, then approve it.",
                    newest=newest,
                    version=version,
                )
            first = connection.execute(select(tables.approvals).where(_approval_key(plan_id, version))).first()
            if first is not None:
                return Approval.model_validate(dict(first._mapping))
            row = {**dump(approval), "created": utc(approval.created)}
            connection.execute(insert(tables.approvals).values(**row))
        return approval

    def approval(self, plan_id: str) -> Approval | None:
        """The approval of the highest approved version, None when nobody has approved the plan."""
        chosen = select(tables.approvals).where(tables.approvals.c.plan_id == plan_id).order_by(tables.approvals.c.version.desc()).limit(1)
        with self._database.read("read the approval") as connection:
            row = connection.execute(chosen).first()
        return None if row is None else Approval.model_validate(dict(row._mapping))


def _newest_versions(project_id: str) -> Select[JsonValue]:
    newest = and_(tables.plan_versions.c.plan_id == tables.plans.c.id, tables.plan_versions.c.version == tables.plans.c.version)
    chosen = select(tables.plan_versions.c.document).join(tables.plans, newest)
    return chosen.where(tables.plans.c.project_id == project_id).order_by(tables.plans.c.number.desc())


def _approval_key(plan_id: str, version: int) -> ColumnElement[bool]:
    return and_(tables.approvals.c.plan_id == plan_id, tables.approvals.c.version == version)
