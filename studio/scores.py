"""The scores of what was made, as its assets keep them (facts `check_score`): of one, and of all that a pack or a plan holds."""

from __future__ import annotations

from collections.abc import Iterable

from agents.checks.score import pack_score
from domain.asset import Asset
from domain.score import PackScore, Score


def score_of(asset: Asset) -> Score | None:
    """None for what no check of words judged: pictures, sound, and texts of a time before there were scores."""
    kept = asset.facts.get("check_score")
    return None if kept is None else Score.model_validate(kept)


def pack_score_of(assets: Iterable[Asset]) -> PackScore | None:
    """By asset id; None where nothing of it was judged."""
    scores = {asset.id: score for asset in assets if (score := score_of(asset)) is not None}
    return pack_score(scores) if scores else None
