"""How good a text or a pack is by its checks: 0 to 100, with its parts. A value; agents/checks/score.py computes it."""

from __future__ import annotations

from pydantic import Field

from domain.value import Value


class ScorePart(Value):
    """One group of rules: what it took off (0..100), and how many findings did so."""

    name: str
    lost: float = Field(ge=0, le=100)
    findings: int = Field(ge=0)


class Score(Value):
    """value = 100 minus what the parts took off, never below 0, and at most 59 while an error stands. parts: those that took something."""

    value: int = Field(ge=0, le=100)
    parts: tuple[ScorePart, ...] = ()
    errors: int = Field(default=0, ge=0)
    warnings: int = Field(default=0, ge=0)

    @property
    def passed(self) -> bool:
        """No error stands."""
        return self.errors == 0


class PackScore(Value):
    """value: the mean of the items, rounded down, and no more than 20 above the worst of them: one bad item is not hidden by good ones."""

    value: int = Field(ge=0, le=100)
    items: dict[str, Score] = Field(default_factory=dict)
