"""An article as blocks for print: headline, dateline and paragraphs, headings, stanzas whose lines stay lines. Pure."""

from __future__ import annotations

from domain.documents import ArticleDocument
from domain.pages import PageBlock, PrintedText

_HEADING = "## "


def article_pages(document: ArticleDocument) -> PrintedText:
    """Blocks for PDF and DOCX. The title is the headline, else the first heading, else empty."""
    blocks = [PageBlock(style="title", text=document.headline)] if document.headline else []
    for paragraph in document.paragraphs:
        if paragraph.startswith(_HEADING):
            blocks.append(PageBlock(style="heading", text=paragraph.removeprefix(_HEADING)))
        elif paragraph.strip():
            blocks.append(PageBlock(style="paragraph", text=paragraph))
    first = next((block.text for block in blocks if block.style in ("title", "heading")), "")
    return PrintedText(language=document.language, title=first, blocks=tuple(blocks))
