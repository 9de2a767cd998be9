"""Model cards of our own models: whether an experimental one may be offered. Reads two facts and believes nothing it cannot read."""

from __future__ import annotations

import tomllib
from pathlib import Path

from domain.model import Model


def offered(model: Model, assets: Path) -> bool:
    """Whether a model's card says that it is trained and passed its gate; True for every model without a card."""
    if not model.card:
        return True
    try:
        card = tomllib.loads((assets / model.card).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    gate = card.get("gate")
    return card.get("state") == "trained" and isinstance(gate, dict) and gate.get("passed") is True
