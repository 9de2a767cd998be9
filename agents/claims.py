"""No asset, no claim: a gate for streamed answers that holds back sentences saying something was made.

Works on text as it comes. Does not know what was made; the caller reports that instead.
"""

from __future__ import annotations

import re

_END = re.compile(r"[.!?](?=\s)|[。！？\n]")
#: A sentence passes once this much of it shows no claim (a Han character counts three).
_LOOK = 36


class ClaimGate:
    """Feed pieces, say what comes back. `cut` is True once a claim was held back."""

    def __init__(self, claims: re.Pattern[str]) -> None:
        self._claims = claims
        self._sentence = ""
        self._passed = 0
        self.cut = False

    def feed(self, piece: str) -> str:
        """The text that may be said now, "" while a sentence's beginning is too short to judge."""
        self._sentence += piece
        said = ""
        while (end := _END.search(self._sentence)) is not None:
            rest = self._sentence[end.end() :]
            self._sentence = self._sentence[: end.end()]
            said += self._judge(ended=True)
            self._sentence, self._passed = rest, 0
        return said + self._judge(ended=False)

    def close(self) -> str:
        """The end of the last sentence."""
        said = self._judge(ended=True)
        self._sentence, self._passed = "", 0
        return said

    def _judge(self, *, ended: bool) -> str:
        if self._passed < 0:  # this sentence is being held back
            return ""
        if self._claims.search(self._sentence):
            self.cut, self._passed = True, -1
            return ""
        weight = sum(3 if ord(c) > 0x2E80 else 1 for c in self._sentence)
        if not ended and weight < _LOOK:
            return ""
        new = self._sentence[self._passed :]
        self._passed = len(self._sentence)
        return new
