"""Documents as people read them: Markdown for a page or a file, and a dialogue as JSON that a game can load. Pure."""

from __future__ import annotations

from agents.checks.text import words
from domain.counting import CountingRule
from domain.documents import (
    ARTICLE_MEDIA_TYPE,
    COPY_MEDIA_TYPE,
    DIALOGUE_MEDIA_TYPE,
    ArticleDocument,
    CopyDocument,
    DialogueDocument,
)
from domain.finding import Finding
from domain.value import JsonValue

Document = CopyDocument | ArticleDocument | DialogueDocument

_KINDS: dict[str, type[CopyDocument] | type[ArticleDocument] | type[DialogueDocument]] = {
    COPY_MEDIA_TYPE: CopyDocument,
    ARTICLE_MEDIA_TYPE: ArticleDocument,
    DIALOGUE_MEDIA_TYPE: DialogueDocument,
}


def render(document: Document) -> str:
    """Markdown. Every fault a check found stands beside what it concerns."""
    if isinstance(document, CopyDocument):
        return _copy(document)
    if isinstance(document, ArticleDocument):
        return _article(document)
    return _dialogue(document)


def render_file(media_type: str, data: bytes) -> str | None:
    """The Markdown of a stored document, None for a file of another kind. Raises ValidationError for a damaged one."""
    kind = _KINDS.get(media_type)
    return None if kind is None else render(kind.model_validate_json(data))


def dialogue_json(document: DialogueDocument) -> dict[str, JsonValue]:
    """A dialogue for a game: nodes by id, every line and choice with its stable id. `end` marks the nodes where the scene ends."""
    nodes: dict[str, JsonValue] = {
        node.id: {
            "lines": [{"id": line.id, "speaker": line.speaker, "text": line.text} for line in node.lines],
            "choices": [{"id": choice.id, "text": choice.text, "goto": choice.goto} for choice in node.choices],
            "goto": node.goto,
            "end": not node.choices and not node.goto,
        }
        for node in document.nodes
    }
    start = document.nodes[0].id if document.nodes else ""
    return {
        "format": "maquette-dialogue-1",
        "language": document.language,
        "characters": list(document.characters),
        "start": start,
        "nodes": nodes,
    }


def _copy(document: CopyDocument) -> str:
    """One table per set. A length stands against the hard limit, counted as the channel counts; "~" marks what is only aimed at."""
    rows = [f"Channel: {document.channel}", ""] if document.channel else []
    for one in document.sets:
        if len(document.sets) > 1:
            rows += [f"## {one.label}{': ' + one.angle if one.angle else ''}", ""]
        rows += ["| Field | Text | Length | Checks |", "|---|---|---:|---|"]
        for slot in one.slots:
            about = "" if slot.hard_limit is not None or not document.channel else "~"
            unit = "" if slot.counting is CountingRule.CHARACTERS else f" {slot.counting.value}"
            for line in slot.lines:
                verdict = "; ".join(f.message for f in line.findings) or "passed"
                length = f"{slot.length(line)}/{about}{slot.limit}{unit}"
                rows.append(f"| {_cell(slot.name)} | {_cell(line.text)} | {length} | {_cell(verdict)} |")
        rows.append("")
    return "\n".join(rows).rstrip() + "\n" + _notes(document.findings)


def _article(document: ArticleDocument) -> str:
    parts = ([f"# {document.headline}"] if document.headline else []) + list(document.paragraphs)
    unit = "字" if document.language.split("-")[0] == "zh" else "words"
    parts.append(f"*{sum(words(paragraph) for paragraph in document.paragraphs)} {unit}*")
    return "\n\n".join(parts) + "\n" + _notes(document.findings)


def _dialogue(document: DialogueDocument) -> str:
    rows: list[str] = []
    for node in document.nodes:
        rows += [f"## {node.id}", ""]
        rows += [f"**{line.speaker}:** {line.text}  `{line.id}`" + "\n" for line in node.lines]
        rows += [f"* {choice.text} → *{choice.goto}*  `{choice.id}`" for choice in node.choices]
        rows += [f"→ *{node.goto}*" if node.goto else "" if node.choices else "*(end)*", ""]
    return "\n".join(rows).rstrip() + "\n" + _notes(document.findings)


def _notes(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return ""
    return "\n---\n\n" + "\n".join(f"* {f.field + ': ' if f.field else ''}{f.message}" for f in findings) + "\n"


def _cell(text: str) -> str:
    """Safe inside a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
