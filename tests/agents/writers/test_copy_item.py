"""Copy as a whole: a call to action is asked for again when no text has one, and what is still missing stands on the item."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.copy import write_copy
from agents.writers.recheck import rechecked_copy
from domain.context import StepContext
from domain.documents import CopyDocument
from domain.progress import Silent
from domain.specs import CopyField, CopySpec
from tests.agents.writers.desk_chat import Speaker, in_turn

MATERIAL = "Launch campaign for a cold-brew coffee called Northwind, for busy people who like slow mornings."
ABOUT = "cold-brew coffee called Northwind, for busy people"


@pytest.fixture(scope="module")
def desk(assets: Path) -> Desk:
    return Desk(assets)


def lines(*texts: str) -> dict[str, object]:
    return {"lines": list(texts)}


def context(channel: str, *fields: CopyField, reading_level: str = "", language: str = "en", material: str = MATERIAL) -> StepContext:
    given = {"about": ABOUT, "channel": channel, "fields": fields, "reading_level": reading_level, "language": language}
    return StepContext(spec=CopySpec.model_validate(given), material=material)


def written(desk: Desk, chat: Speaker, wanted: StepContext) -> CopyDocument:
    return write_copy(wanted, chat, 3, Silent(), desk)


def rules(document: CopyDocument) -> set[tuple[str, str]]:
    return {(finding.rule, finding.field) for finding in document.findings}


def test_a_text_that_asks_for_nothing_is_written_again_with_the_fault_named(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Northwind waits for slow mornings."), lines("Slow mornings, busy days. Try Northwind.")))
    document = written(desk, chat, context("sms", CopyField(name="text", max_chars=160)))
    assert [line.text for line in document.slots[0].lines] == ["Slow mornings, busy days. Try Northwind."]
    assert rules(document) == set()
    said = chat.requests[-1].messages[-1].content
    assert "“Northwind waits for slow mornings.”" in said
    assert "It asks the reader to do nothing." in said


def test_what_still_asks_for_nothing_is_delivered_and_said(desk: Desk) -> None:
    chat = Speaker(
        in_turn(*(lines(text) for text in ("Northwind for slow mornings.", "Northwind and busy people.", "Slow, busy, Northwind.")))
    )
    document = written(desk, chat, context("sms", CopyField(name="text", max_chars=160)))
    assert len(document.slots[0].lines) == 1
    assert rules(document) == {("cta", "text")}
    assert len(chat.requests) == 3


def test_of_two_descriptions_one_that_asks_is_enough(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Northwind waits for slow mornings.", "Busy day? Try a cold-brew coffee first.")))
    document = written(desk, chat, context("google_search_ads", CopyField(name="description", max_chars=90, count=2)))
    assert {line.text for line in document.slots[0].lines} == {
        "Northwind waits for slow mornings.",
        "Busy day? Try a cold-brew coffee first.",
    }
    assert rules(document) == set()
    assert len(chat.requests) == 1


def test_a_place_that_expects_no_act_and_a_language_that_is_not_known_are_left_alone(desk: Desk) -> None:
    chat = Speaker(in_turn(lines("Northwind waits for slow mornings.")))
    assert rules(written(desk, chat, context("x_post", CopyField(name="post", max_chars=200)))) == set()
    german = Speaker(in_turn(lines("Kaffee für den langsamen Morgen ist da.")))
    told = written(
        desk, german, context("sms", CopyField(name="text", max_chars=160), language="de", material="Kaffee für den langsamen Morgen")
    )
    assert ("cta", "text") not in rules(told)


def test_an_edit_that_takes_the_act_out_is_found(desk: Desk) -> None:
    wanted = context("sms", CopyField(name="text", max_chars=160))
    document = written(desk, Speaker(in_turn(lines("Slow mornings, busy days. Try Northwind."))), wanted)
    slot = document.slots[0]
    edited = document.model_copy(
        update={"slots": (slot.model_copy(update={"lines": (slot.lines[0].model_copy(update={"text": "Slow mornings."}),)}),)}
    )
    assert rules(rechecked_copy(edited, wanted, desk)) == {("cta", "text")}


HARD = (
    "Northwind facilitates unparalleled gastronomical experiences for discerning individuals who habitually prioritise "
    "deceleration of their mornings notwithstanding considerable professional responsibilities."
)


def test_a_line_harder_than_asked_is_written_again(desk: Desk) -> None:
    simple = (
        "Northwind is cold-brew coffee for busy people. You like slow mornings. So do we. Sit down, sip it, and let the day wait for you."
    )
    chat = Speaker(in_turn(lines(HARD), lines(simple)))
    wanted = context("", CopyField(name="body", max_chars=240), reading_level="plain")
    document = written(desk, chat, wanted)
    assert [line.text for line in document.slots[0].lines] == [simple]
    unasked = written(desk, Speaker(in_turn(lines(HARD))), context("", CopyField(name="body", max_chars=240)))
    assert "reading_level" not in {f.rule for f in unasked.slots[0].lines[0].findings}


def test_short_fields_are_measured_together(desk: Desk) -> None:
    wanted = context("", CopyField(name="headline", max_chars=90), CopyField(name="subhead", max_chars=160), reading_level="plain")
    long = (
        "Northwind prioritises deceleration of professional mornings for people",
        "Unparalleled cold-brew experiences for individuals with considerable responsibilities and habitually overloaded calendars too.",
    )
    document = written(desk, Speaker(in_turn(*(lines(text) for text in long))), wanted)
    (found,) = [f for f in document.findings if f.rule == "reading_level"]
    assert found.span is None
