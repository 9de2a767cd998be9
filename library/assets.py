"""Assets: bytes first, then the rows, in one transaction. An asset never changes and is found by text, kind, plan and verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, exists, func, insert, select, true

from domain.asset import Asset, FileRef
from domain.capability import StepKind
from domain.errors import Conflict, InputError, NotFound, StorageError
from domain.moderation import Case
from domain.recipe import Measurement, OutputFile
from domain.review import ReviewState, Verdict
from domain.value import JsonValue, Value
from library.database import ID_LETTERS, Room, document_by, dump, inserting, load, new_id, upsert
from library.files import Files
from library.measurements import insert_measurement
from library.moderating import insert_case
from library.tables import asset_files, asset_parents, assets, blobs, doomed, review_records, reviews, settings, tombstones

MAX_NAME = 255
#: How often bytes are stored again that somebody deletes for good in the same moment.
TRIES = 3
#: What a setting is called that says since when nobody names a file (library/loose.py); its SHA-256 follows.
LOOSE = "retention.loose."


_OF_TAKE = document_by(assets, "plan_id", "step_id", "take")
_LAST = select(func.max(assets.c.number)).where(assets.c.plan_id == bindparam("plan_id")).group_by(assets.c.step_id)
_LATEST = select(assets.c.document).where(assets.c.number.in_(_LAST))
_BLOB = select(blobs.c.sha256).where(blobs.c.sha256 == bindparam("sha256")).with_for_update(read=True, key_share=True)
_INSERT_ASSET = insert(assets).returning(assets.c.number)


class AssetQuery(Value):
    """Which assets to list. Every field that is set narrows the list; an empty one does not.

    text: every word must occur in title, text or prompt; the beginning of a word is enough; Chinese needs no spaces.
    verdict: the present verdict (PREFER: has ever been preferred). reviewed False: nobody has given a verdict yet.
    state: how far the review is.
    newest_only: only the highest take of each step, and nothing that was redone.
    """

    project_id: str = ""
    text: str = Field(default="", max_length=1000)
    kind: StepKind | None = None
    plan_id: str = ""
    step_id: str = ""
    verdict: Verdict | None = None
    reviewed: bool | None = None
    state: ReviewState | None = None
    newest_only: bool = False
    limit: int = Field(default=60, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class Lineage(Value):
    """All assets this one was made from, and all that were made from it, oldest first."""

    asset: Asset
    ancestors: tuple[Asset, ...] = ()
    descendants: tuple[Asset, ...] = ()


#: (draft, its files) -> the draft as it is to be stored, and the case it waits for; raises what is refused
Judge = Callable[[Asset, Sequence[OutputFile]], tuple[Asset, Case | None]]


class Assets(Room):
    _files: Files
    _judge: Judge | None = None

    def store_file(self, data: bytes | Path, name: str, media_type: str) -> FileRef:
        """Store an attachment or a logo, by content. Raises DiskFull, StorageError, InputError."""
        _check_name(name)
        for _ in range(TRIES):
            sha256, size = self._files.add(data)
            ref = FileRef(name=name, sha256=sha256, media_type=media_type, size=size)
            with contextlib.suppress(_Gone), self._database.write("store the file") as connection:
                _add_blob(connection, self._files, ref)
                return ref
        raise _gone_again()

    def file_path(self, sha256: str) -> Path:
        """Where stored bytes lie, read-only. Raises NotFound for what is no hash, AssetDamaged when the file is gone."""
        return self._files.open(sha256)

    def file_chunks(self, sha256: str) -> Iterator[bytes]:
        """Stored bytes in pieces of at most 1 MiB. Raises like `file_path`."""
        return self._files.chunks(sha256)

    def judged_by(self, judge: Judge) -> None:
        """From now on nothing is stored before this has looked at it: the one door of content safety."""
        self._judge = judge

    def add_asset(self, draft: Asset, files: Sequence[OutputFile], measured: Measurement | None = None) -> Asset:
        """Store an asset, its files and what it cost; draft.files must be (). The main file comes first in `files`.

        A file given by its `path` is taken over where it lies, without a copy on the same filesystem: it is gone when this
        returns, and untouched when this raises.
        Filled in here: id when empty; files; version (one more than that of `previous`); parents (completed by
        `previous` and the recipe's input assets). A second asset of the same (plan_id, step_id, take) is not stored:
        the first comes back. Raises NotFound (project, plan or a parent), InputError, DiskFull, StorageError, and what `judged_by`
        refuses; what that holds is stored together with its case.
        """
        if draft.files or not files:
            raise InputError(
                "An asset is stored with its files.", hint="Hand the bytes in `files` and leave draft.files empty.", field="files"
            )
        for file in files:
            _check_name(file.name)
        asset = self._add(draft, files, measured)
        for file in files:
            if file.path is not None:
                self._files.discard(file.path)
        return asset

    def _add(self, draft: Asset, files: Sequence[OutputFile], measured: Measurement | None) -> Asset:
        first = self.asset_for(draft.plan_id, draft.step_id, draft.take)
        if first is not None:
            return first
        draft, case = self._judge(draft, files) if self._judge is not None else (draft, None)
        for _ in range(TRIES):
            refs = tuple(self._store(file) for file in files)
            try:
                with contextlib.suppress(_Gone), self._database.write("store the asset") as connection:
                    if measured is not None:
                        insert_measurement(connection, self._clock(), measured)
                    stored = self._insert(connection, draft, refs)
                    if case is not None:
                        insert_case(connection, case.model_copy(update={"subject": stored.id}))
                    return stored
            except Conflict:
                first = self.asset_for(draft.plan_id, draft.step_id, draft.take)
                if first is None:
                    raise
                return first
        raise _gone_again()

    def _store(self, file: OutputFile) -> FileRef:
        sha256, size = self._files.add(file.data) if file.path is None else self._files.adopt(file.path)
        return FileRef(name=file.name, sha256=sha256, media_type=file.media_type, size=size)

    def _insert(self, connection: Connection, draft: Asset, refs: tuple[FileRef, ...]) -> Asset:
        asset = _completed(connection, draft, refs)
        row = {
            "id": asset.id,
            "project_id": asset.project_id,
            "plan_id": asset.plan_id or None,
            "step_id": asset.step_id,
            "take": asset.take,
            "kind": asset.recipe.kind.value,
            "previous": asset.previous or None,
            "document": dump(asset),
        }
        number = connection.scalar(_INSERT_ASSET, row)
        for position, ref in enumerate(refs):
            _add_blob(connection, self._files, ref)
            connection.execute(inserting(asset_files), {"asset_id": asset.id, "position": position, "sha256": ref.sha256, "name": ref.name})
        for parent in asset.parents:
            connection.execute(inserting(asset_parents), {"asset_id": asset.id, "parent_id": parent})
        if number is not None:
            self._database.search.add(connection, number, searchable(asset))
        return asset

    def asset(self, asset_id: str) -> Asset:
        """Raises NotFound."""
        with self._database.read("read the asset") as connection:
            return read_asset(connection, asset_id)

    def assets_beginning(self, letters: str, most: int = 5) -> tuple[Asset, ...]:
        """Assets whose id begins with these letters of ids (not a pattern), the oldest first."""
        if not letters or not set(letters) <= set(ID_LETTERS):
            return ()
        query = select(assets.c.document).where(assets.c.id.startswith(letters)).order_by(assets.c.number).limit(most)
        with self._database.read("look for assets") as connection:
            return tuple(load(Asset, document) for document in connection.scalars(query))

    def asset_for(self, plan_id: str, step_id: str, take: int = 0) -> Asset | None:
        """What one take of one step made, None when it has not (or when plan_id is "")."""
        if not plan_id:
            return None
        with self._database.read("read the asset") as connection:
            document = connection.scalar(_OF_TAKE, {"plan_id": plan_id, "step_id": step_id, "take": take})
        return None if document is None else load(Asset, document)

    def assets(self, query: AssetQuery | None = None) -> tuple[Asset, ...]:
        """Assets that fit, newest first."""
        asked = query or AssetQuery()
        condition = self._condition(asked)
        if condition is None:
            return ()
        chosen = select(assets.c.document).where(condition).order_by(assets.c.number.desc()).limit(asked.limit).offset(asked.offset)
        with self._database.read("search the library") as connection:
            return tuple(load(Asset, document) for document in connection.scalars(chosen))

    def latest_assets(self, plan_id: str) -> dict[str, Asset]:
        """What was stored last for each step of a plan, by step id."""
        with self._database.read("read the assets") as connection:
            found = [load(Asset, document) for document in connection.scalars(_LATEST, {"plan_id": plan_id})]
        return {asset.step_id: asset for asset in found}

    def count(self, query: AssetQuery | None = None) -> int:
        """How many assets fit, whatever limit and offset say."""
        condition = self._condition(query or AssetQuery())
        if condition is None:
            return 0
        with self._database.read("search the library") as connection:
            return connection.scalar(select(func.count()).select_from(assets).where(condition)) or 0

    def children(self, asset_id: str) -> tuple[Asset, ...]:
        """What was made directly from this asset, oldest first."""
        chosen = select(assets.c.document).join(asset_parents, asset_parents.c.asset_id == assets.c.id)
        chosen = chosen.where(asset_parents.c.parent_id == asset_id).order_by(assets.c.number)
        with self._database.read("read the versions") as connection:
            return tuple(load(Asset, document) for document in connection.scalars(chosen))

    def lineage(self, asset_id: str) -> Lineage:
        """Raises NotFound."""
        with self._database.read("read the lineage") as connection:
            asset = read_asset(connection, asset_id)
            up = _related(asset_id, asset_parents.c.asset_id, asset_parents.c.parent_id)
            down = _related(asset_id, asset_parents.c.parent_id, asset_parents.c.asset_id)
            ancestors = tuple(load(Asset, document) for document in connection.scalars(up))
            return Lineage(asset=asset, ancestors=ancestors, descendants=tuple(load(Asset, d) for d in connection.scalars(down)))

    def _condition(self, query: AssetQuery) -> ColumnElement[bool] | None:
        """The WHERE of a query; None when nothing can match."""
        conditions: list[ColumnElement[bool]] = [true()]
        conditions += [
            column == value
            for column, value in (
                (assets.c.project_id, query.project_id),
                (assets.c.plan_id, query.plan_id),
                (assets.c.step_id, query.step_id),
                (assets.c.kind, query.kind.value if query.kind else ""),
            )
            if value
        ]
        if query.text.strip():
            matching = self._database.search.matching(query.text)
            if matching is None:
                return None
            conditions.append(assets.c.number.in_(matching))
        if query.verdict is not None:
            conditions.append(_has_verdict(query.verdict))
        if query.reviewed is not None:
            given = exists().where(reviews.c.asset_id == assets.c.id, reviews.c.verdict != Verdict.PREFER.value)
            conditions.append(given if query.reviewed else ~given)
        if query.state is not None:
            conditions.append(_in_state(query.state))
        if query.newest_only:
            conditions.append(_newest())
        return and_(*conditions)


def searchable(asset: Asset) -> str:
    """What an asset is found by."""
    return "\n".join((asset.title, asset.recipe.prompt, asset.text))


def latest_verdicts() -> Select[int]:
    """Numbers of the reviews that stand: the last one of each asset that is neither a mere preference nor a mere comment."""
    standing = select(func.max(reviews.c.number)).where(reviews.c.verdict.not_in((Verdict.PREFER.value, Verdict.COMMENT.value)))
    return standing.group_by(reviews.c.asset_id)


def _has_verdict(verdict: Verdict) -> ColumnElement[bool]:
    given = and_(reviews.c.asset_id == assets.c.id, reviews.c.verdict == verdict.value)
    if verdict in (Verdict.PREFER, Verdict.COMMENT):
        return exists().where(given)
    return exists().where(given, reviews.c.number.in_(latest_verdicts()))


def _in_state(state: ReviewState) -> ColumnElement[bool]:
    of_it = review_records.c.asset_id == assets.c.id
    if state is ReviewState.DRAFT:  # also what nobody ever reviewed
        return ~exists().where(of_it, review_records.c.state != state.value)
    return exists().where(of_it, review_records.c.state == state.value)


def _newest() -> ColumnElement[bool]:
    later = assets.alias("later")
    same_step = and_(later.c.plan_id == assets.c.plan_id, later.c.step_id == assets.c.step_id, later.c.take > assets.c.take)
    redone = later.c.previous == assets.c.id
    return and_(~exists().where(same_step), ~exists().where(redone))


def _related(asset_id: str, start: ColumnElement[str], to: ColumnElement[str]) -> Select[JsonValue]:
    """Assets reached from one by following parents one way, any number of times, oldest first."""
    reached = select(to.label("id")).where(start == asset_id).cte("reached", recursive=True)
    reached = reached.union(select(to).where(start == reached.c.id))
    return select(assets.c.document).where(assets.c.id.in_(select(reached.c.id))).order_by(assets.c.number)


def read_asset(connection: Connection, asset_id: str, *, lock: bool = False) -> Asset:
    """Raises NotFound. lock: its row is this transaction's until it ends; SQLite has one writer anyway."""
    chosen = document_by(assets, "id")
    document = connection.scalar(chosen.with_for_update() if lock else chosen, {"id": asset_id})
    if document is None:
        raise NotFound(
            "There is no asset {asset_id}.", hint="It may have been made in another library.", field="asset_id", asset_id=repr(asset_id)
        )
    return load(Asset, document)


def _completed(connection: Connection, draft: Asset, refs: tuple[FileRef, ...]) -> Asset:
    version = read_asset(connection, draft.previous).version + 1 if draft.previous else 1
    parents = dict.fromkeys((*draft.parents, draft.previous, *(given.asset_id for given in draft.recipe.inputs)))
    filled = {"id": draft.id or new_id(), "files": refs, "version": version, "parents": tuple(parent for parent in parents if parent)}
    return draft.model_copy(update=filled)


def _add_blob(connection: Connection, files: Files, ref: FileRef) -> None:
    """Raises _Gone when the file was taken away between being stored and this; then it is stored once more."""
    if connection.scalar(_BLOB, {"sha256": ref.sha256}) is not None:
        # Somebody wants it again: it is not loose any more.
        connection.execute(delete(settings).where(settings.c.key == LOOSE + ref.sha256))
        return
    # Whoever deletes for good looks at this row under a lock, and leaves the bytes alone when it is gone.
    if connection.execute(delete(doomed).where(doomed.c.sha256 == ref.sha256)).rowcount and not files.has(files.name(ref.sha256)):
        raise _Gone
    connection.execute(delete(tombstones).where(tombstones.c.id == ref.sha256))
    upsert(connection, blobs, {"sha256": ref.sha256}, {"size": ref.size, "media_type": ref.media_type})


def require_kept(connection: Connection, hashes: Iterable[str]) -> None:
    """Part of storing a row that names files in its document, where the database does not watch them. Raises Conflict when one of them
    is being deleted for good.
    """
    named = [sha256 for sha256 in dict.fromkeys(hashes) if sha256]
    if not named:
        return
    connection.execute(select(blobs.c.sha256).where(blobs.c.sha256.in_(named)).with_for_update(read=True, key_share=True)).all()
    if connection.scalar(select(doomed.c.sha256).where(doomed.c.sha256.in_(named)).limit(1)) is not None:
        raise Conflict("A file was deleted for good just now.", hint="Attach it again.", field="files")


class _Gone(Exception):
    """Bytes that were there when they were asked for have been deleted for good since."""


def _gone_again() -> StorageError:
    return StorageError("The file was deleted again and again while it was stored.", hint="Try again when nothing is being purged.")


def _check_name(name: str) -> None:
    """File names are data: no folders, nothing hidden, nothing a database cannot hold."""
    if not name or len(name) > MAX_NAME or PurePath(name).name != name or "\\" in name or not name.isprintable() or name in (".", ".."):
        raise InputError(
            "{name} is not a file name.", hint="Use a plain name without folders, such as picture.png.", field="name", name=repr(name[:80])
        )
