"""Deleting for good: rows, bytes, and what the database still holds of them. Every step may be killed; the next run finishes it.

1. In one transaction the rows go, a tombstone stands in their place, and the files nobody else names are noted as doomed.
2. File after file, under a lock on its note, the bytes go. A file that was stored again meanwhile stays.
3. The database is written anew, so that nothing of what was deleted is left in free pages or in the write-ahead log.

A killed run leaves the notes of step 2 and the mark of step 3, never a row whose file is gone (docs/decisions/0030).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, Text, cast, delete, exists, select, update

from domain.asset import Asset
from domain.consent import VoiceConsent
from domain.errors import StorageError
from domain.job import Job
from domain.people import AuditEntry
from domain.retention import PurgeItem, Tombstone, Trashed
from library import tables
from library.audit import insert_audit
from library.database import Room, dump, load, stamp, upsert
from library.files import SHA256, Files
from library.search import Search

#: So many things in the trash go in one transaction; each such transaction reads every document once.
BATCH = 200
#: A setting: the database is still to be written anew.
COMPACT = "retention.compact"
#: A setting: when a backup began that still copies files. One that was killed keeps bytes for a day.
BACKUP = "retention.backup"
#: What is known of removed files is kept so long, for whoever stores one of them in the same moment.
REMOVED_DAYS = 1
#: Their documents name no file that anybody would miss: logs, numbers, what is gone.
_SILENT = frozenset(
    {"audit", "events", "measurements", "tombstones", "consents", "people", "api_tokens", "links", "holds", "review_records"}
)
_HASH = re.compile(SHA256)
#: What an entry of the audit log says of content; the rest of it (who, what, when) stays.
_CONTENT = ("title", "files", "note", "text", "name", "ticked")


class Purging(Room):
    _files: Files

    def purgeable(self, ids: Collection[str] | None = None, before: datetime | None = None) -> tuple[PurgeItem, ...]:
        """What lies in the trash, of these ids or since before a moment, with why it may not go (a hold). Oldest first."""
        columns = tables.trash.c
        chosen = select(columns.document, tables.holds.c.project_id.label("held"))
        chosen = chosen.outerjoin(tables.holds, tables.holds.c.project_id == columns.project_id).order_by(columns.number)
        if ids is not None:
            chosen = chosen.where(columns.id.in_(list(ids)))
        if before is not None:
            chosen = chosen.where(columns.deleted <= stamp(before))
        with self._database.read("read the trash") as connection:
            return tuple(_item(load(Trashed, row.document), row.held) for row in connection.execute(chosen))

    def purge(self, items: Sequence[PurgeItem], person: str, now: datetime) -> int:
        """Delete for good what `purgeable` gave, but for what is held or was restored meanwhile. Returns how many went.

        The bytes go with `finish_purge`, which may be called at any time, and again.
        """
        going = [one for one in items if not one.kept]
        projects = [[one.id] for one in going if one.kind == "project"]
        assets = [one.id for one in going if one.kind == "asset"]
        batches = projects + [assets[start : start + BATCH] for start in range(0, len(assets), BATCH)]
        return sum(self._purge(batch, person, now) for batch in batches)

    def _purge(self, ids: Sequence[str], person: str, now: datetime) -> int:
        with self._database.write("delete for good") as connection:
            held = exists().where(tables.holds.c.project_id == tables.trash.c.project_id)
            chosen = select(tables.trash).where(tables.trash.c.id.in_(list(ids)), ~held).with_for_update(of=tables.trash)
            rows = connection.execute(chosen).all()
            candidates: set[str] = set()
            for row in rows:
                trashed = load(Trashed, row.document)
                connection.execute(delete(tables.trash).where(tables.trash.c.id == row.id))
                if trashed.kind == "project":
                    candidates |= _purge_project(connection, trashed.project_id, self._database.search)
                else:
                    candidates |= set(_HASH.findall(str(row.rows)))
                    _forget_take(connection, load(Asset, row.rows["assets"][0]["document"]))
                _bury(
                    connection, Tombstone(id=row.id, kind=trashed.kind, project_id=row.project_id, person=person, why="trash", purged=now)
                )
                _scrub(connection, row.id, row.project_id, whole=trashed.kind == "project")
                data = {"kind": trashed.kind}
                entry = AuditEntry(person=person, action="purged", subject=row.id, project_id=row.project_id, data=data, created=now)
                insert_audit(connection, entry)
            doom(connection, candidates - named(connection, candidates, lock=True))
            if rows:
                want_compact(connection)
        return len(rows)

    def finish_purge(self, now: datetime) -> tuple[int, int, bool]:
        """Take away the bytes of what was deleted for good, then write the database anew. Returns how many files and bytes went, and
        whether nothing is left to do. Raises StorageError.
        """
        files, size = self.remove_bytes(now)
        with self._database.write("tidy up") as connection:
            old = stamp(now - timedelta(days=REMOVED_DAYS))
            connection.execute(delete(tables.doomed).where(tables.doomed.c.removed != "", tables.doomed.c.removed < old))
            wanted = connection.scalar(select(tables.settings.c.value).where(tables.settings.c.key == COMPACT))
        return files, size, not wanted or self._compact()

    def remove_bytes(self, now: datetime) -> tuple[int, int]:
        """Only the bytes: how many files, and of what size; none while a backup copies them. Raises StorageError."""
        files, size = 0, 0
        with self._database.read("read what is to go") as connection:
            backup = connection.scalar(select(tables.settings.c.value).where(tables.settings.c.key == BACKUP))
            if backup and backup > stamp(now - timedelta(days=1)):
                return 0, 0
            waiting = list(connection.scalars(select(tables.doomed.c.sha256).where(tables.doomed.c.removed == "")))
        for sha256 in waiting:
            gone = self._remove(sha256, now)
            files, size = files + (gone is not None), size + (gone or 0)
        return files, size

    def hashes_of(self, ids: Collection[str]) -> set[str]:
        """Of the files of things in the trash: what copies that can be made again are named by."""
        found: set[str] = set()
        with self._database.read("read the trash") as connection:
            rows = connection.execute(
                select(tables.trash.c.id, tables.trash.c.kind, tables.trash.c.rows).where(tables.trash.c.id.in_(list(ids)))
            )
            for row in rows.all():
                found.update(file["sha256"] for file in row.rows.get("asset_files", ()))
                if row.kind == "project":
                    joined = tables.asset_files.join(tables.assets, tables.assets.c.id == tables.asset_files.c.asset_id)
                    mine = select(tables.asset_files.c.sha256).select_from(joined).where(tables.assets.c.project_id == row.id)
                    found.update(connection.scalars(mine))
                    for inside in connection.scalars(select(tables.trash.c.rows).where(tables.trash.c.project_id == row.id)):
                        found.update(file["sha256"] for file in inside.get("asset_files", ()))
        return found

    def _remove(self, sha256: str, now: datetime) -> int | None:
        """How many bytes went; None when the file was stored again, or another process was first."""
        one = tables.doomed.c.sha256 == sha256
        with self._database.write("delete the file") as connection:
            size = connection.scalar(select(tables.doomed.c.size).where(one, tables.doomed.c.removed == "").with_for_update())
            if size is None:
                return None
            if connection.scalar(select(tables.blobs.c.sha256).where(tables.blobs.c.sha256 == sha256)) is not None:
                connection.execute(delete(tables.doomed).where(one))
                return None
            # Bytes before the note: killed between the two, they are taken away again.
            self._files.remove(sha256)
            connection.execute(update(tables.doomed).where(one).values(removed=stamp(now)))
        return int(size)

    def _compact(self) -> bool:
        """Write the database anew and empty its log. False while somebody else reads it or the disk does not take it; still wanted."""
        try:
            done = self._database.compact()
        except StorageError:
            return False
        if done:
            with self._database.write("tidy up") as connection:
                connection.execute(delete(tables.settings).where(tables.settings.c.key == COMPACT))
            # The mark itself went through the log.
            done = self._database.empty_log()
        return done

    def forget_recordings(self, consents: Collection[str], why: str, now: datetime) -> int:
        """Delete the recordings that these consents kept, unless another one keeps the same, or the file is also a result (one in the trash
        too), an attachment, or part of the chat. Returns how many go.

        In a held project they stay, unused, until the hold is lifted. An upload that became a result is deleted as a result.
        What was made with them stays and still names them; a tombstone says why they are not there.
        """
        count, held = 0, tables.holds.c
        with self._database.write("delete the recordings") as connection:
            found = connection.execute(select(tables.consents).where(tables.consents.c.id.in_(list(consents))).with_for_update()).all()
            for row in found:
                consent = load(VoiceConsent, row.document)
                if not consent.kept or connection.scalar(select(held.project_id).where(held.project_id == consent.project_id)):
                    continue
                without = consent.model_copy(update={"kept": False})
                connection.execute(update(tables.consents).where(tables.consents.c.id == row.id).values(document=dump(without)))
                if _kept_elsewhere(connection, consent.audio):
                    continue
                doom(connection, {consent.audio})
                _bury(connection, Tombstone(id=consent.audio, kind="file", project_id=consent.project_id, why=why, purged=now))
                want_compact(connection)
                count += 1
        return count


def doom(connection: Connection, hashes: Iterable[str]) -> None:
    """Take the rows of files away, and note that their bytes are to go."""
    for sha256 in sorted(hashes):
        size = connection.scalar(select(tables.blobs.c.size).where(tables.blobs.c.sha256 == sha256))
        if size is None:
            continue
        connection.execute(delete(tables.blobs).where(tables.blobs.c.sha256 == sha256))
        upsert(connection, tables.doomed, {"sha256": sha256}, {"size": size, "removed": ""})


def want_compact(connection: Connection) -> None:
    upsert(connection, tables.settings, {"key": COMPACT}, {"value": True})


def _item(trashed: Trashed, held: str | None) -> PurgeItem:
    return PurgeItem(
        kind=trashed.kind,
        id=trashed.id,
        title=trashed.title,
        project_id=trashed.project_id,
        size=trashed.size,
        why="trash",
        kept="held" if held else "",
    )


def doom_replaced(connection: Connection, sha256: str, project_id: str, now: datetime) -> None:
    """Part of storing a project that named a file before and does not now: it goes when nothing else names it and nothing is held."""
    held = connection.scalar(select(tables.holds.c.project_id).where(tables.holds.c.project_id == project_id))
    if held is not None or sha256 in named(connection, {sha256}, lock=True):
        return
    doom(connection, {sha256})
    # A poster that is being made at this moment may name it all the same.
    _bury(connection, Tombstone(id=sha256, kind="file", project_id=project_id, why="replaced", purged=now))


def named(connection: Connection, candidates: set[str], *, lock: bool = False) -> set[str]:
    """Those of these files that anything names: a document, an asset's files, a consent that keeps its recording.

    lock: for whoever is about to doom the others. Who stores a row that names one of them waits, and then sees that it is gone
    (library/assets.py).
    """
    if not candidates:
        return set()
    found = set()
    for part in _parts(sorted(candidates)):
        if lock:
            connection.execute(select(tables.blobs.c.sha256).where(tables.blobs.c.sha256.in_(sorted(part))).with_for_update()).all()
        found |= _of_assets(connection, part)
    found |= _recordings(connection) & candidates
    for written in _documents(connection):
        found |= candidates.intersection(_HASH.findall(written))
    return found


def _parts(hashes: list[str]) -> Iterator[set[str]]:
    """So many at a time as one statement may name."""
    for start in range(0, len(hashes), BATCH):
        yield set(hashes[start : start + BATCH])


def _documents(connection: Connection) -> Iterator[str]:
    columns = [table.c.document for table in tables.metadata.sorted_tables if "document" in table.c and table.name not in _SILENT]
    for column in (*columns, tables.trash.c.rows):
        yield from connection.scalars(select(cast(column, Text)), execution_options={"yield_per": 500})


def _of_assets(connection: Connection, candidates: set[str]) -> set[str]:
    files = tables.asset_files.c.sha256
    return set(connection.scalars(select(files).where(files.in_(sorted(candidates))).distinct()))


def _recordings(connection: Connection) -> set[str]:
    """What consents keep, those too that were taken back: `forget_recordings` ends that, but not in a held project."""
    consents = (load(VoiceConsent, document) for document in connection.scalars(select(tables.consents.c.document)))
    return {one.audio for one in consents if one.kept}


def _kept_elsewhere(connection: Connection, sha256: str) -> bool:
    """Whether a recording is also somebody's own file. What was made with it names it too, in a recipe: that alone keeps nothing."""
    # As in `named`: whoever stores a row that names it waits.
    connection.execute(select(tables.blobs.c.sha256).where(tables.blobs.c.sha256 == sha256).with_for_update()).all()
    if sha256 in _recordings(connection) or _of_assets(connection, {sha256}):
        return True
    for table in (tables.briefs, tables.turns, tables.projects):
        naming = cast(table.c.document, Text).contains(sha256)
        if connection.scalar(select(table.c.id).where(naming).limit(1)) is not None:
            return True
    chosen = select(tables.trash.c.rows).where(cast(tables.trash.c.rows, Text).contains(sha256))
    return any(file["sha256"] == sha256 for rows in connection.scalars(chosen) for file in rows.get("asset_files", ()))


