"""A script as people and programs read it: Markdown, Fountain (fountain.io/syntax), and blocks for print. Pure."""

from __future__ import annotations

import re

from domain.documents import ScriptDocument, ScriptLine, ScriptPart
from domain.pages import PageBlock, PrintedText

#: What begins a line with a meaning of its own in Fountain.
_SPECIAL = re.compile(r"^[.@!~>#=\[(]")
_HEADED = re.compile(r"^(?:INT|EXT|EST|INT\./EXT|INT/EXT|I/E)[. ]", re.IGNORECASE)


def fountain(document: ScriptDocument) -> str:
    """The script in Fountain: a title page, scene headings, action, cues with their dialogue; shots as notes under their scene."""
    rows = [f"Title: {document.title or document.form}", "Credit: Draft", ""]
    for part in document.parts:
        if part.heading:
            rows += ["", part.heading if _HEADED.match(part.heading) else f".{part.heading}", ""]
        rows += [f"[[{' | '.join(_shot_cells(part, at))}]]" for at in range(len(part.shots))]
        if part.shots:
            rows.append("")
        if part.picture:
            rows += [_action(part.picture), ""]
        for line in part.lines:
            rows += [_cue(line.speaker), *([f"({_plain(line.manner)})"] if line.manner else []), _said(line.text), ""]
    return "\n".join(rows).rstrip() + "\n"


def markdown(document: ScriptDocument) -> str:
    """For a page or a file; the table of an ad, or the shot list of a film, as a table."""
    rows = [f"# {document.title}", ""] if document.title else []
    rows += [f"*{_clock(document.seconds)}*", ""]
    table = _table(document)
    if document.form == "ad":
        return "\n".join([*rows, *_rows(table)]) + "\n"
    for part in document.parts:
        rows += [f"## {part.heading} ({_clock(part.seconds)})" if part.heading else f"## {_clock(part.seconds)}", ""]
        rows += [part.picture, ""] if part.picture else []
        rows += [f"**{line.speaker}**{f' ({line.manner})' if line.manner else ''}: {line.text}\n" for line in part.lines]
    if table:
        rows += [f"## {document.table}", "", *_rows(table)]
    return "\n".join(rows).rstrip() + "\n"


def printed(document: ScriptDocument) -> PrintedText:
    """Blocks for PDF and DOCX."""
    blocks = [PageBlock(style="title", text=document.title)] if document.title else []
    blocks.append(PageBlock(style="note", text=_clock(document.seconds)))
    table = _table(document)
    if document.form == "ad":
        blocks.append(PageBlock(style="table", rows=table))
        return PrintedText(language=document.language, title=document.title, blocks=tuple(blocks))
    style = "scene" if document.form == "film" else "heading"
    for part in document.parts:
        if part.heading:
            blocks.append(PageBlock.model_validate({"style": style, "text": part.heading}))
        if part.picture:
            blocks.append(PageBlock(style="action", text=part.picture))
        for line in part.lines:
            blocks.append(PageBlock(style="character", text=line.speaker))
            blocks += [PageBlock(style="manner", text=f"({line.manner})")] if line.manner else []
            blocks.append(PageBlock(style="speech", text=line.text))
    if table:
        blocks += [PageBlock(style="heading", text=document.table), PageBlock(style="table", rows=table)]
    return PrintedText(language=document.language, title=document.title, blocks=tuple(blocks))


def _table(document: ScriptDocument) -> tuple[tuple[str, ...], ...]:
    """Head and rows: the columns of an ad, the shots of a film; nothing for other forms."""
    if not document.heads:
        return ()
    rows: tuple[tuple[str, ...], ...]
    if document.form == "ad":
        rows = tuple((f"{part.seconds:g}", part.picture, "\n".join(_heard(line) for line in part.lines)) for part in document.parts)
    else:
        rows = tuple(
            (str(shot.number), str(scene), shot.size, shot.move, shot.what)
            for scene, part in enumerate(document.parts, 1)
            for shot in part.shots
        )
    return (document.heads, *rows) if rows else ()


def _heard(line: ScriptLine) -> str:
    return f"{line.speaker}{f' ({line.manner})' if line.manner else ''}: {line.text}"


def _shot_cells(part: ScriptPart, at: int) -> tuple[str, ...]:
    shot = part.shots[at]
    return tuple(cell.replace("[", "(").replace("]", ")") for cell in (f"{shot.number}", shot.size, shot.move, shot.what))


def _rows(table: tuple[tuple[str, ...], ...]) -> list[str]:
    cells = [" | ".join(cell.replace("|", "\\|").replace("\n", "<br>") for cell in row) for row in table]
    return [f"| {cells[0]} |", "|" + "---|" * len(table[0]), *(f"| {row} |" for row in cells[1:])]


def _action(text: str) -> str:
    """Action that would read as a heading, a cue or a transition is forced to be action with "!"."""
    escaped = _plain(text)
    shouts = text == text.upper() and text != text.lower()
    return f"!{escaped}" if shouts or _SPECIAL.match(text) or _HEADED.match(text) or text.endswith("TO:") else escaped


def _cue(name: str) -> str:
    """A cue is upper case; a name that has no upper case (Chinese), or no letter, is forced with "@"."""
    upper = name.upper()
    return upper if re.search(r"[A-Z]", upper) and not re.search(r"[^\x00-\x7f]", upper) else f"@{name}"


def _said(text: str) -> str:
    # A line of nothing would end the dialogue; a bracket at its start would read as how it is said.
    escaped = _plain(" ".join(text.split()))
    return f"\\{escaped}" if escaped.startswith("(") else escaped


def _plain(text: str) -> str:
    """Signs of emphasis and notes as letters."""
    return re.sub(r"([*_])", r"\\\1", text.replace("[[", "[ [").replace("]]", "] ]"))


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
