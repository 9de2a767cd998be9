"""What a recogniser heard of a spoken text beside what was to be said, and whether that is good enough."""

from __future__ import annotations

from typing import Literal

from domain.finding import Finding, Severity
from domain.said import Words
from domain.value import Value


class Divergence(Value):
    """A run of units (words, for Chinese characters) that differ. said or heard is empty where something is missing or added.

    start and end: seconds in the recording, 0 where the recogniser gave no times.
    """

    said: str
    heard: str
    units: int
    start: float = 0.0
    end: float = 0.0


class Hearing(Value):
    """error: of all units of the text, how many differ, 0 for none; it may pass 1. unit: what is counted.

    state: "unheard" where nothing could listen (why says so); what was not heard is never passed.
    tries: takes made; take: which of them was kept, 1 the first.
    """

    state: Literal["passed", "failed", "unheard"]
    unit: Literal["word", "character"] = "word"
    heard: str = ""
    error: float = 0.0
    divergences: tuple[Divergence, ...] = ()
    tries: int = 1
    take: int = 1
    why: str = ""

    @property
    def longest(self) -> Divergence | None:
        """The longest diverging run, the first of several."""
        return max(self.divergences, key=lambda run: run.units, default=None)

    @property
    def finding(self) -> Finding | None:
        """What a person is told; None for a take that passed."""
        if self.state == "passed":
            return None
        if self.state == "unheard":
            return Finding.of("speech.unheard", Severity.WARNING, "Nobody checked this take: {why}", "text", why=self.why)
        given: dict[str, Words] = {"share": f"{self.error:.0%}", "tries": self.tries}
        advice = "Listen to it; redo the line, change its words, or add the word to the lexicon."
        run = self.longest
        if run is None:
            plain = "{share} of it was heard differently (takes: {tries})."
            return Finding.of("speech.heard", Severity.ERROR, plain, "text", suggestion=advice, given=given)
        given |= {"at": f"{run.start:.1f}", "said": run.said or "–", "heard": run.heard or "–"}
        placed = "{share} of it was heard differently (takes: {tries}). At {at} s: “{said}” was heard as “{heard}”."
        return Finding.of("speech.heard", Severity.ERROR, placed, "text", suggestion=advice, given=given)
