"""Lists and tables as Markdown that renders: the model gives items and cells, code counts and sets them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from agents.jobs.calls import Calls, listed, texts
from agents.jobs.kinds import ChatJob
from agents.jobs.limits import ITEMS_MOST, Limits
from agents.lexicon import language_of
from domain.value import JsonValue

_TRIES = 3
_COLUMNS_MOST = 8
_ROWS_MOST = 20
_TURN = re.compile(r"\b(?:turn|make|put|convert|format|break|write|as|into|change)\b|变成|改成|整理")
_MARK = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)、])\s*")
_NAMED_COLUMNS = re.compile(
    r"\b(?:with )?(?:the )?columns? (?:named |called |are )?:?\s*(.+?)[.?!]?$|(?:列|栏)(?:为|是|：|:)\s*(.+?)[。]?$", re.IGNORECASE
)


def list_of(job: ChatJob, calls: Calls) -> Iterator[str]:
    """A list of so many items. A text given is split into its own parts, word for word; otherwise the model names items, each once."""
    if job.text and _TURN.search(job.ask.lower()):
        yield "\n".join(f"- {item}" for item in _own_items(job.text))
        return
    count = min(ITEMS_MOST, Limits.read(job.ask).items or 5)
    found: list[str] = []
    for turn in range(_TRIES):
        ask = job.message if not job.text else f"{job.ask}\n{job.text[:2000]}"
        without = [*found, *(line for answer in job.earlier for line in (_MARK.sub("", row) for row in answer.splitlines()))]
        if without:
            ask += (" 不要：" if calls.told == "zh" else " Not: ") + ", ".join(w[:60] for w in without[:30])
        said = calls.form(
            "list", "list", f"list-{turn}", {"items": texts(count + 1, 160, count - len(found))},
            max_tokens=170 * (count + 1) if count <= 5 else 2000, ask=ask, count=count - len(found), language=calls.name(),
        )  # fmt: skip
        known = {w.casefold() for w in without}
        for item in listed(said.get("items")):
            item = _MARK.sub("", item).strip()
            right = calls.told != "zh" or language_of(item) == "zh"
            if item and item.casefold() not in known and right:
                found.append(item)
                known.add(item.casefold())
        if len(found) >= count:
            break
    yield "\n".join(f"{n}. {item}" for n, item in enumerate(found[:count], 1))


def _own_items(text: str) -> list[str]:
    """The parts of a text that is a list in prose: lines, or what commas and "and" part."""
    lines = [_MARK.sub("", line).strip() for line in text.splitlines() if line.strip()]
    if len(lines) > 1:
        return lines
    parts = re.split(r"\s*[;；]\s*", text)
    if len(parts) == 1:
        parts = re.split(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+(?=[^,]*$)|[、，]", text)
    if max(len(p.split()) for p in parts) > 12:
        parts = re.split(r"(?<=[.!?。！？])\s*", text)
    return [part.strip(" .。") for part in parts if part.strip(" .。")]


def table(job: ChatJob, calls: Calls) -> Iterator[str]:
    """A table of rows that code sets. Text that is a table already (CSV, tabs) is set as it stands."""
    ready = _separated(job.text or job.message)
    if ready is not None:
        yield markdown(ready[0], ready[1:])
        return
    ask = f"{job.ask}: {job.text[:2400]}" if job.text else job.message
    name = calls.name(language_of(job.message))
    columns = _named(job.message)
    if not columns:
        plan = calls.form("columns", "table", "columns", {"columns": texts(_COLUMNS_MOST, 24, 2)}, max_tokens=300, ask=ask, language=name)
        columns = listed(plan.get("columns"))
    if len(columns) < 2:
        yield calls.say("none_found")
        return
    count = None if job.text else Limits.read(job.ask).items
    row = texts(len(columns), 60, len(columns))
    most = min(_ROWS_MOST, count or 12)
    schema: dict[str, JsonValue] = {"rows": {"type": "array", "items": row, "minItems": min(most, count or 1), "maxItems": most}}
    said = calls.form("rows", "table", "rows", schema, max_tokens=1600, ask=ask, columns=" | ".join(columns), language=name)
    rows: dict[str, list[str]] = {}
    for cells in said.get("rows", []):
        values = [" ".join(str(cell).split()) for cell in cells] if isinstance(cells, list) else []
        if values and [v.casefold() for v in values] != [c.casefold() for c in columns]:
            rows.setdefault(values[0].casefold(), values)
    yield markdown(columns, list(rows.values())) if rows else calls.say("none_found")


def _named(message: str) -> list[str]:
    """The columns a message names, in order."""
    named = _NAMED_COLUMNS.search(message)
    if named is None:
        return []
    said = next(group for group in named.groups() if group)
    return [c.strip() for c in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|[、，和]", said) if c.strip()][:_COLUMNS_MOST]


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; every row has as many cells as there are columns, and a cell cannot break out of its column."""
    width = len(columns)

    def line(cells: Sequence[str]) -> str:
        full = [*cells, *[""] * width][:width]
        return "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").strip() or " " for cell in full) + " |"

    return "\n".join([line(columns), "|" + " --- |" * width, *(line(row) for row in rows)])


def _separated(text: str) -> list[list[str]] | None:
    """The cells of comma- or tab-separated lines, None when a text is not of that form."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    for mark in ("\t", ",", ";"):
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=mark)]
        if len(rows) >= 2 and len(rows[0]) >= 2 and all(len(row) == len(rows[0]) for row in rows):
            return rows
    return None
