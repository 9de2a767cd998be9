"""What happened, in order, for every open page and API client."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.value import JsonValue, Value


class EventKind(StrEnum):
    BRIEF = "brief"
    PLAN = "plan"
    JOB = "job"
    ASSET = "asset"
    REVIEW = "review"
    MESSAGE = "message"
    MODEL = "model"


class Event(Value):
    """number rises by one per stored event; a client that knows number n asks for what came after n."""

    number: int
    project_id: str
    kind: EventKind
    subject: str
    data: dict[str, JsonValue] = {}
    created: datetime
