"""The finished words: what copy, article and dialogue steps produce. Stored as JSON, rendered to text for people."""

from __future__ import annotations

from domain.dialogue import DIALOGUE_MEDIA_TYPE as DIALOGUE_MEDIA_TYPE
from domain.dialogue import Choice as Choice
from domain.dialogue import DialogueDocument as DialogueDocument
from domain.dialogue import DialogueLine as DialogueLine
from domain.dialogue import DialogueNode as DialogueNode
from domain.finding import Finding
from domain.value import Value


class CopyLine(Value):
    """One alternative of one field. findings empty means it passed every check."""

    text: str
    findings: tuple[Finding, ...] = ()


class CopySlot(Value):
    name: str
    max_chars: int
    lines: tuple[CopyLine, ...] = ()


class CopyDocument(Value):
    """media type application/vnd.maquette.copy+json"""

    language: str
    slots: tuple[CopySlot, ...]

    def first(self, name: str) -> str:
        """The first alternative of a slot that passed its checks, else the first one, else ""."""
        for slot in self.slots:
            if slot.name == name and slot.lines:
                return next((line.text for line in slot.lines if not line.findings), slot.lines[0].text)
        return ""

    @property
    def plain_text(self) -> str:
        return "\n".join(f"{slot.name}: {line.text}" for slot in self.slots for line in slot.lines)


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


COPY_MEDIA_TYPE = "application/vnd.maquette.copy+json"
ARTICLE_MEDIA_TYPE = "application/vnd.maquette.article+json"
