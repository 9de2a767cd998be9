"""What happened and what was thought of it: reviews, events, measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import func, insert, select, update

from domain.capability import StepKind
from domain.events import Event, EventKind
from domain.recipe import Measurement
from domain.review import Review, Verdict
from domain.value import JsonValue
from library import tables
from library.assets import latest_verdicts
from library.database import Room, dump, load, new_id

EVENT_COUNTER = "events"
#: Databases bound how many values one statement may name (SQLite: 32,766).
BATCH = 1000


class Records(Room):
    def add_review(self, review: Review) -> Review:
        """Store a verdict; an empty id is filled in. Raises NotFound for an unknown asset."""
        stored = review if review.id else review.model_copy(update={"id": new_id()})
        row = {"id": stored.id, "asset_id": stored.asset_id, "verdict": stored.verdict.value, "document": dump(stored)}
        with self._database.write("store the review") as connection:
            connection.execute(insert(tables.reviews).values(**row))
        return stored

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
                standing = select(columns.asset_id, columns.verdict).where(named, columns.number.in_(latest_verdicts()))
                found.update((row.asset_id, Verdict(row.verdict)) for row in connection.execute(standing))
        return found

    def add_event(self, project_id: str, kind: EventKind, subject: str, data: Mapping[str, JsonValue] | None = None) -> Event:
        """Append an event; project_id "" concerns the machine.

        Numbers rise by one without gaps, and number n is never visible before n - 1.
        """
        counters = tables.counters
        next_number = (
            update(counters).where(counters.c.name == EVENT_COUNTER).values(value=counters.c.value + 1).returning(counters.c.value)
        )
        with self._database.write("store the event") as connection:
            number = connection.execute(next_number).scalar_one()
            event = Event(number=number, project_id=project_id, kind=kind, subject=subject, data=dict(data or {}), created=self._clock())
            connection.execute(insert(tables.events).values(number=number, project_id=project_id, document=dump(event)))
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
        row = measurement.model_dump(mode="json", include={"kind", "maker", "model", "device"})
        with self._database.write("store the measurement") as connection:
            connection.execute(insert(tables.measurements).values(**row, document=dump(measurement)))

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
