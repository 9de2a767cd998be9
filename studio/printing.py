"""Written documents as the files other programs open: Word and PDF for articles and scripts, Fountain, the table of a translation."""

from __future__ import annotations

from pathlib import Path

from agents.writers.article_pages import article_pages
from agents.writers.screenplay import fountain, printed
from domain.documents import ArticleDocument, ScriptDocument, TranslationDocument
from domain.finding import Finding, Severity
from domain.pages import PrintedText
from domain.recipe import OutputFile
from pipelines.layout.banner import CJK_FONT, beyond_latin
from pipelines.layout.pages import pages_pdf
from pipelines.layout.word_file import word_file
from pipelines.models.store import ModelStore
from studio.word_makers import Document

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ENDINGS = {"text/csv": "csv", "application/json": "json", "text/plain": "txt"}
Printed = tuple[tuple[OutputFile, ...], tuple[Finding, ...]]


class Printing:
    """fonts: the folder assets/fonts. store: where the Chinese font comes from."""

    def __init__(self, fonts: Path, store: ModelStore) -> None:
        self._fonts = fonts
        self._store = store

    def script(self, document: Document) -> Printed:
        """Word and PDF; a film also as Fountain."""
        if not isinstance(document, ScriptDocument):
            return (), ()
        files, remarks = self._printed("script", printed(document))
        if document.form == "film":
            files = (OutputFile(name="script.fountain", media_type="text/plain", data=fountain(document).encode()), *files)
        return files, remarks

    def article(self, document: Document) -> Printed:
        """Word and PDF."""
        return self._printed("article", article_pages(document)) if isinstance(document, ArticleDocument) else ((), ())

    def _printed(self, name: str, text: PrintedText) -> Printed:
        """Where the Chinese font is missing and needed there is no PDF, and a finding says so."""
        word = OutputFile(name=f"{name}.docx", media_type=DOCX, data=word_file(text))
        words = "".join(block.text + "".join(cell for row in block.rows for cell in row) for block in text.blocks)
        if beyond_latin(words) and not self._store.ready(CJK_FONT):
            said = "There is no PDF: its letters need the font {font}, which is not installed."
            mend = "Pull it on the Models page, then redo the step."
            remark = Finding.of("no_pdf", Severity.NOTE, said, suggestion=mend, font=CJK_FONT)
            return (word,), (remark,)
        cjk = self._store.folder(CJK_FONT) if beyond_latin(words) else None
        return (word, OutputFile(name=f"{name}.pdf", media_type="application/pdf", data=pages_pdf(text, self._fonts, cjk))), ()

    def translation(self, document: Document) -> Printed:
        """The table or document with the new words in it, in the form it came in."""
        if not isinstance(document, TranslationDocument):
            return (), ()
        name = f"{document.language}.{_ENDINGS[document.result_type]}"
        return (OutputFile(name=name, media_type=document.result_type, data=document.result.encode()),), ()
