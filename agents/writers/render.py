"""Documents as people read them: Markdown for a page or a file, and a dialogue as JSON that a game can load. Pure."""

from __future__ import annotations

from agents.checks.text import characters, words
from agents.writers.screenplay import markdown
from domain.documents import (
    ARTICLE_MEDIA_TYPE,
    COPY_MEDIA_TYPE,
    DIALOGUE_MEDIA_TYPE,
    SCRIPT_MEDIA_TYPE,
    TRANSLATION_MEDIA_TYPE,
    ArticleDocument,
    CopyDocument,
    DialogueDocument,
    ScriptDocument,
    TranslationDocument,
)
from domain.finding import Finding
from domain.value import JsonValue

Document = CopyDocument | ArticleDocument | ScriptDocument | DialogueDocument | TranslationDocument

_KINDS: dict[str, type[Document]] = {
    COPY_MEDIA_TYPE: CopyDocument,
    ARTICLE_MEDIA_TYPE: ArticleDocument,
    SCRIPT_MEDIA_TYPE: ScriptDocument,
    DIALOGUE_MEDIA_TYPE: DialogueDocument,
    TRANSLATION_MEDIA_TYPE: TranslationDocument,
}


def render(document: Document) -> str:
    """Markdown. Every fault a check found stands beside what it concerns."""
    if isinstance(document, CopyDocument):
        return _copy(document)
    if isinstance(document, ArticleDocument):
        return _article(document)
    if isinstance(document, ScriptDocument):
        return markdown(document) + _notes(document.findings)
    if isinstance(document, TranslationDocument):
        return _translation(document)
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
    rows = ["| Field | Text | Characters | Checks |", "|---|---|---:|---|"]
    for slot in document.slots:
        for line in slot.lines:
            verdict = "; ".join(f.message for f in line.findings) or "passed"
            rows.append(f"| {_cell(slot.name)} | {_cell(line.text)} | {characters(line.text)}/{slot.max_chars} | {_cell(verdict)} |")
    return "\n".join(rows) + "\n"


def _article(document: ArticleDocument) -> str:
    # The lines of a stanza stay lines: Markdown breaks a line where it ends in two blanks.
    parts = ([f"# {document.headline}"] if document.headline else []) + [p.replace("\n", "  \n") for p in document.paragraphs]
    unit = "字" if document.language.split("-")[0] == "zh" else "words"
    parts.append(f"*{sum(words(paragraph) for paragraph in document.paragraphs if not paragraph.startswith('## '))} {unit}*")
    return "\n\n".join(parts) + "\n" + _notes(document.findings)


def _translation(document: TranslationDocument) -> str:
    rows = [f"| Line | {document.source_language} | {document.language} | State |", "|---|---|---|---|"]
    rows += [f"| `{_cell(line.id)}` | {_cell(line.source)} | {_cell(line.target)} | {line.state} |" for line in document.lines]
    return "\n".join(rows) + "\n" + _notes(document.findings)


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
