"""A branching dialogue as a graph: who speaks, nodes, lines with ids that stay, choices, conditions, variables, jumps.

Knows nothing of how one is written, played or exported. A document may be faulty: agents/checks/graph.py says where.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from domain.finding import Finding
from domain.value import Value, content_hash

#: A variable's name, as every engine takes it.
VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

VariableValue = bool | int | str
VariableType = Literal["bool", "int", "string"]
Comparison = Literal["==", "!=", "<", "<=", ">", ">="]


class Character(Value):
    """Who speaks. voice: how they talk. goals: what they want. knowledge: what they know, and nobody need tell them."""

    name: str = Field(min_length=1, max_length=60)
    voice: str = Field(default="", max_length=200)
    goals: tuple[str, ...] = Field(default=(), max_length=6)
    knowledge: tuple[str, ...] = Field(default=(), max_length=12)


class Variable(Value):
    """Something the scene or the game remembers. name: lower-case letters, digits and _, so that every engine takes it.

    start: its value before the scene, of its type. about: what it means, in words. A variable that the scene reads and
    never changes is the game's: the game sets it.
    """

    name: str = Field(min_length=1, max_length=40)
    type: VariableType = "bool"
    start: VariableValue = False
    about: str = Field(default="", max_length=200)


class Condition(Value):
    """`variable comparison value`. bool and string know only == and !=."""

    variable: str
    comparison: Comparison = "=="
    value: VariableValue = True


class Effect(Value):
    """What a node or choice changes: `set` gives the value, `add` (int only) adds it, below zero takes away."""

    variable: str
    change: Literal["set", "add"] = "set"
    value: VariableValue = True


class DialogueLine(Value):
    """id is stable across edits. when: all must hold, else the line is left out."""

    id: str
    speaker: str
    text: str
    when: tuple[Condition, ...] = ()


class Choice(Value):
    """What the player says, and where it leads. id is stable across edits. when: all must hold, else it is not offered.

    effects happen when it is taken.
    """

    id: str
    text: str
    goto: str
    when: tuple[Condition, ...] = ()
    effects: tuple[Effect, ...] = ()


class Jump(Value):
    """Where a node goes on to when all of `when` hold."""

    goto: str
    when: tuple[Condition, ...] = ()


class DialogueNode(Value):
    """Coming here: effects happen, then the lines are said in order, then choices are offered.

    Without choices the first jump whose conditions hold is taken, else `goto`; with neither the scene ends here.
    """

    id: str
    lines: tuple[DialogueLine, ...] = ()
    choices: tuple[Choice, ...] = ()
    goto: str = ""
    effects: tuple[Effect, ...] = ()
    jumps: tuple[Jump, ...] = ()


class DialogueDocument(Value):
    """media type application/vnd.maquette.dialogue+json. nodes[0] is the start.

    characters: names of who speaks; cast: more about some or all of them. endings: ids of the nodes where the scene is
    meant to end; empty (as in documents written before there were any) means every node that leads nowhere.
    """

    language: str
    characters: tuple[str, ...] = Field(default=())
    cast: tuple[Character, ...] = ()
    variables: tuple[Variable, ...] = ()
    nodes: tuple[DialogueNode, ...] = ()
    endings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def plain_text(self) -> str:
        rows: list[str] = []
        for node in self.nodes:
            rows.append(f"== {node.id} ==")
            rows += [f"{line.speaker}: {line.text}" for line in node.lines]
            rows += [f"  * {choice.text} -> {choice.goto}" for choice in node.choices]
            rows += [f"  -> {jump.goto} (if)" for jump in node.jumps]
            if node.goto:
                rows.append(f"  -> {node.goto}")
        return "\n".join(rows)


def type_of(value: VariableValue) -> VariableType:
    """bool is asked first: in Python it is an int too."""
    return "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "string"


def exits(node: DialogueNode) -> tuple[str, ...]:
    """Ids of the nodes one step on, in order: choices, jumps, goto."""
    return tuple(c.goto for c in node.choices) + tuple(j.goto for j in node.jumps) + ((node.goto,) if node.goto else ())


def said_in(node: DialogueNode) -> tuple[DialogueLine | Choice, ...]:
    """Lines and choices, in order."""
    return (*node.lines, *node.choices)


def ids_of(document: DialogueDocument) -> tuple[str, ...]:
    """The ids of all lines and choices, in the document's order."""
    return tuple(one.id for node in document.nodes for one in said_in(node))


def line_id(node: str, index: int, scene: str = "") -> str:
    """ "l_3fa2c1d0": the id of a line when it is first written, from scene, node and place. Kept in the document from then on.

    scene: what tells this scene from others of the same game.
    """
    return "l_" + content_hash(f"line/{scene}/{node}/{index}")[:8]


def choice_id(node: str, index: int, scene: str = "") -> str:
    return "c_" + content_hash(f"choice/{scene}/{node}/{index}")[:8]


def with_ids(edited: DialogueDocument, before: DialogueDocument | None = None) -> DialogueDocument:
    """An edited document in which every line and choice has an id: those that have one keep it, those without get a new one.

    before: the document that was edited; an id of it whose line is gone is not given to another line, so that a recorded
    voice or a translation never lands on other words.
    """
    taken = set(ids_of(edited)) | (set(ids_of(before)) if before else set())

    def fresh(letter: str, node: str, text: str) -> str:
        for number in range(1 << 20):
            id_ = f"{letter}_{content_hash(f'new/{node}/{text}/{number}')[:8]}"
            if id_ not in taken:
                taken.add(id_)
                return id_
        raise OverflowError("no line id is left")

    nodes = tuple(
        node.model_copy(
            update={
                "lines": tuple(n if n.id else n.model_copy(update={"id": fresh("l", node.id, n.text)}) for n in node.lines),
                "choices": tuple(c if c.id else c.model_copy(update={"id": fresh("c", node.id, c.text)}) for c in node.choices),
            }
        )
        for node in edited.nodes
    )
    return edited.model_copy(update={"nodes": nodes})


DIALOGUE_MEDIA_TYPE = "application/vnd.maquette.dialogue+json"
