"""A preference pair: for one prompt, one result was preferred over another, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.value import Value


class PreferenceSource(StrEnum):
    """How it came to be known: a person picked one over the other, gave them different verdicts, or edited the one into the other."""

    PICK = "pick"
    VERDICT = "verdict"
    EDIT = "edit"


class Preference(Value):
    """chosen and rejected: ids of assets of one project. prompt: what both were made from."""

    id: str = ""
    project_id: str
    source: PreferenceSource
    prompt: str
    chosen: str
    rejected: str
    reason: str = Field(default="", max_length=2000)
    person: str = ""
    created: datetime
