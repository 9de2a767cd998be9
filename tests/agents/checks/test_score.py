from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.checks.score import pack_score, score
from agents.checks.words import ScoreWeights, WordLists
from domain.finding import Finding, Severity
from domain.score import Score


@pytest.fixture(scope="module")
def weights(assets: Path) -> ScoreWeights:
    return WordLists.load(assets / "checks").score


def found(rule: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule=rule, severity=severity, message="m")


def test_a_text_without_findings_has_a_hundred(weights: ScoreWeights) -> None:
    assert score([], weights) == Score(value=100)
    assert score([found("truncation", Severity.NOTE)], weights).value == 100


def test_the_parts_say_what_each_group_took(weights: ScoreWeights) -> None:
    one = score([found("invented_number"), found("superlative", Severity.WARNING)], weights)
    assert [(part.name, part.lost, part.findings) for part in one.parts] == [("facts", 30.0, 1), ("claims", 8.75, 1)]
    assert (one.value, one.errors, one.warnings, one.passed) == (59, 1, 1, False)


def test_warnings_alone_are_the_plain_difference(weights: ScoreWeights) -> None:
    assert score([found("cta", Severity.WARNING), found("nobody_knows", Severity.WARNING)], weights).value == 86


def test_a_group_takes_only_so_much(weights: ScoreWeights) -> None:
    assert score([found("invented_number")] * 9, weights).parts[0].lost == weights.most


def test_an_error_keeps_a_text_out_of_the_passing_marks(weights: ScoreWeights) -> None:
    assert score([found("unfinished")], weights).value == weights.ceiling


@given(rules=st.lists(st.sampled_from(["invented_name", "profanity", "length", "cta", "echo"]), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_one_more_fault_never_raises_the_score(weights: ScoreWeights, rules: list[str]) -> None:
    values = [score([found(rule) for rule in rules[:n]], weights).value for n in range(len(rules) + 1)]
    assert values == sorted(values, reverse=True)
    assert all(0 <= value <= 100 for value in values)


def test_a_pack_is_its_mean_but_one_bad_item_is_not_hidden() -> None:
    good, bad = Score(value=100), Score(value=10, errors=3)
    assert pack_score({"a": Score(value=80), "b": Score(value=91)}).value == 85
    assert pack_score({"a": good, "b": good, "c": good, "d": bad}).value == 30
    assert pack_score({}).value == 0
