"""A Project is a body of work with its BrandKit and language. Who has which role in it: domain/people.py."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.brand import BrandKit
from domain.moderation import Level
from domain.value import Value


class Role(StrEnum):
    OWNER = "owner"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    VIEWER = "viewer"


class Use(Value):
    """What a project's results are for. commercial: for money or for a company. region: where they are used, a country by ISO 3166-1
    (two capital letters) or EU; "" is not said."""

    commercial: bool = False
    region: str = Field(default="", pattern=r"^([A-Z]{2})?$")


class Project(Value):
    """explicit_label: what leaves says in letters or sound too that AI made it (GB 45438-2025). watermark: pictures leave with an invisible
    mark. preferences: whoever works here agreed that picks, verdicts and edits are kept as preference pairs; off unless they say so.
    moderation: what waits for a reviewer before it leaves."""

    id: str
    name: str = Field(min_length=1, max_length=120)
    language: str = "en"
    brand: BrandKit = BrandKit()
    use: Use = Use()
    archived: bool = False
    explicit_label: bool = False
    watermark: bool = False
    preferences: bool = False
    moderation: Level = Level.STANDARD
    created: datetime