def _forget_take(connection: Connection, asset: Asset) -> None:
    """What was prepared for the take, unless it is being made again."""
    if not asset.plan_id:
        return
    jobs, made = tables.jobs.c, tables.prepared.c
    mine = (jobs.plan_id == asset.plan_id) & (jobs.step_id == asset.step_id) & (jobs.take == asset.take)
    document = connection.scalar(select(jobs.document).where(mine))
    if document is None or load(Job, document).state.ended:
        take = (made.plan_id == asset.plan_id) & (made.step_id == asset.step_id) & (made.take == asset.take)
        connection.execute(delete(tables.prepared).where(take))


def _purge_project(connection: Connection, project_id: str, search: Search) -> set[str]:
    """Delete every row of a project, and return the hashes that they named."""
    plans = select(tables.plans.c.id).where(tables.plans.c.project_id == project_id)
    assets = select(tables.assets.c.id).where(tables.assets.c.project_id == project_id)
    numbers = list(connection.scalars(select(tables.assets.c.number).where(tables.assets.c.project_id == project_id)))
    consents = [row.id for row in connection.execute(select(tables.consents)) if row.document["project_id"] == project_id]
    hashes: set[str] = set()

    def clear(table: Table, which: Any) -> None:
        for name in ("document", "rows"):
            if name in table.c and table.name not in _SILENT | {"consents"}:
                written = connection.scalars(select(cast(table.c[name], Text)).where(which), execution_options={"yield_per": 500})
                for one in written:
                    hashes.update(_HASH.findall(one))
        connection.execute(delete(table).where(which))

    for row in connection.execute(select(tables.consents.c.audio).where(tables.consents.c.id.in_(consents))):
        hashes.add(row.audio)
    hashes.update(connection.scalars(select(tables.asset_files.c.sha256).where(tables.asset_files.c.asset_id.in_(assets))))
    for table in (tables.review_records, tables.comments, tables.reviews, tables.asset_files, tables.asset_parents):
        clear(table, table.c.asset_id.in_(assets))
    clear(tables.preferences, tables.preferences.c.project_id == project_id)
    # A version points to the one before it: all pointers first, then the rows.
    connection.execute(update(tables.assets).where(tables.assets.c.project_id == project_id).values(previous=None))
    for number in numbers:
        search.remove(connection, number)
    clear(tables.assets, tables.assets.c.project_id == project_id)
    for table in (tables.jobs, tables.prepared, tables.approvals, tables.plan_versions, tables.measurements):
        clear(table, table.c.plan_id.in_(plans))
    clear(tables.consents, tables.consents.c.id.in_(consents))
    own = (tables.trash, tables.cases, tables.plans, tables.briefs, tables.turns, tables.links, tables.members, tables.holds, tables.events)
    for table in own:
        clear(table, table.c.project_id == project_id)
    clear(tables.projects, tables.projects.c.id == project_id)
    return hashes


def _bury(connection: Connection, stone: Tombstone) -> None:
    values = {"kind": stone.kind, "project_id": stone.project_id, "document": dump(stone)}
    upsert(connection, tables.tombstones, {"id": stone.id}, values)


def _scrub(connection: Connection, subject: str, project_id: str, *, whole: bool) -> None:
    """What the logs say of content goes; who did what, and when, stays."""
    columns = tables.audit.c
    chosen = select(columns.number, columns.document).where(columns.project_id == project_id)
    if not whole:
        chosen = chosen.where(cast(columns.document, Text).contains(f'"{subject}"', autoescape=True))
    for row in connection.execute(chosen).all():
        data = {key: value for key, value in row.document["data"].items() if key not in _CONTENT}
        if data != row.document["data"]:
            connection.execute(update(tables.audit).where(columns.number == row.number).values(document={**row.document, "data": data}))
