"""String tables and documents as lines to translate, and back again with other words in them. Pure.

A table is CSV (comma, semicolon or tab, with a head) or JSON (texts at its leaves). Rows, columns, keys and their order come back as they
were: only the text changes. Knows nothing of languages or of who translates.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import InputError
from domain.value import JsonValue

CSV = "text/csv"
JSON = "application/json"
PLAIN = "text/plain"


@dataclass(frozen=True)
class Line:
    """id: the key of the row, or the path in the document. limit: the most characters it may have, 0 where nothing says so.

    given: the translation that stands in the table already, "" for none.
    """

    id: str
    text: str
    limit: int = 0
    given: str = ""


@dataclass(frozen=True)
class Table:
    """lines in order. `places` says where each stands in `content`, which is rows of cells or a JSON value."""

    media_type: str
    lines: tuple[Line, ...]
    content: Any = field(repr=False)
    places: tuple[tuple[Any, ...], ...] = field(repr=False)
    delimiter: str = ","

    def with_texts(self, texts: Sequence[str]) -> str:
        """The table with these texts, one for each line."""
        if self.media_type == PLAIN:
            rows = list(self.content)
            for (at,), text in zip(self.places, texts, strict=True):
                rows[at] = text
            return "\n".join(rows)
        if self.media_type == CSV:
            out = io.StringIO()
            rows = [list(row) for row in self.content]
            for (row, column), text in zip(self.places, texts, strict=True):
                rows[row] += [""] * (column + 1 - len(rows[row]))
                rows[row][column] = text
            csv.writer(out, delimiter=self.delimiter, lineterminator="\n").writerows(rows)
            return out.getvalue()
        value = json.loads(json.dumps(self.content))
        for path, text in zip(self.places, texts, strict=True):
            put(value, path, text)
        return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def read_table(text: str, columns: Mapping[str, Sequence[str]], source: str, target: str) -> Table:
    """What `text` is: JSON, a CSV table with a head that names its texts, else plain text line by line.

    columns: names a column of ids, texts or limits may have, lower case. source and target: language codes; a column of that name counts
    too, and the target's is where translations go (it is added when it is not there; what stands in it already is given back).
    Raises InputError for JSON that does not parse or has a key twice, and for a table whose columns cannot be told.
    """
    bare = text.lstrip("\ufeff").strip("\r\n")
    if bare.lstrip()[:1] in ("{", "["):
        return _json(bare, columns, source)
    found = _csv(bare, columns, source, target)
    if found is not None:
        return found
    rows = bare.splitlines()
    places = [(at,) for at, row in enumerate(rows) if row.strip()]
    return Table(PLAIN, tuple(Line(str(number), rows[at]) for number, (at,) in enumerate(places, 1)), rows, tuple(places))


def document_table(document: JsonValue, paths: Sequence[str]) -> Table:
    """The texts of a document at `paths` ("slots.*.lines.*.text"). A line that has an id of its own is called by it."""
    lines: list[Line] = []
    places: list[tuple[Any, ...]] = []
    for pattern in paths:
        for path in _found(document, pattern.split("."), ()):
            text = at(document, path)
            if isinstance(text, str) and text.strip():
                holder = at(document, path[:-1])
                own = holder.get("id") if isinstance(holder, dict) else None
                lines.append(Line(str(own or ".".join(map(str, path))), text, _slot_limit(document, path)))
                places.append(path)
    return Table(JSON, tuple(lines), document, tuple(places))


def at(value: Any, path: Sequence[Any]) -> Any:
    for part in path:
        value = value[part]
    return value


def put(value: Any, path: Sequence[Any], text: str) -> None:
    at(value, path[:-1])[path[-1]] = text


def _slot_limit(document: Any, path: tuple[Any, ...]) -> int:
    """The limit of the copy field a line stands in."""
    slot = at(document, path[:2]) if len(path) > 2 else None
    return int(slot.get("max_chars", 0)) if isinstance(slot, dict) else 0


def _found(value: Any, parts: Sequence[str], path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if not parts:
        return [path]
    if parts[0] == "*":
        return [hit for n, item in enumerate(value or ()) for hit in _found(item, parts[1:], (*path, n))] if isinstance(value, list) else []
    if not isinstance(value, dict) or parts[0] not in value:
        return []
    return _found(value[parts[0]], parts[1:], (*path, parts[0]))


def _json(text: str, columns: Mapping[str, Sequence[str]], source: str) -> Table:
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in items]
        twice.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)
        return dict(items)

    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(
            "The string table is not valid JSON{where}.", hint="Mend it there, then try again.", field="text", where=where
        ) from error
    if twice:
        raise InputError(
            "The string table has the key “{twice}” twice.",
            hint="Give every line a key of its own: one of them would be lost.",
            field="text",
            twice=twice[0],
        )
    leaves = _leaves(value, ())
    named = {*columns["text"], source}
    if isinstance(value, list) and any(path and str(path[-1]).lower() in named for path in leaves):
        leaves = [path for path in leaves if str(path[-1]).lower() in named]  # a list of records: only the texts of each
    keys = {*columns["id"], *columns["limit"]}
    lines, places = [], []
    for path in leaves:
        holder = at(value, path[:-1])
        own = next((holder[k] for k in columns["id"] if k in holder and k != path[-1]), None) if isinstance(holder, dict) else None
        if isinstance(value, list) and str(path[-1]).lower() in keys:
            continue
        lines.append(
            Line(str(own) if isinstance(own, str | int) else ".".join(map(str, path)), at(value, path), _limit_of(holder, columns))
        )
        places.append(path)
    return Table(JSON, tuple(lines), value, tuple(places))


def _limit_of(holder: Any, columns: Mapping[str, Sequence[str]]) -> int:
    found = next((holder[name] for name in columns["limit"] if isinstance(holder, dict) and name in holder), 0)
    return found if isinstance(found, int) else 0


def _leaves(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Paths of all texts. What an ARB file says about a string (keys that begin with @) is no text."""
    if isinstance(value, str):
        return [path]
    items: list[tuple[Any, Any]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [leaf for key, item in items if not str(key).startswith("@") for leaf in _leaves(item, (*path, key))]


def _csv(text: str, columns: Mapping[str, Sequence[str]], source: str, target: str) -> Table | None:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    if not first.count(delimiter):
        return None
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if _column([cell.strip().lower() for cell in first.split(delimiter)], (*columns["id"], source)) is None:
            return None  # a sentence with a comma and a quotation mark
        hint = "A quotation mark inside a cell is written twice, and every quoted cell is closed."
        raise InputError("The string table is not valid CSV ({error}).", hint=hint, field="text", error=str(error)) from error
    head = [cell.strip().lower() for cell in rows[0]]
    key = _column(head, columns["id"])
    texts = _column(head, (source, *columns["text"]))
    if texts is None or (key is None and len(rows) < 2):
        if key is None:
            return None
        raise InputError(
            "The string table has no column of texts (its head: {known}).",
            hint="Call it {columns}, {columns2}, or by the language’s code ({source}).",
            field="text",
            known=", ".join(rows[0]),
            columns=columns["text"][0],
            columns2=columns["text"][2],
            source=source,
        )
    limit = _column(head, columns["limit"])
    goal, there = _column(head, (target,)), True
    if goal is None or goal == texts:
        there = False
        goal = max(len(row) for row in rows)
        rows[0] = rows[0] + [""] * (goal - len(rows[0])) + [target]
    lines, places = [], []
    for number, row in enumerate(rows[1:], 1):
        if len(row) > texts and row[texts].strip():
            own = row[key].strip() if key is not None and len(row) > key else ""
            most = row[limit].strip() if limit is not None and len(row) > limit else ""
            given = row[goal].strip() if there and len(row) > goal else ""
            lines.append(Line(own or f"row {number}", row[texts], int(most) if most.isdigit() else 0, given))
            places.append((number, goal))
    return Table(CSV, tuple(lines), rows, tuple(places), delimiter)


def _column(head: Sequence[str], names: Sequence[str]) -> int | None:
    return next((head.index(name) for name in names if name and name in head), None)
