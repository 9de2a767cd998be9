"""What follows from the score of a picture, by the level of a project: rules as data (assets/moderation/pictures.toml).

Knows a number, not pictures. Whoever has no score says so with None.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from agents.lexicon import load_toml
from domain.errors import InputError
from domain.moderation import Level, Outcome, Reason, SafetyFinding, Stage
from domain.value import Value

NUDITY, UNCHECKED = "nudity", "unchecked"


class Thresholds(Value):
    """From which score on a picture is doubtful, and refused; refused None: never. unchecked: without a score."""

    doubtful: float = Field(gt=0.0, le=1.0)
    refused: float | None = Field(default=None, gt=0.0, le=1.0)
    unchecked: Outcome = Outcome.ALLOWED

    @model_validator(mode="after")
    def _in_order(self) -> Thresholds:
        if self.refused is not None and self.refused < self.doubtful:
            raise ValueError("a picture is refused at a higher score than it is doubtful")
        return self


class PictureRules(Value):
    reason: Reason
    unchecked_reason: Reason
    levels: dict[Level, Thresholds]

    @staticmethod
    def load(assets: Path) -> PictureRules:
        """Raises InputError for a file that is not valid, or leaves a level out."""
        path = assets / "moderation" / "pictures.toml"
        try:
            rules = PictureRules(**load_toml(path))
            if set(rules.levels) != set(Level):
                raise ValueError("every level has its thresholds")
        except (ValidationError, ValueError) as error:
            raise InputError(
                "The picture rules in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error
        return rules

    def finding(self, score: float | None, level: Level) -> SafetyFinding | None:
        """What follows from a score; None where nothing does."""
        at = self.levels[level]
        if score is None:
            found = at.unchecked
        elif at.refused is not None and score >= at.refused:
            found = Outcome.REFUSED
        else:
            found = Outcome.DOUBTFUL if score >= at.doubtful else Outcome.ALLOWED
        if found is Outcome.ALLOWED:
            return None
        rule, reason = (UNCHECKED, self.unchecked_reason) if score is None else (NUDITY, self.reason)
        return SafetyFinding(rule=rule, stage=Stage.PICTURE, outcome=found, reason=reason, score=None if score is None else round(score, 4))
