"""What a check says about a text, picture, sound or plan."""

from __future__ import annotations

from enum import StrEnum

from domain.value import Value


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(Value):
    """One fault. `span` is (start, end) in characters of the text of `field`; None when it concerns the whole."""

    rule: str
    severity: Severity
    message: str
    field: str = ""
    span: tuple[int, int] | None = None
    suggestion: str = ""
