"""Events as rows: numbered in the order in which they become visible. Any transaction may append its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, Integer, bindparam, update

from domain.events import Event, EventKind
from domain.value import JsonValue
from library.database import dump, inserting
from library.tables import counters, events

EVENT_COUNTER = "events"

_COUNT_ON = (
    update(counters)
    .where(counters.c.name == EVENT_COUNTER)
    .values(value=counters.c.value + bindparam("more", type_=Integer))
    .returning(counters.c.value)
)

#: What happened, before it has a number: (project id, kind, subject, data). Project id "" concerns the machine.
News: TypeAlias = tuple[str, EventKind, str, Mapping[str, JsonValue]]


def append_events(connection: Connection, when: datetime, news: Sequence[News]) -> tuple[Event, ...]:
    """Number and store what happened, in this order.

    The row of the counter stays locked until the transaction ends, so numbers have no gaps and n is never visible before n - 1.
    """
    if not news:
        return ()
    last = connection.execute(_COUNT_ON, {"more": len(news)}).scalar_one()
    stored = tuple(
        Event(number=number, project_id=project_id, kind=kind, subject=subject, data=dict(data), created=when)
        for number, (project_id, kind, subject, data) in enumerate(news, start=last - len(news) + 1)
    )
    rows = [{"number": event.number, "project_id": event.project_id, "document": dump(event)} for event in stored]
    connection.execute(inserting(events), rows)
    return stored
