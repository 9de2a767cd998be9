"""What a written text says of itself: which library ran its model, what of it failed."""

from __future__ import annotations

from domain.documents import CopyDocument, CopyLine, CopySet, CopySlot
from domain.finding import Finding, Severity
from domain.recipe import ModelRef
from studio.word_makers import findings_in, versions_of


def test_only_a_local_model_names_the_engine_of_this_machine() -> None:
    assert set(versions_of(ModelRef(id="qwen2.5-coder-1.5b-instruct-q4"))) == {"xllamacpp"}
    assert versions_of(ModelRef(id="openai:gpt-oss")) == {}


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
