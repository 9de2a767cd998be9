from __future__ import annotations

import pytest

from agents.writers.layout import prepare_layout
from domain.brand import BrandKit
from domain.capability import StepKind
from domain.context import InputText, StepContext
from domain.documents import CopyDocument, CopyLine, CopySlot
from domain.errors import InputError
from domain.finding import Finding, Severity
from domain.specs import CopySpec, LayoutSize, LayoutSpec

FAULT = Finding(rule="length", severity=Severity.ERROR, message="too long")


def copy_input(step: str = "copy-1", **slots: list[tuple[str, bool]]) -> InputText:
    """slots: name -> alternatives as (text, passed)."""
    document = CopyDocument(
        language="en",
        slots=tuple(
            CopySlot(name=name, max_chars=40, lines=tuple(CopyLine(text=text, findings=() if ok else (FAULT,)) for text, ok in lines))
            for name, lines in slots.items()
        ),
    )
    return InputText(role="copy", step=step, kind=StepKind.COPY, text=document.plain_text, document=document.model_dump(mode="json"))


def test_the_first_alternative_that_passed_its_checks_is_taken() -> None:
    given = copy_input(headline=[("Far too long", False), ("Just right", True)], body=[("Body", True)], cta=[("Go", True)])
    made = prepare_layout(StepContext(spec=LayoutSpec(), inputs=(given,)))
    assert (made["headline"], made["body"], made["cta"]) == ("Just right", "Body", "Go")


def test_words_of_the_step_win_over_the_copy() -> None:
    given = copy_input(headline=[("Copy", True)], cta=[("Go", True)])
    made = prepare_layout(StepContext(spec=LayoutSpec(headline="Mine"), inputs=(given,)))
    assert (made["headline"], made["cta"]) == ("Mine", "Go")


def test_brand_colours_come_before_those_of_a_reference() -> None:
    spec = LayoutSpec(headline="Hi", size=LayoutSize(name="story", width=1080, height=1920), language="zh", template="card")
    brand = BrandKit(name="Halcyon", palette=("#112233",), heading_font="Poppins", body_font="Inter")
    made = prepare_layout(StepContext(spec=spec, brand=brand, reference_palette=("#ffffff",)))
    assert made == {
        "headline": "Hi", "body": "", "cta": "", "width": 1080, "height": 1920, "template": "card", "palette": ["#112233"],
        "heading_font": "Poppins", "body_font": "Inter", "language": "zh", "brand": "Halcyon",
    }  # fmt: skip
    assert prepare_layout(StepContext(spec=spec, reference_palette=("#ffffff",)))["palette"] == ["#ffffff"]


def test_a_missing_headline_names_the_copy_input() -> None:
    with pytest.raises(InputError) as caught:
        prepare_layout(StepContext(spec=LayoutSpec(), title="Master banner", inputs=(copy_input("copy-7", body=[("Only a body", True)]),)))
    assert caught.value.field == "inputs.copy.copy-7"
    assert "copy-7" in caught.value.message


def test_a_layout_without_copy_and_headline_says_so() -> None:
    with pytest.raises(InputError) as caught:
        prepare_layout(StepContext(spec=LayoutSpec()))
    assert caught.value.field == "inputs.copy"


def test_other_steps_are_refused() -> None:
    with pytest.raises(InputError):
        prepare_layout(StepContext(spec=CopySpec(about="tea")))
