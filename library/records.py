"""What happened and what was thought of it: reviews, events, measurements, footprints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from domain.capability import StepKind
from domain.engine import Footprint
from domain.events import Event, EventKind
from domain.recipe import Measurement
from domain.review import Review, Verdict
from domain.value import JsonValue, Value
from library import tables
from library.assets import latest_verdicts
from library.database import Room, dump, load, new_id, stamp, upsert
from library.events import append_events
from library.measurements import insert_measurement

#: Databases bound how many values one statement may name (SQLite: 32,766).
BATCH = 1000


class Spent(Value):
    """What runs took together. joules: of the runs where energy could be read, None when of none."""

    runs: int = 0
    seconds: float = 0.0
    joules: float | None = None


class Records(Room):
    def add_review(self, review: Review) -> Review:
        """Store a verdict; an empty id is filled in. Raises NotFound for an unknown asset."""
        with self._database.write("store the review") as connection:
            return insert_review(connection, review)

    def reviews(self, asset_id: str) -> tuple[Review, ...]:
        """Oldest first."""
        chosen = select(tables.reviews.c.document).where(tables.reviews.c.asset_id == asset_id).order_by(tables.reviews.c.number)
        with self._database.read("read the reviews") as connection:
            return tuple(load(Review, document) for document in connection.scalars(chosen))

    def verdicts(self, asset_ids: Iterable[str]) -> dict[str, Verdict]:
        """The verdict that stands, by asset id: the last approve, reject or request_changes. Unreviewed assets are absent."""
        columns = tables.reviews.c
        wanted = list(asset_ids)
        found: dict[str, Verdict] = {}
        with self._database.read("read the reviews") as connection:
            for start in range(0, len(wanted), BATCH):
                named = columns.asset_id.in_(wanted[start : start + BATCH])
                standing = select(columns.asset_id, columns.verdict).where(named, columns.number.in_(latest_verdicts().where(named)))
                found.update((row.asset_id, Verdict(row.verdict)) for row in connection.execute(standing))
        return found

    def add_event(self, project_id: str, kind: EventKind, subject: str, data: Mapping[str, JsonValue] | None = None) -> Event:
        """Append an event; project_id "" concerns the machine.

        Numbers rise by one without gaps, and number n is never visible before n - 1.
        """
        with self._database.write("store the event") as connection:
            (event,) = append_events(connection, self._clock(), [(project_id, kind, subject, data or {})])
        return event

    def events(self, project_id: str | None = None, after: int = 0, limit: int = 500) -> tuple[Event, ...]:
        """Events with a number above `after`, in order, of one project or (None) of all."""
        chosen = select(tables.events.c.document).where(tables.events.c.number > after).order_by(tables.events.c.number).limit(limit)
        if project_id is not None:
            chosen = chosen.where(tables.events.c.project_id == project_id)
        with self._database.read("read the events") as connection:
            return tuple(load(Event, document) for document in connection.scalars(chosen))

    def last_event(self, project_id: str | None = None) -> int:
        """The number of the newest event, 0 when there is none: where a page that has just been opened starts to listen."""
        chosen = select(func.max(tables.events.c.number))
        if project_id is not None:
            chosen = chosen.where(tables.events.c.project_id == project_id)
        with self._database.read("read the events") as connection:
            return connection.scalar(chosen) or 0

    def add_measurement(self, measurement: Measurement) -> None:
        with self._database.write("store the measurement") as connection:
            insert_measurement(connection, self._clock(), measurement)

    def measurements(
        self, kind: StepKind | None = None, maker: str = "", model: str = "", device: str = "", limit: int = 200
    ) -> tuple[Measurement, ...]:
        """The last runs that fit, newest first; an empty argument does not narrow."""
        columns = tables.measurements.c
        chosen = select(columns.document).order_by(columns.number.desc()).limit(limit)
        wanted = ((columns.kind, kind.value if kind else ""), (columns.maker, maker), (columns.model, model), (columns.device, device))
        for column, value in wanted:
            if value:
                chosen = chosen.where(column == value)
        with self._database.read("read the measurements") as connection:
            return tuple(load(Measurement, document) for document in connection.scalars(chosen))

    def spent(self, *, plan_id: str = "", person: str = "", since: datetime | None = None) -> Spent:
        """What the runs of a plan, of a person, or of both took; an empty argument does not narrow.

        since: only runs that were stored then or later.
        """
        columns = tables.measurements.c
        chosen = select(func.count(), func.sum(columns.seconds), func.sum(columns.joules))
        if plan_id:
            chosen = chosen.where(columns.plan_id == plan_id)
        if person:
            chosen = chosen.where(columns.person == person)
        if since is not None:
            chosen = chosen.where(columns.created >= stamp(since))
        with self._database.read("read the costs") as connection:
            runs, seconds, joules = connection.execute(chosen).one()
        return Spent(runs=runs, seconds=seconds or 0.0, joules=joules)

    def put_footprint(self, key: str, device: str, size: int, load_seconds: float) -> None:
        """Keep what a model took when it was last loaded on this device, in bytes and seconds, whatever stood there."""
        with self._database.write("store the footprint") as connection:
            upsert(connection, tables.footprints, {"key": key, "device": device}, {"bytes": size, "load_seconds": load_seconds})

    def footprints(self) -> list[Footprint]:
        """Every measured footprint, by key and device."""
        columns = tables.footprints.c
        chosen = select(columns.key, columns.device, columns.bytes, columns.load_seconds).order_by(columns.key, columns.device)
        with self._database.read("read the footprints") as connection:
            return [Footprint.model_validate(dict(row._mapping)) for row in connection.execute(chosen)]


def insert_review(connection: Connection, review: Review) -> Review:
    """Part of a transaction. An empty id is filled in."""
    stored = review if review.id else review.model_copy(update={"id": new_id()})
    row = {"id": stored.id, "asset_id": stored.asset_id, "verdict": stored.verdict.value, "document": dump(stored)}
    connection.execute(insert(tables.reviews).values(**row))
    return stored
