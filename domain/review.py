"""A verdict on an Asset, and how far its review is: states, who may move it on, and what is frozen by an approval."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from domain.asset import Asset
from domain.people import Right
from domain.value import JsonValue, Value, canonical_json, content_hash

NOTE_MAX = 2000


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
    note: str = Field(default="", max_length=NOTE_MAX)
    over: str = ""
    person: str = ""
    created: datetime


class ReviewState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    APPROVED = "approved"
    PUBLISHED = "published"


_S = ReviewState
#: From which state to which, and the right that it needs. What is not here cannot be done.
MOVES: dict[tuple[ReviewState, ReviewState], Right] = {
    (_S.DRAFT, _S.IN_REVIEW): Right.EDIT,
    (_S.CHANGES_REQUESTED, _S.IN_REVIEW): Right.EDIT,
    (_S.IN_REVIEW, _S.DRAFT): Right.EDIT,
    (_S.DRAFT, _S.APPROVED): Right.REVIEW,
    (_S.IN_REVIEW, _S.APPROVED): Right.REVIEW,
    (_S.CHANGES_REQUESTED, _S.APPROVED): Right.REVIEW,
    (_S.DRAFT, _S.CHANGES_REQUESTED): Right.REVIEW,
    (_S.IN_REVIEW, _S.CHANGES_REQUESTED): Right.REVIEW,
    (_S.APPROVED, _S.CHANGES_REQUESTED): Right.REVIEW,
    (_S.APPROVED, _S.PUBLISHED): Right.EDIT,
    (_S.PUBLISHED, _S.APPROVED): Right.OWN,
}
#: What a verdict makes of the state. REJECT and REQUEST_CHANGES both say that this version does not go out as it is.
STATE_OF: dict[Verdict, ReviewState] = {
    Verdict.APPROVE: _S.APPROVED,
    Verdict.REJECT: _S.CHANGES_REQUESTED,
    Verdict.REQUEST_CHANGES: _S.CHANGES_REQUESTED,
}
#: The verdict that a move writes down.
VERDICT_OF: dict[ReviewState, Verdict] = {_S.APPROVED: Verdict.APPROVE, _S.CHANGES_REQUESTED: Verdict.REQUEST_CHANGES}
FROZEN = frozenset({_S.APPROVED, _S.PUBLISHED})


class ReviewRecord(Value):
    """How far the review of one asset is. An asset without a record is a draft with revision 0.

    revision: rises with every change; who changes it says which one they saw. person, note and changed: of the last move.
    frozen: the content hash of what was approved, "" while nothing is. assignee "": nobody in particular. due None: no date.
    touched: who made the last change of any kind.
    ticked: who ticked which point of the checklist, by the point's id.
    """

    asset_id: str
    project_id: str
    state: ReviewState = ReviewState.DRAFT
    revision: int = 0
    person: str = ""
    note: str = Field(default="", max_length=NOTE_MAX)
    changed: datetime | None = None
    frozen: str = ""
    assignee: str = Field(default="", max_length=120)
    due: date | None = None
    ticked: dict[str, str] = {}
    touched: str = ""


def frozen_hash(asset: Asset) -> str:
    """What an approval is about: title, text and files, by their hashes. The same content gives the same hash."""
    return frozen_hash_of(asset.title, asset.text, [(file.name, file.sha256) for file in asset.files])


def frozen_hash_of(title: str, text: str, files: list[tuple[str, str]]) -> str:
    listed: list[JsonValue] = [[name, sha256] for name, sha256 in files]
    return content_hash(canonical_json({"title": title, "text": text, "files": listed}))
