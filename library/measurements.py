"""Measurements as rows. Any transaction may add its own."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain.recipe import Measurement
from library.database import dump, inserting, stamp
from library.tables import measurements


def insert_measurement(connection: Connection, when: datetime, measurement: Measurement) -> None:
    """Store what one run took."""
    row = measurement.model_dump(mode="json", include={"kind", "maker", "model", "device", "plan_id", "person", "seconds", "joules"})
    connection.execute(inserting(measurements), {**row, "created": stamp(when), "document": dump(measurement)})
