"""Reads the planted cases of benchmarks/data: texts, the faults marked in them, and what each may lean on. Knows no check."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("data")
FACTS, LATER, WORDING = DATA / "planted.toml", DATA / "planted_later.toml", DATA / "planted_wording.toml"
#: Only counted, never shown: what the checks are mended with must not be what they are measured with.
UNSEEN = DATA / "planted_unseen.toml"
_MARK = re.compile(r"⟦(\w+)\|([^⟧]*)⟧")


@dataclass(frozen=True)
class Mark:
    """One planted fault: its kind and where it stands in the text, (start, end) in characters."""

    kind: str
    span: tuple[int, int]


@dataclass(frozen=True)
class Case:
    """One text. marks empty and faulty True: the text is at fault as a whole. clean texts have faulty False."""

    id: str
    kind: str
    language: str
    text: str
    faulty: bool
    source: str = ""
    marks: tuple[Mark, ...] = ()
    strict: bool = False
    held_out: bool = False


def marked(text: str) -> tuple[str, tuple[Mark, ...]]:
    """The text without its marks, and the marks with spans in that text."""
    bare, marks, at = "", [], 0
    for m in _MARK.finditer(text):
        bare += text[at : m.start()]
        marks.append(Mark(m[1], (len(bare), len(bare) + len(m[2]))))
        bare += m[2]
        at = m.end()
    return bare + text[at:], tuple(marks)


def fact_cases(path: Path = FACTS) -> tuple[Case, ...]:
    """Texts with inventions against their sources; kind is "facts"."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
    return tuple(case for row in rows for case in _of(row, row["id"], "facts", row["text"]))


def wording_cases(path: Path = WORDING) -> tuple[Case, ...]:
    """Texts with faults of wording; kind is the check that must see them."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    return tuple(case for row in rows for case in _of(row, f"{row['kind']}-{row['language']}", row["kind"], row.get("brief", "")))


def _of(row: dict[str, Any], name: str, kind: str, source: str) -> list[Case]:
    cases = []
    for faulty in (True, False):
        for number, raw in enumerate(row["faulty" if faulty else "clean"], start=1):
            text, marks = marked(raw)
            cases.append(
                Case(
                    id=f"{name}/{'faulty' if faulty else 'clean'}/{number}",
                    kind=kind,
                    language=row["language"],
                    text=text,
                    faulty=faulty,
                    source=source,
                    marks=marks,
                    strict=bool(row.get("strict")),
                    held_out=bool(row.get("held_out")),
                )
            )
    return cases
