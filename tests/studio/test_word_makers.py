"""A text says which library ran its model, and names none when a server elsewhere did. It carries the score of its findings."""

from __future__ import annotations

from pathlib import Path

from agents.checks.words import WordLists
from domain.finding import Finding, Severity
from domain.recipe import ModelRef, Output, Trace
from domain.score import Score
from studio.word_makers import scored, versions_of


def test_only_a_local_model_names_the_engine_of_this_machine() -> None:
    assert set(versions_of(ModelRef(id="qwen2.5-coder-1.5b-instruct-q4"))) == {"xllamacpp"}
    assert versions_of(ModelRef(id="openai:gpt-oss")) == {}


def test_an_output_carries_the_score_of_its_findings(assets: Path) -> None:
    weights = WordLists.load(assets / "checks").score
    finding = Finding(rule="cta", severity=Severity.WARNING, message="m")
    output = Output(files=(), trace=Trace(), facts={"words": 3, "findings": [finding.model_dump(mode="json")]})
    facts = scored(output, weights).facts
    assert facts["words"] == 3
    assert Score.model_validate(facts["check_score"]).value == 93
    assert Score.model_validate(scored(Output(files=(), trace=Trace()), weights).facts["check_score"]).value == 100
