"""The chat of a project: what was said, and what a turn did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from domain.asset import FileRef
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
    """One message. plan_id names the plan it proposed or changed. options are short replies offered as buttons.

    attachments: names of the files that came with it. files: the stored texts among them, for later turns to refer to.
    """

    id: str
    project_id: str
    role: Literal["user", "assistant"]
    text: str
    intent: Intent | None = None
    plan_id: str = ""
    attachments: tuple[str, ...] = ()
    files: tuple[FileRef, ...] = ()
    options: tuple[str, ...] = ()
    person: str = ""
    created: datetime
