"""Variables, conditions and jumps of a dialogue: declared, of one type, and playable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.graph import graph
from domain.dialogue import (
    Choice,
    Condition,
    DialogueDocument,
    DialogueLine,
    DialogueNode,
    Effect,
    Jump,
    Variable,
    exits,
    ids_of,
    with_ids,
)
from domain.errors import InputError
from domain.finding import Finding, Severity
from domain.play import begin, choose, walk
from tests.agents.writers.game.scenes import RICH, hostile, scenes

TRUST = Variable(name="trust", type="int", start=0)
OIL = Variable(name="has_oil", start=False)


def line(id_: str, *when: Condition) -> DialogueLine:
    return DialogueLine(id=f"l_{id_}", speaker="Keeper", text=f"Words of {id_}.", when=when)


def node(id_: str, **more: Any) -> DialogueNode:
    return DialogueNode(**{"id": id_, "lines": (line(id_),), **more})


def choice(id_: str, goto: str, **more: Any) -> Choice:
    return Choice(id=f"c_{id_}", text=f"Say {id_}", goto=goto, **more)


def scene(*nodes: DialogueNode, variables: tuple[Variable, ...] = (TRUST,), **more: Any) -> DialogueDocument:
    return DialogueDocument(language="en", characters=("Keeper",), variables=variables, nodes=nodes, **more)


def found(document: DialogueDocument) -> dict[tuple[str, str], Finding]:
    return {(f.rule, f.field): f for f in graph(document)}


def test_a_scene_with_conditions_jumps_and_a_variable_of_the_game_is_sound() -> None:
    # outcome is set and not read: it is what the scene tells the game.
    assert graph(RICH) == ()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"lines": (line("a", Condition(variable="courage")),)}, "l_a"),
        ({"effects": (Effect(variable="courage", value=1),)}, "a"),
        ({"jumps": (Jump(goto="b", when=(Condition(variable="courage", value=1),)),), "goto": "b"}, "a"),
        ({"choices": (choice("x", "b", effects=(Effect(variable="courage", value=1),)),), "goto": ""}, "c_x"),
        ({"choices": (choice("x", "b", when=(Condition(variable="courage"),)), choice("y", "b")), "goto": ""}, "c_x"),
    ],
)
def test_a_variable_that_is_not_declared_is_found_where_it_is_used(more: dict[str, Any], field: str) -> None:
    fault = found(scene(node("a", **{"goto": "b", **more}), node("b")))["undeclared_variable", field]
    assert "'courage' is not declared" in fault.message
    assert "trust" in fault.suggestion


@pytest.mark.parametrize(
    ("variable", "condition"),
    [
        (TRUST, Condition(variable="trust", value=True)),
        (TRUST, Condition(variable="trust", value="high")),
        (OIL, Condition(variable="has_oil", value=1)),
        (OIL, Condition(variable="has_oil", comparison=">", value=True)),
    ],
)
def test_a_variable_used_as_another_type_is_found(variable: Variable, condition: Condition) -> None:
    document = scene(node("a", lines=(line("a", condition),)), variables=(variable,))
    assert ("variable_type", "l_a") in found(document)


def test_declarations_are_checked_at_the_variable() -> None:
    bad = (Variable(name="Trust Me"), Variable(name="n", type="int", start="0"), Variable(name="n", type="int", start=0), TRUST)
    rules = found(scene(node("a", lines=(line("a", Condition(variable="n", value=0)),)), variables=bad))
    assert {("variable_name", "Trust Me"), ("variable_type", "n"), ("duplicate_variable", "n"), ("unused_variable", "trust")} <= set(rules)
    assert rules["unused_variable", "trust"].severity is Severity.WARNING


def test_adding_to_what_is_no_number_is_found() -> None:
    document = scene(node("a", effects=(Effect(variable="has_oil", change="add", value=True),)), variables=(OIL,))
    assert ("variable_type", "a") in found(document)


def test_a_node_behind_a_condition_that_never_holds_is_unreachable() -> None:
    never = Condition(variable="trust", comparison=">=", value=3)
    effects = (Effect(variable="trust", change="add", value=2),)
    document = scene(node("a", choices=(choice("x", "b", effects=effects), choice("y", "c", when=(never,)))), node("b"), node("c"))
    assert set(found(document)) == {("unreachable", "c"), ("never_offered", "c_y")}


def test_a_player_who_may_have_no_choice_is_stuck() -> None:
    document = scene(
        node("a", choices=(choice("x", "b", when=(Condition(variable="has_oil"),)),)),
        node("b"),
        variables=(OIL,),
    )
    assert ("stuck", "a") in found(document)
    both = (choice("x", "b", when=(Condition(variable="has_oil"),)), choice("y", "b", when=(Condition(variable="has_oil", value=False),)))
    assert graph(scene(node("a", choices=both), node("b"), variables=(OIL,))) == ()


def test_a_node_whose_jumps_may_all_be_closed_is_a_dead_end_unless_meant() -> None:
    jump = Jump(goto="b", when=(Condition(variable="has_oil"),))
    nodes = (node("a", jumps=(jump,)), node("b"))
    assert ("dead_end", "a") in found(scene(*nodes, variables=(OIL,), endings=("b",)))
    assert graph(scene(*nodes, variables=(OIL,), endings=("a", "b"))) == ()


def test_a_circle_that_only_a_closed_jump_leaves_has_no_exit() -> None:
    out = Jump(goto="c", when=(Condition(variable="trust", comparison=">", value=5),))
    circle = (
        node("a", choices=(choice("x", "b"),)),
        node("b", jumps=(out,), goto="a", effects=(Effect(variable="trust", value=1),)),
        node("c"),
    )
    rules = set(found(scene(*circle)))
    assert {("no_exit", "a"), ("no_exit", "b"), ("unreachable", "c")} <= rules
    # Each round adds to trust, so that the circle is left in the end.
    counting = node("b", jumps=(out,), goto="a", effects=(Effect(variable="trust", change="add", value=1),))
    assert graph(scene(circle[0], counting, circle[2])) == ()


def test_a_circle_without_any_exit_is_found_by_the_graph_alone() -> None:
    assert set(found(scene(node("a", goto="b"), node("b", goto="a"), variables=()))) == {("no_exit", "a"), ("no_exit", "b")}


def test_a_count_that_never_ends_is_said_to_be_too_much_and_nothing_is_claimed() -> None:
    up = (Effect(variable="trust", change="add", value=1),)
    closed = (Condition(variable="trust", comparison="<", value=0),)
    document = scene(node("a", choices=(choice("x", "a", effects=up), choice("y", "b", when=closed), choice("z", "b"))), node("b"))
    assert [f.rule for f in graph(document)] == ["too_many_states"]


def test_a_choice_to_nowhere_and_one_to_a_node_that_is_not_there_are_found_at_the_node() -> None:
    document = scene(node("a", choices=(choice("x", ""), choice("y", "gone"))), variables=())
    assert {("choice_leads_nowhere", "a"), ("missing_node", "a")} <= set(found(document))


@given(scenes())
@settings(max_examples=150, deadline=None)
def test_what_is_called_sound_can_be_played_to_an_end_whatever_is_answered(document: DialogueDocument) -> None:
    """The check against the player: a random walk meets only what the check promised."""
    assert not [f for f in graph(document) if f.rule in ("no_exit", "stuck", "dead_end", "undeclared_variable", "variable_type")]
    for first in range(3):
        state = begin(document)
        for step in range(20):
            if state.ended:
                break
            state = choose(document, state, state.choices[(first + step) % len(state.choices)].id)
        assert state.ended


@given(scenes(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_fault_put_into_a_random_scene_is_found(document: DialogueDocument, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(document.nodes) - 1))
    broken = document.nodes[at]
    kind = data.draw(st.sampled_from(["missing_node", "undeclared_variable", "variable_type", "duplicate_line", "no_exit", "unreachable"]))
    if kind == "missing_node":
        broken = broken.model_copy(update={"choices": (choice("z", "gone"),), "jumps": (), "goto": ""})
    elif kind == "undeclared_variable":
        broken = broken.model_copy(update={"effects": (*broken.effects, Effect(variable="ghost", value=1))})
    elif kind == "variable_type":
        broken = broken.model_copy(update={"lines": (line("t", Condition(variable="met", value="yes")), *broken.lines)})
    elif kind == "duplicate_line":
        broken = broken.model_copy(update={"lines": (*broken.lines, broken.lines[0])})
    elif kind == "no_exit":
        broken = broken.model_copy(update={"choices": (), "jumps": (), "goto": broken.id})
    nodes = (*document.nodes[:at], broken, *document.nodes[at + 1 :])
    if kind == "unreachable":
        nodes = (*nodes, node("lost"))
    assert kind in {f.rule for f in graph(document.model_copy(update={"nodes": nodes}))}


@given(scenes(), st.data())
@settings(max_examples=80, deadline=None)
def test_ids_stay_when_a_scene_is_edited_and_new_lines_get_new_ones(document: DialogueDocument, data: st.DataObject) -> None:
    """Words changed, lines moved, taken out and put in: what stays keeps its id, what is new takes none that was ever used."""
    at = data.draw(st.integers(0, len(document.nodes) - 1))
    old = document.nodes[at]
    kept = old.lines[1:]
    new = tuple(DialogueLine(id="", speaker="Ann", text=data.draw(st.sampled_from(["Hm.", "So.", old.lines[0].text]))) for _ in range(2))
    changed = tuple(one.model_copy(update={"text": "Said anew."}) for one in kept)
    edited = document.model_copy(
        update={"nodes": (*document.nodes[:at], old.model_copy(update={"lines": (new[0], *changed, new[1])}), *document.nodes[at + 1 :])}
    )
    after = with_ids(edited, document)
    assert [n.id for n in after.nodes[at].lines][1:-1] == [n.id for n in kept]
    added = {after.nodes[at].lines[0].id, after.nodes[at].lines[-1].id}
    assert len(added) == 2
    assert not added & set(ids_of(document))
    assert with_ids(edited, document) == after
    assert with_ids(after, document) == after


def test_the_player_refuses_what_cannot_be_and_names_it() -> None:
    with pytest.raises(InputError) as error:
        begin(DialogueDocument(language="en"))
    assert error.value.field == "nodes"
    with pytest.raises(InputError) as error:
        begin(RICH, {"gold": 3})
    assert error.value.field == "gold"
    with pytest.raises(InputError) as error:
        begin(RICH, {"trust": True})
    assert error.value.field == "trust"
    with pytest.raises(InputError) as error:
        choose(RICH, begin(RICH), "c_3")
    assert error.value.field == "choice"
    with pytest.raises(InputError, match="goes round"):
        begin(scene(node("a", goto="b"), node("b", goto="a")))


def test_the_player_shows_lines_choices_and_variables_as_they_are() -> None:
    state = begin(RICH, {"has_oil": True})
    assert [said.id for said in state.lines] == ["l_1", "l_2"]
    assert [offer.id for offer in state.choices] == ["c_1", "c_2", "c_3"]
    end = walk(RICH, ["c_1"])[-1]
    assert (end.ended, end.node, end.variables, end.taken) == (True, "n3", {"trust": 2, "has_oil": False, "outcome": "ally"}, ("c_1",))
    assert [said.id for said in walk(RICH, ["c_2"])[-1].lines] == ["l_3", "l_5"]


def test_hostile_words_are_no_fault_of_the_graph() -> None:
    assert {f.rule for f in graph(hostile())} <= {"never_offered", "unused_variable"}
    assert all(exits(n) or n.id.startswith("10") for n in hostile().nodes)
