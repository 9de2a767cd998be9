"""A Project is a body of work with its BrandKit, members and language."""

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


class Member(Value):
    person: str
    role: Role = Role.OWNER


class Project(Value):
    id: str
    name: str = Field(min_length=1, max_length=120)
    language: str = "en"
    brand: BrandKit = BrandKit()
    members: tuple[Member, ...] = ()
    archived: bool = False
    created: datetime
