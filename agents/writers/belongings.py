"""Parts that are said of somebody or something: a beard belongs to who has it and is no thing beside them. Knows things of a text only."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from agents.writers.phrases import Sight

#: Between somebody and a part of them.
_HAS = re.compile(r"(?:\b(?:with|has|having)\s+(?:[a-z]+\s+)?|,\s*|\band\s+|长着|留着|有着|的)$", re.IGNORECASE)


def with_parts(text: str, found: Sequence[Sight], parts: Collection[str]) -> list[Sight]:
    """The things without parts of others; of a person the part is said in their name ("captain with a white beard")."""
    kept: list[Sight] = []
    waiting = ""
    for sight in found:
        said = text[sight.begin : sight.end]
        part = sight.key in parts or sight.what in parts or text[sight.start : sight.end].lower() in parts
        owner = next((s for s in reversed(kept) if s.animate or s.group.startswith("transport-water")), None)
        if part and owner is not None and _HAS.search(text[owner.end : sight.begin]):
            kept[kept.index(owner)] = _having(owner, said)
        elif part and text[sight.end : sight.end + 1] == "的":
            waiting = said
        else:
            kept.append(_having(sight, waiting) if waiting and sight.animate else sight)
            waiting = ""
    return kept


def _having(owner: Sight, part: str) -> Sight:
    """Of animals and ships it is a part of the drawing already."""
    return replace(owner, what=f"{owner.what} with {part}"[:60]) if owner.group.startswith("person") else owner
