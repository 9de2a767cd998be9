"""String tables as lines to be spoken: read row by row, each bad row named, the others kept. And the report of what came of them. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence

from domain.dialogue import Character, DialogueDocument
from domain.errors import InputError, LimitError
from domain.hearing import Hearing
from domain.value import Value
from pipelines.audio import text as speakable

#: Lines of one table, and characters of one line: what a speech step takes.
LINES_MAX = 1200
LINE_MAX_CHARACTERS = 5000
TABLE_MAX_BYTES = 8 << 20
_ID = re.compile(r"[\w.:-]{1,80}")
#: Rows a player reads and nobody says, in the tables that dialogues give.
SILENT_KINDS = frozenset({"choice"})


class LineRow(Value):
    """One line to be spoken. language "" takes the table's. row: its number in the file, the header is 1; 0 where there is no file."""

    id: str
    character: str = ""
    text: str
    language: str = ""
    row: int = 0


class RefusedRow(Value):
    """A row that cannot be spoken: its number in the file (the header is 1), its id where it has one, and why."""

    row: int
    id: str
    why: str


class LineReport(Value):
    """What became of one line. state: waiting, running, done, failed, cancelled, refused. file: in the pack, "" where there is none.

    changed: the line, its voice or the lexicon are others now than when the take was made. version: of the take that counts: the newest
    approved one, else the newest that was not rejected. takes: how many there are. newer: one was made after that which counts.
    """

    line: str
    plan_id: str = ""
    step_id: str = ""
    character: str = ""
    text: str = ""
    voice: str = ""
    state: str
    why: str = ""
    asset_id: str = ""
    version: int = 0
    takes: int = 0
    newer: bool = False
    seconds: float = 0.0
    changed: bool = False
    file: str = ""
    hearing: Hearing | None = None


def read_table(text: str, *, silent: bool = False) -> tuple[tuple[LineRow, ...], tuple[RefusedRow, ...]]:
    """The rows of a CSV with columns id and text, and where there are such character, kind and language.

    silent: take rows that are only read too (choices). Raises InputError for what is no such table, LimitError for one too large.
    """
    if len(text.encode()) > TABLE_MAX_BYTES:
        raise LimitError(
            "The table is larger than {table_max_bytes} MB.", hint="Give it in parts.", field="table", table_max_bytes=TABLE_MAX_BYTES >> 20
        )
    try:
        reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), strict=True)
        columns = [(name or "").strip().casefold() for name in reader.fieldnames or ()]
        rows = [dict(zip(columns, row.values(), strict=False)) for row in reader]
    except csv.Error as error:
        raise InputError(
            "This is no CSV: {error}.", hint="Save it as CSV with commas and quotes.", field="table", error=str(error)
        ) from error
    if missing := [name for name in ("id", "text") if name not in columns]:
        raise InputError(
            "The column {known} is missing.", hint="The header names id, character, text.", field="table", known=" and ".join(missing)
        )
    found: list[LineRow] = []
    refused: list[RefusedRow] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=2):
        if (row.get("kind") or "").strip().casefold() in SILENT_KINDS and not silent:
            continue
        line = LineRow.model_construct(
            id=(row.get("id") or "").strip(),
            character=(row.get("character") or row.get("speaker") or "").strip(),
            text=(row.get("text") or "").strip(),
            language=(row.get("language") or "").strip(),
            row=number,
        )
        why = _fault(line, seen)
        seen.add(line.id)
        if why:
            refused.append(RefusedRow(row=number, id=line.id[:80], why=why))
        else:
            found.append(line)
    if len(found) > LINES_MAX:
        raise LimitError(
            "The table has {count} lines; {lines_max} are the most.",
            hint="Give it in parts.",
            field="table",
            count=len(found),
            lines_max=LINES_MAX,
        )
    return tuple(found), tuple(refused)


def lines_of(document: DialogueDocument) -> tuple[LineRow, ...]:
    """The spoken lines of a scene, in order."""
    return tuple(LineRow(id=line.id, character=line.speaker, text=line.text) for node in document.nodes for line in node.lines)


def people_of(rows: Sequence[LineRow], known: Sequence[Character] = ()) -> tuple[Character, ...]:
    """Who speaks in the rows, each once, with what is known of them."""
    about = {one.name.casefold(): one for one in known}
    names = dict.fromkeys(row.character for row in rows if row.character)
    return tuple(about.get(name.casefold()) or Character(name=name[:60]) for name in names)


def file_names(lines: Sequence[str]) -> tuple[str, ...]:
    """The WAV of each line: its id, with "_" for what is no letter, figure, "-" or ".". No two are the same, not even on a disk that
    takes capitals for small letters: an id that stands so keeps its name, of others the later one gets "-2", "-3" (`a_1.wav`, `a_1-2.wav`).
    """
    plain = [re.sub(r"[^\w.-]", "_", line) for line in lines]
    found: dict[int, str] = {}
    taken: set[str] = set()
    for number in sorted(range(len(lines)), key=lambda n: (plain[n] != lines[n], n)):
        name, again = plain[number], 1
        while name.casefold() in taken:
            again += 1
            name = f"{plain[number]}-{again}"
        taken.add(name.casefold())
        found[number] = f"{name}.wav"
    return tuple(found[number] for number in range(len(lines)))


def report_csv(rows: Sequence[LineReport]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(
        ("id", "character", "text", "voice", "state", "check", "error", "said", "heard", "takes", "version", "seconds", "file", "why")
    )
    for row in rows:
        hearing, run = row.hearing, row.hearing.longest if row.hearing else None
        checked = (hearing.state, hearing.error, run.said if run else "", run.heard if run else "", hearing.tries) if hearing else ("",) * 5
        cells = (row.line, row.character, row.text, row.voice, row.state, *checked, row.version or "", row.seconds or "", row.file, row.why)
        table.writerow([_inert(cell) for cell in cells])
    return out.getvalue()


def report_json(rows: Sequence[LineReport]) -> str:
    return json.dumps([row.model_dump(mode="json") for row in rows], ensure_ascii=False, indent=2) + "\n"


def _fault(line: LineRow, seen: set[str]) -> str:
    if not line.id:
        return "It has no id. Give every row one."
    if not _ID.fullmatch(line.id):
        return "Its id holds signs that no file name takes. Use letters, digits, _, -, . and :."
    if line.id in seen:
        return "Its id is there twice. Give every row its own."
    if len(line.text) > LINE_MAX_CHARACTERS:
        return f"It has {len(line.text):,} characters; a line may have {LINE_MAX_CHARACTERS:,}. Cut it into several."
    if len(line.character) > 60:
        return "The character's name has more than 60 characters. Shorten it."
    try:
        speakable.clean(line.text)
    except InputError as error:
        return str(error)
    return ""


def _inert(cell: object) -> object:
    """A text that a spreadsheet would run as a formula gets an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
