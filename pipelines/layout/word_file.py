"""Sets a text for print as a Word document (DOCX). The same text gives the same bytes. Knows styles and tables, not what is said."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

from domain.pages import PageBlock, PrintedText

#: One time for every document: what is made again is the same.
_WHEN = datetime(2000, 1, 1, tzinfo=UTC)
_ZIP_TIME = (2000, 1, 1, 0, 0, 0)
#: Fonts a reader's machine is likely to have, for Latin and for Chinese text.
_LATIN, _EAST = "Calibri", "Microsoft YaHei"
#: Centimetres from the left and the right margin, as a screenplay is set.
_INDENTS = {"character": (6.0, 0.0), "manner": (5.0, 3.0), "speech": (3.5, 3.5)}
_BOLD = frozenset({"scene", "character"})
_STAYS = frozenset({"scene", "heading", "character", "manner"})


def word_file(text: PrintedText) -> bytes:
    """The text as DOCX, with headings as headings and tables as tables."""
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = Document()
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _LATIN, Pt(11)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _EAST)
    facts = document.core_properties
    facts.title, facts.author, facts.language, facts.comments = text.title, "", text.language, ""
    facts.created = facts.modified = _WHEN
    for block in text.blocks:
        if block.style == "table":
            _table(document, block)
        else:
            _paragraph(document, block)
    out = io.BytesIO()
    document.save(out)
    return _timeless(out.getvalue())


def _paragraph(document: Any, block: PageBlock) -> None:
    from docx.shared import Cm, Pt

    if block.style == "title":
        document.add_heading(block.text, level=0)
        return
    if block.style == "heading":
        document.add_heading(block.text, level=1)
        return
    paragraph = document.add_paragraph()
    run = paragraph.add_run(block.text)
    run.bold = block.style in _BOLD
    left, right = _INDENTS.get(block.style, (0.0, 0.0))
    form = paragraph.paragraph_format
    form.left_indent, form.right_indent = Cm(left), Cm(right)
    form.keep_with_next = block.style in _STAYS
    form.space_before = Pt(14 if block.style == "scene" else 6 if block.style in ("action", "character") else 0)
    form.space_after = Pt(8 if block.style == "paragraph" else 0)


def _table(document: Any, block: PageBlock) -> None:
    table = document.add_table(rows=0, cols=len(block.rows[0]))
    table.style = "Table Grid"
    for number, row in enumerate(block.rows):
        cells = table.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
            for paragraph in cell.paragraphs:
                for run in paragraph.runs:
                    run.bold = number == 0


def _timeless(data: bytes) -> bytes:
    """The same package without the time it was written at."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            info = zipfile.ZipInfo(name, date_time=_ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(name))
    return out.getvalue()
