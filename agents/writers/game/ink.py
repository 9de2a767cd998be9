"""Ink (inkle): a knot for every node, `#id:` tags that carry the line ids. The tests compile it with inkjs.

Syntax: https://github.com/inkle/ink/blob/master/Documentation/WritingWithInk.md
"""

from __future__ import annotations

from agents.writers.game.names import Names, amount, constant, flat, marked, speaker, tests
from domain.dialogue import Choice, Condition, DialogueDocument, DialogueLine, DialogueNode, Effect, VariableValue

_WORDS = """
and or not mod has hasnt true false temp else function return ref include const var list external done end todo choices turns
turns_since random seed_random read_count pow floor ceiling int float choice_count
"""
#: What may not be a variable's name in Ink.
RESERVED = frozenset(_WORDS.split())
_SPECIAL = "\\{}|#<>/*[]~^-"


def ink(document: DialogueDocument, scene: str = "scene") -> str:
    names = Names(document, scene, RESERVED)
    rows = [f"// language: {flat(document.language)}"]
    for variable in document.variables:
        rows.append(f"VAR {names.variable(variable.name)} = {literal(variable.start)}")
    if document.nodes:
        rows += ["", f"-> {names.node(document.nodes[0].id)}"]
    for node in document.nodes:
        rows += ["", f"=== {names.node(node.id)} ===", *_node(node, names)]
    return "\n".join(rows) + "\n"


def text(words: str) -> str:
    return marked(flat(words), _SPECIAL)


def literal(value: VariableValue) -> str:
    return constant(value, lambda words: '"' + marked(words, _SPECIAL + '"') + '"')


def _node(node: DialogueNode, names: Names) -> list[str]:
    rows = [f"~ {_change(effect, names)}" for effect in node.effects]
    for line in node.lines:
        rows += _line(line, names)
    for choice in node.choices:
        rows += _choice(choice, names)
    if node.choices:
        return rows
    rows += [f"{_when(jump.when, names)}-> {names.node(jump.goto)}" + ("}" if jump.when else "") for jump in node.jumps]
    return [*rows, f"-> {names.node(node.goto)}" if node.goto else "-> END"]


def _line(line: DialogueLine, names: Names) -> list[str]:
    said = f"{_opening(speaker(line.speaker))}: {text(line.text)} #id:{line.id}"
    if not line.when:
        return [said]
    return [f"{{{_all(line.when, names)}:", f"    {said}", "}"]


def _choice(choice: Choice, names: Names) -> list[str]:
    when = "".join(f"{{{test}}} " for test in tests(choice.when, names.variable, literal))
    rows = [f"+ {when}[{text(choice.text)} #id:{choice.id}]"]
    rows += [f"    ~ {_change(effect, names)}" for effect in choice.effects]
    return [*rows, f"    -> {names.node(choice.goto)}" if choice.goto else "    -> END"]


def _change(effect: Effect, names: Names) -> str:
    name = names.variable(effect.variable)
    return f"{name} = {literal(effect.value)}" if effect.change == "set" else "{0} = {0} {1} {2}".format(name, *amount(effect))


def _when(when: tuple[Condition, ...], names: Names) -> str:
    return f"{{{_all(when, names)}: " if when else ""


def _all(when: tuple[Condition, ...], names: Names) -> str:
    return " && ".join(f"({test})" for test in tests(when, names.variable, literal))


def _opening(label: str) -> str:
    """A name that begins a line like a statement of Ink ("VAR", "TODO") has its first letter marked."""
    word = label.split(" ")[0]
    return "\\" + label if word in ("VAR", "CONST", "LIST", "INCLUDE", "EXTERNAL", "TODO", "else") else label
