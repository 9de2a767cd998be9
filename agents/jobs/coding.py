"""Code and SQL: explained, written, repaired. Python is compiled (never run) and queries are prepared by SQLite before they are shown."""

from __future__ import annotations

import ast
import re
import sqlite3
import warnings
from collections.abc import Iterator

from agents.jobs.calls import Calls
from agents.jobs.kinds import ChatJob

_BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
_MAKES = re.compile(
    r"\b(?:write|fix|debug|repair|correct|implement|create|show me|give me|improve|refactor|convert)\b|写|修复|改正|调试|实现"
)
_OTHER = re.compile(r"\b(?:javascript|typescript|java|c\+\+|c#|rust|golang|bash|php|ruby|html|css|regex|regexp|regular expression)\b|正则")
_TABLE = re.compile(r"\b(?:tables?\s+|表\s*)?([a-z_]\w*)\s*[(（]([a-z_]\w*(?:\s*[,，、]\s*[a-z_]\w*)*)[)）]", re.IGNORECASE)
_QUESTION_OF_CODE = re.compile(r"\bdef \w+\(|\bprint\(|\bimport \w|:\s*$|\breturn\b", re.MULTILINE)


def code(job: ChatJob, calls: Calls) -> Iterator[str]:
    """An explanation, or code that compiles; where it does not after a second try, that is said with the line."""
    makes = bool(_MAKES.search(job.ask.lower()))
    python = not _OTHER.search(job.message.lower())
    known = job.text if python and _QUESTION_OF_CODE.search(job.text) else ""
    wrong = fault(known) if known else None
    hint = calls.say("syntax", line=wrong[0], why=wrong[1]) if wrong else ""
    ask = f"{job.ask}\n```\n{job.text}\n```" if job.text else job.message
    if not makes:
        yield calls.text("explain", "code", "explain", ask=ask, fault=hint)
        return
    reply, broken = "", None
    for turn in range(2):
        reply = calls.text("code", "code", f"code-{turn}", as_said=True, ask=ask, fault=hint)
        block = _BLOCK.search(reply)
        if block is None and "def " in reply and fault(reply) is None:
            reply = f"```python\n{reply.strip()}\n```"
        broken = fault(block.group(2)) if block and python and block.group(1).lower() in ("", "python", "py") else None
        if broken is None:
            break
        hint = calls.say("syntax", line=broken[0], why=broken[1])
    yield reply
    if broken is not None:
        yield calls.say("not_compiled", line=broken[0], why=broken[1])


def fault(source: str) -> tuple[int, str] | None:
    """(line, why) where Python cannot compile a source, None where it can. Nothing is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return 1, str(error)
    return None


def sql(job: ChatJob, calls: Calls) -> Iterator[str]:
    """One query, prepared against the tables the message names. What SQLite does not take is said beside it."""
    if re.search(r"\b(?:explain|what does)\b|解释|什么意思", job.ask.lower()):
        yield calls.text("explain", "code", "explain", ask=job.message, fault="")
        return
    tables = {name: [c.strip() for c in re.split(r"[,，、]", columns)] for name, columns in _TABLE.findall(job.message)}
    query, wrong, hint = "", "", ""
    for turn in range(2):
        said = calls.form(
            "sql",
            "sql",
            f"sql-{turn}",
            {"query": {"type": "string", "minLength": 8, "maxLength": 500}},
            max_tokens=640,
            ask=job.message,
            fault=hint,
        )
        query = str(said.get("query", "")).strip().rstrip(";")
        wrong = refused(query, tables)
        if not wrong:
            break
        hint = f"\nSQLite: {wrong}. Last try: {query}"
    yield f"```sql\n{query};\n```"
    if wrong:
        yield calls.say("query_fails", why=wrong)


def refused(query: str, tables: dict[str, list[str]]) -> str:
    """Why SQLite does not take a query on these (empty) tables, "" when it does. A table nobody described is no fault."""
    with sqlite3.connect(":memory:") as database:
        for name, columns in tables.items():
            listed = ", ".join(f'"{column}"' for column in dict.fromkeys(columns))
            database.execute(f'CREATE TABLE "{name}" ({listed})')
        try:
            database.execute(f"EXPLAIN {query}")
        except (sqlite3.Error, sqlite3.Warning) as error:
            why = str(error)
            unknown = why.startswith("no such table") and not tables
            return "" if unknown else why
    return ""
