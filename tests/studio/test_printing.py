"""An article as Word and PDF, read back by other readers than those that wrote it."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from docx import Document

from domain.documents import ArticleDocument, CopyDocument
from pipelines.layout.banner import CJK_FONT
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from studio.printing import Printing

NEWS = ArticleDocument(
    language="en",
    form="news",
    headline="North Pier opens in Leeds",
    paragraphs=("LEEDS, 4 May – The shop opens today.", "## What it sells", "Cold brew for £3.20, café “au lait” too – “slowly made”."),
)
POEM = ArticleDocument(
    language="en", form="poem", headline="The Lamp", paragraphs=("Fog on the water,\nsalt on the glass.", "Oil.\nLight.")
)
CHINESE = ArticleDocument(
    language="zh",
    form="news",
    headline="北码头咖啡店开业",
    paragraphs=(
        "利兹 5 月 4 日电：冷萃咖啡店“北码头”今天开业，每瓶 18 元。",
        "## 卖什么",
        "只卖一种咖啡，慢慢做成，名叫 North Pier。" * 120,
    ),
)


@pytest.fixture
def bare(assets: Path, tmp_path: Path) -> Printing:
    """Without the Chinese font."""
    return Printing(assets / "fonts", ModelStore(Catalogue.read(assets / "models.toml"), tmp_path))


def words_of(pdf: bytes) -> str:
    """All letters of a PDF as pdfium reads them, without blanks and breaks."""
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(pdf))


def bare_words(article: ArticleDocument) -> str:
    return "".join((article.headline + "".join(p.removeprefix("## ") for p in article.paragraphs)).split())


def test_an_article_is_printed_as_word_and_pdf(bare: Printing) -> None:
    files, remarks = bare.article(NEWS)
    assert ([file.name for file in files], remarks) == (["article.docx", "article.pdf"], ())
    read = Document(io.BytesIO(files[0].data))
    assert read.core_properties.title == NEWS.headline
    assert [(p.style.name, p.text) for p in read.paragraphs if p.style is not None] == [
        ("Title", "North Pier opens in Leeds"),
        ("Normal", NEWS.paragraphs[0]),
        ("Heading 1", "What it sells"),
        ("Normal", NEWS.paragraphs[2]),
    ]
    assert words_of(files[1].data) == bare_words(NEWS)
    assert bare.article(NEWS)[0] == files


def test_the_lines_of_a_poem_stay_lines(bare: Printing) -> None:
    files, _ = bare.article(POEM)
    assert Document(io.BytesIO(files[0].data)).paragraphs[1].text == "Fog on the water,\nsalt on the glass."
    lines = pypdfium2.PdfDocument(files[1].data)[0].get_textpage().get_text_range().split("\r\n")
    assert [line.strip() for line in lines if line.strip()] == ["The Lamp", "Fog on the water,", "salt on the glass.", "Oil.", "Light."]


def test_without_the_chinese_font_there_is_word_and_a_finding_says_why_no_pdf(bare: Printing) -> None:
    files, remarks = bare.article(CHINESE)
    assert [file.name for file in files] == ["article.docx"]
    assert Document(io.BytesIO(files[0].data)).paragraphs[0].text == "北码头咖啡店开业"
    assert [remark.rule for remark in remarks] == ["no_pdf"]
    assert CJK_FONT in remarks[0].message


@pytest.mark.models
def test_chinese_goes_over_pages_and_is_read_back_whole(assets: Path, store: ModelStore) -> None:
    files, remarks = Printing(assets / "fonts", store).article(CHINESE)
    assert not remarks
    assert len(pypdfium2.PdfDocument(files[1].data)) > 1
    assert words_of(files[1].data) == bare_words(CHINESE)


def test_other_documents_are_not_printed(bare: Printing) -> None:
    assert bare.article(CopyDocument(language="en", slots=())) == ((), ())
