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
    named = _NAMED_COLUMNS.search(job.message)
    schema: dict[str, JsonValue] = {"columns": texts(_COLUMNS_MOST, 40, 2), "rows": texts(_ROWS_MOST, 60)}
    plan = calls.form("columns", "table", "columns", schema, max_tokens=600, ask=ask)
    columns = listed(plan.get("columns"))
    if named is not None:
        said = next(group for group in named.groups() if group)
        columns = [c.strip() for c in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|[、，和]", said) if c.strip()][:_COLUMNS_MOST]
    rows = listed(plan.get("rows"))
    if len(columns) < 2 or not rows:
        yield calls.say("none_found")
        return
    filled: list[list[str]] = []
    for row in rows:
        cells = calls.form(
            "row", "table", f"row-{row}", {"cells": texts(len(columns), 80, len(columns))},
            max_tokens=100 * len(columns), ask=ask, columns=" | ".join(columns), row=row,
        )  # fmt: skip
        values = [" ".join(str(c).split()) for c in cells.get("cells", [])] or [row]
        filled.append(values)
    yield markdown(columns, filled)


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
