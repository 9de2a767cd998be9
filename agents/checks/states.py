"""Plays a dialogue in every way it can go: what no play comes to, where a player would be stuck, where a circle has no exit. Pure.

Only for a document without structural faults (graph.py, variables.py). A variable that the scene reads and never changes
is the game's, so every value that makes a difference is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from agents.checks.variables import conditions_of, effects_of
from domain.dialogue import DialogueDocument, DialogueNode, VariableValue
from domain.finding import Finding, Severity
from domain.play import changed, holds, offered, onward

#: States looked at before it is said that there are too many.
_MOST = 20_000

_Key = tuple[str, tuple[VariableValue, ...]]


@dataclass
class _Walk:
    """What playing met. next: where each state leads; ends: states in which the scene is over."""

    next: dict[_Key, tuple[_Key, ...]] = field(default_factory=dict)
    ends: set[_Key] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    whole: bool = True


def states(document: DialogueDocument, endings: set[str] | None = None) -> tuple[Finding, ...]:
    walk = _walk(document)
    if not walk.whole:
        message = "There are more than {most} ways to play this; conditions were checked one by one only."
        return (Finding.of("too_many_states", Severity.NOTE, message, most=_MOST),)
    met = {node for node, _ in walk.next}
    findings = [_fault("stuck", "None of the choices may be open here: the player is stuck.", id_) for id_ in sorted(walk.stuck)]
    for node in document.nodes:
        if node.id not in met:
            findings.append(_fault("unreachable", "No way leads here: the conditions on the way never hold.", node.id))
            continue
        if _drops(node, walk, endings):
            findings.append(_fault("dead_end", "None of the jumps may be open, and there is no other way on.", node.id))
        unsaid = [line for line in node.lines if line.id not in walk.said]
        closed = [choice for choice in node.choices if choice.id not in walk.offered]
        findings += [_warn("never_said", "This line is never said: its conditions never hold.", line.id) for line in unsaid]
        findings += [_warn("never_offered", "This choice is never offered: its conditions never hold.", choice.id) for choice in closed]
    findings += [_fault("no_exit", "The scene can come here and never end.", id_) for id_ in _endless(walk)]
    return tuple(findings)


def _walk(document: DialogueDocument) -> _Walk:
    nodes = {node.id: node for node in document.nodes}
    names = tuple(v.name for v in document.variables)
    walk = _Walk()
    waiting: list[_Key] = [(document.nodes[0].id, start) for start in _starts(document)]
    while waiting:
        key = waiting.pop()
        if key in walk.next:
            continue
        if len(walk.next) >= _MOST:
            walk.whole = False
            break
        node, values = nodes[key[0]], changed(dict(zip(names, key[1], strict=True)), nodes[key[0]].effects)
        walk.said.update(line.id for line in node.lines if holds(line.when, values))
        walk.next[key] = tuple((goto, tuple(after[n] for n in names)) for goto, after in _onward(node, values, walk))
        if not walk.next[key]:
            walk.ends.add(key)
        waiting += walk.next[key]
    return walk


def _onward(node: DialogueNode, values: dict[str, VariableValue], walk: _Walk) -> Iterator[tuple[str, dict[str, VariableValue]]]:
    if not node.choices:
        goto = onward(node, values)
        if goto:
            yield goto, values
        return
    choices = offered(node, values)
    walk.offered.update(choice.id for choice in choices)
    if not choices:
        walk.stuck.add(node.id)
    for choice in choices:
        yield choice.goto, changed(values, choice.effects)


def _starts(document: DialogueDocument) -> Iterator[tuple[VariableValue, ...]]:
    """The declared start values; for variables of the game every value that makes a difference, as far as that is few."""
    changes = {effect.variable for _, effect in effects_of(document)}
    choices: list[tuple[VariableValue, ...]] = []
    for variable in document.variables:
        against = [c.value for _, c in conditions_of(document) if c.variable == variable.name]
        if variable.name in changes or not against:
            choices.append((variable.start,))
        elif variable.type == "bool":
            choices.append((False, True))
        elif variable.type == "int":
            choices.append(tuple(sorted({int(variable.start), *(int(v) + d for v in against for d in (-1, 0, 1))})))
        else:
            choices.append(tuple(dict.fromkeys([variable.start, *against, "\0another"])))
    yield from product(*choices)


def _drops(node: DialogueNode, walk: _Walk, endings: set[str] | None) -> bool:
    """A node with jumps that can be left by none of them, and is not meant as an ending."""
    if not node.jumps or node.goto or (endings is not None and node.id in endings):
        return False
    return any(key[0] == node.id for key in walk.ends)


def _endless(walk: _Walk) -> list[str]:
    """Nodes of states from which no end can be reached."""
    before: dict[_Key, list[_Key]] = {}
    for key, following in walk.next.items():
        for after in following:
            before.setdefault(after, []).append(key)
    ending = set(walk.ends)
    waiting = list(ending)
    while waiting:
        for key in before.get(waiting.pop(), ()):
            if key not in ending:
                ending.add(key)
                waiting.append(key)
    return sorted({key[0] for key in walk.next if key not in ending})


def _fault(rule: str, message: str, at: str) -> Finding:
    return Finding.of(rule, Severity.ERROR, message, at)


def _warn(rule: str, message: str, at: str) -> Finding:
    return Finding.of(rule, Severity.WARNING, message, at)
