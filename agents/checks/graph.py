"""Is a dialogue graph sound: everything reachable, every choice leads somewhere, every way ends. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from domain.documents import DialogueDocument, DialogueNode
from domain.finding import Finding, Severity


def graph(document: DialogueDocument, endings: Iterable[str] | None = None) -> tuple[Finding, ...]:
    """Every structural fault. endings: ids of the nodes where the scene is meant to end; None takes every node that leads nowhere."""
    if not document.nodes:
        return (_fault("no_nodes", "The dialogue has no nodes."),)
    return (*_identity(document), *_targets(document), *_flow(document, endings), *_content(document))


def exits(node: DialogueNode) -> tuple[str, ...]:
    """Ids of the nodes one step on, in order."""
    return tuple(choice.goto for choice in node.choices) + ((node.goto,) if node.goto else ())


def reachable(document: DialogueDocument) -> set[str]:
    """Ids of the nodes a player can come to from nodes[0]."""
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
    lines = Counter([line.id for node in document.nodes for line in node.lines] + [c.id for node in document.nodes for c in node.choices])
    return (
        *(_fault("duplicate_node", f"Two nodes are called {id_!r}.", id_) for id_, n in nodes.items() if n > 1),
        *(_fault("duplicate_line", f"Two lines have the id {id_!r}.", id_) for id_, n in lines.items() if n > 1),
    )


def _targets(document: DialogueDocument) -> tuple[Finding, ...]:
    known = {node.id for node in document.nodes}
    findings = [
        _fault("missing_node", f"It leads to {goto!r}, which does not exist.", node.id)
        for node in document.nodes
        for goto in exits(node)
        if goto and goto not in known
    ]
    findings += [
        _fault("choice_leads_nowhere", f"The choice “{choice.text}” leads nowhere.", node.id)
        for node in document.nodes
        for choice in node.choices
        if not choice.goto
    ]
    findings += [
        _fault("choices_and_goto", "It has choices and also goes on by itself.", node.id)
        for node in document.nodes
        if node.choices and node.goto
    ]
    return tuple(findings)


def _flow(document: DialogueDocument, endings: Iterable[str] | None) -> tuple[Finding, ...]:
    seen = reachable(document)
    findings = [_fault("unreachable", "No way leads here.", node.id) for node in document.nodes if node.id not in seen]
    closing = {node.id for node in document.nodes if not exits(node)}
    if endings is not None:
        wanted = set(endings)
        findings += [_fault("dead_end", "The scene stops here without being an ending.", id_) for id_ in sorted(closing - wanted)]
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
        if not node.lines and not node.choices:
            findings.append(_fault("empty_node", "Nobody says anything here.", node.id))
        findings += [_fault("empty_line", f"{line.speaker} says nothing.", line.id) for line in node.lines if not line.text.strip()]
        findings += [_fault("empty_choice", "A choice has no words.", choice.id) for choice in node.choices if not choice.text.strip()]
        findings += [
            _fault("unknown_speaker", f"{line.speaker!r} is not one of the characters.", line.id)
            for line in node.lines
            if line.speaker not in document.characters
        ]
        texts = Counter(choice.text.strip().casefold() for choice in node.choices)
        findings += [_fault("same_choices", f"Two choices say “{text}”.", node.id) for text, n in texts.items() if n > 1]
    return tuple(findings)


def _fault(rule: str, message: str, field: str = "") -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, message=message, field=field)
