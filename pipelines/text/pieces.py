"""Turns tokens into text as they come: whole characters only, up to the first stop string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Pieces:
    """The text of one reply. tokenizer: a `tokenizers.Tokenizer`. stop: strings that end the reply; none of them is shown."""

    def __init__(self, tokenizer: Any, stop: Sequence[str] = ()) -> None:
        from tokenizers.decoders import DecodeStream

        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self._shown: list[str] = []
        self.stopped = False

    @property
    def text(self) -> str:
        """Everything given out so far."""
        return "".join(self._shown)

    def add(self, tokens: Sequence[int]) -> str:
        """What can be shown after these tokens. Text that may be the beginning of a stop string waits."""
        for token in tokens:
            if self.stopped:
                break
            piece = self._stream.step(self._tokenizer, token)
            if piece:
                self._held += piece
                self._look()
        return self._show(len(self._held) if self.stopped else len(self._held) - self._open())

    def finish(self) -> str:
        """What waited, once no token follows."""
        return self._show(len(self._held))

    def _look(self) -> None:
        found = [at for text in self._stop if (at := self._held.find(text)) >= 0]
        if found:
            self._held = self._held[: min(found)]
            self.stopped = True

    def _open(self) -> int:
        """Length of the longest end of the held text that begins a stop string."""
        longest = 0
        for text in self._stop:
            for size in range(min(len(text) - 1, len(self._held)), longest, -1):
                if self._held.endswith(text[:size]):
                    longest = size
                    break
        return longest

    def _show(self, size: int) -> str:
        shown, self._held = self._held[:size], self._held[size:]
        if shown:
            self._shown.append(shown)
        return shown
