"""The finished words: what copy, article, script, dialogue and translation steps produce. Stored as JSON, rendered to text for people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from domain.counting import CountingRule, count
from domain.dialogue import DIALOGUE_MEDIA_TYPE as DIALOGUE_MEDIA_TYPE
from domain.dialogue import Choice as Choice
from domain.dialogue import DialogueDocument as DialogueDocument
from domain.dialogue import DialogueLine as DialogueLine
from domain.dialogue import DialogueNode as DialogueNode
from domain.finding import Finding, Severity
from domain.value import Value


class CopyLine(Value):
    """One alternative of one field. No findings, or notes alone, mean that it passed every check."""

    text: str
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        return all(finding.severity is Severity.NOTE for finding in self.findings)


class CopySlot(Value):
    """counting: how max_chars and the channel's limits count. hard_limit, recommended, truncation: None where none is known."""

    name: str
    max_chars: int
    lines: tuple[CopyLine, ...] = ()
    counting: CountingRule = CountingRule.CHARACTERS
    hard_limit: int | None = None
    recommended: int | None = None
    truncation: int | None = None

    def length(self, line: CopyLine) -> int:
        """How long a line is, as this slot counts."""
        return count(line.text, self.counting)

    @property
    def limit(self) -> int:
        """What its lines are held against: the channel's hard limit, else what the step asked for."""
        return self.hard_limit or self.max_chars


class CopySet(Value):
    """One set of an A/B test: all fields, written from one angle."""

    label: str
    angle: str = ""
    slots: tuple[CopySlot, ...] = ()


class CopyDocument(Value):
    """media type application/vnd.maquette.copy+json

    slots: the first set. variants: the sets after it (B, C, ...). findings: what concerns the whole, not one line.
    """

    language: str
    slots: tuple[CopySlot, ...]
    channel: str = ""
    angle: str = ""
    variants: tuple[CopySet, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def sets(self) -> tuple[CopySet, ...]:
        """Every set, the first one called A."""
        return (CopySet(label="A", angle=self.angle, slots=self.slots), *self.variants)

    def first(self, name: str) -> str:
        """The first alternative of a slot that passed its checks, else the first one, else ""."""
        for slot in self.slots:
            if slot.name == name and slot.lines:
                return next((line.text for line in slot.lines if line.passed), slot.lines[0].text)
        return ""

    @property
    def plain_text(self) -> str:
        several = len(self.sets) > 1
        return "\n".join(
            f"{one.label + ' ' if several else ''}{slot.name}: {line.text}"
            for one in self.sets
            for slot in one.slots
            for line in slot.lines
        )


class ArticleDocument(Value):
    """media type application/vnd.maquette.article+json. paragraphs are plain text; a heading starts with "## "."""

    language: str
    form: str
    headline: str = ""
    paragraphs: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def plain_text(self) -> str:
        return "\n\n".join(([self.headline] if self.headline else []) + list(self.paragraphs))


class ScriptLine(Value):
    """One line of a script. manner: how it is said or heard ("quietly", "off screen"), may be empty."""

    speaker: str
    text: str
    manner: str = ""


class Shot(Value):
    """One row of a shot list. size: wide, medium, close; move: how the camera moves, "static" when it does not."""

    number: int = Field(ge=1)
    size: str
    move: str
    what: str


class ScriptPart(Value):
    """A row of an ad script, a segment of a podcast, a scene of a film. seconds: how long it runs. heading: the segment's title or the
    scene heading ("INT. KITCHEN - NIGHT"). picture: what is seen; lines: what is heard."""

    seconds: float = Field(gt=0)
    heading: str = ""
    picture: str = ""
    lines: tuple[ScriptLine, ...] = ()
    shots: tuple[Shot, ...] = ()


class ScriptDocument(Value):
    """media type application/vnd.maquette.script+json. form: ad, podcast or film. The parts' seconds sum to `seconds`.

    heads: of its table in the script's language: the columns of an ad, the shot list of a film. table: what that list is called.
    """

    language: str
    form: str
    title: str = ""
    seconds: int
    parts: tuple[ScriptPart, ...] = ()
    heads: tuple[str, ...] = ()
    table: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def plain_text(self) -> str:
        rows: list[str] = [self.title] if self.title else []
        for part in self.parts:
            rows += [row for row in (part.heading, part.picture) if row]
            rows += [f"{line.speaker}: {line.text}" for line in part.lines]
        return "\n".join(rows)


class TranslatedLine(Value):
    """id: the key of a string table, or where the text stands in its document. state: "failed" keeps the source as target.

    "kept": taken over from an earlier version; "same": nothing to translate (a number, a placeholder alone).
    """

    id: str
    source: str
    target: str
    state: Literal["translated", "kept", "same", "failed"] = "translated"
    findings: tuple[Finding, ...] = ()


class TranslationDocument(Value):
    """media type application/vnd.maquette.translation+json. result: the translated table or document, in the form it came in; result_type
    its media type."""

    language: str
    source_language: str
    lines: tuple[TranslatedLine, ...] = ()
    result: str = ""
    result_type: str = "text/plain"
    findings: tuple[Finding, ...] = ()

    @property
    def plain_text(self) -> str:
        return "\n".join(line.target for line in self.lines)


COPY_MEDIA_TYPE = "application/vnd.maquette.copy+json"
ARTICLE_MEDIA_TYPE = "application/vnd.maquette.article+json"
SCRIPT_MEDIA_TYPE = "application/vnd.maquette.script+json"
TRANSLATION_MEDIA_TYPE = "application/vnd.maquette.translation+json"
