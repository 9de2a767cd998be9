"""Is an edited or translated string table whole: every id once, nothing unknown, placeholders and tags as in the source. Pure.

Takes the CSV that agents/writers/game/data.py writes; columns beside id and text do not matter.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping

from agents.checks.placeholders import Placeholders
from domain.dialogue import DialogueDocument, said_in
from domain.finding import Finding, Severity
from domain.said import Words

_MOST_BYTES = 8 << 20


def string_table(table: str, document: DialogueDocument, placeholders: Placeholders) -> tuple[Finding, ...]:
    """field: the id of the row at fault; "row 7" where it has none; "table" for the whole."""
    if len(table.encode()) > _MOST_BYTES:
        return (_fault("too_large", "The table is larger than {most} MB.", "table", "Import one scene at a time.", most=_MOST_BYTES >> 20),)
    source = texts_of(document)
    try:
        reader = csv.DictReader(io.StringIO(table.lstrip("\ufeff"), newline=""), strict=True)
        columns = reader.fieldnames or ()
        rows = list(reader)
    except csv.Error as error:
        mend = "Export it again as CSV with commas and quotes."
        return (_fault("broken_table", "This is no CSV: {error}.", "table", mend, error=str(error)),)
    missing = [name for name in ("id", "text") if name not in columns]
    if missing:
        said = "The table has no column: {columns}."
        return (_fault("missing_column", said, "table", "Keep the header row.", columns=", ".join(missing)),)
    findings: list[Finding] = []
    for number, row in enumerate(rows, start=2):
        id_, text = (row["id"] or "").strip(), row["text"] or ""
        if not id_:
            findings.append(_fault("no_line_id", "This row has no id.", f"row {number}", "Keep the id of the export."))
        elif id_ not in source:
            findings.append(_fault("unknown_line", "The scene has no line '{id}'.", id_, "Keep the ids of the export.", id=id_))
        elif not text.strip():
            findings.append(_fault("empty_line", "There are no words.", id_, "Write the line."))
        else:
            findings += placeholders.intact(source[id_], text, id_)
    counts = Counter((row["id"] or "").strip() for row in rows)
    findings += [
        _fault("duplicate_line", "'{id}' is there {times} times.", id_, "Keep one of the rows.", id=id_, times=n)
        for id_, n in counts.items()
        if n > 1 and id_
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


def _fault(rule: str, message: str, field: str, suggestion: str, **values: Words) -> Finding:
    return Finding.of(rule, Severity.ERROR, message, field, None, suggestion, given=values)


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
