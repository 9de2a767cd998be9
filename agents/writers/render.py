"""Documents as people read them: Markdown for a page or a file. Pure; a dialogue's files for engines are in agents/writers/game."""

from __future__ import annotations

from agents.checks.text import words
from agents.writers.game.data import told
from agents.writers.screenplay import markdown
from domain.counting import CountingRule
from domain.dialogue import Condition
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
from domain.lore import LORE_MEDIA_TYPE, LoreDocument, told_of

Document = CopyDocument | ArticleDocument | ScriptDocument | DialogueDocument | LoreDocument | TranslationDocument

_KINDS: dict[str, type[Document]] = {
    COPY_MEDIA_TYPE: CopyDocument,
    ARTICLE_MEDIA_TYPE: ArticleDocument,
    SCRIPT_MEDIA_TYPE: ScriptDocument,
    DIALOGUE_MEDIA_TYPE: DialogueDocument,
    LORE_MEDIA_TYPE: LoreDocument,
    TRANSLATION_MEDIA_TYPE: TranslationDocument,
}


def render(document: Document) -> str:
    """Markdown. Every fault a check found stands beside what it concerns."""
    if isinstance(document, CopyDocument):
        return _copy(document)
    if isinstance(document, ArticleDocument):
        return _article(document)
    if isinstance(document, LoreDocument):
        return _lore(document)
    if isinstance(document, ScriptDocument):
        return markdown(document) + _notes(document.findings)
    if isinstance(document, TranslationDocument):
        return _translation(document)
    return _dialogue(document)


def render_file(media_type: str, data: bytes) -> str | None:
    """The Markdown of a stored document, None for a file of another kind. Raises ValidationError for a damaged one."""
    kind = _KINDS.get(media_type)
    return None if kind is None else render(kind.model_validate_json(data))


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
    for one in document.cast:
        rows += [f"* **{one.name}**: {'; '.join(told_of(one))}"] if told_of(one) else []
    rows += [f"* `{v.name}` ({v.type}, {v.start}): {v.about}" for v in document.variables]
    rows += [""] if rows else []
    for node in document.nodes:
        rows += [f"## {node.id}", ""]
        rows += [f"`{e.variable} {'=' if e.change == 'set' else '+='} {e.value}`" + "\n" for e in node.effects]
        rows += [f"{_only(line.when)}**{line.speaker}:** {line.text}  `{line.id}`" + "\n" for line in node.lines]
        rows += [f"* {_only(choice.when)}{choice.text} → *{choice.goto}*  `{choice.id}`" for choice in node.choices]
        rows += [f"{_only(jump.when)}→ *{jump.goto}*" + "\n" for jump in node.jumps]
        rows += [f"→ *{node.goto}*" if node.goto else "" if node.choices else "*(end)*", ""]
    return "\n".join(rows).rstrip() + "\n" + _notes(document.findings)


def _lore(document: LoreDocument) -> str:
    rows: list[str] = []
    for one in document.barks:
        rows += [f"## {one.character}: {one.situation}", "", *(f"* {bark.text}  `{bark.id}`" for bark in one.barks), ""]
    if document.quest:
        rows += [f"# {document.quest.title}", ""]
        for stage in document.quest.stages:
            rows += [f"## {stage.id}: {stage.title}" + (f" ({stage.outcome})" if stage.outcome else ""), ""]
            rows += [f"**{stage.objective}**", ""] if stage.objective else []
            rows += [stage.text, ""]
            rows += [*(f"* {way.text} → *{way.goto}*".replace("*  →", "* →") for way in stage.ways), ""] if stage.ways else []
    for entry in document.entries:
        rows += [f"## {entry.name}", "", entry.text, ""]
    rows += [f"* **{one.name}**: {'; '.join(told_of(one))}" for one in document.cast if told_of(one)]
    return "\n".join(rows).rstrip() + "\n" + _notes(document.findings)


def _only(when: tuple[Condition, ...]) -> str:
    return f"[{', '.join(told(condition) for condition in when)}] " if when else ""


def _notes(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return ""
    return "\n---\n\n" + "\n".join(f"* {f.field + ': ' if f.field else ''}{f.message}" for f in findings) + "\n"


def _cell(text: str) -> str:
    """Safe inside a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
