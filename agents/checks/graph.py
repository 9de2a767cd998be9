"""Is a dialogue graph sound: everything reachable, every choice leads somewhere, every way ends. Pure.

What variables do to it is in variables.py (declared, of one type, used) and states.py (can it really be played so).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from agents.checks.states import states
from agents.checks.variables import variables
from domain.dialogue import DialogueDocument, exits, ids_of, said_in
from domain.finding import Finding, Severity
from domain.said import Words

__all__ = ["exits", "graph", "reachable", "structure"]


def graph(document: DialogueDocument, endings: Iterable[str] | None = None) -> tuple[Finding, ...]:
    """Every structural fault. endings: ids of the nodes where the scene is meant to end.

    None: the document's own, and where it names none, every node that leads nowhere. A finding's field is the id of the
    node, line, choice or variable at fault.
    """
    if not document.nodes:
        return (_fault("no_nodes", "The dialogue has no nodes.", "nodes"),)
    ends = set(endings) if endings is not None else set(document.endings) or None
    found = (*structure(document, ends), *variables(document))
    if any(f.severity is Severity.ERROR for f in found):
        # What cannot be walked need not be walked: the faults above come first.
        return found
    return (*found, *states(document, ends))


def structure(document: DialogueDocument, endings: set[str] | None = None) -> tuple[Finding, ...]:
    """The faults that can be seen without knowing what variables hold."""
    return (*_identity(document), *_targets(document), *_flow(document, endings), *_content(document))


def reachable(document: DialogueDocument) -> set[str]:
    """Ids of the nodes a player can come to from nodes[0], were all conditions to hold."""
    nodes = {node.id: node for node in document.nodes}
    seen: set[str] = set()
    waiting = [document.nodes[0].id] if document.nodes else []
    while waiting:
        here = waiting.pop()
        if here in nodes and here not in seen:
            seen.add(here)
            waiting += exits(nodes[here])
    return seen


def _identity(document: DialogueDocument) -> tuple[Finding, ...]:
    nodes = Counter(node.id for node in document.nodes)
    lines = Counter(ids_of(document))
    known = {node.id for node in document.nodes}
    return (
        *(_fault("duplicate_node", "Two nodes are called '{id}'.", id_, id=id_) for id_, n in nodes.items() if n > 1),
        *(_fault("duplicate_line", "Two lines have the id '{id}'.", id_, id=id_) for id_, n in lines.items() if n > 1 and id_),
        *(_fault("no_line_id", "A line or choice has no id.", node.id) for node in document.nodes if _lacks_ids(document, node.id)),
        *(_fault("missing_node", "The ending '{id}' does not exist.", "endings", id=id_) for id_ in document.endings if id_ not in known),
    )


def _lacks_ids(document: DialogueDocument, node_id: str) -> bool:
    return any(not one.id for node in document.nodes if node.id == node_id for one in said_in(node))


def _targets(document: DialogueDocument) -> tuple[Finding, ...]:
    known = {node.id for node in document.nodes}
    findings = [
        _fault("missing_node", "It leads to '{id}', which does not exist.", node.id, id=goto)
        for node in document.nodes
        for goto in exits(node)
        if goto and goto not in known
    ]
    findings += [
        _fault("choice_leads_nowhere", "The choice “{text}” leads nowhere.", node.id, text=choice.text)
        for node in document.nodes
        for choice in node.choices
        if not choice.goto
    ]
    findings += [
        _fault("jump_leads_nowhere", "A jump leads nowhere.", node.id) for node in document.nodes for jump in node.jumps if not jump.goto
    ]
    findings += [
        _fault("choices_and_goto", "It has choices and also goes on by itself.", node.id)
        for node in document.nodes
        if node.choices and (node.goto or node.jumps)
    ]
    return tuple(findings)


def _flow(document: DialogueDocument, endings: set[str] | None) -> tuple[Finding, ...]:
    seen = reachable(document)
    findings = [_fault("unreachable", "No way leads here.", node.id) for node in document.nodes if node.id not in seen]
    # A jump may not be taken: without a goto beside it the scene can end here.
    closing = {node.id for node in document.nodes if not node.choices and not node.goto}
    if endings is not None:
        stops = {node.id for node in document.nodes if not exits(node)}
        findings += [_fault("dead_end", "The scene stops here without being an ending.", id_) for id_ in sorted(stops - endings)]
    # Walk backwards from the endings: what is not met can never end.
    ends = set(closing)
    grew = True
    while grew:
        more = {node.id for node in document.nodes if node.id not in ends and any(goto in ends for goto in exits(node))}
        grew = bool(more)
        ends |= more
    findings += [_fault("no_exit", "From here the scene can never end.", node.id) for node in document.nodes if node.id not in ends]
    return tuple(findings)


def _content(document: DialogueDocument) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    for node in document.nodes:
        if not node.lines and not node.choices and not node.jumps:
            findings.append(_fault("empty_node", "Nobody says anything here.", node.id))
        silent = [line for line in node.lines if not line.text.strip()]
        findings += [_fault("empty_line", "{speaker} says nothing.", line.id, speaker=line.speaker) for line in silent]
        findings += [_fault("empty_choice", "A choice has no words.", choice.id) for choice in node.choices if not choice.text.strip()]
        findings += [
            _fault("unknown_speaker", "'{speaker}' is not one of the characters.", line.id, speaker=line.speaker)
            for line in node.lines
            if line.speaker not in document.characters
        ]
        texts = Counter(choice.text.strip().casefold() for choice in node.choices)
        findings += [_fault("same_choices", "Two choices say “{text}”.", node.id, text=text) for text, n in texts.items() if n > 1]
    return tuple(findings)


def _fault(rule: str, message: str, field: str = "", **values: Words) -> Finding:
    return Finding.of(rule, Severity.ERROR, message, field, given=values)
