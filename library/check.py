"""Is everything people own still there and unaltered? Reads only; mends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, exists, select

from domain.progress import Progress
from domain.value import Value
from library.files import FileState
from library.library import Library
from library.tables import asset_files, assets, blobs, briefs, jobs, metadata, plan_versions, projects, reviews, tombstones, trash, turns


class FileProblem(Value):
    """A stored file that is not as it should be; `used_by` names the assets, briefs and projects that need it."""

    sha256: str
    used_by: tuple[str, ...] = ()


class CheckReport(Value):
    """What a check found.

    extra: names of files nobody needs, relative to where files are kept.
    dangling: sentences, one per row that points nowhere.
    """

    files: int
    bytes: int
    missing: tuple[FileProblem, ...] = ()
    altered: tuple[FileProblem, ...] = ()
    extra: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """True when nothing is lost or wrong. Extra files take space but harm nothing."""
        return not (self.missing or self.altered or self.dangling)


def check(library: Library, progress: Progress) -> CheckReport:
    """Hash every stored file again and follow every reference. Raises Cancelled, StorageError.

    May run while the studio works: what is stored meanwhile is not reported.
    """
    # 1. What should be there.
    with library.database.read("check the library") as connection:
        sizes = {row.sha256: row.size for row in connection.execute(select(blobs.c.sha256, blobs.c.size).order_by(blobs.c.sha256))}
        uses = _uses(connection)
        # What was deleted for good on purpose is not lost.
        for sha256 in connection.scalars(select(tombstones.c.id).where(tombstones.c.kind == "file")):
            uses.pop(sha256, None)
        dangling = [*_broken_keys(connection), *_broken_documents(connection)]
    dangling += [
        f"{user} names file {sha256[:12]}…, which was never stored"
        for sha256 in sorted(uses)
        if sha256 not in sizes
        for user in uses[sha256]
    ]
    # 2. What is there.
    missing, altered = _compare(library, sizes, progress)
    # 3. What nobody asked for.
    extra = _extra(library)
    progress.report(1.0, "checked")
    problem = {sha256: FileProblem(sha256=sha256, used_by=tuple(uses.get(sha256, ()))) for sha256 in (*missing, *altered)}
    return CheckReport(
        files=len(sizes),
        bytes=sum(sizes.values()),
        missing=tuple(problem[sha256] for sha256 in missing),
        altered=tuple(problem[sha256] for sha256 in altered),
        extra=extra,
        dangling=tuple(dangling),
    )


def _compare(library: Library, sizes: dict[str, int], progress: Progress) -> tuple[list[str], list[str]]:
    missing: list[str] = []
    altered: list[str] = []
    total = sum(sizes.values()) or 1
    done = 0
    for sha256, size in sizes.items():
        progress.check()
        state = library.files.state(sha256, size)
        if state is FileState.MISSING:
            missing.append(sha256)
        elif state is FileState.ALTERED:
            altered.append(sha256)
        done += size
        progress.report(min(done / total, 1.0), f"checking {sha256[:12]}")
    return missing, altered


def _extra(library: Library) -> tuple[str, ...]:
    """Files without a row. The rows are read after the files, so a file stored while we looked is not taken for one too many."""
    found = list(library.files.names())
    with library.database.read("check the library") as connection:
        known = {library.files.name(sha256) for sha256 in connection.scalars(select(blobs.c.sha256))}
    return tuple(name for name in found if name not in known and library.files.has(name))


def _uses(connection: Connection) -> dict[str, list[str]]:
    """Who needs which file: sha256 -> "asset x", "brief y", "project z"."""
    uses: dict[str, list[str]] = {}

    def used(sha256: str, user: str) -> None:
        users = uses.setdefault(sha256, [])
        if sha256 and user not in users:
            users.append(user)

    for row in connection.execute(select(asset_files.c.sha256, asset_files.c.asset_id).order_by(asset_files.c.asset_id)):
        used(row.sha256, f"asset {row.asset_id}")
    for row in connection.execute(select(assets.c.id, assets.c.document).order_by(assets.c.number)):
        for given in row.document["recipe"]["inputs"]:
            used(given["sha256"], f"asset {row.id}")
    for row in connection.execute(select(briefs.c.id, briefs.c.document).order_by(briefs.c.number)):
        for attachment in row.document["attachments"]:
            used(attachment["sha256"], f"brief {row.id}")
    for row in connection.execute(select(turns.c.id, turns.c.document).order_by(turns.c.number)):
        for file in row.document.get("files", ()):
            used(file["sha256"], f"turn {row.id}")
    for row in connection.execute(select(trash.c.id, trash.c.rows).order_by(trash.c.number)):
        for file in row.rows.get("asset_files", ()):
            used(file["sha256"], f"trash {row.id}")
    for row in connection.execute(select(projects.c.id, projects.c.document).order_by(projects.c.number)):
        used(row.document["brand"]["logo"], f"project {row.id}")
    uses.pop("", None)
    return uses


def _broken_keys(connection: Connection) -> Iterator[str]:
    """Rows whose foreign key has no target: possible when another program wrote to the database."""
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            (element,) = key.elements
            target = element.column.table.alias("target")
            column = element.parent
            lost = and_(column.is_not(None), ~exists().where(target.c[element.column.name] == column))
            for value in connection.scalars(select(column).where(lost).distinct().order_by(column)):
                yield f"{table.name}.{column.name} is {value!r}, which is not in {element.column.table.name}"


def _broken_documents(connection: Connection) -> Iterator[str]:
    """References that live inside documents, where the database does not watch them."""
    known_assets = set(connection.scalars(select(assets.c.id))) | set(connection.scalars(select(tombstones.c.id)))
    known_briefs = set(connection.scalars(select(briefs.c.id)))
    yield from _lost(connection, select(jobs.c.document), "asset_id", known_assets, "A job")
    yield from _lost(connection, select(reviews.c.document), "over", known_assets, "A review")
    yield from _lost(connection, select(plan_versions.c.document), "brief_id", known_briefs, "A plan")


def _lost(connection: Connection, chosen: Any, field: str, known: set[str], owner: str) -> Iterator[str]:
    targets = {document[field] for document in connection.scalars(chosen)}
    for target in sorted(targets - known - {""}):
        yield f"{owner} names {field} {target!r}, which is not in the library"
