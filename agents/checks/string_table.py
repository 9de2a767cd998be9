"""Is an edited or translated string table whole: every id once, nothing unknown, placeholders and tags as in the source. Pure.

Takes the CSV that agents/writers/game/data.py writes; columns beside id and text do not matter.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping

from domain.dialogue import DialogueDocument, said_in
from domain.finding import Finding, Severity

#: {name}, {0}, %s, %(name)s, $name, <tag>, </tag>, [b], [/b]: what a game puts something into, or styles with.
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)[sd]|%[sd]|\$\w+|</?\w+[^<>]*>|\[/?\w+[^\[\]]*\]")
_MOST_BYTES = 8 << 20


def string_table(table: str, document: DialogueDocument) -> tuple[Finding, ...]:
    """field: the id of the row at fault; "row 7" where it has none; "table" for the whole."""
    if len(table.encode()) > _MOST_BYTES:
        return (_fault("too_large", f"The table is larger than {_MOST_BYTES >> 20} MB.", "table", "Import one scene at a time."),)
    source = texts_of(document)
    try:
        reader = csv.DictReader(io.StringIO(table.lstrip("\ufeff"), newline=""), strict=True)
        columns = reader.fieldnames or ()
        rows = list(reader)
    except csv.Error as error:
        return (_fault("broken_table", f"This is no CSV: {error}.", "table", "Export it again as CSV with commas and quotes."),)
    missing = [name for name in ("id", "text") if name not in columns]
    if missing:
        return (_fault("missing_column", f"The column {' and '.join(missing)} is missing.", "table", "Keep the header row."),)
    findings: list[Finding] = []
    for number, row in enumerate(rows, start=2):
        id_, text = (row["id"] or "").strip(), row["text"] or ""
        if not id_:
            findings.append(_fault("no_line_id", "This row has no id.", f"row {number}", "Keep the id of the export."))
        elif id_ not in source:
            findings.append(_fault("unknown_line", f"The scene has no line {id_!r}.", id_, "Keep the ids of the export."))
        else:
            findings += placeholders(source[id_], text, id_)
    counts = Counter((row["id"] or "").strip() for row in rows)
    findings += [
        _fault("duplicate_line", f"{id_!r} is there {n} times.", id_, "Keep one of the rows.") for id_, n in counts.items() if n > 1 and id_
    ]
    findings += [
        _fault("missing_line", "This line is not in the table.", id_, "Export again, or add the row.")
        for id_ in source
        if id_ not in counts
    ]
    return tuple(findings)


def texts_of(document: DialogueDocument) -> dict[str, str]:
    """Every line's and choice's words by id."""
    return {one.id: one.text for node in document.nodes for one in said_in(node)}


def placeholders(source: str, text: str, field: str = "") -> tuple[Finding, ...]:
    """Empty text; placeholders lost, added or broken (a brace without its other one, "{ name }", "｛name｝")."""
    if not text.strip():
        return (_fault("empty_line", "There are no words.", field, "Write the line."),)
    wanted, found = Counter(PLACEHOLDER.findall(source)), Counter(PLACEHOLDER.findall(text))
    findings = [_fault("placeholder_missing", f"{name} is missing.", field, f"Put {name} where it belongs.") for name in (wanted - found)]
    for name in found - wanted:
        at = text.index(name)
        findings.append(_fault("placeholder_unknown", f"{name} is not in the source.", field, "Take it out.", (at, at + len(name))))
    findings += _braces(source, text, field)
    return tuple(findings)


def _braces(source: str, text: str, field: str) -> list[Finding]:
    """A source whose own braces are only signs says nothing about those of its translation."""
    if _lone_brace(source) is not None:
        return []
    wide = re.search(r"[｛｝]", text)
    if wide and not re.search(r"[｛｝]", source):
        return [_fault("placeholder_broken", "A brace is of double width.", field, "Use { and }.", wide.span())]
    at = _lone_brace(text)
    return [] if at is None else [_fault("placeholder_broken", "A brace has no other one.", field, "Write {name}.", (at, at + 1))]


def _lone_brace(text: str) -> int | None:
    """Where a brace stands without its other one, or inside another pair."""
    opened: int | None = None
    for at, sign in enumerate(text):
        if (sign == "{") == (opened is not None) and sign in "{}":
            return at
        if sign in "{}":
            opened = at if sign == "{" else None
    return opened


def _fault(rule: str, message: str, field: str, suggestion: str = "", span: tuple[int, int] | None = None) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, message=message, field=field, suggestion=suggestion, span=span)


def translated(document: DialogueDocument, words: Mapping[str, str], language: str) -> DialogueDocument:
    """The same graph with the words of a table, by line id; a line that the table has not keeps its own."""
    nodes = tuple(
        node.model_copy(
            update={
                "lines": tuple(n.model_copy(update={"text": words.get(n.id, n.text)}) for n in node.lines),
                "choices": tuple(c.model_copy(update={"text": words.get(c.id, c.text)}) for c in node.choices),
            }
        )
        for node in document.nodes
    )
    return document.model_copy(update={"nodes": nodes, "language": language})
