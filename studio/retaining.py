"""Deleting and keeping: the trash, deleting for good now or by age, holds, accounts that leave. What each means: docs/decisions/0030.

studio.retaining.trash(caller)                        -> what a person deleted, or may take back
studio.retaining.restore(caller, id)                  -> it, and what it was made from
studio.retaining.purge(person, dry=True)              -> what would go now, and why
studio.retaining.run(cancel)                          -> once an hour, in a thread of the studio
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from domain.asset import Asset
from domain.errors import Conflict, InputError, MaquetteError
from domain.people import AuditEntry, Caller, Right
from domain.progress import CancelToken
from domain.project import Project
from domain.retention import Consequences, Hold, PurgeItem, PurgeReport, Retention, Trashed
from domain.value import JsonValue, Value
from library.library import Library
from library.people import unknown
from studio.derived import Derived
from studio.mailing import Mailbox, Mailboxes
from studio.rights import Rights

log = logging.getLogger("maquette")

SETTING = "retention"
#: Who did what nobody did.
SCHEDULE = "schedule"
HOUR = 3600.0


class InTrash(Value):
    """A thing in the trash, and what a caller may do with it. gone: when it goes for good by itself; None when it does not."""

    item: Trashed
    restore: bool
    purge: bool
    held: bool
    gone: datetime | None


class Leaving(Value):
    """Projects of somebody whose account is to go. theirs: nobody else is in them, so they go to the trash too. shared: others are in
    them, and one of those has to become an owner first.
    """

    theirs: tuple[Project, ...]
    shared: tuple[Project, ...]


class Retaining:
    """stop: ends what is being made in a project. derived: copies outside the library. now: the clock."""

    def __init__(
        self, library: Library, rights: Rights, stop: Callable[[str], object], derived: Derived, now: Callable[[], datetime]
    ) -> None:
        self._library = library
        self._rights = rights
        self._stop = stop
        self._derived = derived
        self._now = now

    # How long

    def policy(self) -> Retention:
        return Retention.model_validate(self._library.get_setting(SETTING) or {})

    def set_policy(self, wanted: dict[str, int], person: str) -> Retention:
        """Raises InputError naming the field."""
        try:
            policy = Retention.model_validate({**self.policy().model_dump(), **wanted})
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            hint = "Write days from 0 (never) to 36500."
            raise InputError("{name} is not a number of days.", hint=hint, field=name, name=name) from error
        self._library.put_setting(SETTING, policy.model_dump())
        self._audit(person, "retention_changed", data=dict(policy.model_dump()))
        return policy

    def holds(self) -> tuple[Hold, ...]:
        return self._library.holds()

    def hold(self, project_id: str, reason: str, person: str) -> None:
        """Nothing of the project is deleted until `lift`. Raises NotFound, InputError without a reason."""
        clean = " ".join(reason.split())
        if not 1 <= len(clean) <= 500:
            raise InputError("A hold needs a reason of 1 to 500 characters.", hint="Say why, and by whose order.", field="reason")
        hold = Hold(project_id=project_id, reason=clean, person=person, created=self._now())
        self._library.hold(hold, self._entry(person, "held", project_id, project_id))

    def lift(self, project_id: str, person: str) -> None:
        """Raises InputError when it is not held."""
        self._library.lift_hold(project_id, self._entry(person, "hold_lifted", project_id, project_id))

    # The trash

    def trash(self, caller: Caller, project_id: str = "") -> tuple[InTrash, ...]:
        """Results of a project, or ("") projects, that the caller may know of; the last deleted first."""
        found = self._library.trash(project_id, kind="asset") if project_id else self._library.trash(kind="project")
        held, days = {hold.project_id for hold in self._library.holds()}, self.policy().trash
        listed = []
        for item in found:
            rights = self._rights.of(caller, item.project_id)
            if Right.OWN in rights or (item.kind == "asset" and Right.VIEW in rights):
                gone = item.deleted + timedelta(days=days) if days and item.project_id not in held else None
                able = Right.OWN if item.kind == "project" else Right.EDIT
                listed.append(
                    InTrash(item=item, restore=able in rights, purge=Right.OWN in rights, held=item.project_id in held, gone=gone)
                )
        return tuple(listed)

    def restore(self, caller: Caller, trash_id: str) -> tuple[Trashed, ...]:
        """Take something out of the trash, and what it was made from. Raises NotFound, NotAllowed; Conflict when it was made again."""
        self._require(caller, trash_id, Right.EDIT)
        found = self._library.restore(trash_id, lambda item: self._entry(caller.person, "restored", item.id, item.project_id))
        return found.items

    def purge_one(self, caller: Caller, trash_id: str) -> PurgeReport:
        """Delete one thing of the trash for good, now. Raises NotFound, NotAllowed; Conflict for what is held."""
        self._require(caller, trash_id, Right.OWN)
        items = self._library.purgeable([trash_id])
        if any(item.kept for item in items):
            raise _held()
        return self._purge(items, caller.person)

    def consequences(self, asset_id: str) -> Consequences:
        """What deleting a result takes with it. Raises NotFound."""
        return self._library.consequences(asset_id, self._now())

    def delete_project(self, project_id: str, person: str) -> Trashed:
        """Stop what is being made in a project, and put it into the trash. Raises NotFound; Conflict for what is held or used elsewhere."""
        name = self._library.project(project_id).name
        # Nothing is stopped for a deletion that is refused.
        if any(hold.project_id == project_id for hold in self._library.holds()):
            raise _held()
        self._stop(project_id)
        return self._library.delete_project(
            project_id, self._now(), self._entry(person, "project_deleted", project_id, project_id, {"name": name})
        )

    def _require(self, caller: Caller, trash_id: str, right: Right) -> None:
        item = self._library.trashed(trash_id)
        rights = self._rights.of(caller, item.project_id)
        if (Right.OWN if item.kind == "project" else right) not in rights:
            raise unknown("project" if item.kind == "project" else "asset", trash_id)

    # Accounts

    def leaving(self, name: str) -> Leaving:
        found = self._library.projects_of(name)
        return Leaving(theirs=tuple(one for one, shared in found if not shared), shared=tuple(one for one, shared in found if shared))

    def erase_person(self, name: str, by: str) -> str:
        """Delete an account. Projects nobody else is in go to the trash; what they made elsewhere stays under a name that says nothing.

        Returns that name. Raises NotFound; Conflict for the last owner of the studio or of a shared project, and for a person of the
        accounts file.
        """
        known = self._library.person(name)
        if known is not None and known.source == "file":
            raise Conflict("{person} stands in the accounts file.", hint="Take them out of the file first.", field="person", person=name)
        leaving = self.leaving(name)
        if leaving.shared:
            raise Conflict(
                "{person} is the last owner of {projects}.",
                hint="Make another member an owner first.",
                field="person",
                person=name,
                projects=[project.name for project in leaving.shared[:5]],
            )
        for project in leaving.theirs:
            self.delete_project(project.id, by)
        alias = f"left-{secrets.token_hex(3)}"
        self._library.erase_person(name, alias, self._entry(by, "person_erased", alias, ""))
        Mailboxes(self._library).set(name, Mailbox())
        self._library.finish_purge(self._now())
        return alias

    # For good

    def purge(self, person: str = SCHEDULE, *, dry: bool = False, everything: bool = False) -> PurgeReport:
        """Delete for good what the days of the policy say. everything: the whole trash, however young. dry: only say what would go.

        May be killed at any point; the next run goes on.
        """
        policy, now = self.policy(), self._now()
        items: list[PurgeItem] = []
        if policy.drafts:
            items += self._old_drafts(_before(now, policy.drafts) or now, person, dry=dry)
        trash = now if everything else _before(now, policy.trash)
        recordings = self._library.ended_recordings(trash or now - timedelta(days=36_500))
        items += [PurgeItem(kind="recording", id=one.id, title=one.person, project_id=one.project_id, why="consent") for one in recordings]
        waiting = self._library.purgeable(before=trash) if trash is not None else ()
        days = (_before(now, policy.audit), _before(now, policy.events), _before(now, policy.links))
        items += [*waiting, *self._library.old_lines(now, *days, dry=dry)]
        if dry:
            return PurgeReport(items=tuple(items), size=sum(one.size for one in waiting if not one.kept), dry=True)
        self._library.forget_recordings([one.id for one in recordings], "consent", now)
        self._library.sweep(now)
        done = self._purge(waiting, person)
        return done.model_copy(update={"items": tuple(items)})

    def _purge(self, items: Sequence[PurgeItem], person: str) -> PurgeReport:
        going = [item for item in items if not item.kept]
        if going:
            ids = [item.id for item in going]
            self._derived.forget(self._library.hashes_of(ids), set(ids), {item.project_id for item in going})
            self._library.purge(going, person, self._now())
        files, size, compacted = self._library.finish_purge(self._now())
        return PurgeReport(items=tuple(items), files=files, size=size, compacted=compacted)

    def _old_drafts(self, before: datetime, person: str, *, dry: bool) -> list[PurgeItem]:
        """Into the trash, where they may be found for as long as everything else."""
        kept: list[PurgeItem] = []
        for item in self._library.old_drafts(before):
            try:
                if dry:
                    stays = self._library.consequences(item.id, self._now(), replaced=True).kept
                    item = item.model_copy(update={"kept": "used" if stays else ""})
                else:
                    entry = self._entry(person, "asset_deleted", item.id, item.project_id, {"why": "draft"})
                    self._library.delete_asset(item.id, None, self._now(), _always(entry), replaced=True)
            except MaquetteError:  # it stands in a plan or behind a link, or was chosen meanwhile
                item = item.model_copy(update={"kept": "used"})
            kept.append(item)
        return kept

    def run(self, cancel: CancelToken) -> None:
        """Purge at once, so that what a kill interrupted is finished, and then once an hour."""
        while not cancel.cancelled:
            try:
                done = self.purge()
                if done.files or done.items:
                    log.info("deleted by age: %d files, %d bytes, %d kinds of things", done.files, done.size, len(done.items))
            except MaquetteError as error:
                log.warning("deleting by age failed and is tried again in an hour: %s", error)
            until = time.monotonic() + HOUR
            while not cancel.cancelled and time.monotonic() < until:
                time.sleep(0.2)

    def _entry(self, person: str, action: str, subject: str, project_id: str, data: dict[str, JsonValue] | None = None) -> AuditEntry:
        return AuditEntry(person=person, action=action, subject=subject, project_id=project_id, data=data or {}, created=self._now())

    def _audit(self, person: str, action: str, data: dict[str, JsonValue]) -> None:
        self._library.audit(self._entry(person, action, "", "", data))


def _always(entry: AuditEntry) -> Callable[[Asset], AuditEntry]:
    return lambda _asset: entry


def _held() -> Conflict:
    return Conflict("This project is held: nothing of it may be deleted.", hint="An owner of the studio lifts the hold.", field="id")


def _before(now: datetime, days: int) -> datetime | None:
    return now - timedelta(days=days) if days else None
