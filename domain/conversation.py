"""The chat of a project: what was said, and what a turn did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.value import Value


class Intent(StrEnum):
    """What a message wants of the Director."""

    PLAN = "plan"
    EDIT = "edit"
    RUN = "run"
    STATUS = "status"
    ASK = "ask"
    ANSWER = "answer"
    REFUSE = "refuse"


class Turn(Value):
    """One message. plan_id names the plan it proposed or changed. options are short replies offered as buttons."""

    id: str
    project_id: str
    role: Literal["user", "assistant"]
    text: str
    intent: Intent | None = None
    plan_id: str = ""
    attachments: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    person: str = ""
    created: datetime
