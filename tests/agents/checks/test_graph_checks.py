from __future__ import annotations

from typing import Any

from agents.checks.graph import graph, reachable
from domain.documents import Choice, DialogueDocument, DialogueLine, DialogueNode


def node(id_: str, *choices: str, goto: str = "", **more: Any) -> DialogueNode:
    lines = (DialogueLine(id=f"l_{id_}", speaker="Keeper", text="Hello."),)
    options = tuple(Choice(id=f"c_{id_}_{n}", text=f"Option {n}", goto=target) for n, target in enumerate(choices))
    return DialogueNode(**{"id": id_, "lines": lines, "choices": options, "goto": goto, **more})


def scene(*nodes: DialogueNode) -> DialogueDocument:
    return DialogueDocument(language="en", characters=("Keeper",), nodes=nodes)


def rules(document: DialogueDocument, endings: tuple[str, ...] | None = None) -> set[str]:
    return {finding.rule for finding in graph(document, endings)}


def test_a_sound_scene_has_no_findings() -> None:
    document = scene(node("a", "b", "c"), node("b", goto="d"), node("c", goto="d"), node("d"))
    assert graph(document, ["d"]) == ()
    assert reachable(document) == {"a", "b", "c", "d"}


def test_a_scene_without_nodes_is_a_fault() -> None:
    assert rules(scene()) == {"no_nodes"}


def test_a_node_nobody_can_come_to_is_found() -> None:
    assert rules(scene(node("a"), node("b"))) == {"unreachable"}


def test_a_way_to_a_node_that_is_not_there_is_found() -> None:
    assert "missing_node" in rules(scene(node("a", goto="z")))


def test_a_choice_that_leads_nowhere_is_found() -> None:
    assert "choice_leads_nowhere" in rules(scene(node("a", "b", ""), node("b")))


def test_a_scene_that_can_never_end_is_found() -> None:
    assert rules(scene(node("a", goto="b"), node("b", goto="a"))) == {"no_exit"}


def test_a_cycle_with_a_way_out_is_fine() -> None:
    assert rules(scene(node("a", "a", "b"), node("b"))) == set()


def test_a_stop_that_is_no_ending_is_found() -> None:
    assert rules(scene(node("a", "b", "c"), node("b"), node("c")), ("c",)) == {"dead_end"}


def test_a_stranger_speaking_is_found() -> None:
    line = DialogueLine(id="l_x", speaker="Stranger", text="Boo.")
    assert rules(scene(node("a", lines=(line,)))) == {"unknown_speaker"}


def test_ids_used_twice_are_found() -> None:
    assert rules(scene(node("a", goto="b"), node("b", lines=(DialogueLine(id="l_a", speaker="Keeper", text="Hm."),)))) == {"duplicate_line"}
    assert "duplicate_node" in rules(scene(node("a"), node("a")))


def test_silence_and_equal_choices_are_found() -> None:
    same = (Choice(id="c1", text="Yes", goto="b"), Choice(id="c2", text=" yes", goto="b"))
    assert rules(scene(node("a", choices=same), node("b", lines=()))) == {"same_choices", "empty_node"}
    assert rules(scene(node("a", choices=same[:1], goto="b"), node("b"))) == {"choices_and_goto"}
    assert "empty_line" in rules(scene(node("a", lines=(DialogueLine(id="l", speaker="Keeper", text=" "),))))
