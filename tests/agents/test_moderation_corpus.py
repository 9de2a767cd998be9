"""The rules of content safety, counted on a corpus of lines in two languages, and what levels do."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.picture_safety import PictureRules
from agents.safety import SafetyRules
from benchmarks.moderation import corpus, own_words, wrong
from domain.errors import InputError
from domain.moderation import Level, Outcome, Screening, Stage, worst


@pytest.fixture(scope="module")
def rules(assets: Path) -> SafetyRules:
    return SafetyRules.load(assets)


def test_every_line_the_rules_were_written_with_has_its_outcome(rules: SafetyRules) -> None:
    lines = tuple(line for line in corpus() if not line.unseen)
    assert len(lines) >= 150
    assert {(line.language, line.wanted) for line in lines} == {(told, kind) for told in ("en", "zh") for kind in Outcome}
    assert [(one.line.text, one.found) for one in wrong(rules, lines)] == []


def test_the_rule_that_matches_is_the_one_that_was_meant(rules: SafetyRules) -> None:
    for line in (line for line in corpus() if line.rule and not line.unseen):
        assert line.rule in {found.rule for found in rules.found(line.text, Stage(line.stage))}, line.text


def test_no_allowed_line_is_held_even_where_it_is_worded_anew(rules: SafetyRules) -> None:
    allowed = tuple(line for line in corpus() if line.wanted is Outcome.ALLOWED)
    assert [one.line.text for one in wrong(rules, allowed)] == []


def test_nothing_of_our_own_prompts_and_briefs_is_in_doubt(rules: SafetyRules) -> None:
    texts = list(own_words())
    assert len(texts) > 2500
    assert [text for text in texts if rules.found(text, Stage.BRIEF) or rules.found(text, Stage.OUTPUT)] == []


def test_an_open_project_holds_no_horror_and_a_strict_one_holds_it(rules: SafetyRules) -> None:
    horror = "A gory poster for a slasher film"
    at = {level: worst(rules.found(horror, Stage.BRIEF, Screening(level=level))) for level in Level}
    assert at == {Level.STRICT: Outcome.DOUBTFUL, Level.STANDARD: Outcome.DOUBTFUL, Level.OPEN: Outcome.ALLOWED}
    assert worst(rules.found("I will kill you", Stage.OUTPUT, Screening(level=Level.STRICT))) is Outcome.DOUBTFUL
    assert worst(rules.found("I will kill you", Stage.OUTPUT)) is Outcome.ALLOWED


@pytest.mark.parametrize("level", list(Level))
def test_no_level_lets_the_worst_kinds_pass(rules: SafetyRules, level: Level) -> None:
    for rule in (rule for rule in rules.rule if rule.grave):
        lines = [line for line in corpus() if line.rule == rule.id and line.stage == "brief"]
        assert lines
        for line in lines:
            assert worst(rules.found(line.text, Stage.BRIEF, Screening(level=level))) is Outcome.REFUSED, line.text


def test_a_rule_a_person_allowed_refuses_this_text_no_more(rules: SafetyRules) -> None:
    text = "nude photo of a woman on a bed"
    assert rules.check(text) is not None
    assert rules.check(text, screening=Screening(cleared=("sexual",))) is None
    assert rules.check(f"{text}. get rid of all immigrants", screening=Screening(cleared=("sexual",))) is not None


def test_numbers_of_persons_are_not_shown_in_full(rules: SafetyRules) -> None:
    (found,) = rules.found("Pay with 5500 0000 0000 0004 before Friday.", Stage.OUTPUT)
    assert "5500 0000" not in found.words
    assert found.words


def test_pictures_follow_the_thresholds_of_their_level(assets: Path) -> None:
    rules = PictureRules.load(assets)

    def at(score: float | None, level: Level) -> Outcome:
        found = rules.finding(score, level)
        return Outcome.ALLOWED if found is None else found.outcome

    # The highest of our own two hundred pictures is 0.354: none is held at any level.
    assert {at(0.354, level) for level in Level} == {Outcome.ALLOWED}
    assert [at(0.7, level) for level in Level] == [Outcome.DOUBTFUL, Outcome.DOUBTFUL, Outcome.ALLOWED]
    assert [at(0.99, level) for level in Level] == [Outcome.REFUSED, Outcome.REFUSED, Outcome.DOUBTFUL]
    # Nobody looked: a strict project asks a person, the others say so and go on.
    assert [at(None, level) for level in Level] == [Outcome.DOUBTFUL, Outcome.ALLOWED, Outcome.ALLOWED]


def test_picture_rules_that_leave_a_level_out_are_an_error_at_load(tmp_path: Path) -> None:
    (tmp_path / "moderation").mkdir()
    text = "reason={en='a',zh='b'}\nunchecked_reason={en='a',zh='b'}\n[levels.strict]\ndoubtful=0.4\n"
    (tmp_path / "moderation" / "pictures.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="picture rules"):
        PictureRules.load(tmp_path)
