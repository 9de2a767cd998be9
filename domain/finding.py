"""What a check says about a text, picture, sound or plan, and how a finding that carries a repair is applied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from domain.errors import InputError
from domain.said import Said, Words, filled, plain
from domain.value import JsonValue, Value


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(Value):
    """One fault. `span` is (start, end) in characters of the text of `field`; None when it concerns the whole.

    suggestion: advice for a person, in words. repair: the text to put in place of the span ("" takes the span out), or None where only a
    person or a model can mend it. Only findings that are `mendable` can be accepted with one click.

    message and suggestion are English. message_id and suggestion_id are the templates they were made from, `values` what fills both:
    by these a page says them in its reader's language. Findings stored before there were templates have their message alone.
    """

    rule: str
    severity: Severity
    message: str
    field: str = ""
    span: tuple[int, int] | None = None
    suggestion: str = ""
    repair: str | None = None
    message_id: str = ""
    suggestion_id: str = ""
    values: dict[str, JsonValue] = {}

    @classmethod
    def of(
        cls,
        rule: str,
        severity: Severity,
        message: str,
        field: str = "",
        span: tuple[int, int] | None = None,
        suggestion: str = "",
        repair: str | None = None,
        given: Mapping[str, object] | None = None,
        **values: Words,
    ) -> Finding:
        """A finding from templates; what fills their {places} is given by name. Every template stands in assets/checks/messages.toml.

        given: values beside those in `values`.
        """
        kept = {name: plain(value) for name, value in {**(given or {}), **values}.items()}
        return cls(
            rule=rule,
            severity=severity,
            message=filled(message, kept),
            field=field,
            span=span,
            suggestion=filled(suggestion, kept),
            repair=repair,
            message_id=message,
            suggestion_id=suggestion,
            values=kept,
        )

    def told(self, table: Mapping[str, str]) -> str:
        """Message and advice in the language of a table of templates; where it has none of them, in English."""
        if not self.message_id:
            return f"{self.message} {self.suggestion}".strip()
        return f"{filled(self.message_id, self.values, table)} {filled(self.suggestion_id, self.values, table)}".strip()

    @property
    def said(self) -> Said:
        """The message as a value of another one."""
        return Said(message_id=self.message_id or self.message, values=self.values)

    @property
    def mendable(self) -> bool:
        """There is a text to put in place of the span."""
        return self.repair is not None and self.span is not None


def repaired(text: str, finding: Finding) -> str:
    """The text with the finding's repair in place of its span. Where the repair takes words out, no doubled space stays behind.

    Raises InputError when the finding carries no repair, or its span lies outside the text.
    """
    if finding.repair is None or finding.span is None:
        raise InputError(
            "The finding “{rule}” has no repair to apply.", hint="Edit the text by hand.", field=finding.field, rule=finding.rule
        )
    start, end = finding.span
    if not 0 <= start <= end <= len(text):
        raise InputError(
            "The finding “{rule}” points at characters {start} to {end} of a text of {count}.",
            hint="The text was changed since it was checked; check it again.",
            field=finding.field,
            rule=finding.rule,
            start=start,
            end=end,
            count=len(text),
        )
    before, after = text[:start], text[end:]
    if not finding.repair:
        if before.endswith(" ") or not before:
            after = after.removeprefix(" ")
        if re.match(r"[,.!?;:]", after):
            before = before.rstrip(" ")
        # A sentence that lost its first word begins with a capital all the same.
        if re.search(r"(?:^|[.!?]\s)$", before) and text[start : start + 1].isupper():
            after = after[:1].upper() + after[1:]
    return before + finding.repair + after


def all_repaired(text: str, findings: Iterable[Finding]) -> str:
    """Every repair of these findings, from the end of the text to its start; of two that overlap, the one that begins first."""
    chosen: list[Finding] = []
    for finding in sorted((f for f in findings if f.mendable), key=lambda f: f.span or (0, 0)):
        if not chosen or (finding.span or (0, 0))[0] >= (chosen[-1].span or (0, 0))[1]:
            chosen.append(finding)
    for finding in reversed(chosen):
        text = repaired(text, finding)
    return text
