"""Content safety: levels, outcomes, what a rule found, and cases that a person decides.

Values only. Which words and scores have which outcome is data; who may decide is studio/moderation.py.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from domain.value import Value

NOTE_MAX = 2000
#: Of the words that matched, so that a reviewer sees why.
WORDS_MAX = 120


class Level(StrEnum):
    """How much a project wants to be asked about. OPEN is for games, horror and art; no level lets the worst kinds pass."""

    STRICT = "strict"
    STANDARD = "standard"
    OPEN = "open"


class Outcome(StrEnum):
    ALLOWED = "allowed"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"


class Stage(StrEnum):
    """What was judged: a wish before anything is made, the finished prompt, the words that came out, the picture."""

    BRIEF = "brief"
    PROMPT = "prompt"
    OUTPUT = "output"
    PICTURE = "picture"


class Graded(Value):
    """The outcome at each level."""

    strict: Outcome = Outcome.REFUSED
    standard: Outcome = Outcome.REFUSED
    open: Outcome = Outcome.REFUSED

    def at(self, level: Level) -> Outcome:
        return {Level.STRICT: self.strict, Level.STANDARD: self.standard, Level.OPEN: self.open}[level]


class Reason(Value):
    """Why a rule is there, in the languages of the pages."""

    en: str
    zh: str

    def of(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


class SafetyFinding(Value):
    """One rule that matched. words: what matched, at most WORDS_MAX characters. score: of a picture, 0..1; None for texts and where
    nothing could be measured. grave: only owners decide about it."""

    rule: str
    stage: Stage
    outcome: Outcome
    reason: Reason
    words: str = Field(default="", max_length=WORDS_MAX)
    score: float | None = None
    grave: bool = False


class Screening(Value):
    """What a wish is judged by. cleared: ids of rules a person allowed. text: the words they were allowed for, "" where these are the very
    words that are judged; what stands in none of them is held at least."""

    level: Level = Level.STANDARD
    cleared: tuple[str, ...] = ()
    text: str = ""


AS_WISHED = Screening()


class PictureCheck(StrEnum):
    """NONE: there is no picture in it. NOT_CHECKED: there is, and no model here could look at it."""

    NONE = "none"
    CHECKED = "checked"
    NOT_CHECKED = "not_checked"


class Judged(Value):
    """How a result was judged when it was stored. score, model: of its picture; the highest where there are several."""

    level: Level
    text: bool = False
    picture: PictureCheck = PictureCheck.NONE
    score: float | None = None
    model: str = ""


class CaseState(StrEnum):
    """HELD: waits for its first decision. APPEALED: decided, or refused by a rule, and its author asks to look again."""

    HELD = "held"
    APPEALED = "appealed"
    ALLOWED = "allowed"
    REFUSED = "refused"


WAITING = frozenset({CaseState.HELD, CaseState.APPEALED})
CaseKind = Literal["asset", "brief", "wish"]


class Case(Value):
    """One thing a person decides. subject: the id of the asset or brief, or the hash of a refused wish.

    person: whose it is. text: of a wish, in full. decided_by, note, decided: of the last decision. appeal: the author's note.
    revision: rises with every change; who decides says which one they saw.
    """

    id: str = ""
    project_id: str
    kind: CaseKind
    subject: str
    title: str = Field(default="", max_length=200)
    text: str = ""
    findings: tuple[SafetyFinding, ...]
    person: str = ""
    state: CaseState = CaseState.HELD
    revision: int = 0
    decided_by: str = ""
    note: str = Field(default="", max_length=NOTE_MAX)
    decided: datetime | None = None
    appeal: str = Field(default="", max_length=NOTE_MAX)
    created: datetime

    @property
    def grave(self) -> bool:
        return any(finding.grave for finding in self.findings)

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(finding.rule for finding in self.findings))


def worst(findings: tuple[SafetyFinding, ...]) -> Outcome:
    """The outcome of all together."""
    found = {finding.outcome for finding in findings}
    return next((one for one in (Outcome.REFUSED, Outcome.DOUBTFUL) if one in found), Outcome.ALLOWED)
