"""A small reader of Fountain, written from the syntax page (fountain.io/syntax): what the tests read scripts back with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADING = re.compile(r"^(?:INT|EXT|EST|INT\./EXT|INT/EXT|I/E)[. ]", re.IGNORECASE)


@dataclass
class Element:
    kind: str
    text: str


@dataclass
class Fountain:
    title: dict[str, str] = field(default_factory=dict)
    elements: list[Element] = field(default_factory=list)

    def of(self, kind: str) -> list[str]:
        return [element.text for element in self.elements if element.kind == kind]


def read_fountain(text: str) -> Fountain:
    rows = text.splitlines()
    script, at = Fountain(), 0
    while at < len(rows) and (pair := re.match(r"^([A-Za-z ]+):\s*(.*)$", rows[at])):
        script.title[pair[1]] = pair[2]
        at += 1
    body = ["", *rows[at:], ""]
    here = 1
    while here < len(body):
        row, before, after = body[here], body[here - 1], body[here + 1] if here + 1 < len(body) else ""
        here += 1
        if not row.strip():
            continue
        if row.startswith("[[") and row.endswith("]]"):
            script.elements.append(Element("note", row[2:-2]))
        elif row.startswith("!"):
            script.elements.append(Element("action", _plain(row[1:])))
        elif not before.strip() and not after.strip() and (_HEADING.match(row) or re.match(r"^\.[^.]", row)):
            script.elements.append(Element("heading", row.removeprefix(".")))
        elif not before.strip() and not after.strip() and (row.startswith(">") or (row == row.upper() and row.endswith("TO:"))):
            script.elements.append(Element("transition", row.removeprefix(">")))
        elif not before.strip() and after.strip() and (row.startswith("@") or (row == row.upper() and re.search(r"[A-Z]", row))):
            script.elements.append(Element("character", row.removeprefix("@")))
            while here < len(body) and body[here].strip():
                said = body[here]
                script.elements.append(Element("parenthetical" if said.startswith("(") else "dialogue", _plain(said)))
                here += 1
        else:
            script.elements.append(Element("action", _plain(row)))
    return script


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
