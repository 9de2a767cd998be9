"""The score of an item and of a pack from its findings: the formula of assets/checks/score.toml, with the parts shown. Pure.

It knows nothing of taste: a text without a finding has 100, however dull.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agents.checks.words import ScoreWeights
from domain.finding import Finding, Severity
from domain.score import PackScore, Score, ScorePart

_OVER_THE_WORST = 20


def score(findings: Iterable[Finding], weights: ScoreWeights) -> Score:
    """100 minus, for each group of rules, the smaller of weights.most and the sum of its findings' points times the group's weight."""
    listed = list(findings)
    lost: dict[str, float] = {}
    counted: dict[str, int] = {}
    for finding in listed:
        group = weights.group_of.get(finding.rule, "other")
        points = weights.points[finding.severity.value] * weights.weight[group]
        lost[group] = min(weights.most, lost.get(group, 0.0) + points)
        counted[group] = counted.get(group, 0) + 1
    errors = sum(f.severity is Severity.ERROR for f in listed)
    value = max(0, int(100 - sum(lost.values())))
    parts = tuple(ScorePart(name=name, lost=lost[name], findings=counted[name]) for name in sorted(lost, key=lambda n: (-lost[n], n)))
    return Score(
        value=min(value, weights.ceiling) if errors else value,
        parts=parts,
        errors=errors,
        warnings=sum(f.severity is Severity.WARNING for f in listed),
    )


def pack_score(items: Mapping[str, Score]) -> PackScore:
    """Of the items by name. An empty pack has 0: nothing was delivered."""
    if not items:
        return PackScore(value=0)
    mean = sum(s.value for s in items.values()) // len(items)
    return PackScore(value=min(mean, min(s.value for s in items.values()) + _OVER_THE_WORST), items=dict(items))
