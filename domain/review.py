"""A verdict on an Asset: by whom, when, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.value import Value


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"
    PREFER = "prefer"
    COMMENT = "comment"


class Review(Value):
    """PREFER says this asset was picked over `over`. COMMENT is a note without a verdict: whatever verdict stands, stays."""

    id: str
    asset_id: str
    verdict: Verdict
    note: str = Field(default="", max_length=2000)
    over: str = ""
    person: str = ""
    created: datetime
