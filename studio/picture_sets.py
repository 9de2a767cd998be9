"""Many pictures from one wish or one table: a grid of variations over two fields, and a plan from the rows of a CSV file. Pure.

Knows steps and plans; stores nothing. studio/pictures.py keeps what comes out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from domain.errors import InputError, LimitError, MaquetteError
from domain.plan import PLAN_MAX_STEPS, Plan, Step
from domain.said import Said
from domain.specs import PictureSpec
from domain.value import JsonValue, Value
from studio.spec_changes import bad_spec, change_spec

#: Fields that a grid may go over; the others change what is wished, not how it is made.
AXES = ("seed", "preset", "style", "steps", "guidance", "margin", "negative", "prompt", "width", "height")
CELLS_MAX = 36
ROWS_MAX = 200
TABLE_MAX_BYTES = 1_000_000
_NUMBERS = ("width", "height", "steps", "seed")
_COLUMNS = ("about", "title", "preset", "style", "prompt", "negative", "margin", "palette", "guidance", *_NUMBERS)
#: What else a column may be called.
_CALLED = {"description": "about", "wish": "about", "name": "title", "cfg": "guidance", "negative_prompt": "negative"}


class Axis(Value):
    """One side of a grid: the field, and the values it takes in order."""

    field: str = Field(max_length=40)
    values: tuple[JsonValue, ...] = Field(min_length=1, max_length=CELLS_MAX)


@dataclass(frozen=True)
class Cell:
    """One picture of a grid: the step that makes it, and what it has of each axis."""

    step: Step
    x: JsonValue
    y: JsonValue


def grid(plan: Plan, step_id: str, x: Axis, y: Axis | None = None) -> tuple[Cell, ...]:
    """New steps like this one, row by row: x changes fastest. All have one seed unless an axis gives seeds, so that only what an axis says
    differs.

    Raises NotFound, InputError naming the axis or the value that does not fit, LimitError for more cells than fit.
    """
    step = plan.step(step_id)
    if not isinstance(step.spec, PictureSpec):
        raise InputError(
            "{step_id} is a {kind} step; a grid is made of pictures.",
            hint="Choose a picture step.",
            field="step",
            step_id=step_id,
            kind=step.kind.value,
        )
    axes = {"x": x, **({"y": y} if y is not None else {})}
    for name, axis in axes.items():
        if axis.field not in AXES:
            raise InputError(
                "A grid cannot go over {value}.",
                hint="Use one of: {known}.",
                field=f"{name}.field",
                value=repr(axis.field),
                known=", ".join(AXES),
            )
    if y is not None and x.field == y.field:
        raise InputError("Both axes go over {value}.", hint="Choose another field for one of them.", field="y.field", value=x.field)
    rows: Sequence[JsonValue] = y.values if y is not None else (None,)
    count = len(x.values) * len(rows)
    if count > CELLS_MAX or len(plan.steps) + count > PLAN_MAX_STEPS:
        most = min(CELLS_MAX, PLAN_MAX_STEPS - len(plan.steps))
        raise LimitError(
            "The grid has {count} pictures; {max} more fit here.", hint="Take values away.", field="x.values", count=count, max=max(0, most)
        )
    cells: list[Cell] = []
    grown = plan
    seed = step.spec.seed if step.spec.seed >= 0 else plan.seed % 2**31
    for down in rows:
        for across in x.values:
            values: dict[str, JsonValue] = {"seed": seed, x.field: across, **({y.field: down} if y is not None else {})}
            told = ", ".join(f"{axis} {value}" for axis, value in ((x.field, across), *([(y.field, down)] if y is not None else [])))
            spec = change_spec(step, values)
            update = {"id": grown.next_id(step.kind), "spec": spec, "title": f"{step.title[:120]}: {told}"[:200]}
            made = step.model_copy(update=update)
            grown = grown.model_copy(update={"steps": (*grown.steps, made)})
            cells.append(Cell(made, across, down))
    return tuple(cells)


class BadRow(Value):
    """row: as a spreadsheet counts it, the heading being row 1. field: the column, "" for the whole row. said: the message as templates."""

    row: int
    field: str
    message: str
    said: tuple[Said, ...] = ()

    @classmethod
    def of(cls, row: int, field: str, error: MaquetteError) -> BadRow:
        return cls(row=row, field=field, message=str(error), said=error.said)

    def told(self, table: Mapping[str, str]) -> str:
        """In the language of a table of templates."""
        return " ".join(said.told(table) for said in self.said) or self.message


@dataclass(frozen=True)
class Table:
    """steps: of the rows that can be made. bad: the others, and why."""

    steps: tuple[Step, ...]
    bad: tuple[BadRow, ...]


def read_table(data: bytes, name: str, fault: Callable[[Step], MaquetteError | None]) -> Table:
    """Picture steps from a CSV file with a heading: about (or prompt), and any of title, preset, style, negative, margin, palette, width,
    height, steps, guidance, seed. Separated by comma, semicolon or tab; UTF-8.

    fault: why a step could only fail, None where nothing is known against it. Raises InputError for what is no such table, LimitError.
    """
    rows = _rows(data, name)
    steps: list[Step] = []
    bad: list[BadRow] = []
    for number, row in rows:
        try:
            step = _step(row, len(steps) + 1)
        except InputError as error:
            bad.append(BadRow.of(number, error.field.rpartition(".")[2], error))
            continue
        if told := fault(step):
            bad.append(BadRow.of(number, "about", told))
        else:
            steps.append(step)
    return Table(tuple(steps), tuple(bad))


def _rows(data: bytes, name: str) -> list[tuple[int, dict[str, str]]]:
    """The rows that hold something, by their numbers."""
    if len(data) > TABLE_MAX_BYTES:
        raise LimitError(
            "{name} has {count} MB; a table may have 1 MB.",
            hint="Split it.",
            field="table",
            name=name,
            count=f"{len(data) / 1000000.0:.1f}",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("{name} is not UTF-8 text.", hint="Save it as CSV in UTF-8.", field="table", name=name) from error
    if "\0" in text:
        raise InputError("{name} is not a text file.", hint="Save it as CSV in UTF-8.", field="table", name=name)
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    try:
        lines = list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error as error:
        raise InputError(
            "{name} is not a CSV table: {error}.", hint="Save it as CSV in UTF-8.", field="table", name=name, error=str(error)
        ) from error
    called = [cell.strip().casefold().replace(" ", "_") for cell in lines[0]] if lines else []
    columns = [_CALLED.get(column, column) for column in called]
    unknown = [column for column in columns if column not in _COLUMNS]
    if not {"about", "prompt"} & set(columns) or unknown:
        no_column = "{name}: there is no column about or prompt."
        told = "{name}: the column {column} is not known." if unknown else no_column
        column = repr(unknown[0][:40]) if unknown else ""
        raise InputError(told, hint="The first row names columns: {known}.", field="table", name=name, column=column, known=list(_COLUMNS))
    filled = [(number, line) for number, line in enumerate(lines[1:], start=2) if any(cell.strip() for cell in line)]
    if len(filled) > ROWS_MAX:
        raise LimitError(
            "{name} has {count} rows; {rows_max} are the most.",
            hint="Split it.",
            field="table",
            name=name,
            count=len(filled),
            rows_max=ROWS_MAX,
        )
    return [(number, dict(zip(columns, (cell.strip() for cell in line), strict=False))) for number, line in filled]


def _step(row: Mapping[str, str], number: int) -> Step:
    """Raises InputError at the column that does not fit."""
    values: dict[str, Any] = {name: value for name, value in row.items() if value and name != "title"}
    values.setdefault("about", values.get("prompt", "")[:2000])
    for name in _NUMBERS:
        if name in values:
            values[name] = _number(name, values[name], whole=True)
    if "guidance" in values:
        values["guidance"] = _number("guidance", values["guidance"], whole=False)
    if "palette" in values:
        values["palette"] = tuple(values["palette"].replace(",", " ").replace(";", " ").split())
    try:
        spec = PictureSpec.model_validate(values)
    except ValidationError as error:
        raise bad_spec("row", error) from error
    return Step(id=f"picture-{number}", title=(row.get("title") or spec.about)[:80], spec=spec)


def _number(name: str, text: str, *, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError as error:
        kind = "a whole number" if whole else "a number"
        raise InputError(
            "{name} is {text}; it must be {kind}.",
            hint="Correct the cell.",
            field=f"row.{name}",
            name=name,
            text=repr(text[:40]),
            kind=kind,
        ) from error
