"""A dialogue as JSON for a game of one's own, by assets/game/dialogue.schema.json, and as a CSV table of strings."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

from domain.dialogue import Condition, DialogueDocument, Effect, VariableValue, type_of
from domain.lore import LoreDocument
from domain.value import JsonValue

FORMAT = "maquette-dialogue-2"
COLUMNS = ("id", "kind", "character", "text", "context", "node", "language")
_SEPARATOR = " | "


def dialogue_json(document: DialogueDocument) -> dict[str, JsonValue]:
    """Nodes by id, every line and choice with its stable id. `end` marks the nodes where the scene ends."""
    nodes: dict[str, JsonValue] = {
        node.id: {
            "effects": _effects(node.effects),
            "lines": [{"id": n.id, "speaker": n.speaker, "text": n.text, "when": _when(n.when)} for n in node.lines],
            "choices": [
                {"id": c.id, "text": c.text, "goto": c.goto, "when": _when(c.when), "effects": _effects(c.effects)} for c in node.choices
            ],
            "jumps": [{"goto": j.goto, "when": _when(j.when)} for j in node.jumps],
            "goto": node.goto,
            "end": not node.choices and not node.jumps and not node.goto,
        }
        for node in document.nodes
    }
    return {
        "format": FORMAT,
        "language": document.language,
        "characters": _characters(document),
        "variables": {v.name: {"type": v.type, "start": v.start, "about": v.about} for v in document.variables},
        "start": document.nodes[0].id if document.nodes else "",
        "nodes": nodes,
    }


def dialogue_json_text(document: DialogueDocument) -> str:
    return json.dumps(dialogue_json(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def string_table(document: DialogueDocument) -> str:
    """CSV (RFC 4180, UTF-8, a header row): every line and choice with its id, who says it and what a translator must know."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    answers = {choice.goto: choice.text for node in document.nodes for choice in node.choices}
    for node in document.nodes:
        before = f"answer to: {answers[node.id]}" if node.id in answers else ""
        for line in node.lines:
            context = [before, *_told(line.when)]
            table.writerow((line.id, "line", line.speaker, line.text, _context(context), node.id, document.language))
            before = f"after: {line.text}"
        for choice in node.choices:
            context = [before, f"leads to {choice.goto}", *_told(choice.when)]
            table.writerow((choice.id, "choice", "player", choice.text, _context(context), node.id, document.language))
    return out.getvalue()


def bark_table(document: LoreDocument) -> str:
    """The barks of a world in the columns of a scene's table; context is the situation."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for one in document.barks:
        for bark in one.barks:
            table.writerow((bark.id, "bark", one.character, bark.text, one.situation, "", document.language))
    return out.getvalue()


def told(condition: Condition) -> str:
    """ "trust >= 1", for people."""
    value = condition.value
    said = json.dumps(value, ensure_ascii=False) if type_of(value) != "int" else str(value)
    return f"{condition.variable} {condition.comparison} {said}"


def _told(when: Iterable[Condition]) -> list[str]:
    return [f"only if {told(condition)}" for condition in when]


def _context(parts: Iterable[str]) -> str:
    return _SEPARATOR.join(part for part in parts if part)


def _characters(document: DialogueDocument) -> list[JsonValue]:
    known = {one.name: one for one in document.cast}
    found: list[JsonValue] = []
    for name in document.characters:
        one = known.get(name)
        goals: list[JsonValue] = list(one.goals) if one else []
        knowledge: list[JsonValue] = list(one.knowledge) if one else []
        found.append({"name": name, "voice": one.voice if one else "", "goals": goals, "knowledge": knowledge})
    return found


def _when(when: Iterable[Condition]) -> list[JsonValue]:
    return [{"variable": c.variable, "comparison": c.comparison, "value": _plain(c.value)} for c in when]


def _effects(effects: Iterable[Effect]) -> list[JsonValue]:
    return [{"variable": e.variable, "change": e.change, "value": _plain(e.value)} for e in effects]


def _plain(value: VariableValue) -> JsonValue:
    return value
