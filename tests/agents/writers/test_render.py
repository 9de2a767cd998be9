from __future__ import annotations

from agents.writers.render import render, render_file
from domain.documents import ARTICLE_MEDIA_TYPE, COPY_MEDIA_TYPE, ArticleDocument, CopyDocument, CopyLine, CopySlot
from domain.finding import Finding, Severity

FAULT = Finding(rule="length", severity=Severity.ERROR, message="35 characters; the limit is 30.")
COPY = CopyDocument(
    language="en",
    slots=(CopySlot(name="headline", max_chars=30, lines=(CopyLine(text="Slow | Easy"), CopyLine(text="x" * 35, findings=(FAULT,)))),),
)


def test_copy_is_a_table_with_counts_and_what_fails() -> None:
    rows = render(COPY).splitlines()
    assert rows[2] == "| headline | Slow \\| Easy | 11/30 | passed |"
    assert rows[3].endswith("| 35/30 | 35 characters; the limit is 30. |")


def test_an_article_shows_its_headline_its_size_and_its_findings() -> None:
    text = render(ArticleDocument(language="en", form="news", headline="Lane opens", paragraphs=("One two three.",), findings=(FAULT,)))
    assert text.startswith("# Lane opens\n\nOne two three.\n\n*3 words*")
    assert FAULT.message in text


def test_a_stored_document_is_rendered_by_its_media_type() -> None:
    assert render_file(COPY_MEDIA_TYPE, COPY.model_dump_json().encode()) == render(COPY)
    empty = ArticleDocument(language="zh", form="blog").model_dump_json().encode()
    assert "0 字" in (render_file(ARTICLE_MEDIA_TYPE, empty) or "")
    assert render_file("image/png", b"") is None
