"""Ren'Py 8: a label for every node, `id` clauses that carry the line ids.

Syntax: https://www.renpy.org/doc/html (dialogue, text, menus). Syntax-checked by a grammar in the tests, not by Ren'Py.
"""

from __future__ import annotations

import builtins
import json
import keyword
import re

from agents.writers.game.names import Names, amount, constant, flat, speaker, tests
from domain.dialogue import Choice, Condition, DialogueDocument, DialogueNode, Effect, VariableValue

_WORDS = """
config style store renpy persistent narrator adv nvl centered extend who what name_only menu label jump call show hide scene with
play queue stop window image transform screen define default init python gui preferences achievement audio sound music voice
main_menu build updater iap layer save_name theme ui im anim absolute color character position at as onlayer zorder behind id
nointeract pause translate testcase once easy
"""
#: Python's own names, and those of Ren'Py's store that a game must not cover.
RESERVED = frozenset([*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *_WORDS.split()])


def renpy(document: DialogueDocument, scene: str = "scene") -> str:
    names = Names(document, scene, RESERVED)
    speakers = dict.fromkeys([*document.characters, *(line.speaker for node in document.nodes for line in node.lines)])
    rows = [f"# {flat(document.language)}; starts at: label {names.node(document.nodes[0].id)}" if document.nodes else "#"]
    rows += [f"define {names.character(name)} = Character({_quoted(speaker(name))})" for name in speakers]
    rows += [f"default {names.variable(v.name)} = {literal(v.start)}" for v in document.variables]
    for node in document.nodes:
        rows += ["", f"label {names.node(node.id)}:", *(f"    {row}" for row in _node(node, names))]
    return "\n".join(rows) + "\n"


def literal(value: VariableValue) -> str:
    return constant(value, lambda words: json.dumps(words, ensure_ascii=False), "True", "False")


def text(words: str) -> str:
    """Text tags, substitutions, percent signs and ruby brackets are said twice or marked, so that they are words."""
    return re.sub(r'["\\%]', r"\\\g<0>", flat(words)).replace("{", "{{").replace("[", "[[").replace("【", "【【")


def _quoted(words: str) -> str:
    return f'"{text(words)}"'


def _node(node: DialogueNode, names: Names) -> list[str]:
    rows = [_change(effect, names) for effect in node.effects]
    for line in node.lines:
        said = f"{names.character(line.speaker)} {_quoted(line.text)} id {line.id}"
        rows += [f"if {_all(line.when, names)}:", f"    {said}"] if line.when else [said]
    if node.choices:
        return [*rows, "menu:", *(f"    {row}" for choice in node.choices for row in _choice(choice, names))]
    for jump in node.jumps:
        go = f"jump {names.node(jump.goto)}"
        rows += [f"if {_all(jump.when, names)}:", f"    {go}"] if jump.when else [go]
    return [*rows, f"jump {names.node(node.goto)}" if node.goto else "return"]


def _choice(choice: Choice, names: Names) -> list[str]:
    when = f" if {_all(choice.when, names)}" if choice.when else ""
    # The menu keeps no id of its own: the comment carries it.
    rows = [f"# {choice.id}", f"{_quoted(choice.text)}{when}:"]
    rows += [f"    {_change(effect, names)}" for effect in choice.effects]
    return [*rows, f"    jump {names.node(choice.goto)}" if choice.goto else "    return"]


def _change(effect: Effect, names: Names) -> str:
    name = names.variable(effect.variable)
    if effect.change == "set":
        return f"$ {name} = {literal(effect.value)}"
    sign, size = amount(effect)
    return f"$ {name} {sign}= {size}"


def _all(when: tuple[Condition, ...], names: Names) -> str:
    return " and ".join(tests(when, names.variable, literal))
