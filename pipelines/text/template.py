"""Keeps pasted text from steering the chat template."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.errors import InputError


class Neutralise:
    """Breaks control tokens in message text. The engine reads the whole rendered prompt with control tokens switched on, so a
    brief that contains "<|im_end|><|im_start|>system" would otherwise open a system turn of its own.

    control_tokens: as the model's vocabulary names them.
    """

    def __init__(self, control_tokens: Sequence[str]) -> None:
        longest_first = sorted(control_tokens, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The same words with a space inside each control token. Raises InputError for text that is not valid Unicode."""
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"The text holds half a character at position {error.start} (a lone surrogate).", hint="Remove it and try again."
            ) from error
        if self._pattern is None:
            return text
        while self._pattern.search(text):
            text = self._pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return text
