"""Twee 3 for Twine with SugarCube 2: a passage for every node; `data-line` carries the line ids.

Syntax: Twee 3 specification (iftechfoundation/twine-specs), SugarCube 2 documentation. Syntax-checked by a grammar in the tests.
"""

from __future__ import annotations

import json
import re

from agents.writers.game.names import Names, amount, constant, flat, speaker, tests
from domain.dialogue import Choice, Condition, DialogueDocument, DialogueNode, Effect, VariableValue
from domain.value import content_hash

#: Written as character references: SugarCube's markup and HTML begin with these.
_SPECIAL = frozenset("<>&[]{}$_/*#@~^=|\\%`\"'+!:")
_SIGNS = {"==": "is", "!=": "isnot", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
FORMAT_VERSION = "2.36.1"


def twee(document: DialogueDocument, scene: str = "scene", title: str = "") -> str:
    names = Names(document, scene, {"StoryTitle", "StoryData", "StoryInit"})
    about = {
        "ifid": _ifid(document, scene),
        "format": "SugarCube",
        "format-version": FORMAT_VERSION,
        "start": names.node(document.nodes[0].id) if document.nodes else "",
    }
    rows = [":: StoryTitle", _one_row(title or scene), "", ":: StoryData", json.dumps(about, indent=2), "", ":: StoryInit"]
    rows += [f"<<set ${names.variable(v.name)} to {literal(v.start)}>>" for v in document.variables]
    for node in document.nodes:
        rows += ["", f":: {names.node(node.id)}", *_node(node, names)]
    return "\n".join(rows) + "\n"


def text(words: str) -> str:
    said = "".join(f"&#{ord(c)};" if c in _SPECIAL else c for c in flat(words))
    # Two hyphens become a dash, four a rule.
    return re.sub(r"-(?=-)|(?<=-)-", "&#45;", said)


def literal(value: VariableValue) -> str:
    return constant(value, lambda words: json.dumps(words).replace("<", "\\u003c").replace(">", "\\u003e"))


def _node(node: DialogueNode, names: Names) -> list[str]:
    rows = [_change(effect, names) for effect in node.effects]
    for line in node.lines:
        said = f"<span data-line=\"{line.id}\">''{text(speaker(line.speaker))}:'' {text(line.text)}</span>"
        rows.append(f"<<if {_all(line.when, names)}>>{said}<</if>>" if line.when else said)
    rows += [_choice(choice, names) for choice in node.choices]
    if node.choices:
        return rows
    ways = [(jump.when, jump.goto) for jump in node.jumps] + ([((), node.goto)] if node.goto else [])
    return [*rows, *_onward(ways, names)]


def _onward(ways: list[tuple[tuple[Condition, ...], str]], names: Names) -> list[str]:
    """One chain of if and elseif: SugarCube's goto does not end the passage it stands in."""
    rows: list[str] = []
    for at, (when, goto) in enumerate(ways):
        go = f'<<link "&#8594;" "{names.node(goto)}">><</link>>'
        if not when:
            return [*rows, f"<<else>>{go}<</if>>"] if at else [go]
        rows.append(f"<<{'elseif' if at else 'if'} {_all(when, names)}>>{go}")
    return [*rows, "<</if>>"] if rows else []


def _choice(choice: Choice, names: Names) -> str:
    changes = "".join(_change(effect, names) for effect in choice.effects)
    target = f' "{names.node(choice.goto)}"' if choice.goto else ""
    link = f'<span data-line="{choice.id}"><<link "{text(choice.text)}"{target}>>{changes}<</link>></span>'
    return f"<<if {_all(choice.when, names)}>>{link}<</if>>" if choice.when else link


def _change(effect: Effect, names: Names) -> str:
    name = "$" + names.variable(effect.variable)
    if effect.change == "set":
        return f"<<set {name} to {literal(effect.value)}>>"
    return "<<set {0} to {0} {1} {2}>>".format(name, *amount(effect))


def _all(when: tuple[Condition, ...], names: Names) -> str:
    return " and ".join(tests(when, lambda name: "$" + names.variable(name), literal, _SIGNS))


def _one_row(words: str) -> str:
    """A title: plain text, but nothing that would begin a passage."""
    return flat(words).lstrip(":") or "scene"


def _ifid(document: DialogueDocument, scene: str) -> str:
    """The story's id, in the form of a version 4 UUID, from what does not change when words do."""
    digits = content_hash(f"ifid/{scene}/{document.language}/{'/'.join(node.id for node in document.nodes)}").upper()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-A{digits[17:20]}-{digits[20:32]}"
