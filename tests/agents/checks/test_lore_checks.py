from __future__ import annotations

from typing import Any

import pytest

from agents.checks.lore import lore, quest, world
from domain.lore import Bark, BarkSet, LoreDocument, LoreEntry, Quest, QuestStage, QuestWay, WorldSheet

SHEET = WorldSheet(name="Eldermere", names=("Brackwater", "Captain Orrin", "守塔人"), absent=("gunpowder", "火药"))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("They sailed from Brakwater at dawn.", "misspelt_name"),
        ("Captain Orin waits.", "misspelt_name"),
        ("The bells of Eldermeer ring.", "misspelt_name"),
        ("A keg of gunpowder stood there.", "not_of_this_world"),
        ("桶里是火药。", "not_of_this_world"),
    ],
)
def test_what_does_not_agree_with_the_world_is_found_where_it_stands(text: str, rule: str) -> None:
    (fault,) = world(text, SHEET, "e1")
    assert (fault.rule, fault.field) == (rule, "e1")
    assert fault.span is not None
    assert text[slice(*fault.span)] in text
    assert fault.suggestion


@pytest.mark.parametrize(
    "text", ["Brackwater’s harbour is Captain Orrin's.", "Another town, Blackford, lies inland.", "Elder folk remember.", "BRACKWATER!", ""]
)
def test_names_that_are_right_or_only_others_are_left_alone(text: str) -> None:
    assert world(text, SHEET) == ()


def stage(id_: str, *ways: str, outcome: str = "", objective: str = "Go there.") -> QuestStage:
    return QuestStage(
        id=id_, objective="" if outcome else objective, text="…", ways=tuple(QuestWay(text=w, goto=w) for w in ways), outcome=outcome
    )


@pytest.mark.parametrize(
    ("stages", "found"),
    [
        ((), {("no_stages", "stages")}),
        ((stage("a", "b"), stage("b")), {("dead_end", "b"), ("no_outcome", "stages")}),
        ((stage("a", "b"), stage("b", "a")), {("no_exit", "a"), ("no_exit", "b"), ("no_outcome", "stages")}),
        ((stage("a", "c"), stage("b", outcome="success"), stage("c", outcome="failure")), {("unreachable", "b")}),
        ((stage("a", "z", "b"), stage("b", outcome="success")), {("missing_node", "a")}),
        ((stage("a", "", "b"), stage("b", outcome="success")), {("choice_leads_nowhere", "a")}),
        ((stage("a", "b", objective=" "), stage("b", outcome="success")), {("no_objective", "a")}),
        ((stage("a", "b"), stage("b", "a", outcome="success")), {("outcome_goes_on", "b"), ("no_exit", "a"), ("no_exit", "b")}),
        ((stage("a", "b", "c"), stage("b", outcome="success"), stage("c", outcome="failure")), set()),
    ],
)
def test_a_quest_that_cannot_be_played_is_found_at_its_stage(stages: tuple[QuestStage, ...], found: set[Any]) -> None:
    assert {(f.rule, f.field) for f in quest(Quest(title="Q", stages=stages))} == found


def test_a_document_is_checked_as_a_whole() -> None:
    barks = (BarkSet(character="A", situation="x", barks=(Bark(id="b_1", text="Hm."), Bark(id="b_1", text=" "))),)
    entries = (LoreEntry(id="e1", kind="item", name="Lamp", text="Made in Brakwater."), LoreEntry(id="e2", kind="item", name="", text="x"))
    one = LoreDocument(language="en", form="barks", world=SHEET, barks=barks)
    assert {(f.rule, f.field) for f in lore(one)} == {("duplicate_line", "b_1"), ("empty_line", "b_1")}
    other = LoreDocument(language="en", form="items", world=SHEET, entries=entries)
    assert {(f.rule, f.field) for f in lore(other)} == {("misspelt_name", "e1"), ("empty_line", "e2")}
