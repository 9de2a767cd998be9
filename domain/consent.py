"""That a person allows their voice to be used: what was proven, for which recording, for what, and until when.

A voice is cloned only by an engine that allows it and with a record that holds; without one it is refused.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from domain.errors import NotAllowed
from domain.said import Said
from domain.value import Value


class ConsentScope(StrEnum):
    """What the voice may be used for."""

    PROJECT = "project"
    COMMERCIAL = "commercial"


class VoiceConsent(Value):
    """person: whose voice it is. proof: what shows it (a signed form, a spoken sentence), and where it is kept.

    audio: SHA-256 of the recording it is about; it holds for no other. project_id: where it holds; "" for all projects.
    territory: where in the world it may be heard, in words, "" everywhere: for the person who publishes, the studio cannot know.
    kept: the recording lies in the library, so that engines can take the voice from it. revoked: when the person took it back, None while
    it stands. recorded_by: who entered it.
    """

    id: str
    person: str = Field(min_length=1, max_length=120)
    proof: str = Field(min_length=1, max_length=1000)
    audio: str = Field(pattern=r"^[0-9a-f]{64}$")
    scope: ConsentScope = ConsentScope.PROJECT
    territory: str = Field(default="", max_length=200)
    project_id: str = ""
    kept: bool = False
    given: datetime
    expires: datetime
    revoked: datetime | None = None
    recorded_by: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> VoiceConsent:
        if self.expires <= self.given:
            raise ValueError("a consent ends after it was given")
        return self


def require_consent(
    consents: tuple[VoiceConsent, ...], audio: str, project_id: str, now: datetime, scope: ConsentScope = ConsentScope.PROJECT
) -> VoiceConsent:
    """The consent that lets a recording's voice be cloned now. Raises NotAllowed saying why there is none that holds.

    A consent for commercial use covers a project's own use too.
    """
    about = [one for one in consents if one.audio == audio]
    if not about:
        hint = "Record who speaks, what shows their consent, for what and until when."
        raise NotAllowed("Nobody has allowed this voice to be used.", hint=hint, field="consent")
    why: Said | None = None
    for one in about:
        why = _against(one, project_id, now, scope)
        if why is None:
            return one
    raise NotAllowed(
        "The voice of {person} may not be used here: {why}.",
        hint="Ask for a new consent.",
        field="consent",
        person=about[-1].person,
        why=why,
    )


def standing(one: VoiceConsent, now: datetime) -> Literal["holds", "revoked", "ended"]:
    """What a list of records says of one."""
    if one.revoked is not None and one.revoked <= now:
        return "revoked"
    return "ended" if now >= one.expires else "holds"


def _against(one: VoiceConsent, project_id: str, now: datetime, scope: ConsentScope) -> Said | None:
    if one.revoked is not None and one.revoked <= now:
        return Said.of("the consent was taken back on {day}", day=f"{one.revoked:%Y-%m-%d}")
    if now >= one.expires:
        return Said.of("the consent ended on {day}", day=f"{one.expires:%Y-%m-%d}")
    if now < one.given:
        return Said.of("the consent begins on {day}", day=f"{one.given:%Y-%m-%d}")
    if one.project_id not in ("", project_id):
        return Said.of("the consent is for another project")
    if scope is ConsentScope.COMMERCIAL and one.scope is not ConsentScope.COMMERCIAL:
        return Said.of("the consent does not cover commercial use")
    return None
