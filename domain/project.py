"""A Project is a body of work with its BrandKit and language. Who has which role in it: domain/people.py."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.brand import BrandKit
from domain.value import Value


class Role(StrEnum):
    OWNER = "owner"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    VIEWER = "viewer"


class Project(Value):
    """preferences: whoever works here agreed that picks, verdicts and edits are kept as preference pairs; off unless they say so."""

    id: str
    name: str = Field(min_length=1, max_length=120)
    language: str = "en"
    brand: BrandKit = BrandKit()
    archived: bool = False
    preferences: bool = False
    created: datetime
