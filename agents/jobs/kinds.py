"""What everyday jobs there are, and one job as read from a message."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from agents.jobs.given import Given
from domain.value import Value


class JobKind(StrEnum):
    QUESTION = "question"
    SUMMARY = "summary"
    KEYWORDS = "keywords"
    EXTRACTION = "extraction"
    CLASSIFICATION = "classification"
    TRANSLATION = "translation"
    REWRITING = "rewriting"
    CORRECTION = "correction"
    LIST = "list"
    TABLE = "table"
    ARITHMETIC = "arithmetic"
    EXACT = "exact"
    CODE = "code"
    SQL = "sql"
    FACT = "fact"
    WRITING = "writing"
    DISPUTE = "dispute"
    UNKNOWABLE = "unknowable"


class ChatJob(Value):
    """ask: the instruction; text: what it is about, "" for none; message: both, as the person wrote them.

    target: language code of a translation. earlier: answers that must not be given again. about: the earlier question that a dispute is
    about, and `answer` what was said to it. follows: read from what was said before, not from this message alone.
    given: the files that `text` is made of, none for pasted text.
    """

    kind: JobKind
    ask: str
    text: str = ""
    message: str = ""
    target: str = ""
    sum: str = ""
    earlier: tuple[str, ...] = ()
    about: str = ""
    answer: str = ""
    reason: Literal["", "personal", "future", "live"] = ""
    follows: bool = False
    given: tuple[Given, ...] = ()
