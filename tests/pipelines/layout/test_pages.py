"""A PDF for print opens in a reader, its words can be found and copied, and the same text gives the same bytes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from domain.pages import PageBlock, PrintedText
from pipelines.layout.banner import CJK_FONT
from pipelines.layout.pages import pages_pdf
from pipelines.layout.pdf_text import readable
from pipelines.models.store import ModelStore

HEAD = ("SECONDS", "VIDEO", "AUDIO")
ACTION = "A hand lifts the cup: AVATAR, 5:30, while the street outside is still dark."


def text(*blocks: PageBlock, language: str = "en") -> PrintedText:
    return PrintedText(language=language, title="Early Light", blocks=(PageBlock(style="title", text="Early Light"), *blocks))


def words_of(pdf: bytes) -> list[str]:
    """The words of each page, as a reader copies them."""
    document = pypdfium2.PdfDocument(pdf)
    return [" ".join(page.get_textpage().get_text_range().split()) for page in document]


def test_what_is_set_can_be_copied(assets: Path) -> None:
    blocks = (PageBlock(style="scene", text="INT. BAKERY - DAWN"), PageBlock(style="action", text=ACTION))
    cue = (
        PageBlock(style="character", text="MARA"),
        PageBlock(style="manner", text="(quietly)"),
        PageBlock(style="speech", text="At five."),
    )
    pdf = pages_pdf(text(*blocks, *cue), assets / "fonts", None)
    assert words_of(pdf) == [f"Early Light INT. BAKERY - DAWN {ACTION} MARA (quietly) At five."]
    assert pdf == pages_pdf(text(*blocks, *cue), assets / "fonts", None)


def test_a_long_table_goes_on_over_pages_with_its_head(assets: Path) -> None:
    rows = tuple((str(n), f"Picture {n}. {ACTION}", f"VO: line {n}") for n in range(1, 61))
    pages = words_of(pages_pdf(text(PageBlock(style="table", rows=(HEAD, *rows))), assets / "fonts", None))
    assert len(pages) > 2
    assert all("SECONDS VIDEO AUDIO" in page for page in pages)
    assert re.findall(r"Picture (\d+)\.", " ".join(pages)) == [str(n) for n in range(1, 61)]


def test_a_cue_is_not_parted_from_its_words(assets: Path) -> None:
    pages = []
    for filler in range(30, 40):
        blocks = [PageBlock(style="action", text=f"Line {n}.") for n in range(filler)]
        blocks += [PageBlock(style="character", text="MARA"), PageBlock(style="speech", text="At five.")]
        pages += words_of(pages_pdf(text(*blocks), assets / "fonts", None))
    assert not [page for page in pages if page.endswith("MARA")]


@pytest.mark.models
def test_chinese_shows_and_can_be_copied(assets: Path, store: ModelStore) -> None:
    said = "雾还没有散，水面像一块灰色的布。无人掌舵，青山一路。"
    pdf = pages_pdf(text(PageBlock(style="action", text=said), language="zh"), assets / "fonts", store.folder(CJK_FONT))
    assert words_of(pdf) == [f"Early Light {said}"]
    page = np.asarray(pypdfium2.PdfDocument(pdf)[0].render(scale=1).to_pil().convert("L"))
    rows = page[95:125, 64:500]
    assert (rows < 128).sum() > 600, "the characters are drawn, not boxes or blanks"


def test_a_file_of_another_shape_is_left_alone() -> None:
    assert readable(b"%PDF-1.7 something else", (), "abc") == b"%PDF-1.7 something else"
