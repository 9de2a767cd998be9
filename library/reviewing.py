"""How far the review of each asset is, comments on assets, and preference pairs, as rows. Every change is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from domain.asset import Asset
from domain.comment import Comment
from domain.errors import Conflict, InputError, NotFound
from domain.events import EventKind
from domain.people import AuditEntry
from domain.preference import Preference
from domain.review import Review, ReviewRecord, ReviewState
from domain.said import Said
from domain.value import JsonValue
from library import tables
from library.assets import read_asset
from library.audit import insert_audit, was_first
from library.database import Room, document_by, dump, load, new_id, upsert
from library.events import append_events
from library.records import insert_review

BATCH = 1000
LIST_MAX = 500


class Reviewing(Room):
    def review_record(self, asset_id: str) -> ReviewRecord:
        """How far the review of an asset is. Raises NotFound for an unknown asset."""
        with self._database.read("read the review") as connection:
            return record_of(connection, read_asset(connection, asset_id))

    def review_records(self, asset_ids: Iterable[str]) -> dict[str, ReviewRecord]:
        """By asset id; those without a record are absent."""
        columns, wanted = tables.review_records.c, list(asset_ids)
        found: dict[str, ReviewRecord] = {}
        with self._database.read("read the reviews") as connection:
            for start in range(0, len(wanted), BATCH):
                chosen = select(columns.document).where(columns.asset_id.in_(wanted[start : start + BATCH]))
                records = (load(ReviewRecord, document) for document in connection.scalars(chosen))
                found.update((record.asset_id, record) for record in records)
        return found

    def to_review(self, person: str, project_ids: Iterable[str]) -> tuple[ReviewRecord, ...]:
        """What is in review in these projects and is this person's, or nobody's; what is due first comes first, without a date last."""
        columns = tables.review_records.c
        mine = columns.assignee.in_((person, ""))
        chosen = (
            select(columns.document)
            .join(tables.assets, tables.assets.c.id == columns.asset_id)
            .where(columns.project_id.in_(list(project_ids)), columns.state == ReviewState.IN_REVIEW.value, mine)
            .order_by(columns.due == "", columns.due, tables.assets.c.number)
            .limit(LIST_MAX)
        )
        with self._database.read("read the reviews") as connection:
            return tuple(load(ReviewRecord, document) for document in connection.scalars(chosen))

    def change_review(
        self,
        asset_id: str,
        seen: int | None,
        change: Callable[[ReviewRecord, Asset], tuple[ReviewRecord, Review | None]],
        audit: Callable[[ReviewRecord, ReviewRecord], AuditEntry],
    ) -> ReviewRecord:
        """Read, change and write a record, with its verdict, its audit entry and its event, all or nothing.

        Args:
            seen: the revision the person saw; None decides whatever was decided meanwhile.
            change: from what stands to what is to stand, and the verdict that goes with it; what it raises changes nothing.
            audit: what is written down, of the record before and after.

        Raises NotFound, Conflict when somebody changed it since that revision.
        """
        with self._database.write("store the review") as connection:
            # Two who decide at once take turns.
            asset = read_asset(connection, asset_id, lock=True)
            before = record_of(connection, asset)
            if seen is not None and seen != before.revision:
                raise too_late(before)
            changed, review = change(before, asset)
            after = changed.model_copy(update={"revision": before.revision + 1})
            entry = audit(before, after)
            after = after.model_copy(update={"touched": entry.person})
            values = {
                "project_id": after.project_id,
                "state": after.state.value,
                "assignee": after.assignee,
                "due": after.due.isoformat() if after.due is not None else "",
                "document": dump(after),
            }
            upsert(connection, tables.review_records, {"asset_id": asset_id}, values)
            told: dict[str, JsonValue] = {
                "action": entry.action,
                "state": after.state.value,
                "person": entry.person,
                "assignee": after.assignee,
            }
            if review is not None:
                stored = insert_review(connection, review)
                told |= {"verdict": stored.verdict.value, "person": stored.person}
            insert_audit(connection, entry)
            append_events(connection, self._clock(), [(after.project_id, EventKind.REVIEW, asset_id, told)])
        return after

    # Comments

    def add_comment(self, comment: Comment) -> Comment:
        """Store a comment; an empty id is filled in. Raises NotFound for an unknown asset or thread."""
        stored = comment if comment.id else comment.model_copy(update={"id": new_id()})
        with self._database.write("store the comment") as connection:
            asset = read_asset(connection, stored.asset_id)
            if stored.thread:
                start = _comment(connection, stored.asset_id, stored.thread)
                if start.thread:
                    raise InputError("An answer cannot be answered.", hint="Answer the comment that starts the thread.", field="thread")
            row = {"id": stored.id, "asset_id": stored.asset_id, "thread": stored.thread, "document": dump(stored)}
            connection.execute(insert(tables.comments).values(**row))
            told: Mapping[str, JsonValue] = {"comment": stored.id, "person": stored.person}
            append_events(connection, self._clock(), [(asset.project_id, EventKind.REVIEW, stored.asset_id, told)])
        return stored

    def comments(self, asset_id: str) -> tuple[Comment, ...]:
        """Oldest first."""
        chosen = select(tables.comments.c.document).where(tables.comments.c.asset_id == asset_id).order_by(tables.comments.c.number)
        with self._database.read("read the comments") as connection:
            return tuple(load(Comment, document) for document in connection.scalars(chosen))

    def resolve_comment(self, asset_id: str, comment_id: str, person: str, when: datetime | None) -> Comment:
        """Close a thread, or (when None) open it again. Raises NotFound, InputError for an answer."""
        with self._database.write("resolve the comment") as connection:
            asset = read_asset(connection, asset_id, lock=True)
            comment = _comment(connection, asset_id, comment_id)
            if comment.thread:
                raise InputError("Only a whole thread is resolved.", hint="Resolve the comment that starts it.", field="comment")
            changed = comment.model_copy(update={"resolved": person if when is not None else "", "resolved_at": when})
            connection.execute(update(tables.comments).where(tables.comments.c.id == comment_id).values(document=dump(changed)))
            told: Mapping[str, JsonValue] = {"comment": comment_id, "person": person, "resolved": when is not None}
            append_events(connection, self._clock(), [(asset.project_id, EventKind.REVIEW, asset_id, told)])
        return changed

    # Preference pairs

    def add_preferences(self, pairs: Sequence[Preference]) -> int:
        """Store pairs; one that is there already, either way round, is replaced: the last word counts. Returns how many."""
        columns = tables.preferences.c
        with self._database.write("store the preference") as connection:
            for pair in pairs:
                stored = pair if pair.id else pair.model_copy(update={"id": new_id()})
                same = columns.chosen.in_((stored.chosen, stored.rejected)) & columns.rejected.in_((stored.chosen, stored.rejected))
                connection.execute(tables.preferences.delete().where(same))
                row = {"id": stored.id, "project_id": stored.project_id, "chosen": stored.chosen, "rejected": stored.rejected}
                connection.execute(insert(tables.preferences).values(**row, document=dump(stored)))
        return len(pairs)

    def preferences(self, project_id: str) -> tuple[Preference, ...]:
        """Oldest first."""
        chosen = select(tables.preferences.c.document).where(tables.preferences.c.project_id == project_id)
        with self._database.read("read the preferences") as connection:
            return tuple(load(Preference, document) for document in connection.scalars(chosen.order_by(tables.preferences.c.number)))

    def forget_preferences(self, project_id: str) -> int:
        """Delete all pairs of a project. Returns how many there were."""
        mine = tables.preferences.c.project_id == project_id
        with self._database.write("delete the preferences") as connection:
            count = connection.scalar(select(func.count()).select_from(tables.preferences).where(mine)) or 0
            connection.execute(tables.preferences.delete().where(mine))
        return count


def record_of(connection: Connection, asset: Asset) -> ReviewRecord:
    document = connection.scalar(document_by(tables.review_records, "asset_id"), {"asset_id": asset.id})
    return ReviewRecord(asset_id=asset.id, project_id=asset.project_id) if document is None else load(ReviewRecord, document)


def _comment(connection: Connection, asset_id: str, comment_id: str) -> Comment:
    document = connection.scalar(document_by(tables.comments, "id", "asset_id"), {"id": comment_id, "asset_id": asset_id})
    if document is None:
        raise NotFound("There is no comment {comment_id} here.", hint="Reload the page.", field="comment", comment_id=repr(comment_id[:80]))
    return load(Comment, document)


def too_late(record: ReviewRecord) -> Conflict:
    return was_first(record.touched or record.person, state_words(record.state), record.note)


def state_words(state: ReviewState) -> Said:
    return {
        ReviewState.DRAFT: Said.of("a draft"),
        ReviewState.IN_REVIEW: Said.of("in review"),
        ReviewState.CHANGES_REQUESTED: Said.of("sent back for changes"),
        ReviewState.APPROVED: Said.of("approved"),
        ReviewState.PUBLISHED: Said.of("published"),
    }[state]
