"""Yarn Spinner 2 and 3: a node for every node, `#line:` tags that carry the line ids.

Syntax: https://docs.yarnspinner.dev (syntax basics, tags and metadata). Syntax-checked by a grammar in the tests, not by its compiler.
"""

from __future__ import annotations

from agents.writers.game.names import Names, amount, constant, flat, marked, speaker, tests
from domain.dialogue import Choice, Condition, DialogueDocument, DialogueNode, Effect, VariableValue

_SPECIAL = "\\<>{}#/[]"


def yarn(document: DialogueDocument, scene: str = "scene") -> str:
    names = Names(document, scene)
    rows: list[str] = []
    for at, node in enumerate(document.nodes):
        rows += [f"title: {names.node(node.id)}", f"language: {flat(document.language)}", "---"]
        if at == 0:
            # Declared where the scene begins: Yarn reads declarations of all nodes before it runs one.
            rows += [f"<<declare {_variable(names, v.name)} = {literal(v.start)}>>" for v in document.variables]
        rows += [*_node(node, names), "==="]
    return "\n".join(rows) + "\n"


def text(words: str) -> str:
    return marked(flat(words), _SPECIAL)


def literal(value: VariableValue) -> str:
    return constant(value, lambda words: '"' + marked(words, '\\"') + '"')


def _node(node: DialogueNode, names: Names) -> list[str]:
    rows = [_change(effect, names) for effect in node.effects]
    for line in node.lines:
        said = f"{speaker(line.speaker)}: {text(line.text)} #line:{line.id}"
        rows += [f"<<if {_all(line.when, names)}>>", f"    {said}", "<<endif>>"] if line.when else [said]
    for choice in node.choices:
        rows += _choice(choice, names)
    if node.choices:
        return rows
    for jump in node.jumps:
        go = f"<<jump {names.node(jump.goto)}>>"
        rows += [f"<<if {_all(jump.when, names)}>>", f"    {go}", "<<endif>>"] if jump.when else [go]
    return [*rows, f"<<jump {names.node(node.goto)}>>"] if node.goto else rows


def _choice(choice: Choice, names: Names) -> list[str]:
    when = f" <<if {_all(choice.when, names)}>>" if choice.when else ""
    rows = [f"-> {text(choice.text)}{when} #line:{choice.id}"]
    rows += [f"    {_change(effect, names)}" for effect in choice.effects]
    return [*rows, f"    <<jump {names.node(choice.goto)}>>"] if choice.goto else [*rows, "    <<stop>>"]


def _change(effect: Effect, names: Names) -> str:
    name = _variable(names, effect.variable)
    if effect.change == "set":
        return f"<<set {name} to {literal(effect.value)}>>"
    return "<<set {0} to {0} {1} {2}>>".format(name, *amount(effect))


def _variable(names: Names, name: str) -> str:
    return "$" + names.variable(name)


def _all(when: tuple[Condition, ...], names: Names) -> str:
    return " && ".join(tests(when, lambda name: _variable(names, name), literal))
