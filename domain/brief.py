"""What the person asked, with attachments and constraints."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.metadata import PictureMetadata
from domain.moderation import Screening
from domain.value import Value

BRIEF_MAX_CHARACTERS = 20_000
#: Of one attached text, and of all texts attached to one brief: about 60 and 120 pages.
ATTACHMENT_MAX_CHARACTERS = 200_000
MATERIAL_MAX_CHARACTERS = 400_000
ATTACHMENT_MAX_BYTES = 25 * 1024 * 1024
ATTACHMENT_MAX_PIXELS = 40_000_000
ATTACHMENT_MAX_COUNT = 10


class AttachmentUse(StrEnum):
    """What an attachment is for: text is material, pictures give palette or reference, sound gives a transcript."""

    MATERIAL = "material"
    REFERENCE = "reference"
    TRANSCRIPT = "transcript"


class Attachment(Value):
    """sha256 names the stored file. `text` is its text, its transcript, or what a picture shows; `palette` its main colours (#rrggbb).

    metadata: what a picture file says of how it was made, as text; None where it says nothing."""

    name: str
    sha256: str
    media_type: str
    size: int
    use: AttachmentUse
    text: str = ""
    palette: tuple[str, ...] = ()
    metadata: PictureMetadata | None = None


class Brief(Value):
    """trace: the W3C traceparent of the request that brought it; whatever is made of it later goes on in that trace.

    screening: what its words are judged by."""

    id: str
    project_id: str
    text: str = Field(min_length=1, max_length=BRIEF_MAX_CHARACTERS)
    language: str = "en"
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=ATTACHMENT_MAX_COUNT)
    person: str = ""
    created: datetime
    trace: str = ""
    screening: Screening = Screening()

    @property
    def material(self) -> str:
        """All text a maker may take facts from: the brief and its attachments."""
        parts = [self.text, *(f"[{a.name}]\n{a.text}" for a in self.attachments if a.text)]
        return "\n\n".join(parts)
