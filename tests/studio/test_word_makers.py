"""What a written text says of itself: which library ran its model, what of it failed, its score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agents.checks.words import WordLists
from domain.capability import StepKind
from domain.context import StepContext
from domain.documents import CopyDocument, CopyLine, CopySet, CopySlot
from domain.finding import Finding, Severity
from domain.recipe import ModelRef, Output, Trace
from domain.score import Score
from domain.specs import CopySpec
from studio.makers import Maker
from studio.word_makers import findings_in, scored, versions_of, word_maker

WEIGHTS = WordLists.load(Path(__file__).resolve().parents[2] / "assets" / "checks").score


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


def finding(rule: str, severity: Severity) -> Finding:
    return Finding(rule=rule, severity=severity, message=rule)


def test_copy_reports_fields_of_any_set_without_a_line_that_passed_and_what_concerns_the_whole() -> None:
    over, note = finding("length", Severity.ERROR), finding("truncation", Severity.NOTE)
    good = CopySlot(name="headline", max_chars=30, lines=(CopyLine(text="a", findings=(over,)), CopyLine(text="b", findings=(note,))))
    bad = CopySlot(name="headline", max_chars=30, lines=(CopyLine(text="c", findings=(over,)),))
    whole = finding("limit_conflict", Severity.WARNING)
    assert findings_in(CopyDocument(language="en", slots=(good,))) == ()
    document = CopyDocument(language="en", slots=(good,), variants=(CopySet(label="B", slots=(bad,)),), findings=(whole,))
    assert [(f.rule, f.field) for f in findings_in(document)] == [("limit_conflict", ""), ("length", "headline")]


class OneChat:
    """The chat model that is chosen now, as a word maker asks for it."""

    class _Chat:
        model = ModelRef(id="chat", sha256="c" * 64)

    def current(self) -> OneChat._Chat:
        return self._Chat()


class Compares:
    model = ModelRef(id="all-minilm-l6-v2", sha256="e" * 64)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [[1.0] for _ in texts]


def test_the_recipe_of_copy_names_the_model_its_lines_are_compared_with_where_there_is_one() -> None:
    def maker(found: Compares | None) -> Maker:
        chats: Any = OneChat()
        return word_maker(
            StepKind.COPY,
            lambda *_: CopyDocument(language="en", slots=()),
            1,
            chats,
            media_type="x",
            weights=WEIGHTS,
            embedder=lambda _: found,
        )

    prepared = {"context": StepContext(spec=CopySpec(about="tea")).model_dump(mode="json")}
    assert [model.id for model in maker(Compares()).models(prepared)] == ["chat", "all-minilm-l6-v2"]
    assert [model.id for model in maker(None).models(prepared)] == ["chat"]
    assert [model.id for model in maker(Compares()).models({})] == ["chat"], "before anything is prepared"
