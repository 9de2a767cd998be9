"""What a check of names asks of a material. No logic."""

from __future__ import annotations

from typing import Protocol


class Known(Protocol):
    """What is asked of a material (facts.Material): does it have this word in some form, this phrase as it stands."""

    @property
    def text(self) -> str: ...

    def knows(self, word: str) -> bool: ...

    def holds(self, phrase: str) -> bool: ...
