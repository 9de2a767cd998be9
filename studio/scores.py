"""The scores of what was made, as its assets keep them (facts `check_score`): of one, and of all that a pack or a plan holds."""

from __future__ import annotations

from collections.abc import Iterable

from agents.checks.score import pack_score
from domain.asset import Asset
from domain.score import PackScore, Score
from domain.value import JsonValue


def score_of(asset: Asset) -> Score | None:
    """None for what no check of words judged: pictures, sound, and texts of a time before there were scores."""
    kept = asset.facts.get("check_score")
    return None if kept is None else Score.model_validate(kept)


def pack_score_of(assets: Iterable[Asset]) -> PackScore | None:
    """By asset id; None where nothing of it was judged."""
    scores = {asset.id: score for asset in assets if (score := score_of(asset)) is not None}
    return pack_score(scores) if scores else None


def told(scored: PackScore) -> dict[str, JsonValue]:
    """As a page and a pack's manifest say it: the whole, and each text by the id of its asset."""
    return {"value": scored.value, "items": {asset_id: score.value for asset_id, score in scored.items.items()}}
